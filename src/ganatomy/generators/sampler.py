"""A trained generator to draw from: seeds or codes in, pixels out."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy import build
from ganatomy.errors import UserError
from ganatomy.generators import card, hub, pretrained, weights
from ganatomy.generators.classes import class_index
from ganatomy.generators.pretrained import Pretrained
from ganatomy.modalities.image_modality import save_preview
from ganatomy.modalities.images import Pixels, to_uint8
from ganatomy.networks.protocols import Truncating
from ganatomy.system.files import explained, write_text
from ganatomy.system.precision import exact_float32

LAST_SEED = 2**32 - 1  # torch drops the higher bits of a CPU generator's seed
SHOWN = 64  # images of a model card


class Sampler(nn.Module):
    """A trained generator: seeds or codes in, pixels out. A seed's image depends on nothing but the seed.

    A plain module, z [B, latent_dim] and class weights [B, K] or None → images [B, C, H, W], with frozen weights in
    eval mode; `network` inside it is the generator as it was trained, `metadata` what is known of it. It computes where
    its weights are and in their precision, after `.to(device)`, `.double()` and the like too.

    truncation: of a generator with styles, ψ, 0 to 1: how far from the average style; of others the largest size of a
    latent coordinate, in standard deviations. Less is more typical and less varied; None changes nothing.
    """

    takes_pictures = False

    def __init__(self, origin: Pretrained, truncation: float | None = None) -> None:
        """Raises UserError for a generator that is given images: `ImageToImage` is for these."""
        super().__init__()
        if (origin.metadata.given is not None) != self.takes_pictures:
            raise UserError(f"{origin.home} holds a generator of another kind: ganatomy.load takes any.")
        self.network = origin.network
        self.metadata, self.home, self.config = origin.metadata, origin.home, origin.config
        self.prior, self.classes = build.prior(self.metadata.prior), self.metadata.classes
        self.truncation = positive(truncation)
        self.eval().requires_grad_(False)

    def latents(self, seeds: Sequence[int], label: str | int | None = None) -> Tensor:
        """Codes of seeds, [N, latent_dim + K]; label: a class for all of them, by name or as :3, its index.

        Raises UserError for a seed or a class that does not exist.
        """
        check_seeds(seeds)
        return self.prior.of_seeds(seeds, None if label is None else self._number(label))

    @torch.no_grad()
    @exact_float32()
    def images(self, codes: Tensor, batch: int = 1, truncation: float | None = None) -> Pixels:
        """Pixels [N, H, W, C] of codes [N, latent_dim + K]; truncation: other than the sampler's own.

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
        """Pixels [N, H, W, C] of seeds; labels: a class for all, or one each, as for `latents`; truncation, batch: as
        for `images`.

        Raises UserError for a seed or a class that does not exist, and for more or fewer labels than seeds.
        """
        if isinstance(labels, (str, int)) or labels is None:
            codes = self.latents(seeds, labels)
        elif len(labels) != len(seeds):
            raise UserError(
                f"There are {len(seeds)} seeds and {len(labels)} labels: give a class for each, or one for all."
            )
        else:
            codes = torch.cat([self.latents([seed], label) for seed, label in zip(seeds, labels, strict=True)])
        return self.images(codes, batch, truncation)

    def forward(self, z: Tensor, y: Tensor | None = None, truncation: float | None = None) -> Tensor:
        """Images [B, C, H, W], about in [−1, 1], of latent vectors [B, latent_dim] and class weights [B, K]."""
        bound = self.truncation if truncation is None else positive(truncation)
        if bound is not None and not isinstance(self.network, Truncating):
            z = self.prior.truncate(z, bound)
        z, y = self._beside_weights(z), None if y is None else self._beside_weights(y)
        if bound is not None and isinstance(self.network, Truncating):
            return self.network.draw(z, y, bound)
        return self.network(z, y)

    def apply_to(self, pixels: Pixels, batch: int = 1) -> Pixels:
        """Of a generator that is given images: uint8 [N, h, w, C] → uint8 [N, H, W, C], as `ImageToImage` does.

        Raises UserError: this one is given none.
        """
        raise UserError("This generator is given no image: it draws of seeds, by `ganatomy sample` or `sample(seeds)`.")

    def drawn_by(self, label: str | int | None = None) -> dict[str, Any]:
        """What drew an image, beside its seed: the generator, its step, truncation and class, ready for JSON."""
        known = self.metadata
        how = {"truncation": self.truncation, "class": label}
        return {"generator": known.name, "step": known.step, "average": known.average, **how}

    def save_pretrained(self, folder: str | Path, half: bool = False, place: str = ".") -> Path:
        """Write the generator for `from_pretrained`, with its card. Returns the folder.

        half: as 16-bit numbers; place: how the card's code names it, the folder that the card is in if not given.

        Raises UserError for an ONNX graph, which has no weights, and where nothing can be written.
        """
        folder = Path(folder)
        if self.config is None:
            raise UserError("An ONNX graph cannot be turned back into weights: export them from the run.")
        with explained(folder):
            weights.write(folder, self.network, self.config, self.metadata, half)
            self.write_card(folder, self._use(place))
        return folder

    def write_card(
        self, folder: Path, use: str, pixels: Pixels | None = None, header: Mapping[str, Any] | None = None
    ) -> None:
        """Write the model card, README.md, and its picture.

        use: how to draw from the files, in Markdown; pixels: [64, H, W, C] of the seeds 0 to 63, if at hand;
        header: more for the card's own.
        """
        pixels = self.sample(range(SHOWN), batch=SHOWN) if pixels is None else pixels
        save_preview(folder / card.SAMPLES, pixels)
        write_text(folder / "README.md", card.text(self.metadata, use, header))

    def push_to_hub(self, name: str, private: bool = False, licence: str | None = None) -> str:
        """Put the generator into the Hugging Face repository owner/name; returns its address. Extra: hub.

        licence: the generator's, as Hugging Face abbreviates it: mit, cc-by-4.0, other. Raises UserError where that is
        no short name, and where the repository cannot be written.
        """
        self.metadata = self.metadata.licensed(licence)
        with tempfile.TemporaryDirectory() as folder:
            return hub.upload(self.save_pretrained(folder, place=f"hf:{name}"), name, private)

    @classmethod
    def from_pretrained(cls, name: str | Path) -> "Sampler":
        """The generator that `save_pretrained` left in a folder, or `push_to_hub` in a repository owner/name.

        Raises UserError where there is none.
        """
        if (found := pretrained.find(name if Path(name).exists() else f"hf:{name}")) is None:
            raise UserError(f"{name} holds no exported generator; ganatomy.load takes runs too.")
        return cls(pretrained.load(found, {}))

    def _use(self, place: str) -> str:
        """How to draw from the weights at a place, in Markdown."""
        height, width = self.metadata.size
        label = f", labels={self.classes[0]!r}" if self.classes else ""
        return "\n".join(
            [
                "    import ganatomy",
                "",
                f"    generator = ganatomy.load({place!r})",
                f"    pixels = generator.sample(seeds=range(64){label})  "
                f"# uint8 [64, {height}, {width}, {self.metadata.channels}]",
                "",
                f"or `ganatomy sample {place} --seeds 0-63`.",
            ]
        )

    def _beside_weights(self, tensor: Tensor) -> Tensor:
        """A tensor of any shape, where the weights are and of their type; as it is beside a graph, which has none."""
        return tensor.to(next(self.network.parameters(), tensor))

    def _number(self, label: str | int) -> int:
        if not self.prior.classes:
            raise UserError("This generator is unconditional; retrain with --conditional to choose a class.")
        return class_index(label, self.classes)


def check_seeds(seeds: Sequence[int]) -> None:
    """Raises UserError where one of them is no seed."""
    for seed in seeds:
        if not 0 <= seed <= LAST_SEED:
            raise UserError(f"There is no seed {seed}: seeds are whole numbers from 0 to {LAST_SEED:,}.")


def positive(truncation: float | None) -> float | None:
    """A truncation as it is given. Raises UserError where it is not greater than 0."""
    if truncation is not None and not truncation > 0:
        raise UserError(f"--truncation {truncation:g}: it must be greater than 0.")
    return truncation
