"""The diagnosis of somebody's own training loop."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

import ganatomy
from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam.shapes import shapes

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_loop.py"


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return shapes(count, seed)[0].transpose(0, 3, 1, 2) / 127.5 - 1


def test_the_example_runs() -> None:
    spec = importlib.util.spec_from_file_location("own_loop", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    diagnosis = module.train(torch.from_numpy(pictures(300)).float(), steps=100)
    assert len(diagnosis.monitor.records) == 5
    assert isinstance(diagnosis.verdict, str)


def test_collapse_is_named() -> None:
    diagnosis = ganatomy.Diagnosis(objective="hinge")
    random = np.random.default_rng(0)
    for step in range(20, 620, 20):
        one = np.repeat(pictures(1, 7), 64, axis=0) + 0.01 * random.standard_normal((64, 3, 16, 16))
        scores = {"real_scores": random.standard_normal(64) + 1, "fake_scores": random.standard_normal(64)}
        verdict = diagnosis.observe(step, real=pictures(64, step), fake=one, **scores)
    assert verdict.startswith("mode collapse: 1 of about 10 kinds left")
    assert diagnosis.findings()[0].command is None


def test_real_images_as_fakes_are_healthy() -> None:
    diagnosis = ganatomy.Diagnosis()
    random = np.random.default_rng(0)
    for step in range(20, 620, 20):
        scores = {"real_scores": random.standard_normal((64, 1)), "fake_scores": random.standard_normal((64, 1))}
        diagnosis.observe(step, real=pictures(64, step), fake=torch.tensor(pictures(64, step + 1)), **scores)
    assert diagnosis.verdict == "healthy"
    assert not diagnosis.findings()


def test_a_number_that_is_not_finite_is_named_at_once() -> None:
    diagnosis = ganatomy.Diagnosis()
    assert diagnosis.observe(20, real_scores=[0.0, 1.0], fake_scores=[0.0, np.nan]) == "not finite"


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean hinge"):
        ganatomy.Diagnosis(objective="hing")
    with pytest.raises(UserError, match=r"should be \[images, channels, H, W\]"):
        ganatomy.Diagnosis().observe(1, fake=np.zeros((4, 16, 16, 3)))
