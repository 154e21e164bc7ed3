"""What the server needs of a generator, whatever runs it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganatomy.errors import UserError, unknown
from ganatomy.gan.priors import Prior
from ganatomy.generators import api as sampling
from ganatomy.generators import pretrained
from ganatomy.generators.graph import OnnxGenerator
from ganatomy.generators.pretrained import GRAPH
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, to_uint8
from ganatomy.networks.protocols import Truncating
from ganatomy.runs.run import Run
from ganatomy.system import runtime
from ganatomy.web import BACKENDS

Latents = NDArray[np.float32]  # [B, d]
Labels = NDArray[np.int64]  # [B]


class Backend(Protocol):
    """A generator that draws batches.

    prior     distribution of its latent vectors: their dimension, and how frequent each class is
    classes   the classes' names, in order; empty if they have none
    styled    whether the network itself truncates, by ψ; otherwise latent vectors are truncated before they arrive here
    """

    prior: Prior
    classes: Sequence[str]
    styled: bool

    def draw(self, z: Latents, y: Labels | None, truncation: float | None) -> Pixels:
        """Images uint8 [B, H, W, C] of latent vectors [B, d] and classes [B]; truncation: ψ of a styled generator."""
        ...

    def values(self, z: Latents, y: Labels | None) -> NDArray[Any]:
        """The same images before rounding, where the backend knows them, [B, …]: to see differences of any size."""
        ...


def of_seeds(prior: Prior, seeds: Sequence[int], label: int | None = None) -> tuple[Latents, Labels | None]:
    """Latent vectors [B, d] and classes [B] of seeds, for `Backend.draw`; label: the class of all."""
    z, weights = prior.split(prior.of_seeds(seeds, label))
    return z.contiguous().numpy(), None if weights is None else weights.argmax(1).numpy()


class SamplerBackend:
    """A generator as `generators.api.load` returns it: a torch network, or a graph that onnxruntime runs."""

    def __init__(self, sampler: Sampler, device: str = "cpu") -> None:
        self.prior = sampler.prior
        self.classes: Sequence[str] = sampler.classes
        self.device = (
            torch.device("cpu") if isinstance(sampler.network, OnnxGenerator) else runtime.choose_device(device)
        )
        self.sampler = sampler.to(self.device)
        self.styled = isinstance(sampler.network, Truncating)

    def draw(self, z: Latents, y: Labels | None, truncation: float | None) -> Pixels:
        """Images uint8 [B, H, W, C] of z [B, d] and y [B]."""
        return to_uint8(self._images(z, y, truncation))

    def values(self, z: Latents, y: Labels | None) -> NDArray[np.float32]:
        """Images [B, C, H, W] about in [−1, 1], before rounding, of z [B, d] and y [B]."""
        images: NDArray[np.float32] = self._images(z, y, None).float().cpu().numpy()
        return images

    @torch.inference_mode()
    def _images(self, z: Latents, y: Labels | None, truncation: float | None) -> Tensor:
        codes, weights = torch.from_numpy(z).to(self.device), None
        if y is not None:
            weights = torch.eye(len(self.prior.classes))[torch.from_numpy(y)].to(self.device)
        images: Tensor = self.sampler(codes, weights, truncation)
        return images


def load(
    place: str,
    name: str | None,
    device: str,
    *,
    step: int | None = None,
    raw: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> SamplerBackend:
    """What the server draws with; arguments and errors as for `sampler`, device as for `SamplerBackend`."""
    return SamplerBackend(sampler(place, name, step=step, raw=raw, changes=changes), device)


def sampler(
    place: str,
    name: str | None,
    *,
    step: int | None = None,
    raw: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Sampler:
    """The generator of whatever `generators.api.load` takes, with the same step, raw and changes.

    name: torch, or onnx for the graph that was exported from a run; by default whatever `place` is. Raises UserError
    for another name, and where the run has no graph.
    """
    is_graph = Path(place).suffix == ".onnx"
    if name is not None and name not in BACKENDS:
        raise unknown("backend", name, BACKENDS)
    if name == "torch" and is_graph:
        raise UserError(f"{place} is an ONNX graph, which torch cannot run: leave --backend out.")
    if name == "onnx" and not is_graph:
        graph = Run.find(place).path / "exports" / "onnx" / GRAPH
        if not graph.is_file():
            raise UserError(f"{place} has no ONNX graph yet: run `ganatomy export {place} --to onnx` first.")
        place = str(graph)
    return sampling.load_images(place, step=step, raw=raw, changes=changes)


def loader(
    backend: SamplerBackend,
    place: str,
    name: str | None,
    device: str,
    *,
    step: int | None = None,
    raw: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Callable[[], SamplerBackend]:
    """What loads the backend again that `load` has made of these arguments, in any folder, whatever is trained then."""
    if not place.startswith("hf:"):
        exported = pretrained.find(place) is not None
        if not exported and name != "onnx":
            step = backend.sampler.metadata.step
        place = str((Path(place) if exported else Run.find(place).path).resolve())
    return partial(load, place, name, device, step=step, raw=raw, changes=changes)
