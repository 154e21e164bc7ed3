"""How near generated sounds are to real ones, by their log-mel statistics: as a set, and one by one."""

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.frechet import between, gaussian
from ganatomy.evaluation.metrics.memorisation import nearest_ratio
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.sounds.registry import SoundSets, register_sound_metric


@register_sound_metric("fd")
def frechet(sets: SoundSets, intervals: bool) -> Measurement:
    """Fréchet distance of log-mel statistics, of generated sounds from those of the training."""
    real, fake = gaussian(sets.real.features), sets.fake.features

    def distance(samples: NDArray[np.float64]) -> float:
        return between(real, gaussian(samples))

    return Measurement(estimate.jackknife(distance, fake, intervals), "lower")


@register_sound_metric("nearest_ratio")
def nearest(sets: SoundSets, intervals: bool) -> Measurement:
    """Median distance to the nearest training sound: of generated ones, over that of unseen real ones; 0: copies."""
    found = nearest_ratio(sets.real.features, sets.unseen.features, sets.fake.features)
    return Measurement(found, "as real")
