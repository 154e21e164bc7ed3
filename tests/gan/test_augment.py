"""Each transformation against a pixel-by-pixel one, its draws' statistics, its gradients, and ADA's rule."""

import itertools

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from ganatomy.gan.augment import POLICIES, adjusted, augment

SHAPE = (5, 3, 16, 24)  # [B, C, H, W]: shifts up to 2 and 3, holes of 8 × 12


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def uniform(count, seed=0):
    """draw(*shape) of a batch of `count` images."""
    random = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.rand(count, *shape, generator=random)


def given(*numbers):
    """draw(3) of numbers [transformations, B, 3], in order."""
    turn = iter(torch.tensor(numbers))
    return lambda *shape: next(turn)


IMAGES = drawn(*SHAPE)


def with_amounts(amounts, turn):
    """Draws under which, of the colours' three transformations, only number `turn` happens."""
    return given(*[[[0.0 if i == turn else 0.9, amount, 0.77] for amount in amounts] for i in range(3)])


AMOUNTS = [0.0, 0.25, 0.5, 0.75, 0.9375]


def test_brightness_adds_up_to_a_half_either_way():
    bright = augment(IMAGES, ["colour"], 0.5, with_amounts(AMOUNTS, 0))
    for x, y, amount in zip(IMAGES, bright, AMOUNTS, strict=True):
        assert_close(y, x + amount - 0.5)


def test_saturation_scales_the_distance_from_grey_by_up_to_two():
    coloured = augment(IMAGES, ["colour"], 0.5, with_amounts(AMOUNTS, 1))
    for x, y, amount in zip(IMAGES, coloured, AMOUNTS, strict=True):
        grey = (x[0] + x[1] + x[2]) / 3
        for channel in range(3):
            assert_close(y[channel], grey + 2 * amount * (x[channel] - grey))


def test_contrast_scales_the_distance_from_the_image_s_own_mean_by_a_half_to_one_and_a_half():
    contrasted = augment(IMAGES, ["colour"], 0.5, with_amounts(AMOUNTS, 2))
    for x, y, amount in zip(IMAGES, contrasted, AMOUNTS, strict=True):
        assert_close(y, x.mean() + (0.5 + amount) * (x - x.mean()))


def moved(image, down, right):
    """One image, pixel by pixel."""
    channels, height, width = image.shape
    result = torch.zeros_like(image)
    for c, y, x in itertools.product(range(channels), range(height), range(width)):
        if 0 <= y - down < height and 0 <= x - right < width:
            result[c, y, x] = image[c, y - down, x - right]
    return result


def test_translation_moves_whole_pixels_and_fills_with_zeros():
    draws = [[0.0, 0.0, 0.99], [0.0, 0.5, 0.5], [0.0, 0.3, 0.2], [0.0, 0.99, 0.0], [0.0, 0.7, 0.6]]
    shifts = [(-2, 3), (0, 0), (-1, -2), (2, -3), (1, 1)]  # ⌊5u⌋ − 2 down, ⌊7u⌋ − 3 right
    shifted = augment(IMAGES, ["translation"], 1.0, given(draws))
    for x, y, (down, right) in zip(IMAGES, shifted, shifts, strict=True):
        assert_close(y, moved(x, down, right), rtol=0, atol=0)


def test_cutout_blanks_half_of_each_side_around_its_centre():
    draws = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.999, 0.999], [0.0, 0.0, 0.999], [0.0, 0.3, 0.8]]
    centres = [(0, 0), (8, 12), (16, 24), (0, 24), (5, 20)]  # ⌊17u⌋, ⌊25u⌋
    holed = augment(IMAGES, ["cutout"], 1.0, given(draws))
    for x, y, (down, right) in zip(IMAGES, holed, centres, strict=True):
        expected = x.clone()
        expected[:, max(down - 4, 0) : down + 4, max(right - 6, 0) : right + 6] = 0
        assert_close(y, expected, rtol=0, atol=0)


def test_an_odd_hole_has_a_pixel_at_its_centre():
    """Sides of 18 have holes of 9, whose centre is one of 18 pixels."""
    images = torch.ones(2, 1, 18, 18)
    holed = augment(images, ["cutout"], 1.0, given([[0.0, 0.999, 0.5], [0.0, 0.0, 0.5]]))
    rows, columns = (holed == 0).any(3).squeeze(1), (holed == 0).any(2).squeeze(1)
    assert rows.nonzero().tolist() == [*([0, i] for i in range(13, 18)), *([1, i] for i in range(5))]
    assert columns[0].nonzero().flatten().tolist() == list(range(5, 14))


@pytest.mark.parametrize("side", [16, 56, 64, 250, 256])
def test_the_largest_number_below_one_draws_the_last_place(side):
    nearly = torch.nextafter(torch.tensor(1.0), torch.tensor(0.0)).item()
    images = drawn(1, 1, side, side, dtype=torch.float32)
    for policy in ("translation", "cutout"):
        last, nearby = (augment(images, [policy], 1.0, given([[0.0, u, u]])) for u in (nearly, 0.999))
        assert_close(last, nearby, rtol=0, atol=0)


def test_lengths_are_rounded_to_the_nearest_pixel():
    """A side of 20 is moved by up to 2.5, which is 3, pixels; one of 17 has a hole of 8.5, which is 9."""
    columns = torch.arange(20.0).expand(1, 1, 20, 20)
    assert augment(columns, ["translation"], 1.0, given([[0.0, 0.5, 0.999]]))[0, 0, 0, :5].tolist() == [0, 0, 0, 0, 1]
    holed = augment(torch.ones(1, 1, 17, 17), ["cutout"], 1.0, given([[0.0, 0.5, 0.5]]))
    assert (holed == 0).sum() == 81


def test_zero_probability_changes_nothing_and_one_changes_everything():
    images = drawn(6, 3, 16, 16)
    assert augment(images, list(POLICIES), 0.0, uniform(6)).equal(images)
    assert augment(images, ["cutout"], 0.0, lambda *shape: torch.zeros(6, *shape)).equal(images)
    changed = augment(images, list(POLICIES), torch.tensor(1.0), uniform(6))
    assert (changed != images).flatten(1).any(1).all()


def test_each_transformation_of_each_image_happens_by_its_own_chance():
    """How many of the colours' three happen to an image is binomial: none to (1 − p)³ of them."""
    count, p = 4000, 0.3
    images = drawn(1, 3, 4, 4).expand(count, -1, -1, -1)
    changed = augment(images, ["colour"], p, uniform(count))
    untouched = (changed == images).flatten(1).all(1)
    assert untouched.double().mean().item() == pytest.approx(0.7**3, abs=0.03)
    shifts = (changed - images).mean((1, 2, 3))  # only brightness moves an image's mean
    assert (shifts.abs() > 1e-9).double().mean().item() == pytest.approx(p, abs=0.03)
    assert abs(torch.corrcoef(torch.stack([untouched[:-1].double(), untouched[1:].double()]))[0, 1]) < 0.06


def test_draws_are_spread_over_their_whole_range_and_centred():
    """E[b] = 0, Var b = 1/12; saturation and contrast keep the mean image; every shift is equally likely."""
    count = 6000
    images = drawn(1, 3, 16, 16, seed=3).expand(count, -1, -1, -1)
    bright = augment(images, ["colour"], 1.0, uniform(count, seed=1))
    shift = (bright - images).mean((1, 2, 3))
    assert shift.mean().item() == pytest.approx(0, abs=0.02)
    assert shift.var().item() == pytest.approx(1 / 12, abs=0.005)
    assert_close(bright.mean(0), images[0], rtol=0, atol=0.15)

    dot = torch.zeros(count, 1, 16, 16)
    dot[:, :, 8, 8] = 1
    places = augment(dot, ["translation"], 1.0, uniform(count, seed=2)).mean((0, 1))
    expected = torch.zeros(16, 16)
    expected[6:11, 6:11] = 1 / 25
    assert_close(places, expected, rtol=0, atol=0.012)


def test_every_pixel_is_cut_out_as_often_as_its_place_says():
    """A row is hidden by as many of the 17 centres as lie within half a hole: 4 at the border, 8 in the middle."""
    count = 6000
    kept = augment(torch.ones(count, 1, 16, 16), ["cutout"], 1.0, uniform(count, seed=4)).mean((0, 1))
    near = torch.tensor([min(i + 4, 15 - i + 4, 8) + (i + 4 < 8 or 15 - i + 4 < 8) for i in range(16)]).float()
    line = near / 17
    assert_close(kept, 1 - line[:, None] * line, rtol=0, atol=0.03)


def test_grey_images_have_no_saturation_to_change():
    images = drawn(5, 1, 6, 7)
    assert augment(images, ["colour"], 0.5, with_amounts(AMOUNTS, 1)).equal(images)
    bright = augment(images, ["colour"], 0.5, with_amounts(AMOUNTS, 0))
    assert_close(bright, images + torch.tensor(AMOUNTS).double().reshape(5, 1, 1, 1) - 0.5)


def test_alpha_is_no_colour_but_moves_with_them():
    images = drawn(5, 4, 16, 24)
    coloured = augment(images, ["colour"], 1.0, uniform(5))
    assert coloured[:, 3].equal(images[:, 3])
    assert coloured[:, :3].equal(augment(images[:, :3], ["colour"], 1.0, uniform(5)))
    placed = augment(images, ["translation", "cutout"], 1.0, uniform(5))
    again = augment(images[:, 3:], ["translation", "cutout"], 1.0, uniform(5))
    assert placed[:, 3:].equal(again)


def test_policies_happen_in_the_order_they_are_named():
    images, draws = drawn(2, 3, 16, 16), [[[0.0, 0.9, 0.1]] * 2] * 4
    holed_first = augment(images, ["cutout", "colour"], 1.0, given(*draws))
    colour_first = augment(images, ["colour", "cutout"], 1.0, given(*draws))
    assert (holed_first == 0).sum() == 0
    assert (colour_first == 0).all(1).sum() > 0


@pytest.mark.parametrize("policies", [["colour"], ["translation"], ["cutout"], ["colour", "translation", "cutout"]])
def test_gradients_equal_finite_differences_twice(policies):
    images = drawn(2, 3, 8, 9, seed=5).requires_grad_()

    def score(images):
        return augment(images, policies, 0.8, uniform(2, seed=6)).pow(3).sum((1, 2, 3))

    assert gradcheck(score, images, fast_mode=True)
    assert gradgradcheck(score, images, fast_mode=True)


def test_what_is_cut_out_or_moved_away_gets_no_gradient():
    images = drawn(*SHAPE).requires_grad_()
    (gradient,) = torch.autograd.grad(augment(images, ["translation", "cutout"], 1.0, uniform(5)).sum(), images)
    ones = augment(torch.ones(SHAPE), ["translation", "cutout"], 1.0, uniform(5))
    assert set(gradient.unique().tolist()) == {0.0, 1.0}
    assert gradient.sum() == ones.sum()


def test_strided_and_single_precision_images():
    images = drawn(*SHAPE, dtype=torch.float32)
    expected = augment(images, list(POLICIES), 0.7, uniform(5))
    assert expected.dtype == torch.float32
    strided = images.to(memory_format=torch.channels_last)
    assert_close(augment(strided, list(POLICIES), 0.7, uniform(5)), expected)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([1.0] * 9 + [-1.0], 0.3 + 0.02),  # r = 0.8
        ([1.0] * 7 + [-1.0] * 3, 0.3 - 0.02),  # r = 0.4
        ([1.0] * 8 + [-1.0] * 2, 0.3),  # r = 0.6
        ([1.0, 1.0, 0.0, 0.0], 0.3 - 0.02),  # r = 0.5
    ],
)
def test_the_probability_moves_by_images_over_speed_towards_the_target(signs, expected):
    # The target as float32 has it: equality is a matter of the last bit.
    target = torch.tensor([1.0] * 8 + [-1.0] * 2).mean().item()
    moved = adjusted(torch.tensor(0.3), torch.tensor(signs), images=200, target=target, speed=10_000)
    assert moved.item() == pytest.approx(expected, abs=1e-7)


def test_the_probability_rises_from_zero_to_one_in_half_a_million_images_and_stays_between():
    p, path = torch.tensor(0.0), []
    for _ in range(500):
        p = adjusted(p, torch.ones(64), images=1000)
        path.append(p)
    assert_close(torch.stack(path), torch.linspace(0.002, 1, 500), rtol=0, atol=1e-4)
    assert adjusted(torch.tensor(0.999), torch.ones(64), images=1000) == 1
    assert adjusted(torch.tensor(0.001), -torch.ones(64), images=1000) == 0


@pytest.mark.parametrize(("positive", "change"), [(79, -0.002), (81, 0.002)])
def test_the_published_target_is_six_tenths(positive, change):
    """r_t = 0.58 and 0.62."""
    signs = torch.ones(100)
    signs[positive:] = -1
    assert adjusted(torch.tensor(0.5), signs, images=1000).item() == pytest.approx(0.5 + change, abs=1e-6)
