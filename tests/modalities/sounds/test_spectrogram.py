"""Spectrograms against scipy's transform and the mel formula."""

import numpy as np
import pytest
import scipy
from numpy.testing import assert_allclose

from ganatomy.modalities.sounds.files import FULL
from ganatomy.modalities.sounds.spectrogram import (
    BANDS,
    FINER,
    FLOOR,
    log_mel,
    mel,
    mel_bands,
    picture,
    power,
    statistics,
    window_of,
)
from sounds import RATE, sine, sines


def test_power_is_that_of_scipy() -> None:
    window = window_of(RATE)
    assert window == 256
    signals = np.random.default_rng(0).normal(size=(3, 1500))
    # scipy scales its spectrum by the window's sum; a real sine has half of its amplitude at negative frequencies.
    _, _, spectrum = scipy.signal.stft(
        signals, RATE, "hann", window, window * 3 // 4, FINER * window, boundary=None, padded=False
    )
    assert_allclose(power(signals, window), np.square(2 * np.abs(spectrum)).transpose(0, 2, 1), rtol=1e-9, atol=1e-12)


def test_a_full_scale_sine_has_power_1_at_its_frequency() -> None:
    window, frequency = window_of(RATE), 1000.0
    found = power(sine(frequency, amplitude=1)[None], window)[0]
    place = round(frequency / RATE * FINER * window)
    assert_allclose(found[:, place], 1, rtol=1e-6)
    assert (found.argmax(axis=1) == place).all()


def test_mel_is_the_formula_and_bands_are_triangles() -> None:
    assert mel(700.0) == pytest.approx(2595 * np.log10(2))
    assert mel(1000.0) == pytest.approx(999.9855, abs=1e-3)
    bands = mel_bands(RATE, 256, BANDS)
    assert bands.shape == (BANDS, 513)
    places = mel(np.arange(513) * RATE / 1024)
    edges = np.linspace(0, mel(RATE / 2), BANDS + 2)
    for band in (0, 7, BANDS - 1):
        rising = (places - edges[band]) / (edges[band + 1] - edges[band])
        falling = (edges[band + 2] - places) / (edges[band + 2] - edges[band + 1])
        assert_allclose(bands[band], np.clip(np.minimum(rising, falling), 0, None), atol=1e-9)
    inner = (places > edges[1]) & (places < edges[-2])
    assert_allclose(bands.sum(0)[inner], 1)  # between the middles of the first and the last band they add up to 1
    assert (bands.max(1) > 0.5).all()


def test_log_mel_has_the_loudness_of_a_sine_in_its_band_and_silence_at_the_floor() -> None:
    levels = log_mel(sines(1000), RATE, BANDS)
    assert levels.shape == (1, BANDS, 1 + (4000 - 256) // 64)
    middles = 700 * (10 ** (np.linspace(0, mel(RATE / 2), BANDS + 2)[1:-1] / 2595) - 1)
    assert (levels[0].argmax(0) == np.abs(middles - 1000).argmin()).all()
    assert log_mel(np.zeros((1, 4000), np.int16), RATE, BANDS).max() == pytest.approx(np.log10(FLOOR))


def test_statistics_tell_when_a_sound_is_heard() -> None:
    early, late = np.zeros((2, 4000), np.int16)
    early[:1000] = late[3000:] = sines(1000)[0][:1000]
    first, second = statistics(np.stack([early, late]), RATE).reshape(2, 5, BANDS)
    assert first[0].max() > second[0].max() + 1
    assert second[3].max() > first[3].max() + 1
    assert_allclose(first[4], second[4], atol=0.3)  # the standard deviation over the whole
    assert len(statistics(np.concatenate([sines(500)] * 100), RATE)) == 100  # more than a block


def test_a_picture_is_bright_at_the_note_and_dark_elsewhere() -> None:
    (image,) = picture(sines(1000), RATE)
    rows = image.astype(int).sum(2).mean(1)
    assert image.shape[0] == 64
    middles = np.linspace(0, mel(RATE / 2), 66)[1:-1][::-1]
    assert abs(int(rows.argmax()) - int(np.abs(middles - mel(1000.0)).argmin())) <= 1
    assert rows[0] < 60  # high above the note there is nothing


def test_full_scale_is_what_16_bits_hold() -> None:
    assert np.iinfo(np.int16).max == FULL


def test_silence_follows_sounds_too_short_for_four_windows() -> None:
    short = sines(500, samples=100)
    assert (statistics(short, RATE) == statistics(np.pad(short, ((0, 0), (0, 348))), RATE)).all()
