"""How near drawn images are to their targets, each pair by itself; more is nearer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics import ms_ssim
from ganatomy.system.registry import Registry

Pixels: TypeAlias = NDArray[np.uint8]
Fidelity: TypeAlias = Callable[[Pixels, Pixels], NDArray[np.float64]]  # drawn, targets [N, H, W, C] → [N]
ROUNDING = 1 / 12  # the mean squared error of rounding to whole numbers

PAIR_METRICS: Registry[Fidelity] = Registry("metric of pairs")


def register_pair_metric(name: str) -> Callable[[Fidelity], Fidelity]:
    """Register a function of drawn images and their targets, uint8 [N, H, W, C], that returns a score of each, [N].

    Its docstring describes the metric in help texts and in docs/PAIRS.md. Raises UserError where the name is taken.
    """
    return lambda metric: PAIR_METRICS.add(name, metric, module=metric.__module__)


@register_pair_metric("psnr")
def psnr(drawn: Pixels, targets: Pixels) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio, 10·log₁₀(255² / mean squared error), in dB.

    drawn, targets: uint8 [N, H, W, C] → [N]. Errors below that of rounding count as it, which gives 58.9 dB at most.
    """
    errors = np.square(drawn.astype(np.float64) - targets).mean(axis=(1, 2, 3))
    return np.asarray(10 * np.log10(255**2 / errors.clip(min=ROUNDING)))


@register_pair_metric("ssim")
def ssim(drawn: Pixels, targets: Pixels) -> NDArray[np.float64]:
    """Structural similarity, mean over windows of 11×11 and over channels: Wang et al. 2004; 1 is equal.

    drawn, targets: uint8 [N, H, W, C] → [N]. Raises UserError for images smaller than 11×11.
    """
    return ms_ssim.ssim(drawn, targets)
