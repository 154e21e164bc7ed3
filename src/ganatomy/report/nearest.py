"""A page of generated images beside their nearest real ones: the simplest test for copies. No torch."""

import base64
import io
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COMPARED = 1000  # generated images among which the closest ones are looked for
SHOWN = 18


@dataclass(frozen=True)
class Neighbours:
    """Generated images, uint8 [N, H, W, C], with the real ones nearest in features and in pixels.

    ratios: [N], from 0: the distance in pixels to the nearest real image, over the median of that between real images
    """

    generated: NDArray[np.uint8]
    by_features: NDArray[np.uint8]
    by_pixels: NDArray[np.uint8]
    ratios: NDArray[Any]


def page(name: str, neighbours: Neighbours) -> str:
    """The page as text: the generated images that are closest to a real one, and as many others at random."""
    order = np.argsort(neighbours.ratios, kind="stable")
    closest, rest = order[:SHOWN], order[SHOWN:]
    others = np.random.default_rng(0).permutation(rest)[:SHOWN]
    words = (
        f"{len(order):,} generated images were compared with every real image. Each row of three shows a generated "
        "image, the real image nearest to it in the features of the scores, and the one nearest in pixels. The number "
        "is the distance in pixels to the last one; 1 is the usual distance of a real image to its own nearest. A copy "
        "has 0. Many numbers far below 1 mean that the generator repeats its training images."
    )
    template, *styles = (
        files(__package__).joinpath(file).read_text(encoding="utf-8")
        for file in ("nearest.html", "colours.css", "page.css")
    )
    return Template(template).substitute(
        name=escape(name),
        words=words,
        count=len(closest),
        rest=len(others),
        closest=_sheet(neighbours, closest),
        others=_sheet(neighbours, others),
        style="".join(styles),
    )


def _sheet(neighbours: Neighbours, chosen: NDArray[np.intp]) -> str:
    figures = []
    for i in chosen:
        trio = {
            "generated": neighbours.generated[i],
            "nearest in features": neighbours.by_features[i],
            "nearest in pixels": neighbours.by_pixels[i],
        }
        images = "".join(f'<img src="{_png(pixels)}" alt="{words}" title="{words}">' for words, pixels in trio.items())
        figures.append(f"<figure><div>{images}</div><figcaption>{neighbours.ratios[i]:.2f}</figcaption></figure>")
    return "".join(figures)


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
