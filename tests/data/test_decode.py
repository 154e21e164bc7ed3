"""Every kind of image becomes the right pixels."""

import io
import struct
import subprocess
import sys
import textwrap
import zlib
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import encoded, noise
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

from ganatomy.data import decode as decode_room
from ganatomy.data.decode import (
    MAX_PIXELS,
    UPRIGHT,
    Seen,
    decode,
    in_memory,
    opened,
    orientation,
    quiet,
    upright_size,
)
from ganatomy.data.items import ImageError
from ganatomy.data.values import recognised, to_uint8

WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def solid(mode, colour, kind="PNG", **options):
    return encoded(Image.new(mode, (4, 2), colour), kind, **options)


def only(pixels):
    """The one colour of an image."""
    assert (pixels == pixels[0, 0]).all()
    return tuple(pixels[0, 0].tolist())


@pytest.mark.parametrize(
    ("raw", "channels", "colour"),
    [
        (solid("RGB", (10, 20, 30)), 3, (10, 20, 30)),
        (solid("RGB", (10, 20, 30), "BMP"), 3, (10, 20, 30)),
        (solid("RGB", (10, 20, 30), "WEBP", lossless=True), 3, (10, 20, 30)),
        (solid("RGB", (10, 20, 30), "PPM"), 3, (10, 20, 30)),
        (solid("RGB", (10, 20, 30), "JPEG2000", irreversible=False), 3, (10, 20, 30)),
        (solid("RGB", (255, 0, 0)), 1, (76,)),  # ITU-R 601: 0.299 of 255
        (solid("RGB", (10, 20, 30)), 4, (10, 20, 30, 255)),
        (solid("L", 77), 1, (77,)),
        (solid("L", 77), 3, (77, 77, 77)),
        (solid("1", 1), 1, (255,)),
        (solid("1", 0), 3, BLACK),
        (solid("LA", (100, 0)), 1, (255,)),
        (solid("LA", (100, 255)), 3, (100, 100, 100)),
        (solid("LA", (100, 51)), 1, (224,)),  # 100·0.2 + 255·0.8
        (solid("LA", (100, 51)), 4, (100, 100, 100, 51)),
        (solid("RGBA", (255, 0, 0, 0)), 3, WHITE),
        (solid("RGBA", (255, 0, 0, 255)), 3, RED),
        (solid("RGBA", (255, 0, 0, 51)), 3, (255, 204, 204)),
        (solid("RGBA", (255, 0, 0, 51)), 4, (255, 0, 0, 51)),
        (solid("RGB", (1, 2, 3), transparency=(1, 2, 3)), 3, WHITE),  # one colour of PNG declared transparent
        (solid("L", 9, transparency=9), 1, (255,)),
        (solid("I;16", 65535), 1, (255,)),
        (solid("I;16", 257 * 100), 1, (100,)),
        (solid("I;16", 257 * 100), 3, (100, 100, 100)),
        (solid("I;16", 257 * 100, "TIFF"), 1, (100,)),
        (solid("I;16B", 257 * 100, "TIFF"), 1, (100,)),
        (solid("I", 65535, "TIFF"), 1, (255,)),
        (solid("I", 200, "TIFF"), 1, (200,)),
        (solid("F", 1.0, "TIFF"), 1, (255,)),
        (solid("F", 0.2, "TIFF"), 1, (51,)),
        (solid("F", -1.0, "TIFF"), 1, (0,)),
        (solid("F", 200.0, "TIFF"), 3, (200, 200, 200)),
        (solid("CMYK", (0, 0, 0, 0), "TIFF"), 3, WHITE),
        (solid("CMYK", (0, 255, 255, 0), "TIFF"), 3, RED),
        (solid("CMYK", (0, 0, 0, 255), "TIFF"), 3, BLACK),
        (b"P5 2 2 65535 " + b"\xff\xff" * 4, 1, (255,)),
        (b"P5 2 2 65535 " + b"\x00\xff" * 4, 1, (1,)),  # dark, but of 16 bits all the same
    ],
)
def test_colour(raw, channels, colour):
    pixels = decode(raw, channels)
    assert pixels.dtype == np.uint8
    assert only(pixels) == colour


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "LAB", "CMYK"])
def test_colour_spaces_come_back_as_rgb(mode):
    rgb = Image.new("RGB", (4, 2), (200, 60, 30))
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.applyTransform(rgb, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
        assert np.abs(np.int_(decode(encoded(image, "TIFF"), 3)) - (200, 60, 30)).max() <= 3
    else:
        image = rgb.convert(mode)
    assert image.mode == mode
    assert np.abs(np.int_(decode(image, 3)) - (200, 60, 30)).max() <= 3


def test_cmyk_jpeg():
    assert np.abs(np.int_(decode(solid("CMYK", (0, 255, 255, 0), "JPEG", quality=95), 3)) - RED).max() <= 4


def test_wide_numbers_without_a_usual_range_are_stretched_in_an_image_alone():
    image = Image.fromarray(np.array([[-1000, 0], [1000, 3000]], dtype=np.int32))
    assert decode(encoded(image, "TIFF"), 1)[..., 0].tolist() == [[0, 64], [128, 255]]
    assert only(decode(Image.new("F", (2, 2), -7.0), 1)) == (0,)


def test_numbers_that_are_none():
    with pytest.raises(ImageError, match="NaN"):
        decode(solid("F", float("nan"), "TIFF"))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_transparency_on_white(kind):
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, 0, 0, 255])
    image.putdata([0, 1])
    raw = encoded(image, kind, transparency=1)
    assert decode(raw, 3).tolist() == [[list(RED), list(WHITE)]]
    assert decode(raw, 4)[0, 1, 3] == 0
    assert decode(encoded(image, kind), 3).tolist() == [[list(RED), [0, 0, 255]]]


def test_palette_with_partial_transparency():
    image = Image.new("P", (1, 1))
    image.putpalette([*RED])
    assert only(decode(encoded(image, "PNG", transparency=bytes([51])), 3)) == (255, 204, 204)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation(turn, kind, rng):
    upright = np.kron(noise(rng, 3, 2), np.ones((16, 16, 1), dtype=np.uint8))
    # What a camera held that way would store: the inverse of the turn that puts it right.
    inverse = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    stored = Image.fromarray(upright)
    if turn > 1:
        stored = stored.transpose(inverse.get(turn, UPRIGHT[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    if kind == "TIFF":
        options = {"tiffinfo": {0x0112: turn}}
    raw = encoded(stored, kind, **({} if kind == "TIFF" else {"exif": exif}), **options)
    assert orientation(opened(raw)) == turn
    pixels = decode(raw, 3)
    assert pixels.shape == upright.shape
    assert np.abs(np.int_(pixels) - upright).max() <= (6 if kind == "JPEG" else 0)
    assert decode(raw, 3, (48, 32)).shape == (48, 32, 3)


def test_damaged_exif_is_no_reason_to_lose_a_picture():
    raw = solid("RGB", RED, "JPEG", quality=100, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage")
    with quiet():
        assert np.abs(np.int_(decode(raw, 3)) - RED).max() <= 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 0, 255))]
    options = {"lossless": True} if kind == "WEBP" else {}
    raw = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert only(decode(raw, 3)) == RED


def test_channels_of_its_own():
    assert decode(solid("L", 5)).shape == (2, 4, 1)
    assert decode(solid("P", 5)).shape == (2, 4, 3)
    assert decode(solid("LA", (5, 5))).shape == (2, 4, 4)


def test_arrays_pass_unchanged(rng):
    for channels in (1, 3, 4):
        pixels = noise(rng, 5, 7, channels).reshape(5, 7, channels)
        assert (decode(pixels, channels) == pixels).all()


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    parts = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (chunk, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [8001, 50_000, 2**31 - 1])
def test_huge_headers_are_refused_before_decoding(side):
    assert side**2 > MAX_PIXELS
    with pytest.raises(ImageError, match="more than 64 megapixels"):
        opened(png_header(side, side))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "I", "F"])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_a_large_image_is_converted_strip_by_strip_to_the_same(rng, monkeypatch, mode, channels):
    values = noise(rng, 41, 30, len(Image.new(mode, (1, 1)).getbands()))
    image = Image.fromarray(values, mode) if mode not in ("1", "I;16", "I", "F", "P") else Image.fromarray(values)
    image = image.convert(mode) if image.mode != mode else image
    whole = decode(image, channels)
    monkeypatch.setattr(decode_room, "STRIP", 100)  # three rows
    assert (decode(image, channels) == whole).all()


def test_pixels_in_memory_are_bounded_over_all_threads(monkeypatch):
    monkeypatch.setattr(decode_room, "MAX_PIXELS", 100)
    now, most, lock = [0], [0], Lock()

    def work(pixels):
        with in_memory(pixels), in_memory(pixels):  # the inner one is part of the outer
            with lock:
                now[0] += pixels
                most[0] = max(most[0], now[0])
            sleep(0.001)
            with lock:
                now[0] -= pixels

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [30, 100, 40, 60, 1, 99] * 10))
    assert now[0] == 0
    assert 60 <= most[0] <= 100


def late_exif(raw):
    """The same PNG with its EXIF behind the pixels, where the standard allows it too."""
    at = raw.index(b"eXIf") - 4
    end = at + 12 + struct.unpack_from(">I", raw, at)[0]
    return raw[:at] + raw[end:-12] + raw[at:end] + raw[-12:]


def test_a_png_is_turned_wherever_its_exif_stands_and_not_decoded_to_know(rng, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    early = encoded(noise(rng, 20, 30), exif=exif)
    with monkeypatch.context() as patch:
        patch.setattr(PngImagePlugin.PngImageFile, "load", None)
        sizes = [upright_size(opened(raw)) for raw in (early, late_exif(early), encoded(noise(rng, 20, 30)))]
    assert sizes == [(30, 20), (30, 20), (20, 30)]
    assert (decode(early) == decode(late_exif(early))).all()


MEASURED = """
    from concurrent.futures import ThreadPoolExecutor
    from ganatomy.data.decode import decode
    raw = open({path!r}, "rb").read()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: decode(raw, 3, (64, 64)), range(3)))
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
def test_memory_of_the_largest_images(tmp_path):
    """64 megapixels with transparency are 256 MB; laid on white by three threads, they stay below three times that."""
    path = tmp_path / "large.png"
    Image.new("RGBA", (8000, 8000), (10, 20, 30, 128)).save(path, compress_level=1)
    script = textwrap.dedent(MEASURED.format(path=str(path)))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert int(run.stdout) < 768 * 1024


def test_reasons(rng):
    whole = {kind: encoded(noise(rng, 50, 50), kind) for kind in ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")}
    for kind, raw in whole.items():
        assert decode(raw, 3).shape == (50, 50, 3)
        with pytest.raises(ImageError) as error:
            decode(raw[: len(raw) // 2], 3)
        assert kind not in ("JPEG", "BMP", "PNG") or str(error.value) == "truncated"
    for raw, reason in ((b"", "empty file"), (b"hello" * 50, "not an image"), (b"%!PS-Adobe-3.0 EPSF", "not an image")):
        with pytest.raises(ImageError, match=reason):
            decode(raw)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.tuples(st.integers(16, 256), st.integers(16, 256)),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from([1, 3, 4]),
)
def test_fit_gives_the_exact_shape(height, width, size, fit, channels):
    pixels = np.full((height, width, channels), 200, dtype=np.uint8)
    fitted = decode(pixels, channels, size, fit)
    assert fitted.shape == (*size, channels)
    bars = (255, 255, 255, 0) if channels == 4 else (255,) * channels
    inside = {(200,) * channels, *([bars] if fit == "pad" else [])}
    assert set(map(tuple, np.unique(fitted.reshape(-1, channels), axis=0).tolist())) <= inside  # filters keep a colour


def test_crop_takes_the_centre():
    pixels = np.zeros((32, 96, 1), dtype=np.uint8)
    pixels[:, 32:64] = 255
    assert (decode(pixels, 1, (32, 32)) == 255).all()
    assert (decode(pixels.transpose(1, 0, 2), 1, (32, 32)) == 255).all()


def test_pad_shows_everything_between_bars():
    pixels = np.zeros((32, 64, 3), dtype=np.uint8)
    padded = decode(pixels, 3, (32, 32), "pad")
    assert not padded[8:24].any()
    assert (padded[:8] == 255).all()
    assert (padded[24:] == 255).all()


def test_bars_have_the_colour_that_transparency_is_laid_on():
    """No black bars beside white ones: a transparent stamp on a transparent sheet."""
    stamp = np.zeros((32, 64, 4), dtype=np.uint8)
    stamp[8:24, 16:48] = (10, 20, 30, 255)
    padded = decode(stamp, 3, (32, 32), "pad")
    assert {tuple(pixel) for pixel in padded[:8].reshape(-1, 3)} == {WHITE}
    assert padded[9, 0].tolist() == [255, 255, 255]
    assert decode(stamp, 4, (32, 32), "pad")[0, 0].tolist() == [255, 255, 255, 0]
    assert decode(stamp[..., :3], 4, (32, 32), "pad")[0, 0].tolist() == [255, 255, 255, 0]


@pytest.mark.parametrize(("channels", "colour"), [(1, (76,)), (3, RED), (4, (*RED, 255))])
def test_bars_may_have_the_colour_of_the_border(channels, colour):
    framed = np.full((32, 64, 3), 50, dtype=np.uint8)
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = RED, RED, RED, RED
    framed[0, 30:34] = (0, 255, 0)  # the median of the border does not see it
    padded = decode(framed, channels, (32, 32), "pad", "border")
    assert {tuple(pixel) for pixel in padded[:8].reshape(-1, channels).tolist()} == {colour}
    assert only(decode(framed[:, :32], channels, (32, 32), "pad", "border")[:1, :8]) == colour


def test_stretch_shows_everything():
    pixels = np.repeat(np.uint8([0, 255]), 32)[None, :, None].repeat(16, axis=0)
    stretched = decode(pixels, 1, (32, 32), "stretch")
    assert not stretched[:, :12].any()
    assert (stretched[:, 20:] == 255).all()


def test_shrinking_does_not_alias():
    checks = np.indices((256, 256)).sum(axis=0) % 2 * 255
    small = decode(np.uint8(checks)[..., None], 1, (32, 32))
    assert np.abs(np.int_(small) - 127.5).max() < 4


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("shape", [(1024, 1024), (700, 1100), (257, 1031)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_jpeg_is_the_png_of_the_same_picture(rng, mode, shape, fit):
    picture = Image.fromarray(noise(rng, *shape)).convert(mode)
    jpeg = encoded(picture, "JPEG", quality=95)
    whole = Image.open(io.BytesIO(jpeg))
    png = encoded(whole.convert("RGB" if mode == "CMYK" else mode))
    for channels in (1, 3):
        assert (decode(jpeg, channels, (32, 32), fit) == decode(png, channels, (32, 32), fit)).all()
    if mode != "CMYK" and fit == "stretch":
        exact = np.asarray(whole.resize((32, 32), Image.Resampling.LANCZOS)).reshape(32, 32, -1)
        assert (decode(jpeg, None, (32, 32), fit) == exact).all()


@pytest.mark.parametrize("size", [None, (64, 64), (16, 16), (80, 80)])
def test_colours_that_nobody_sees_are_white(size, rng):
    pixels = np.zeros((64, 64, 4), dtype=np.uint8)
    pixels[16:48, 16:48] = (200, 30, 60, 255)
    pixels[16:48, 48:52] = (200, 30, 60, 100)
    noisy = pixels.copy()
    hidden = pixels[..., 3] == 0
    noisy[hidden, :3] = rng.integers(0, 256, (hidden.sum(), 3))
    found = decode(noisy, 4, size)
    assert (found == decode(pixels, 4, size)).all()
    assert (found[found[..., 3] == 0] == (255, 255, 255, 0)).all()
    assert (found == (200, 30, 60, 255)).all(2).any()
    assert (decode(pixels, 3, size) == decode(noisy, 3, size)).all()


def test_transparent_pixels_do_not_bleed():
    pixels = np.zeros((64, 64, 4), dtype=np.uint8)
    pixels[:, 32:] = (255, 0, 0, 255)  # beside transparent black
    small = decode(pixels, 4, (16, 16))
    assert (small[small[..., 3] > 40][:, 0] >= 250).all()


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 1, False, (0, 1)),
        (-0.04, 1.04, False, (0, 1)),
        (-1, 1, False, (-1, 1)),
        (0, 255, False, (0, 255)),
        (0, 300, False, None),
        (-2.1, 2.6, False, None),
        (0, 255, True, (0, 255)),
        (0, 256, True, (0, 65535)),
        (-1, 3, True, None),
    ],
)
def test_recognised_ranges(low, high, whole, expected):
    assert recognised(low, high, whole) == expected


def test_one_scale_for_all_images():
    dark, bright = (encoded(Image.fromarray(np.float32([[0, high]])), "TIFF") for high in (3, 255))
    assert decode(dark, 1)[0, 1] == 3  # 0–255 is recognised
    scale = {"float32": (0.0, 510.0)}
    assert [decode(raw, 1, limits=scale)[0, 1, 0] for raw in (dark, bright)] == [2, 128]  # 1.5 and 127.5
    ramps = [encoded(Image.fromarray(np.float32([[0, high]])), "TIFF") for high in (1000, 2000, 4000)]
    assert [decode(raw, 1, limits={"float32": (0, 4000)})[0, 1, 0] for raw in ramps] == [64, 128, 255]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.fromarray(np.uint8([[0, 1, 2]])), [[0], [128], [255]]),
        (Image.fromarray(np.uint8([[[0, 1, 2], [2, 2, 9]]])), [[0, 128, 255], [255, 255, 255]]),
        (Image.fromarray(np.uint8([[[0, 1, 2, 1]]])), [[0, 128, 255, 1]]),  # alpha stays
        (Image.fromarray(np.uint8([[[1, 7]]]), "LA"), [[128, 128, 128, 7]]),
        (Image.fromarray(np.uint8([[0, 255]])).convert("1"), [[0], [255]]),
        (np.uint8([[[0], [1], [2]]]), [[0], [1], [2]]),  # an array's numbers are scaled as they are read
    ],
)
def test_a_range_is_that_of_the_files_numbers(image, expected):
    raw = image if isinstance(image, np.ndarray) else encoded(image)
    assert decode(raw, limits={"uint8": (0, 2)}).tolist() == [expected]


def test_what_is_seen_while_decoding():
    def seen(image, **options):
        found = Seen()
        decode(encoded(image, **options), 3, (16, 16), limits={"uint8": (0, 9)}, seen=found)
        return found

    assert seen(Image.fromarray(np.uint8([[3, 7]]))) == Seen(3, 7, False)
    assert seen(Image.fromarray(np.uint8([[[3, 7, 9]], [[4, 7, 5]]]))) == Seen(3, 9, False)
    assert seen(Image.new("RGBA", (9, 9), (1, 2, 3, 255))) == Seen(1, 3, False)
    assert seen(Image.new("RGBA", (9, 9), (1, 2, 3, 254))) == Seen(1, 3, True)
    assert seen(Image.new("LA", (9, 9), (5, 0))) == Seen(5, 5, True)
    assert seen(Image.new("RGB", (9, 9), (1, 2, 3)), transparency=(1, 2, 3)).transparent
    large = Image.new("RGBA", (1500, 1000), (1, 2, 3, 255))  # converted in several strips
    large.putpixel((0, 999), (0, 0, 200, 0))
    assert seen(large) == Seen(0, 200, True)


def test_to_uint8():
    assert to_uint8(np.array([-1.1, -1, 0, 1, 1.1]), -1, 1).tolist() == [0, 0, 128, 255, 255]
    assert to_uint8(np.array([0, 128, 257, 65535], dtype=np.uint16), 0, 65535).tolist() == [0, 0, 1, 255]
    assert to_uint8(np.float16([0, 0.5, 1]), 0, 1).tolist() == [0, 128, 255]


def test_tiff_with_several_pages_of_different_kinds():
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as pages:
        for image in (Image.new("L", (4, 2), 9), Image.new("RGB", (9, 9))):
            image.save(pages, "TIFF")
            pages.newFrame()
    assert only(decode(buffer.getvalue())) == (9,)
