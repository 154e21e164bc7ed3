"""`ganatomy.evaluate`: of runs, folders and arrays; and what it refuses."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import ganatomy
from ganatomy.data.sources import NAMES, SOURCES, Found, register_source
from ganatomy.data.sources.arrays import from_array
from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.evaluation.features import EXTRACTORS, FunctionExtractor
from ganatomy.evaluation.metrics import METRICS, parzen
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import cards, read
from tiny import quick, waves


def darker(count: int, by: int) -> np.ndarray:
    """Other waves than the first 50, darker: uint8 [count, 16, 16, 3]."""
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


def test_the_number_is_that_of_the_functions_on_arrays(run: Run, many: Path, blocks: str) -> None:
    card = evaluate(run, n=100, features=blocks, metrics=["fd"], device="cpu")
    sampler = ganatomy.load(run)
    real, fake = _blocks(np.load(many)), _blocks(sampler.images(sampler.latents(range(100))))
    assert card.scores["fd_blocks"].value == pytest.approx(frechet_distance(real, fake), rel=1e-6)
    order = np.random.default_rng(0).permutation(200)
    halves = frechet_distance(real[order[:100]], real[order[100:]])
    assert card.scores["fd_blocks"].floor == pytest.approx(halves, rel=1e-6)


def _blocks(pixels: np.ndarray) -> np.ndarray:
    """Means of 4×4 blocks, from 0 to 1."""
    rows = sum(pixels[:, i::4] / 255 for i in range(4))
    return (sum(rows[:, :, i::4] for i in range(4)) / 16).reshape(len(pixels), -1).astype(np.float32)


def test_a_run_whose_images_have_changed_is_compared_with_others_only_by_name(tmp_path: Path, blocks: str) -> None:
    data, images = tmp_path / "own.npy", waves(120, 16, 16)
    np.save(data, images)
    run = quick(data, tmp_path, training__steps=1)
    np.save(data, np.concatenate([images[:-1], 255 - images[-1:]]))
    options = {"n": 60, "metrics": ["fd"], "features": blocks, "device": "cpu"}
    with pytest.raises(UserError, match=rf"other images than {data} holds now: .* --reference {data} for"):
        evaluate(run, **options)
    assert not cards(run)
    made = ganatomy.load(run).sample(range(60))
    expected = frechet_distance(_blocks(np.load(data)), _blocks(made))
    assert evaluate(run, reference=data, **options).scores["fd_blocks"].value == pytest.approx(expected, rel=1e-6)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """60 bright images of the class b, and 90 dark ones of the class a, in an archive; and the dark ones."""
    path, images = tmp_path_factory.mktemp("labelled") / "two.npz", waves(150, 16, 16)
    dark = images[60:] // 3
    np.savez(path, images=np.concatenate([images[:60], dark]), labels=np.repeat(["b", "a"], [60, 90]))
    return path, dark


def test_a_class_is_measured_against_the_real_images_of_that_class(
    labelled: tuple[Path, np.ndarray], tmp_path: Path, blocks: str
) -> None:
    data, dark = labelled
    run = quick(data, tmp_path, prior__conditional=True)
    options = {"n": 50, "metrics": ["fd", "kd"], "features": blocks, "device": "cpu"}
    card = evaluate(run, label="a", **options)
    made = ganatomy.load(run).sample(range(50), labels="a", batch=50)
    assert card.scores["fd_blocks"].value == pytest.approx(frechet_distance(_blocks(dark), _blocks(made)), rel=1e-6)
    assert card.protocol["reference"]["images"] == 90
    assert card.subject["how"] == {"class": "a"}
    assert f"against 90 of {data}, class a" in str(card)
    assert evaluate(run, **options).protocol["reference"]["images"] == 150
    with pytest.raises(UserError, match="no class"):
        evaluate(run, label="c", **options)


def test_of_a_folder_the_class_is_measured_too(labelled: tuple[Path, np.ndarray], blocks: str) -> None:
    data, dark = labelled
    options = {"metrics": ["fd"], "features": blocks, "device": "cpu", "label": "a", "reference": data}
    distances = frechet_distance(_blocks(dark), _blocks(waves(40, 16, 16)))
    for made, value in {data: 0.0, "array": distances}.items():  # an array has no labels: all of it counts
        card = evaluate(waves(40, 16, 16) if made == "array" else made, **options)
        assert card.scores["fd_blocks"].value == pytest.approx(value, rel=1e-6, abs=1e-9)
    with pytest.raises(UserError, match=r"no class in .*two.npz called 'c'"):
        evaluate(data, **{**options, "label": "c"})


def test_the_card_says_which_seeds_which_step_and_the_raw_generator(run: Run, blocks: str) -> None:
    options = {"n": 50, "features": blocks, "metrics": ["fd"], "device": "cpu"}
    card = evaluate(run, step=5, raw=True, first_seed=7, **options)
    assert card.subject == {"run": "run", "step": 5, "average": False, "truncation": None, "seeds": [7, 56]}
    assert evaluate(run, step=5, **options).scores != card.scores


def test_the_same_twice_is_the_same(run: Run, blocks: str) -> None:
    first, second = (evaluate(run, n=90, metrics=["fd", "prdc"], features=blocks, device="cpu") for _ in range(2))
    assert first.scores == second.scores
    assert first.protocol == second.protocol


def test_a_folder_against_a_folder(tmp_path: Path) -> None:
    for name, images in {"made": darker(70, 2), "real": waves(80, 16, 16)}.items():
        (tmp_path / name).mkdir()
        for i, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / name / f"{i:03d}.png")
    out = tmp_path / "card.json"
    card = evaluate(tmp_path / "made", reference=tmp_path / "real", device="cpu", out=out)
    assert (card.protocol["samples"], card.protocol["reference"]["images"]) == (70, 80)
    assert read(out) == card


def test_of_a_folder_of_samples_those_of_the_last_call_are_measured(run: Run, tmp_path: Path, blocks: str) -> None:
    folder, real = tmp_path / "generated", waves(80, 16, 16)
    for seeds in (range(20), range(100, 130)):
        ganatomy.sample(run, seeds, out=folder)
    console = Console(file=StringIO(), width=500)
    card = evaluate(folder, reference=real, metrics=["fd"], features=blocks, device="cpu", console=console)
    expected = frechet_distance(_blocks(real), _blocks(ganatomy.load(run).sample(range(100, 130))))
    assert card.protocol["samples"] == 30
    assert card.scores["fd_blocks"].value == pytest.approx(expected, rel=1e-6)
    assert "1 contact sheet and 20 images that the last" in console.file.getvalue()


def test_images_that_cannot_be_read_are_counted(tmp_path: Path, blocks: str) -> None:
    for i, image in enumerate(waves(60, 16, 16)):
        Image.fromarray(image).save(tmp_path / f"{i:03d}.png")
    (tmp_path / "007.png").write_bytes(b"no image")
    console = Console(file=StringIO(), width=500)
    options = {"metrics": ["fd"], "features": blocks, "device": "cpu", "console": console}
    assert evaluate(waves(50, 16, 16), reference=tmp_path, **options).protocol["reference"]["images"] == 59
    assert f"{tmp_path}: 1 of 60 images cannot be read (first: 007.png" in console.file.getvalue()


def test_arrays_against_arrays(blocks: str) -> None:
    real = waves(120, 16, 16)
    options = {"reference": real, "features": blocks, "metrics": ["fd", "prdc"], "device": "cpu"}
    same, worse = evaluate(real, **options).scores, evaluate(darker(120, 2), **options).scores
    assert same["fd_blocks"].value == pytest.approx(0, abs=1e-9)
    assert same["precision_blocks"].value == same["coverage_blocks"].value == 1
    assert worse["fd_blocks"].low > 1
    assert worse["density_blocks"].high < same["density_blocks"].low


def test_a_set_with_a_name_may_be_what_is_measured(blocks: str) -> None:
    """Of a name no file has: every registered one, a stranger's too."""
    real = waves(40, 16, 16)

    def named(name: str, split: str, cache: Path) -> Found | None:
        """Waves."""
        return Found(name, None, lambda: from_array(real, None, name)) if name == "waves" else None

    register_source("waves", example="waves", rank=NAMES)(named)
    try:
        card = evaluate("waves", reference=real, features=blocks, metrics=["fd"], device="cpu")
    finally:
        SOURCES.remove("waves")
    assert card.scores["fd_blocks"].value == pytest.approx(0, abs=1e-9)


def three_sets(count: int, side: int = 16) -> dict:
    """Real, unseen and generated images, all grey, as `evaluate` takes them; the generated ones are a little darker."""
    real, unseen, made = np.split(waves(3 * count, side, side, 1), 3)
    return {"subject": (made * 0.9).astype(np.uint8), "reference": real, "held_out": unseen, "device": "cpu"}


def test_every_metric_has_an_interval_and_a_floor_and_is_the_same_twice(
    blocks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parzen, "VALIDATION", 40)
    card, again = (evaluate(**three_sets(90), metrics=["all"], features=blocks) for _ in range(2))
    assert _names(card.scores) == {
        *("fd", "kd", "precision", "recall", "density", "coverage", "ndb", "c2st", "swd_16", "ms_ssim"),
        *("nearest_ratio", "data_copying", "authenticity", "membership", "parzen"),
    }
    assert card.scores == again.scores
    assert card.made["not_taken"][0].startswith("fd_infinity: FID∞ needs at least 1,500")
    for name, score in card.scores.items():
        assert score.low <= score.value <= score.high, name
        assert score.low < score.high, name
        assert score.floor is not None, name
    assert "k-means centroids" in str(card)
    assert "do not rank models" in str(card)


def test_the_metric_of_many_images_has_an_interval(blocks: str) -> None:
    card = evaluate(**three_sets(1600), metrics=["fd_infinity"], features=blocks)
    score = card.scores["fd_infinity_blocks"]
    assert score.low < score.value < score.high
    assert score.floor is None  # 800 against 800 are too few for it


@pytest.mark.slow
def test_every_metric_of_many_images_has_an_interval(blocks: str) -> None:
    card = evaluate(**three_sets(2000), metrics=["all"], features=blocks)
    assert {"fd_infinity", "parzen", "precision", "c2st"} < _names(card.scores)
    assert all(score.low < score.high for score in card.scores.values())
    assert [name for name, score in card.scores.items() if score.floor is None] == ["fd_infinity_blocks"]


def test_the_scores_are_those_that_the_metrics_declare() -> None:
    metrics = [name for name in METRICS if name not in ("fd_infinity", "parzen")]
    declared = {score.replace("HEIGHT", "28") for name in metrics for score in METRICS[name].scores}
    assert _names(evaluate(**three_sets(80, 28), metrics=metrics, features="lenet").scores) == declared


def _names(scores: dict) -> set[str]:
    return {name.removesuffix("_blocks").removesuffix("_lenet") for name in scores}


def test_what_cannot_be_measured_is_left_out_and_the_card_says_so(blocks: str) -> None:
    card = evaluate(darker(5, 2), reference=waves(120, 16, 16), device="cpu", features=blocks)
    assert set(card.scores) == {"fd_blocks", "kd_blocks"}
    assert "prdc: Precision, recall, density, coverage needs at least 6 generated samples; there are 5." in str(card)


def test_two_images_have_a_distance_without_an_interval(blocks: str, tmp_path: Path) -> None:
    made, real = darker(2, 2), waves(120, 16, 16)
    card = evaluate(made, reference=real, device="cpu", features=blocks, out=tmp_path / "card.json")
    score = card.scores["fd_blocks"]
    x, y = _blocks(real).astype(float), _blocks(made).astype(float)
    # Σ of two samples is vvᵀ/2 with v their difference, and Tr √(Σ₁ vvᵀ/2) = √(vᵀΣ₁v/2).
    v, among = y[0] - y[1], np.cov(x, rowvar=False)
    expected = np.square(x.mean(0) - y.mean(0)).sum() + among.trace() + v @ v / 2 - 2 * np.sqrt(v @ among @ v / 2)
    assert score.value == pytest.approx(expected, rel=1e-6)
    assert (score.low, score.high) == (None, None)
    assert f"{expected:.3g} [too few images] (real data" in str(card)
    assert read(tmp_path / "card.json") == card


def test_of_few_images_memorisation_says_what_they_do_not_allow(blocks: str) -> None:
    card = evaluate(**{**three_sets(30), "subject": waves(10, 16, 16, 1)}, metrics=["memorisation"], features=blocks)
    assert set(card.scores) == {"authenticity_blocks"}
    for name, score in (("nearest ratio", "The ratio of nearest distances"), ("data copying", "C_T")):
        assert f"{name}, not measured: {score} needs at least 20 generated samples; there are 10." in str(card)


def test_where_nothing_can_be_measured_there_is_no_card(tmp_path: Path) -> None:
    broken = lambda pixels: np.full((len(pixels), 2), np.nan)  # noqa: E731
    EXTRACTORS.add("broken", lambda options: FunctionExtractor("broken", broken), module=__name__, summary="Broken")
    try:
        with pytest.raises(UserError, match=r"No score can be measured\. fd: .* NaN"):
            evaluate(waves(40, 16, 16), reference=waves(40, 16, 16), device="cpu", features="broken")
    finally:
        EXTRACTORS.remove("broken")


# --- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "options", "words"),
    [
        ("nothing", {}, "no run or folder of images called 'nothing'"),
        (waves(50, 16, 16), {}, "--reference DATA is required"),
        (waves(50, 16, 16), {"reference": waves(50, 24, 16)}, r"images of 24×16×3.*, an array 16×16×3"),
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
        (
            waves(10, 16, 16),
            {"reference": waves(50, 16, 16), "metrics": ["c2st"]},
            "at least 40 generated samples; there are 10",
        ),
        (
            waves(50, 16, 16),
            {"reference": waves(50, 16, 16), "held_out": waves(45, 16, 16), "metrics": ["parzen"]},
            "needs 1,002 held-out images, 1,000 of them for σ; there are 45",
        ),
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
        evaluate(run, size=32, device="cpu")


@pytest.mark.parametrize("option", [{"step": 5}, {"raw": True}, {"truncation": 0.7}, {"first_seed": 9}])
def test_what_a_run_draws_is_no_matter_of_images(option: dict) -> None:
    with pytest.raises(UserError, match="these are images"):
        evaluate(waves(50, 16, 16), reference=waves(50, 16, 16), device="cpu", **option)


def test_eval_files_are_plain_json(run: Run, blocks: str) -> None:
    evaluate(run, n=60, metrics=["fd"], features=blocks, device="cpu")
    path = next((run.path / "eval").glob("*-60.json"))
    content = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} in {path}"))
    assert content["format"] == 1
    assert content["made"]["versions"]["numpy"] == np.__version__


def test_the_reference_is_what_the_run_was_trained_on(many: Path, tmp_path: Path, blocks: str) -> None:
    """Not the images of the same split that it never saw."""
    run = quick(many, tmp_path, data__first=150, training__steps=1)
    card = evaluate(run, n=100, metrics=["fd"], features=blocks, device="cpu")
    assert card.protocol["reference"]["images"] == 150
    assert card.protocol["reference"]["fingerprint"] == run.info()["data"]["fingerprint"]
