"""Sliced Wasserstein distances against closed forms, scipy's exact distance in one dimension, and a slow pyramid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.special import gammaln

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import wasserstein
from ganatomy.evaluation.metrics.wasserstein import laplacian_pyramid, sliced_wasserstein, sliced_wasserstein_vectors
from tiny import waves


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def pixels(*shape, seed=0, high=256):
    return np.random.default_rng(seed).integers(0, high, shape, dtype=np.uint8)


def mean_cosine(dimensions):
    """E|⟨θ, e⟩| of a uniform direction θ: Γ(D/2) / (√π Γ((D + 1)/2))."""
    return np.exp(gammaln(dimensions / 2) - gammaln((dimensions + 1) / 2)) / np.sqrt(np.pi)


def column(least, most):
    return hnp.arrays(np.float64, st.tuples(st.integers(least, most), st.just(1)), elements=st.floats(-100, 100))


@given(column(1, 30), column(1, 30))
def test_in_one_dimension_it_is_the_wasserstein_distance(real, fake):
    expected = stats.wasserstein_distance(real[:, 0], fake[:, 0])
    assert sliced_wasserstein_vectors(real, fake, directions=3) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_shift_in_one_dimension_is_its_own_distance():
    real = normal(50, 1)
    assert sliced_wasserstein_vectors(real, real[::-1] - 3.5) == pytest.approx(3.5, rel=1e-12)


@pytest.mark.parametrize("directions", [1, 128, 200])
def test_it_is_the_mean_over_every_direction(directions):
    real, fake = normal(7, 3, seed=1), normal(11, 3, seed=2) + np.array([1, 0, 2])
    drawn = np.random.default_rng(5).standard_normal((directions, 3))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    expected = np.mean([stats.wasserstein_distance(real @ one, fake @ one) for one in drawn])
    assert sliced_wasserstein_vectors(real, fake, directions, seed=5) == pytest.approx(expected, rel=1e-9)


def test_gaussians_have_a_closed_form():
    """W₁ of N(0, 1) and N(0, s²) is (s − 1)·√(2/π) in every direction; a shift c alone gives ‖c‖·E|cos|."""
    real = normal(20000, 5)
    assert sliced_wasserstein_vectors(real, 3 * normal(30000, 5, seed=1), 64) == pytest.approx(
        2 * np.sqrt(2 / np.pi), rel=0.02
    )
    shift = np.array([1.0, -2, 0, 2, 4])
    assert sliced_wasserstein_vectors(real[:50], real[:50] + shift, 8192) == pytest.approx(5 * mean_cosine(5), rel=0.02)


def test_it_is_a_seeded_distance():
    real, fake = normal(20, 4), normal(30, 4, seed=1)
    value = sliced_wasserstein_vectors(real, fake)
    assert value == sliced_wasserstein_vectors(real, fake)
    assert value == pytest.approx(sliced_wasserstein_vectors(fake, real), rel=1e-12)
    assert value == pytest.approx(sliced_wasserstein_vectors(real, fake[::-1]), rel=1e-12)
    assert value != sliced_wasserstein_vectors(real, fake, seed=1)
    assert sliced_wasserstein_vectors(real, real[::-1]) == pytest.approx(0, abs=1e-12)


def slow_blur(image):
    padded = np.pad(image, 2, mode="reflect")
    window = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    return np.array(
        [[(padded[y : y + 5, x : x + 5] * window).sum() for x in range(image.shape[1])] for y in range(image.shape[0])]
    )


def test_the_pyramid_holds_what_each_halving_loses():
    images = pixels(2, 21, 18, 3)
    levels = laplacian_pyramid(images, 3)
    assert [level.shape for level in levels] == [(2, 21, 18, 3), (2, 11, 9, 3), (2, 6, 5, 3)]
    for n, channel in [(0, 0), (1, 2)]:
        image = images[n, :, :, channel].astype(float)
        for level in levels[:-1]:
            half = slow_blur(image)[::2, ::2]
            doubled = np.zeros_like(image)
            doubled[::2, ::2] = half
            np.testing.assert_allclose(level[n, :, :, channel], image - 4 * slow_blur(doubled), atol=1e-3)
            image = half
        np.testing.assert_allclose(levels[-1][n, :, :, channel], image, atol=1e-3)


@pytest.mark.parametrize(
    ("size", "heights"),
    [((28, 28), [28]), ((32, 32), [32, 16]), ((48, 64), [48, 24]), ((64, 31), [64, 32]), ((64, 64), [64, 32, 16])],
)
def test_levels_go_down_to_sixteen_pixels(size, heights):
    values = sliced_wasserstein(pixels(3, *size, 1), pixels(4, *size, 1, seed=1))
    assert list(values) == heights
    assert all(0 < value < np.inf for value in values.values())


def reference(real, fake, seed):
    """Karras et al. 2018 of one level, with random numbers of its own: patches of each set, drawn apart, in a loop."""
    random = np.random.default_rng([seed, 7])
    vectors = []
    for images in (real, fake):
        tops, lefts = random.integers(0, images.shape[1] - 6, (2, len(images), 128))
        cut = np.array(
            [
                image[top : top + 7, left : left + 7]
                for image, down, across in zip(images, tops, lefts, strict=True)
                for top, left in zip(down, across, strict=True)
            ],
            float,
        )
        cut = (cut - cut.mean((0, 1, 2))) / cut.std((0, 1, 2))
        vectors.append(cut.reshape(len(cut), -1))
    directions = random.standard_normal((vectors[0].shape[1], 512))
    ours, theirs = (np.sort(each @ (directions / np.linalg.norm(directions, axis=0)), axis=0) for each in vectors)
    return 1e3 * np.abs(ours - theirs).mean()


def test_altered_copies_are_as_far_as_by_the_authors_definition():
    """Patches at the same places of both would be nearly equal; of the authors' code each set has its own."""
    real = waves(60, 28, 28, 1)
    noise = np.random.default_rng(1).integers(-9, 10, real.shape)
    altered = np.clip(real.astype(int) + noise, 0, 255).astype(np.uint8)
    expected = np.mean([reference(real, altered, seed) for seed in range(6)])
    found = np.mean([sliced_wasserstein(real, altered, seed)[28] for seed in range(6)])
    assert found == pytest.approx(expected, rel=0.1)


def test_equal_sets_differ_by_their_patches_and_seeds_choose_the_places():
    real, fake = pixels(30, 32, 32, 1), pixels(20, 32, 32, 1, seed=1)
    assert all(0 < value < 100 for value in sliced_wasserstein(real, real).values())
    assert sliced_wasserstein(real, fake) == sliced_wasserstein(real, fake)
    assert sliced_wasserstein(real, fake) != sliced_wasserstein(real, fake, seed=1)


def test_brightness_and_contrast_of_each_channel_are_taken_out():
    real = pixels(20, 28, 28, 2, high=100)
    fake = real * np.array([2, 1], np.uint8) + np.array([9, 140], np.uint8)
    assert sliced_wasserstein(real, fake)[28] == pytest.approx(sliced_wasserstein(real, real)[28], rel=1e-4)
    same = np.stack([fake[..., 0], fake[..., 0]], axis=-1)
    assert sliced_wasserstein(real, same)[28] > 1.5 * sliced_wasserstein(real, fake)[28]


def test_flat_images_have_a_closed_form_in_thousandths():
    """Patches of flat images are v·(1, …, 1): the distance is 10³·√49·E|cos|·W₁(v), v with mean 0 and deviation 1."""
    shares = np.array([0.5, 0.25])  # of white images
    real, fake = (np.zeros((40, 28, 28, 1), np.uint8) for _ in shares)
    real[:20], fake[:10] = 255, 255
    black, white = -np.sqrt(shares / (1 - shares)), np.sqrt((1 - shares) / shares)
    distance = stats.wasserstein_distance([black[0], white[0]], [black[1], white[1]], shares[[0, 0]], [0.75, 0.25])
    assert sliced_wasserstein(real, fake)[28] == pytest.approx(1e3 * 7 * mean_cosine(49) * distance, rel=0.06)


def test_a_set_without_variation_has_a_distance():
    real, black = pixels(20, 32, 32, 3), np.zeros((10, 32, 32, 3), np.uint8)
    assert all(300 < value < np.inf for value in sliced_wasserstein(real, black).values())


@pytest.mark.parametrize(("images", "patches"), [(3, 24), (9, 27), (40, 31)])
def test_the_number_of_patches_is_bounded(images, patches, monkeypatch):
    seen = []
    monkeypatch.setattr(wasserstein, "PATCHES_PER_IMAGE", 8)
    monkeypatch.setattr(wasserstein, "MOST_PATCHES", 31)
    monkeypatch.setattr(wasserstein, "BLOCK", 4)
    monkeypatch.setattr(wasserstein, "sliced_wasserstein_vectors", lambda *sets, seed: seen.append(sets) or 0.0)
    sliced_wasserstein(pixels(images, 20, 30, 3), pixels(4, 20, 30, 3))
    assert [vectors.shape for vectors in seen[0]] == [(patches, 147), (28, 147)]


def test_patches_come_from_every_place_and_every_image(monkeypatch):
    """An image whose pixels number themselves: the corner of a patch tells where it was cut."""
    seen = []
    monkeypatch.setattr(wasserstein, "_normalised", lambda patches: seen.append(patches) or np.zeros((1, 1)))
    numbered = np.arange(14 * 18, dtype=np.uint8).reshape(14, 18)
    images = np.zeros((300, 16, 20, 2), np.uint8)
    images[:, :14, :18, 0] = numbered
    images[..., 1] = (np.arange(300) % 256)[:, None, None]
    sliced_wasserstein(images, images[:5])
    corners = seen[0][:, 0, 0, 0]
    assert set(corners) == set(numbered[:10, :14].ravel())
    np.testing.assert_array_equal(seen[0][:, 0, 1, 0] - corners, 18)  # rows go down, columns go right
    np.testing.assert_array_equal(seen[0][:, 0, 0, 1] - corners, 1)
    assert np.array_equal(
        np.unique(seen[0][:, 1], return_counts=True)[1] // 49, np.bincount(np.arange(300) % 256) * 128
    )


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (
            pixels(2, 32, 32, 3),
            pixels(2, 32, 32, 1),
            r"real images are \(32, 32, 3\) and the generated ones \(32, 32, 1",
        ),
        (pixels(2, 32, 32, 3) / 255, pixels(2, 32, 32, 3), "real images are float64"),
        (pixels(2, 32, 32, 3), pixels(2, 32, 32), "generated images are uint8 of the shape"),
        (pixels(2, 32, 15, 3), pixels(2, 32, 15, 3), "at least 16×16"),
        (pixels(2, 32, 32, 3), pixels(0, 32, 32, 3), "there are 0"),
    ],
)
def test_sets_that_do_not_compare_are_refused(real, fake, message):
    with pytest.raises(UserError, match=message):
        sliced_wasserstein(real, fake)


def test_vectors_of_unequal_length_are_refused():
    with pytest.raises(UserError, match="sliced Wasserstein: the real set has 3 features"):
        sliced_wasserstein_vectors(normal(4, 3), normal(4, 2))
