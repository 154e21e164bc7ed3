"""The page of generated images beside their nearest real ones."""

import re

import numpy as np

from ganatomy.report.nearest import SHOWN, Neighbours, page


def neighbours(count: int) -> Neighbours:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 1), np.uint8)
    return Neighbours(pixels, pixels, pixels, np.linspace(0, 2, count))


def test_every_colour_of_the_page_is_defined_in_it() -> None:
    text = page("mine", neighbours(3))
    used, defined = set(re.findall(r"var\((--[\w]+)\)", text)), set(re.findall(r"(--\w+):", text))
    assert used
    assert used <= defined


def test_the_closest_come_first_and_as_many_others_are_drawn() -> None:
    text = page("mine", neighbours(50))
    shown = [float(ratio) for ratio in re.findall(r"<figcaption>([\d.]+)</figcaption>", text)]
    assert len(shown) == 2 * SHOWN
    assert shown[:SHOWN] == [round(ratio, 2) for ratio in np.linspace(0, 2, 50)[:SHOWN]]
    assert min(shown[SHOWN:]) > max(shown[:SHOWN])
