"""Sharpness: how much of an image's energy lies at high spatial frequencies.

Frequencies are distances from the origin of the Fourier plane in units of the Nyquist frequency, half a cycle a pixel:
1 along an axis, √2 in the corners. Energies are in squares of the pixel range (white − black = 1), means over channels;
that of all frequencies but the zeroth is the variance of the image's pixels. No window is laid on the images: their
opposite borders do not meet, which counts as energy at all frequencies, in real and generated images alike.
"""

from collections.abc import Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import Array
from ganatomy.evaluation.metrics.estimate import Estimate, mean

BLOCK = 2**22  # pixels at a time
ROUNDING = 1e-15  # more than rounding leaves of an image of one colour, less than one grey level makes in one pixel


def high_frequency_energy(pixels: NDArray[np.uint8], above: float = 0.5) -> Estimate:
    """Mean energy of an image at frequencies above `above`, in units of the Nyquist frequency.

    pixels: uint8 [N, H, W, C]. Range [0, ¼]. Raises UserError for anything else.
    """
    return mean(_energies(pixels, above))


def sharpness(real: NDArray[np.uint8], fake: NDArray[np.uint8], above: float = 0.5) -> Estimate:
    """High-frequency energy of generated images over that of real ones: 1 as sharp, less blurred, more noisy.

    real, fake: uint8 [N, H, W, C], of one size. Raises UserError if not, or if the real images have no such energy.
    """
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(f"Sharpness compares images of one size; these are {real.shape[1:]} and {fake.shape[1:]}.")
    scale = high_frequency_energy(real, above).value
    if not scale > ROUNDING:
        raise UserError(f"The real images have no energy above {above:g} of the Nyquist frequency to compare with.")
    return mean(_energies(fake, above) / scale)


def frequencies(height: int, width: int) -> Array:
    """The frequency of each coefficient of a discrete Fourier transform, [H, W], in units of the Nyquist frequency."""
    return 2 * np.hypot(*np.meshgrid(scipy.fft.fftfreq(height), scipy.fft.fftfreq(width), indexing="ij"))


def _energies(pixels: NDArray[np.uint8], above: float) -> Array:
    """Energy of each image above a frequency, [N]."""
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or not pixels.size:
        raise UserError(
            "A spectrum needs uint8 images, one array [images, height, width, channels]; it got "
            f"{pixels.dtype} of the shape {list(pixels.shape)}."
        )
    high = frequencies(*pixels.shape[1:3]) > above
    return np.concatenate([power[:, high].sum(axis=1) for power in _powers(pixels)])


def _powers(pixels: NDArray[np.uint8]) -> Iterator[Array]:
    """|DFT|²/(HW)² of blocks of images [n, H, W], 0 at frequency 0: its sum is the variance (Parseval)."""
    step = max(1, BLOCK // pixels[0].size)
    for start in range(0, len(pixels), step):
        transform = scipy.fft.fft2(pixels[start : start + step] / 255, axes=(1, 2), norm="forward")
        transform[:, 0, 0] = 0
        yield (transform.real**2 + transform.imag**2).mean(axis=3)
