"""The colours of all pages: text in any of them can be read, in light and in dark."""

import re
from importlib.resources import files

import pytest

CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3, of text of any size
BACKGROUNDS = ("paper", "raised")
NOT_OF_TEXT = (*BACKGROUNDS, "rule")


def themes() -> dict[str, dict[str, str]]:
    """The colours by name, of each theme."""
    light, dark = re.findall(r":root \{(.*?)\}", (files("ganatomy.report") / "colours.css").read_text(), re.DOTALL)
    return {
        theme: dict(re.findall(r"--([\w]+): (#[0-9a-f]{6});", text))
        for theme, text in (("light", light), ("dark", dark))
    }


def contrast(one: str, other: str) -> float:
    """(L₁ + 0.05)/(L₂ + 0.05) of two sRGB colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    (theme, name, ground)
    for theme, colours in themes().items()
    for name in colours
    if name not in NOT_OF_TEXT
    for ground in BACKGROUNDS
]


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)  # the standard's own example of too little
    assert {theme for theme, _, _ in PAIRS} == {"light", "dark"}
    assert {"generator", "other0", "other1", "quiet", "alarm"} <= {name for _, name, _ in PAIRS}


@pytest.mark.parametrize(("theme", "name", "ground"), PAIRS)
def test_text_in_every_colour_can_be_read(theme: str, name: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[name], colours[ground]) >= CONTRAST
