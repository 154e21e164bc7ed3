"""What others may ask of a network beside its forward pass, whatever its family."""

import inspect
from typing import Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class StartsFromData(Protocol):
    """A network whose first images are the mean of the data."""

    def start_at(self, mean: Tensor) -> None:
        """Set what decides the first images so that they are this one, [C, H, W] in [−1, 1]."""
        ...


@runtime_checkable
class StartsFromCorrelations(Protocol):
    """A network whose first rows have the correlations of the table."""

    def start_with(self, correlations: Tensor) -> None:
        """Set what decides the correlations of the features so that they are these, [W, W]."""
        ...


@runtime_checkable
class HasPathLength(Protocol):
    """A generator with styles, whose path lengths can be regularised (Karras et al. 2020, arXiv:1912.04958, eq. 4)."""

    def path_length_regularisation(self, z: Tensor, y: Tensor | None) -> Tensor:
        """The penalty, a scalar, at latent vectors [B, latent_dim] and classes [B, K]."""
        ...


@runtime_checkable
class Truncating(Protocol):
    """A generator that has its own way to make images more typical."""

    def draw(self, z: Tensor, y: Tensor | None, truncation: float) -> Tensor:
        """Images [B, C, H, W] of latent vectors [B, latent_dim] and classes [B, K]; the smaller, the less varied."""
        ...


@runtime_checkable
class HasStyles(Protocol):
    """A generator that maps z to a style w, and draws the image of w (Karras et al. 2018, arXiv:1812.04948).

    layers   how many layers take a style
    w_avg    the mean style, [style]
    """

    layers: int
    w_avg: Tensor

    def styles(self, z: Tensor, y: Tensor | None = None, truncation: float | Tensor = 1.0) -> Tensor:
        """w of each layer, [B, layers, style], of latent vectors [B, latent_dim] and classes [B, K]."""
        ...

    def synthesise(self, w: Tensor) -> Tensor:
        """Images [B, C, H, W] of styles [B, layers, style]."""
        ...


@runtime_checkable
class ComparesPatches(Protocol):
    """A generator that is given an image and says which patches of two images are alike (Park et al. 2020)."""

    def patches(self, images: Tensor) -> list[Tensor]:
        """Unit vectors [B, S, K] of S patches of images [B, C, H, W], for each of some layers."""
        ...


@runtime_checkable
class PadsImages(Protocol):
    """A generator that is given an image and fills it up until height and width are multiples of so many pixels."""

    multiple: int


@runtime_checkable
class TakesSteps(Protocol):
    """A generator that takes many steps to an image; their number may be changed at any time."""

    sampling_steps: int


@runtime_checkable
class GroupsImages(Protocol):
    """A discriminator that compares the images of a group: it takes a multiple of so many, or fewer than that."""

    images_per_group: int


@runtime_checkable
class HoldsSeveral(Protocol):
    """A discriminator that holds several: it gives raw scores [B, discriminators], and each of them plays the game."""

    discriminators: int


class WithoutClasses(nn.Module):
    """A network that takes no classes, called like one that does."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The network's output for x [B, …]; classes must be None."""
        output: Tensor = self.network(x)
        return output


def takes_classes(network: nn.Module) -> bool:
    """Whether a network's forward has room for classes behind its input."""
    kinds = [parameter.kind for parameter in inspect.signature(network.forward).parameters.values()]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Parameter.VAR_POSITIONAL in kinds or sum(kind in positional for kind in kinds) > 1


def has_batch_norm(network: nn.Module) -> bool:
    """Whether an output depends on the other rows of its batch: on their mean and variance in some layer."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
