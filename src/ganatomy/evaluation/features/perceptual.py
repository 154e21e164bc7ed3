"""How far images are from others: pixels, and a network's maps at several depths (Zhang et al. 2018, arXiv:1801.03924).

Differentiable. The networks are those at hand: the classifier of digits for digits, MobileNetV2 for colour images where
its weights are in the cache, otherwise an untrained one, which adds little to the difference of pixels.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.features import lenet, mobilenetv2, random
from ganatomy.evaluation.features.choice import AUTO, DIGITS
from ganatomy.modalities.alpha import seen_on_white

SMALL = 1e-8  # keeps the gradient of a norm finite at 0

NETWORKS = ("lenet", "mobilenetv2", "random")

Maps = Callable[[Tensor], list[Tensor]]


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


def distance_for(
    classes: Sequence[str] | None, image: tuple[int, int, int], device: str = "cpu", features: str = AUTO
) -> PerceptualDistance:
    """The distance for images (channels, height, width) of these classes, by the maps of a network of NETWORKS.

    auto: the best one at hand. Raises UserError for an unknown name, for lenet where the images are no digits, and
    where weights cannot be had.
    """
    channels, *size = image
    digits = classes == DIGITS and channels == 1 and tuple(size) in lenet.SIZES
    if features == AUTO:
        trained = channels >= 3 and mobilenetv2.at_hand()
        features = "lenet" if digits else "mobilenetv2" if trained else "random"
    match features:
        case "lenet" if digits:
            network = lenet.make(channels, device).network
            assert isinstance(network, lenet.LeNet)
            return PerceptualDistance(features, network.maps)
        case "lenet":
            raise UserError("--features lenet is for digits: grey images of 28×28 or 32×32 pixels, with ten classes.")
        case "mobilenetv2":
            return PerceptualDistance(features, mobilenetv2.MobileNetMaps(device))
        case "random":
            untrained = random.make(device).network
            assert isinstance(untrained, random.RandomNetwork)
            return PerceptualDistance(features, untrained.maps)
    raise unknown("network of the distance", features, [AUTO, *NETWORKS])
