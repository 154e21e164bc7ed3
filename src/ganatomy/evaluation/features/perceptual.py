"""How far images are from others: pixels, and a network's maps at several depths (Zhang et al. 2018, arXiv:1801.03924).

Differentiable. The networks are those at hand: the classifier of digits for digits, MobileNetV2 for colour images where
its weights are in the cache, otherwise an untrained one, which adds little to the difference of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ganatomy.errors import UserError
from ganatomy.evaluation.features.choice import AUTO, DIGITS
from ganatomy.modalities.alpha import seen_on_white
from ganatomy.system.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

SMALL = 1e-8  # keeps the gradient of a norm finite at 0

Maps: TypeAlias = "Callable[[Tensor], list[Tensor]]"


class PerceptualDistance:
    """Mean squared difference of pixels, plus that of maps whose channels have length 1 at every place, over depths.

    Zhang et al. 2018, eq. 1, with equal weights and the mean over depths; name: of the network.
    Of transparent images only what can be seen counts: colours on white, and alpha.
    """

    def __init__(self, name: str, maps: Maps) -> None:
        self.name, self.maps = name, maps

    def __call__(self, images: Tensor, others: Tensor) -> Tensor:
        """The distance of each of the images [N, C, H, W] in [−1, 1] to the other one [N, C, H, W], as [N]."""
        images, others = seen_on_white(images), seen_on_white(others)
        pairs = zip(self.maps(images), self.maps(others), strict=True)
        depths = [(unit(one) - unit(other)).square().sum(1).mean((1, 2)) for one, other in pairs]
        return (images - others).square().mean((1, 2, 3)) + sum(depths[1:], depths[0]) / len(depths)


def unit(maps: Tensor) -> Tensor:
    """Maps [N, C, H, W] whose channels at a place are a vector of length 1."""
    return maps / (maps.square().sum(1, keepdim=True) + SMALL).sqrt()


def _lenet(channels: int, device: str) -> Maps:
    from ganatomy.evaluation.features import lenet

    network = lenet.make(channels, device).network
    assert isinstance(network, lenet.LeNet)
    return network.maps


def _mobilenetv2(channels: int, device: str) -> Maps:
    from ganatomy.evaluation.features import mobilenetv2

    return mobilenetv2.MobileNetMaps(device)


def _random(channels: int, device: str) -> Maps:
    from ganatomy.evaluation.features import random

    network = random.make(device).network
    assert isinstance(network, random.RandomNetwork)
    return network.maps


NETWORKS: Registry[Callable[[int, str], Maps]] = Registry("network of a distance")  # (channels, device) → its maps
for _name, _make in (("lenet", _lenet), ("mobilenetv2", _mobilenetv2), ("random", _random)):
    NETWORKS.add(_name, _make, module=__name__, summary="")


def distance_for(
    classes: Sequence[str] | None, image: tuple[int, ...], device: str = "cpu", features: str = AUTO
) -> PerceptualDistance:
    """The distance for images (channels, height, width) of these classes, by the maps of a network of NETWORKS.

    auto: the best one at hand. Raises UserError for an unknown name, for lenet where the images are no digits, and
    where weights cannot be had.
    """
    from ganatomy.evaluation.features import lenet, mobilenetv2

    channels, *size = image
    digits = classes == DIGITS and channels == 1 and tuple(size) in lenet.SIZES
    if features == AUTO:
        trained = channels >= 3 and mobilenetv2.at_hand()
        features = "lenet" if digits else "mobilenetv2" if trained else "random"
    if features == "lenet" and not digits:
        raise UserError("--features lenet is for digits: grey images of 28×28 or 32×32 pixels, with ten classes.")
    return PerceptualDistance(features, NETWORKS.find(features)(channels, device))
