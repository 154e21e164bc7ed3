"""What every metric requires of its arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError

Array = NDArray[Any]


def pair(real: ArrayLike, fake: ArrayLike, least: int, score: str) -> tuple[Array, Array]:
    """Both sets as arrays [N, D] and [M, D] of floats.

    least: the fewest rows of either set that the score is defined for. Raises UserError unless `score` can compare
    them: for too few rows, different D, and values that are not finite.
    """
    # The generated set first: of few generated samples, metrics of pairs are given as few real ones.
    fake, real = rows(fake, least, score, "generated"), rows(real, least, score, "real")
    if real.shape[1] != fake.shape[1]:
        raise UserError(
            f"{score}: the real set has {real.shape[1]:,} features a sample and the generated one "
            f"{fake.shape[1]:,}; both must come from the same extractor."
        )
    return real, fake


def rows(samples: ArrayLike, least: int, score: str, which: str) -> Array:
    """One set as an array [N, D] of floats; float32 stays float32.

    Raises UserError if it has fewer than `least` rows, another shape, or values that are not finite.
    """
    array = np.asarray(samples)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise UserError(f"{score}: the {which} set has the shape {array.shape}; it must be [samples, features].")
    if len(array) < least:
        raise UserError(f"{score} needs at least {least:,} {which} samples; {there_are(len(array))}.")
    # The sum is not finite if any term is not, and costs no array of its own; only then is it worth looking closer.
    if not np.isfinite(array.sum(dtype=np.float64)) and not np.isfinite(array).all():
        raise UserError(f"{score}: the {which} features contain NaN or infinite numbers.")
    return array


def there_are(count: int) -> str:
    """there is 1; there are 57."""
    return "there is 1" if count == 1 else f"there are {count:,}"


def flat(pixels: NDArray[np.uint8]) -> Array:
    """Pixels uint8 [N, H, W, C] → [N, H·W·C] from 0 to 1, a row an image, float32."""
    return pixels.reshape(len(pixels), -1).astype(np.float32) / 255
