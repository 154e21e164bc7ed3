"""Numbers of any type and range → grey levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganatomy.errors import UserError
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ganatomy.data.decode import Pixels


def understood(dtype: np.dtype, low: float, high: float, where: str) -> tuple[tuple[float, float], str]:
    """((black, white), the same in words) of numbers from `low` to `high`.

    Raises UserError where no usual range fits.
    """
    if dtype.kind not in "buif":
        raise UserError(f"{where} holds {dtype} values; images are uint8, uint16, or fractions from 0 to 1.")
    if dtype.kind == "b":
        return (0.0, 1.0), "true and false, read as white and black"
    fixed = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0)}.get(dtype.newbyteorder("=").name)
    limits = fixed or recognised(low, high, whole=dtype.kind in "iu")
    if limits is None or (fixed is None and limits[1] == 65535):
        raise UserError(
            f"{where} holds {dtype} values from {low:g} to {high:g}; scale them to 0–1 or −1–1, or to uint8 0–255."
        )
    return limits, f"{dtype} from {low:g} to {high:g}, read as {limits[0]:g} (black) to {limits[1]:g} (white)"


def recognised(low: float, high: float, whole: bool) -> tuple[float, float] | None:
    """The values of black and white, guessed from the smallest and largest value; None when no usual range fits.

    0–1, −1–1 and 0–255 for fractions, 0–255 and 0–65535 for whole numbers. The first two may overshoot by 5 %, as a
    bicubic resize does; not 0–255, lest numbers standardised to about −2–2 be taken for nearly black pixels.
    """
    ranges = [(0.0, 255.0), (0.0, 65535.0)] if whole else [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)]
    for black, white in ranges:
        slack = 0.05 * (white - black) if white == 1 else 0.0
        if black - slack <= low and high <= white + slack:
            return black, white
    return None


def to_uint8(values: NDArray, black: float, white: float) -> Pixels:
    """Numbers of any type → uint8 of the same shape: black becomes 0, white 255, what lies beyond is clipped."""
    exact = values.astype(np.result_type(values.dtype, np.float32))  # float32 only where it holds every value
    scaled = (exact - black) * (255.0 / ((white - black) or 1.0))
    return np.rint(scaled).clip(0, 255).astype(np.uint8)
