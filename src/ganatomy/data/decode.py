"""One image of any kind → uint8 [H, W, C]. The only way in, for training sets and for a metric's reference alike."""

import io
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from threading import Condition, Lock, local
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

from ganatomy.data.items import ImageError, Items
from ganatomy.data.kinds import reads_heic
from ganatomy.data.values import Numbers, Range, to_uint8
from ganatomy.errors import first_line
from ganatomy.modalities.alpha import without_hidden_colours

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Raw = bytes | Image.Image | Pixels
Size = tuple[int, int]  # height, width
Fit = Literal["crop", "pad", "stretch"]
Padding = Literal["background", "border"]

# Only what `kinds.is_image` promises: Pillow would also hand PostScript to Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF")
GREY = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
WIDE = {"uint16", "int32", "float32"}  # types of numbers that do not fit into 8 bits
MAX_PIXELS = 64_000_000  # of one image, and of all that are decoded at a time
LARGE = 16 * 2**20  # bytes of a file: such a one is read only once no other is in memory
STRIP = 2**20  # pixels converted at a time
ORIENTATION = 0x0112
_one_large = Lock()
_thread, _total, _decoded = local(), [0], Condition()  # pixels in memory: of this thread, of all
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# In blocks of 16 MB, as Pillow has it, freed images stay with the C library, for each thread anew: larger ones go back.
Image.core.set_block_size(64 * 2**20)  # type: ignore[attr-defined]


@contextmanager
def reasons() -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError: broken files make Pillow raise nearly any exception."""
    try:
        yield
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError("not an image") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"more than {MAX_PIXELS // 10**6} megapixels") from error
    except Exception as error:
        text = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        cut = isinstance(error, EOFError) or "truncated" in text.lower()
        raise ImageError("truncated" if cut else text) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about odd files. Around the threads, not in them: filters are the whole process's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def reading(items: Items, i: int) -> Iterator[Raw]:
    """The i-th image, not decoded, for as long as it is needed. Raises ImageError where it cannot be read."""
    with reasons():
        large = items.size(i) > LARGE
    with _one_large if large else nullcontext():
        with reasons():
            raw = items.read(i)
        yield raw


def opened(raw: Raw, formats: Sequence[str] = ()) -> Image.Image:
    """The image with its header read and its size checked, not yet decoded; formats: of a file, any if not given.

    Raises ImageError.
    """
    with reasons():
        if isinstance(raw, bytes):
            if not raw:
                raise ImageError("empty file")
            image: Image.Image = Image.open(io.BytesIO(raw), formats=list(formats) or _formats())
            if image.format == "PNG" and "exif" not in image.info and (exif := _exif_of_png(raw)):
                image.info["exif"] = exif
        elif isinstance(raw, np.ndarray):
            image = Image.fromarray(raw[:, :, 0] if raw.shape[2] == 1 else raw)
        else:
            image = raw
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(f"{image.width}×{image.height}: more than {MAX_PIXELS // 10**6} megapixels")
        if 0 in image.size:
            raise ImageError("no pixels")
        return image


def _exif_of_png(raw: bytes) -> bytes | None:
    """EXIF of a PNG, wherever it stands; Pillow finds what stands behind the pixels only once these are decoded."""
    at = 8
    while at + 8 <= len(raw):
        size, kind = struct.unpack_from(">I4s", raw, at)
        if kind == b"eXIf":
            return b"Exif\0\0" + raw[at + 8 : at + 8 + size]
        at += 12 + size
    return None


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8. TIFF files lose it on loading, when Pillow itself turns them."""
    try:
        # Not the PNG reader's own getexif, which decodes the picture to look behind it: `opened` has looked.
        value = Image.Image.getexif(image).get(ORIENTATION, 1)
    except Exception:  # damaged EXIF does not make the picture unreadable
        return 1
    return value if value in UPRIGHT else 1


def upright_size(image: Image.Image) -> Size:
    """(height, width) of an opened image once it is turned upright."""
    # Pillow already swaps the two for TIFF when it reads the header.
    turned = image.format != "TIFF" and orientation(image) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


@dataclass
class Seen:
    """What decoding an image showed: the smallest and largest of its 8-bit values, and whether any is transparent."""

    low: int = 255
    high: int = 0
    transparent: bool = False

    def look(self, image: Image.Image) -> None:
        """Look at an image, or a part of it, of mode L, LA, RGB or RGBA."""
        *colours, last = [cast(tuple[int, int], band.getextrema()) for band in image.split()]
        if image.mode in ("LA", "RGBA"):
            self.transparent = self.transparent or last[0] < 255
        else:
            colours.append(last)
        self.low = min(self.low, *(low for low, _ in colours))
        self.high = max(self.high, *(high for _, high in colours))


def decode(
    raw: Raw,
    channels: int | None = None,
    size: Size | None = None,
    fit: Fit = "crop",
    padding: Padding = "background",
    limits: Mapping[str, Range] | None = None,
    seen: Seen | None = None,
) -> Pixels:
    """uint8 [H, W, C]: upright, eight bits, C channels (None: its own 1, 3 or 4), H×W as `size` says (None: its own).

    Grey and colour convert into each other; transparent images are laid on white unless four channels are wanted,
    of which the colours are then white where alpha is 0.
    limits: the values of black and white by `number_type`, of the whole set; without them those of this image alone.
    seen: learns what the image, if it is not an array, holds. Raises ImageError.
    """
    with reasons():
        image = opened(raw)
        with in_memory(image.width * image.height):
            image.load()
            turn = UPRIGHT.get(orientation(image))
            kind = number_type(image)
            scale = (limits or {}).get(kind) if not isinstance(raw, np.ndarray) else None
            if scale is None and kind in WIDE:
                scale = numbers_of(image).limits
            look = None if isinstance(raw, np.ndarray) and image.mode != "RGBA" else seen
            image = _by_strips(image, lambda strip: _converted(strip, scale, channels, look))
            if turn is not None:
                image = image.transpose(turn)
            if size and image.size != (size[1], size[0]):
                image = _fitted(image, size, fit, padding)
            return without_hidden_colours(_pixels(image))


@contextmanager
def in_memory(pixels: int) -> Iterator[None]:
    """Decode so many pixels here. At most MAX_PIXELS are in memory, of all threads: a large image waits for others."""
    held: int = getattr(_thread, "pixels", 0)
    more = max(0, pixels - held)  # within such a block, only what it does not cover
    with _decoded:
        _decoded.wait_for(lambda: _total[0] + more <= MAX_PIXELS)
        _total[0] += more
    _thread.pixels = held + more
    try:
        yield
    finally:
        _thread.pixels = held
        with _decoded:
            _total[0] -= more
            _decoded.notify_all()


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """(first row, some rows of an image): to convert a large one whole would take several times its memory."""
    height = max(1, STRIP // image.width)
    for top in range(0, image.height, height):
        yield top, image.crop((0, top, image.width, min(image.height, top + height)))


def _by_strips(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """`convert`, which looks at each pixel alone, of a whole image."""
    if image.width * image.height <= STRIP:
        return convert(image)
    whole: Image.Image | None = None
    for top, strip in _strips(image):
        converted = convert(strip)
        whole = whole or Image.new(converted.mode, image.size)
        whole.paste(converted, (0, top))
    assert whole
    return whole


def _pixels(image: Image.Image) -> Pixels:
    """uint8 [H, W, C] of an image of 8 bits."""
    pixels = np.empty((image.height, image.width, len(image.getbands())), np.uint8)
    for top, strip in _strips(image):
        pixels[top : top + strip.height] = np.asarray(strip).reshape(strip.height, strip.width, -1)
    return pixels


@cache
def _formats() -> list[str]:
    Image.init()
    if reads_heic():
        import_module("pillow_heif").register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]  # older Pillows have no AVIF


def number_type(image: Image.Image) -> str:
    """The type of the numbers in an image's file, as numpy calls it; colours of a palette have 8 bits."""
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PNG", "PPM")):  # Pillow scales PGM's depths
        return "uint16"
    return {"1": "bool", "I": "int32", "F": "float32"}.get(mode, "uint8")


def numbers_of(image: Image.Image) -> Numbers:
    """The numbers of an image of a type in WIDE. Raises ImageError where some are not finite."""
    low, high = np.inf, -np.inf
    for _, strip in _strips(image):
        values = np.asarray(strip)
        if not np.isfinite(values).all():
            raise ImageError("holds NaN or infinite values")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return Numbers(number_type(image), low, high)


def _converted(image: Image.Image, scale: Range | None, channels: int | None, seen: Seen | None) -> Image.Image:
    """Any mode → L, RGB or RGBA, as `channels` say; None: its own."""
    wide = image.mode == "F" or image.mode.startswith("I")
    if wide:
        assert scale
        image = Image.fromarray(to_uint8(np.asarray(image), *scale))
    else:
        plain = image.mode == "1"
        image = _eight_bit(image)
        if seen:
            seen.look(image)
        if scale and not plain:
            table = to_uint8(np.arange(256), *scale).tolist()
            same = list(range(256))
            tables = {"L": table, "LA": table + same, "RGB": 3 * table, "RGBA": 3 * table + same}
            image = image.point(tables[image.mode])
    if channels:
        return _with_channels(image, channels)
    return image.convert("RGBA") if image.mode == "LA" else image


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any mode of 8 bits or fewer → L, LA, RGB or RGBA."""
    mode = image.mode
    if image.has_transparency_data:
        return image.convert("LA" if mode in GREY else "RGBA")
    if mode == "LAB":  # Pillow's own convert cannot
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        coloured = ImageCms.applyTransform(image, ImageCms.buildTransform(*profiles, "LAB", "RGB"))
        assert coloured
        return coloured
    return image if mode in ("L", "RGB") else image.convert("L" if mode == "1" else "RGB")


def _with_channels(image: Image.Image, channels: int) -> Image.Image:
    if image.mode in ("LA", "RGBA") and channels < 4:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
        image = image.convert("RGB")  # dropping the opaque alpha
    return image if image.mode == MODES[channels] else image.convert(MODES[channels])


def _fitted(image: Image.Image, size: Size, fit: Fit, padding: Padding) -> Image.Image:
    height, width = size
    across, down = image.width / width, image.height / height  # source pixels to one target pixel
    inner = (width, height)
    cut_width, cut_height = float(image.width), float(image.height)
    if fit == "crop":
        scale = min(across, down)
        cut_width, cut_height = min(cut_width, width * scale), min(cut_height, height * scale)
    elif fit == "pad":
        scale = max(across, down)
        inner = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    left, top = (image.width - cut_width) / 2, (image.height - cut_height) / 2
    box = (left, top, min(image.width, left + cut_width), min(image.height, top + cut_height))
    # Lanczos keeps detail when shrinking, but rings when enlarging.
    shrinks = cut_width * cut_height > inner[0] * inner[1]
    small = image.resize(inner, Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC, box=box)
    if inner == (width, height):
        return small
    padded = Image.new(image.mode, (width, height), _bars(small, padding))
    padded.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return padded


def _bars(image: Image.Image, padding: Padding) -> tuple[int, ...]:
    """The colour of the bars beside an image: what transparency is laid on, or the median of the image's border."""
    if padding == "border":
        pixels = _pixels(image)
        edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        return tuple(np.median(edges, axis=0).round().astype(int).tolist())
    return (0, 0, 0, 0) if image.mode == "RGBA" else (255,) * len(image.getbands())
