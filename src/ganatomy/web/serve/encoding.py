"""Pixels as files."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from ganatomy.modalities.images import Pixels, animation, encoded, enlarge, picture

FRAMES_PER_SECOND = 12


@dataclass(frozen=True)
class Encoding:
    """A way to send images [N, H, W, C]."""

    name: str
    media_type: str
    encode: Callable[[Pixels], bytes]


def png(image: Pixels) -> bytes:
    """One image [H, W, C], the same pixels in a larger file than could be: half the work is the search for the rest."""
    return encoded(picture(image), "PNG", compress_level=1)


def webp(image: Pixels) -> bytes:
    """One image [H, W, C] without loss, by the quickest search."""
    return encoded(picture(image), "WEBP", lossless=True, method=0, quality=0)


def _zipped(one: Callable[[Pixels], bytes], suffix: str) -> Callable[[Pixels], bytes]:
    def encode(images: Pixels) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:  # stored: they are compressed already
            for number, image in enumerate(images):
                # Not writestr(name): it puts in the time of day, and the same order would have other bytes.
                archive.writestr(zipfile.ZipInfo(f"{number:04d}.{suffix}"), one(image))
        return file.getvalue()

    return encode


def _walk(frames: Pixels) -> bytes:
    return animation("WEBP", list(enlarge(frames, 128)), len(frames) / FRAMES_PER_SECOND)


ONE = Encoding("one", "image/png", lambda images: png(images[0]))
WALK = Encoding("walk", "image/webp", _walk)
SEVERAL = {
    "png": Encoding("png", "application/zip", _zipped(png, "png")),
    "webp": Encoding("webp", "application/zip", _zipped(webp, "webp")),
    "raw": Encoding("raw", "application/octet-stream", lambda images: images.tobytes()),
}
