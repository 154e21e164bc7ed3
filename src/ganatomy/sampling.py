"""Draw from a trained generator: the functions behind `ganatomy sample` and `ganatomy walk`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy import build, checkpoint, latent, settings
from ganatomy.config import Config
from ganatomy.errors import UserError, unknown
from ganatomy.images import Pixels, enlarge, grid, save_animation, save_png, to_uint8
from ganatomy.priors import Prior
from ganatomy.run import RUNS, Run

LAST_SEED = 2**32 - 1  # torch drops the higher bits of a CPU generator's seed
# Options that a sampler may change: the weights stay what they are.
OF_SAMPLING = ("diffusion.sampler", "diffusion.sampling_steps", "generator.sampling_steps")


@runtime_checkable
class Truncating(Protocol):
    """A generator that has its own way to be more typical."""

    def draw(self, z: Tensor, y: Tensor | None, truncation: float) -> Tensor:
        """Images [B, C, H, W]."""
        ...


class Sampler:
    """A trained generator: seeds or codes in, pixels out. A seed's image depends on nothing but the seed.

    truncation: of a generator with styles, ψ, 0 to 1: how far from the average style; of others the largest size of a
    latent coordinate, in standard deviations. Less is more typical and less varied; None leaves all as it was learnt.
    classes: the names of a conditional generator's classes.
    """

    def __init__(
        self, network: nn.Module, prior: Prior, truncation: float | None = None, classes: Sequence[str] = ()
    ) -> None:
        if truncation is not None and truncation <= 0:
            raise UserError(f"--truncation {truncation:g}: it must be greater than 0.")
        self.network, self.prior = network.eval().requires_grad_(False), prior
        self.truncation, self.classes = truncation, classes

    def latents(self, seeds: Sequence[int], label: str | int | None = None) -> Tensor:
        """Codes of seeds, [N, latent_dim + K]; label: the name or number of the class that all shall be of."""
        for seed in seeds:
            if not 0 <= seed <= LAST_SEED:
                raise UserError(f"There is no seed {seed}: seeds are whole numbers from 0 to {LAST_SEED:,}.")
        return self.prior.of_seeds(seeds, None if label is None else self._number(label))

    @torch.no_grad()
    def images(self, codes: Tensor, batch: int = 1) -> Pixels:
        """Pixels [N, H, W, C] of codes.

        One at a time: in a batch, the rounding of an image can depend on its place there. Scores do not mind, and a
        larger batch is faster.
        """
        return np.concatenate([to_uint8(self._draw(*self.prior.split(rows))) for rows in codes.split(batch)])

    def _draw(self, z: Tensor, y: Tensor | None) -> Tensor:
        if self.truncation is None:
            return self.network(z, y)
        if isinstance(self.network, Truncating):
            return self.network.draw(z, y, self.truncation)
        return self.network(self.prior.truncate(z, self.truncation), y)

    def _number(self, label: str | int) -> int:
        if not self.prior.classes:
            raise UserError("This generator knows no classes: it was not trained by class (--conditional).")
        if str(label) in self.classes:
            return self.classes.index(str(label))
        if str(label).isdigit() and int(label) < len(self.prior.classes):
            return int(label)
        raise unknown("class", str(label), list(self.classes))


def load(
    run: str | Path | Run,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    changes: Mapping[str, Any] | None = None,
    runs: str | Path = RUNS,
) -> Sampler:
    """The generator of a run: the averaged one, or with raw=True the one in training; of the newest or a given step.

    truncation: as in Sampler; changes: of the options that only sampling depends on, {"diffusion.sampling_steps": 10}.
    """
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    options = _changed(run.config(), changes or {})
    if options.data.size is None or options.data.channels is None:
        raise UserError(f"{run.path / 'config.yaml'} does not say the images' size and channels, as a run's own does.")
    name = "generator" if raw else "average"
    tensors = checkpoint.load(run.checkpoint(step), name)[name]
    tensors.pop("n_averaged", None)
    network = build.generator(options, (options.data.channels, *options.data.size))
    try:
        network.load_state_dict(tensors)
    except RuntimeError:
        raise UserError(f"{run.path}: config.yaml describes another generator than its checkpoint holds.") from None
    names = run.info().get("data", {}).get("classes") if options.prior.conditional else None
    return Sampler(network, build.prior(options.prior), truncation, names or ())


def _changed(options: Config, changes: Mapping[str, Any]) -> Config:
    for name in changes:
        if name not in OF_SAMPLING:
            raise UserError(f"--set {name}: of a trained generator only {', '.join(OF_SAMPLING)} can be changed.")
    return settings.change(options, changes) if changes else options


def sample(
    run: str | Path | Run,
    seeds: Sequence[int] = tuple(range(64)),
    *,
    label: str | int | None = None,
    out: str | Path | None = None,
    runs: str | Path = RUNS,
    **how: Any,
) -> Path:
    """Write an image a seed, named by it, and grid.png of all; returns the folder (RUN/generated unless `out`).

    label: the class of all, if the generator knows classes; how: step, raw, truncation, changes, as for `load`.
    """
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    sampler = load(run, **how)
    pixels = sampler.images(sampler.latents(seeds, label))
    folder = Path(out) if out is not None else run.path / "generated"
    for seed, image in zip(seeds, pixels, strict=True):
        save_png(folder / f"seed-{seed:06d}.png", image)
    save_png(folder / "grid.png", enlarge(grid(pixels), 480))
    return folder


def walk(
    run: str | Path | Run,
    seeds: Sequence[int] = tuple(range(8)),
    frames: int = 96,
    *,
    seconds: float | None = None,
    label: str | int | None = None,
    out: str | Path | None = None,
    runs: str | Path = RUNS,
    **how: Any,
) -> Path:
    """Write an endless animation through the images of the seeds; returns its path (.webp or .gif).

    label and how: as for `sample`.
    """
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    path = Path(out) if out is not None else run.path / f"walk-{'-'.join(map(str, seeds[:8]))}.webp"
    if path.suffix.lower() not in (".webp", ".gif"):
        raise UserError(f"{path}: a walk is written as .webp or .gif.")
    if len(seeds) < 2:
        raise UserError("A walk leads from one seed to another: give at least two, as in --seeds 3,9,4.")
    sampler = load(run, **how)
    codes = latent.walk(sampler.prior, sampler.latents(seeds, label), frames)
    pictures = [enlarge(image, 128) for image in sampler.images(codes)]
    save_animation(path, pictures, seconds or frames / 12)
    return path
