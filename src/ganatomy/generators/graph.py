"""model.onnx: a generator as a graph, checked before any of it runs, then run by onnxruntime."""

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy.errors import UserError, first_line
from ganatomy.generators import graph_size
from ganatomy.generators.metadata import GivenImage, Metadata
from ganatomy.modalities.images import to_uint8
from ganatomy.networks.sizes import filled
from ganatomy.system.extras import needed

# By name, the type and shape of what belongs to one image; None: a height or width that may vary.
Rows: TypeAlias = dict[str, tuple[str, list[int | None]]]
METADATA = "ganatomy"  # the key of our metadata among the graph's
LARGEST = 2**31  # bytes: what one protobuf message can have


class OnnxGenerator(nn.Module):
    """A generator on onnxruntime: z [B, latent_dim] and class weights y [B, K] or None → images [B, C, H, W].

    The graph takes one class an image: that of the largest weight.
    """

    def __init__(self, content: bytes) -> None:
        """content: of a checked file. As many threads as torch has."""
        super().__init__()
        runtime = needed("onnxruntime", "onnx", "An ONNX graph")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Its threads would spin while they wait, and torch's, which turn images into pixels, wait for the same cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # its warnings are about its own optimisations
        self.session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] of latent vectors [B, latent_dim] and class weights [B, K]."""
        return self._run(z, y, {})

    def _run(self, z: Tensor, y: Tensor | None, more: dict[str, Any]) -> Tensor:
        inputs = {"z": z.numpy(), **({} if y is None else {"class": y.argmax(1).numpy()}), **more}
        return torch.from_numpy(self.session.run(["images"], inputs)[0])


class StyledOnnxGenerator(OnnxGenerator):
    """One whose styles can be truncated."""

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] of latent vectors [B, latent_dim] and class weights [B, K], not truncated."""
        return self.draw(z, y, 1.0)

    def draw(self, z: Tensor, y: Tensor | None, truncation: float) -> Tensor:
        """Images [B, C, H, W] of latent vectors [B, latent_dim], with ψ = truncation."""
        return self._run(z, y, {"truncation": np.full(len(z), truncation, np.float32)})


class GivenOnnxGenerator(OnnxGenerator):
    """One that is given images."""

    def __init__(self, content: bytes, given: GivenImage) -> None:
        """content: of a checked file; given: what it takes."""
        super().__init__(content)
        self.given = given

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z, which is not read, and given images y [B, C, h, w] → images [B, C, H, W]; y is rounded to grey levels."""
        assert y is not None
        whole, (height, width), scale = filled(y, self.given.multiple), y.shape[2:], self.given.scale
        top, left = (scale * ((there - own) // 2) for there, own in zip(whole.shape[2:], y.shape[2:], strict=True))
        images = torch.from_numpy(self.session.run(["images"], {"given": to_uint8(whole)})[0])
        return images[:, :, top : top + scale * height, left : left + scale * width]


def make(content: bytes, metadata: Metadata) -> OnnxGenerator:
    """The generator in a checked file."""
    if metadata.given is not None:
        return GivenOnnxGenerator(content, metadata.given)
    return StyledOnnxGenerator(content) if metadata.truncation == "styles" else OnnxGenerator(content)


def read(path: Path) -> tuple[Metadata, OnnxGenerator]:
    """The generator in a file.

    Raises UserError unless the file is a plain graph of one, with standard operators and nothing outside it.
    """
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path} is larger than an ONNX file can be.")
    content = path.read_bytes()  # once: what was checked is what is loaded
    metadata = check(content, path)
    return metadata, make(content, metadata)


def check(content: bytes, path: Path) -> Metadata:
    """The metadata inside an ONNX file. Raises UserError if it holds anything that `ganatomy export` does not write."""
    onnx: Any = needed("onnx", "onnx", str(path))

    def refuse(what: str) -> UserError:
        return UserError(f"{path} is not loaded: {what}; `ganatomy export` writes no such file.")

    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf's own kind, which has moved between its versions
        raise refuse("it is no ONNX file") from None
    graph = model.graph
    domains = {entry.domain for entry in (*model.opset_import, *graph.node)}
    if domains - {"", "ai.onnx"} or model.functions:
        raise refuse("it has operators that are not ONNX's own")
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    held = [tensor for attribute in attributes for tensor in (attribute.t, *attribute.tensors)]
    if any(tensor.data_location for tensor in (*graph.initializer, *held)):
        raise refuse("some of its numbers are in another file")
    if graph.sparse_initializer or any(each.HasField("sparse_tensor") or each.sparse_tensors for each in attributes):
        raise refuse("it has sparse tensors")
    if graph_size.has_false_sizes((*graph.initializer, *held), len(content)):
        raise refuse("some of its tensors claim more numbers than it holds")
    if any(attribute.HasField("g") or attribute.graphs for attribute in attributes):
        raise refuse("it has loops or branches")
    described = {entry.key: entry.value for entry in model.metadata_props}.get(METADATA)
    try:
        metadata = Metadata.parse(json.loads(described or "null"), path)
    except (ValueError, RecursionError):
        raise refuse("its metadata are not JSON") from None
    if signature(onnx, graph.input) != inputs(metadata) or signature(onnx, graph.output) != outputs(metadata):
        raise refuse("its inputs and outputs are not those that its metadata describe")
    try:
        onnx.checker.check_model(model)  # last: it would look for numbers in other files
    except onnx.checker.ValidationError as error:
        raise refuse(f"it is no valid graph ({first_line(error)})") from None
    if why := too_large(onnx, model, metadata, len(content)):
        raise refuse(why)
    return metadata


def too_large(onnx: Any, model: Any, metadata: Metadata, size: int) -> str:
    """Why a graph cannot be run, in a few words, or nothing; size: bytes of the file. As `graph_size.too_large`."""
    if metadata.given is None:
        return graph_size.too_large(onnx, model, metadata.image, size)
    scale, multiple = metadata.given.scale, metadata.given.multiple
    given = tuple(-(-side // scale // multiple) * multiple for side in metadata.size)
    return graph_size.too_large(onnx, model, (metadata.channels, *(scale * side for side in given)), size, given)


def inputs(metadata: Metadata) -> Rows:
    """Inputs of a generator's graph."""
    if metadata.given is not None:
        return {"given": ("UINT8", [None, None, metadata.channels])}
    by_class: Rows = {"class": ("INT64", [])} if metadata.classes else {}
    styled: Rows = {"truncation": ("FLOAT", [])} if metadata.truncation == "styles" else {}
    return {"z": ("FLOAT", [metadata.prior.dimension]), **by_class, **styled}


def outputs(metadata: Metadata) -> Rows:
    """Its outputs."""
    channels, *size = metadata.image
    height, width = size if metadata.given is None else (None, None)
    return {"pixels": ("UINT8", [height, width, channels]), "images": ("FLOAT", [channels, height, width])}


def signature(onnx: Any, values: Any) -> Rows:
    """Types and shapes of a graph's inputs or outputs; the first dimension is the batch, of any size."""
    kinds = {value.name: value.type.tensor_type for value in values}
    return {
        name: (
            onnx.TensorProto.DataType.Name(kind.elem_type),
            [size.dim_value if size.HasField("dim_value") else None for size in kind.shape.dim[1:]],
        )
        for name, kind in kinds.items()
    }
