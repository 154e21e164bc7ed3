"""Which real images a probe uses, and the probe of a training of ours. Needs torch."""

import contextlib
from dataclasses import replace

import numpy as np
import torch

from ganatomy import data as datasets
from ganatomy.config.options import Config, DataOptions
from ganatomy.data.batches import RealBatches
from ganatomy.data.shard_batches import ShardBatches
from ganatomy.diagnosis.probe import Probe, ProbeImages, extremes
from ganatomy.diagnosis.reference import MOST
from ganatomy.errors import UserError
from ganatomy.gan.method import Batch, Batches, Method
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime

HELD_OUT = 1024  # images at most
SEARCHED = 5000  # training images; a larger set is not memorised


def probe_of(
    method: Method, options: Config, images: datasets.Images, held_out: datasets.Images | None, batches: Batches
) -> Probe:
    """The probe of a training: `diagnosis.samples` latent vectors, and real images as `batches` give them.

    images: the training set; held_out: real images that are not trained on, or None.
    """
    count = min(options.diagnosis.samples, len(images))
    if isinstance(batches, ShardBatches):
        batches = batches.of_some()
    elif isinstance(batches, RealBatches):
        batches = batches.whole()  # one process measures, and sees what it would see alone
    real = first(batches, min(len(images), MOST), options.training.discriminator_steps)
    chosen = ProbeImages(
        real,
        None if held_out is None else _batch(held_out, count, options, method.runtime),
        images.pixels if images.total <= SEARCHED else None,
        _of_class(method, real, count),
        _extremes(images),
    )
    return Probe(method, method.prior.of_seeds(range(count)), chosen, images.total)


def _extremes(images: datasets.Images) -> tuple[float, float]:
    """Of at most as many prepared images, evenly chosen, as the probe is shown."""
    some = np.array(images.pixels[np.linspace(0, len(images) - 1, min(MOST, len(images))).astype(int)])
    return extremes(to_float(torch.from_numpy(some)).numpy())


def held_out_images(options: DataOptions, images: datasets.Images) -> datasets.Images | None:
    """Real images that are not trained on: what `data.first` leaves of the split, or else the source's `test`."""
    height, width, channels = images.pixels.shape[1:]

    def prepared(split: str) -> datasets.Images:
        how = options.model_dump(include={"fit", "padding", "range", "classes_from", "stream", "buffer", "cache_gb"})
        return datasets.prepare(options.path, size=(height, width), channels=channels, split=split, **how)

    def evenly(whole: datasets.Images, begin: int = 0) -> datasets.Images:
        count = min(len(whole) - begin, HELD_OUT)
        return whole.some(np.linspace(begin, len(whole) - 1, count).astype(int))

    if options.first is not None and len(whole := prepared(options.split)) > len(images):
        return evenly(whole, len(images))
    if options.split == "train":
        with contextlib.suppress(UserError):  # there is no such split
            return evenly(prepared("test"))
    return None


def first(batches: Batches, count: int, turns: int = 1) -> Batch:
    """The first `count` real images of a training with so many discriminator steps a step, as it sees them."""
    found: list[Batch] = []
    step = 0
    while sum(len(batch.images) for batch in found) < count:
        found.append(batches(step // turns, step % turns))
        step += 1
    classes = [batch.classes for batch in found if batch.classes is not None]
    return Batch(torch.cat([batch.images for batch in found])[:count], torch.cat(classes)[:count] if classes else None)


def _batch(images: datasets.Images, count: int, options: Config, runtime: Runtime) -> Batch | None:
    """Evenly chosen images, as the training would see them; None where classes are needed and there are none."""
    some = images.some(np.linspace(0, len(images) - 1, min(count, len(images))).astype(int))
    classes = len(options.prior.classes) if options.prior.conditional else 0
    if classes and (some.labels is None or some.labels.max() >= classes):
        return None
    alone, labels = replace(runtime, world=1, rank=0), some.labels if classes else None
    flip = options.data.flip
    return RealBatches(some.pixels, len(some), 1, Randomness(0), alone, flip=flip, labels=labels, classes=classes)(0)


def _of_class(method: Method, real: Batch, count: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Codes and real images of the most frequent class, where there are classes and enough images."""
    if real.classes is None:
        return None
    label = int(real.classes.sum(0).argmax())
    theirs = real.images[real.classes[:, label] > 0]
    return (method.prior.of_seeds(range(count // 2), label), theirs) if len(theirs) > 3 else None
