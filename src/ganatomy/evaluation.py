"""Measure a generator, or images that one made: the functions behind `ganatomy evaluate`."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ganatomy import data as datasets
from ganatomy import report, runtime, sampling, scoring
from ganatomy.data import Images
from ganatomy.errors import UserError, unknown
from ganatomy.evaluator import CHUNK, Evaluator, check_shape, extractor_for
from ganatomy.report import nearest
from ganatomy.run import RUNS, Run
from ganatomy.scorecard import ScoreCard, of_run, place

SAMPLES = 10_000

Pixels = NDArray[np.uint8]
Source = str | Path | Pixels  # images: a path or named set, or pixels [N, H, W, C]
Stream = Callable[[int], Iterator[Pixels]]  # how many → generated images, some at a time


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
    sample     step, raw, truncation and first_seed of a run's images

    A run keeps the card in eval/, beside a page of generated images with their nearest real ones; `out` is a file to
    write the card to. Raises UserError for what the caller can mend.
    """
    console = console or Console(quiet=True)
    with runtime.start(device) as here:
        run = _run(subject, Path(runs))
        if run is not None:
            if prepare:
                raise UserError(
                    "--size and --channels are for images in files: a run's are prepared as for its training."
                )
            options = run.config().data
            prepare = options.model_dump(include={"size", "channels", "fit"})
            reference, split = (options.path, options.split) if reference is None else (reference, "train")
        elif reference is None:
            raise UserError("Which real images? Give --reference DATA, the images that these should be like.")
        else:
            split = "train"
        prepare = prepare or {}
        with console.status("Reading the real images …"):
            real = _images(reference, split, prepare)
            unseen = _held_out(held_out, reference, prepare) if _wanted(metrics) else None
        if run is not None:
            of, stream, count = _generator(run, **(sample or {}))
        else:
            assert not isinstance(subject, Run)
            of, stream, count = _pictures(_images(subject, "train", prepare), real)
        n = n or count
        if n < 2:
            raise UserError(f"--n {n}: no score can be taken of fewer than 2 images.")

        with console.status(f"Looking at {len(real):,} real images …"):
            extractor = extractor_for(
                features, real, str(here.device), None if weights is None else Path(weights), sha256
            )
            evaluator = Evaluator(real, extractor, n, metrics, unseen)
        with console.status(f"Measuring {n:,} generated ones …"):
            card = evaluator.card(of(n), stream(n))
        if run is not None:
            path = place(run, card)
            card.save(path)
            page = nearest.page(card.name, evaluator.nearest(stream(min(n, nearest.LOOKED_AT))))
            run.write_text(f"eval/{path.stem}-nearest.html", page)
            run.event("evaluation", step=card.subject["step"], **{name: it.value for name, it in card.scores.items()})
            report.write(run)
        if out is not None:
            card.save(Path(out))
        return card


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
            "ganatomy.images.to_uint8 makes them from images in [−1, 1]."
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


def _generator(
    run: Run, step: int | None = None, raw: bool = False, truncation: float | None = None, first_seed: int = 0
) -> tuple[Callable[[int], dict[str, Any]], Stream, int]:
    """A run's generator: what to call n of its images, the images, and how many to take."""
    sampler, step = sampling.load(run, step, raw), int(run.checkpoint(step).name[5:])

    def stream(n: int) -> Iterator[Pixels]:
        for begin in range(first_seed, first_seed + n, CHUNK):
            seeds = range(begin, min(begin + CHUNK, first_seed + n))
            yield sampler.images(sampler.latents(seeds, truncation))

    return lambda n: of_run(run, step, n, not raw, truncation, first_seed), stream, SAMPLES


def _pictures(made: Images, real: Images) -> tuple[Callable[[int], dict[str, Any]], Stream, int]:
    """The same of images that are there already."""
    check_shape(real, made.pixels.shape[1:], made.source)
    # In a random order: a part of a sorted folder would be a part of its classes.
    order = np.random.default_rng(0).permutation(len(made))

    def stream(n: int) -> Iterator[Pixels]:
        for begin in range(0, n, CHUNK):
            yield made.pixels[np.sort(order[begin : min(begin + CHUNK, n)])]

    return lambda n: {"images": made.source, "fingerprint": made.fingerprint}, stream, len(made)
