"""What breaks a contract of the loop is named in one sentence, before the first step."""

from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

import ganatomy
from ganatomy.errors import UserError
from tiny import PLAIN

SHAPE = (3, 16, 16)


class Painter(nn.Module):
    """z → images, and whatever `spoil` makes of them."""

    def __init__(self, spoil: Any = lambda images, z: images, latent: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(latent, 768), nn.Tanh(), nn.Unflatten(1, SHAPE))
        self.spoil = spoil

    def forward(self, z: Tensor) -> Any:
        return self.spoil(self.layers(z), z)


class Critic(nn.Module):
    """Images → scores, and whatever `spoil` makes of them."""

    def __init__(self, spoil: Any = lambda scores, images: scores, *more: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(768, 8), *more, nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.spoil = spoil

    def forward(self, images: Tensor) -> Any:
        return self.spoil(self.layers(images).flatten(), images)


def other_in_company(images: Tensor, z: Tensor) -> Tensor:
    return torch.tanh(images - images.mean(0) * (len(images) > 1))


GENERATORS: list[tuple[Any, str]] = [
    (Painter(latent=9), r"Painter cannot take latent vectors \[8, 8\] \(prior\.dimension .*RuntimeError"),
    (Painter(lambda images, z: images[:, :1]), r"images: float32 of shape \[8, 3, 16, 16\], not float32 of \[8, 1, 16"),
    (Painter(lambda images, z: images.mul(127).byte()), r"float32 of shape .*, not uint8 of"),
    (Painter(lambda images, z: [images]), r"must return images, a tensor of shape .*, not a list"),
    (Painter(lambda images, z: images * torch.nan), r"numbers that are not finite"),
    (
        Painter(lambda images, z: images * 3),
        r"draws values from -\S+ to \S+; images lie in",
    ),
    (Painter(lambda images, z: 0.1 * images.atanh().clamp(-9, 9) / 9), None),
    (Painter(lambda images, z: (z @ torch.ones(8, 768)).unflatten(1, SHAPE) / 99 + 0 * images), r"draws values from"),
    (Painter(lambda images, z: images.detach()), r"No gradient reaches the parameters of .*Painter"),
    (Painter(other_in_company), r"in eval mode draws another image of the same z"),
    (Painter().requires_grad_(False), r"no parameters to train"),
]
DISCRIMINATORS: list[tuple[Any, dict[str, Any], str | None]] = [
    (Critic(lambda scores, images: scores[:, None]), {}, r"shape \[8\], not float32 of \[8, 1\]; add \.flatten\(\)"),
    (Critic(lambda scores, images: scores.mean()), {}, r"one raw score for each image: float32 of shape \[8\]"),
    (Critic(lambda scores, images: scores.sigmoid()), {}, r"scores in \[0, 1\] only: return raw scores"),
    (Critic(lambda scores, images: scores.detach()), {}, r"No gradient reaches the parameters"),
    (Critic(lambda scores, images: scores / 0), {}, r"not finite"),
    (
        Critic(lambda scores, images: scores, nn.BatchNorm1d(8)),
        {"penalties.r1": 1.0},
        r"batch normalisation, which",
    ),
    (Critic(lambda scores, images: scores, nn.BatchNorm1d(8)), {}, None),
    (Critic(), {"penalties.r1": 1.0}, None),
]


def train(images: Path, runs: Path, settings: dict[str, Any] | None = None, **parts: Any) -> Any:
    settings = {**PLAIN, "training.steps": 1, "diagnosis.on": False, **(settings or {})}
    return ganatomy.train(str(images), settings=settings, runs=runs, console=Console(quiet=True), **parts)


def holds(sentence: str | None, images: Path, runs: Path, settings: Any = None, **parts: Any) -> None:
    if sentence is None:
        assert train(images, runs, settings, **parts).info()["step"] == 1
        return
    with pytest.raises(UserError, match=sentence) as error:
        train(images, runs, settings, **parts)
    assert "\n" not in str(error.value)
    (run,) = runs.iterdir()
    assert not (run / "checkpoints").exists()  # before the first step
    assert "failed" in (run / "run.json").read_text()


@pytest.mark.parametrize(("network", "sentence"), GENERATORS)
def test_generators(network: nn.Module, sentence: str | None, images: Path, tmp_path: Path) -> None:
    holds(sentence, images, tmp_path, generator=network, discriminator=Critic())


@pytest.mark.parametrize(("network", "settings", "sentence"), DISCRIMINATORS)
def test_discriminators(network: nn.Module, settings: Any, sentence: str | None, images: Path, tmp_path: Path) -> None:
    holds(sentence, images, tmp_path, settings, generator=Painter(), discriminator=network)


def test_raw_scores_that_begin_within_0_and_1_are_no_sigmoid(images: Path, tmp_path: Path) -> None:
    critic = Critic(lambda scores, images: scores, nn.BatchNorm1d(8))
    with torch.no_grad():  # the normalisation undoes loud images; 1 of 25 draws of the parameters is like this one
        critic.layers[-1].weight.mul_(0.1)
        critic.layers[-1].bias.fill_(0.5)
    holds(None, images, tmp_path, generator=Painter(), discriminator=critic)


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (lambda real, fake: (fake.square(), fake.mean()), r"a scalar for the discriminator: float32 of shape \[\]"),
        (
            lambda real, fake: (real.mean(), -fake.mean()),
            r"the discriminator's loss does not depend on",
        ),
        (lambda real, fake: ((fake - real).mean(), fake.detach().mean()), r"the generator's loss does not depend"),
        (lambda real, fake: (fake.mean() / 0, -fake.mean()), r"not finite"),
        (lambda real, fake: ((fake - real).mean(), -fake.mean()), None),
    ],
)
def test_objectives(loss: Any, sentence: str | None, images: Path, tmp_path: Path) -> None:
    holds(sentence, images, tmp_path, generator=Painter(), discriminator=Critic(), objective=loss)


def test_it_takes_no_classes(tmp_path: Path) -> None:
    labels = [i % 2 for i in range(16)]
    pixels = torch.randint(0, 255, (16, 16, 16, 3), dtype=torch.uint8).numpy()
    with pytest.raises(UserError, match=r"takes no classes: its forward\(x, classes\) needs two arguments"):
        ganatomy.train(
            pixels,
            labels=labels,
            settings={**PLAIN, "training.steps": 1, "prior.conditional": True},
            generator=Painter(),
            discriminator=Critic(),
            runs=tmp_path,
            console=Console(quiet=True),
        )


@pytest.mark.parametrize("loss", [lambda real: real, lambda real, fake: 1.0, lambda real, fake: (real, fake, real)])
def test_what_is_no_objective_is_refused_when_it_is_passed(loss: Any, images: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be an objective, which takes real scores \[B\] and fake scores \[B\]"):
        train(images, tmp_path, objective=loss)
    assert not list(tmp_path.iterdir())
