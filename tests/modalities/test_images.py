"""Floats to pixels and back, grids, and files that hold what was written."""

import numpy as np
import pytest
import torch
from PIL import Image

from ganatomy.modalities.images import enlarge, grid, picture, save_animation, save_png, to_float, to_uint8

LEVELS = torch.arange(256, dtype=torch.uint8).view(2, 16, 8, 1)


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_grey_level_survives_the_way_to_floats_and_back(channels):
    levels = torch.cat([LEVELS.roll(shift, 0) for shift in range(channels)], 3)
    assert np.array_equal(to_uint8(to_float(levels)), levels.numpy())


def test_floats_are_evenly_spaced_from_minus_one_to_one():
    floats = to_float(LEVELS).flatten()
    assert floats.dtype == torch.float32
    assert (floats[0], floats[255]) == (-1, 1)
    assert torch.allclose(floats.double(), torch.arange(256).double() / 127.5 - 1, rtol=0, atol=1e-7)


def test_axes_move_from_last_to_second_in_channels_last_memory():
    source = torch.from_numpy(pixels(2, 3, 5, 4))
    floats = to_float(source)
    assert floats.shape == (2, 4, 3, 5)
    assert floats.is_contiguous(memory_format=torch.channels_last)
    assert floats[1, 3, 2, 4] == source[1, 2, 4, 3].float() / 127.5 - 1


def test_pixels_do_not_change_when_floats_do():
    source = torch.from_numpy(pixels(1, 2, 2, 3))
    before = source.clone()
    to_float(source).zero_()
    assert torch.equal(source, before)


@pytest.mark.parametrize(
    ("value", "level"),
    [(-1, 0), (1, 255), (-1.001, 0), (1.001, 255), (-1e30, 0), (float("inf"), 255), (-float("inf"), 0)]
    + [((level + offset) / 127.5 - 1, level) for level in (1, 100, 127, 128, 254) for offset in (-0.49, 0, 0.49)],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_are_clamped_then_rounded_to_the_nearest_level(value, level, dtype):
    assert to_uint8(torch.full((1, 1, 1, 1), value, dtype=dtype)).item() == level


def test_pixels_of_generated_images_need_no_detaching():
    images = torch.zeros(2, 3, 4, 5, dtype=torch.bfloat16, requires_grad=True)
    result = to_uint8(images)
    assert (result.shape, result.dtype, result.flags["C_CONTIGUOUS"]) == ((2, 4, 5, 3), np.uint8, True)


def test_grid_puts_each_image_in_its_place_on_white():
    images = pixels(5, 3, 4, 3) // 2  # never white
    sheet = grid(images, columns=2, gap=1)
    assert sheet.shape == (3 * 4 + 1, 2 * 5 + 1, 3)
    white = np.full_like(sheet, 255)
    for index, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]):
        place = np.s_[1 + 4 * row : 4 + 4 * row, 1 + 5 * column : 5 + 5 * column]
        assert np.array_equal(sheet[place], images[index])
        sheet[place] = 255
    assert np.array_equal(sheet, white)


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (4, 2, 2), (5, 2, 3), (64, 8, 8)])
def test_grid_is_about_square_unless_told(count, rows, columns):
    assert grid(pixels(count, 3, 4, 1)).shape == (rows * 5 + 2, columns * 6 + 2, 1)


@pytest.mark.parametrize(("height", "times"), [(28, 3), (64, 1), (63, 2), (100, 1)])
def test_enlarging_repeats_pixels(height, times):
    image = pixels(height, 5, 3)
    large = enlarge(image, 64)
    assert large.shape == (height * times, 5 * times, 3)
    assert all(np.array_equal(large[i::times, j::times], image) for i in range(times) for j in range(times))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_png_gives_back_every_pixel(tmp_path, channels, mode):
    image, path = pixels(7, 5, channels), tmp_path / "new" / "folder" / "image.png"
    save_png(path, image)
    with Image.open(path) as opened:
        assert (opened.format, opened.mode) == ("PNG", mode)
        assert np.array_equal(np.asarray(opened).reshape(7, 5, channels), image)
    assert [file.name for file in path.parent.iterdir()] == ["image.png"]  # no partial file is left


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "image.png"
    save_png(path, pixels(4, 4, 3))
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_png(path, np.zeros((4, 4, 7), np.uint8))
    assert path.read_bytes() == before


def frames_of(path):
    with Image.open(path) as opened:
        loop, frames, milliseconds = opened.info["loop"], [], []
        for index in range(opened.n_frames):
            opened.seek(index)
            frames.append(np.asarray(opened.convert("RGB")))
            milliseconds.append(opened.info["duration"])
    return loop, np.stack(frames), milliseconds


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", ["webp", "gif", "WEBP"])
def test_an_animation_shows_every_frame_for_its_share_of_the_time_and_loops(tmp_path, suffix, channels):
    frames = pixels(6, 8, 8, channels)  # few enough colours for a GIF's palette
    save_animation(tmp_path / f"walk.{suffix}", list(frames), seconds=1.2)
    loop, shown, milliseconds = frames_of(tmp_path / f"walk.{suffix}")
    assert loop == 0  # for ever
    assert milliseconds == [200] * 6
    assert np.array_equal(shown, np.broadcast_to(frames, (6, 8, 8, 3)))


@pytest.mark.parametrize("suffix", ["webp", "gif"])
def test_an_animation_lasts_as_long_as_it_was_told(tmp_path, suffix):
    """Twelve pictures a second, as `ganatomy walk` makes them: 83⅓ ms each."""
    save_animation(tmp_path / f"walk.{suffix}", list(pixels(48, 8, 8, 1)), seconds=4.0)
    assert sum(frames_of(tmp_path / f"walk.{suffix}")[2]) == pytest.approx(4000, rel=0.01)


def test_picture_shows_grey_as_grey():
    assert picture(pixels(3, 4, 1)).mode == "L"
    assert picture(pixels(3, 4, 1)).size == (4, 3)
