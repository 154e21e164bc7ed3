"""Draw from a trained generator: the functions behind `ganatomy sample` and `ganatomy walk`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy import build, checkpoint, latent
from ganatomy.errors import UserError
from ganatomy.images import Pixels, enlarge, grid, save_animation, save_png, to_uint8
from ganatomy.priors import Prior
from ganatomy.run import RUNS, Run

LAST_SEED = 2**32 - 1  # torch drops the higher bits of a CPU generator's seed


class Sampler:
    """A trained generator: seeds or latent vectors in, pixels out. A seed's image depends on nothing but the seed."""

    def __init__(self, network: nn.Module, prior: Prior) -> None:
        self.network, self.prior = network.eval().requires_grad_(False), prior

    def latents(self, seeds: Sequence[int], truncation: float | None = None) -> Tensor:
        """z of seeds, [N, latent_dim]; truncation: the largest size of a coordinate, in standard deviations."""
        for seed in seeds:
            if not 0 <= seed <= LAST_SEED:
                raise UserError(f"There is no seed {seed}: seeds are whole numbers from 0 to {LAST_SEED:,}.")
        if truncation is not None and truncation <= 0:
            raise UserError(f"--truncation {truncation:g}: it must be greater than 0.")
        z = self.prior.of_seeds(list(seeds))
        return z if truncation is None else self.prior.truncate(z, truncation)

    @torch.no_grad()
    def images(self, z: Tensor) -> Pixels:
        """Pixels [N, H, W, C] of latent vectors [N, latent_dim].

        One at a time: in a batch, the rounding of an image can depend on its place there.
        """
        return np.concatenate([to_uint8(self.network(row)) for row in z.split(1)])


def load(run: str | Path | Run, step: int | None = None, raw: bool = False, runs: str | Path = RUNS) -> Sampler:
    """The generator of a run: the averaged one, or with raw=True the one in training; of the newest or a given step."""
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    options = run.config()
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
    return Sampler(network, build.prior(options.prior))


def sample(
    run: str | Path | Run,
    seeds: Sequence[int] = tuple(range(64)),
    *,
    truncation: float | None = None,
    step: int | None = None,
    raw: bool = False,
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an image a seed, named by it, and grid.png of all; returns the folder (RUN/generated unless `out`)."""
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    sampler = load(run, step, raw)
    pixels = sampler.images(sampler.latents(seeds, truncation))
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
    truncation: float | None = None,
    step: int | None = None,
    raw: bool = False,
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an endless animation through the images of the seeds; returns its path (.webp or .gif)."""
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    path = Path(out) if out is not None else run.path / f"walk-{'-'.join(map(str, seeds[:8]))}.webp"
    if path.suffix.lower() not in (".webp", ".gif"):
        raise UserError(f"{path}: a walk is written as .webp or .gif.")
    if len(seeds) < 2:
        raise UserError("A walk leads from one seed to another: give at least two, as in --seeds 3,9,4.")
    sampler = load(run, step, raw)
    z = latent.walk(sampler.prior, sampler.latents(seeds, truncation), frames)
    pictures = [enlarge(image, 128) for image in sampler.images(z)]
    save_animation(path, pictures, seconds or frames / 12)
    return path
