"""Several processes, started by torchrun, train as one does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from tiny import TINY, quick

NO_NORM = {
    "generator.norm": "none",
    "discriminator.norm": "none",
    "penalties.r1": 1.0,
    "training.steps": 6,
    "diagnosis.on": False,
}
SETTINGS = [NO_NORM, {**NO_NORM, "training.discriminator_steps": 2, "data.flip": True}]


@pytest.fixture(scope="module")
def together(images: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The runs of two processes on this machine, one for each of SETTINGS, and what they printed."""
    folder, program = tmp_path_factory.mktemp("together"), Path(__file__).parent / "two_processes.py"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    texts = [json.dumps({**TINY, **settings}) for settings in SETTINGS]
    result = subprocess.run(
        [*torchrun, program, images, *texts], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stderr
    return folder / "runs", result.stdout


def final(run: Run) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint."""
    groups = checkpoint.load(run.checkpoint())
    return {f"{group}.{name}": tensor for group, tensors in groups.items() for name, tensor in tensors.items()}


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_two_processes_equal_one_at_the_whole_batch(
    number: int, images: Path, tmp_path: Path, together: tuple[Path, str]
) -> None:
    one = final(quick(images, tmp_path, **{name.replace(".", "__"): value for name, value in SETTINGS[number].items()}))
    run = Run(together[0] / str(number))
    assert run.info()["processes"] == 2
    two = final(run)
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.allclose(tensor, two[name], rtol=1e-5, atol=1e-5), name


def test_with_batch_norm_both_ranks_hold_the_same_tensors(together: tuple[Path, str]) -> None:
    assert "agree after 6 steps" in together[1]
