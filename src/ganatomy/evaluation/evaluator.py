"""Real images looked at once, generators measured against them as often as one likes."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ganatomy.data import Images
from ganatomy.errors import UserError
from ganatomy.evaluation import features, scoring
from ganatomy.evaluation.features import Extracted, Extractor
from ganatomy.evaluation.metrics import memorisation
from ganatomy.evaluation.scoring import METRICS, Sample, Sets
from ganatomy.report.nearest import Neighbours
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system import machine
from ganatomy.system.files import cache_folder, replacing

VERSION = 1  # raise when a score gives another number for the same images
CHUNK = 1024  # images read at a time

Pixels = NDArray[np.uint8]


class Evaluator:
    """Scores of generated images against real ones, each with its interval and its floor.

    reference  real images, those that the generator learnt from
    samples    how many generated images are measured each time
    metrics    names of scoring.METRICS; none: the usual ones
    held_out   real images that it did not learn from; scores that need them are refused without
    tell       is told what goes on, for somebody who waits

    A metric that is asked for by name and cannot be taken of these sets raises UserError; of the usual ones, and of
    "all", it is left out, and the card says why.
    """

    def __init__(
        self,
        reference: Images,
        extractor: Extractor,
        samples: int,
        metrics: Sequence[str] = (),
        held_out: Images | None = None,
        tell: Callable[[str], object] = lambda words: None,
    ) -> None:
        self.reference, self.extractor, self.samples, self.held_out = reference, extractor, samples, held_out
        self.tell = tell
        self.by_name = bool(metrics) and "all" not in metrics
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
            tell(f"Real images against themselves: {METRICS[metric].about} …")
            with suppress(UserError):  # halves that are too small for it
                measured = scoring.measure(metric, halves, intervals=False)
                self.floors |= {name: score.estimate.value for name, score in measured.items()}

    @property
    def protocol(self) -> dict[str, Any]:
        """What decides the numbers, beside the generator."""
        return {
            "version": VERSION,
            "samples": self.samples,
            "size": list(self.reference.pixels.shape[1:]),
            "features": {"name": self.extractor.name, **self.extractor.protocol},
            "reference": {"fingerprint": self.reference.fingerprint, "images": len(self.reference)},
        }

    def measure(self, batches: Iterable[Pixels]) -> tuple[dict[str, Score], list[str]]:
        """Scores by name, of the first `samples` of generated images uint8 [any number, H, W, C] at a time.

        And sentences about those that could not be taken.
        """
        fake = self._read(batches)
        sets = Sets(self.real, fake, self.unseen)
        scores, not_taken = {}, []
        for metric in self.metrics:
            self.tell(f"Generated images against real ones: {METRICS[metric].about} …")
            try:
                found = scoring.measure(metric, sets)
            except UserError as error:
                if self.by_name:
                    raise
                not_taken.append(f"{metric}: {error}")
                continue
            for score, measured in found.items():
                name = scoring.label(score, metric, self.extractor.name, self.extractor.official)
                scores[name] = Score(
                    value=measured.estimate.value,
                    low=measured.estimate.low,
                    high=measured.estimate.high,
                    floor=self.floors.get(score),
                    better=measured.better,
                    settings=self._settings(metric),
                    details=measured.details,
                )
        return scores, not_taken

    def card(self, subject: dict[str, Any], batches: Iterable[Pixels]) -> ScoreCard:
        """`measure` as a score card of `subject`."""
        began = time.monotonic()
        scores, not_taken = self.measure(batches)
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "seconds": round(time.monotonic() - began, 1),
            "reference": self.reference.source,
            "versions": machine.versions(),
            "machine": machine.describe(),
            "not_taken": not_taken,
        }
        return ScoreCard(subject, self.protocol, scores, made)

    def nearest(self, batches: Iterable[Pixels]) -> Neighbours:
        """Generated images beside the real ones that are nearest to them."""
        made, pixels, order = np.concatenate(list(batches)), self.reference.pixels, _shuffled(len(self.reference))
        _, by_features = memorisation.nearest(self.real.features, features.extract(self.extractor, [made]).features)
        flat, some = pixels.reshape(len(pixels), -1), order[: min(len(made), len(order) // 2)]
        distances, by_pixels = memorisation.nearest(flat, made.reshape(len(made), -1))
        usual, _ = memorisation.nearest(np.delete(flat, some, axis=0), flat[some])
        return Neighbours(made, pixels[order[by_features]], pixels[by_pixels], distances / np.median(usual))

    def _settings(self, metric: str) -> dict[str, Any]:
        settings = dict(METRICS[metric].settings)
        if self.held_out is not None and "unseen" in METRICS[metric].needs:
            settings["held_out"] = {"fingerprint": self.held_out.fingerprint, "images": len(self.held_out)}
        return settings

    def _read(self, batches: Iterable[Pixels]) -> Sample:
        """Features of generated images as they come; of the images themselves only those that a score looks at."""
        kept, done = np.empty((0, *self.reference.pixels.shape[1:]), np.uint8), 0

        def watched() -> Iterator[Pixels]:
            nonlocal kept, done
            for batch in batches:
                self.tell(f"Drawing and reading generated images: {done:,} of {self.samples:,}")
                done += len(batch)
                check_shape(self.reference, batch.shape[1:], "the generated images")
                if len(kept) < min(self.pixels, self.samples):
                    kept = np.concatenate([kept, batch])[: min(self.pixels, self.samples)]
                yield batch

        made = features.extract(self.extractor, watched(), self.samples)
        return Sample(made.features, made.probabilities, kept)

    def _sample(self, images: Images) -> Sample:
        """A whole set, in a random order, always the same: many are sorted by class, and some scores look at a part."""
        order = _shuffled(len(images))
        read = _features(images, self.extractor, self.tell)
        probabilities = None if read.probabilities is None else read.probabilities[order]
        return Sample(read.features[order], probabilities, images.pixels[order[: self.pixels]])

    def _part(self, begin: int, end: int) -> Sample:
        """Some of the real images; their features are not copied."""
        probabilities = None if self.real.probabilities is None else self.real.probabilities[begin:end]
        pixels = self.reference.pixels[_shuffled(len(self.reference))[begin:end][: self.pixels]]
        return Sample(self.real.features[begin:end], probabilities, pixels)


DIGITS = [str(digit) for digit in range(10)]


def extractor_for(
    name: str, real: Images, device: str = "cpu", weights: Path | None = None, sha256: str | None = None
) -> Extractor:
    """The extractor by name, or for "auto" the best one for these images that is there.

    lenet for digits; Inception, if its weights are there; a classifier of the images' own classes; a random network.
    """
    height, width, channels = real.pixels.shape[1:]
    if name == "auto":
        if real.classes == DIGITS and (height, width, channels) in ((28, 28, 1), (32, 32, 1)):
            name = "lenet"
        elif channels != 4 and _inception_is_there():
            name = "inception"
        else:
            name = "random" if real.labels is None else "classifier"
    labelled = real if real.labels is not None else None
    return features.make(name, channels=channels, weights=weights, sha256=sha256, device=device, labelled=labelled)


def _inception_is_there() -> bool:
    from ganatomy.evaluation.features import inception

    there = (cache_folder() / "weights" / inception.FILE).is_file()
    return there and find_spec("torch_fidelity") is not None


def check_shape(reference: Images, shape: tuple[int, ...], whose: str) -> None:
    """UserError unless images [H, W, C] have the reference's shape."""
    if shape != reference.pixels.shape[1:]:
        ours, theirs = ("×".join(map(str, each)) for each in (reference.pixels.shape[1:], shape))
        raise UserError(
            f"{reference.source} has images of {ours} (height × width × channels) and {whose} {theirs}: both must have "
            "the same size and channels; --size and --channels prepare both alike."
        )


def _shuffled(count: int) -> NDArray[np.intp]:
    return np.random.default_rng(0).permutation(count)


def _features(images: Images, extractor: Extractor, tell: Callable[[str], object]) -> Extracted:
    """The features of a prepared set, from the cache if they are there: a large network takes hours for them."""
    key = json.dumps([images.fingerprint, extractor.name, extractor.protocol], sort_keys=True)
    path = cache_folder() / "features" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"
    with (
        suppress(OSError, ValueError, KeyError, EOFError, BadZipFile),
        path.open("rb") as file,  # numpy would leave a damaged one open
        np.load(file, allow_pickle=False) as kept,
    ):
        return Extracted(kept["features"], kept.get("probabilities"))

    def batches() -> Iterator[Pixels]:
        for begin in range(0, len(images), CHUNK):
            tell(f"Reading real images: {begin:,} of {len(images):,}")
            yield images.pixels[begin : begin + CHUNK]

    read = features.extract(extractor, batches(), len(images))
    _keep(path, read)
    return read


def _keep(path: Path, read: Extracted) -> None:
    arrays = {"features": read.features}
    if read.probabilities is not None:
        arrays["probabilities"] = read.probabilities
    with suppress(OSError):  # a cache that cannot be written costs time, not the numbers
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
