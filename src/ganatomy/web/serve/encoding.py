"""Pixels as files."""

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ganatomy.modalities.images import Pixels, animation, encoded, enlarge, picture

FRAMES_PER_SECOND = 12


@dataclass(frozen=True)
class Encoding:
    """A way to send images [N, H, W, C].

    meaning   what a client receives, for the description of the server
    """

    name: str
    media_type: str
    encode: Callable[[Pixels], bytes]
    meaning: str = ""


def png(image: Pixels) -> bytes:
    """One image [H, W, C]. Compressed lightly: half the work of PNG is the search for the last few bytes."""
    return encoded(picture(image), "PNG", compress_level=1)


def webp(image: Pixels) -> bytes:
    """One image [H, W, C] without loss, by the quickest search."""
    return encoded(picture(image), "WEBP", lossless=True, method=0, quality=0)


def zipped(contents: Iterable[bytes], suffix: str) -> bytes:
    """A zip of files 0000.SUFFIX, 0001.SUFFIX, …, which hold these contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # stored: images are compressed already, and sounds hardly shrink
        for number, content in enumerate(contents):
            # Not writestr(name): it adds the time of day, and equal requests would get different bytes.
            archive.writestr(zipfile.ZipInfo(f"{number:04d}.{suffix}"), content)
    return file.getvalue()


def _walk(frames: Pixels) -> bytes:
    return animation("WEBP", list(enlarge(frames, 128)), len(frames) / FRAMES_PER_SECOND)


ONE = Encoding("one", "image/png", lambda images: png(images[0]))
WALK = Encoding("walk", "image/webp", _walk)
ZIP = "a zip of 0000.{0}, 0001.{0}, … in the order of the request, lossless"
FORMATS = {
    each.name: each
    for each in (
        Encoding("png", "application/zip", lambda images: zipped(map(png, images), "png"), ZIP.format("png")),
        Encoding("webp", "application/zip", lambda images: zipped(map(webp, images), "webp"), ZIP.format("webp")),
        Encoding(
            "raw",
            "application/octet-stream",
            lambda images: images.tobytes(),
            "the bytes of a uint8 array [N, H, W, C], whose shape is in the header Image-Shape",
        ),
    )
}
