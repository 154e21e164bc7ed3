"""A torch network as an extractor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganatomy.evaluation.features.extractor import CHANNELS, Extracted, Pixels, Size, check
from ganatomy.system.precision import exact_float32

Outputs = tuple[Tensor, Tensor | None]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's channels


def normalised(pixels: Tensor) -> Tensor:
    """uint8 [B, H, W, 1 or 3] → floats [B, 3, H, W] as networks of ImageNet read them, in channels-last memory."""
    mean, deviation = (pixels.new_tensor(each, dtype=torch.float32) for each in (MEAN, DEVIATION))
    return ((pixels / 255 - mean) / deviation).permute(0, 3, 1, 2)


@dataclass
class NetworkExtractor:
    """A network of uint8 pixels [B, H, W, C] → features [B, D] and probabilities [B, K], in float32 and eval mode.

    prepare: pixels [B, H, W, C] → the network's input, on the CPU; for steps that are not torch's
    """

    name: str
    network: nn.Module
    protocol: dict[str, Any]
    classes: int | None = None
    official: bool = False
    channels: Sequence[int] = CHANNELS
    sizes: Sequence[Size] = ()
    device: str = "cpu"
    prepare: Callable[[Pixels], Tensor] = lambda pixels: torch.from_numpy(pixels.copy())  # it may be read-only

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False).to(self.device)

    def __call__(self, pixels: Pixels, /) -> Extracted:
        """Features [B, D] and probabilities [B, K] of pixels [B, H, W, C].

        Raises UserError for pixels of other sizes or channels than the network reads.
        """
        check(pixels, self.name, self.channels, self.sizes)
        # A caller's autocast, or a GPU's TF32, would give other numbers.
        with torch.no_grad(), torch.autocast(torch.device(self.device).type, enabled=False), exact_float32():
            features, probabilities = self.network(self.prepare(pixels).to(self.device))
        return Extracted(
            features.float().cpu().numpy(), None if probabilities is None else probabilities.float().cpu().numpy()
        )
