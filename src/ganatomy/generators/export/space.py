"""A demo with Gradio beside a graph: it runs on one's own machine, and as a Space of Hugging Face."""

from importlib.resources import files
from typing import Any

GRADIO = "6.31.0"  # the version that the demo was run with
REQUIREMENTS = f"gradio>={GRADIO},<7\nnumpy>=1.26\nonnxruntime>=1.20\n"
WITH_PICTURES = "pillow>=11\n"  # what the demo of a generator that is given pictures needs beside them
USE = """`app.py` is a demo of the graph in this folder:

    pip install -r requirements.txt
    python app.py

In Python:

"""


def header(title: str) -> dict[str, Any]:
    """What a Space reads of its README: https://huggingface.co/docs/hub/spaces-config-reference."""
    return {"title": title, "sdk": "gradio", "sdk_version": GRADIO, "app_file": "app.py"}


def contents(given: bool) -> dict[str, str]:
    """The demo's files, by name; given: whether the generator is given pictures."""
    app = files(__package__).joinpath("picture_app.py" if given else "app.py").read_text(encoding="utf-8")
    return {"app.py": app, "requirements.txt": REQUIREMENTS + (WITH_PICTURES if given else "")}
