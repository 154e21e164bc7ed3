"""What the server needs of a generator, whatever runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior
from ganatomy.generators import api as sampling
from ganatomy.generators.api import Sampler, Truncating
from ganatomy.generators.pretrained import GRAPH
from ganatomy.generators.pretrained.graph import Graph
from ganatomy.modalities.images import Pixels, to_uint8
from ganatomy.runs.run import Run
from ganatomy.system import runtime

Latents = NDArray[np.float32]  # [B, d]
Labels = NDArray[np.int64]  # [B]


class Backend(Protocol):
    """A generator that draws batches.

    prior     where its latent vectors come from, with their dimension and the classes' frequencies
    classes   the classes' names, in order; empty if it knows none
    styled    whether truncation is ψ, a matter of the network; else it is one of the latent vectors, done beforehand
    """

    prior: Prior
    classes: Sequence[str]
    styled: bool

    def draw(self, z: Latents, y: Labels | None, truncation: float | None) -> Pixels:
        """Images uint8 [B, H, W, C] of latent vectors and classes; truncation: of a styled generator, ψ or None."""
        ...

    def values(self, z: Latents, y: Labels | None) -> NDArray[Any]:
        """The same images as finely as they are known, [B, …]: to see differences that rounding hides."""
        ...


def of_seeds(prior: Prior, seeds: Sequence[int], label: int | None = None) -> tuple[Latents, Labels | None]:
    """Latent vectors and classes of seeds, for `Backend.draw`; label: the class of all."""
    z, weights = prior.split(prior.of_seeds(seeds, label))
    return z.contiguous().numpy(), None if weights is None else weights.argmax(1).numpy()


class SamplerBackend:
    """A generator as `sampling.load` gives it: a torch network, or a graph that onnxruntime runs."""

    def __init__(self, sampler: Sampler, device: str = "cpu") -> None:
        self.prior = sampler.prior
        self.classes: Sequence[str] = sampler.classes
        self.device = torch.device("cpu") if isinstance(sampler.network, Graph) else runtime.choose_device(device)
        self.sampler = sampler.to(self.device)
        self.styled = isinstance(sampler.network, Truncating)

    def draw(self, z: Latents, y: Labels | None, truncation: float | None) -> Pixels:
        return to_uint8(self._images(z, y, truncation))

    def values(self, z: Latents, y: Labels | None) -> NDArray[np.float32]:
        images: NDArray[np.float32] = self._images(z, y, None).float().cpu().numpy()
        return images

    @torch.inference_mode()
    def _images(self, z: Latents, y: Labels | None, truncation: float | None) -> Tensor:
        codes, weights = torch.from_numpy(z).to(self.device), None
        if y is not None:
            weights = torch.eye(len(self.prior.classes))[torch.from_numpy(y)].to(self.device)
        images: Tensor = self.sampler(codes, weights, truncation)
        return images


def load(place: str, kind: str | None, device: str, **how: Any) -> SamplerBackend:
    """The generator of whatever `sampling.load` takes, how: as there. kind: torch, or onnx, a run's exported graph."""
    is_graph = Path(place).suffix == ".onnx"
    if kind not in (None, "torch", "onnx"):
        raise UserError(f"--backend {kind}: torch or onnx.")
    if kind == "torch" and is_graph:
        raise UserError(f"{place} is a graph for onnxruntime; torch runs what it was exported from.")
    if kind == "onnx" and not is_graph:
        graph = Run.find(place).path / "exports" / "onnx" / GRAPH
        if not graph.is_file():
            raise UserError(f"{place} has no graph yet: `ganatomy export {place} --to onnx` makes it.")
        place = str(graph)
    return SamplerBackend(sampling.load(place, **how), device)
