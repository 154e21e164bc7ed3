"""A generator in an ONNX file, as onnxruntime runs it."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from pydantic import ValidationError

from ganatomy import build
from ganatomy.config import Prior as PriorOptions
from ganatomy.errors import UserError
from ganatomy.images import Pixels
from ganatomy.serve.backend import Labels, Latents


class OnnxBackend:
    """Inputs z float32 [B, d] and, of a conditional generator, y int64 [B]; output images uint8 [B, H, W, C].

    The metadata `ganatomy` is JSON: {"prior": {"name", "dimension", "conditional", "classes"}, "classes": [names]}.
    """

    styled = False

    def __init__(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # its warnings are about its own optimisations
        try:
            # The bytes, not the path: a graph in memory has no folder that it could read other files from.
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            about = json.loads(self.session.get_modelmeta().custom_metadata_map["ganatomy"])
            self.prior = build.prior(PriorOptions.model_validate(about["prior"]))
            self.classes: Sequence[str] = [str(name) for name in about["classes"]]
        except (KeyError, TypeError, ValueError, ValidationError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0][:200]
            raise UserError(f"{path} is no generator that `ganatomy export` wrote: {reason}.") from None
        inputs = {each.name for each in self.session.get_inputs()}
        if inputs != ({"z", "y"} if self.prior.classes else {"z"}):
            raise UserError(f"{path} does not take what a generator takes, z and, if it knows classes, y.")

    def draw(self, z: Latents, y: Labels | None, truncation: float | None) -> Pixels:
        pixels: Pixels = self.session.run(["images"], {"z": z, **({} if y is None else {"y": y})})[0]
        return pixels

    def values(self, z: Latents, y: Labels | None) -> Pixels:
        return np.ascontiguousarray(self.draw(z, y, None))
