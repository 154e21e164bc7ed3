"""A page on which the generator beside it redraws a picture: `pip install -r requirements.txt`, then `python app.py`.

It answers on this machine alone, at http://127.0.0.1:7860; the same folder is a Space of Hugging Face. What it draws is
what `ganatomy apply` draws. Made by `ganatomy export --to gradio`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
MOST = 4_000_000  # pixels that it draws


class PictureDemo:
    """A generator in a folder, as `ganatomy export` writes it, and the page on which it redraws a picture."""

    def __init__(self, folder: Path) -> None:
        self.known = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
        self.scale, self.multiple = self.known["given"]["scale"], self.known["given"]["multiple"]

    def apply(self, picture: Image.Image) -> Image.Image:
        """What the generator makes of a picture, which is taken whole; one that is transparent is laid on white.

        Raises ValueError for one that is too large.
        """
        if picture.width * picture.height * self.scale**2 > MOST:
            raise ValueError(f"The picture is too large: it may have {MOST // self.scale**2:,} pixels.")
        given = pixels_of(picture, self.known["channels"])
        around = [(-side % self.multiple // 2, -(-(-side % self.multiple) // 2)) for side in given.shape[:2]]
        whole = np.pad(given, [*around, (0, 0)], "edge")
        (drawn,) = self.session.run(["pixels"], {"given": whole[None]})
        top, left = (self.scale * before for before, _ in around)
        height, width = (self.scale * side for side in given.shape[:2])
        return Image.fromarray(drawn[0, top : top + height, left : left + width].squeeze())

    def page(self) -> Any:
        """The page, of Gradio's Blocks."""
        import gradio as gr  # here: drawing needs no page

        def show(picture: Image.Image | None) -> Image.Image | None:
            try:
                return None if picture is None else self.apply(picture)
            except ValueError as error:
                raise gr.Error(str(error)) from error

        # It sends nothing to anybody.
        with gr.Blocks(title=self.known["title"], analytics_enabled=False) as blocks:
            gr.Markdown(f"# {self.known['title']}")
            with gr.Row():
                given = gr.Image(label="Given", type="pil", format="png", image_mode=None)
                drawn = gr.Image(label="Drawn", type="pil", format="png", image_mode=None)
            given.change(show, given, drawn)
        return blocks


def pixels_of(picture: Image.Image, channels: int) -> NDArray[np.uint8]:
    """A picture as pixels [H, W, channels]."""
    if picture.has_transparency_data and channels < 4:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    pixels = np.asarray(picture.convert(MODES[channels]))
    return pixels.reshape(*pixels.shape[:2], channels)


if __name__ == "__main__":
    PictureDemo(Path(__file__).parent).page().launch()
