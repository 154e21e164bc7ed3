"""Measure what a run's generator draws of given images, beside a baseline: `ganatomy evaluate RUN` of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ganatomy import data as datasets
from ganatomy.config.options import Config, DataOptions
from ganatomy.data.pairs import HALVES, Pairs, pairs_of, whole
from ganatomy.diagnosis.probe_pairs import held_out_pairs
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.comparison import Comparison
from ganatomy.evaluation.evaluator import BATCH, Evaluator
from ganatomy.evaluation.features.choice import AUTO, extractor_for
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.metrics.estimate import mean
from ganatomy.evaluation.origin import code_of
from ganatomy.evaluation.pairs.fidelity import PAIR_METRICS, Pixels
from ganatomy.generators.api import load
from ganatomy.modalities.images import resized
from ganatomy.report import page as report
from ganatomy.runs import scorecard
from ganatomy.runs.images import located
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, keep, subject_of_run
from ganatomy.system import runtime
from ganatomy.system.files import explained
from ganatomy.system.sealed import finite

MOST = 10_000  # pairs
Draw: TypeAlias = Callable[[Pixels], Pixels]  # given images [N, h, w, C] → images [N, H, W, C]
USUAL = ("fd",)  # of the metrics that compare two sets of images


@dataclass(frozen=True)
class PairComparison:
    """A generator that is given images, and a baseline.

    cards  score cards: of what the generator draws, of the baseline
    notes  sentences on how they were measured
    """

    cards: tuple[ScoreCard, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([Comparison(self.cards).text(), *self.notes])


def evaluate_run(
    run: Run,
    *,
    held_out: str | Path | None = None,
    metrics: Sequence[str] = (),
    n: int | None = None,
    features: str = AUTO,
    step: int | None = None,
    raw: bool = False,
    device: str = "auto",
    out: str | Path | None = None,
) -> PairComparison:
    """Scores of what a run's generator draws, and of a baseline; the run keeps its card in eval/.

    held_out  images that it was not trained on, to make pairs of; by default those that data.first left, or the split
              `test`, where there are any; otherwise its training pairs
    metrics   names of PAIR_METRICS, which compare each image with its target, and of METRICS, which compare all images
              with those of the training; none: the former and the Fréchet distance
    n         how many pairs; by default all, 10,000 at most
    features, step, raw, device   as for `ganatomy.evaluate`
    out       a file to write the card to

    Raises UserError for whatever the caller can mend.
    """
    config = run.config()
    fidelity, others = chosen(metrics, config.data.paired)
    options = located(run, config.data, f"give its images back their place: {config.data.path}")
    with runtime.start(device) as here:
        sampler = load(run, step, raw, device=str(here.device))
        pairs = pairs_of(_images(options), options, _images)
        recorded = (run.info().get("data") or {}).get("fingerprint")
        if recorded and recorded != pairs.fingerprint:
            raise UserError(f"{run.path} was trained on other pairs than {options.path} holds now.")
        unseen = held_out_pairs(options, pairs) if held_out is None else _elsewhere(options, held_out)
        measured = pairs if unseen is None else unseen
        count = min(MOST if n is None else n, measured.different)
        if count < 2:
            raise UserError(f"--n {n}: no score can be measured on fewer than 2 pairs.")
        indices = measured.evenly(count)

        def drawn(given: Pixels) -> Pixels:
            return sampler.apply_to(given, BATCH)

        evaluator = None
        if others:
            extractor = extractor_for(features, pairs.targets, str(here.device))
            evaluator = Evaluator(pairs.targets, extractor, count, others)
        subject = subject_of_run(run, sampler.metadata.step, count, not raw)
        cards = [
            _card(each, measured, indices, draw, fidelity, evaluator, unseen is not None)
            for each, draw in ((subject, drawn), ({"images": _baseline(config)}, _larger(measured)))
        ]
    beside = {cards[1].name: {name: score.value for name, score in cards[1].scores.items()}}
    cards[0] = replace(cards[0], made={**cards[0].made, "baselines": beside})
    with explained(run.path):
        keep(run, cards[0])
        report.write(run)
    scorecard.write(cards[0], out)
    return PairComparison(tuple(cards), _notes(fidelity, unseen is not None, count if n and count < n else None))


def chosen(metrics: Sequence[str], paired: bool) -> tuple[list[str], list[str]]:
    """Names of PAIR_METRICS, where there are pairs, and of METRICS. Raises UserError for others."""
    if not metrics:
        return list(PAIR_METRICS) if paired else [], list(USUAL)
    for name in metrics:
        if name not in PAIR_METRICS and name not in METRICS:
            raise unknown("metric", name, [*PAIR_METRICS, *METRICS])
        if name in PAIR_METRICS and not paired:
            raise UserError(f"{name} compares with a target, and data.paired=false has none.")
    return [name for name in metrics if name in PAIR_METRICS], [name for name in metrics if name in METRICS]


def _images(options: DataOptions) -> datasets.Images:
    included = {"size", "channels", "fit", "padding", "range", "classes_from", "split", "first"}
    return datasets.prepare(options.path, **whole(options).model_dump(include=included))


def _elsewhere(options: DataOptions, place: str | Path) -> Pairs:
    """The pairs of other images. Raises UserError where only the given ones' place would be known."""
    if options.given is not None and options.given not in HALVES:
        raise UserError(
            f"--held-out names images to draw, and not where the given ones are: put both into folders `test` beside "
            f"`train`, in {options.path} and in {options.given}."
        )
    there = options.model_copy(update={"path": str(place), "split": "train", "first": None})
    return pairs_of(_images(there), there, _images)


def _baseline(config: Config) -> str:
    return "bicubic enlargement" if config.data.scale else "the given image"


def _larger(pairs: Pairs) -> Draw:
    _, height, width = pairs.shape
    return lambda given: given if pairs.scale == 1 else resized(given, height, width)


def _card(
    subject: Mapping[str, Any],
    pairs: Pairs,
    indices: NDArray[np.int64],
    draw: Draw,
    fidelity: Sequence[str],
    evaluator: Evaluator | None,
    unseen: bool,
) -> ScoreCard:
    """The card of images that `draw` makes of given ones."""
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in fidelity}

    def batches() -> Iterator[Pixels]:
        for start in range(0, len(indices), BATCH):
            given, targets = pairs.at(indices[start : start + BATCH])
            made = draw(given)
            for name in fidelity:
                values[name].append(PAIR_METRICS[name](made, targets))
            yield made

    if evaluator is None:
        card = ScoreCard(dict(subject), {"samples": len(indices), "features": {"name": "pixels"}}, {})
        for _ in batches():
            pass
    else:
        card = evaluator.card(dict(subject), batches())
    scores = {}
    for name in fidelity:
        found = mean(np.concatenate(values[name]))
        low, high = finite(found.low), finite(found.high)
        scores[name] = Score(found.value, low, high, None, "higher", code_of(PAIR_METRICS, name))
    protocol = {
        **card.protocol,
        "reference": card.protocol.get("reference", {"images": len(pairs)}),
        "pairs": {"fingerprint": pairs.fingerprint, "count": len(indices), "unseen": unseen},
    }
    made = {"reference": pairs.source, **card.made}
    return ScoreCard(card.subject, protocol, {**scores, **card.scores}, made)


def _notes(fidelity: Sequence[str], unseen: bool, fewer: int | None) -> tuple[str, ...]:
    """fewer: how many pairs were measured, if that is fewer than was asked for."""
    notes = [f"{', '.join(fidelity)} compare each image with its own target."] if fidelity else []
    if fewer:
        notes.append(f"Measured on {fewer:,} pairs, fewer than --n: no more are held out.")
    if unseen:
        return (*notes, "All images are drawn of images that were not trained on.")
    return (
        *notes,
        "The images are drawn of those of the training, for there are no others: it looks better than it is. "
        "--held-out DATA, data.first or a folder `test` beside `train` names images that it has not seen.",
    )
