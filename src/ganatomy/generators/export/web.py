"""A web page that draws: index.html, which needs no server but one of files, beside the graph and onnxruntime-web."""

import json
from html import escape
from importlib.resources import files
from string import Template

from ganatomy import report
from ganatomy.errors import UserError
from ganatomy.generators.card import KINDS
from ganatomy.generators.directions import Directions
from ganatomy.generators.export import npm, sliders
from ganatomy.generators.metadata import Metadata

# Under names that every host of files sends as what they are.
RUNTIME = {"onnxruntime.js": "ort.wasm.bundle.min.mjs", "onnxruntime.wasm": "ort-wasm-simd-threaded.wasm"}
TITLE = "This image does not exist"
SHARED = ("colours.css", "page.css")  # with the report
PRIORS = ("normal", "uniform")  # those that latent.js draws from


def runtime() -> dict[str, bytes]:
    """onnxruntime-web's files, to stand beside index.html and model.onnx."""
    contents = npm.files(list(RUNTIME.values()))
    return {name: contents[member] for name, member in RUNTIME.items()}


def check(metadata: Metadata) -> None:
    """Raises UserError for a prior that a page cannot draw from."""
    if metadata.prior.name not in PRIORS:
        raise UserError(
            f"The page draws from a {' or '.join(PRIORS)} prior; this one is {metadata.prior.name}: --to onnx."
        )


def page(metadata: Metadata, title: str = TITLE, directions: Directions | None = None) -> str:
    """index.html as text; directions [R, latent_dim]: in z, which get sliders.

    Raises UserError for a prior that the page cannot draw from.
    """
    check(metadata)
    height, width = metadata.size
    described = metadata.model_dump(mode="json", include={"prior", "classes", "size", "channels", "truncation"})
    if directions is not None:
        described["directions"] = sliders.described(directions)
    parts = {
        "title": escape(title),
        "description": escape(
            f"A generator drew it, just now, in your browser. It is {metadata.name}: recipe {metadata.recipe}, "
            f"{metadata.step:,} steps on {metadata.data.name}; images of {height}×{width} pixels, "
            f"{KINDS[metadata.channels]}."
        ),
        "made_with": escape(f"{metadata.made_with} and {npm.PACKAGE} {npm.VERSION} (MIT licence, Microsoft)"),
        "style": "".join(files(report).joinpath(name).read_text(encoding="utf-8") for name in SHARED)
        + _resource("page.css"),
        "metadata": json.dumps(described).replace("<", "\\u003c"),
        "latent": _resource("latent.js"),
        "script": _resource("page.js"),
    }
    return Template(_resource("page.html")).substitute(parts)


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
