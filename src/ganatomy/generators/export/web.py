"""A web page that draws: index.html, which needs no server but one of files, beside the graph and onnxruntime-web."""

import json
from html import escape
from importlib.resources import files
from string import Template

from ganatomy import report
from ganatomy.generators.export import npm
from ganatomy.generators.pretrained.card import KINDS
from ganatomy.generators.pretrained.facts import Facts

# Under names that every host of files sends as what they are.
RUNTIME = {"onnxruntime.js": "ort.wasm.bundle.min.mjs", "onnxruntime.wasm": "ort-wasm-simd-threaded.wasm"}
TITLE = "This image does not exist"


def runtime() -> dict[str, bytes]:
    """onnxruntime-web's files, to stand beside index.html and model.onnx."""
    contents = npm.files(list(RUNTIME.values()))
    return {name: contents[member] for name, member in RUNTIME.items()}


def page(facts: Facts, title: str = TITLE) -> str:
    """index.html as text."""
    height, width = facts.size
    told = facts.model_dump(mode="json", include={"prior", "classes", "size", "channels", "truncation"})
    parts = {
        "title": escape(title),
        "words": escape(
            f"A generator drew it, just now, in your browser. It is {facts.name}: recipe {facts.recipe}, "
            f"{facts.step:,} steps on {facts.data.name}; images of {height}×{width} pixels, "
            f"{KINDS[facts.channels]}."
        ),
        "made_with": escape(f"{facts.made_with} and {npm.PACKAGE} {npm.VERSION} (MIT licence, Microsoft)"),
        "style": files(report).joinpath("page.css").read_text(encoding="utf-8") + _resource("page.css"),
        "facts": json.dumps(told).replace("<", "\\u003c"),
        "latent": _resource("latent.js"),
        "script": _resource("page.js"),
    }
    return Template(_resource("page.html")).substitute(parts)


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
