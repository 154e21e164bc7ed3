"""Measure a generator, or images that one made: the functions behind `ganatomy evaluate`."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ganatomy import data as datasets
from ganatomy import report
from ganatomy.data import Images
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation import scoring
from ganatomy.evaluation.evaluator import CHUNK, Evaluator, check_shape, extractor_for
from ganatomy.generators import api as sampling
from ganatomy.report import nearest
from ganatomy.runs.run import RUNS, Run
from ganatomy.runs.scorecard import ScoreCard, keep, of_run
from ganatomy.system import runtime
from ganatomy.training.callbacks.evaluation import BATCH

SAMPLES = 10_000

Pixels = NDArray[np.uint8]
Source = str | Path | Pixels  # images: a path or named set, or pixels [N, H, W, C]


def evaluate(
    subject: Source | Run,
    *,
    metrics: Sequence[str] = (),
    n: int | None = None,
    features: str = "auto",
    reference: Source | None = None,
    held_out: Source | None = None,
    weights: str | Path | None = None,
    sha256: str | None = None,
    prepare: dict[str, Any] | None = None,
    sample: dict[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> ScoreCard:
    """Scores of a run's generator, or of generated images, each with its interval, its floor and its protocol.

    subject    a run, or generated images: a folder, an archive, an array file, or pixels uint8 [N, H, W, C]
    metrics    names of scoring.METRICS, or "all"; none: the usual ones
    n          how many generated images: 10,000 of a run, all of a folder
    features   a name of features.EXTRACTORS, or "auto": the best one for these images that is there
    reference  the real images; a run's own training images if not given
    held_out   real images that the generator did not learn from; if not given, the reference's split `test`
    weights    the file of a large network's weights, and the sha256 that it must have
    prepare    size, channels and fit of images that are not a run's: as for `ganatomy.prepare`
    sample     step, raw, truncation, label, first_seed of a run's images, and changes: as for `ganatomy.sample`

    A run keeps the card in eval/, beside a page of generated images with their nearest real ones; `out` is a file to
    write the card to. Raises UserError for what the caller can mend.
    """
    console = console or Console(quiet=True)
    run = _run(subject, Path(runs))
    split, first = "train", None
    if run is not None:
        if prepare:
            raise UserError("--size and --channels are for images in files: a run's are prepared as for its training.")
        options = run.config().data
        prepare = options.model_dump(include={"size", "channels", "fit"})
        if reference is None:
            reference, split, first = options.path, options.split, options.first
    if reference is None:
        raise UserError("Which real images? Give --reference DATA, the images that these should be like.")

    with runtime.start(device) as here:
        with console.status("Reading the real images …"):
            real = _images(reference, split, {**(prepare or {}), "first": first})
            unseen = _held_out(held_out, reference, prepare or {}) if _wanted(metrics) else None
        if run is not None:
            made = _of_run(run, **(sample or {}))
        else:
            made = _of_images(_images(subject, "train", prepare or {}), real)  # type: ignore[arg-type]  # no run
        n = made.count if n is None else n
        if n < 2:
            raise UserError(f"--n {n}: no score can be taken of fewer than 2 images.")
        with console.status(f"Making ready the features of {len(real):,} real images …") as status:
            file = None if weights is None else Path(weights)
            extractor = extractor_for(features, real, str(here.device), file, sha256)
            evaluator = Evaluator(real, extractor, n, metrics, unseen, status.update)
            card = evaluator.card(made.subject(n), made.draw(n))
        if run is not None:
            _keep(run, card, nearest.page(card.name, evaluator.nearest(made.draw(min(n, nearest.LOOKED_AT)))))
        if out is not None:
            card.save(Path(out))
        return card


@dataclass(frozen=True)
class Generated:
    """Generated images: what to call n of them, how to get them, and how many to take if nobody says."""

    subject: Callable[[int], dict[str, Any]]
    draw: Callable[[int], Iterator[Pixels]]
    count: int


def _keep(run: Run, card: ScoreCard, page: str) -> None:
    """Leave a card in the run's folder, with the page of nearest images beside it, and write the report anew."""
    run.write_text(f"eval/{keep(run, card).stem}-nearest.html", page)
    report.write(run)


def _run(subject: Source | Run, runs: Path) -> Run | None:
    """The run that is meant, or None if it is images."""
    if isinstance(subject, Run):
        return subject
    if isinstance(subject, np.ndarray):
        return None
    path = Path(subject)
    if str(subject) == "last" or (path / "run.json").is_file() or (runs / path / "run.json").is_file():
        return Run.find(subject, runs)
    if path.exists() or ":" in str(subject) or str(subject) == "digits":
        return None
    known = [folder.name for folder in runs.iterdir()] if runs.is_dir() else []
    raise unknown("run or folder of images", str(subject), [*known, "last"])


def _images(source: Source, split: str, prepare: dict[str, Any]) -> Images:
    if not isinstance(source, np.ndarray):
        return datasets.prepare(source, split=split, **prepare)
    if source.dtype != np.uint8 or source.ndim != 4:
        raise UserError(
            f"Pixels must be uint8 [N, H, W, C] from 0 to 255, not {source.dtype} {list(source.shape)}; "
            "ganatomy.modalities.images.to_uint8 makes them from images in [−1, 1]."
        )
    fingerprint = hashlib.sha256(repr(source.shape).encode() + source.tobytes()).hexdigest()
    return Images(source, None, None, fingerprint, "an array", [])


def _wanted(metrics: Sequence[str]) -> bool:
    """Whether a metric that is asked for needs real images that the generator did not learn from."""
    needing = {"all", *(name for name, metric in scoring.METRICS.items() if "unseen" in metric.needs)}
    return not needing.isdisjoint(metrics)


def _held_out(held_out: Source | None, reference: Source, prepare: dict[str, Any]) -> Images | None:
    if held_out is not None:
        return _images(held_out, "train", prepare)
    if isinstance(reference, np.ndarray):
        return None
    try:
        return datasets.prepare(reference, split="test", **prepare)
    except UserError:  # there is no such split
        return None


def _of_run(
    run: Run,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    label: str | int | None = None,
    first_seed: int = 0,
    changes: dict[str, Any] | None = None,
) -> Generated:
    """Images of a run's generator, one a seed."""
    step = int(run.checkpoint(step).name[5:])  # once: a run in training may save another at any time
    sampler = sampling.load(run, step, raw, truncation, changes)
    how = {**({} if label is None else {"class": label}), **(changes or {})}

    def draw(n: int) -> Iterator[Pixels]:
        for begin in range(first_seed, first_seed + n, CHUNK):
            seeds = range(begin, min(begin + CHUNK, first_seed + n))
            yield sampler.images(sampler.latents(seeds, label), BATCH)

    return Generated(lambda n: of_run(run, step, n, not raw, truncation, first_seed, how), draw, SAMPLES)


def _of_images(made: Images, real: Images) -> Generated:
    """Images that are there already, in a random order: a part of a sorted folder would be a part of its classes."""
    check_shape(real, made.pixels.shape[1:], made.source)
    order = np.random.default_rng(0).permutation(len(made))

    def draw(n: int) -> Iterator[Pixels]:
        for begin in range(0, n, CHUNK):
            yield made.pixels[np.sort(order[begin : min(begin + CHUNK, n)])]

    return Generated(lambda n: {"images": made.source, "fingerprint": made.fingerprint}, draw, len(made))
