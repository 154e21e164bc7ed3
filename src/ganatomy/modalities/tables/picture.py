"""A picture of a table: a small histogram of each column, so that two tables can be compared at a glance."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ganatomy.errors import short
from ganatomy.modalities.tables.columns import AnyColumn, Category, Continuous, Numbers
from ganatomy.modalities.tables.schema import Schema

MOST = 60  # columns that are shown
BINS = 24  # at most
WIDTH, HEIGHT, GAP, TITLE = 168, 96, 12, 16  # pixels of a histogram, around it, and of its column's name
INK, PAPER, MISSING = (40, 90, 160), (255, 255, 255), (190, 190, 190)


def histograms(schema: Schema, numbers: Numbers) -> NDArray[np.uint8]:
    """Of numbers [N, D] of the schema's columns: a picture, uint8 [H, W, 3], in the order of the columns.

    A bar is a share of the rows, over that of the highest one; a grey bar on the left is missing cells.
    """
    shown = schema.columns[:MOST]
    across = int(np.ceil(np.sqrt(len(shown))))
    down = -(-len(shown) // across)
    size = (across * (WIDTH + GAP) + GAP, down * (HEIGHT + TITLE + GAP) + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, column in enumerate(shown):
        left, top = GAP + i % across * (WIDTH + GAP), GAP + i // across * (HEIGHT + TITLE + GAP)
        name = short(str(column.name), 26).encode("latin-1", "replace").decode("latin-1")  # the letters of the font
        pen.text((left, top), name, fill=(0, 0, 0))
        _draw(pen, shares(column, numbers[:, i]), left, top + TITLE)
    return np.asarray(sheet)


def shares(column: AnyColumn, numbers: Numbers) -> NDArray[np.float64]:
    """The share of missing cells, then those of equal bins from the column's lowest number to its highest, [1 + bins].

    numbers: [N] of this column.
    """
    low, high = _ends(column)
    bins = BINS if isinstance(column, Continuous) else int(min(BINS, high - low))
    there = numbers[~np.isnan(numbers)].clip(low, high)
    counts = np.histogram(there, bins, (low, high))[0]
    return np.array([len(numbers) - len(there), *counts]) / max(len(numbers), 1)


def _ends(column: AnyColumn) -> tuple[float, float]:
    """Of the bins: around whole numbers, half before and half behind them."""
    if isinstance(column, Category):
        return -0.5, max(len(column.values), 1) - 0.5
    if isinstance(column, Continuous):
        return column.low, column.high if column.high > column.low else column.low + 1
    return -0.5, (column.high - column.low) // column.step + 0.5


def _draw(pen: ImageDraw.ImageDraw, bars: NDArray[np.float64], left: int, top: int) -> None:
    edges = np.linspace(left, left + WIDTH, len(bars) + 1).round().astype(int)
    heights = (HEIGHT * bars / max(bars.max(), 1e-12)).round().astype(int)
    for i, height in enumerate(heights):
        if height:
            place = (edges[i], top + HEIGHT - height, max(edges[i + 1] - 2, edges[i]), top + HEIGHT - 1)
            pen.rectangle(tuple(map(int, place)), fill=INK if i else MISSING)
    pen.line((left, top + HEIGHT, left + WIDTH, top + HEIGHT), fill=(0, 0, 0))
