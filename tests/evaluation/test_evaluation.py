"""Evaluation: of runs, folders and arrays, and while training; and how it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganatomy
from ganatomy import data as datasets
from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.evaluation.evaluator import Evaluator, extractor_for
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import cards, read
from ganatomy.training.callbacks.evaluation import BATCH
from tiny import go_on, quick, waves


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 colour images of 16×16."""
    path = tmp_path_factory.mktemp("many") / "many.npy"
    np.save(path, waves(200, 16, 16))
    return path


@pytest.fixture(scope="module")
def run(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run."""
    return quick(many, tmp_path_factory.mktemp("runs"))


def shifted(count: int, by: int) -> np.ndarray:
    """Other images of the same kind, darker."""
    return (waves(count + 50, 16, 16)[50:] // by).astype(np.uint8)


# --- what it measures -------------------------------------------------------------------------------------------------


def test_a_run_is_measured_against_its_training_images(run: Run) -> None:
    card = evaluate(run, n=120, device="cpu")
    assert card.subject == {"run": "run", "step": 10, "average": True, "truncation": None, "seeds": [0, 119]}
    assert card.protocol["reference"]["fingerprint"] == run.info()["data"]["fingerprint"]
    assert set(card.scores) == {f"{name}_random" for name in ("fd", "kd", "precision", "recall", "density", "coverage")}
    distance = card.scores["fd_random"]
    assert distance.low < distance.value < distance.high
    assert distance.value > 5 * distance.floor > 0  # after ten steps of training
    assert cards(run)[-1] == card
    assert f"fd_random {distance.value}" in (run.path / "log.txt").read_text()
    assert "fd_random" in (run.path / "report.html").read_text()
    page = next((run.path / "eval").glob("*-nearest.html")).read_text()
    assert page.count("<img") == 3 * 36


def test_the_number_is_that_of_the_functions_on_arrays(run: Run, many: Path) -> None:
    card = evaluate(run, n=100, features="pixels", metrics=["fd"], device="cpu")
    sampler = ganatomy.load(run)
    real, fake = _flat(np.load(many)), _flat(sampler.images(sampler.latents(range(100))))
    assert card.scores["fd_pixels"].value == pytest.approx(frechet_distance(real, fake), rel=1e-6)
    order = np.random.default_rng(0).permutation(200)
    halves = frechet_distance(real[order[:100]], real[order[100:]])
    assert card.scores["fd_pixels"].floor == pytest.approx(halves, rel=1e-6)


def _flat(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(len(pixels), -1) / np.float32(255)


def test_other_seeds_other_steps_and_the_raw_generator_are_said(run: Run) -> None:
    card = evaluate(run, n=50, metrics=["fd"], sample={"step": 5, "raw": True, "first_seed": 7}, device="cpu")
    assert card.subject == {"run": "run", "step": 5, "average": False, "truncation": None, "seeds": [7, 56]}
    assert evaluate(run, n=50, metrics=["fd"], sample={"step": 5}, device="cpu").scores != card.scores


def test_the_same_twice_is_the_same(run: Run) -> None:
    first, second = (evaluate(run, n=100, metrics=["all"], features="random", device="cpu") for _ in range(2))
    assert first.scores == second.scores
    assert first.protocol == second.protocol


def test_a_folder_against_a_folder(tmp_path: Path) -> None:
    for name, images in {"made": shifted(70, 2), "real": waves(80, 16, 16)}.items():
        (tmp_path / name).mkdir()
        for i, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / name / f"{i:03d}.png")
    out = tmp_path / "card.json"
    card = evaluate(tmp_path / "made", reference=tmp_path / "real", device="cpu", out=out)
    assert (card.protocol["samples"], card.protocol["reference"]["images"]) == (70, 80)
    assert read(out) == card


def test_arrays_against_arrays() -> None:
    real = waves(120, 16, 16)
    same = evaluate(real, reference=real, device="cpu", features="pixels", metrics=["fd", "prdc"]).scores
    worse = evaluate(shifted(120, 2), reference=real, device="cpu", features="pixels", metrics=["fd", "prdc"]).scores
    assert same["fd_pixels"].value == pytest.approx(0, abs=1e-9)
    assert same["precision_pixels"].value == same["coverage_pixels"].value == 1
    assert worse["fd_pixels"].low > 1
    assert worse["density_pixels"].high < same["density_pixels"].low


def test_every_metric_can_be_taken_and_has_an_interval() -> None:
    real, unseen, made = np.split(waves(6000, 16, 16, 1), 3)
    made = (made * 0.9).astype(np.uint8)
    card = evaluate(made, reference=real, held_out=unseen, metrics=["all"], features="pixels", device="cpu")
    assert {name.removesuffix("_pixels") for name in card.scores} == {
        *("fd", "fd_infinity", "kd", "precision", "recall", "density", "coverage", "ndb", "c2st", "swd_16", "ms_ssim"),
        *("nearest_ratio", "data_copying", "authenticity", "parzen"),
    }
    for name, score in card.scores.items():
        assert score.low <= score.value <= score.high, name
        assert score.low < score.high, name
    assert card.scores["fd_infinity_pixels"].floor is None  # 1,000 against 1,000 are too few for it
    assert "k-means centroids" in str(card)
    assert "do not rank models" in str(card)


def test_what_cannot_be_taken_is_left_out_and_said() -> None:
    real = waves(120, 16, 16)
    card = evaluate(shifted(40, 2), reference=real, device="cpu", features="pixels")
    assert set(card.scores) == {"fd_pixels", "kd_pixels"}
    assert "not taken: prdc: Precision, recall, density, coverage needs at least 64" in str(card)


def test_real_features_are_computed_once(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = datasets.prepare(many)
    extractor = extractor_for("random", real)
    first = Evaluator(real, extractor, 50, ["fd"])
    monkeypatch.setattr("ganatomy.evaluation.features.extract", lambda *_: pytest.fail("extracted again"))
    assert np.array_equal(Evaluator(real, extractor, 50, ["fd"]).real.features, first.real.features)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short", b"no archive"])
def test_damaged_features_in_the_cache_are_computed_again(many: Path, damage: bytes) -> None:
    real = datasets.prepare(many)
    extractor = extractor_for("random", real)
    first = Evaluator(real, extractor, 50, ["fd"])
    for path in (datasets.cache_folder() / "features").glob("*.npz"):
        path.write_bytes(damage)
    assert np.array_equal(Evaluator(real, extractor, 50, ["fd"]).real.features, first.real.features)


def test_the_cut_of_the_stream_changes_nothing(many: Path) -> None:
    real, fake = datasets.prepare(many), shifted(100, 2)
    evaluator = Evaluator(real, extractor_for("random", real), 100, ["fd", "kd", "ms_ssim"])
    whole = evaluator.measure([fake])
    assert evaluator.measure([fake[:1], fake[1:70], fake[70:]]) == whole
    assert evaluator.measure(iter(np.split(fake, 10))) == whole


# --- while training ---------------------------------------------------------------------------------------------------

WATCH = {"evaluation__every": 4, "evaluation__samples": 100, "evaluation__metrics": ["fd"]}


def test_scores_while_training(many: Path, tmp_path: Path) -> None:
    run = quick(many, tmp_path, **WATCH)
    assert [card.subject["step"] for card in cards(run)] == [4, 8, 10]
    last = evaluate(run, n=100, metrics=["fd"], device="cpu")  # the same images, drawn one by one
    assert cards(run)[-1].protocol == last.protocol
    assert BATCH < 100
    assert read(next((run.path / "eval").glob("*08-*.json"))).scores["fd_random"].value > 0
    assert "Score: fd_random" in (run.path / "report.html").read_text()


def test_evaluating_changes_nothing_of_the_training(many: Path, tmp_path: Path) -> None:
    plain, watched = quick(many, tmp_path, "plain"), quick(many, tmp_path, "watched", **WATCH)
    files = [next(run.path.glob("checkpoints/*10/generator.safetensors")).read_bytes() for run in (plain, watched)]
    assert files[0] == files[1]


def test_a_resumed_run_forgets_scores_of_steps_it_repeats(many: Path, tmp_path: Path) -> None:
    run = quick(many, tmp_path, **WATCH)
    (run.path / "eval" / "step-00000099-random-100.json").write_text("{}")
    go_on(run, training__steps=12)
    assert [card.subject["step"] for card in cards(run)] == [4, 8, 10, 12]


def test_a_metric_that_does_not_exist_stops_before_the_run_begins(many: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no metric called 'fdd'; did you mean fd"):
        quick(many, tmp_path, evaluation__every=4, evaluation__metrics=["fdd"])
    assert not list(tmp_path.iterdir())


# --- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "options", "words"),
    [
        ("nothing", {}, "no run or folder of images called 'nothing'"),
        (waves(50, 16, 16), {}, "Give --reference DATA"),
        (waves(50, 16, 16), {"reference": waves(50, 24, 16)}, r"images of 24×16×3.* and an array 16×16×3"),
        (waves(50, 16, 16, 1), {"reference": waves(50, 16, 16)}, "the same size and channels"),
        (waves(50, 16, 16) / 255.0, {"reference": waves(50, 16, 16)}, "must be uint8.*not float64"),
        (waves(50, 16, 16)[0], {"reference": waves(50, 16, 16)}, "must be uint8"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "metrics": ["nonsense"]}, "no metric called 'nonsense'"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "metrics": ["parzen"]}, "give --held-out DATA"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "metrics": ["is"]}, "needs features with classes"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "features": "inceptoin"}, "did you mean inception"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "features": "lenet"}, "lenet reads images of 28×28"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "features": "classifier"}, "label"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "features": "inception", "weights": "no.pth"}, "no.pth"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "n": 51}, "only 50"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "n": 1}, "fewer than 2"),
        (waves(10, 16, 16), {"reference": waves(50, 16, 16), "metrics": ["c2st"]}, "at least 40"),
        (waves(50, 16, 16), {"reference": waves(50, 16, 16), "metrics": ["fd_infinity"]}, "at least 1,500"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(subject: object, options: dict, words: str) -> None:
    with pytest.raises(UserError, match=words) as refusal:
        evaluate(subject, device="cpu", **options)  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


def test_weights_that_are_not_the_expected_ones_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    real = waves(50, 16, 16)
    with pytest.raises(UserError, match=r"its sha256 is [0-9a-f]{64}, not 6726825d"):
        evaluate(real, reference=real, features="inception", weights=path, device="cpu")


def test_a_run_says_how_its_images_were_prepared(run: Run) -> None:
    with pytest.raises(UserError, match="a run's are prepared as for its training"):
        evaluate(run, prepare={"size": 32}, device="cpu")


def test_eval_files_are_plain_json(run: Run) -> None:
    evaluate(run, n=60, metrics=["fd"], device="cpu")
    path = next((run.path / "eval").glob("*-60.json"))
    content = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} in {path}"))
    assert content["format"] == 1
    assert content["made"]["versions"]["numpy"] == np.__version__


def test_the_reference_is_what_the_run_learnt_from(many: Path, tmp_path: Path) -> None:
    """Not the images of the same split that it never saw."""
    run = quick(many, tmp_path, data__first=150, training__steps=1)
    card = evaluate(run, n=100, metrics=["fd"], features="pixels", device="cpu")
    assert card.protocol["reference"]["images"] == 150
    assert card.protocol["reference"]["fingerprint"] == run.info()["data"]["fingerprint"]
