"""A small convolutional classifier, trained on the user's own classes, whose last hidden layer is the features."""

import hashlib
import json
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor, nn

from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.evaluation.features.extractor import BATCH, Pixels, extract
from ganatomy.evaluation.features.network import NetworkExtractor, Outputs
from ganatomy.modalities.images import to_float
from ganatomy.system import weights
from ganatomy.system.files import cache_folder, cached, write_bytes, write_text

RECIPE = 1  # raise when the same images would give another network
FEATURES = 64
WIDEST = 96
LARGEST = 64
EPOCHS = 20
LEAST = 100  # images

Rows = NDArray[np.intp]
Labels = NDArray[np.int64]


class Classifier(nn.Module):
    """Convolutions that halve the image down to 4 to 7 pixels, 64 rectified features, a softmax.

    Images of 128 pixels and more are averaged down to 64 to 127 first: a minute's training has no time for details.
    Every feature is normalised over a batch of training images before it is rectified: none is dead, and none
    outweighs the others in a distance.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        """shape: of the images, (H, W, C), from 8 pixels."""
        super().__init__()
        self.shrink = nn.AvgPool2d(shrinkage(shape))
        halvings = int(log2(min(shape[:2]) / shrinkage(shape) / 4))
        widths = [shape[2], *(max(16, WIDEST >> stage) for stage in reversed(range(halvings)))]
        self.stages = nn.Sequential(*(_stage(*pair) for pair in pairwise(widths)))
        self.penultimate = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(widths[-1] * 16, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES),
            nn.ReLU(),
        )
        self.last = nn.Linear(FEATURES, classes)

    def read(self, pixels: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → floats [B, C, H', W'] in [−1, 1]."""
        return self.shrink(to_float(pixels))

    def logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What `read` gives → features [B, 64] and logits [B, K]."""
        features = self.penultimate(self.stages(images))
        return features, self.last(features)

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, H, W, C] → features [B, 64] and probabilities [B, K]."""
        features, logits = self.logits(self.read(pixels))
        return features, logits.softmax(1)


def shrinkage(shape: tuple[int, int, int]) -> int:
    """The side of the squares of pixels, of images (H, W, C), that are averaged before anything else."""
    return max(1, min(shape[:2]) // LARGEST)


def _stage(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def train(pixels: Pixels, labels: Labels, classes: int, rows: Rows, examples: int) -> Classifier:
    """A classifier trained on `examples` augmented images of pixels [N, H, W, C] with labels [N], of the indices rows.

    AdamW, one cycle of learning rates. Always the same network on the same machine with the same number of threads; the
    global random state is left alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        network = Classifier(pixels.shape[1:], classes)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01, fused=True)
    steps = -(-examples // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps, pct_start=0.2)
    random = np.random.default_rng(0)
    order = np.empty(0, np.intp)
    for _ in range(steps):
        while len(order) < BATCH:
            order = np.concatenate([order, random.permutation(rows)])
        batch, order = np.sort(order[:BATCH]), order[BATCH:]  # sorted: kinder to a file that is mapped
        images = augmented(network.read(torch.from_numpy(pixels[batch])), random)
        loss = F.cross_entropy(network.logits(images)[1], torch.from_numpy(labels[batch]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def augmented(images: Tensor, random: np.random.Generator) -> Tensor:
    """Images [B, C, H, W], each scaled by 0.85 to 1.15 and shifted by up to a sixteenth of its sides.

    Beyond the border, its pixels are repeated.
    """
    count = len(images)
    scale, shift = random.uniform(0.85, 1.15, count), random.uniform(-1 / 8, 1 / 8, (2, count))
    zero = np.zeros(count)
    maps = np.array([[1 / scale, zero, shift[0]], [zero, 1 / scale, shift[1]]]).transpose(2, 0, 1)
    grid = F.affine_grid(torch.from_numpy(maps.astype(np.float32)), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


@torch.random.fork_rng(devices=[])  # layers draw random weights when they are made
def make(images: Images | None, device: str) -> NetworkExtractor:
    """The classifier of labelled images, from the cache or trained within about a minute on two cores.

    It is trained on nine tenths of them; the protocol holds the accuracy on the last tenth. Raises UserError unless
    there are 100 images of two classes.
    """
    labels, classes = _labelled(images)
    assert images
    parts = np.random.default_rng(0).permutation(len(images))
    held_out, rows = np.split(parts, [min(len(parts) // 10, 2000)])
    key = hashlib.sha256(json.dumps([images.fingerprint, RECIPE]).encode()).hexdigest()
    shape = images.pixels.shape[1:]
    root = cache_folder()
    entry = root / "features" / f"{key}.safetensors"
    with cached(root):
        entry.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(entry.with_suffix(".lock")):  # so that of several processes one trains and the others wait
            network = Classifier(shape, classes)
            if (facts := _kept(entry, network)) is None:
                network = train(images.pixels, labels, classes, rows, _examples(shape, len(rows)))
                facts = _keep(
                    entry, network, {"accuracy": _accuracy(network, images.pixels, labels, np.sort(held_out))}
                )
    protocol = {
        "extractor": "classifier",
        "sha256": facts["sha256"],
        "layer": "penultimate",
        "trained_on": images.fingerprint,
        "held_out_accuracy": facts["accuracy"],
        "resize": f"means of {shrinkage(shape)}×{shrinkage(shape)} pixels",
    }
    return NetworkExtractor(
        "classifier", network, protocol, classes, channels=shape[2:], sizes=(shape[:2],), device=device
    )


def can_learn(images: Images) -> bool:
    """Whether there are enough labelled images, of two classes at least."""
    return images.labels is not None and len(images) >= LEAST and len(np.unique(images.labels)) >= 2


def _labelled(images: Images | None) -> tuple[Labels, int]:
    if images is None or images.labels is None or images.classes is None:
        raise UserError(
            "classifier needs labelled images: put each class into a folder of its own, or choose other --features."
        )
    if not can_learn(images):
        raise UserError(
            f"classifier needs at least {LEAST} images of two classes; {images.source} has {len(images):,} of "
            f"{len(np.unique(images.labels))}."
        )
    return images.labels, len(images.classes)


def _examples(shape: tuple[int, int, int], count: int) -> int:
    """As many as a minute on two cores allows (measured: by image, by pixel, by pixel after averaging)."""
    pixels = shape[0] * shape[1]
    return min(EPOCHS * count, 350_000_000 // (1900 + pixels // 12 + pixels // shrinkage(shape) ** 2))


def _accuracy(network: Classifier, pixels: Pixels, labels: Labels, rows: Rows) -> float:
    batches = (pixels[rows[start : start + BATCH]] for start in range(0, len(rows), BATCH))
    probabilities = extract(NetworkExtractor("classifier", network, {}), batches, len(rows)).probabilities
    assert probabilities is not None
    return float((probabilities.argmax(1) == labels[rows]).mean())


def _kept(entry: Path, network: Classifier) -> dict[str, Any] | None:
    """Load the weights of the file into the network and return its facts; None if it is missing or damaged."""
    try:
        facts: dict[str, Any] = json.loads(entry.with_suffix(".json").read_text(encoding="utf-8"))
        weights.fill(network, weights.read(entry, facts["sha256"]), entry)
        return {"sha256": facts["sha256"], "accuracy": float(facts["accuracy"])}
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return None


def _keep(entry: Path, network: Classifier, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the network, then its facts: without the second file, the first does not count."""
    content = safetensors.torch.save({name: value.contiguous() for name, value in network.state_dict().items()})
    facts = {"sha256": hashlib.sha256(content).hexdigest(), **facts}
    write_bytes(entry, content)
    write_text(entry.with_suffix(".json"), json.dumps(facts, indent=1))
    return facts
