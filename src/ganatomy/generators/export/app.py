"""A page that draws from the generator beside it: `pip install -r requirements.txt`, then `python app.py`.

It answers on this machine alone, at http://127.0.0.1:7860; the same folder is a Space of Hugging Face. A seed's image
is the one that `ganatomy sample` draws. Made by `ganatomy export --to gradio`.
"""

import json
import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

LAST_SEED = 2**32 - 1
NO_TRUNCATION = {"latent": 3.0, "styles": 1.0}  # where the slider ends: nothing is truncated there
BY_SEED = "by seed"
SHOWN = 512  # pixels that a smaller image is enlarged to, at most


class Demo:
    """A generator in a folder, as `ganatomy export` writes it, and the page that draws from it."""

    def __init__(self, folder: Path) -> None:
        self.known = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
        self.prior, self.classes = self.known["prior"], self.known["classes"]
        self.directions = self.known.get("directions", {"names": [], "values": [], "reach": 0})
        self.styled = self.known["truncation"] == "styles"

    def generate(
        self, seed: int, label: str | None = None, truncation: float | None = None, units: Sequence[float] = ()
    ) -> NDArray[np.uint8]:
        """The image [H, W, C] of a seed; label: a class other than the seed's own; units: along each direction."""
        z = latent(seed, self.prior["name"], self.prior["dimension"])
        for amount, direction in zip(units, self.directions["values"], strict=False):
            z = z + np.float32(amount) * np.array(direction, np.float32)
        if truncation is not None and not self.styled:
            z = truncated(z, self.prior["name"], truncation)
        given = {"z": z[None].astype(np.float32)}
        if self.classes:
            given["class"] = np.array([self._class_of(seed) if label is None else self.classes.index(label)])
        if self.styled:
            given["truncation"] = np.array([1.0 if truncation is None else truncation], np.float32)
        pixels: NDArray[np.uint8] = self.session.run(["pixels"], given)[0][0]
        return pixels

    def page(self) -> Any:
        """The page, of Gradio's Blocks."""
        import gradio as gr  # here: drawing needs no page

        most, reach = NO_TRUNCATION[self.known["truncation"]], self.directions["reach"]
        height, width = self.known["size"]

        def show(seed: float, *given: Any) -> NDArray[np.uint8]:
            values = list(given)
            label = values.pop(0) if self.classes else BY_SEED
            bound, *units = values
            image = self.generate(
                min(max(int(seed or 0), 0), LAST_SEED),
                None if label == BY_SEED else label,
                None if bound >= most else bound,
                units,
            )
            times = max(1, SHOWN // max(height, width))
            large = image.repeat(times, 0).repeat(times, 1)
            return large[..., 0] if large.shape[2] == 1 else large

        # It sends nothing to anybody.
        with gr.Blocks(title=self.known["title"], analytics_enabled=False) as blocks:
            gr.Markdown(f"# {self.known['title']}")
            with gr.Row():
                image = gr.Image(label="Image", format="png", image_mode=None)
                with gr.Column():
                    another = gr.Button("Another one", variant="primary")
                    fields = [gr.Number(0, label="Seed", precision=0, minimum=0, maximum=LAST_SEED)]
                    if self.classes:
                        fields.append(gr.Dropdown([BY_SEED, *self.classes], value=BY_SEED, label="Class"))
                    fields.append(gr.Slider(0.05, most, most, step=0.05, label=f"Truncation ({most:g}: none)"))
                    moves = [
                        gr.Slider(-reach, reach, 0, step=0.1, label=f"Direction {name}" if name.isdecimal() else name)
                        for name in self.directions["names"]
                    ]
                    reset = gr.Button("Reset directions", visible=bool(moves))
            inputs = [*fields, *moves]
            for field in inputs:
                field.change(show, inputs, image, show_progress="hidden")
            another.click(lambda: random.randrange(LAST_SEED + 1), None, fields[0])
            reset.click(lambda: [0] * len(moves), None, moves)
            blocks.load(show, inputs, image)
        return blocks

    def _class_of(self, seed: int) -> int:
        """Consecutive seeds have the classes in the data's proportions."""
        counts = self.prior["classes"]
        return bisect(list(accumulate(counts)), seed * (5**0.5 - 1) / 2 % 1 * sum(counts))


def latent(seed: int, prior: str, count: int) -> NDArray[np.float32]:
    """The latent vector [count] of a seed, as torch's generator on a CPU draws it.

    Raises ValueError for a prior that is neither normal nor uniform.
    """
    bits = np.frombuffer(np.random.RandomState(seed).bytes(16 * (count + 16)), "<u4")  # mt19937, as torch has it
    shares = ((bits % 2**24) / 2**24).astype(np.float32)  # 24 bits of each draw, in [0, 1)
    if prior == "uniform":  # on (−√3, √3)
        return (shares[:count] * 2 - 1) * np.float32(3**0.5)
    if prior != "normal":
        raise ValueError(f"There is no way here to draw from the prior {prior}.")
    if count < 16:  # Box–Muller on pairs of doubles
        doubles = ((bits[0::2] % 2**21).astype(np.float64) * 2**32 + bits[1::2]) / 2**53
        angle, radius = 2 * np.pi * doubles[0::2], np.sqrt(-2 * np.log1p(-doubles[1::2]))
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:count].astype(np.float32)
    blocks = _box_muller(shares[: count // 16 * 16])
    if count % 16 == 0:
        return blocks
    return np.concatenate([blocks[: count - 16], _box_muller(shares[count : count + 16])])  # the last sixteen anew


def _box_muller(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normal numbers [N] of uniform ones [N], sixteen by sixteen."""
    first, second = shares.reshape(-1, 2, 8).transpose(1, 0, 2)
    radius, angle = np.sqrt(-2 * np.log(1 - first)), np.float32(2 * np.pi) * second
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()


def truncated(z: NDArray[np.float32], prior: str, bound: float) -> NDArray[np.float32]:
    """A latent vector [D] within ±bound."""
    if prior == "uniform":
        return z * np.float32(min(bound / 3**0.5, 1))
    normal = NormalDist()
    tail = normal.cdf(-bound)
    cut = [normal.inv_cdf(tail + (1 - 2 * tail) * normal.cdf(x)) for x in z.tolist()]
    return np.clip(np.array(cut, np.float32), -bound, bound)


if __name__ == "__main__":
    Demo(Path(__file__).parent).page().launch()
