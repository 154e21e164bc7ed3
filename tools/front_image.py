"""The README's picture: what a run draws, what the diagnosis says of another one, and the studio.

python tools/front_image.py RUN ILL     (the paths of two finished runs)
"""

import base64
import html
import subprocess
import sys
from pathlib import Path

from ganatomy.runs.run import Run
from studio_images import explore, save, studio

PAGE = """<style>
body {{ margin: 0; padding: 24px; display: flex; gap: 24px; width: 1752px; font: 20px sans-serif; background: #fdfcf9 }}
figure {{ margin: 0; width: 568px }}
figcaption {{ margin-bottom: 12px; color: #333 }}
img, pre {{ width: 568px; height: 568px; object-fit: cover; object-position: top; border: 1px solid #ccc;
           box-sizing: border-box }}
pre {{ margin: 0; padding: 16px; background: #1c1c1c; color: #eee; font: 17px/1.45 monospace; white-space: pre-wrap;
      overflow-wrap: anywhere; overflow: hidden }}
</style>
<figure><figcaption>It draws</figcaption><img src="{grid}"></figure>
<figure><figcaption>It says what is wrong</figcaption><pre>$ ganatomy diagnose {name}\n{verdict}</pre></figure>
<figure><figcaption>You see and touch it</figcaption><img src="{walk}"></figure>
"""


def main(run: Path, ill: Path) -> None:
    """Start a studio, and take the picture."""
    command = [sys.executable, "-m", "ganatomy", "diagnose", ill.name]
    verdict = subprocess.run(command, cwd=ill.parent.parent, capture_output=True, text=True, check=True).stdout
    with studio(run.parent) as (address, chromium):
        page = chromium.new_page(viewport={"width": 1000, "height": 1000}, bypass_csp=True)
        page.goto(f"{address}/run/{run.name}/walk")
        page.wait_for_selector("main[data-ready], .card", timeout=180_000)
        explore(page)
        page.wait_for_timeout(1000)
        walk = page.screenshot()
        page.set_viewport_size({"width": 1800, "height": 660})
        grid = list(Run(run).snapshots().values())[-1].read_bytes()
        page.set_content(
            PAGE.format(grid=_inline(grid), walk=_inline(walk), name=ill.name, verdict=html.escape(verdict))
        )
        page.wait_for_timeout(1000)
        save(page.screenshot(), "front", 1500)


def _inline(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*(Path(each).resolve() for each in sys.argv[1:]))
