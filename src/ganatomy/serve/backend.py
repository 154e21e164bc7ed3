"""What the server needs of a generator, whatever runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganatomy import runtime, sampling
from ganatomy.errors import UserError
from ganatomy.images import Pixels, to_uint8
from ganatomy.priors import Prior
from ganatomy.sampling import Sampler, Truncating

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


class TorchBackend:
    """A generator as torch runs it."""

    def __init__(self, sampler: Sampler, device: str = "cpu") -> None:
        self.prior, self.classes = sampler.prior, sampler.classes
        self.device = runtime.choose_device(device)
        self.network = sampler.network.to(self.device)
        self.styled = isinstance(self.network, Truncating)

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
        if truncation is not None and isinstance(self.network, Truncating):
            return self.network.draw(codes, weights, truncation)
        images: Tensor = self.network(codes, weights)
        return images


def load(place: str, kind: str | None, device: str, **how: Any) -> Backend:
    """The generator of a run, or of an ONNX file; kind: torch or onnx, by the name if None. how: as `sampling.load`."""
    is_file = Path(place).suffix == ".onnx"
    kind = kind or ("onnx" if is_file else "torch")
    if kind not in ("torch", "onnx"):
        raise UserError(f"--backend {kind}: torch or onnx.")
    if (kind == "onnx") != is_file:
        raise UserError("--backend onnx serves a FILE.onnx, as `ganatomy export RUN --to onnx` makes, and torch a run.")
    if kind == "torch":
        return TorchBackend(sampling.load(place, **how), device)
    if any(how.values()):
        raise UserError(f"{place} is one finished generator: --step, --raw and --set choose among those of a run.")
    from ganatomy.serve.onnx import OnnxBackend

    return OnnxBackend(Path(place))
