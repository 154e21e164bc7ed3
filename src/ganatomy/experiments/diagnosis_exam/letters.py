"""Images made by code: letters in many fonts and colours, a data set without a download."""

from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 16
LETTERS = "ABCDEFGHIJ"
LARGE = 4 * SIDE  # drawn at four times the size, then made smaller
SIZES = (40, 48, 56)  # of the fonts, in pixels of the large image
FONTS = ("DejaVuSans*.ttf", "DejaVuSerif*.ttf", "STIXGeneral*.ttf")  # those that come with matplotlib


def letters(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 [N, 16, 16, 3] and their classes [N]: a light letter, A to J, a little turned, on a dark ground."""
    random = np.random.default_rng(seed)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    files = sorted(path for pattern in FONTS for path in folder.glob(pattern) if "Display" not in path.name)
    fonts = [ImageFont.truetype(str(path), size) for path in files for size in SIZES]
    labels = random.integers(len(LETTERS), size=count)
    inked = np.stack([_drawn(LETTERS[label], fonts[random.integers(len(fonts))], random) for label in labels])
    ink, ground = random.uniform(0.55, 1, (count, 1, 1, 3)), random.uniform(0, 0.3, (count, 1, 1, 3))
    pixels = ground + inked[..., None] * (ink - ground)
    return np.round(255 * pixels).astype(np.uint8), labels


def _drawn(letter: str, font: ImageFont.FreeTypeFont, random: np.random.Generator) -> NDArray[np.float64]:
    """How much ink is where, 0 to 1, [16, 16]."""
    sheet = Image.new("L", (LARGE, LARGE))
    place = LARGE / 2 + random.uniform(-4, 4, 2)
    ImageDraw.Draw(sheet).text(tuple(place), letter, fill=255, font=font, anchor="mm")
    turned = sheet.rotate(random.uniform(-15, 15), Image.Resampling.BILINEAR)
    return np.asarray(turned.resize((SIDE, SIDE), Image.Resampling.BOX)) / 255
