"""What a training needs before its first step: prepared samples and resolved options."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from ganatomy import data as datasets
from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.options import OF_PAIRS, OF_SOUNDS, Config, DataOptions
from ganatomy.config.settings import change
from ganatomy.data.amounts import COPIED, LEAST, advice, too_few
from ganatomy.data.choices import remembered
from ganatomy.data.pairs import Pairs, whole
from ganatomy.data.rows import Rows
from ganatomy.data.sounds import Sounds
from ganatomy.data.store import classes_named
from ganatomy.diagnosis.data import problems
from ganatomy.diagnosis.probe_images import held_out_images
from ganatomy.diagnosis.probe_pairs import held_out_pairs
from ganatomy.errors import UserError
from ganatomy.evaluation.evaluator import Evaluator
from ganatomy.evaluation.features.choice import extractor_for
from ganatomy.evaluation.sounds.evaluator import SoundEvaluator
from ganatomy.gan.method import Batches, Method
from ganatomy.modalities.image_modality import ImageModality
from ganatomy.modalities.pair_modality import PairModality
from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.modalities.tables.table_modality import TableModality
from ganatomy.runs.run import Run
from ganatomy.system import machine
from ganatomy.system.runtime import Runtime
from ganatomy.training import autotune, initial, privacy
from ganatomy.training.callbacks.evaluation import Evaluates
from ganatomy.training.callbacks.progress import LINE_SECONDS
from ganatomy.training.loop import Budget
from ganatomy.training.measurements import Timing
from ganatomy.training.pairs import modality_of, prepare_pairs
from ganatomy.training.sounds import prepare_sound
from ganatomy.training.sounds import problems as problems_of_sounds
from ganatomy.training.tables import prepare_table, row_scores

Samples: TypeAlias = datasets.Images | Rows | Pairs | Sounds
Check: TypeAlias = Callable[[Samples], None]


@dataclass(frozen=True)
class Prepared:
    """What a session begins with.

    evaluator   measures scores while training, where that is wanted
    samples     real samples that are trained on
    held_out    real ones that are not, for the diagnosis
    altered     an experiment's change of the method and its batches: (method, batches) → batches
    timings     of the ways to compute a step, where it was chosen among them
    """

    config: Config
    samples: Samples
    runtime: Runtime
    evaluator: Evaluates | None = None
    held_out: Samples | None = None
    altered: Callable[[Method, Batches], Batches] | None = None
    timings: Sequence[Timing] = ()

    @property
    def speed(self) -> float:
        """The speed to expect, images/s; needs options without an `auto`."""
        return autotune.expected(self.config, self.modality.shape, self.runtime, self.timings)

    @property
    def images(self) -> datasets.Images:
        """The samples, where they are images, or those that are to be drawn, where they are pairs."""
        samples = self.samples.targets if isinstance(self.samples, Pairs) else self.samples
        assert isinstance(samples, datasets.Images), "only trainings on images get here"
        return samples

    @property
    def modality(self) -> ImageModality | TableModality | PairModality | SoundModality:
        """What a sample is."""
        if isinstance(self.samples, Pairs):
            assert self.held_out is None or isinstance(self.held_out, Pairs)
            return modality_of(self.samples, self.held_out)
        if isinstance(self.samples, Rows | Sounds):
            return self.samples.modality
        _, height, width, channels = self.samples.pixels.shape
        return ImageModality(channels, height, width)

    @property
    def budget(self) -> Budget:
        """When the training stops."""
        return budget_of(self.config)

    @property
    def problems(self) -> list[str]:
        """Why these samples cannot be learnt, one sentence each; empty where the diagnosis is off."""
        if isinstance(self.samples, Rows):
            return []
        if isinstance(self.samples, Sounds):
            return problems_of_sounds(self.samples) if self.config.diagnosis.on else []
        labels = self.images.labels if self.config.prior.conditional else None
        return problems(self.images.pixels, labels) if self.config.diagnosis.on else []


def budget_of(config: Config) -> Budget:
    """When a training stops."""
    options = config.training
    return Budget(options.steps, options.images, options.minutes)


def refuse_few(images: Samples) -> None:
    """Raises UserError where there are too few images to learn from: a check of `prepare_training`."""
    if isinstance(images, Sounds) and len(images) < LEAST:
        raise UserError(f"{images.source}: {len(images)} sounds are too few to learn from; --anyway takes them.")
    if isinstance(images, datasets.Images | Pairs) and (count := _total(images)) < LEAST:
        raise UserError(f"{images.source}: {too_few(count)}")


def _total(images: datasets.Images | Pairs) -> int:
    """How many images there are to train on, as far as is known."""
    return images.total if isinstance(images, datasets.Images) else len(images)


def accept(images: Samples) -> None:
    """Take any number of samples: a check of `prepare_training`."""


def prepare_training(
    planned: Config,
    runtime: Runtime,
    console: Console,
    there: DataOptions | None = None,
    check: Check = accept,
    begun: Run | None = None,
) -> Prepared:
    """Decode the images, or find them in the cache; with several processes the first one does.

    there: where the images are, if not where the configuration says; begun: the run that goes on, if one does; check:
    is called with them before anything is computed from them, and may raise UserError. Raises UserError where they
    cannot be read, or have no classes where the training is conditional.
    """
    there = there or planned.data
    if planned.modality == "sounds":
        settled, sounds, others = prepare_sound(planned, there, console, begun)
        check(sounds)
        runtime = replace(runtime, precision=settled.runtime.precision)
        scored = planned.evaluation.every and runtime.leads
        measures = (
            SoundEvaluator(sounds, others, planned.evaluation.samples, planned.evaluation.metrics) if scored else None
        )
        return Prepared(settled, sounds, runtime, measures, held_out=others if _diagnosed(planned) else None)
    if planned.modality == "tables":
        settled, rows, unseen = prepare_table(planned, there, console, begun)
        check(rows)
        runtime = replace(runtime, precision=settled.runtime.precision)
        evaluator = row_scores(settled.evaluation, rows, unseen) if planned.evaluation.every and runtime.leads else None
        return Prepared(settled, rows, runtime, evaluator, held_out=unseen if _diagnosed(planned) else None)
    if told := _told_before(there):
        console.print(f"Prepared as `ganatomy data prepare` was told: {told}", highlight=False)
    images = _trained_classes(planned, prepare_images(whole(there), console, runtime), console)
    if images.stream is not None and (planned.private or planned.modality == "pairs"):
        what = "Pairs of images" if planned.modality == "pairs" else "privacy.noise"
        raise UserError(f"{what} and data.stream do not go together: all images must be at hand.")
    samples: Samples = images
    if planned.modality == "pairs":
        samples = prepare_pairs(images, there, lambda options: prepare_images(options, console, runtime), console)
    check(samples)
    _, height, width, channels = samples.stored.shape
    shape = {"data.size": [height, width], "data.channels": channels, "data.range": images.range}
    settled = change(planned, {**shape, **_prior(planned, images)})
    prepared = Prepared(settled, samples, replace(runtime, precision=settled.runtime.precision))
    if not runtime.leads:
        return prepared
    for problem in prepared.problems:
        console.print(f"This data cannot work: {problem}.", style="yellow", highlight=False)
    for sentence in privacy.forecast(settled, len(images)):
        console.print(sentence, highlight=False)
    if isinstance(samples, Pairs):
        return replace(prepared, held_out=held_out_pairs(there, samples) if _diagnosed(planned) else None)
    held_out = _held_out(planned, there, images) if _diagnosed(planned) else None
    for sentence in _few(planned, images, held_out):
        console.print(sentence, style="yellow", highlight=False)
    return replace(
        prepared,
        evaluator=_evaluator(settled, images, runtime, console) if planned.evaluation.every else None,
        held_out=held_out,
    )


def _few(planned: Config, images: datasets.Images, held_out: datasets.Images | None) -> Iterator[str]:
    """What to expect of so few images that they are likely to be copied, and whether the diagnosis can tell."""
    if images.total > COPIED:
        return
    if sentence := advice(images.total, images.pixels.shape[-1], started=bool(planned.init.path)):
        yield sentence
    if _diagnosed(planned) and held_out is None:
        yield (
            "Whether samples are copies is measured against images that are not trained on, and there are none: put "
            "some into a folder `test` beside `train`."
        )


def _diagnosed(planned: Config) -> bool:
    return planned.diagnosis.on and planned.method == "adversarial"


def status(console: Console, words: str) -> AbstractContextManager[object]:
    """A spinner while something takes time; a plain line in a pipe, and in a notebook, where rich needs ipywidgets."""
    if console.is_jupyter or not console.is_terminal:
        console.print(words, highlight=False)
        return nullcontext()
    return console.status(escape(words))


def prepare_images(options: DataOptions, console: Console, runtime: Runtime | None = None) -> datasets.Images:
    """Decode images, or find them in the cache, showing progress and what they are.

    runtime: of several processes, of which the first one decodes. Raises UserError where they cannot be read.
    """
    runtime = runtime or Runtime()
    given = options.model_dump(exclude={"path", "flip", "leave_out", *OF_PAIRS, *OF_SOUNDS})
    words, shown = f"Preparing {options.path}", time.monotonic()
    with status(console, f"{words} …") as spinner:

        def show(done: int, total: int) -> None:
            nonlocal shown
            line = f"{words}: {done:,} of {total:,} images"
            if isinstance(spinner, Status):
                spinner.update(escape(line))
            elif time.monotonic() - shown >= LINE_SECONDS:
                console.print(line, highlight=False)
                shown = time.monotonic()

        images = datasets.prepare(options.path, **given, progress=show) if runtime.leads else None
        runtime.any(False)  # the other processes wait here for the first
        images = images or datasets.prepare(options.path, **given)
    if images.values:
        console.print(f"Values: {images.values}", highlight=False)
    for sentence in (*([images.warning] if images.warning else []), *images.notes):
        console.print(sentence, style="yellow", highlight=False)
    count, height, width, channels = images.pixels.shape
    kind = {1: "grey", 3: "colour", 4: "colour with alpha"}[channels]
    some = f"{count:,}"
    if images.stream is not None:
        some = f"about {images.total:,} images in {len(images.stream):,} shards, decoded as they are needed; now {some}"
    console.print(f"Data: {some} images, {height}×{width}, {kind}", highlight=False)
    return images


def _told_before(options: DataOptions) -> str:
    """What `ganatomy data prepare` was told about these images, as far as these options follow it; empty: nothing."""
    values = options.model_dump(mode="json")
    chosen = remembered(options.path, options.split).items()
    followed = {name: value for name, value in chosen if name in values and values[name] == value}
    if "size" in followed:
        followed["size"] = "×".join(map(str, followed["size"]))
    return ", ".join(f"{name} {value}" for name, value in followed.items())


def _trained_classes(planned: Config, images: datasets.Images, console: Console) -> datasets.Images:
    """The images with only those classes of which there is one, where the training is conditional."""
    if not planned.prior.conditional or images.labels is None or images.classes is None:
        return images
    if np.bincount(images.labels, minlength=len(images.classes)).tolist() == planned.prior.classes:
        return images  # resumed: an earlier version trained classes without an image too
    present = images.present
    if absent := [name for name in images.classes if name not in present]:
        console.print(f"No image is there of {classes_named(absent)}: left out.", style="yellow", highlight=False)
    return images.of_classes(present)


def _held_out(planned: Config, there: DataOptions, images: datasets.Images) -> datasets.Images | None:
    """Real images that are not trained on, labelled as in the training where that is conditional."""
    found = held_out_images(there, images)
    if found is None or images.classes is None or not planned.prior.conditional or found.classes == images.classes:
        return found
    found = found.of_classes(images.classes)
    return found if len(found) else None


def _prior(planned: Config, images: datasets.Images) -> dict[str, Any]:
    """Options of the prior that the images decide: classes, and the dimension where z is an image of noise."""
    found: dict[str, Any] = {}
    if planned.method in FROM_PIXELS:
        found["prior.dimension"] = int(images.pixels[0].size)
    if planned.prior.conditional:
        if images.labels is None or images.classes is None:
            cure = "Put the images of each class into a folder of its own, or add a labels.csv."
            raise UserError(
                f"{planned.data.path} has no classes to generate by (prior.conditional). {images.unlabelled or cure}"
            )
        found["prior.classes"] = np.bincount(images.labels, minlength=len(images.classes)).tolist()
    return found


def _evaluator(settled: Config, images: datasets.Images, runtime: Runtime, console: Console) -> Evaluator:
    options = settled.evaluation
    with status(console, "Extracting features of the real images, for the scores …"):
        extractor = extractor_for(options.features, images, str(runtime.device))
        return Evaluator(images, extractor, options.samples, options.metrics or ["fd"])


def device_kept(asked: str, runtime: Runtime) -> str:
    """What config.yaml says: a GPU that was asked for by number is the run's own; `auto` is the kind that it found."""
    return runtime.device.type if asked == "auto" else asked


def resolve(prepared: Prepared, console: Console) -> Prepared:
    """The same with every `auto` replaced: precision and convolutions by timing, device and threads by the machine.

    Raises UserError where the generator to start from does not fit.
    """
    runtime = prepared.runtime
    if prepared.config.init.path:
        console.print(initial.describe(prepared.config, prepared.modality.shape), highlight=False)
    if busy := machine.busy():
        console.print(f"{busy} Training is slower than it would be alone.", style="yellow", highlight=False)
    with status(console, "Choosing precision and convolutions …"):
        settled, timings = autotune.choose(prepared.config, prepared.modality.shape, runtime)
    for timing in timings:
        console.print(f"  {timing}", style="dim", highlight=False)
    chosen, why = settled.runtime, "the fastest that agrees" if timings else "as requested"
    console.print(
        f"Computing on {runtime.device}: {chosen.precision}, {chosen.convolution} convolutions ({why})", highlight=False
    )
    if prepared.config.runtime.convolution == "patches" != chosen.convolution:
        sentence = "runtime.convolution=patches changes nothing here: it needs a CPU and networks with convolutions."
        console.print(sentence, style="yellow", highlight=False)
    threads = chosen.threads or torch.get_num_threads()
    device = device_kept(chosen.device, runtime)
    settled = change(settled, {"runtime.device": device, "runtime.threads": threads})
    runtime = replace(runtime, precision=chosen.precision)
    return replace(prepared, config=settled, runtime=runtime, timings=timings)
