"""How large the tensors of an ONNX graph become, worked out from its operators before any of it is computed.

A graph of a kilobyte can ask for any amount of memory: Expand, Tile, Resize or a sparse constant need only be told a
size, and onnxruntime computes what depends on no input already when it loads the graph.
"""

from collections.abc import Iterable
from math import prod
from typing import Any

MOST = 16 * 2**30  # bytes of all tensors that the graph computes for one image; StyleGAN2 at 1024×1024 takes half of it
LEAST = 256 * 2**20  # bytes that any graph may take, and beside them:
PER_VALUE = 512  # bytes for each value of the image: layers of few channels
PER_BYTE = 128  # bytes for each of the file: the more weights, the more channels; StyleGAN2 takes 64 at 1024×1024
MANY = 64  # images in a batch, which must take no more than so many times the memory of one


def too_large(onnx: Any, model: Any, image: Iterable[int], size: int) -> str:
    """Why a graph cannot be run, in a few words, or nothing: image is C, H, W, size the bytes of the file.

    model: a valid graph whose inputs and outputs have the batch as their first dimension.
    """
    one, many = (_bytes(onnx, model, batch) for batch in (1, MANY))
    if one is None or many is None:
        return "the sizes of its tensors cannot be told before it runs"
    allowed = min(MOST, LEAST + PER_VALUE * prod(image) + PER_BYTE * size)
    if one > allowed:
        return f"one image would take {one / 2**20:,.0f} MiB of memory, where {allowed / 2**20:,.0f} would do"
    if many > MANY * one:
        return f"{MANY} images would take more than {MANY} times the memory of one"
    return ""


def has_false_sizes(tensors: Iterable[Any], size: int) -> bool:
    """Whether a tensor of the graph claims more numbers than a file of so many bytes can hold."""
    return any(min(tensor.dims, default=0) < 0 or prod(tensor.dims) > 2 * size for tensor in tensors)  # 4 bits at least


def _bytes(onnx: Any, model: Any, batch: int) -> int | None:
    """Bytes of all tensors that are computed for a batch; None where a size follows from values, or does not fit."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for value in graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = batch
    claimed = [[dimension.dim_value for dimension in value.type.tensor_type.shape.dim][1:] for value in graph.output]
    del graph.value_info[:]  # what the file says of itself is not what it computes
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        found = onnx.shape_inference.infer_shapes(copy, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError:
        return None
    shapes = {value.name: _shape(value) for value in (*found.value_info, *found.output)}
    if [shapes[value.name] for value in graph.output] != [[batch, *rest] for rest in claimed]:
        return None
    total = 0
    for name in (name for node in graph.node for name in node.output if name):
        shape = shapes.get(name)
        if shape is None:
            return None
        total += 4 * prod(shape)  # as float32, which all but a few are
    return total


def _shape(value: Any) -> list[int] | None:
    kind = value.type.tensor_type
    sizes = [dimension.dim_value if dimension.HasField("dim_value") else -1 for dimension in kind.shape.dim]
    return sizes if kind.HasField("shape") and min(sizes, default=0) >= 0 else None
