"""Differentially private updates of the discriminator: DP-SGD, Abadi et al. 2016 (arXiv:1607.00133), Algorithm 1.

Only the discriminator sees real images. If its updates are private, so is whatever is made of it, the generator
first: nothing that is computed from a private result can undo it (Dwork & Roth 2014, proposition 2.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from ganatomy.system.runtime import Randomness

TOGETHER = 16  # images whose gradients are in memory at a time


@dataclass(frozen=True)
class Privacy:
    """How private the discriminator's updates are.

    noise   standard deviation σ of the noise on the sum of gradients, in units of `clip`
    clip    the longest gradient, C, that a single image may contribute
    random  the noise, as a function of a secret and the step: whoever knows it can take the noise away again
    """

    noise: float
    clip: float
    random: Randomness

    def gradients(
        self, network: nn.Module, images: Tensor, loss: Callable[[Tensor], Tensor], batch: int, step: int, turn: int
    ) -> list[Tensor]:
        """(Σᵢ clipped ∇loss(Dᵢ) + σC·N(0, 1)) / batch: a tensor for each parameter of the network that learns.

        images: [n, …], drawn each with its own coin, `batch` of them on average; loss: of scores of one image, [1, …].
        """
        learning = {name: each for name, each in network.named_parameters() if each.requires_grad}
        clipped = clipped_sum(network, learning, images, loss, self.clip)
        random = self.random.at("privacy", step, turn)
        noise = [torch.randn(each.shape, generator=random).to(each.device) for each in clipped]
        return [(total + self.noise * self.clip * drawn) / batch for total, drawn in zip(clipped, noise, strict=True)]


def clipped_sum(
    network: nn.Module, learning: Mapping[str, Tensor], images: Tensor, loss: Callable[[Tensor], Tensor], clip: float
) -> list[Tensor]:
    """Σᵢ gᵢ · min(1, C/‖gᵢ‖) of each image's gradient gᵢ in the parameters `learning`: tensors of their shapes.

    images: [n, …]; loss: of the scores of one image, [1, …], a scalar.
    """

    def of_one(parameters: dict[str, Tensor], image: Tensor) -> Tensor:
        scores: Tensor = functional_call(network, parameters, (image[None], None))
        return loss(scores)

    # Dropout draws for each image, as it does in a batch.
    of_all = vmap(grad(of_one), in_dims=(None, 0), randomness="different")
    total = [torch.zeros_like(each) for each in learning.values()]
    fixed = {name: each.detach() for name, each in learning.items()}
    for some in images.split(TOGETHER) if len(images) else ():
        gradients = list(of_all(fixed, some).values())
        lengths = torch.stack([each.flatten(1).norm(dim=1) for each in gradients]).norm(dim=0)
        scale = clip / lengths.clamp(min=clip)
        for each, part in zip(total, gradients, strict=True):
            each += torch.tensordot(scale, part, 1)
    return total
