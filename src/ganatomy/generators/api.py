"""Draw from a trained generator: the functions behind `ganatomy sample` and `ganatomy walk`."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy import build
from ganatomy.errors import UserError, unknown
from ganatomy.gan import latent
from ganatomy.generators import pretrained
from ganatomy.generators.pretrained import Pretrained, card, facts, hub, weights
from ganatomy.modalities.images import Pixels, enlarge, grid, save_animation, save_png, to_uint8
from ganatomy.runs import checkpoint
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import write_text

LAST_SEED = 2**32 - 1  # torch drops the higher bits of a CPU generator's seed
SHOWN = 64  # images of a model card


@runtime_checkable
class Truncating(Protocol):
    """A generator that has its own way to be more typical."""

    def draw(self, z: Tensor, y: Tensor | None, truncation: float) -> Tensor:
        """Images [B, C, H, W]."""
        ...


class Sampler(nn.Module):
    """A trained generator: seeds or codes in, pixels out. A seed's image depends on nothing but the seed.

    A plain module, z [B, latent_dim] and class weights [B, K] or None → images [B, C, H, W], with frozen weights in
    eval mode; `network` inside it is the generator as it was trained, `facts` what is known of it.

    truncation: of a generator with styles, ψ, 0 to 1: how far from the average style; of others the largest size of a
    latent coordinate, in standard deviations. Less is more typical and less varied; None leaves all as it was learnt.
    """

    def __init__(self, origin: Pretrained, truncation: float | None = None) -> None:
        super().__init__()
        self.network = origin.network
        self.facts, self.home, self.config = origin.facts, origin.home, origin.config
        self.prior, self.classes = build.prior(self.facts.prior), self.facts.classes
        self.truncation = _positive(truncation)
        self.eval().requires_grad_(False)

    def latents(self, seeds: Sequence[int], label: str | int | None = None) -> Tensor:
        """Codes of seeds, [N, latent_dim + K]; label: the name or number of the class that all shall be of."""
        for seed in seeds:
            if not 0 <= seed <= LAST_SEED:
                raise UserError(f"There is no seed {seed}: seeds are whole numbers from 0 to {LAST_SEED:,}.")
        return self.prior.of_seeds(seeds, None if label is None else self._number(label))

    @torch.no_grad()
    def images(self, codes: Tensor, batch: int = 1, truncation: float | None = None) -> Pixels:
        """Pixels [N, H, W, C] of codes; truncation: other than the sampler's own.

        One at a time: in a batch, the rounding of an image can depend on its place there. Scores do not mind, and a
        larger batch is faster.
        """
        rows = (self.prior.split(rows) for rows in codes.split(batch))
        return np.concatenate([to_uint8(self(*row, truncation)) for row in rows])

    def sample(
        self,
        seeds: Sequence[int],
        truncation: float | None = None,
        labels: str | int | Sequence[str | int] | None = None,
        batch: int = 1,
    ) -> Pixels:
        """Pixels [N, H, W, C] of seeds; labels: a class for all, or one each; truncation, batch: as for `images`."""
        if isinstance(labels, (str, int)) or labels is None:
            codes = self.latents(seeds, labels)
        else:
            codes = torch.cat([self.latents([seed], label) for seed, label in zip(seeds, labels, strict=True)])
        return self.images(codes, batch, truncation)

    def forward(self, z: Tensor, y: Tensor | None = None, truncation: float | None = None) -> Tensor:
        """Images [B, C, H, W], about in [−1, 1], of latent vectors [B, latent_dim] and class weights [B, K]."""
        bound = self.truncation if truncation is None else _positive(truncation)
        if bound is None:
            return self.network(z, y)
        if isinstance(self.network, Truncating):
            return self.network.draw(z, y, bound)
        return self.network(self.prior.truncate(z, bound), y)

    def save_pretrained(self, folder: str | Path, half: bool = False) -> Path:
        """Write the generator for `from_pretrained`, with its card; half: as 16-bit numbers. Returns the folder."""
        folder = Path(folder)
        if self.config is None:
            raise UserError("An ONNX graph cannot be turned back into weights: export them from the run.")
        weights.write(folder, self.network, self.config, self.facts, half)
        self.introduce(folder, '    ganatomy.load("PATH").sample(seeds=range(64))  # uint8 [64, H, W, C]')
        return folder

    def introduce(self, folder: Path, use: str, pixels: Pixels | None = None) -> None:
        """Write the model card, README.md, and its picture; use: a text; pixels: of the seeds 0 to 63, if at hand."""
        pixels = self.sample(range(SHOWN), batch=SHOWN) if pixels is None else pixels
        save_png(folder / card.SAMPLES, enlarge(grid(pixels), 480))
        write_text(folder / "README.md", card.text(self.facts, use))

    def push_to_hub(self, name: str, private: bool = False) -> str:
        """Put the generator into the Hugging Face repository owner/name; returns its address. Extra: hub."""
        with tempfile.TemporaryDirectory() as folder:
            return hub.upload(self.save_pretrained(folder), name, private)

    @classmethod
    def from_pretrained(cls, name: str | Path) -> "Sampler":
        """The generator that `save_pretrained` left in a folder, or `push_to_hub` in a repository owner/name."""
        return load(name if Path(name).exists() else f"hf:{name}")

    def _number(self, label: str | int) -> int:
        if not self.prior.classes:
            raise UserError("This generator knows no classes: it was not trained by class (--conditional).")
        if str(label) in self.classes:
            return self.classes.index(str(label))
        if str(label).isdigit() and int(label) < len(self.prior.classes):
            return int(label)
        raise unknown("class", str(label), list(self.classes))


def _positive(truncation: float | None) -> float | None:
    if truncation is not None and not truncation > 0:
        raise UserError(f"--truncation {truncation:g}: it must be greater than 0.")
    return truncation


def load(
    place: str | Path | Run,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    changes: Mapping[str, Any] | None = None,
    runs: str | Path = RUNS,
) -> Sampler:
    """The generator of a run, of an exported folder or file, or of a Hugging Face repository, "hf:owner/name".

    Of a run the averaged one, or with raw=True the one in training; of the newest or a given step.
    truncation: as in Sampler; changes: of the options that only sampling depends on, {"diffusion.sampling_steps": 10}.
    """
    if not isinstance(place, Run) and (found := pretrained.find(place)):
        if step is not None or raw:
            raise UserError(f"{place} holds one generator; --step and --raw choose among those of a run.")
        return Sampler(pretrained.load(found, changes or {}), truncation)
    run = place if isinstance(place, Run) else Run.find(place, Path(runs))
    config, folder, name = run.config(), run.checkpoint(step), "generator" if raw else "average"
    known = facts.of_run(run, config, checkpoint.facts(folder), average=not raw)
    tensors = checkpoint.load(folder, name)[name]
    tensors.pop("n_averaged", None)
    network = pretrained.filled(config, known, tensors, run.path, changes or {})
    return Sampler(Pretrained(network, known, run.path, config), truncation)


def sample(
    place: str | Path | Run,
    seeds: Sequence[int] = tuple(range(64)),
    *,
    label: str | int | None = None,
    out: str | Path | None = None,
    runs: str | Path = RUNS,
    **how: Any,
) -> Path:
    """Write an image a seed, named by it, and grid.png of all; returns the folder (PLACE/generated unless `out`).

    place: whatever `load` takes. label: the class of all, if the generator knows classes. how: step, raw, truncation,
    changes, as for `load`.
    """
    sampler = load(place, runs=runs, **how)
    pixels = sampler.images(sampler.latents(seeds, label))
    folder = Path(out) if out is not None else sampler.home / "generated"
    for seed, image in zip(seeds, pixels, strict=True):
        save_png(folder / f"seed-{seed:06d}.png", image, durable=False)
    save_png(folder / "grid.png", enlarge(grid(pixels), 480))
    return folder


def walk(
    place: str | Path | Run,
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

    place, label and how: as for `sample`.
    """
    if out is not None and Path(out).suffix.lower() not in (".webp", ".gif"):
        raise UserError(f"{out}: a walk is written as .webp or .gif.")
    if len(seeds) < 2:
        raise UserError("A walk leads from one seed to another: give at least two, as in --seeds 3,9,4.")
    sampler = load(place, runs=runs, **how)
    path = Path(out) if out is not None else sampler.home / f"walk-{'-'.join(map(str, seeds[:8]))}.webp"
    codes = latent.walk(sampler.prior, sampler.latents(seeds, label), frames)
    pictures = [enlarge(image, 128) for image in sampler.images(codes)]
    save_animation(path, pictures, seconds or frames / 12)
    return path
