"""One image of any kind → uint8 [H, W, C]. The only way in, for training sets and for a metric's reference alike."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

from ganatomy.data.items import ImageError
from ganatomy.data.values import recognised, to_uint8
from ganatomy.errors import first_line

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Raw = bytes | Image.Image | Pixels
Size = tuple[int, int]  # height, width
Fit = Literal["crop", "pad", "stretch"]

# Only what `layout.EXTENSIONS` promise: Pillow would also hand PostScript to Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
GREY = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
MAX_PIXELS = 64_000_000
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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


def opened(raw: Raw) -> Image.Image:
    """The image with its header read and its size checked, not yet decoded. Raises ImageError."""
    with reasons():
        if isinstance(raw, bytes):
            if not raw:
                raise ImageError("empty file")
            image: Image.Image = Image.open(io.BytesIO(raw), formats=_formats())
        elif isinstance(raw, np.ndarray):
            image = Image.fromarray(raw[:, :, 0] if raw.shape[2] == 1 else raw)
        else:
            image = raw
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(f"{image.width}×{image.height}: more than {MAX_PIXELS // 10**6} megapixels")
        if 0 in image.size:
            raise ImageError("no pixels")
        return image


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8. TIFF files lose it on loading, when Pillow itself turns them."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF does not make the picture unreadable
        return 1
    return value if value in UPRIGHT else 1


def upright_size(image: Image.Image) -> Size:
    """(height, width) of an opened image once it is turned upright."""
    # Pillow already swaps the two for TIFF when it reads the header.
    turned = image.format != "TIFF" and orientation(image) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


def decode(raw: Raw, channels: int | None = None, size: Size | None = None, fit: Fit = "crop") -> Pixels:
    """uint8 [H, W, C]: upright, eight bits, C channels (None: its own 1, 3 or 4), H×W as `size` says (None: its own).

    Grey and colour convert into each other; transparent images are laid on white unless four channels are wanted.
    Raises ImageError.
    """
    with reasons():
        image = opened(raw)
        if size:
            # JPEG can decode straight to 1/2, 1/4 or 1/8. Twice the target leaves the last step to the good filter.
            image.draft(None, (2 * max(size), 2 * max(size)))
        image.load()
        turn = UPRIGHT.get(orientation(image))
        image = _eight_bit(image)
        if channels:
            image = _with_channels(image, channels)
        elif image.mode == "LA":
            image = image.convert("RGBA")
        if turn is not None:
            image = image.transpose(turn)
        if size and image.size != (size[1], size[0]):
            image = _fitted(image, size, fit)
        return np.asarray(image).reshape(image.height, image.width, -1)


@cache
def _formats() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]  # older Pillows have no AVIF


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any mode → L, LA, RGB or RGBA."""
    mode = image.mode
    if mode == "F" or mode.startswith("I"):
        values = np.asarray(image)
        if mode.startswith("I;16") or image.format in ("PNG", "PPM"):  # Pillow scales PGM's depths up to 65535
            limits: tuple[float, float] | None = (0.0, 65535.0)
        elif not np.isfinite(values).all():
            raise ImageError("holds NaN or infinite values")
        else:
            low, high = float(values.min()), float(values.max())
            limits = recognised(low, high, whole=mode == "I") or (low, high)
        assert limits
        return Image.fromarray(to_uint8(values, *limits))
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


def _fitted(image: Image.Image, size: Size, fit: Fit) -> Image.Image:
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
    padded = Image.new(image.mode, (width, height), "black")
    padded.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return padded
