"""What `--recipe auto` chooses, and that it changes nothing that somebody decided."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ganatomy.config.settings import over_budget
from ganatomy.errors import UserError
from ganatomy.system import runtime
from ganatomy.system.runtime import Runtime
from ganatomy.training import auto as automatic
from ganatomy.training.api import given_options, plan, train
from tiny import waves

SMALL_BATCH = {"training.batch": 2}  # what is measured on large images takes as little time


def chosen(path: Path, **settings: Any) -> automatic.Choice:
    changes = {"runtime.threads": 1, **settings}
    with runtime.start("cpu", threads=1) as here:
        planned = plan(path, "auto", settings=changes)
        return automatic.choose(planned, given_options(path, changes), here, Console(quiet=True))


def saved(folder: Path, pixels: np.ndarray) -> Path:
    np.save(folder / "set.npy", pixels)
    return folder / "set.npy"


def lit_from_the_left(count: int, side: int = 16) -> np.ndarray:
    light = np.linspace(255, 0, side, dtype=np.uint8)[None, None, :, None]
    return np.broadcast_to(light, (count, side, side, 3)).copy()


def test_few_symmetrical_images(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3000, 16, 16, 3), dtype=np.uint8)
    choice = chosen(saved(tmp_path, noise))
    assert choice.config.augmentation.policies == ["colour", "translation", "cutout"]
    assert choice.config.data.flip
    assert choice.config.generator.width == choice.config.discriminator.width
    assert choice.config.generator.width in automatic.WIDTHS
    assert 0 < choice.config.training.minutes <= automatic.MINUTES
    assert over_budget(choice.config) == ["generator_optimiser.learning_rate", "discriminator_optimiser.learning_rate"]
    assert len(choice.reasons) == 7
    assert all(reason.endswith(".") and len(reason) > 30 for reason in choice.reasons)


def test_images_with_a_left_and_a_right_are_not_mirrored(tmp_path: Path) -> None:
    choice = chosen(saved(tmp_path, lit_from_the_left(60)))
    assert not choice.config.data.flip
    assert "tells mirrored images from the others (right for 100% of 60 images" in " ".join(choice.reasons)


def test_a_coin_toss_decides_nothing_about_mirroring(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    choice = chosen(saved(tmp_path, noise))
    assert not choice.config.data.flip
    assert "is not decided (right for" in " ".join(choice.reasons)


def test_mirror_accuracy_is_chance_for_symmetrical_sets() -> None:
    random = np.random.default_rng(0)
    for shape in ((16, 16), (28, 45)):
        noise = random.integers(0, 256, (2000, *shape, 1), dtype=np.uint8)
        found = automatic.mirror_accuracy(noise)
        assert found.value == pytest.approx(0.5, abs=0.05), shape
        # Wilson's interval: centre (p + z²/2n)/(1 + z²/n), half width z√(p(1 − p)/n + z²/4n²)/(1 + z²/n).
        p, n, z = found.value, 2000, 1.959964
        middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        expected = [(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)]
        assert [found.low, found.high] == pytest.approx(expected, abs=5e-4)  # p·n is rounded to whole images
    noise = noise[:, :16, :16]
    tilted = noise // 2 + np.linspace(0, 60, 16).astype(np.uint8)[None, None, :, None]
    assert automatic.mirror_accuracy(tilted).low > 0.95


def test_large_images_are_made_small_on_a_cpu_and_grey_ones_keep_their_colours(tmp_path: Path) -> None:
    choice = chosen(saved(tmp_path, waves(20, 96, 96, 1)), **SMALL_BATCH)
    assert choice.config.data.size == (64, 64)
    assert choice.config.augmentation.policies == ["translation", "cutout"]


@pytest.mark.parametrize(("least", "by_class"), [(49, False), (50, True)])
def test_classes_are_used_where_each_has_enough_images(tmp_path: Path, least: int, by_class: bool) -> None:
    labels = np.repeat(["cat", "dog"], [60, least])
    np.savez(tmp_path / "set.npz", images=waves(len(labels), 16, 16), labels=labels)
    choice = chosen(tmp_path / "set.npz")
    assert choice.config.prior.conditional == by_class
    assert f"{least} images" in " ".join(choice.reasons)
    assert not chosen(tmp_path / "set.npz", **{"prior.conditional": False}).config.prior.conditional


def test_what_somebody_decided_stays(tmp_path: Path) -> None:
    decided = {
        **SMALL_BATCH,
        "data.size": [80, 80],
        "data.flip": False,
        "generator.width": 4,
        "training.minutes": 3.0,
        "augmentation.policies": [],
    }
    config = chosen(saved(tmp_path, waves(20, 96, 96, 1)), **decided).config
    assert (config.data.size, config.data.flip, config.generator.width) == ((80, 80), False, 4)
    assert config.training.batch == 2
    assert (config.training.minutes, config.training.images, config.augmentation.policies) == (3.0, None, [])


def test_colour_images_get_residual_networks_on_a_cpu_and_grey_ones_dcgans(tmp_path: Path) -> None:
    for channels, family, loss in ((1, "dcgan", "non_saturating"), (3, "resnet", "hinge")):
        config = chosen(saved(tmp_path, waves(300, 16, 16, channels)), **SMALL_BATCH).config
        assert (config.generator.family, config.discriminator.family, config.objective.name) == (family, family, loss)
        assert config.discriminator.norm == "none"  # R1's condition
        assert config.penalties.r1 > 0
        rate = config.generator_optimiser.learning_rate
        assert (rate.kind, rate.start / rate.end) == ("cosine", pytest.approx(automatic.FALL[family]))


def test_the_family_and_the_loss_that_somebody_decided_stay(tmp_path: Path) -> None:
    path = saved(tmp_path, waves(300, 16, 16))
    config = chosen(path, **SMALL_BATCH, **{"generator.family": "dcgan"}).config
    assert (config.generator.family, config.discriminator.family) == ("dcgan", "dcgan")
    assert config.objective.name == "non_saturating"  # these networks' own
    config = chosen(path, **SMALL_BATCH, **{"objective.name": "least_squares"}).config
    assert (config.generator.family, config.objective.name) == ("resnet", "least_squares")
    config = chosen(path, **SMALL_BATCH, **{"generator.family": "resnet", "discriminator.family": "resnet"}).config
    assert config.objective.name == "non_saturating"
    assert config.discriminator_optimiser.betas == (0.0, 0.9)  # what these networks need whoever chose them


@pytest.mark.parametrize("decided", [{"generator.width": 4}, {"generator.width": 4, "discriminator.width": 4}])
def test_widths_that_somebody_decided_are_not_called_a_choice(tmp_path: Path, decided: dict[str, int]) -> None:
    reasons = " ".join(chosen(saved(tmp_path, waves(300, 16, 16, 1)), **SMALL_BATCH, **decided).reasons)
    assert "Networks of width" not in reasons
    assert ("discriminator.width=" in reasons) == (len(decided) == 1)


def test_a_run_says_why_and_is_repeated_by_its_configuration(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    small = {
        "training.steps": 2,
        "log.every": 1,
        "runtime.threads": 1,
        "runtime.precision": "float32",
        "runtime.convolution": "native",
    }
    run = train(
        saved(tmp_path, waves(20, 16, 16)), recipe="auto", settings=small, name="a", runs=tmp_path, console=console
    )
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "memorise as few as 20 images" in said
    assert run.config().augmentation.policies == ["colour", "translation", "cutout"]
    again = train(config=run.config(), name="b", runs=tmp_path, console=Console(quiet=True))
    assert again.config() == run.config()
    losses = [[record["loss/generator"] for record in each.records()] for each in (run, again)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 2


def test_several_processes_are_told_what_to_do(tmp_path: Path) -> None:
    planned = plan(saved(tmp_path, waves(20, 16, 16)), "auto")
    with pytest.raises(UserError, match="let --dry-run print its choice"):
        automatic.choose(planned, {}, Runtime(world=2), Console(quiet=True))
