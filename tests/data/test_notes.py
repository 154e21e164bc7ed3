"""What is said of cropping, padding, stretching and transparency: figures by hand."""

from collections import Counter

import pytest

from ganatomy.data.notes import fitting, kept, transparency

SQUARE = Counter({(64, 64): 3})
# Of 100 images 60 are square, 30 are 4 to 5 (a fifth is lost), 9 are 1 to 2 (a half), one is 1 to 4.
STAMPS = Counter({(100, 100): 60, (100, 80): 20, (80, 100): 10, (50, 100): 9, (400, 100): 1})


@pytest.mark.parametrize(
    ("image", "size", "share"),
    [((64, 64), (32, 32), 1), ((100, 80), (64, 64), 0.8), ((80, 100), (40, 50), 1), ((64, 64), (32, 64), 0.5)],
)
def test_the_share_that_is_kept(image: tuple[int, int], size: tuple[int, int], share: float) -> None:
    assert kept(image, size) == pytest.approx(share)


def test_cropping_says_how_many_and_how_much() -> None:
    assert fitting(STAMPS, (64, 64), "crop", "background", 3) == (
        "40 of 100 images are cropped, by 20% of the picture in the median, 75% of the picture at most, more than a "
        "quarter in 10 of them; --fit pad or --fit stretch keeps all of it."
    )
    assert fitting(Counter({(50, 100): 1}), (64, 64), "crop", "background", 3) == (
        "1 of 1 image is cropped, by 50% of the picture; --fit pad or --fit stretch keeps all of it."
    )


@pytest.mark.parametrize(
    ("padding", "channels", "bars"),
    [
        ("background", 3, "white"),
        ("background", 1, "white"),
        ("background", 4, "transparent"),
        ("border", 4, "the colour of the picture's border"),
    ],
)
def test_padding_says_its_colour(padding, channels: int, bars: str) -> None:
    assert fitting(Counter({(50, 100): 7}), (64, 64), "pad", padding, channels) == (
        f"7 of 7 images are padded: bars, {bars}, take 50% of the picture; --fit crop or --fit stretch makes none."
    )


def test_stretching_says_how_much() -> None:
    assert fitting(STAMPS, (64, 64), "stretch", "background", 3) == (
        "40 of 100 images are stretched: one side more than the other, 1.25 times in the median, 4.00 times at most."
    )


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_nothing_is_said_where_nothing_is_lost(fit) -> None:
    assert fitting(SQUARE, (32, 32), fit, "background", 3) is None
    assert fitting(Counter({(1000, 1001): 5}), (64, 64), fit, "background", 3) is None  # a pixel in a thousand
    assert fitting(Counter(), (64, 64), fit, "background", 3) is None


def test_transparency_is_announced() -> None:
    assert transparency(3786, 3) == (
        "3,786 images are transparent: they are laid on white; --channels 4 keeps transparency."
    )
    assert transparency(1, 1) == "1 image is transparent: it is laid on white; --channels 4 keeps transparency."
    assert transparency(3786, 4) is None
    assert transparency(0, 3) is None
