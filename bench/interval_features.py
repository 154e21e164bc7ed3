"""How often the intervals of scores of features cover, by simulation.

Each score is drawn many times: other generated samples, equally many, against the same real ones. Its interval should
cover the expected score, which is the mean over all draws, in 95% of them. It does not promise to cover the score of
infinitely many samples, which for the Fréchet distance is counted too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ganatomy.evaluation.metrics.estimate import Estimate, jackknife, mean, share
from ganatomy.evaluation.metrics.frechet import Gaussian, between, gaussian
from ganatomy.evaluation.metrics.inception_score import inception_score
from ganatomy.evaluation.metrics.kernel import kernel_estimate

Random = np.random.Generator
FEATURES = 8
MANY, FEW = 200, 50  # features, and samples: fewer than features, and than those that vary most


@dataclass(frozen=True)
class Normal:
    """Normal features: means [D] and standard deviations [D]."""

    mean: NDArray
    spread: NDArray

    def draw(self, random: Random, count: int) -> NDArray:
        """Samples [count, D]."""
        return self.mean + self.spread * random.standard_normal((count, len(self.mean)))

    def gaussian(self) -> Gaussian:
        """Itself, as if fitted to infinitely many samples."""
        return Gaussian(self.mean, np.diag(self.spread), 2**62)


def coverage(replicates: int = 2_000, samples: int = 400, seed: int = 0) -> dict[str, float]:
    """Score → the share of `replicates` draws of `samples` samples whose interval covers; its error is 0.005 at 2,000.

    Minutes for the default, most of them for the Fréchet distance and the kernel distance.
    """
    shares = {name: covered(draw, replicates, seed) for name, draw in draws(samples, seed).items()}
    for case in frechet_cases(samples, seed):
        estimates = drawn(case.estimate, replicates, seed)
        shares[f"frechet_distance, {case.name}"] = covering(estimates)
        shares[f"{INFINITE}, {case.name}"] = covering(estimates, between(case.real, case.fake.gaussian()))
    return shares


INFINITE = "frechet_distance of infinitely many"


class FrechetCase(NamedTuple):
    """A Fréchet distance that is drawn again and again: a fitted reference, and who generates how many samples."""

    name: str
    real: Gaussian
    fake: Normal
    count: int

    def estimate(self, random: Random) -> Estimate:
        """The distance of other samples, with its interval."""
        return jackknife(lambda kept: between(self.real, gaussian(kept)), self.fake.draw(random, self.count))


def frechet_cases(samples: int, seed: int = 0) -> Iterator[FrechetCase]:
    """Many samples of few features, and few of many; a generator that is perfect, and one that is not.

    Variances of many features fall as 1/i, as those of networks do.
    """
    random = np.random.default_rng(seed)
    few = Normal(np.zeros(FEATURES), np.ones(FEATURES))
    many = Normal(np.zeros(MANY), np.arange(1, MANY + 1) ** -0.5)
    for truth, references, counts in ((few, samples, (samples,)), (many, 20 * samples, (FEW, MANY // 2, 2 * MANY))):
        real = gaussian(truth.draw(random, references))
        spread = truth.spread * np.linspace(0.7, 1.4, len(truth.spread))
        for name, fake in (("perfect", truth), ("different", Normal(0.3 * truth.spread, spread))):
            for count in counts:
                yield FrechetCase(f"{count} samples of {len(spread)} features, {name}", real, fake, count)


def draws(samples: int, seed: int = 0) -> dict[str, Callable[[Random], Estimate]]:
    """Score → a function that draws `samples` generated samples and estimates it; the real samples stay the same."""
    real = np.random.default_rng(seed).standard_normal((samples, FEATURES))
    spread = np.linspace(0.7, 1.4, FEATURES)

    def equal(random: Random) -> NDArray:
        return random.standard_normal((samples, FEATURES))

    def different(random: Random) -> NDArray:
        return spread * equal(random) + 0.3

    return {
        "mean": lambda random: mean(random.exponential(size=samples)),
        "share": lambda random: share(random.random(samples) < 0.2),
        "kernel_distance": lambda random: kernel_estimate(real, different(random)),
        "kernel_distance, equal": lambda random: kernel_estimate(real, equal(random)),
        "inception_score": lambda random: jackknife(inception_score, softmax(3 * different(random), axis=1)),
    }


def covered(draw: Callable[[Random], Estimate], replicates: int, seed: int = 0) -> float:
    """The share of independent estimates whose interval holds the mean of all their values."""
    return covering(drawn(draw, replicates, seed))


def drawn(draw: Callable[[Random], Estimate], replicates: int, seed: int = 0) -> list[Estimate]:
    """Independent estimates."""
    random = np.random.default_rng([seed, 1])  # not the stream that drew the real samples
    return [draw(random) for _ in range(replicates)]


def covering(estimates: list[Estimate], expected: float | None = None) -> float:
    """The share of estimates whose interval holds a value, by default the mean of all of theirs."""
    value = np.mean([estimate.value for estimate in estimates]) if expected is None else expected
    return float(np.mean([estimate.low <= value <= estimate.high for estimate in estimates]))


def width(estimates: list[Estimate]) -> float:
    """How wide intervals are on average, in units of those that a known normal spread of the values would have."""
    needed = 2 * 1.96 * np.std([estimate.value for estimate in estimates], ddof=1)
    return float(np.mean([estimate.high - estimate.low for estimate in estimates]) / needed)


if __name__ == "__main__":
    for name, covers in coverage(300).items():
        print(f"{covers:.3f}  {name}")
    for each in frechet_cases(400):
        print(f"{width(drawn(each.estimate, 300)):.2f} times as wide as needed: frechet_distance, {each.name}")
