"""From uint8 pixels [N, H, W, C] to features, the arrays that `ganatomy.evaluation.metrics` compares.

    extractor = features.make("lenet")
    real = features.extract(extractor, [images.pixels])

A score carries its extractor's name (fd_lenet); FID, KID and IS are kept for the official Inception weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganatomy.data.store import Images
from ganatomy.errors import unknown
from ganatomy.evaluation.features.extractor import Extracted, Extractor, extract

__all__ = ["EXTRACTORS", "Extracted", "Extractor", "Request", "extract", "make"]


@dataclass(frozen=True)
class Request:
    """What an extractor may be made from. See `make`."""

    channels: int = 1
    weights: Path | None = None
    sha256: str | None = None
    device: str = "cpu"
    labelled: Images | None = None


def _lenet(request: Request) -> Extractor:
    from ganatomy.evaluation.features import lenet

    return lenet.make(request.channels, request.device)


def _classifier(request: Request) -> Extractor:
    from ganatomy.evaluation.features import classifier

    return classifier.make(request.labelled, request.device)


def _random(request: Request) -> Extractor:
    from ganatomy.evaluation.features import random

    return random.make(request.device)


def _pixels(request: Request) -> Extractor:
    from ganatomy.evaluation.features.plain import PlainPixels

    return PlainPixels()


def _inception(request: Request) -> Extractor:
    from ganatomy.evaluation.features import inception

    return inception.make(request.weights, request.sha256, request.device)


def _dinov2(request: Request) -> Extractor:
    from ganatomy.evaluation.features import dinov2

    return dinov2.make(request.weights, request.sha256, request.device)


# Functions, because torch takes seconds to import.
EXTRACTORS: dict[str, Callable[[Request], Extractor]] = {
    "lenet": _lenet,
    "classifier": _classifier,
    "random": _random,
    "pixels": _pixels,
    "inception": _inception,
    "dinov2": _dinov2,
}


def make(
    name: str,
    *,
    channels: int = 1,
    weights: Path | None = None,
    sha256: str | None = None,
    device: str = "cpu",
    labelled: Images | None = None,
) -> Extractor:
    """The extractor by name.

    lenet       digits of 28 or 32 pixels, grey, or three in three channels (Stacked MNIST)
    classifier  a network trained on `labelled`, once, then kept in the cache: the user's own classes
    random      an untrained network, always the same one: any images
    pixels      the pixels themselves: any images
    inception   the network of FID, KID and IS: any grey or colour images; needs the extra `vision` and the weights
    dinov2      DINOv2, a self-supervised transformer: the same

    channels  of the images, where the number of classes depends on it (lenet)
    weights   a file; None looks in the cache
    sha256    what that file must hash to; None takes it from the file beside it, PATH.sha256
    device    as torch names it: cpu, cuda, cuda:1, mps
    labelled  prepared images with labels

    Raises UserError for an unknown name, an extra that is not installed, and weights that are missing or not the
    expected ones.
    """
    if name not in EXTRACTORS:
        raise unknown("feature extractor", name, EXTRACTORS)
    return EXTRACTORS[name](Request(channels, weights, sha256, device, labelled))
