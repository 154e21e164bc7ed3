"""Graphs of strangers: what `ganatomy export` would not write is refused before any of it runs, in one sentence."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import ganatomy
from ganatomy.errors import UserError
from ganatomy.generators import graph as reader


@pytest.fixture
def content(converted) -> bytes:
    return converted("goodfellow2014")[1]


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.evil"
    model.opset_import.append(helper.make_opsetid("com.evil", 1))


def function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.functions.append(helper.make_function("", "Own", ["x"], ["y"], [node], [helper.make_opsetid("", 20)]))


def elsewhere(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.append(onnx.StringStringEntryProto(key="location", value="/etc/passwd"))


def elsewhere_in_an_attribute(model: onnx.ModelProto) -> None:
    tensor = TensorProto(name="t", data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    model.graph.node.insert(0, helper.make_node("Constant", [], ["t"], value=tensor))


def branches(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["z"], ["q"], then_branch=body, else_branch=body))


def other_inputs(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9


def no_facts(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


def bad_facts(model: onnx.ModelProto) -> None:
    model.metadata_props[0].value = "{"


def no_such_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "Evil"


def inserted(model: onnx.ModelProto, *nodes: onnx.NodeProto, **constants: list[int]) -> None:
    """Nodes in front of all others, whose inputs are z or constants, int64; nothing uses what they compute."""
    for name, values in constants.items():
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def expanded(model: onnx.ModelProto) -> None:
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    model.graph.initializer.append(one)
    inserted(model, helper.make_node("Expand", ["one", "size"], ["q"]), size=[2**36])


def filled(model: onnx.ModelProto) -> None:
    inserted(model, helper.make_node("ConstantOfShape", ["size"], ["q"]), size=[2**20, 2**20])


def doubled(model: onnx.ModelProto) -> None:
    names = ["z", *(f"q{i}" for i in range(30))]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in pairwise(names)]
    inserted(model, *nodes)


def product_of_the_batch(model: onnx.ModelProto) -> None:
    """[B, 1, d] · [B, d] → [B, B, d]: harmless for one image."""
    nodes = [helper.make_node("Unsqueeze", ["z", "axis"], ["rows"]), helper.make_node("Mul", ["rows", "z"], ["q"])]
    inserted(model, *nodes, axis=[1])


def sized_by_z(model: onnx.ModelProto) -> None:
    nodes = [
        helper.make_node("Cast", ["z"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["whole", "flat"], ["size"]),
        helper.make_node("ConstantOfShape", ["size"], ["q"]),
    ]
    inserted(model, *nodes, flat=[-1])


def sparse(model: onnx.ModelProto) -> None:
    values = helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    constant = helper.make_sparse_tensor(values, places, [2**20, 2**20])
    inserted(model, helper.make_node("Constant", [], ["q"], sparse_value=constant))


def sparse_weights(model: onnx.ModelProto) -> None:
    values = helper.make_tensor("q", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [2**20, 2**20]))


def promised(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(TensorProto(name="q", data_type=TensorProto.FLOAT, dims=[2**40], raw_data=b"1234"))


def negative(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(TensorProto(name="q", data_type=TensorProto.FLOAT, dims=[-4], raw_data=b"1234"))


def false_outputs(model: onnx.ModelProto) -> None:
    """Four times as many pixels as the graph says of itself."""
    rows = [0, 0, 0, 0, 0, 0, 16, 0]
    last = next(node for node in model.graph.node if "images" in node.output)
    last.output[list(last.output).index("images")] = "small"
    for node in model.graph.node:
        node.input[:] = ["small" if name == "images" else name for name in node.input]
    model.graph.initializer.append(helper.make_tensor("rows", TensorProto.INT64, [8], rows))
    model.graph.node.append(helper.make_node("Pad", ["small", "rows"], ["images"]))


SPOILT_GRAPHS: dict[Callable[[onnx.ModelProto], None], str] = {
    foreign: "not ONNX's own",
    function: "not ONNX's own",
    elsewhere: "in another file",
    elsewhere_in_an_attribute: "in another file",
    branches: "loops or branches",
    other_inputs: "not those that its metadata describe",
    no_facts: "does not describe a generator",
    bad_facts: "metadata are not JSON",
    no_such_operator: "no valid graph",
    expanded: "one image would take 262,144 MiB",
    filled: "one image would take 4,194,304 MiB",
    doubled: "one image would take|sizes of its tensors cannot be told",  # the latter by older versions of onnx
    product_of_the_batch: "64 images would take more than 64 times",
    sized_by_z: "cannot be told before it runs",
    sparse: "sparse tensors",
    sparse_weights: "sparse tensors",
    promised: "claim more numbers than it holds",
    negative: "claim more numbers than it holds",
    false_outputs: "cannot be told before it runs",
}


@pytest.mark.parametrize("spoil", SPOILT_GRAPHS, ids=lambda spoil: spoil.__name__)
def test_graphs_that_are_no_generators_are_refused(
    spoil: Callable[[onnx.ModelProto], None], content: bytes, tmp_path: Path
) -> None:
    model = onnx.load_model_from_string(content)
    spoil(model)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match=SPOILT_GRAPHS[spoil]) as refusal:
        ganatomy.load(tmp_path)
    assert "\n" not in str(refusal.value)


def test_other_files_are_no_graphs(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.onnx"
    for bad in (b"", b"PK\x03\x04 a zip", content[: len(content) // 2]):
        path.write_bytes(bad)
        with pytest.raises(UserError, match=r"model\.onnx"):
            ganatomy.load(path)
    path.write_bytes(content)
    monkeypatch.setattr(reader, "LARGEST", len(content) - 1)
    with pytest.raises(UserError, match="larger than an ONNX file can be"):
        ganatomy.load(path)
