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
TIMES = 8  # a given image is so many times higher and wider, which must take no more than its share of memory
MANY = 64  # images in a batch, which must take no more than so many times the memory of one


def too_large(onnx: Any, model: Any, image: tuple[int, ...], size: int, given: tuple[int, ...] = ()) -> str:
    """Why a graph cannot be run, in a few words, or nothing: image is C, H, W, size the bytes of the file.

    model: a valid graph whose inputs and outputs have the batch as their first dimension. given: height and width of
    the image that it is given, of which those of the drawn one are multiples; none where it is given none.
    """
    channels, *sides = image

    def taken(batch: int, times: int = 1) -> int | None:
        drawn = (channels, *(times * side for side in sides))
        return _bytes(onnx, model, drawn, (batch, *(times * side for side in given)))

    one, many = taken(1), taken(MANY)
    large = taken(1, TIMES) if given else one
    if one is None or many is None or large is None:
        return "the sizes of its tensors cannot be told before it runs"
    allowed = min(MOST, LEAST + PER_VALUE * prod(image) + PER_BYTE * size)
    if one > allowed:
        return f"one image would take {one / 2**20:,.0f} MiB of memory, where {allowed / 2**20:,.0f} would do"
    if many > MANY * one:
        return f"{MANY} images would take more than {MANY} times the memory of one"
    if large > TIMES**2 * one:
        return f"an image of {TIMES**2} times the pixels would take more than {TIMES**2} times the memory"
    return ""


def has_false_sizes(tensors: Iterable[Any], size: int) -> bool:
    """Whether a tensor of the graph claims more numbers than a file of so many bytes can hold."""
    return any(min(tensor.dims, default=0) < 0 or prod(tensor.dims) > 2 * size for tensor in tensors)  # 4 bits at least


def _bytes(onnx: Any, model: Any, image: tuple[int, ...], first: tuple[int, ...]) -> int | None:
    """Bytes of all tensors that are computed; None where a size follows from values, or does not fit.

    image: C, H, W of what is drawn; first: the first dimensions of each input, the batch and others that may vary.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for value in graph.input:
        for dimension, length in zip(value.type.tensor_type.shape.dim, first, strict=False):
            dimension.dim_value = length
    del graph.value_info[:]  # what the file says of itself is not what it computes
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        found = onnx.shape_inference.infer_shapes(copy, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError:
        return None
    shapes = {value.name: _shape(value) for value in (*found.value_info, *found.output)}
    channels, height, width = image
    if (shapes["pixels"], shapes["images"]) != ([first[0], height, width, channels], [first[0], *image]):
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
