"""The shape of a table's row as networks see it. No torch here."""

from collections.abc import Iterable
from typing import NamedTuple


class ColumnBlock(NamedTuple):
    """The features of one column, side by side.

    scalar    whether a scalar in [−1, 1] comes first
    choices   how many features make up its one-hot choice, which comes behind
    category  whether these are categories, of which a condition can ask for one; otherwise modes of numbers
    """

    scalar: bool
    choices: int
    category: bool


class RowShape(tuple[int, ...]):
    """(W,), the shape of a row of W features, and the blocks that it is made of, in their order."""

    blocks: tuple[ColumnBlock, ...]

    def __new__(cls, blocks: Iterable[ColumnBlock]) -> "RowShape":
        """The shape of these blocks, at least one."""
        blocks = tuple(blocks)
        shape = super().__new__(cls, (sum(block.scalar + block.choices for block in blocks),))
        shape.blocks = blocks
        return shape

    @property
    def choices(self) -> int:
        """How many features belong to one-hot choices."""
        return sum(block.choices for block in self.blocks)

    @property
    def cells(self) -> list[int]:
        """The places of the K features that are categories: a condition [B, K] asks for one of them."""
        found: list[int] = []
        start = 0
        for block in self.blocks:
            start += block.scalar
            if block.category:
                found += range(start, start + block.choices)
            start += block.choices
        return found


def of_rows(shape: tuple[int, ...]) -> RowShape:
    """The shape, which is one of rows. Raises ValueError where it is of images."""
    if not isinstance(shape, RowShape):
        raise ValueError("this family draws rows of tables, and these are images")
    return shape
