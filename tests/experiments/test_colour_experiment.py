"""The experiment on colour images: what its page holds is not trained again, and nobody's figures are lost."""

from pathlib import Path
from typing import Any

import pytest

from ganatomy.experiments.colour import __main__ as command
from ganatomy.experiments.colour import page
from ganatomy.experiments.colour.configurations import CONFIGURATIONS, TAKEN, timed
from ganatomy.training import auto as automatic

SPEEDS = {
    "made": "today, a machine, 2 cores",
    "cores": 2,
    "images_per_second": {"auto": 50, "sngan": 70},
    "precision": {"auto": "float32", "sngan": "bfloat16"},
    "beside": {"sngan": 40},
}
LEFT = (
    "auto, as it was: DCGAN's networks, R1 (2); SNGAN's networks, R1, hinge (3); "
    "SNGAN's networks, tapered, R1, hinge (3); SNGAN's networks, tapered, down to 4×4, R1, hinge (3); "
    "SNGAN's networks, tapered, R1, relativistic (3); "
    "SNGAN's networks, tapered, down to 4×4, a third wider, R1, hinge (3); "
    "SNGAN's networks, tapered, down to 4×4, R1, hinge, rates to a fifth (3); "
    "SNGAN's networks, tapered, R1, hinge, rates to a fifth (3)."
)
EMPTY = {"minutes": 20.0, "speeds": SPEEDS, "trainings": {}}


def entry(name: str, seed: int, value: float) -> dict[str, Any]:
    score = {"value": value, "low": value - 0.1, "high": value + 0.1, "floor": 0.01}
    scores = {f"fd_{features}": score for features in page.FEATURES}
    return {
        "configuration": name,
        "seed": seed,
        "images": 60_000,
        "steps": 1_000,
        "made": "yesterday, another machine, 2 cores",
        "curve": {"0.50": scores},
        "scores": scores,
        "picture": f"{name}-{seed}.png",
    }


def test_two_processes_lose_no_training(tmp_path: Path) -> None:
    command.add(tmp_path, EMPTY, "auto-0", entry("auto", 0, 1.5))
    less = {**SPEEDS, "images_per_second": {"sngan": 70}, "precision": {"sngan": "bfloat16"}}
    found = command.add(tmp_path, {**EMPTY, "speeds": less}, "sngan-0", entry("sngan", 0, 4.5))  # knows less
    assert found["speeds"] == SPEEDS
    assert list(found["trainings"]) == list(command.kept(tmp_path, 20.0)["trainings"]) == ["auto-0", "sngan-0"]
    written = (tmp_path / "COLOUR.md").read_text(encoding="utf-8")
    rows = [line for line in written.splitlines() if "| 60,000 |" in line]
    assert [row.split("|")[1].strip() for row in rows] == [
        "auto, as it was: DCGAN's networks, R1",
        "SNGAN",
    ]  # best first
    assert "yesterday, another machine, 2 cores" in written
    assert (
        "SNGAN was measured later, when auto reached 40 images/s: a slower machine, and a smaller budget.\n" in written
    )
    assert f"SNGAN (2); R3GAN (3); {LEFT}" in written
    assert "`auto` takes today" not in written  # which is not trained
    assert {path.name for path in (tmp_path / "colour").glob("*.png")} == {"fd-classifier.png", "fd-mobilenetv2.png"}


def test_auto_takes_what_the_page_says() -> None:
    changes = CONFIGURATIONS[TAKEN].changes
    assert automatic.RESIDUAL.items() <= changes.items()
    for option, value in automatic.ADAM_OF_RESIDUAL.items():
        if option.endswith("learning_rate"):
            assert changes[option] == {"kind": "cosine", "start": value, "end": value / automatic.FALL["resnet"]}
        else:
            assert changes[option] == value


def test_what_shares_a_speed_differs_in_rates_alone() -> None:
    shared = {name: timed(name) for name in CONFIGURATIONS if timed(name) != name}
    assert shared == {"deep-fifth": "deep", "tapered-fifth": "tapered"}
    for name, other in shared.items():
        mine, its = CONFIGURATIONS[name], CONFIGURATIONS[other]
        differing = {
            option for option in {**mine.changes, **its.changes} if mine.changes[option] != its.changes[option]
        }
        assert mine.recipe == its.recipe
        assert differing == {"generator_optimiser.learning_rate", "discriminator_optimiser.learning_rate"}


def test_what_auto_takes_is_compared_with_what_it_was() -> None:
    entries = [("auto", 0, 1.0), ("auto", 1, 3.0), *((TAKEN, *each) for each in enumerate([0.5, 1.0, 9.0]))]
    said = page.taken({f"{name}-{seed}": entry(name, seed, value) for name, seed, value in entries})
    assert said.endswith("its own is 0.50 by classifier and 0.50 by mobilenetv2 (medians over 2 and 3 seeds).")
    assert f"`auto` takes today: {CONFIGURATIONS[TAKEN].words}." in said


def test_what_is_on_the_page_is_not_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.add(tmp_path, EMPTY, "auto-0", entry("auto", 0, 1.5))
    before = (tmp_path / "COLOUR.md").read_bytes()
    given = {"cifar10": "nowhere.zip", "names": "auto", "seeds": "0", "threads": 1, "runs": tmp_path / "runs"}
    command.main(**given, minutes=20.0, out=tmp_path)  # there are no images to train on
    assert (tmp_path / "COLOUR.md").read_bytes() == before
    with pytest.raises(SystemExit, match="trainings of 20 minutes: give another --out"):
        command.main(**given, minutes=5.0, out=tmp_path)


def test_what_is_far_behind_by_all_features_has_one_seed(tmp_path: Path) -> None:
    trainings = {f"{name}-0": entry(name, 0, value) for name, value in (("auto", 1.0), ("sngan", 2.9), ("r3gan", 3.2))}
    assert page.far_behind(trainings) == ["r3gan"]
    said = page.missing(trainings)
    assert "Not repeated, with over 3 times the best distance by both sets of features: R3GAN.\n" in said
    assert said.endswith(f"SNGAN (2); {LEFT}")
    trainings["r3gan-0"]["scores"]["fd_mobilenetv2"] = {"value": 2.0}
    assert page.far_behind(trainings) == []
    given = {"cifar10": "nowhere.zip", "threads": 1, "runs": tmp_path / "runs", "minutes": 20.0, "out": tmp_path}
    command.add(tmp_path, EMPTY, "auto-0", entry("auto", 0, 1.0))
    command.add(tmp_path, EMPTY, "r3gan-0", entry("r3gan", 0, 4.0))
    command.main(**given, names="r3gan", seeds="0,1,2")  # there are no images to train on
