"""Spectrograms as what networks see of sounds: normalisation and its inverse, and sounds from them."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.testing import assert_close

from ganatomy.config.options import DataOptions
from ganatomy.data.sources.notes import render
from ganatomy.errors import UserError
from ganatomy.modalities.sounds.files import FULL, quantised
from ganatomy.modalities.sounds.forms import FORMS
from ganatomy.modalities.sounds.griffin_lim import spectra
from ganatomy.modalities.sounds.pitch import frequencies
from ganatomy.modalities.sounds.spectrogram import FLOOR
from ganatomy.modalities.sounds.spectrogram_modality import LEVELS, Levels, SpectrogramModality, log_power
from sounds import RATE, sine, sines

WAVES = sines(*range(200, 1000, 25))
MODALITY = SpectrogramModality.of(WAVES, RATE)


def test_every_frequency_is_normalised_by_its_own_levels() -> None:
    levels = log_power(torch.from_numpy(WAVES), 256).double().numpy()
    assert MODALITY.shape == (1, 128, 63) == (1, *levels.shape[1:])
    assert_allclose(MODALITY.levels.mean, levels.mean((0, 2)), atol=1e-5)
    assert_allclose(MODALITY.levels.deviation, levels.std((0, 2)), atol=1e-3)
    seen = MODALITY.seen(torch.from_numpy(WAVES))
    assert (seen.shape, seen.dtype) == ((32, 1, 128, 63), torch.float32)
    expected = (levels - levels.mean((0, 2))[:, None]) / levels.std((0, 2))[:, None] / 3
    loud = np.array(MODALITY.levels.deviation) > 0.1  # elsewhere there is nothing but rounding
    assert loud.sum() > 20
    assert_allclose(seen[:, 0, loud].numpy(), np.clip(expected[:, loud], -1, 1), atol=2e-3)
    assert seen.abs().max() == 1


def test_levels_are_those_of_power() -> None:
    full = log_power(torch.from_numpy(quantised(sine(1000, amplitude=1)))[None], 256)[0]
    assert_allclose(full[32, 2:-3].numpy(), 0, atol=1e-3)
    assert log_power(torch.zeros(1, 4000, dtype=torch.int16), 256).unique().numpy() == pytest.approx(np.log10(FLOOR))


def test_sounds_come_back_with_their_pitch_loudness_and_levels() -> None:
    waves, labels = render("test", RATE, 4000)
    stored, pitches = quantised(waves)[::10], 440 * 2 ** ((labels[::10] - 9) / 12)
    modality = SpectrogramModality.of(stored, RATE)
    seen = modality.seen(torch.from_numpy(stored))
    back = modality.stored(seen)
    assert (back.dtype, back.shape) == (np.int16, stored.shape)
    errors = np.abs(12 * np.log2(frequencies(back, RATE) / pitches))
    assert np.median(errors) < 0.05
    assert (errors < 0.5).mean() > 0.95
    assert_allclose(np.abs(back.astype(float)).mean(), np.abs(stored.astype(float)).mean(), rtol=0.1)
    again = modality.seen(torch.from_numpy(back))
    assert (again - seen).abs().mean() < 0.1


def test_silence_stays_silent_and_frequencies_without_sound_are_no_division_by_nothing() -> None:
    silent = np.zeros((3, 800), np.int16)
    modality = SpectrogramModality.of(silent, RATE)
    seen = modality.seen(torch.from_numpy(silent))
    assert_close(seen, torch.zeros(3, 1, 128, 13), atol=1e-2, rtol=0)
    assert np.abs(modality.stored(torch.zeros(2, 1, 128, 13))).max() <= 10


def test_a_run_folder_keeps_the_levels(tmp_path: Path) -> None:
    MODALITY.write(tmp_path)
    assert SpectrogramModality.read(tmp_path, RATE, 4000) == MODALITY
    (tmp_path / LEVELS).write_text('{"mean": [1.0]}')
    with pytest.raises(UserError, match=r"levels\.json is damaged: Field required\."):
        SpectrogramModality.read(tmp_path, RATE, 4000)
    (tmp_path / LEVELS).unlink()
    with pytest.raises(UserError, match=r"levels\.json cannot be read: No such file"):
        SpectrogramModality.read(tmp_path, RATE, 4000)


def test_a_sound_depends_on_its_own_levels_alone() -> None:
    seen = MODALITY.seen(torch.from_numpy(WAVES[:4]))
    together = MODALITY.stored(seen)
    assert_array_equal(MODALITY.stored(seen), together)
    assert np.abs(MODALITY.stored(seen[2:3]).astype(int) - together[2:3]).max() <= 1


def test_magnitudes_are_those_that_were_seen() -> None:
    flat = replace(MODALITY, levels=Levels(mean=(-3.0,) * 128, deviation=(1.0,) * 128))  # nothing is clipped
    waves = torch.from_numpy(WAVES)
    found = flat.magnitudes(flat.seen(waves))
    expected = spectra(waves.float() / FULL, 256).abs()
    assert found.shape == expected.shape == (32, 129, 63)
    assert_close(found[:, :-1], expected[:, :-1], atol=0.02, rtol=1e-3)
    assert not found[:, -1].any()
    # One standard deviation above the mean is a power of 1/100, a tenth of a full-scale sine's magnitude, 64.
    assert_close(
        flat.magnitudes(torch.full((1, 1, 128, 1), 1 / 3))[:, :-1], torch.full((1, 128, 1), 6.4), atol=1e-3, rtol=0
    )


def test_forms_are_those_of_the_option() -> None:
    assert get_args(DataOptions.model_fields["form"].annotation) == tuple(FORMS)
