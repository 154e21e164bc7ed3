"""Map sizes: the pyramid covers the image and is as deep as it can be; cropping undoes padding."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from ganatomy.networks.sizes import SMALLEST, Pyramid, crop, pad, pyramid

sides = st.integers(SMALLEST, 300)
every_size = settings(derandomize=True, database=None, deadline=None, max_examples=100)


def image(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((28, 28), Pyramid(2, 7, 7)),
        ((32, 32), Pyramid(3, 4, 4)),
        ((48, 48), Pyramid(3, 6, 6)),
        ((45, 45), Pyramid(3, 6, 6)),
        ((31, 31), Pyramid(2, 8, 8)),
        ((16, 256), Pyramid(2, 4, 64)),
        ((256, 17), Pyramid(2, 64, 5)),
        ((45, 30), Pyramid(2, 12, 8)),
        ((256, 256), Pyramid(6, 4, 4)),
        ((255, 255), Pyramid(5, 8, 8)),
        ((4, 9), Pyramid(0, 4, 9)),
    ],
)
def test_a_pyramid_is_as_many_halvings_as_leave_four_pixels(size, expected):
    assert pyramid(*size) == expected


@every_size
@given(sides, sides)
def test_a_pyramid_covers_the_image_with_less_than_a_small_pixel_to_spare(height, width):
    levels, *small = pyramid(height, width)
    step = 2**levels
    for side, smallest in zip((height, width), small, strict=True):
        assert 0 <= smallest * step - side < step
    assert step <= min(height, width) / SMALLEST < 2 * step
    assert SMALLEST <= min(small) <= 2 * SMALLEST


@every_size
@given(sides, sides)
def test_a_pyramid_does_not_depend_on_which_side_is_up(height, width):
    levels, tall, wide = pyramid(height, width)
    assert pyramid(width, height) == (levels, wide, tall)


@every_size
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_padding_repeats_the_nearest_pixel_around_the_middle(height, width, down, right):
    small = image(2, 3, height, width)
    padded = pad(small, height + down, width + right)
    rows = (torch.arange(height + down) - down // 2).clamp(0, height - 1)
    columns = (torch.arange(width + right) - right // 2).clamp(0, width - 1)
    assert torch.equal(padded, small[:, :, rows][:, :, :, columns])


@every_size
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_cropping_undoes_padding(height, width, down, right):
    small = image(2, 3, height, width)
    assert torch.equal(crop(pad(small, height + down, width + right), height, width), small)


@every_size
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_crop_is_the_middle_with_the_odd_row_and_column_left_over_at_the_end(height, width, down, right):
    large = image(2, 3, height + down, width + right)
    rows, columns = down // 2 + torch.arange(height), right // 2 + torch.arange(width)
    assert torch.equal(crop(large, height, width), large[:, :, rows][:, :, :, columns])


def test_an_image_that_fits_is_returned_as_it_is():
    whole = image(2, 1, 4, 6)
    assert pad(whole, 4, 6) is whole
    assert torch.equal(crop(whole, 4, 6), whole)


@pytest.mark.parametrize("size", [(7, 3), (4, 6), (5, 5)])
def test_padding_can_be_differentiated_twice(size):
    small = image(1, 2, 4, 3).requires_grad_()

    def value(x):
        return pad(x, *size).pow(3)

    assert gradcheck(value, small)
    assert gradgradcheck(value, small)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_precision_and_memory_format_stay(kind):
    small = image(2, 3, 4, 5).to(kind).contiguous(memory_format=torch.channels_last)
    padded = pad(small, 7, 8)
    assert padded.dtype == kind
    assert padded.is_contiguous(memory_format=torch.channels_last)
    assert_close(padded, pad(small.contiguous(), 7, 8), rtol=0, atol=0)


@pytest.mark.parametrize("size", [(7, 3), (4, 6), (9, 8)])
def test_padding_and_its_gradient_are_those_of_repeated_border_pixels(size):
    small, down, right = image(2, 3, 4, 3).requires_grad_(), size[0] - 4, size[1] - 3
    sides = right // 2, right - right // 2, down // 2, down - down // 2
    ours, torchs = pad(small, *size), F.pad(small, sides, mode="replicate")
    assert torch.equal(ours, torchs)
    weights = torch.rand_like(ours)
    gradients = [torch.autograd.grad((padded * weights).sum(), small)[0] for padded in (ours, torchs)]
    assert_close(*gradients, rtol=1e-12, atol=1e-12)
