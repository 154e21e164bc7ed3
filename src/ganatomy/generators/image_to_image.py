"""Apply a trained generator to pictures: the function behind `ganatomy apply`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganatomy.data.decode import decode, quiet
from ganatomy.data.items import MAX_BYTES, ImageError, bounded
from ganatomy.data.kinds import is_hidden, is_image
from ganatomy.errors import UserError, first_line
from ganatomy.generators import card
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, save_png, to_float, to_uint8
from ganatomy.system.files import distinct_stems, explained, inside, write_text
from ganatomy.system.precision import exact_float32

MOST = 16_000_000  # pixels of a drawn image: more would take gigabytes
GIVEN = "This generator is given an image and draws of no seed: `ganatomy apply` and `apply_to` take pictures."


class ImageToImage(Sampler):
    """A trained generator that is given images: pixels in, pixels out.

    A plain module, z [B, latent_dim], which is not read, and given images [B, C, h, w] → images [B, C, H, W].
    """

    takes_pictures = True

    @property
    def scale(self) -> int:
        """How many times larger the drawn images are."""
        assert self.metadata.given is not None
        return self.metadata.given.scale

    @torch.no_grad()
    @exact_float32()
    def apply_to(self, pixels: Pixels, batch: int = 1) -> Pixels:
        """Images uint8 [N, H, W, C] drawn of given ones, uint8 [N, h, w, C]; batch: how many at a time.

        Raises UserError for another form, and for a size that the network cannot take.
        """
        channels = self.metadata.channels
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != channels or not pixels.size:
            raise UserError(
                f"Pixels must be uint8 [N, H, W, {channels}] from 0 to 255, not {pixels.dtype} {list(pixels.shape)}."
            )
        count, height, width, _ = pixels.shape
        if height * width * self.scale**2 > MOST:
            raise UserError(
                f"Of {height}×{width} pixels {height * self.scale:,}×{width * self.scale:,} would be drawn, and "
                f"{MOST:,} pixels are the most: cut the picture into parts."
            )
        drawn = []
        for start in range(0, count, batch):
            given = to_float(torch.tensor(pixels[start : start + batch])).contiguous()
            z = torch.zeros(len(given), self.prior.dimension)
            try:
                drawn.append(to_uint8(self(z, given)))
            except RuntimeError as error:
                raise UserError(f"{height}×{width} pixels are no size for this network: {first_line(error)}.") from None
        return np.concatenate(drawn)

    def write_card(
        self, folder: Path, use: str, pixels: Pixels | None = None, header: Mapping[str, Any] | None = None
    ) -> None:
        """Write the model card, README.md, without a picture: it would need somebody's images, [N, H, W, C].

        The arguments: as for `Sampler`.
        """
        write_text(folder / "README.md", card.text_of_pairs(self.metadata, use, header))

    def _use(self, place: str) -> str:
        """How to apply the weights at a place, in Markdown."""
        times, channels = f"{self.scale}·" if self.scale > 1 else "", self.metadata.channels
        return "\n".join(
            [
                "    import ganatomy",
                "",
                f"    generator = ganatomy.load({place!r})",
                "    drawn = generator.apply_to(pixels)  "
                f"# uint8 [N, h, w, {channels}] → uint8 [N, {times}h, {times}w, {channels}]",
                "",
                f"or `ganatomy apply {place} picture.png`.",
            ]
        )

    def images(self, codes: torch.Tensor, batch: int = 1, truncation: float | None = None) -> Pixels:
        """Raises UserError: no images are drawn of codes, [N, latent_dim]."""
        raise UserError(GIVEN)

    def latents(self, seeds: Sequence[int], label: str | int | None = None) -> torch.Tensor:
        """Raises UserError: there are no codes of seeds, [N, latent_dim]."""
        raise UserError(GIVEN)


def apply(sampler: Sampler, pictures: Sequence[str | Path], out: Path | None = None) -> tuple[Path, str]:
    """Write what a generator draws of pictures, PNG files of their names; returns the folder, and what was done.

    pictures: image files, or folders of them; out: a folder, PLACE/applied if not given. Raises UserError where a
    picture cannot be read or applied to, and where nothing can be written.
    """
    files, left_out = _files(pictures)
    folder = out if out is not None else inside(sampler.home, "applied")
    unreadable: list[str] = []
    with explained(folder), quiet():
        for path, name in zip(files, distinct_stems(files), strict=True):
            try:
                pixels = _decoded(path, sampler.metadata.channels)
            except ImageError as reason:
                unreadable.append(f"{path}: {reason}")
                continue
            save_png(folder / f"{name}.png", sampler.apply_to(pixels[None])[0], durable=False)
    if len(unreadable) == len(files):
        raise UserError(f"None of {len(files):,} pictures can be read (first: {unreadable[0]}).")
    said = f"{len(files) - len(unreadable):,} images in {folder}"
    if unreadable:
        said += f"; {len(unreadable):,} cannot be read (first: {unreadable[0]})"
    return folder, said + (f"; {left_out:,} other files are left out" if left_out else "")


def _files(pictures: Sequence[str | Path]) -> tuple[list[Path], int]:
    """The image files that are meant, those of folders too, and how many other files are in these."""
    found: list[Path] = []
    others = 0
    for picture in map(Path, pictures):
        if picture.is_dir():
            inner = sorted(path for path in picture.iterdir() if path.is_file() and not is_hidden(path.name))
            images = [path for path in inner if is_image(path.name)]
            if not images:
                raise UserError(f"{picture} holds no images.")
            found += images
            others += len(inner) - len(images)
        elif picture.is_file():
            found.append(picture)
        else:
            raise UserError(f"There is no file or folder {picture}.")
    if not found:
        raise UserError("Which picture? Give an image file or a folder: ganatomy apply RUN photo.png")
    return found, others


def _decoded(path: Path, channels: int) -> Pixels:
    """A picture in its own size, [h, w, channels]. Raises ImageError."""
    try:
        with open(path, "rb") as file:
            return decode(bounded(file, path.stat().st_size, MAX_BYTES), channels)
    except OSError as error:
        raise ImageError(error.strerror or str(error)) from None
