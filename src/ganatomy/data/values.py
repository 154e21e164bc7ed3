"""Numbers of any type and range → grey levels: one scale for all images of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganatomy.errors import UserError
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ganatomy.data.decode import Pixels

Range = tuple[float, float]  # the values of black and white
BITS = {"bool": (0.0, 1.0), "uint8": (0.0, 255.0), "uint16": (0.0, 65535.0)}  # types of which the range is known
UNUSED = 0.9  # of the range: with more, images are nearly of one grey


@dataclass
class Numbers:
    """The numbers of which all images of a set are made.

    type       as numpy calls it: uint8, uint16, float32, …
    low, high  the smallest and the largest one
    given      the values of black and white that a person chose
    """

    type: str
    low: float
    high: float
    given: Range | None = None

    @property
    def usual(self) -> Range | None:
        """Black and white as the type has them, or else as the smallest and largest number suggest; None: unusual."""
        return BITS.get(self.type) or recognised(self.low, self.high, whole="int" in self.type)

    @property
    def limits(self) -> Range:
        """Black and white: those given, the usual ones, or else the smallest and the largest number."""
        return self.given or self.usual or (self.low, self.high)

    def __str__(self) -> str:
        if self.type == "bool":
            return "true and false, read as white and black"
        (black, white), clipped = self.limits, ""
        if self.given and (self.low < black or self.high > white):
            clipped = "; what lies beyond is clipped"
        return (
            f"{self.type} from {self.low:g} to {self.high:g}, read as {black:g} (black) to {white:g} (white){clipped}"
        )

    @property
    def warning(self) -> str | None:
        """A sentence where the numbers use little of the range, with the option that mends it."""
        black, white = self.limits
        used = (min(self.high, white) - max(self.low, black)) / ((white - black) or 1.0)
        if not 0 < used < 1 - UNUSED:
            return None
        return (
            f"The images are nearly of one grey: values of {self.low:g} to {self.high:g} leave {1 - used:.1%} of the "
            f"range from {black:g} (black) to {white:g} (white) unused; --set data.range={self.low:g},{self.high:g} "
            "uses all of it."
        )

    def to_uint8(self, values: NDArray) -> Pixels:
        """Numbers [..., C] of the type → uint8; alpha, of four channels the last, is scaled as is usual."""
        pixels = to_uint8(values, *self.limits)
        if self.given and self.usual and values.shape[-1] == 4:
            pixels[..., 3] = to_uint8(values[..., 3], *self.usual)
        return pixels


def check_understood(numbers: Numbers, where: str) -> None:
    """Raise UserError where the values of black and white are neither given nor usual."""
    limits = numbers.given or numbers.usual
    if limits is None or (numbers.given is None and numbers.type not in BITS and limits[1] == 65535):
        raise UserError(
            f"{where} holds {numbers.type} values from {numbers.low:g} to {numbers.high:g}; scale them to 0–1 or −1–1, "
            "or to uint8 0–255, or say which are black and white: data.range=LOW,HIGH."
        )


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
