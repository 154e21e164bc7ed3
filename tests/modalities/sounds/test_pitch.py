"""Pitch: names of notes, and what is heard of sines and of strings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ganatomy.data.sources.notes import PITCHES, render
from ganatomy.modalities.sounds.files import quantised
from ganatomy.modalities.sounds.pitch import frequencies, frequency_of
from sounds import RATE, sine, sines


@pytest.mark.parametrize(
    ("name", "frequency"), [("A4", 440), ("a3", 220), ("C4", 261.6256), ("Bb2", 116.5409), ("F#5", 739.9888)]
)
def test_notes_have_the_frequencies_of_equal_temperament(name: str, frequency: float) -> None:
    assert frequency_of(name) == pytest.approx(frequency, rel=1e-5)


@pytest.mark.parametrize("name", ["", "H4", "A", "4", "kick", "A44"])
def test_other_names_are_no_notes(name: str) -> None:
    assert frequency_of(name) is None


def test_the_frequency_of_a_sine_is_heard() -> None:
    known = [65.4, 100, 261.6256, 440, 443, 880, 987.77]
    assert_allclose(frequencies(sines(*known), RATE), known, rtol=2e-3)
    assert_allclose(frequencies(sines(*known, samples=16000, rate=16000), 16000), known, rtol=2e-3)


def test_a_missing_fundamental_is_heard_and_no_octave_above() -> None:
    upper = sum(sine(200 * k, amplitude=0.2) for k in (2, 3, 4))
    assert_allclose(frequencies(quantised(np.asarray(upper)[None]), RATE), [200], rtol=2e-3)


def test_rendered_notes_are_heard_at_their_pitch() -> None:
    signals, labels = render("test", RATE, 2000)
    some = slice(None, None, 7)
    known = np.array([frequency_of(PITCHES[label]) for label in labels[some]])
    found = frequencies(quantised(signals[some]), RATE)
    assert np.abs(12 * np.log2(found / known)).max() < 0.3
    assert 0.39 < np.abs(signals).max(1).min() < np.abs(signals).max() < 0.96
