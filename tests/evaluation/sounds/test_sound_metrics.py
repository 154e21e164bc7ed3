"""Metrics of sounds, on sounds whose scores are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ganatomy.data.sounds import prepare_sounds
from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.evaluation.sounds import SOUND_METRICS, SoundSets
from ganatomy.evaluation.sounds.baselines import random_phase
from ganatomy.evaluation.sounds.evaluator import SoundEvaluator
from ganatomy.evaluation.sounds.registry import Heard
from ganatomy.modalities.sounds.files import FULL
from ganatomy.modalities.sounds.spectrogram import statistics
from ganatomy.modalities.sounds.spectrogram_modality import SpectrogramModality
from sounds import RATE, sines

RANDOM = np.random.default_rng(0)


def some(count: int, low: float = 200, high: float = 400) -> Heard:
    """Sines of a quarter of a second, at random frequencies between two."""
    return Heard(sines(*RANDOM.uniform(low, high, count), samples=2000), RATE)


def measured(name: str, real: Heard, unseen: Heard, fake: Heard) -> float:
    return SOUND_METRICS[name].measure(SoundSets(real, unseen, fake), False).estimate.value


def test_the_frechet_distance_is_that_of_the_statistics() -> None:
    real, fake = some(50), some(40, 900, 1200)
    found = measured("fd", real, real, fake)
    assert found == pytest.approx(frechet_distance(statistics(real.waves, RATE), statistics(fake.waves, RATE)))
    assert measured("fd", real, real, real) == pytest.approx(0, abs=1e-6)
    assert found > 20 * measured("fd", real, real, some(40))
    estimate = SOUND_METRICS["fd"].measure(SoundSets(real, real, fake), True).estimate
    assert estimate.low < estimate.value < estimate.high


def test_copies_are_found_and_new_sounds_are_none() -> None:
    real, unseen = some(60), some(40)
    assert measured("nearest_ratio", real, unseen, real) == 0
    assert 0.5 < measured("nearest_ratio", real, unseen, some(40)) < 2
    assert measured("nearest_ratio", real, unseen, some(40, 900, 1200)) > 5


def test_the_pitch_error_is_the_distance_in_semitones() -> None:
    notes = np.linspace(200, 400, 24)
    for semitones, share in ((0.0, 1.0), (0.3, 1.0), (2.0, 0.0)):
        sounds = sines(*(notes * 2 ** (semitones / 12)), samples=2000)
        heard = Heard(sounds, RATE, notes)
        assert measured("pitch", heard, heard, heard) == pytest.approx(semitones, abs=0.03)
        assert measured("in_tune", heard, heard, heard) == share
    unknown = Heard(sounds, RATE)
    with pytest.raises(UserError, match="it needs classes that are notes, such as C4"):
        measured("pitch", unknown, unknown, unknown)


def test_random_phase_keeps_the_mean_spectrum_and_nothing_else() -> None:
    real = some(200).waves
    noise = random_phase(real, 200, np.random.default_rng(0))
    theirs, ours = (np.square(np.abs(np.fft.rfft(each / FULL))).mean(0) for each in (real, noise))
    assert_allclose(ours.sum(), theirs.sum(), rtol=0.01)
    loud = theirs > theirs.max() / 100
    assert_allclose(ours[loud], theirs[loud], rtol=0.02)
    assert np.abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.3


def test_a_card_has_intervals_floors_and_protocol_and_the_baselines_are_what_they_are() -> None:
    notes, test = prepare_sounds("notes", RATE, 0.2)
    evaluator = SoundEvaluator(notes, test, 200)
    noise, copies = evaluator.baselines(200, notes.modality)
    assert (noise.name, copies.name) == ("random phase", "copies of training sounds")
    _, same, back = evaluator.baselines(200, SpectrogramModality.of(notes.stored, RATE))
    assert (back.name, same.scores) == ("copies in its form", copies.scores)
    assert 0 < back.scores["nearest_ratio"].value < noise.scores["nearest_ratio"].value
    assert back.scores["in_tune"].value > 0.97
    assert set(copies.scores) == set(SOUND_METRICS)
    assert copies.scores["nearest_ratio"].value == 0
    assert noise.scores["nearest_ratio"].value > 2
    assert copies.scores["in_tune"].value > 0.97 > 0.3 > noise.scores["in_tune"].value
    assert noise.scores["fd"].low > copies.scores["fd"].high
    for score in copies.scores.values():
        assert score.floor is not None
        assert score.low is not None
        assert score.high is not None
    assert copies.scores["pitch"].floor == pytest.approx(0, abs=0.1)
    features = {"name": "log-mel statistics", "rate": RATE, "window": 0.032, "bands": 32, "quarters": 4}
    assert copies.protocol["features"] == features
    assert copies.protocol["reference"]["sounds"] == 1800
    assert copies.terms == "200 generated sounds against 1,800 of notes"


def test_too_few_sounds_and_unknown_metrics_are_refused() -> None:
    notes, _ = prepare_sounds("notes", RATE, 0.2)
    with pytest.raises(UserError, match="59 real sounds are too few"):
        SoundEvaluator(notes.part(0, 59), None, 100)
    with pytest.raises(UserError, match="metric of sounds"):
        SoundEvaluator(notes, None, 100, ["fid"])
    evaluator = SoundEvaluator(notes, None, 100)
    assert (len(evaluator.unseen), len(evaluator.known)) == (600, 1200)
    with pytest.raises(UserError, match="19 generated sounds are too few"):
        evaluator.card({"images": "few"}, [notes.stored[:19]])
