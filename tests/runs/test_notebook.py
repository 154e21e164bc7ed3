"""A run in a notebook: one piece of HTML, well-formed, escaped and without script."""

import base64
import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from ganatomy.config.options import Config
from ganatomy.modalities.images import save_png
from ganatomy.runs.run import Run


def made(folder: Path, name: str = "run") -> Run:
    run = Run.create(name, Config(), folder)
    run.update(status="finished")
    for step, loss in ((2, 1.5), (4, 1.0), (6, float("nan")), (8, 0.5)):
        run.append({"step": step, "loss/discriminator": loss, "loss/generator": 2 * loss})
    run.event("verdict", step=8, verdict="<script>alert(1)</script> collapse")
    (run.path / "samples").mkdir()
    save_png(run.path / "samples" / "000008.png", np.full((4, 6, 3), 200, np.uint8))
    return run


def test_it_shows_samples_curves_status_and_verdict(tmp_path: Path) -> None:
    page = made(tmp_path)._repr_html_()
    root = ElementTree.fromstring(_closed(page))
    text = " ".join(root.itertext())
    assert str(tmp_path / "run") in text
    assert "finished, step 8" in text
    assert "<script>" not in page
    assert "alert(1)" in text  # as words
    source = root.find(".//img").get("src")
    image = Image.open(io.BytesIO(base64.b64decode(source.removeprefix("data:image/png;base64,"))))
    assert (image.size, image.getpixel((0, 0))) == ((6, 4), (200, 200, 200))
    lines = [line.get("points").split() for line in root.iter("polyline")]
    assert lines[0] == ["0.0,96.0", "120.0,128.0", "360.0,160.0"]  # losses 1.5, 1, ½ of 0.5 to 3
    assert lines[1] == ["0.0,0.0", "120.0,64.0", "360.0,128.0"]


def _closed(page: str) -> str:
    """The same with its one empty element closed, as XML wants it."""
    before, _, rest = page.partition("<img ")
    inside, _, after = rest.partition(">")
    return f"{before}<img {inside}/>{after}" if rest else page


def test_an_empty_run_shows_that_it_is_there(tmp_path: Path) -> None:
    page = Run.create("empty", Config(), tmp_path)._repr_html_()
    assert "not started" in page
    assert "<img" not in page
    assert "<svg" not in page
