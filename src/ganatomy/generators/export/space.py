"""A demo with Gradio beside a graph: it runs on one's own machine, and as a Space of Hugging Face."""

from importlib.resources import files
from typing import Any

GRADIO = "6.31.0"  # the version that the demo was run with
REQUIREMENTS = f"gradio>={GRADIO},<7\nnumpy>=1.26\nonnxruntime>=1.20\n"
USE = """`app.py` is a demo that draws from the graph in this folder:

    pip install -r requirements.txt
    python app.py

In Python:

"""


def header(title: str) -> dict[str, Any]:
    """What a Space reads of its README: https://huggingface.co/docs/hub/spaces-config-reference."""
    return {"title": title, "sdk": "gradio", "sdk_version": GRADIO, "app_file": "app.py"}


def contents() -> dict[str, str]:
    """The demo's files, by name."""
    app = files(__package__).joinpath("app.py").read_text(encoding="utf-8")
    return {"app.py": app, "requirements.txt": REQUIREMENTS}
