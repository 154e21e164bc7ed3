"""Data that cannot work."""

from pathlib import Path

import numpy as np
import pytest

from ganatomy.diagnosis import diagnose_run
from ganatomy.diagnosis.data import problems
from ganatomy.experiments.diagnosis_exam.shapes import shapes
from probe_records import recorded


@pytest.mark.parametrize(
    ("pixels", "labels", "expected"),
    [
        (shapes(100)[0], None, []),
        (shapes(100)[0], np.arange(100) % 2, []),
        (
            shapes(100)[0],
            np.zeros(100, int),
            ["all images are of one class, so there is nothing to generate by class"],
        ),
        (shapes(5)[0], None, ["5 images are far too few"]),
        (np.repeat(shapes(1)[0], 50, axis=0), None, ["all images are the same"]),
        (np.full((50, 16, 16, 1), 7, np.uint8), None, ["every image is of one plain colour"]),
        (
            np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8),
            None,
            ["every image is of one plain colour"],
        ),
    ],
)
def test_what_is_wrong(pixels: np.ndarray, labels: np.ndarray | None, expected: list[str]) -> None:
    assert problems(pixels, labels) == expected


def test_run_json_keeps_it_for_readers(tmp_path: Path) -> None:
    run = recorded(tmp_path, [], data={"images": 3, "problems": ["3 images are far too few"]})
    assert diagnose_run(run).verdict == "data cannot work: 3 images are far too few"
