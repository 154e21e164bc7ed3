"""A run's exported graph is served like the run."""

from pathlib import Path

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.generators.export.api import export
from ganatomy.runs.run import Run
from ganatomy.web.serve import backend
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.steady import measure


def test_a_graph_draws_what_the_run_draws(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no graph yet: `ganatomy export"):
        backend.load(str(run.path), "onnx", "cpu")
    file = export(run, to="onnx", out=tmp_path / "shipped").file
    graph, network = backend.load(str(file), None, "cpu"), backend.load(str(run.path), None, "cpu")
    assert graph.prior == network.prior
    z, y = of_seeds(graph.prior, range(40))
    drawn, expected = graph.draw(z, y, None).astype(int), network.draw(z, y, None).astype(int)
    assert drawn.std() > 1
    assert np.abs(drawn - expected).max() <= 1
    assert measure(graph).difference <= 1


def test_the_graph_in_a_run_is_found(run: Run) -> None:
    export(run, to="onnx")
    graph = backend.load(str(run.path), "onnx", "cuda")  # which a graph does not ask for
    assert graph.draw(*of_seeds(graph.prior, [3]), None).shape[0] == 1


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError, match="no ONNX file"):
        backend.load(str(tmp_path / "model.onnx"), None, "cpu")
    with pytest.raises(UserError, match="There is no file"):
        backend.load(str(tmp_path / "nothing.onnx"), None, "cpu")
    with pytest.raises(UserError, match="torch or onnx"):
        backend.load("run", "tensorflow", "cpu")
