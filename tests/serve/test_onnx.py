"""A generator in an ONNX file is served like a run's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.serve import backend
from ganatomy.serve.backend import of_seeds
from ganatomy.serve.steady import measure

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def model(path: Path, classes: int = 0, about: Any = None) -> Path:
    """images[b, h, w, c] = 100 + 20·z[b, w], plus the class: uint8 [B, 2, 3, 1]."""
    kind, helper = onnx.TensorProto, onnx.helper
    inputs = [helper.make_tensor_value_info("z", kind.FLOAT, ["B", 3])]
    nodes = [
        helper.make_node("Mul", ["z", "twenty"], ["scaled"]),
        helper.make_node("Add", ["scaled", "hundred"], ["row"]),
    ]
    if classes:
        inputs.append(helper.make_tensor_value_info("y", kind.INT64, ["B"]))
        nodes += [
            helper.make_node("Cast", ["y"], ["number"], to=kind.FLOAT),
            helper.make_node("Unsqueeze", ["number", "one"], ["column"]),
            helper.make_node("Add", ["row", "column"], ["sum"]),
        ]
    nodes += [
        helper.make_node("Cast", ["sum" if classes else "row"], ["pixels"], to=kind.UINT8),
        helper.make_node("Unsqueeze", ["pixels", "axes"], ["line"]),
        helper.make_node("Concat", ["line", "line"], ["images"], axis=1),
    ]
    constants = [
        helper.make_tensor("twenty", kind.FLOAT, [], [20.0]),
        helper.make_tensor("hundred", kind.FLOAT, [], [100.0]),
        helper.make_tensor("one", kind.INT64, [1], [1]),
        helper.make_tensor("axes", kind.INT64, [2], [1, 3]),
    ]
    output = helper.make_tensor_value_info("images", kind.UINT8, ["B", 2, 3, 1])
    graph = helper.make_graph(nodes, "generator", inputs, [output], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if about is None:
        prior = {"name": "normal", "dimension": 3, "conditional": bool(classes), "classes": [1] * classes}
        about = {"prior": prior, "classes": [f"c{i}" for i in range(classes)]}
    helper.set_model_props(made, {"ganatomy": json.dumps(about)})
    onnx.save(made, str(path))
    return path


@pytest.mark.parametrize("classes", [0, 4])
def test_it_draws_what_the_graph_says(tmp_path: Path, classes: int) -> None:
    generator = backend.load(str(model(tmp_path / "model.onnx", classes)), None, "cpu")
    z, y = of_seeds(generator.prior, range(6))
    expected = 100 + 20 * z + (0 if y is None else y[:, None])
    images = generator.draw(z, y, None)
    assert images.shape == (6, 2, 3, 1)
    assert np.array_equal(images[:, 0, :, 0], expected.astype(np.uint8))
    assert measure(generator).difference <= 1


@pytest.mark.parametrize("about", [{}, [], {"prior": {"dimension": -1}, "classes": []}, {"prior": {"size": 1}}])
def test_a_file_that_is_no_generator_is_refused(tmp_path: Path, about: Any) -> None:
    with pytest.raises(UserError, match="no generator"):
        backend.load(str(model(tmp_path / "model.onnx", about=about)), None, "cpu")


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError, match="no generator"):
        backend.load(str(tmp_path / "model.onnx"), None, "cpu")
    with pytest.raises(UserError, match="cannot be read"):
        backend.load(str(tmp_path / "nothing.onnx"), None, "cpu")
