"""A generator as an ONNX graph: from latent vectors to pixels, held against torch at once."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.generators import graph_size
from ganatomy.generators.graph import METADATA, inputs, make
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, quantised
from ganatomy.networks.protocols import TakesSteps
from ganatomy.system.extras import needed

OPSET = 20
BATCHES = (1, 7, 64)
FEW = 64  # numbers that --half leaves as they are: rounding them saves nothing
# The largest difference from torch, where images are in [−1, 1]. 16-bit weights: five grey levels.
BOUNDS = {False: 1e-4, True: 0.04}


class PixelGenerator(nn.Module):
    """What the graph computes: z [B, d], classes [B], ψ [B] → pixels uint8 [B, H, W, C] and images float [B, C, H, W].

    Generators without classes have no second input, those without styles no third.
    """

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        self.network, self.classes = network, classes

    def forward(self, z: Tensor, label: Tensor | None = None, truncation: Tensor | None = None) -> tuple[Tensor, ...]:
        """Pixels [B, H, W, C] and images [B, C, H, W] of latent vectors [B, d], classes [B] and ψ [B]."""
        y = None if label is None else (label[:, None] == torch.arange(self.classes)).float()
        images = self.network(z, y) if truncation is None else self.network.draw(z, y, truncation[:, None])  # type: ignore[operator]
        return quantised(images), images


def convert(sampler: Sampler) -> bytes:
    """The content of an ONNX file that draws what the sampler draws.

    Raises UserError for a generator that takes many steps to an image, and for one that is a graph already.
    """
    onnx = needed("onnx", "onnx", "--to onnx")
    needed("onnxscript", "onnx", "--to onnx")
    if sampler.config is None:
        raise UserError(f"{sampler.home} holds an ONNX graph already.")
    if isinstance(sampler.network, TakesSteps):
        raise UserError("This generator takes many steps to an image, which are no single graph: --to safetensors.")

    metadata = sampler.metadata
    rows = [
        torch.zeros(2, metadata.prior.dimension),
        torch.zeros(2, dtype=torch.int64) if metadata.classes else None,
        torch.ones(2) if metadata.truncation == "styles" else None,
    ]
    batch = torch.export.Dim("batch", max=2**31 - 1)
    with _silence(), torch.no_grad():
        program: Any = torch.onnx.export(
            PixelGenerator(sampler.network, len(metadata.classes)).eval(),
            tuple(rows),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(inputs(metadata)),
            output_names=["pixels", "images"],
            dynamic_shapes=tuple(None if row is None else {0: batch} for row in rows),
        )
    model = program.model_proto
    _remove_notes(model)
    onnx.helper.set_model_props(model, {METADATA: metadata.model_dump_json()})
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    if why := graph_size.too_large(onnx, model, metadata.image, len(content)):
        raise UserError(f"{sampler.home} makes no graph that anybody would load: {why}; --to safetensors.")
    return content


def verify(content: bytes, sampler: Sampler, half: bool = False) -> tuple[float, Pixels]:
    """(the largest difference from torch at batches of 1, 7 and 64, the pixels of seeds 0 to 63).

    pixels: [64, H, W, C]. Where styles can be truncated, those of the smaller batches are. Raises UserError if the
    difference is above the bound.
    """
    metadata = sampler.metadata
    styled = metadata.truncation == "styles"
    graph = make(content, styled)
    largest, pixels = 0.0, np.empty(0, np.uint8)
    for batch in BATCHES:
        z, y = sampler.prior.split(sampler.latents(range(batch)))
        truncation = torch.linspace(0.5, 1, batch) if batch < BATCHES[-1] else torch.ones(batch)
        given = {"z": z, "class": None if y is None else y.argmax(1), "truncation": truncation if styled else None}
        pixels, images = graph.session.run(None, {name: row.numpy() for name, row in given.items() if row is not None})
        with torch.no_grad():
            expected = PixelGenerator(sampler.network, len(metadata.classes))(*given.values())[1]
        largest = max(largest, (torch.from_numpy(images) - expected).abs().max().item())
    if not largest <= BOUNDS[half]:
        raise UserError(f"onnxruntime draws other images than torch: they differ by up to {largest:.1e} of 2.")
    return largest, pixels


def halved(content: bytes) -> bytes:
    """The same graph with weights of 16 bits, each cast to 32 before it is used.

    Half as long to send, and no machine needs arithmetic of 16 bits for it. Raises UserError if one is too large.
    """
    onnx: Any = needed("onnx", "onnx", "--half")
    model = onnx.load_model_from_string(content)
    graph, casts = model.graph, []
    for tensor in list(graph.initializer):
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < FEW:
            continue
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float16)
        if not np.isfinite(rounded).all():
            raise UserError(f"--half: {tensor.name} has numbers that 16 bits cannot hold.")
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(rounded, f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    halves: bytes = model.SerializeToString()
    return halves


def _remove_notes(model: Any) -> None:
    """Remove the exporter's notes: paths and lines of this machine's files, which are private."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    for part in (*model.graph.input, *model.graph.output):
        del part.metadata_props[:]


@contextmanager
def _silence() -> Iterator[None]:
    """Silence the exporter, which warns of its own parts and of a package that no generator needs."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
