"""The report on a set: what is counted and what is advised."""

import json

import numpy as np
import pytest
from image_files import encoded, noise, write_files, write_zip
from PIL import Image

from ganatomy.config.options import Config
from ganatomy.config.settings import change, parse_settings
from ganatomy.data import inspect
from ganatomy.data.amounts import augmentation
from ganatomy.errors import UserError
from ganatomy.gan.augment import POLICIES


@pytest.fixture
def zoo(tmp_path, rng):
    """A bit of everything."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    exif = Image.Exif()
    exif[0x0112] = 6
    twin, grey = noise(rng, 60, 40), noise(rng, 40, 40, 1)
    return write_zip(
        tmp_path / "zoo.zip",
        {
            **{f"cat/{i:02}.png": noise(rng, 40, 40) for i in range(18)},
            "cat/twin.bmp": encoded(twin, "BMP"),
            "cat/twin.png": twin,
            "dog/grey.png": np.dstack([grey] * 3),
            "dog/moving.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
            "dog/turned.jpg": encoded(noise(rng, 40, 70), "JPEG", exif=exif),
            "dog/cut.jpg": encoded(noise(rng, 40, 40), "JPEG")[:900],
        },
    )


def test_counts(zoo):
    report = inspect(zoo)
    assert report.source == str(zoo)
    assert report.images == 23
    assert report.broken == [("dog/cut.jpg", "truncated")]
    assert report.heights == (40, 40, 70)
    assert report.widths == (40, 40, 40)
    assert report.sizes == {"40×40": 20, "60×40": 2, "70×40": 1}
    assert report.modes["RGB"] == 22
    assert report.formats == {"PNG": 20, "BMP": 1, "GIF": 1, "JPEG": 1}
    assert report.classes == {"cat": 20, "dog": 3}
    assert report.duplicates == 1
    assert report.duplicate_groups == [["cat/twin.bmp", "cat/twin.png"]]  # the same pixels in another file
    assert (report.animated, report.rotated, report.plain, report.colourless) == (1, 1, 1, 1)
    assert report.suggested_size == (32, 32)


def test_advice(zoo):
    assert inspect(zoo).suggestions == [
        "1 of 24 images cannot be read; training goes on without them.",
        "1 of 23 images repeat another one exactly; remove them if by mistake.",
        "1 of 23 images are of one plain colour; remove them if by mistake.",
        "Only 23 images: copies of them are the likely result. More images help most; then a generator of similar "
        "images to start from, --init RUN; augmentation, --set 'augmentation.policies=[colour, translation, cutout]' "
        "(--recipe auto sets it); and --flip if mirrored images are right.",
        "Use size 32×32: half of the images have a short side of about 40 pixels or more.",
        "At that size 3 of 23 images are cropped, by 33% of the picture in the median, 43% of the picture at most; "
        "--fit pad or --fit stretch keeps all of it.",
        "1 of 23 images are animated: the first frame of each is used.",
    ]


def test_report_is_text_and_json(zoo):
    report = inspect(zoo)
    assert json.loads(json.dumps(report.to_dict()))["broken"] == [["dog/cut.jpg", "truncated"]]
    text = str(report)
    assert text == report.text()
    for line in (
        "  images   23, 1 more are broken",
        "  height   40 to 70, median 40",
        "  width    40",
        "  classes  cat 20, dog 3",
        "  of these rotated by EXIF 1, animated 1, of one plain colour 1",
        "  dog/cut.jpg: truncated",
        "  cat/twin.bmp = cat/twin.png",
    ):
        assert line in text.splitlines()


def advice(tmp_path, files):
    return " ".join(inspect(write_files(tmp_path / "set", files)).suggestions)


def test_all_alike(tmp_path, rng):
    same = noise(rng)
    assert "All images are the same, so there is nothing to learn" in advice(
        tmp_path, {f"{i}.png": same for i in range(3)}
    )


def test_all_plain(tmp_path):
    files = {f"{i}.png": np.full((20, 20), i, np.uint8) for i in range(3)}
    assert "Every image is of one plain colour" in advice(tmp_path, files)


def test_grey_as_colour(tmp_path, rng):
    files = {f"{i}.png": np.dstack([noise(rng, 20, 20, 1)] * 3) for i in range(3)}
    assert "All images are grey though stored as colour" in advice(tmp_path, files)
    files["colour.png"] = noise(rng)
    assert "3 of 4 images are grey among colour ones" in advice(tmp_path, files)


def test_grey_is_not_worth_a_word(tmp_path, rng):
    assert "grey" not in advice(tmp_path, {f"{i}.png": noise(rng, 20, 20, 1) for i in range(3)})


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 image is too few to learn from"),
        (14, "14 images are too few to learn from"),
        (200, "Only 200 images: copies of them are the likely result"),
        (201, "Only 201 images: the discriminator may memorise them"),
    ],
)
def test_few(tmp_path, rng, count, words):
    assert words in advice(tmp_path, {f"{i}.png": noise(rng, 16, 16) for i in range(count)})


def test_the_options_that_are_advised_exist_and_are_autos_own(tmp_path, rng):
    for channels in (1, 3):
        words = advice(tmp_path / str(channels), {f"{i}.png": noise(rng, 16, 16, channels) for i in range(20)})
        setting = words.partition("--set '")[2].partition("'")[0]
        assert parse_settings([setting]) == {"augmentation.policies": augmentation(channels)}
        config = change(Config(), parse_settings([setting]))
        assert set(config.augmentation.policies) <= set(POLICIES)


def test_images_larger_than_can_be_trained(tmp_path, rng):
    words = advice(tmp_path, {f"{i}.png": noise(rng, 300, 300) for i in range(2)})
    assert "Use size 256×256" in words
    assert "More than 256 pixels a side cannot be trained. Without a GPU use --size 64, as --recipe auto does" in words


def test_uneven_classes(tmp_path, rng):
    files = {f"cat/{i}.png": noise(rng) for i in range(20)} | {"dog/1.png": noise(rng), "dog/2.png": noise(rng)}
    assert "Classes are uneven: cat has 20 images, dog 2" in advice(tmp_path, files)


@pytest.mark.parametrize(
    ("side", "words"), [(20, "All images are 20×20: that size is kept"), (12, "the images are smaller (short side 12")]
)
def test_size(tmp_path, rng, side, words):
    assert words in advice(tmp_path, {f"{i}.png": noise(rng, side, side) for i in range(2)})


def test_all_broken_is_a_report_but_nothing_is_an_error(tmp_path):
    report = inspect(write_files(tmp_path / "set", {"1.png": b"x", "2.png": b""}))
    assert report.images == 0
    assert report.broken == [("1.png", "not an image"), ("2.png", "empty file")]
    assert report.suggestions == ["2 of 2 images cannot be read; too few are left to train on."]
    assert "2.png: empty file" in str(report)
    with pytest.raises(UserError, match="holds no images"):
        inspect(write_files(tmp_path / "none", {"readme.txt": b""}))


def test_nearly_black_and_transparent_images(tmp_path, rng):
    masks = {f"{i}.png": noise(rng, 20, 20, 1) % 2 for i in range(3)}
    assert "values of 0 to 1 leave 99.6% of the range" in advice(tmp_path, masks)
    masks["bright.png"] = np.full((20, 20), 200, np.uint8)
    assert "of the range" not in advice(tmp_path, masks)
    clear = {f"{i}.png": noise(rng, 20, 20, 4) for i in range(3)}
    report = inspect(write_files(tmp_path / "clear", clear))
    assert report.transparent == 3
    assert "transparent 3" in str(report)
    assert "3 images are transparent: they are laid on white; --channels 4 keeps transparency." in report.suggestions


def test_floats_of_different_heights_are_different_images(tmp_path):
    ramp = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    files = {f"{high}.tif": encoded(Image.fromarray(ramp * high), "TIFF") for high in (300, 400, 500)}
    report = inspect(write_files(tmp_path / "set", files))
    assert report.duplicates == 0
    assert report.values == "float32 from 0 to 500, read as 0 (black) to 500 (white)"


def test_arrays(tmp_path, rng):
    np.save(tmp_path / "set.npy", noise(rng, 40, 40)[None].repeat(3, 0) / np.float32(255))
    report = inspect(tmp_path / "set.npy")
    assert report.values.startswith("float32 from 0 to 1, read as 0 (black) to 1 (white)")
    assert report.formats == {"array": 3}
    assert report.duplicate_groups == [["image 0", "image 1", "image 2"]]
