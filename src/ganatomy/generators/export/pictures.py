"""A page that takes a picture, dropped, chosen or drawn by hand, and shows what a generator makes of it beside it."""

import json
from html import escape
from importlib.resources import files
from string import Template

from ganatomy import report
from ganatomy.generators.metadata import Metadata

STYLES = ("colours.css", "page.css")  # of the report


def title(metadata: Metadata) -> str:
    """What a page is called that nobody named."""
    assert metadata.given is not None
    return "Translate a picture" if metadata.given.scale == 1 else "Enlarge a picture"


def page(metadata: Metadata, title: str, where: str, footer: str, script: str, most: int) -> str:
    """The page as HTML.

    where: a sentence on where the network computes; footer: HTML; script: as `script` makes it; most: pixels of a drawn
    picture.
    """
    assert metadata.given is not None
    scale, (height, width) = metadata.given.scale, metadata.size
    larger = f", {scale} times as high and wide" if scale > 1 else ""
    taken = f"It may have up to {most // scale**2:,} pixels, and a blank page has {width // scale}×{height // scale}"
    parts = {
        "title": escape(title),
        "description": escape(
            f"{metadata.name} draws another picture from the one that you give it{larger}. {where} It is a generator "
            f"of recipe {metadata.recipe}, after {metadata.step:,} steps on {metadata.data.name}."
        ),
        "sizes": escape(
            "A picture is taken whole and in its own size, as by ganatomy apply: nothing is cropped or scaled. "
            f"{taken}, as in training."
        ),
        "footer": footer,
        "style": style("pictures.css"),
        "metadata": json.dumps(
            metadata.model_dump(mode="json", include={"given", "size", "channels"}) | {"most": most}
        ),
        "script": script,
    }
    return Template(resource("pictures.html")).substitute(parts)


def script(own: str) -> str:
    """The page's script; own: has `apply`, as pictures.js describes it, and calls `start`."""
    return resource("pictures.js") + own


def style(own: str) -> str:
    """The report's style sheets, and one of this folder."""
    return "".join(files(report).joinpath(name).read_text(encoding="utf-8") for name in STYLES) + resource(own)


def resource(name: str) -> str:
    """A file of this folder, as text."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
