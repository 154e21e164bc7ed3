"""Whether networks and losses of one's own keep the contracts of the loop, checked once before the first step.

A generator maps z [B, latent_dim] to images [B, C, H, W] in [−1, 1], a discriminator maps images to raw scores [B], an
objective maps two sets of scores to two scalars, and gradients pass through all of them.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganatomy.config.options import Config
from ganatomy.errors import UserError, first_line
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Method
from ganatomy.gan.objectives import OBJECTIVES, Objective
from ganatomy.gan.packing import packed
from ganatomy.networks.families import FAMILIES
from ganatomy.networks.protocols import HoldsSeveral, has_batch_norm

COUNT = 8  # images in the batches of the checks
LOUD = 100.0  # times the usual input: what stays within bounds only by chance leaves them


def check(method: Method, options: Config, image: tuple[int, ...]) -> None:
    """Check the parts of a training that are not part of Ganatomy; nothing of it changes.

    image: of one sample, such as channels, height, width. Raises UserError with the first thing that breaks a contract.
    """
    if not isinstance(method, Adversarial):
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if FAMILIES.origin(options.generator.family) is not None:
            check_generator(_copy(method.generator.network), options, method, image)
        if FAMILIES.origin(options.discriminator.family) is not None:
            check_discriminator(_copy(method.discriminator.network), options, method, image)
        if OBJECTIVES.origin(options.objective.name) is not None:
            check_objective(method.objective, options.objective.name)


def check_generator(network: nn.Module, options: Config, method: Method, image: tuple[int, ...]) -> None:
    """z [B, latent_dim] → images [B, C, H, W] in [−1, 1], each of its own z; raises UserError."""
    name = options.generator.family
    z, classes = _inputs(method, COUNT)
    with _explained(name, f"latent vectors {list(z.shape)} (prior.dimension sets their length)"):
        images = network(z, classes)
    _floats(name, images, (COUNT, *image), "images", f"the data's images are {list(image)}")
    _finite(name, images)
    with torch.no_grad():
        loud = network(LOUD * z, classes)
    low, high = (getattr(torch.cat([images, loud]), end)().item() for end in ("min", "max"))
    if low < -1.001 or high > 1.001:
        raise UserError(f"{name} draws values from {low:.3g} to {high:.3g}; images lie in [−1, 1]: end it with a tanh.")
    _passes_gradients(name, images, network)
    network.eval()
    with torch.no_grad():
        together, alone = network(z, classes), network(z[:1], None if classes is None else classes[:1])
    if not torch.allclose(together[:1], alone, atol=1e-3):
        raise UserError(f"{name} in eval mode draws another image of the same z when others are in its batch.")


def check_discriminator(network: nn.Module, options: Config, method: Adversarial, image: tuple[int, ...]) -> None:
    """Images [B, C, H, W] → raw scores [B], with gradients, and second ones where penalised; raises UserError.

    A discriminator with the attribute `discriminators` gives as many scores for each image.
    """
    name, device = options.discriminator.family, method.runtime.device
    if method.penalties and has_batch_norm(network):
        # ∇ₓD of one image would depend on the whole batch: Gulrajani et al. 2017, section 4.
        raise UserError(f"{name} has batch normalisation, which penalties.{method.penalties[0].name} cannot work with.")
    images = packed(torch.rand(COUNT * method.pack, *image) * 2 - 1, method.pack).to(device).requires_grad_()
    _, classes = _inputs(method, COUNT * method.pack)
    classes = None if classes is None else packed(classes, method.pack)
    with _explained(name, f"images {list(images.shape)}"):
        scores = network(images, classes)
    if isinstance(network, HoldsSeveral):
        several = f"{network.discriminators} raw scores for each image"
        _floats(name, scores, (COUNT, network.discriminators), several, "or drop its attribute `discriminators`")
    else:
        _floats(name, scores, (COUNT,), "one raw score for each image", "add .flatten() if there is an axis too many")
    _finite(name, scores)
    if _ends_in_sigmoid(network, images, classes):
        raise UserError(f"{name} gives scores in [0, 1] only: return raw scores, without a sigmoid at the end.")
    _passes_gradients(name, scores, network)
    (slopes,) = torch.autograd.grad(network(images, classes).sum(), images, create_graph=True, allow_unused=True)
    if slopes is None:
        raise UserError(f"{name} passes no gradient back to its images: look for detach() or numpy in it.")
    if method.penalties and not slopes.requires_grad:
        raise UserError(f"{name} has no second derivatives, which penalties.{method.penalties[0].name} needs.")


def check_objective(objective: Objective, name: str) -> None:
    """Scores real [B] and fake [B] → two finite scalars that depend on them; raises UserError."""
    real, fake = (torch.randn(COUNT).requires_grad_() for _ in range(2))
    with _explained(name, "scores real [B] and fake [B]"):
        losses = objective.losses(real, fake)
    for player, loss in zip(("discriminator", "generator"), losses, strict=True):
        _floats(name, loss, (), f"a scalar for the {player}", "take the mean over the batch")
        _finite(name, loss)
        slopes = torch.autograd.grad(loss, fake, retain_graph=True, allow_unused=True) if loss.requires_grad else [None]
        if slopes[0] is None:
            raise UserError(f"{name}: the {player}'s loss does not depend on the scores of generated images.")


def _ends_in_sigmoid(network: nn.Module, images: Tensor, classes: Tensor | None) -> bool:
    """Whether scores of images [B, C, H, W] lie within [0, 1] and differ, even with every parameter's sign turned.

    Some untrained networks give raw scores within [0, 1] by chance (4% of small ones with batch normalisation, which
    undoes loud images); turned parameters take those below 0.
    """
    turned = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in turned.parameters():
            parameter.neg_()
        scores = torch.cat([player(x, classes) for player in (network, turned) for x in (images, LOUD * images)])
    return bool(((scores >= 0) & (scores <= 1)).all() and scores.std() > 0)


def _inputs(method: Method, count: int) -> tuple[Tensor, Tensor | None]:
    """Latent vectors [count, latent_dim], and the classes or the given images beside them, or None."""
    prior = method.prior
    codes = prior.of_given(torch.rand(count, *prior.given) * 2 - 1) if prior.given else prior.of_seeds(range(count))
    return prior.split(codes.to(method.runtime.device))


def _copy(network: nn.Module) -> nn.Module:
    return copy.deepcopy(network).train()


@contextmanager
def _explained(name: str, what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # somebody's own code may raise anything
        raise UserError(f"{name} cannot take {what}: {type(error).__name__}: {first_line(error)}.") from error


def _floats(name: str, found: object, shape: tuple[int, ...], what: str, hint: str) -> None:
    if not isinstance(found, Tensor):
        raise UserError(f"{name} must return {what}, a tensor of shape {list(shape)}, not a {type(found).__name__}.")
    if tuple(found.shape) != shape or not found.is_floating_point():
        kind = str(found.dtype).removeprefix("torch.")
        raise UserError(
            f"{name} must return {what}: float32 of shape {list(shape)}, not {kind} of {list(found.shape)}; {hint}."
        )


def _finite(name: str, found: Tensor) -> None:
    if not torch.isfinite(found).all():
        raise UserError(f"{name} returns numbers that are not finite.")


def _passes_gradients(name: str, output: Tensor, network: nn.Module) -> None:
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    if not weights:
        raise UserError(f"{name} has no parameters to train.")
    if not output.requires_grad or all(
        each is None for each in torch.autograd.grad(output.sum(), weights, retain_graph=True, allow_unused=True)
    ):
        raise UserError(f"No gradient reaches the parameters of {name}: look for detach() or no_grad in it.")
