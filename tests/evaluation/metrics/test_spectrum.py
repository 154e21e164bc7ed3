"""Spectra of images whose Fourier transform is known: sinusoids, white noise, blurs; and Parseval's theorem."""

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import spectrum
from ganatomy.evaluation.metrics.spectrum import high_frequency_energy, sharpness


def pixels(*shape, seed=0, low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, shape, dtype=np.uint8)


def wave(height, width, down, right, amplitude=100):
    """128 + a·cos(2π(down·y/H + right·x/W)), one grey image."""
    y, x = np.mgrid[:height, :width]
    values = 128 + amplitude * np.cos(2 * np.pi * (down * y / height + right * x / width))
    return np.rint(values).astype(np.uint8)[None, :, :, None]


def slow(image):
    """|Σ x·exp(−2πi(ky/H + lx/W))|²/(HW)² of one grey image, frequency by frequency, its mean left out."""
    height, width = image.shape
    values = image / 255 - (image / 255).mean()
    power = np.empty((height, width))
    y, x = np.mgrid[:height, :width]
    for k in range(height):
        for l in range(width):  # noqa: E741
            power[k, l] = abs((values * np.exp(-2j * np.pi * (k * y / height + l * x / width))).mean()) ** 2
    return power


def test_frequencies_are_in_units_of_the_nyquist_frequency():
    grid = spectrum.frequencies(8, 12)
    assert grid.shape == (8, 12)
    assert (grid[4, 0], grid[0, 6], grid[0, 1], grid[7, 0]) == pytest.approx((1, 1, 1 / 6, 1 / 4))
    assert grid[4, 6] == pytest.approx(2**0.5)
    assert grid.max() == grid[4, 6]


@pytest.mark.parametrize("shape", [(12, 12), (9, 14), (15, 10)])
def test_energies_against_a_slow_transform(shape):
    images = pixels(2, *shape, 2)
    powers = [(slow(image[..., 0]) + slow(image[..., 1])) / 2 for image in images]
    y, x = np.mgrid[: shape[0], : shape[1]]
    cycles = [2 * np.minimum(k, n - k) / n for k, n in zip((y, x), shape, strict=True)]
    for above in (0, 0.3, 0.7, 1, 1.3):
        high = np.hypot(*cycles) > above
        expected = np.mean([power[high].sum() for power in powers])
        assert high_frequency_energy(images, above).value == pytest.approx(expected, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, 7), (3, 4), (6, 8), (1, 1), (16, 0)])
def test_a_wave_has_its_energy_at_its_frequency(down, right):
    image, frequency = wave(32, 32, down, right), np.hypot(down, right) / 16
    whole = high_frequency_energy(image, above=0).value
    assert high_frequency_energy(image, above=frequency - 0.02).value > 0.998 * whole
    assert high_frequency_energy(image, above=frequency + 0.02).value < 0.002 * whole


@pytest.mark.parametrize(("right", "share"), [(7, 0), (9, 1)])  # the Nyquist frequency is 16 cycles an image
def test_a_wave_s_energy_is_half_its_squared_amplitude_on_one_side_of_the_border(right, share):
    image = wave(32, 32, 0, right, amplitude=100)
    assert high_frequency_energy(image).value == pytest.approx(share * (100 / 255) ** 2 / 2, rel=5e-3, abs=1e-5)


def test_energies_are_variances():
    """Parseval: all frequencies but the zeroth make up the pixels' variance."""
    images = pixels(5, 11, 16, 3)
    expected = (images / 255).var(axis=(1, 2)).mean(axis=1)
    assert high_frequency_energy(images, above=0).value == pytest.approx(expected.mean(), rel=1e-12)


def test_white_noise_is_flat():
    images = pixels(300, 32, 32, 1)
    flat = (256**2 - 1) / 12 / 255**2 / 32**2  # the variance of a uniform pixel, spread over 1,024 frequencies
    for above in np.linspace(0, 1.2, 7):
        expected = (spectrum.frequencies(32, 32) > above).sum() * flat
        assert high_frequency_energy(images, above).value == pytest.approx(expected, rel=0.05)
    estimate, expected = high_frequency_energy(images), (spectrum.frequencies(32, 32) > 0.5).sum() * flat
    assert estimate.low < expected < estimate.high


def blurred(images):
    """Means of 2×2 pixels around the torus: transfer function cos²(πf)·cos²(πg) in power."""
    values = images.astype(float)
    return sum(np.roll(values, (i, j), axis=(1, 2)) for i in (0, 1) for j in (0, 1)) / 4


def test_a_blur_takes_away_what_its_transfer_function_says():
    images = pixels(40, 24, 20, 1)
    f, g = np.meshgrid(np.fft.fftfreq(24), np.fft.fftfreq(20), indexing="ij")
    transfer = np.cos(np.pi * f) ** 2 * np.cos(np.pi * g) ** 2
    powers = np.stack([slow(image[..., 0]) for image in images[:4]])
    high = spectrum.frequencies(24, 20) > 0.5
    expected = (powers * transfer)[:, high].sum() / powers[:, high].sum()
    soft = np.rint(blurred(images[:4])).astype(np.uint8)
    assert sharpness(images[:4], soft).value == pytest.approx(expected, abs=2e-3)
    assert 0.1 < expected < 0.2


def test_energy_is_in_squares_of_the_contrast():
    loud = pixels(6, 16, 16, 3, low=0, high=120) * 2
    quiet = loud // 2
    assert high_frequency_energy(quiet).value == pytest.approx(high_frequency_energy(loud).value / 4, rel=1e-9)
    assert sharpness(loud, quiet).value == pytest.approx(0.25, rel=1e-9)


def test_sharpness_of_real_images_is_one_within_its_interval():
    real, other = pixels(200, 16, 16, 1, seed=1), pixels(150, 16, 16, 1, seed=2)
    assert sharpness(real, real).value == pytest.approx(1, rel=1e-12)
    estimate = sharpness(real, other)
    assert estimate.low < 1 < estimate.high
    assert estimate.high - estimate.low < 0.1
    ratio = high_frequency_energy(other).value / high_frequency_energy(real).value
    assert estimate.value == pytest.approx(ratio, rel=1e-12)
    lower = high_frequency_energy(other, 0.2).value / high_frequency_energy(real, 0.2).value
    assert sharpness(real, other, above=0.2).value == pytest.approx(lower, rel=1e-12)


def test_the_border_is_where_it_is_asked_for():
    image = wave(32, 32, 0, 9)
    whole = high_frequency_energy(image, above=0).value
    assert high_frequency_energy(image, above=9 / 16 - 0.01).value == pytest.approx(whole, rel=1e-2)
    assert high_frequency_energy(image, above=9 / 16 + 0.01).value < 1e-2 * whole


def test_an_image_of_one_colour_has_no_energy_and_one_grey_level_has():
    images = np.full((3, 15, 11, 3), 77, np.uint8)
    assert high_frequency_energy(images).value == pytest.approx(0, abs=1e-20)
    images[:, 3, 4] = 78  # one pixel, one grey level brighter: its energy is the same at all frequencies
    count = (spectrum.frequencies(15, 11) > 0.5).sum()
    assert high_frequency_energy(images).value == pytest.approx(count / (255 * 15 * 11) ** 2, rel=1e-9)


def test_blocks_change_nothing(monkeypatch):
    images = pixels(7, 10, 9, 3)
    whole = high_frequency_energy(images)
    monkeypatch.setattr(spectrum, "BLOCK", 2 * 10 * 9 * 3)
    found = high_frequency_energy(images)
    assert (found.value, found.low, found.high) == pytest.approx((whole.value, whole.low, whole.high))


@pytest.mark.parametrize("images", [pixels(4, 8, 8), pixels(4, 8, 8, 1) / 255, pixels(4, 8, 8, 1)[:0]])
def test_anything_but_images_is_refused(images):
    with pytest.raises(UserError, match=r"uint8 images, one array \[images, height, width, channels\]; it got"):
        high_frequency_energy(images)


def test_sets_that_do_not_compare_are_refused():
    with pytest.raises(UserError, match=r"images of one size; these are \(8, 8, 1\) and \(8, 9, 1\)"):
        sharpness(pixels(4, 8, 8, 1), pixels(4, 8, 9, 1))
    with pytest.raises(UserError, match=r"no energy above 0\.5"):
        sharpness(np.full((4, 9, 7, 1), 77, np.uint8), pixels(4, 9, 7, 1))
