"""Who watches a training: those who write the run folder, talk to the person, and say what is wrong."""

import contextlib
from dataclasses import replace

import numpy as np
import torch
from rich.console import Console

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config import options as config
from ganatomy.data.batches import RealBatches
from ganatomy.diagnosis import signals
from ganatomy.diagnosis.reading import facts
from ganatomy.errors import UserError
from ganatomy.gan.method import Batch, Batches, Method
from ganatomy.runs.run import Run
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.training.callbacks.checkpoints import Checkpoints
from ganatomy.training.callbacks.diagnosis import MOST_LEARNT, Looks, Probe, Verdicts, gathered
from ganatomy.training.callbacks.progress import ShowProgress
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.callbacks.snapshots import Snapshots
from ganatomy.training.callbacks.tensorboard import TensorBoard
from ganatomy.training.callbacks.walk import Walk
from ganatomy.training.loop import Budget, Callback

SNAPSHOT_SEEDS = list(range(64))  # tile s of every grid is seed s
UNSEEN = 1024  # real images set beside those that are learnt from, at most


def watchers(
    run: Run,
    options: config.Config,
    budget: Budget,
    attempt: int,
    console: Console,
    looks: Looks | None = None,
    remedies: int = 0,
) -> list[Callback]:
    """Everybody who watches a training, in the order in which they are told of a step.

    looks: who measures the signals of the diagnosis; remedies: how many more may be applied.
    """
    log, prior = options.log, build.prior(options.prior)
    recorder = Recorder(run, log.every)
    tensorboard = [TensorBoard(run, recorder)] if log.tensorboard else []
    checkpoints = Checkpoints(run, log.checkpoint, log.keep, attempt)
    watched: list[Callback] = [recorder, *tensorboard, Snapshots(run, prior.of_seeds(SNAPSHOT_SEEDS), log.snapshot)]
    if looks is None:
        return [*watched, checkpoints, ShowProgress(console, budget), Walk(run, prior)]
    verdicts = Verdicts(run, facts(run), recorder, remedies)
    progress = ShowProgress(console, budget, lambda: verdicts.verdict)
    # Looks before the recorder, which writes what they find; verdicts last: one may end the sitting.
    return [looks, *watched, checkpoints, progress, Walk(run, prior), verdicts]


def looks(
    options: config.Config, images: datasets.Images, unseen: datasets.Images | None, batches: Batches, attempt: int
) -> Looks:
    """Who measures the signals of the diagnosis, on real images as the training sees them."""
    count = min(options.diagnosis.samples, len(images))

    def make(method: Method) -> Probe:
        reals = gathered(batches, min(len(images), signals.MOST), options.training.discriminator_steps)
        learnt = images.pixels if len(images) <= MOST_LEARNT else None
        others = None if unseen is None else _batch(unseen, count, options, method.runtime)
        codes = method.prior.of_seeds(range(count))
        return Probe(method, codes, reals, others, learnt, _of_a_class(method, reals, count))

    return Looks(make, options.diagnosis.every, options.log.every, attempt)


def unseen_images(options: config.Data, images: datasets.Images) -> datasets.Images | None:
    """Real images that are not learnt from: what `data.first` leaves of the split, or else the source's `test`."""
    height, width, channels = images.pixels.shape[1:]

    def prepared(split: str) -> datasets.Images:
        return datasets.prepare(options.path, size=(height, width), channels=channels, fit=options.fit, split=split)

    def some_of(whole: datasets.Images, begin: int = 0) -> datasets.Images:
        count = min(len(whole) - begin, UNSEEN)
        return whole.some(np.linspace(begin, len(whole) - 1, count).astype(int))

    if options.first is not None and len(whole := prepared(options.split)) > len(images):
        return some_of(whole, len(images))
    if options.split == "train":
        with contextlib.suppress(UserError):  # there is no such split
            return some_of(prepared("test"))
    return None


def _batch(images: datasets.Images, count: int, options: config.Config, runtime: Runtime) -> Batch | None:
    """Evenly chosen images, as the training would see them; None where classes are wanted and there are none."""
    some = images.some(np.linspace(0, len(images) - 1, min(count, len(images))).astype(int))
    classes = len(options.prior.classes) if options.prior.conditional else 0
    if classes and (some.labels is None or some.labels.max() >= classes):
        return None
    alone, labels = replace(runtime, world=1, rank=0), some.labels if classes else None
    return RealBatches(some.pixels, len(some), 1, Randomness(0), alone, labels=labels, classes=classes)(0)


def _of_a_class(method: Method, reals: Batch, count: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Codes and real images of the most frequent class, where there are classes."""
    if reals.classes is None:
        return None
    label = int(reals.classes.sum(0).argmax())
    theirs = reals.images[reals.classes[:, label] > 0]
    return (method.prior.of_seeds(range(count // 2), label), theirs) if len(theirs) > 3 else None
