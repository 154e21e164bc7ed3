"""PSNR and SSIM against closed forms and an independent computation."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from ganatomy.errors import UserError
from ganatomy.evaluation.pairs.fidelity import PAIR_METRICS, psnr, ssim


def noisy(count: int, channels: int, size: tuple[int, int] = (16, 20)) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    targets = random.integers(0, 256, (count, *size, channels))
    return (targets + random.integers(-60, 60, targets.shape)).clip(0, 255).astype(np.uint8), targets.astype(np.uint8)


def test_psnr_is_the_logarithm_of_the_mean_squared_error() -> None:
    targets = np.full((3, 4, 5, 3), 100, np.uint8)
    drawn = targets.copy()
    drawn[0] += 15
    drawn[1, :2] += 10  # in half of the pixels
    errors = np.array([15**2, 10**2 / 2, 1 / 12])
    assert psnr(drawn, targets) == pytest.approx(10 * np.log10(255**2 / errors))
    assert psnr(targets, drawn) == pytest.approx(psnr(drawn, targets))


def test_ssim_of_flat_images_is_their_luminance() -> None:
    """Without variance, (2ab + C₁) / (a² + b² + C₁), C₁ = 6.5025."""
    a, b = (np.full((1, 12, 12, 1), value, np.uint8) for value in (60, 200))
    assert ssim(a, b) == pytest.approx([(2 * 60 * 200 + 6.5025) / (60**2 + 200**2 + 6.5025)])
    assert ssim(a, a) == pytest.approx([1.0])


def test_ssim_is_that_of_the_paper() -> None:
    """Wang et al. 2004, eq. 13, with every window summed by itself."""
    x = np.arange(-5, 6)
    window = np.exp(-(x**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2

    def averaged(image: np.ndarray) -> np.ndarray:
        return convolve2d(image, window, mode="valid")

    drawn, targets = noisy(2, 3)
    for i, found in enumerate(ssim(drawn, targets)):
        values = []
        for channel in range(3):
            a, b = (each[i, ..., channel].astype(float) for each in (drawn, targets))
            mean_a, mean_b = averaged(a), averaged(b)
            numerator = (2 * mean_a * mean_b + 6.5025) * (2 * (averaged(a * b) - mean_a * mean_b) + 58.5225)
            spread = averaged(a * a) - mean_a**2 + averaged(b * b) - mean_b**2
            values.append((numerator / ((mean_a**2 + mean_b**2 + 6.5025) * (spread + 58.5225))).mean())
        assert found == pytest.approx(np.mean(values), abs=1e-9)


def test_more_noise_is_farther_by_both() -> None:
    drawn, targets = noisy(4, 1)
    nearer = ((drawn.astype(int) + targets) // 2).astype(np.uint8)
    for metric in PAIR_METRICS.values():
        assert (metric(nearer, targets) > metric(drawn, targets)).all()


def test_small_images_have_no_ssim() -> None:
    small = np.zeros((2, 10, 16, 1), np.uint8)
    with pytest.raises(UserError, match="at least 11×11"):
        ssim(small, small)
