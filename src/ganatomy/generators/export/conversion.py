"""A generator as an ONNX graph: from latent vectors to pixels, held against torch at once."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.generators.graph import METADATA, inputs, make, too_large
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, quantised, to_float
from ganatomy.networks.protocols import TakesSteps
from ganatomy.system.extras import needed

OPSET = 20
BATCHES = (1, 7, 64)
SIZES = ((1, 32, 48), (2, 29, 23))  # batch, height and width of given images
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


class GivenPixelGenerator(nn.Module):
    """The graph of a generator that is given images: pixels uint8 [B, h, w, C] → pixels [B, H, W, C] and images."""

    def __init__(self, network: nn.Module, dimension: int) -> None:
        """dimension: of the latent vectors, which the network does not read."""
        super().__init__()
        self.network, self.dimension = network, dimension

    def forward(self, given: Tensor) -> tuple[Tensor, ...]:
        """Pixels uint8 [B, H, W, C] and images [B, C, H, W] of given images uint8 [B, h, w, C]."""
        floats = to_float(given)
        images = self.network(floats.new_zeros(given.shape[0], self.dimension), floats)
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
    network, rows, varying = _given_to_pixels(sampler) if metadata.given else _latents_to_pixels(sampler)
    with _silence(), torch.no_grad():
        program: Any = torch.onnx.export(
            network.eval(),
            rows,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(inputs(metadata)),
            output_names=["pixels", "images"],
            dynamic_shapes=varying,
        )
    model = program.model_proto
    _remove_notes(model)
    onnx.helper.set_model_props(model, {METADATA: metadata.model_dump_json()})
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    if why := too_large(onnx, model, metadata, len(content)):
        raise UserError(f"{sampler.home} makes no graph that anybody would load: {why}; --to safetensors.")
    return content


Traced: TypeAlias = tuple[nn.Module, tuple[Tensor | None, ...], tuple[Any, ...]]


def _batch() -> Any:
    return torch.export.Dim("batch", max=2**31 - 1)


def _latents_to_pixels(sampler: Sampler) -> Traced:
    """A module, examples of its inputs, and which of their dimensions may vary."""
    metadata, batch = sampler.metadata, _batch()
    rows = (
        torch.zeros(2, metadata.prior.dimension),
        torch.zeros(2, dtype=torch.int64) if metadata.classes else None,
        torch.ones(2) if metadata.truncation == "styles" else None,
    )
    varying = tuple(None if row is None else {0: batch} for row in rows)
    return PixelGenerator(sampler.network, len(metadata.classes)), rows, varying


def _given_to_pixels(sampler: Sampler) -> Traced:
    """The same of a generator that is given images: height and width are multiples, so that the graph fills none up."""
    metadata = sampler.metadata
    assert metadata.given is not None
    multiple = metadata.given.multiple
    sides = [torch.export.Dim(name, min=1, max=2**15) for name in ("rows", "columns")]
    several = [multiple * side if multiple > 1 else side for side in sides]
    example = torch.zeros(2, 5 * multiple, 7 * multiple, metadata.channels, dtype=torch.uint8)
    varying = ({0: _batch(), 1: several[0], 2: several[1]},)
    return GivenPixelGenerator(sampler.network, metadata.prior.dimension), (example,), varying


def verify_given(content: bytes, sampler: Sampler, half: bool = False) -> float:
    """The largest difference from torch, of noise of the sizes in SIZES. Raises UserError if it is above the bound."""
    graph, channels, random = make(content, sampler.metadata), sampler.metadata.channels, np.random.default_rng(0)
    largest = 0.0
    for shape in SIZES:
        given = to_float(torch.from_numpy(random.integers(0, 256, (*shape, channels), np.uint8)))
        z = torch.zeros(len(given), sampler.prior.dimension)
        with torch.no_grad():
            largest = max(largest, (graph(z, given) - sampler(z, given)).abs().max().item())
    _check(largest, half)
    return largest


def verify(content: bytes, sampler: Sampler, half: bool = False) -> tuple[float, Pixels]:
    """(the largest difference from torch at batches of 1, 7 and 64, the pixels of seeds 0 to 63).

    pixels: [64, H, W, C]. Where styles can be truncated, those of the smaller batches are. Raises UserError if the
    difference is above the bound.
    """
    metadata = sampler.metadata
    styled = metadata.truncation == "styles"
    graph = make(content, metadata)
    largest, pixels = 0.0, np.empty(0, np.uint8)
    for batch in BATCHES:
        z, y = sampler.prior.split(sampler.latents(range(batch)))
        truncation = torch.linspace(0.5, 1, batch) if batch < BATCHES[-1] else torch.ones(batch)
        given = {"z": z, "class": None if y is None else y.argmax(1), "truncation": truncation if styled else None}
        pixels, images = graph.session.run(None, {name: row.numpy() for name, row in given.items() if row is not None})
        with torch.no_grad():
            expected = PixelGenerator(sampler.network, len(metadata.classes))(*given.values())[1]
        largest = max(largest, (torch.from_numpy(images) - expected).abs().max().item())
    _check(largest, half)
    return largest, pixels


def _check(largest: float, half: bool) -> None:
    if not largest <= BOUNDS[half]:
        raise UserError(f"onnxruntime draws other images than torch: they differ by up to {largest:.1e} of 2.")


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
