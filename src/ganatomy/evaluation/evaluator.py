"""Generators measured against real images, whose features and floors are computed once."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.data import Images
from ganatomy.errors import UserError
from ganatomy.evaluation import features, scoring
from ganatomy.evaluation.features import Extractor
from ganatomy.evaluation.features.cache import features_of
from ganatomy.evaluation.features.registry import protocol_of
from ganatomy.evaluation.metrics import METRICS, Sample, Sets, memorisation
from ganatomy.evaluation.origin import code_of
from ganatomy.modalities.alpha import on_white
from ganatomy.report.nearest import Neighbours
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system import machine
from ganatomy.system.sealed import finite

VERSION = 1  # raise when a score gives another number for the same images
BATCH = 64  # images that a generator draws at a time, wherever it is measured

Pixels = NDArray[np.uint8]


class Evaluator:
    """Scores of generated images against real ones, each with its interval and its floor.

    reference  real images: those that the generator was trained on
    extractor  makes the features
    samples    how many generated images are measured each time
    metrics    names of METRICS; none: the usual ones
    held_out   real images that it was not trained on; metrics that need them are refused without
    progress   called with a sentence on what is being done

    A metric that is chosen by name and cannot be measured on these sets raises UserError; of the usual ones, and of
    "all", it is left out, and the card says why.
    """

    def __init__(
        self,
        reference: Images,
        extractor: Extractor,
        samples: int,
        metrics: Sequence[str] = (),
        held_out: Images | None = None,
        progress: Callable[[str], object] = lambda sentence: None,
    ) -> None:
        """See the class. Raises UserError for metrics that do not exist or lack what they need, and other shapes."""
        self.laid = reference.pixels.shape[3] == 4  # features see transparent images on white
        reference, held_out = reference.on_white(), held_out and held_out.on_white()
        self.reference, self.extractor, self.samples, self.held_out = reference, extractor, samples, held_out
        self.progress = progress
        self.by_name = bool(metrics) and scoring.ALL not in metrics
        self.metrics = scoring.chosen(metrics, extractor.classes is not None, held_out is not None)
        self.pixels = max(METRICS[name].pixels for name in self.metrics)
        self.real = self._sample(reference)
        self.unseen = None
        if held_out is not None:
            check_shape(reference, held_out.pixels.shape[1:], held_out.source)
            self.unseen = self._sample(held_out)
        half = len(reference) // 2
        halves = Sets(self._part(0, half), self._part(half, half + samples), self.unseen)
        self.floors: dict[str, float] = {}
        for metric in self.metrics:
            progress(f"Real images against each other: {METRICS.summary(metric)} …")
            with suppress(UserError):  # halves that are too small for it
                measured = scoring.measure(metric, halves, intervals=False)
                self.floors |= {name: score.estimate.value for name, score in measured.items()}

    @property
    def protocol(self) -> dict[str, Any]:
        """What decides the numbers, apart from the generator."""
        laid = {"transparency": "on white"} if self.laid else {}
        return {
            "version": VERSION,
            **laid,
            "samples": self.samples,
            "size": list(self.reference.pixels.shape[1:]),
            "features": {"name": self.extractor.name, **protocol_of(self.extractor)},
            "reference": {"fingerprint": self.reference.fingerprint, "images": len(self.reference)},
        }

    def measure(self, batches: Iterable[Pixels]) -> tuple[dict[str, Score], list[str]]:
        """Scores by name, and a sentence on each metric that could not be measured.

        batches: generated images, each uint8 [any number, H, W, C]; the first `samples` of them count. Raises
        UserError where a metric that was chosen by name cannot be measured, and for too few images or other shapes.
        """
        fake = self._read(batches)
        sets = Sets(self.real, fake, self.unseen)
        scores, skipped = {}, []
        for metric in self.metrics:
            self.progress(f"Generated images against real ones: {METRICS.summary(metric)} …")
            try:
                found = scoring.measure(metric, sets)
            except UserError as error:
                if self.by_name:
                    raise
                skipped.append(f"{metric}: {error}")
                continue
            for score, measured in found.items():
                name = scoring.label(score, metric, self.extractor.name, self.extractor.official)
                if name in scores:
                    raise UserError(f"The metric {metric} gives a score {name}, which another metric gave already.")
                scores[name] = Score(
                    value=measured.estimate.value,
                    low=finite(measured.estimate.low),
                    high=finite(measured.estimate.high),
                    floor=self.floors.get(score),
                    better=measured.better,
                    settings=self._settings(metric),
                    details=measured.details,
                )
        return scores, skipped

    def card(self, subject: dict[str, Any], batches: Iterable[Pixels]) -> ScoreCard:
        """The score card of `subject`, whose generated images come in batches, each uint8 [any number, H, W, C].

        Raises UserError as `measure` does, and where no metric could be measured.
        """
        began = time.monotonic()
        scores, skipped = self.measure(batches)
        if not scores:
            raise UserError(f"No score can be measured. {' '.join(skipped)}")
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "seconds": round(time.monotonic() - began, 1),
            "reference": self.reference.source,
            "versions": machine.versions(),
            "machine": machine.describe(),
            "not_taken": skipped,
        }
        return ScoreCard(subject, self.protocol, scores, made)

    def nearest(self, batches: Iterable[Pixels]) -> Neighbours:
        """Generated images, in batches uint8 [any number, H, W, C], with the real ones that are nearest to them."""
        made, pixels = on_white(np.concatenate(list(batches))), self.reference.pixels
        order = _shuffled(len(self.reference))
        _, by_features = memorisation.nearest(self.real.features, features.extract(self.extractor, [made]).features)
        flat, some = pixels.reshape(len(pixels), -1), order[: min(len(made), len(order) // 2)]
        distances, by_pixels = memorisation.nearest(flat, made.reshape(len(made), -1))
        usual, _ = memorisation.nearest(np.delete(flat, some, axis=0), flat[some])
        return Neighbours(made, pixels[order[by_features]], pixels[by_pixels], distances / np.median(usual))

    def _settings(self, metric: str) -> dict[str, Any]:
        settings = {**METRICS[metric].settings, **code_of(METRICS, metric)}
        if self.held_out is not None and "unseen" in METRICS[metric].needs:
            settings["held_out"] = {"fingerprint": self.held_out.fingerprint, "images": len(self.held_out)}
        return settings

    def _read(self, batches: Iterable[Pixels]) -> Sample:
        """Features of generated images as they come; of the images themselves only those that a metric looks at."""
        kept, done = np.empty((0, *self.reference.pixels.shape[1:]), np.uint8), 0

        def watched() -> Iterator[Pixels]:
            nonlocal kept, done
            for batch in map(on_white, batches):
                self.progress(f"Features of generated images: {done:,} of {self.samples:,}")
                done += len(batch)
                check_shape(self.reference, batch.shape[1:], "the generated images")
                if len(kept) < min(self.pixels, self.samples):
                    kept = np.concatenate([kept, batch])[: min(self.pixels, self.samples)]
                yield batch

        made = features.extract(self.extractor, watched(), self.samples)
        return Sample(made.features, made.probabilities, kept)

    def _sample(self, images: Images) -> Sample:
        """A whole set in one random order: many sets are sorted by class, and some metrics look at a part."""
        order = _shuffled(len(images))
        found = features_of(images, self.extractor, self.progress)
        probabilities = None if found.probabilities is None else found.probabilities[order]
        return Sample(found.features[order], probabilities, images.pixels[order[: self.pixels]])

    def _part(self, begin: int, end: int) -> Sample:
        """Some of the real images; their features are not copied."""
        probabilities = None if self.real.probabilities is None else self.real.probabilities[begin:end]
        pixels = self.reference.pixels[_shuffled(len(self.reference))[begin:end][: self.pixels]]
        return Sample(self.real.features[begin:end], probabilities, pixels)


def check_shape(reference: Images, shape: tuple[int, ...], whose: str) -> None:
    """Raise UserError unless the shape (H, W, C) of some images is that of the reference."""
    if shape != reference.pixels.shape[1:]:
        ours, theirs = ("×".join(map(str, each)) for each in (reference.pixels.shape[1:], shape))
        raise UserError(
            f"{reference.source} has images of {ours} (height × width × channels), {whose} {theirs}: both must have "
            "the same size and channels; --size and --channels prepare both alike."
        )


def _shuffled(count: int) -> NDArray[np.intp]:
    return np.random.default_rng(0).permutation(count)
