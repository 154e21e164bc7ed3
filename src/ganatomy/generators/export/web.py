"""A web page that draws: index.html, which needs no server but one of files, beside the graph and onnxruntime-web."""

import json
from html import escape
from string import Template

from ganatomy.errors import UserError
from ganatomy.generators.card import KINDS
from ganatomy.generators.directions import Directions
from ganatomy.generators.export import npm, pictures, sliders
from ganatomy.generators.export.pictures import resource
from ganatomy.generators.metadata import Metadata

# Under names that every host of files sends as what they are.
RUNTIME = {"onnxruntime.js": "ort.wasm.bundle.min.mjs", "onnxruntime.wasm": "ort-wasm-simd-threaded.wasm"}
TITLE = "This image does not exist"
MOST = 4_000_000  # pixels that a page draws of a given picture: a browser gives it 4 GiB of memory at most
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


def page(metadata: Metadata, title: str | None = None, directions: Directions | None = None) -> str:
    """index.html as text; directions [R, latent_dim]: in z, which get sliders.

    Raises UserError for a prior that the page cannot draw from.
    """
    made_with = escape(f"{metadata.made_with} and {npm.PACKAGE} {npm.VERSION} (MIT licence, Microsoft)")
    footer = f"Nothing leaves this page. Made with {made_with}."
    if metadata.given is not None:
        script = pictures.script(resource("graph.js") + resource("picture_graph.js"))
        where = "Your browser does the work."
        return pictures.page(metadata, title or pictures.title(metadata), where, footer, script, MOST)
    check(metadata)
    title = title or TITLE
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
        "footer": footer,
        "style": pictures.style("page.css"),
        "metadata": json.dumps(described).replace("<", "\\u003c"),
        "script": "".join(map(resource, ("latent.js", "graph.js", "page.js"))),
    }
    return Template(resource("page.html")).substitute(parts)
