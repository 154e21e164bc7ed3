"""One character a class, in several fonts: those that come with matplotlib."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Draw, Floats, Labels, SetStyle

CHARACTERS = (
    "ABCDEFGHJKLMNPQRSTUVWXYZ",
    "abcdefghijkmnpqrstuvwxyz",
    "0123456789",
    "&?!#$%@+=*<>£¥÷±",
    "ΓΔΘΛΞΠΣΦΨΩαβγδεζθλμπσφω",
)
FONTS = ("DejaVuSans*.ttf", "DejaVuSerif*.ttf", "STIXGeneral*.ttf")
FINE = 2  # characters are drawn at so many times the size, then made smaller


def glyphs(style: SetStyle, random: np.random.Generator) -> Draw:
    """Draws characters: classes [N] → ink [N, H, W]. Each set has its own characters of one kind, and its own fonts."""
    kinds = [kind for kind in CHARACTERS if len(kind) >= style.classes]
    kind = kinds[random.integers(len(kinds))]
    characters = [kind[each] for each in random.permutation(len(kind))[: style.classes]]
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    files = sorted(path for pattern in FONTS for path in folder.glob(pattern) if "Display" not in path.name)
    count = 1 if style.variety < 0.6 else int(random.integers(2, 7))
    fonts = [files[each] for each in random.permutation(len(files))[:count]]
    sheets = [[_sheet(character, font, style.size) for font in fonts] for character in characters]
    turns = style.variety * random.uniform(0.05, 0.5)

    def draw(labels: Labels, random: np.random.Generator) -> Floats:
        several = random.integers(len(fonts), size=len(labels))
        turn = random.uniform(-turns, turns, len(labels))
        scale = 1 + style.variety * random.uniform(-0.25, 0.25, len(labels))
        places = style.size * FINE * (0.5 + style.variety * random.uniform(-0.12, 0.12, (len(labels), 2)))
        drawn = map(
            _turned, (sheets[label][font] for label, font in zip(labels, several, strict=True)), turn, scale, places
        )
        return np.stack(list(drawn)).astype(np.float32) / 255

    return draw


def _sheet(character: str, path: Path, size: int) -> Image.Image:
    """The character in the middle of a sheet of FINE times the size: two thirds as high, or almost as wide."""
    side = size * FINE
    font = ImageFont.truetype(str(path), side)
    left, top, right, bottom = font.getbbox(character)
    font = ImageFont.truetype(str(path), int(side * min(0.66 * side / (bottom - top), 0.8 * side / (right - left), 1)))
    left, top, right, bottom = font.getbbox(character)
    sheet = Image.new("L", (side, side))
    place = ((side - left - right) / 2, (side - top - bottom) / 2)
    ImageDraw.Draw(sheet).text(place, character, fill=255, font=font)
    return sheet


def _turned(sheet: Image.Image, turn: float, scale: float, place: np.ndarray) -> np.ndarray:
    """The sheet turned, scaled and with its middle at `place` [2], of the size of the image [H, W]."""
    cosine, sine, middle = np.cos(turn) / scale, np.sin(turn) / scale, sheet.width / 2
    x, y = place
    back = (cosine, sine, middle - cosine * x - sine * y, -sine, cosine, middle + sine * x - cosine * y)
    moved = sheet.transform(sheet.size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.asarray(moved.reduce(FINE))
