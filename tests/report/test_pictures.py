"""Pictures small enough for the page."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganatomy.report import pictures


def test_large_pictures_become_small(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1100, 1100, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "grid.png")
    uri = pictures.inline(tmp_path / "grid.png")
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < (tmp_path / "grid.png").stat().st_size / 4


def test_large_walks_keep_their_pace(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    frames = [Image.fromarray(frame) for frame in noise]
    path = tmp_path / "walk.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True, duration=83, loop=0)
    content = pictures.smaller(path.read_bytes())
    assert len(content) < path.stat().st_size
    (tmp_path / "small.webp").write_bytes(content)
    with Image.open(tmp_path / "small.webp") as image:
        image.load()
        assert (image.n_frames, image.info["duration"], image.info["loop"]) == (4, 83, 0)
