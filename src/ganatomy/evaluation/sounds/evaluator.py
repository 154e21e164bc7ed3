"""Scores of generated sounds against real ones, each with its interval and floor, and of baselines that are no GAN."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import torch

from ganatomy.data.sounds import Sounds
from ganatomy.errors import UserError
from ganatomy.evaluation.origin import code_of
from ganatomy.evaluation.sounds.baselines import random_phase
from ganatomy.evaluation.sounds.registry import SOUND_METRICS, Heard, SoundSets
from ganatomy.modalities.sounds.files import Waves
from ganatomy.modalities.sounds.pitch import frequency_of
from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.modalities.sounds.spectrogram import BANDS, BLOCK, QUARTERS, WINDOW
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system import machine
from ganatomy.system.sealed import finite

VERSION = 1  # raise when a score gives another number for the same sounds
UNSEEN = 3  # one real sound of so many is put aside, where no others are given
LEAST = 60  # real sounds: 20 are unseen, and each half has 20
LEAST_MADE = 20
MOST = 10_000  # of each set


class SoundEvaluator:
    """Measures generated sounds.

    known, unseen  real sounds that a generator learnt from, and others
    notes          Hz of each class, [K]; None where classes are no notes
    """

    def __init__(self, real: Sounds, unseen: Sounds | None, samples: int, metrics: Sequence[str] = ()) -> None:
        """samples: how many generated sounds are measured while training. Raises UserError for too few sounds, and for
        metrics that do not exist.
        """
        for metric in metrics:
            SOUND_METRICS.find(metric)
        if len(real) < LEAST:
            raise UserError(f"{len(real):,} real sounds are too few to compare with: {LEAST} are needed.")
        self.samples, self.metrics, self.name = samples, metrics, real.source
        self.rate, self.fingerprint = real.modality.rate, real.fingerprint
        self.classes = real.classes or []
        found = [frequency_of(name) for name in self.classes]
        self.notes = np.array(found) if found and None not in found else None
        some = np.random.default_rng(0).permutation(len(real))[:MOST]
        if unseen is None:
            self.unseen, self.known = (self._heard(real, part) for part in np.split(some, [len(some) // UNSEEN]))
        else:
            self.known = self._heard(real, some)
            others = np.random.default_rng(0).permutation(len(unseen))[:MOST]
            self.unseen = Heard(np.asarray(unseen.stored[np.sort(others)]), self.rate)

    def heard(self, waves: Waves, labels: Sequence[int] | None = None) -> Heard:
        """Sounds int16 [N, T], and of which class each shall be, where that was asked for."""
        asked = None if self.notes is None or labels is None else self.notes[np.asarray(labels)]
        return Heard(waves, self.rate, asked)

    def heard_of(self, sounds: Sounds) -> Heard:
        """Generated sounds: folders that are called as real classes say of which each shall be."""
        if sounds.labels is None or sounds.classes is None or not set(sounds.classes) <= set(self.classes):
            return self.heard(sounds.stored)
        index = np.array([self.classes.index(name) for name in sounds.classes])
        return self.heard(sounds.stored, index[sounds.labels].tolist())

    def _heard(self, sounds: Sounds, indices: np.ndarray) -> Heard:
        return self.heard(sounds.stored[indices], None if sounds.labels is None else sounds.labels[indices].tolist())

    @cached_property
    def floors(self) -> dict[str, float]:
        """Scores of one half of the known sounds against the other."""
        first, second = (self.known.some(half) for half in np.array_split(np.arange(len(self.known)), 2))
        found, _ = self._scores(SoundSets(first, self.unseen, second), {}, intervals=False)
        return {name: score.value for name, score in found.items()}

    def card(self, subject: dict[str, Any], batches: Iterable[Waves]) -> ScoreCard:
        """The score card of `subject`, whose sounds come in batches, int16 [any number, T]; classes are not looked at.

        Raises UserError where there are too few, and where no metric could be measured.
        """
        return self.card_of(subject, self.heard(np.concatenate(list(batches))))

    def card_of(self, subject: dict[str, Any], fake: Heard) -> ScoreCard:
        """The score card of generated sounds. Raises UserError where they are too few, or nothing can be measured."""
        if len(fake) < LEAST_MADE:
            raise UserError(f"{len(fake):,} generated sounds are too few to compare: {LEAST_MADE} are needed.")
        scores, skipped = self._scores(SoundSets(self.known, self.unseen, fake), self.floors)
        if not scores:
            raise UserError(f"No score can be measured. {' '.join(skipped)}")
        features = {"name": "log-mel statistics", "rate": self.rate, "window": WINDOW, "bands": BANDS}
        protocol = {
            "version": VERSION,
            "samples": len(fake),
            "features": {**features, "quarters": QUARTERS},
            "reference": {
                "fingerprint": sha256(f"{self.fingerprint}, {len(self.known)}".encode()).hexdigest(),
                "sounds": len(self.known),
                "unseen": len(self.unseen),
            },
        }
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "reference": self.name,
            "versions": machine.versions(),
            "not_taken": skipped,
        }
        return ScoreCard(subject, protocol, scores, made)

    def baselines(self, count: int, form: SoundModality) -> list[ScoreCard]:
        """The cards of so many sounds of noise with the known sounds' mean spectrum, and of copies of known sounds.

        form: in which a generator draws. Where copies do not come back from it as they were, they are measured so too.
        """
        random = np.random.default_rng(1)
        chosen = self.known.some(random.integers(len(self.known), size=count))
        noise = Heard(random_phase(self.known.waves, count, random), self.rate, chosen.notes)
        drawn = {"random phase": noise, "copies of training sounds": chosen}
        blocks = np.split(chosen.waves, range(BLOCK, count, BLOCK))
        back = np.concatenate([form.stored(form.seen(torch.from_numpy(block))) for block in blocks])
        if (back != chosen.waves).any():
            drawn["copies in its form"] = replace(chosen, waves=back)
        return [self.card_of({"images": name}, sounds) for name, sounds in drawn.items()]

    def _scores(
        self, sets: SoundSets, floors: dict[str, float], intervals: bool = True
    ) -> tuple[dict[str, Score], list[str]]:
        """Scores by name, and a sentence on each metric that could not be measured."""
        scores, skipped = {}, []
        for name in self.metrics or SOUND_METRICS:
            try:
                found = SOUND_METRICS[name].measure(sets, intervals)
            except UserError as error:
                skipped.append(f"{name}: {error}")
                continue
            low, high = finite(found.estimate.low), finite(found.estimate.high)
            settings = code_of(SOUND_METRICS, name)
            scores[name] = Score(found.estimate.value, low, high, floors.get(name), found.better, settings)
        return scores, skipped
