"""Sounds in files: WAV, FLAC and OGG are read, WAV is written."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from ganatomy.errors import UserError, first_line
from ganatomy.system.extras import needed
from ganatomy.system.files import write_bytes

Waves: TypeAlias = NDArray[np.int16]  # [N, T], mono
ENDINGS = (".wav", ".flac", ".ogg")
FULL = 32767  # of 16 bits, where networks have 1
MARGIN = 0.01  # seconds that are read beyond the end, so that the filter of the resampling meets no edge there


@dataclass(frozen=True)
class SoundFile:
    """What was read of a file.

    wave      int16 [T]
    seconds   how long the whole file is
    rate      its own sampling rate, in Hz
    channels  that were mixed into one
    """

    wave: NDArray[np.int16]
    seconds: float
    rate: int
    channels: int


def is_sound(name: str) -> bool:
    """Whether a file's name has the ending of a sound."""
    return name.lower().endswith(ENDINGS)


def rate_and_seconds(path: Path) -> tuple[int, float]:
    """Samples per second of a file, and how long it is. Raises UserError for what cannot be read, without its name."""
    with _opened(path) as file:
        return int(file.samplerate), file.frames / file.samplerate


def read(path: Path, rate: int, samples: int) -> SoundFile:
    """The first `samples` samples of a file at `rate` Hz: mono, the mean of its channels; silence behind short ones.

    Raises UserError for what cannot be read, is empty or holds NaN, without the file's name.
    """
    with _opened(path) as file:
        own, whole = file.samplerate, file.frames
        most = int(np.ceil((samples / rate + MARGIN) * own))
        content = file.read(min(most, whole), dtype="float64", always_2d=True)
    if not len(content):
        raise UserError("it is empty")
    if not np.isfinite(content).all():
        raise UserError("it holds NaN or infinite values")
    mono = resampled(content.mean(1), own, rate)[:samples]
    return SoundFile(quantised(np.pad(mono, (0, samples - len(mono)))), whole / own, own, content.shape[1])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    soundfile = needed("soundfile", "sound", "A folder of sounds")
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise UserError(first_line(error)) from error


def resampled(signal: NDArray[np.float64], own: int, rate: int) -> NDArray[np.float64]:
    """A signal [T] of `own` Hz at `rate` Hz, by a polyphase filter that lets nothing above half of either rate pass."""
    common = gcd(own, rate)
    return signal if own == rate else np.asarray(resample_poly(signal, rate // common, own // common))


def quantised(signals: NDArray[np.floating]) -> NDArray[np.int16]:
    """Floats [...] → int16 [...]: clamped to [−1, 1], then rounded; 1 is 32767. The one way from floats to samples."""
    return np.rint(np.clip(signals, -1, 1) * FULL).astype(np.int16)


def write(path: Path, wave_: NDArray[np.int16], rate: int, durable: bool = True) -> None:
    """Write one sound int16 [T] as a WAV file, whole or not at all; durable: as for `files.replacing`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, encoded(wave_, rate), durable)


def encoded(wave_: NDArray[np.int16], rate: int) -> bytes:
    """A WAV file of one sound int16 [T], in memory."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(wave_.astype("<i2").tobytes())
    return buffer.getvalue()
