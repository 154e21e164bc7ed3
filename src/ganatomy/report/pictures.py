"""Pictures as data URIs, small enough to put into the page."""

import base64
import io
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

import numpy as np
from PIL import Image, ImageSequence

SMALL = 100_000  # bytes: a still picture that goes in as it is
LOUD = 2_000_000  # bytes of a sound that goes in
SIDE = 900  # pixels: about two for each that the page shows
MOST = 24  # snapshots on the page
BYTES_PER_CORE = 16_000_000  # of snapshots decoded: more would take too long


class Frame(TypedDict):
    """One snapshot of the timeline."""

    step: int
    image: str


def timeline(snapshots: Mapping[int, Path]) -> list[Frame]:
    """At most MOST snapshots, evenly chosen, the first and the last among them."""
    steps, paths = list(snapshots), list(snapshots.values())
    if not steps:
        return []
    affordable = BYTES_PER_CORE * (os.cpu_count() or 1) // max(paths[-1].stat().st_size, 1)
    count = min(len(steps), MOST, max(2, affordable))
    chosen = np.linspace(len(steps) - 1, 0, count).round().astype(int)[::-1]  # a single one is the last
    with ThreadPoolExecutor() as pool:  # Pillow's codecs run side by side
        images = pool.map(inline, (paths[i] for i in chosen))
    return [Frame(step=steps[i], image=image) for i, image in zip(chosen, images, strict=True)]


def inline(path: Path) -> str:
    """A picture as a data URI: as it is, or as a smaller WebP if it is large."""
    content = path.read_bytes()
    if len(content) > SMALL * (20 if path.suffix == ".webp" else 1):  # an animation is many pictures
        content = smaller(content)
    kind = "webp" if content.startswith(b"RIFF") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def heard(picture: Path) -> str:
    """The WAV file beside a picture as a data URI; empty where there is none, or where it is large."""
    sound = picture.with_suffix(".wav")
    if not sound.is_file() or sound.stat().st_size > LOUD:
        return ""
    return f"data:audio/wav;base64,{base64.b64encode(sound.read_bytes()).decode()}"


def smaller(content: bytes) -> bytes:
    """A picture or animation as lossy WebP, no side longer than SIDE."""
    with Image.open(io.BytesIO(content)) as image:
        first, *rest = [frame.copy() for frame in ImageSequence.Iterator(image)]
        duration = image.info.get("duration", 0)
    for frame in (first, *rest):
        frame.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    options = {"save_all": True, "append_images": rest, "duration": duration, "loop": 0}
    first.save(buffer, "WEBP", quality=80, method=0, **(options if rest else {}))  # method 0: fastest
    return buffer.getvalue()
