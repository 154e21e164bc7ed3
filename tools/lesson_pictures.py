"""`make learn`: a small picture of each lesson's experiment for the studio's list, without words that tell the answer.

Each is of a quick trial, seed 0: lesson-CLAIM.webp among the studio's files. Names of claims make only those anew.
"""

import io
import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from PIL import Image

from ganatomy.experiments.claims.claim import ClaimTrial, catalogue
from ganatomy.experiments.claims.pictures import STYLE
from ganatomy.system.files import write_bytes
from ganatomy.system.terminal import Terminal

STATIC = Path(__file__).parents[1] / "src" / "ganatomy" / "web" / "studio" / "static"
SIZE = (360, 150)  # pixels
QUALITY = 75


def main(only: list[str]) -> None:
    """Draw all lessons' pictures, or those of these claims."""
    for name, claim in catalogue().items():
        if claim.lesson is None or (only and name not in only):
            continue
        outcome = claim.experiment(ClaimTrial(0, quick=True))
        with rc_context(STYLE):
            figure = Figure((9, 3.75), 80, layout="constrained")
            canvas = FigureCanvasAgg(figure)
            outcome.draw(figure)
            wordless(figure)
            canvas.draw()
        image = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
        content = io.BytesIO()
        image.resize(SIZE, Image.Resampling.LANCZOS).save(content, "WEBP", quality=QUALITY, method=6)
        write_bytes(STATIC / f"lesson-{name}.webp", content.getvalue())
        Terminal().print(f"{name}: {len(content.getvalue()) / 1024:.1f} KiB", highlight=False)


def wordless(figure: FigureBase) -> None:
    """Remove titles, labels, legends and notes from a figure and all of its parts."""
    figure.suptitle("")
    for legend in figure.legends:
        legend.set_visible(False)
    for text in figure.texts:
        text.set_text("")
    for axes in figure.axes:
        axes.set(title="", xlabel="", ylabel="", xticklabels=[], yticklabels=[])
        axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
        if (legend := axes.get_legend()) is not None:
            legend.set_visible(False)
        for text in axes.texts:
            text.set_visible(False)
        for line in axes.lines:
            line.set_linewidth(2 * line.get_linewidth())  # seen at a third of the size
    for part in figure.subfigs:
        wordless(part)


if __name__ == "__main__":
    main(sys.argv[1:])
