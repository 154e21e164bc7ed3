"""Sounds in files: what is read of them, and that what is written is read again."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ganatomy.errors import UserError
from ganatomy.modalities.sounds import files
from sounds import RATE, sine, sines


def test_floats_are_clamped_and_rounded_to_16_bits() -> None:
    assert files.quantised(np.array([-2.0, -1, 0, 0.5, 1, 2])).tolist() == [-32767, -32767, 0, 16384, 32767, 32767]


def test_what_is_written_is_what_the_standard_library_reads(tmp_path: Path) -> None:
    (sound,) = sines(440)
    files.write(tmp_path / "a" / "note.wav", sound, RATE)
    with wave.open(str(tmp_path / "a" / "note.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert_array_equal(np.frombuffer(file.readframes(file.getnframes()), "<i2"), sound)


def test_a_resampled_sine_is_the_sine_at_the_new_rate() -> None:
    found = files.resampled(sine(300, 22050, 44100), 44100, RATE)
    assert_allclose(found[200:3800], sine(300)[200:3800], atol=2e-3)
    assert np.abs(files.resampled(sine(5000, 16000, 16000), 16000, RATE)[200:-200]).max() < 5e-3  # above half the rate


@pytest.mark.parametrize("ending", files.ENDINGS)
def test_stereo_of_another_rate_becomes_mono_of_ours(tmp_path: Path, ending: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    both = np.stack([sine(300, 44100, 44100), sine(300, 44100, 44100, amplitude=0.1)], axis=1)
    soundfile.write(tmp_path / f"sound{ending}", both, 44100)
    found = files.read(tmp_path / f"sound{ending}", RATE, 4000)
    assert (found.rate, found.channels, found.wave.shape) == (44100, 2, (4000,))
    assert found.seconds == pytest.approx(1)
    expected = sine(300, amplitude=0.3)
    assert_allclose(found.wave[200:] / files.FULL, expected[200:], atol=0.02 if ending == ".ogg" else 2e-3)


def test_a_short_sound_is_followed_by_silence(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    files.write(tmp_path / "short.wav", sines(440, samples=100)[0], RATE)
    found = files.read(tmp_path / "short.wav", RATE, 300)
    assert_allclose(found.wave[:100], sines(440, samples=100)[0], atol=1)
    assert not found.wave[100:].any()


def test_what_is_no_sound_is_said(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    (tmp_path / "broken.wav").write_bytes(b"RIFF and no more")
    with pytest.raises(UserError):
        files.read(tmp_path / "broken.wav", RATE, 100)
    files.write(tmp_path / "empty.wav", np.zeros(0, np.int16), RATE)
    with pytest.raises(UserError, match="it is empty"):
        files.read(tmp_path / "empty.wav", RATE, 100)
    soundfile.write(tmp_path / "nan.wav", np.full(50, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(UserError, match="it holds NaN"):
        files.read(tmp_path / "nan.wav", RATE, 100)
