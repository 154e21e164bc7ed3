"""Sounds as a modality: their two forms, and a preview of them."""

import wave
from pathlib import Path

import numpy as np
import torch
from numpy.testing import assert_array_equal
from PIL import Image

from ganatomy.modalities.sounds.sound_modality import SoundModality, in_turn
from sounds import RATE, sines

MODALITY = SoundModality(RATE, 4000)


def test_the_two_forms_are_each_others_inverse() -> None:
    stored = np.array([[-32767, -1, 0, 1, 32767]], np.int16)
    floats = MODALITY.seen(torch.from_numpy(stored))
    assert floats.shape == (1, 1, 5)
    assert (floats.min(), floats.max()) == (-1, 1)
    assert_array_equal(MODALITY.stored(floats), stored)
    assert MODALITY.shape == (1, 4000)


def test_a_preview_is_a_picture_and_what_is_heard(tmp_path: Path) -> None:
    sounds = sines(300, 600, 900, 1200, 1500)
    MODALITY.preview(tmp_path / "000010.png", sounds)
    with Image.open(tmp_path / "000010.png") as picture:
        assert picture.mode == "RGB"
        columns, rows = 3, 2
        assert picture.size == (columns * (2 * 59 + 2) + 2, rows * (128 + 2) + 2)
    with wave.open(str(tmp_path / "000010.wav")) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert_array_equal(heard, in_turn(sounds, RATE))
    assert len(heard) == 5 * (4000 + 1200)
    assert_array_equal(heard[5200:9200], sounds[1])
    assert not heard[4000:5200].any()
