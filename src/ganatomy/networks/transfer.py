"""What a network takes over from the weights of another one, and which of its layers are held fixed.

A layer is a module with tensors of its own: a convolution, a normalisation. Layers fit where the names and shapes of
their tensors agree. A network for images of another size has layers more or fewer: those that fit are found in order,
as the longest common runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import torch
from torch import Tensor, nn

PARAMETRIZED = ".parametrizations."  # torch's name for what computes a weight, such as spectral normalisation

Layers = dict[str, dict[str, Tensor]]  # tensors by the layer's name and their own


@dataclass(frozen=True)
class TakenOver:
    """How many of a network's layers have another one's weights.

    anew    names of the layers that begin anew
    parts   names of those that took over only what reads the latent vector
    """

    whole: int
    of: int
    anew: Sequence[str] = ()
    parts: Sequence[str] = ()


def layers(tensors: Mapping[str, Tensor]) -> Layers:
    """Tensors of any shape, by their dotted names, put together by the layer that they belong to, in order."""
    found: Layers = {}
    for name, tensor in tensors.items():
        layer, parametrized, rest = name.partition(PARAMETRIZED)
        if not parametrized:
            layer, _, rest = name.rpartition(".")
        found.setdefault(layer, {})[rest] = tensor
    return found


def take_over(network: nn.Module, tensors: Mapping[str, Tensor], latent: int | None = None) -> TakenOver:
    """Copy another network's weights, tensors of any shape by name, into the layers of `network` that they fit.

    latent: of two generators one of which has classes, or others than the other: the length of z, behind which classes
    stand in a layer's inputs. There the weights that read z are taken over alone.
    """
    old, new = layers(tensors), layers(network.state_dict())
    fitting = _aligned(old, new)
    with torch.no_grad():
        for name, other in fitting.items():
            for key, tensor in new[name].items():
                tensor.copy_(old[other][key])
        others = [name for name in new if name not in fitting]
        parts = [name for name in others if latent and name in old and _take_inputs(old[name], new[name], latent)]
    return TakenOver(len(fitting), len(new), [name for name in others if name not in parts], parts)


def _aligned(old: Layers, new: Layers) -> dict[str, str]:
    """Names of layers → names of the others' that fit them, in the same order: files keep none."""
    theirs, ours = sorted(old, key=_numbered), sorted(new, key=_numbered)
    before, now = [_kind(old[name]) for name in theirs], [_kind(new[name]) for name in ours]
    return {
        ours[match.b + i]: theirs[match.a + i]
        for match in SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
        for i in range(match.size)
    }


def _numbered(name: str) -> list[tuple[int, str]]:
    """A name's parts, for sorting: blocks.2 before blocks.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]


def _kind(layer: Mapping[str, Tensor]) -> tuple[tuple[str, torch.Size], ...]:
    return tuple(sorted((key, tensor.shape) for key, tensor in layer.items()))


def _take_inputs(old: Mapping[str, Tensor], new: Mapping[str, Tensor], latent: int) -> bool:
    """Copy the weights that read z into a layer that has other inputs behind it; whether there is such a layer."""
    if old.keys() != new.keys() or any(old[key].dim() != tensor.dim() for key, tensor in new.items()):
        return False
    axes = {key: [i for i, n in enumerate(tensor.shape) if n != old[key].shape[i]] for key, tensor in new.items()}
    other = {key: axis for key, axis in axes.items() if axis}
    if any(
        len(axis) > 1 or min(old[key].shape[axis[0]], new[key].shape[axis[0]]) < latent for key, axis in other.items()
    ):
        return False
    for key, tensor in new.items():
        source, place = old[key], tensor
        if key in other:
            source, place = (each.narrow(other[key][0], 0, latent) for each in (source, place))
        place.copy_(source)
    return True


def freeze(network: nn.Module, count: int) -> list[str]:
    """Hold the weights of the first `count` layers fixed, with the normalisations behind them; returns their names.

    Counted are the layers with a matrix or kernel, in order. In a discriminator, whose first layers see the image, this
    is FreezeD: Mo et al. 2020 (arXiv:2002.10964), section 3. Raises ValueError where no layer would be left to train.
    """
    names, counted = [], 0
    parameters = layers(dict(network.named_parameters()))
    weighty = [name for name, layer in parameters.items() if any(tensor.dim() > 1 for tensor in layer.values())]
    if count >= len(weighty):
        raise ValueError(f"of {len(weighty)} layers {count} cannot be held fixed: at least one has to learn")
    for name, layer in parameters.items():
        counted += name in weighty
        if counted > count:
            break
        names.append(name)
        for tensor in layer.values():
            tensor.requires_grad_(False)
    return names
