"""The two forms of images: float [B, C, H, W] in [−1, 1] to train on, uint8 [N, H, W, C] to store and to measure."""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.modalities import video
from ganatomy.system.files import write_bytes

Pixels = NDArray[np.uint8]  # [N, H, W, C], C 1, 3 or 4


def to_float(pixels: Tensor) -> Tensor:
    """uint8 [B, H, W, C] → float32 [B, C, H, W] in [−1, 1], in channels-last memory: 0 is −1 and 255 is 1."""
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def quantised(images: Tensor) -> Tensor:
    """float [B, C, H, W] in [−1, 1] → uint8 [B, H, W, C]: clamped, then rounded to the nearest grey level.

    The one way from floats to pixels, for generated images as for anything that is shown or measured.
    """
    return images.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).permute(0, 2, 3, 1)


def to_uint8(images: Tensor) -> Pixels:
    """`quantised` as an array: float [N, C, H, W] in [−1, 1] → uint8 [N, H, W, C]."""
    return quantised(images.detach()).contiguous().cpu().numpy()


def grid(pixels: Pixels, columns: int | None = None, gap: int = 2) -> Pixels:
    """Images side by side, row after row: [N, H, W, C] → [rows·(H + gap) + gap, columns·(W + gap) + gap, C]."""
    count, height, width, channels = pixels.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for i, image in enumerate(pixels):
        top, left = gap + (i // columns) * (height + gap), gap + (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def picture(pixels: Pixels) -> Image.Image:
    """[H, W, C] → a Pillow image, grey, colour or with alpha."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def enlarge(pixels: Pixels, least: int = 64) -> Pixels:
    """Small images [..., H, W, C], for people: every pixel repeated so that the height is at least `least`."""
    times = -(-least // pixels.shape[-3])
    return pixels.repeat(times, axis=-3).repeat(times, axis=-2)


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Images [N, H, W, C] → [N, height, width, C], by Pillow's bicubic filter, antialiased where they get smaller."""
    return np.stack(
        [
            np.asarray(picture(image).resize((width, height), Image.Resampling.BICUBIC)).reshape(height, width, -1)
            for image in pixels
        ]
    )


def save_png(path: Path, pixels: Pixels, durable: bool = True) -> None:
    """Write one image [H, W, C], whole or not at all; durable: as for `files.replacing`."""
    _replace(path, encoded(picture(pixels), "PNG"), durable)


ANIMATIONS = (".webp", ".gif", ".mp4")


def check_animation(path: Path) -> None:
    """Raises UserError where an animation cannot be written to such a file, by its suffix."""
    if path.suffix.lower() not in ANIMATIONS:
        raise UserError(f"{path}: an animation is written as {', '.join(ANIMATIONS[:-1])} or {ANIMATIONS[-1]}.")
    if path.suffix.lower() == ".mp4":
        video.ffmpeg()


def save_animation(path: Path, frames: Sequence[Pixels], seconds: float) -> None:
    """Write frames [H, W, C] as an animation that lasts `seconds`, by the suffix: WebP (lossless) or GIF, which are
    endless, or MP4. Raises UserError where an MP4 cannot be made.
    """
    if path.suffix.lower() == ".mp4":
        _replace(path, video.mp4(frames, seconds))
        return
    _replace(path, animation(path.suffix[1:].upper(), frames, seconds))


def animation(kind: str, frames: Sequence[Pixels], seconds: float) -> bytes:
    """`save_animation` of frames [H, W, C] in memory; kind: WEBP or GIF."""
    # A GIF counts hundredths of a second: rounding each frame's end, not its length, keeps the whole.
    tick = 10 if kind == "GIF" else 1
    ends = [tick * round(1000 * seconds * i / len(frames) / tick) for i in range(len(frames) + 1)]
    durations = [after - before for before, after in pairwise(ends)]
    first, *rest = [picture(frame) for frame in frames]
    options = {"save_all": True, "append_images": rest, "duration": durations, "loop": 0}
    if kind == "WEBP":
        options["lossless"] = True
    return encoded(first, kind, **options)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file that Pillow writes, in memory; kind and options as `Image.save` has them."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _replace(path: Path, content: bytes, durable: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content, durable)
