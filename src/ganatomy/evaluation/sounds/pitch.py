"""Whether generated notes have the pitch that was asked for."""

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.sounds.registry import Heard, SoundSets, register_sound_metric
from ganatomy.modalities.sounds.pitch import frequencies

NEAR = 0.5  # semitones: nearer to the note than to the ones beside it


def errors(heard: Heard) -> NDArray[np.float64]:
    """How many semitones each sound is from its note, [N]. Raises UserError where the notes are not known."""
    if heard.notes is None:
        raise UserError("it needs classes that are notes, such as C4, and a generator that draws by class.")
    return np.abs(12 * np.log2(frequencies(heard.waves, heard.rate) / heard.notes))


@register_sound_metric("pitch")
def pitch(sets: SoundSets, intervals: bool) -> Measurement:
    """Median distance of the pitch that is heard from the note that was asked for, in semitones."""
    found = errors(sets.fake)
    interval = scipy.stats.quantile_test(found).confidence_interval(estimate.LEVEL)
    return Measurement(Estimate(float(np.median(found)), float(interval.low), float(interval.high)), "lower")


@register_sound_metric("in_tune")
def in_tune(sets: SoundSets, intervals: bool) -> Measurement:
    """Share of sounds that are nearer to the note that was asked for than to the ones beside it."""
    return Measurement(estimate.share(errors(sets.fake) < NEAR), "higher")
