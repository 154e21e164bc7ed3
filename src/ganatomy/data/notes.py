"""What is done to images of other shapes and to transparent ones, in sentences with figures."""

from collections import Counter

import numpy as np

from ganatomy.config.options import LARGEST
from ganatomy.data.decode import Fit, Padding, Size

LITTLE = 0.005  # of the picture: less is rounding
MUCH = 0.25


def fitting(sizes: Counter[Size], size: Size, fit: Fit, padding: Padding, channels: int) -> str | None:
    """How many images are cropped, padded or stretched to (height, width), and by how much; None if none are."""
    shown = [(kept(each, size), count) for each, count in sizes.items()]
    changed = np.sort(np.repeat([share for share, _ in shown], [count for _, count in shown])) if shown else np.ones(0)
    changed = changed[changed < 1 - LITTLE]
    if not len(changed):
        return None
    some = f"{len(changed):,} of {counted(sizes.total(), 'image')} {'is' if len(changed) == 1 else 'are'}"
    if fit == "stretch":
        median, most = 1 / np.median(changed), 1 / changed[0]
        return f"{some} stretched: one side more than the other, {_spread(f'{median:.2f} times', f'{most:.2f} times')}."
    lost = 1 - changed
    much = int((lost > MUCH).sum())
    figures = _spread(f"{np.median(lost):.0%} of the picture", f"{lost[0]:.0%} of the picture")
    figures += f", more than a quarter in {much:,} of them" if 0 < much < len(lost) else ""
    if fit == "crop":
        return f"{some} cropped, by {figures}; --fit pad or --fit stretch keeps all of it."
    bars = "the colour of the picture's border" if padding == "border" else "transparent" if channels == 4 else "white"
    return f"{some} padded: bars, {bars}, take {figures}; --fit crop or --fit stretch makes none."


def larger(sizes: Counter[Size], size: Size) -> str | None:
    """That images lose detail because none larger than LARGEST are trained; None where they do not."""
    count = sum(number for each, number in sizes.items() if min(each) > LARGEST)
    if max(size) < LARGEST or not count:
        return None
    some = f"{count:,} of {counted(sizes.total(), 'image')} {'is' if count == 1 else 'are'}"
    return f"{some} larger than {LARGEST} pixels a side, the largest size there is to train: they are made smaller."


def kept(image: Size, size: Size) -> float:
    """The share of an image's area that a crop to the shape of `size` keeps, or of a padded one that is no bars."""
    down, across = image[0] / size[0], image[1] / size[1]
    return min(down, across) / max(down, across)


def transparency(transparent: int, channels: int) -> str | None:
    """That transparent images are laid on white, and what keeps them; None if none are, or they are kept."""
    if not transparent or channels == 4:
        return None
    what = "is transparent: it is" if transparent == 1 else "are transparent: they are"
    return f"{counted(transparent, 'image')} {what} laid on white; --channels 4 keeps transparency."


def counted(count: int, thing: str) -> str:
    """'1 image', '2,000 images'."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _spread(median: str, most: str) -> str:
    return median if median == most else f"{median} in the median, {most} at most"
