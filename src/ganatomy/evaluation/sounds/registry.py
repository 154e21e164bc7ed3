"""Metrics of sounds by name: what each compares, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.modalities.sounds.files import Waves
from ganatomy.modalities.sounds.spectrogram import statistics
from ganatomy.system.registry import Registry, summary_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """A set of sounds.

    waves  int16 [N, T]
    rate   samples per second
    notes  Hz [N] of the note that each of them is, or shall be; None where that is not known
    """

    waves: Waves
    rate: int
    notes: Floats | None = None

    def __len__(self) -> int:
        return len(self.waves)

    @cached_property
    def features(self) -> Floats:
        """Their log-mel statistics [N, D]."""
        return statistics(self.waves, self.rate)

    def some(self, indices: NDArray[np.intp]) -> Heard:
        """Those of the indices."""
        return Heard(self.waves[indices], self.rate, None if self.notes is None else self.notes[indices])


@dataclass(frozen=True)
class SoundSets:
    """What a metric compares.

    real    the sounds that a generator learnt from
    unseen  real sounds that it did not learn from, as far as that is known
    fake    generated sounds
    """

    real: Heard
    unseen: Heard
    fake: Heard


Measure = Callable[[SoundSets, bool], Measurement]


@dataclass(frozen=True)
class SoundMetric:
    """A function of (sets, whether an interval is wanted), whose docstring says what it measures."""

    measure: Measure


SOUND_METRICS: Registry[SoundMetric] = Registry("metric of sounds")


def register_sound_metric(name: str) -> Callable[[Measure], Measure]:
    """Register a function of (sets, whether an interval is wanted) that returns a Measurement.

    Its docstring describes the metric in help texts and in docs/SOUND.md. Raises UserError where the name is taken.
    """

    def register(measure: Measure) -> Measure:
        SOUND_METRICS.add(name, SoundMetric(measure), module=measure.__module__, summary=summary_of(measure))
        return measure

    return register
