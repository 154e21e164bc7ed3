"""Several processes, started by torchrun, train as one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from tiny import TINY, quick

NO_NORM = {"generator.norm": "none", "discriminator.norm": "none", "penalties.r1": 1.0}


def torchrun(folder: Path, images: Path, name: str, settings: dict[str, object]) -> Run:
    """Train in two processes on this machine."""
    changes = [f"--set={option}={value}" for option, value in {**TINY, **settings}.items()]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2",
        "-m", "ganatomy", "train", str(images), f"--name={name}", "--steps=6", *changes,
    ]  # fmt: skip
    result = subprocess.run(
        command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return Run(folder / "runs" / name)


def final(run: Run) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint."""
    groups = checkpoint.load(run.checkpoint())
    return {f"{group}.{name}": tensor for group, tensors in groups.items() for name, tensor in tensors.items()}


@pytest.mark.parametrize("settings", [NO_NORM, {**NO_NORM, "training.discriminator_steps": 2, "data.flip": True}])
def test_two_processes_equal_one_at_the_whole_batch(images: Path, tmp_path: Path, settings: dict[str, object]) -> None:
    plain = {option.replace(".", "__"): value for option, value in settings.items()}
    one = final(quick(images, tmp_path / "alone", **plain, training__steps=6))
    two = final(torchrun(tmp_path, images, "together", settings))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.allclose(tensor, two[name], rtol=1e-5, atol=1e-5), name


def test_with_batch_norm_both_ranks_hold_the_same_tensors(images: Path, tmp_path: Path) -> None:
    program = Path(__file__).parent / "ranks_agree.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", program, images]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert "agree after 6 steps" in result.stdout
