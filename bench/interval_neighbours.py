"""How often the intervals of the neighbour, memorisation and two-sample scores hold what they promise: 95%.

The real samples stay; other generated ones are drawn again and again. An interval should hold the score's mean.
"""

from collections.abc import Callable

import numpy as np

from ganatomy.evaluation.metrics import memorisation
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.neighbours import neighbour_estimates
from ganatomy.evaluation.metrics.two_sample import two_sample_accuracy

# Dimension, samples, shift and scale of the generated normal distribution; the real one is the standard normal.
CASES = {
    "same": (4, 400, 0.0, 1.0),
    "narrower": (8, 400, 0.3, 0.9),
    "off": (6, 300, 0.7, 0.7),
    "wider": (4, 500, 0.2, 1.3),
}

Scores = Callable[[np.ndarray, np.ndarray], dict[str, Estimate]]


def neighbour(real: np.ndarray, fake: np.ndarray) -> dict[str, Estimate]:
    return vars(neighbour_estimates(real, fake))


def memory(real: np.ndarray, fake: np.ndarray) -> dict[str, Estimate]:
    train, held_out = np.array_split(real, 2)
    return {
        "authenticity": memorisation.authenticity(train, fake),
        "nearest_ratio": memorisation.nearest_ratio(train, held_out, fake),
        "data_copying": memorisation.data_copying(train, held_out, fake),
    }


def two_sample(real: np.ndarray, fake: np.ndarray) -> dict[str, Estimate]:
    return {"two_sample_accuracy": two_sample_accuracy(real, fake)}


def coverage(scores: Scores, case: str, draws: int, seed: int = 0) -> dict[str, float]:
    """The share of intervals that hold the score's mean over all draws."""
    dimension, count, shift, scale = CASES[case]
    chance = np.random.default_rng(seed)
    real = chance.normal(size=(count, dimension))
    drawn = [scores(real, shift + scale * chance.normal(size=(count, dimension))) for _ in range(draws)]
    means = {name: np.mean([every[name].value for every in drawn]) for name in drawn[0]}
    return {
        name: float(np.mean([every[name].low <= mean <= every[name].high for every in drawn]))
        for name, mean in means.items()
    }


def simulations(draws: int = 1000) -> dict[str, float]:
    """Coverage of every interval in every case; some minutes."""
    return {
        f"{name}, {case}": share
        for scores in (neighbour, memory, two_sample)
        for case in CASES
        for name, share in coverage(scores, case, draws).items()
    }


if __name__ == "__main__":
    for name, share in simulations().items():
        print(f"{name:32} {share:.3f}")
