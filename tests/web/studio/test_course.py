"""The course: its texts are whole, its experiments measure what their steps promise, and its worker shows them."""

from collections.abc import Iterator
from math import log
from pathlib import Path

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.web.studio.course import digits
from ganatomy.web.studio.course.frame import EXPERIMENTS, Finished, StepFrame
from ganatomy.web.studio.course.glossary import GLOSSARY
from ganatomy.web.studio.course.step import Step
from ganatomy.web.studio.course.steps import STEPS, step_named
from ganatomy.web.studio.course.trainings import DIFFUSION, FIRST, STRONG, VAE, CourseTraining
from ganatomy.web.studio.course.worker import PAGES, CourseWorker
from repeats import SEEDS

GAMES = ("forger", "optimum", "saturation", "collapse")  # the others train on images


def run(name: str, seed: int = 0) -> tuple[list[StepFrame], Finished]:
    """The frames of a step's experiment, and what it has measured."""
    experiment, frames = EXPERIMENTS[name](seed), list[StepFrame]()
    while True:
        try:
            frames.append(next(experiment))
        except StopIteration as end:
            return frames, end.value


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_has_an_experiment_and_tells_only_what_is_measured(step: Step) -> None:
    assert step.title.endswith("?")
    assert len(step.read) == 3
    assert len({*step.answers}) == len(step.answers) >= 2
    assert step.expected in range(len(step.answers))
    assert step.name in EXPERIMENTS
    assert step.told(dict.fromkeys(step.figures, 0.25)).count("0.25") >= 1
    assert all(command.startswith("ganatomy ") for command in step.commands)


def test_steps_have_names_of_their_own_and_every_experiment_a_step() -> None:
    assert sorted(EXPERIMENTS) == sorted(step.name for step in STEPS)


def test_terms_are_in_the_order_of_the_alphabet_one_sentence_each() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)
    for sentence in GLOSSARY.values():
        assert sentence.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", GAMES)
def test_a_game_bears_out_the_expected_answer(name: str, seed: int) -> None:
    step, (frames, end) = step_named(name), run(name, seed)
    assert step
    assert set(end.figures) == set(step.figures)
    assert step.decide(end.figures) == step.expected
    assert all(frame.games for frame in frames)


def test_saturation_is_seen_in_the_gradients_and_in_what_moves() -> None:
    _, end = run("saturation")
    assert end.figures["minimax"] < 0.01
    assert end.figures["non_saturating"] > 1
    assert end.figures["moved_minimax"] < 0.02
    assert end.figures["moved_non_saturating"] > 0.2


@pytest.mark.slow
def test_the_value_stops_at_the_best_one_and_sinks_to_minus_log_4() -> None:
    _, end = run("optimum")
    figures = end.figures
    assert figures["best"] == pytest.approx(-log(4) + 2 * figures["jsd"])
    assert figures["held"] == pytest.approx(figures["best"], abs=0.02)
    assert figures["last"] == pytest.approx(-log(4), abs=0.01)


@pytest.mark.slow
def test_the_numbers_that_travel_are_those_of_the_game() -> None:
    frames, end = run("forger")
    flow = frames[-1].flow
    assert flow
    assert len(flow.z) == len(flow.fake) == len(flow.of_fake) == len(flow.real) == len(flow.of_real) > 1
    assert all(0 <= each <= 1 for each in (*flow.of_fake, *flow.of_real))
    assert end.figures["jsd_last"] < 0.01 < 0.3 < end.figures["jsd_first"]
    assert end.figures["change"] == 0 < end.figures["moved"]


# Steps that train


@pytest.fixture(scope="module")
def course_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own, in which all slow tests of this module share the course's trainings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANATOMY_CACHE", str(tmp_path_factory.mktemp("course")))
        yield digits.folder()


@pytest.mark.slow
@pytest.mark.repeat  # test_course_pages.py trains them too, and decides them by the same rule
@pytest.mark.parametrize("name", [step.name for step in STEPS if step.name not in GAMES])
def test_a_training_bears_out_the_expected_answer(name: str, course_cache: Path) -> None:
    step, (frames, end) = step_named(name), run(name)
    assert step
    assert set(end.figures) == set(step.figures)
    assert step.decide(end.figures) == step.expected
    shown = [each.png for frame in frames for each in frame.pictures]
    assert shown
    assert all(png.startswith(b"\x89PNG") for png in shown)


@pytest.mark.slow
def test_a_step_trains_once(course_cache: Path) -> None:
    run("digits")
    before = sorted(course_cache.iterdir())
    frames, _ = run("digits")
    assert len(frames) == 1
    assert sorted(course_cache.iterdir()) == before


def test_grey_ink_is_what_is_neither_black_nor_white() -> None:
    image = np.zeros((1, 2, 2, 1), np.uint8)
    assert digits.grey_ink(image) == 0  # nothing is drawn
    image[0, :, :, 0] = [[0, 255], [128, 100]]
    assert digits.grey_ink(image) == pytest.approx(2 / 3)
    assert digits.grey_ink(np.concatenate([image, np.full_like(image, 255)])) == pytest.approx(1 / 3)


@pytest.mark.parametrize("chosen", [FIRST, STRONG, VAE, DIFFUSION], ids=lambda chosen: chosen.name)
def test_other_settings_or_seeds_are_other_runs(chosen: CourseTraining) -> None:
    other = CourseTraining(chosen.name, chosen.recipe, {**chosen.settings, "training.steps": 1})
    assert len({chosen.folder(0), chosen.folder(1), other.folder(0)}) == 3


def test_a_training_stops_when_its_page_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "folder", lambda: tmp_path)
    patient = CourseTraining("patient", "digits", {"training.steps": 100_000, "generator.width": 4})
    experiment = digits.trained(patient, 0)
    frame = next(experiment)
    assert frame.words == "digits: step 0 of 100000"
    experiment.close()
    assert Run(tmp_path / patient.folder(0)).info()["status"] == "stopped"


# The worker


def test_a_page_is_shown_frame_after_frame_and_told_in_the_end() -> None:
    worker = CourseWorker()
    request = {"page": "a", "step": "saturation"}
    shown = worker.answer({**request, "action": "begin"}).content
    assert [game["objective"] for game in shown["games"]] == ["minimax", "non_saturating"]
    described = ["p" in game for game in shown["games"]]
    while "end" not in (shown := worker.answer({**request, "action": "next"}).content):
        described += ["p" in game for game in shown["games"]]
    assert described[:4] == [True, True, False, False]
    assert sum(described) == 4  # two games, and two new ones from the start
    end = shown["end"]
    assert end["answer"] == 2
    assert all(figure in end["told"] for figure in end["figures"].values())
    assert worker.answer({**request, "action": "next"}).content == {"gone": True}


def test_of_too_many_pages_the_oldest_is_dropped() -> None:
    worker = CourseWorker()
    for page in range(PAGES + 1):
        worker.answer({"page": str(page), "step": "forger", "action": "begin"})
    assert worker.answer({"page": "0", "step": "forger", "action": "next"}).content == {"gone": True}
    assert "words" in worker.answer({"page": "1", "step": "forger", "action": "next"}).content


@pytest.mark.parametrize("wrong", [{"step": "forgers"}, {"action": "undo"}, {"seed": -1}])
def test_a_wrong_request_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        CourseWorker().answer({"page": "a", "step": "forger", "action": "begin", **wrong})
