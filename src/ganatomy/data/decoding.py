"""All images of a source, decoded in one way, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ganatomy.data.decode import Fit, Padding, Pixels, Seen, Size, decode, reading
from ganatomy.data.items import ImageError, Items
from ganatomy.data.threads import in_order
from ganatomy.data.values import Range


@dataclass(frozen=True)
class How:
    """How images are prepared: the arguments of `prepare`."""

    size: Size | None
    channels: int | None
    fit: Fit
    padding: Padding
    range: Range | None


class Decoded:
    """uint8 [H, W, C] of every image in order, or why it cannot be read; and what was seen in files on the way."""

    def __init__(
        self,
        items: Items,
        shape: tuple[int, int, int],
        how: How,
        limits: dict[str, Range],
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """shape: (H, W, C); limits: black and white by the type of number; tick: is called after each image."""
        self.items, self.shape, self.how, self.limits, self.tick = items, shape, how, limits, tick
        self.low, self.high, self.transparent = 255, 0, 0

    def __iter__(self) -> Iterator[Pixels | ImageError]:
        for image, seen in in_order(self._decode, len(self.items.names)):
            self.low, self.high = min(self.low, seen.low), max(self.high, seen.high)
            self.transparent += seen.transparent
            yield image
            self.tick()

    def _decode(self, i: int) -> tuple[Pixels | ImageError, Seen]:
        seen, (height, width, channels) = Seen(), self.shape
        try:
            with reading(self.items, i) as raw:
                pixels = decode(raw, channels, (height, width), self.how.fit, self.how.padding, self.limits, seen)
                return pixels, seen
        except ImageError as reason:
            return reason, Seen()
