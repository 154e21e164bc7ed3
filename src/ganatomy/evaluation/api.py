"""Measure a generator, or images that it made: the function behind `ganatomy evaluate`."""

import hashlib
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ganatomy import data as datasets
from ganatomy.config.options import BUFFER, CACHE_GB
from ganatomy.data import Images, samples
from ganatomy.data.decode import Fit, Padding
from ganatomy.data.sources import is_name
from ganatomy.data.values import Range
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation import scoring
from ganatomy.evaluation.evaluator import BATCH, Evaluator, check_shape
from ganatomy.evaluation.features.choice import AUTO, extractor_for
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.pairs.of_run import evaluate_run as evaluate_pairs
from ganatomy.evaluation.rows.of_run import evaluate_run
from ganatomy.evaluation.sounds.of_run import evaluate_run as evaluate_sounds
from ganatomy.generators import api as sampling
from ganatomy.generators import trained
from ganatomy.generators.classes import class_index
from ganatomy.generators.pretrained import GRAPH
from ganatomy.generators.sampler import Sampler
from ganatomy.generators.weights import WEIGHTS
from ganatomy.report import nearest, page
from ganatomy.runs import scorecard
from ganatomy.runs.images import located
from ganatomy.runs.run import RUNS, Run
from ganatomy.runs.scorecard import ScoreCard, keep, subject_of_run
from ganatomy.system import runtime
from ganatomy.system.files import explained
from ganatomy.system.terminal import Terminal

SAMPLES = 10_000  # generated images of a run
CHUNK = 1024  # images read or drawn at a time

Pixels = NDArray[np.uint8]
Source = str | Path | Pixels  # images: a path or named set, or pixels [N, H, W, C]


def evaluate(
    subject: Source | Run,
    *,
    metrics: Sequence[str] = (),
    n: int | None = None,
    features: str = AUTO,
    reference: Source | None = None,
    held_out: Source | None = None,
    weights: str | Path | None = None,
    sha256: str | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    fit: Fit = "crop",
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    label: str | int | None = None,
    first_seed: int = 0,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> ScoreCard:
    """Scores of a run's generator, or of generated images, each with its interval, its floor and its protocol.

    subject     a run, or generated images: a folder, an archive, an array file, or pixels uint8 [N, H, W, C]
    metrics     names of METRICS, or "all"; none: the usual ones
    n           how many generated images: 10,000 of a run, all of a folder
    features    a name of EXTRACTORS, or "auto": the best one for these images that is at hand
    reference   the real images; by default a run's own training images
    held_out    real images that the generator was not trained on; by default the reference's split `test`
    weights     the file of a large network's weights, and the SHA-256 that it must have
    size        of images in files, as are channels and fit: see `ganatomy.prepare`
    step        of a run, as are raw, truncation and changes: see `ganatomy.sample`
    label       a class: generated images of it against real images of it; sets without labels are taken whole
    first_seed  of a run's images, one a seed
    device      draws a run's images and computes the features: auto, cpu, cuda, cuda:N or mps
    out         a file to write the card to

    Of a run on a table, rows are measured as by `evaluation.rows.api.evaluate`, with the metrics of tables; of a run on
    pairs, what is drawn of given images as by `evaluation.pairs.of_run.evaluate_run`, with those of pairs beside; of a
    run on sounds, these as by `evaluation.sounds.of_run.evaluate_run`, with those of sounds.

    A run keeps the card in eval/, beside a page of generated images with their nearest real ones. Raises UserError
    for whatever the caller can mend.
    """
    console = console or Terminal(quiet=True)
    if out is not None and not os.access(Path(out).parent, os.W_OK | os.X_OK):  # before minutes of measuring
        raise UserError(f"{out} cannot be written: {Path(out).parent} is no folder that can be written to.")
    run = _run(subject, Path(runs))
    if run is not None and trained.of_modality(run, "tables"):
        of_images = (features != AUTO, weights, sha256, size, channels, fit != "crop", label, changes)
        if any(of_images) or isinstance(reference, np.ndarray) or isinstance(held_out, np.ndarray):
            raise UserError(f"{run.path} draws rows of a table: features, size, label and the like are for images.")
        how: dict[str, Any] = {"step": step, "raw": raw, "truncation": truncation, "first_seed": first_seed}
        given: dict[str, Any] = {"reference": reference, "held_out": held_out, "metrics": metrics, "n": n, "out": out}
        return evaluate_run(run, **given, **how, device=device).cards[0]
    if run is not None and trained.of_modality(run, "pairs"):
        others = (weights, sha256, size, channels, fit != "crop", label, changes, truncation, first_seed)
        if reference is not None or any(others):
            raise UserError(f"{run.path} is given images: reference, size, label, seeds and the like are of others.")
        if isinstance(held_out, np.ndarray):
            raise UserError("held_out: give the folder or file of these images.")
        drawn: dict[str, Any] = {"step": step, "raw": raw, "device": device, "out": out}
        return evaluate_pairs(run, held_out=held_out, metrics=metrics, n=n, features=features, **drawn).cards[0]
    if run is not None and trained.of_modality(run, "sounds"):
        of_images = (features != AUTO, weights, sha256, size, channels, fit != "crop", label, changes)
        if reference is not None or any(of_images) or isinstance(held_out, np.ndarray):
            raise UserError(f"{run.path} draws sounds: reference, features, size, label and the like are for images.")
        made_by: dict[str, Any] = {"step": step, "raw": raw, "truncation": truncation, "first_seed": first_seed}
        chosen: dict[str, Any] = {"held_out": held_out, "metrics": metrics, "n": n, "device": device, "out": out}
        return evaluate_sounds(run, **chosen, **made_by).cards[0]
    split, first, files = "train", None, Preparation(size, channels, fit)
    own = run is not None and reference is None
    if run is not None:
        if files != Preparation():
            raise UserError("--size and --channels are for images in files: a run's are prepared as for its training.")
        options = run.config().data
        files = Preparation(
            options.size, options.channels, options.fit, options.padding, options.range, options.classes_from
        )
        if own:
            options = located(run, options, f"ganatomy evaluate {run.address} --reference PLACE")
            reference, split, first = options.path, options.split, options.first
            files = replace(files, stream=options.stream, buffer=options.buffer, cache_gb=options.cache_gb)
    elif step is not None or raw or truncation is not None or changes or first_seed:
        raise UserError(
            "--step, --raw, --truncation, --set and --first-seed choose what a run draws: these are images."
        )
    if reference is None:
        raise UserError("--reference DATA is required: the real images to compare against.")

    with runtime.start(device) as here:
        with console.status("Reading the real images …"):
            every = _images(reference, split, files, first)
            unseen = _held_out(held_out, reference, files) if _needs_unseen(metrics) else None
        if run is not None:
            if own:
                _check_same_images(run, every)
            made, label = _of_run(run, step, raw, truncation, label, first_seed, changes or {}, str(here.device))
        else:
            images = _images(subject, "train", files)  # type: ignore[arg-type]  # no run
            _say_what_is_left_out(images, console)
            classes = every.classes or images.classes
            if label is not None and classes:
                label = classes[class_index(label, classes, f"class in {every.source}")]
            made = _of_images(_of_class(images, label, console), every)
        for read in (every, *([unseen] if unseen else [])):
            _say_what_is_left_out(read, console)
        real = _of_class(every, label, console)
        unseen = unseen and _of_class(unseen, label, console)
        n = made.count if n is None else n
        if n < 2:
            raise UserError(f"--n {n}: no score can be measured on fewer than 2 images.")
        with console.status(f"Features of {len(real):,} real images …") as status:
            file = None if weights is None else Path(weights)
            extractor = extractor_for(features, every, str(here.device), file, sha256)
            evaluator = Evaluator(real, extractor, n, metrics, unseen, status.update)
            card = evaluator.card(made.subject(n), made.draw(n))
        if run is not None:
            neighbours = evaluator.nearest(made.draw(min(n, nearest.COMPARED)))
            with explained(run.path):
                run.write_text(f"eval/{keep(run, card).stem}-nearest.html", nearest.page(card.name, neighbours))
                page.write(run)
        scorecard.write(card, out)
        return card


@dataclass(frozen=True)
class Preparation:
    """How images in files are prepared: see `ganatomy.prepare`."""

    size: int | tuple[int, int] | None = None
    channels: int | None = None
    fit: Fit = "crop"
    padding: Padding = "background"
    range: Range | None = None
    classes_from: int | None = None
    stream: bool | None = None
    buffer: int = BUFFER
    cache_gb: float = CACHE_GB


@dataclass(frozen=True)
class Generated:
    """Generated images: the subject of a card of n of them, a stream of the first n, and how many by default."""

    subject: Callable[[int], dict[str, Any]]
    draw: Callable[[int], Iterator[Pixels]]
    count: int


def _run(subject: Source | Run, runs: Path) -> Run | None:
    """The run that is meant, or None if it is images. Raises UserError for what is neither."""
    if isinstance(subject, Run):
        return subject
    if isinstance(subject, np.ndarray):
        return None
    path = Path(subject)
    if str(subject) == "last" or (path / "run.json").is_file() or (runs / path / "run.json").is_file():
        return Run.find(subject, runs)
    if path.is_dir() and path.name == "samples" and (path.parent / "run.json").is_file():
        raise UserError(
            f"{path} holds the contact sheets of a training, many images in each: `ganatomy evaluate {path.parent}` "
            "measures its generator."
        )
    if is_export(path):
        raise UserError(f"{path} is an exported generator: `ganatomy evaluate RUN` measures that of the run itself.")
    if path.exists() or ":" in str(subject) or is_name(str(subject)):
        return None
    known = [folder.name for folder in runs.iterdir()] if runs.is_dir() else []
    raise unknown("run or folder of images", str(subject), [*known, "last"])


def is_export(path: Path) -> bool:
    """Whether a path is an exported generator's."""
    return path.suffix in (".onnx", ".safetensors") or (path / WEIGHTS).is_file() or (path / GRAPH).is_file()


def _images(source: Source, split: str, how: Preparation, first: int | None = None) -> Images:
    if not isinstance(source, np.ndarray):
        return datasets.prepare(source, split=split, first=first, **asdict(how))
    if source.dtype != np.uint8 or source.ndim != 4:
        raise UserError(
            f"Pixels must be uint8 [N, H, W, C] from 0 to 255, not {source.dtype} {list(source.shape)}; "
            "ganatomy.modalities.images.to_uint8 makes them from images in [−1, 1]."
        )
    fingerprint = hashlib.sha256(repr(source.shape).encode() + source.tobytes()).hexdigest()
    return Images(source, None, None, fingerprint, "an array", [])


def _say_what_is_left_out(images: Images, console: Console) -> None:
    """What of a set is not measured: files that cannot be read, and what else is left out."""
    sentences = list(images.notes)
    if images.skipped:
        (member, reason), total = images.skipped[0], len(images) + len(images.skipped)
        sentences.append(
            f"{images.source}: {len(images.skipped):,} of {total:,} images cannot be read (first: {member}, {reason}); "
            "they are not measured."
        )
    if (folder := Path(images.source)).is_dir():
        sentences += samples.left_out(folder)
    for sentence in dict.fromkeys(sentences):
        console.print(sentence, style="yellow", highlight=False, soft_wrap=True)


def _check_same_images(run: Run, images: Images) -> None:
    """Raise UserError where a run's own images have changed since its training, unless it recorded none."""
    recorded = run.info().get("data", {}).get("fingerprint")
    if recorded and recorded != images.fingerprint:
        how = "otherwise prepared" if recorded == images.former else "other"
        raise UserError(
            f"{run.path} was trained on {how} images than {images.source} holds now: give the ones to compare with, as "
            f"in --reference {shlex.quote(images.source)} for those that are there now."
        )


def _of_class(images: Images, name: str | int | None, console: Console) -> Images:
    """Those of a class; all, with a word about it, where they have no labels. Raises UserError for too few of them."""
    if name is None:
        return images
    if images.labels is None or images.classes is None:
        console.print(f"{images.source} has no labels: all its images count as {name}.", highlight=False)
        return images
    if name not in images.classes:
        raise unknown(f"class in {images.source}", str(name), images.classes)
    indices = np.flatnonzero(images.labels == images.classes.index(name))
    if len(indices) < 2:
        raise UserError(f"{images.source} has too few images of the class {name} to compare with: {len(indices)}.")
    return replace(images.some(indices), source=f"{images.source}, class {name}")


def _needs_unseen(metrics: Sequence[str]) -> bool:
    """Whether one of the metrics needs real images that the generator was not trained on."""
    return scoring.ALL in metrics or any("unseen" in METRICS[name].needs for name in metrics if name in METRICS)


def _held_out(held_out: Source | None, reference: Source, how: Preparation) -> Images | None:
    if held_out is not None:
        return _images(held_out, "train", how)
    if isinstance(reference, np.ndarray):
        return None
    try:
        return _images(reference, "test", how)
    except UserError:  # there is no such split
        return None


def _of_run(
    run: Run,
    step: int | None,
    raw: bool,
    truncation: float | None,
    label: str | int | None,
    first_seed: int,
    changes: Mapping[str, Any],
    device: str,
) -> tuple[Generated, str | None]:
    """Images of a run's generator, one a seed, and the name of their class if they have one in common."""
    step = int(run.checkpoint(step).name[5:])  # once: a run in training may save another at any time
    sampler = sampling.load_images(run, step, raw, truncation, changes, device=device)
    name = None if label is None else _class_name(sampler, label)
    how = {**({} if name is None else {"class": name}), **changes}

    def draw(n: int) -> Iterator[Pixels]:
        for begin in range(first_seed, first_seed + n, CHUNK):
            seeds = range(begin, min(begin + CHUNK, first_seed + n))
            yield sampler.images(sampler.latents(seeds, label), BATCH)

    return Generated(lambda n: subject_of_run(run, step, n, not raw, truncation, first_seed, how), draw, SAMPLES), name


def _class_name(sampler: Sampler, label: str | int) -> str:
    """The name of the class that a name or a number means."""
    weights = sampler.prior.split(sampler.latents([0], label))[1]
    assert weights is not None  # latents refuses a class of an unconditional generator
    return sampler.classes[int(weights[0].argmax())]


def _of_images(made: Images, real: Images) -> Generated:
    """Images that are there already, in a random order: a part of a sorted folder would be a part of its classes."""
    check_shape(real, made.pixels.shape[1:], made.source)
    order = np.random.default_rng(0).permutation(len(made))

    def draw(n: int) -> Iterator[Pixels]:
        for begin in range(0, n, CHUNK):
            yield made.pixels[np.sort(order[begin : min(begin + CHUNK, n)])]

    return Generated(lambda n: {"images": made.source, "fingerprint": made.fingerprint}, draw, len(made))
