"""Stacked MNIST: three digits an image, their number its class."""

from pathlib import Path

import numpy as np
import pytest

from ganatomy.data import prepare
from ganatomy.data.stacked import stack
from ganatomy.errors import UserError


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Thirty images whose brightness says which digit they are."""
    labels = np.arange(30) % 10
    pixels = np.broadcast_to((20 * labels)[:, None, None, None], (30, 28, 28, 1)).astype(np.uint8)
    np.savez(tmp_path / "digits.npz", images=pixels, labels=labels)
    return tmp_path / "digits.npz"


def test_colours_are_digits_and_the_class_their_number(digits: Path, tmp_path: Path) -> None:
    made = prepare(stack(prepare(digits), tmp_path / "stacked.npz", count=200))
    assert made.pixels.shape == (200, 28, 28, 3)
    assert made.labels is not None
    assert made.classes is not None
    names = [int(made.classes[label]) for label in made.labels]
    hundreds, tens, ones = (made.pixels[:, 0, 0, channel] // 20 for channel in range(3))
    assert names == (100 * hundreds.astype(int) + 10 * tens + ones).tolist()
    assert len(set(names)) > 150


def test_only_digits_can_be_stacked(tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", np.zeros((4, 28, 28, 1), np.uint8))
    with pytest.raises(UserError, match="cannot be stacked"):
        stack(prepare(tmp_path / "plain.npy"), tmp_path / "stacked.npz")
