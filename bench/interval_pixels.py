"""How often the intervals of the scores of bins, classes, windows and pairs cover the expected score: simulations."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics.classes import covered, modes, reached
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.ms_ssim import diversity
from ganatomy.evaluation.metrics.ndb import compared
from ganatomy.evaluation.metrics.parzen import parzen


def coverage(estimates: Iterable[Estimate]) -> float:
    """The share of intervals that hold the mean of all values; 0.95 is what they promise."""
    kept = list(estimates)
    expected = np.mean([one.value for one in kept])
    return float(np.mean([one.low <= expected <= one.high for one in kept]))


def proportions(bins: int, spread: float) -> NDArray[np.float64]:
    """Log-normal proportions: 0 is even, 0.2 a good generator, 1.5 one that all but loses many bins."""
    weights = np.exp(spread * np.random.default_rng(0).standard_normal(bins))
    return weights / weights.sum()


def simulations(repeats: int = 1000) -> dict[str, float]:
    """Coverage of each interval over `repeats` generated sets against one real set. Some minutes."""
    rng = np.random.default_rng(1)
    found: dict[str, float] = {}
    for bins, number in ((100, 5000), (1000, 26000)):
        real = rng.multinomial(2 * number, np.full(bins, 1 / bins))
        for spread in (0.0, 0.2, 0.5, 1.5):
            draws = rng.multinomial(number, proportions(bins, spread), size=repeats)
            case = f"{bins} bins, {number} samples, spread {spread}"
            found[f"classes reached, {case}"] = coverage(reached(counts) for counts in draws)
            if bins == 100:
                found |= _named(case, [compared(real, counts) for counts in draws], ("share", "divergence"))
                labels = (np.repeat(np.arange(bins), counts) for counts in draws)
                results = [covered(np.repeat(np.arange(bins), real), drawn, bins) for drawn in labels]
                found |= _named(case, results, ("divergence", "entropy"))
    found |= {f"parzen, {name}": coverage(one() for _ in range(repeats)) for name, one in _windows(rng).items()}
    centres = rng.uniform(-1, 1, (25, 2))
    scattered = (centres[rng.choice(25, 500, p=proportions(25, 1.5))] for _ in range(repeats))
    found["modes of high quality"] = coverage(
        modes(points + 0.02 * rng.standard_normal((500, 2)), centres, 0.02).high_quality for points in scattered
    )
    found["diversity, 50 pairs"] = coverage(
        diversity((rng.random((100, 16, 16, 1)) ** rng.uniform(0.2, 3, (100, 1, 1, 1)) * 255).astype(np.uint8))
        for _ in range(repeats)
    )
    return found


def _named(case: str, results: list, scores: tuple[str, ...]) -> dict[str, float]:
    kind = type(results[0]).__name__.removesuffix("Result")
    return {f"{kind} {score}, {case}": coverage(getattr(result, score) for result in results) for score in scores}


def _windows(rng: np.random.Generator) -> dict[str, Callable[[], Estimate]]:
    """Samples of Gaussians, at few and many windows a point."""

    def scored(number: int, dimensions: int) -> Callable[[], Estimate]:
        validation, test = rng.standard_normal((100, dimensions)), rng.standard_normal((300, dimensions))
        return lambda: parzen(rng.standard_normal((number, dimensions)), validation, test).estimate

    return {f"{number} samples, {dims} dimensions": scored(number, dims) for number, dims in ((500, 2), (500, 20))}


if __name__ == "__main__":
    for name, share in simulations().items():
        print(f"{share:.3f}  {name}")
