"""A run's exported graph is served like the run."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.generators.export.api import export
from ganatomy.runs.run import Run
from ganatomy.web.serve import backend
from ganatomy.web.serve.backend import SamplerBackend, of_seeds
from ganatomy.web.serve.batch_invariance import measure


@pytest.fixture(scope="module")
def graph(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> SamplerBackend:
    """The graph of a copy of the run, found in its folder."""
    run = Run(shutil.copytree(trained.path, tmp_path_factory.mktemp("exported") / "waves"))
    export(run, to="onnx")
    return backend.load(str(run.path), "onnx", "cuda")  # a graph needs no such device


def test_a_graph_draws_what_the_run_draws(trained: Run, graph: SamplerBackend) -> None:
    network = backend.load(str(trained.path), None, "cpu")
    assert graph.prior == network.prior
    z, y = of_seeds(graph.prior, range(40))
    drawn, expected = graph.draw(z, y, None).astype(int), network.draw(z, y, None).astype(int)
    assert drawn.std() > 1
    assert np.abs(drawn - expected).max() <= 1
    assert measure(graph).difference <= 1


def test_an_onnx_file_needs_no_run(trained: Run, graph: SamplerBackend) -> None:
    file = graph.sampler.home / "model.onnx"
    alone = backend.load(str(file), None, "cpu")
    z, y = of_seeds(graph.prior, [3])
    assert np.array_equal(alone.draw(z, y, None), graph.draw(z, y, None))


def test_what_cannot_be_loaded_is_refused(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError, match="no ONNX file"):
        backend.load(str(tmp_path / "model.onnx"), None, "cpu")
    with pytest.raises(UserError, match="There is no file"):
        backend.load(str(tmp_path / "nothing.onnx"), None, "cpu")
    with pytest.raises(UserError, match="torch"):
        backend.load("run", "tensorflow", "cpu")
    with pytest.raises(UserError, match="leave --backend out"):
        backend.load(str(tmp_path / "model.onnx"), "torch", "cpu")
    with pytest.raises(UserError, match="has no ONNX graph yet: run `ganatomy export"):
        backend.load(str(trained.path), "onnx", "cpu")


def test_a_replica_loads_the_same_generator_from_any_folder(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.path.parent)
    first = backend.load(trained.path.name, None, "cpu")
    again = backend.loader(first, trained.path.name, None, "cpu")
    monkeypatch.chdir(tmp_path)
    z, y = backend.of_seeds(first.prior, [0, 1])
    assert np.array_equal(again().draw(z, y, None), first.draw(z, y, None))
    run = Run(shutil.copytree(trained.path, tmp_path / "runs" / "newer"))
    first = backend.load(str(run.path), None, "cpu", step=min(run.checkpoints()))
    again = backend.loader(first, str(run.path), None, "cpu", step=min(run.checkpoints()))
    assert again().sampler.metadata.step == min(run.checkpoints())
