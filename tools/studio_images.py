"""The pictures of docs/STUDIO.md, of the studio's pages in Chromium.

python tools/studio_images.py RUN [PICTURE …]     (RUN: the path of a finished run with directions)
"""

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 900  # pixels of a picture
GAME = "target=ring&other=relativistic_pairing&penalty=r1:0.1,r2:0.1&lr_g=0.001&lr_d=0.001&moves=r800"


def choose_a_tile(page: Page) -> None:
    """At a step in the middle."""
    slider = page.get_by_role("slider", name="Snapshot")
    slider.fill(str(int(slider.get_attribute("max") or 0) * 2 // 5))
    page.get_by_role("button", name="Seed 26", exact=True).click()
    page.wait_for_function("document.querySelectorAll('.tile .strip img').length === 5")


def answer(page: Page) -> None:
    """Predict, and run the experiment."""
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Run the experiment").click()
    page.wait_for_selector(".verdict", timeout=120_000)


def explore(page: Page) -> None:
    """Drag over the plane, and move along a direction."""
    box = page.locator(".plane").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    for i in range(40):
        page.mouse.move(box["x"] + 50 + 5 * i, box["y"] + 50 + 3 * i)
        page.wait_for_timeout(30)
    page.mouse.up()
    page.get_by_label("Direction 1").fill("-1.5")


def main(run: Path, wanted: Sequence[str] = ()) -> None:
    """Start a studio, and take the pictures: all, or those of these names."""
    pages: dict[str, tuple[str, Callable[[Page], object], int | None]] = {  # name: address, what to do, height
        "studio-live": (f"/run/{run.name}", lambda page: page.wait_for_selector(".chart .main-svg"), 1400),
        "studio-timeline": (f"/run/{run.name}/timeline", choose_a_tile, 1180),
        "studio-walk": (f"/run/{run.name}/walk", explore, None),
        "studio-lab": (f"/lab?{GAME}", lambda page: None, None),
        "studio-lesson": ("/lessons/minimum", answer, None),
    }
    with studio(run.parent) as (address, chromium):
        for name in wanted or pages:
            path, act, height = pages[name]
            page = chromium.new_page(viewport={"width": 1400, "height": height or 900}, bypass_csp=True)
            page.goto(address + path)
            page.wait_for_selector("main[data-ready], .card", timeout=900_000)  # a busy machine plays slowly
            act(page)
            page.evaluate("scrollTo(0, 0)")  # what stays in sight is where it begins
            page.wait_for_timeout(1000)
            save(page.screenshot(full_page=height is None), name)
            page.close()


@contextmanager
def studio(folder: Path) -> Iterator[tuple[str, Browser]]:
    """The address of a studio that shows a folder of runs, and a browser."""
    command = [sys.executable, "-m", "ganatomy", "studio", str(folder), "--port", "0", "--no-token"]
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder.parent) as process,
        sync_playwright() as engine,
    ):
        assert process.stderr is not None
        address = process.stderr.readline().strip()
        chromium = engine.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield address, chromium
        finally:
            chromium.close()
            process.terminate()


def save(screenshot: bytes, name: str, width: int = WIDTH) -> None:
    """As docs/images/NAME.png, so many pixels wide."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    # So that a colour is kept that few pixels have.
    picture = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or re.match("-", sys.argv[1]):
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
