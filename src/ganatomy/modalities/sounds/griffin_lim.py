"""From the magnitudes of a spectrum back to a signal, by finding phases that fit them: Griffin & Lim 1984.

The transform is torch's: Hann windows, a quarter of one apart, of a signal with silence before and behind it.
"""

import torch
from torch import Tensor

OVERLAP = 4  # windows begin a quarter of a window apart
ITERATIONS = 32
MOMENTUM = 0.99  # of the fast algorithm, α; Griffin & Lim's own has 0


def frames_of(samples: int, window: int) -> int:
    """How many windows a signal of so many samples has."""
    return 1 + samples // (window // OVERLAP)


def spectra(signals: Tensor, window: int) -> Tensor:
    """Signals [N, T] → complex [N, window/2 + 1, frames]: frequencies from 0 to half the rate."""
    return torch.stft(
        signals, window, window // OVERLAP, window=_hann(signals, window), pad_mode="constant", return_complex=True
    )


def signals(spectra: Tensor, window: int, samples: int) -> Tensor:
    """Complex [N, window/2 + 1, frames] → the signals [N, T] whose spectra are nearest to them in the mean square."""
    return torch.istft(spectra, window, window // OVERLAP, window=_hann(spectra.real, window), length=samples)


def reconstructed(
    magnitudes: Tensor, window: int, samples: int, iterations: int = ITERATIONS, momentum: float = MOMENTUM
) -> Tensor:
    """Signals [N, T] of magnitudes [N, window/2 + 1, frames]: the fast Griffin–Lim algorithm, Perraudin et al. 2013.

    Every iteration takes the phases of the nearest signal's spectrum, and goes on in the direction of the last change.
    The first phases are random, and the same for every signal: it depends on its own magnitudes alone. With momentum 0
    the distance of a signal's magnitudes from those that were asked for never grows.
    """
    random = torch.Generator().manual_seed(0)
    turns = torch.rand(magnitudes.shape[1:], generator=random).to(magnitudes)
    phases = torch.polar(torch.ones_like(turns), 2 * torch.pi * turns).expand(magnitudes.shape)
    before = torch.zeros_like(magnitudes * phases)
    for _ in range(iterations):
        fitting = spectra(signals(magnitudes * phases, window, samples), window)
        phases = torch.sgn(fitting + momentum * (fitting - before))
        before = fitting
    return signals(magnitudes * phases, window, samples)


def _hann(like: Tensor, window: int) -> Tensor:
    return torch.hann_window(window, dtype=like.dtype, device=like.device)
