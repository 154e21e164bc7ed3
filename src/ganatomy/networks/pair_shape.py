"""The shape of a pair of images as networks see it. No torch here."""


class PairShape(tuple[int, ...]):
    """(C, H, W), the shape of the image that is drawn, and of the one that is given."""

    scale: int

    def __new__(cls, channels: int, height: int, width: int, scale: int = 1) -> "PairShape":
        """scale: how many times larger the drawn image is than the given one.

        Raises ValueError where height and width are no multiples of it.
        """
        if height % scale or width % scale:
            raise ValueError(f"{height}×{width} pixels cannot be made {scale} times smaller")
        shape = super().__new__(cls, (channels, height, width))
        shape.scale = scale
        return shape

    @property
    def given(self) -> tuple[int, int, int]:
        """(C, h, w), the shape of the image that is given."""
        channels, height, width = self
        return channels, height // self.scale, width // self.scale


def check_one_size(shape: tuple[int, ...]) -> None:
    """Raises ValueError where a shape is not that of pairs of images of one size."""
    if not isinstance(shape, PairShape):
        raise ValueError("this family is given images: it needs pairs")
    if shape.scale != 1:
        raise ValueError(f"this family draws images as large as the given ones, not {shape.scale} times larger")
