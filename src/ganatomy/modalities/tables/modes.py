"""The modes of one column of numbers: a variational Gaussian mixture.

Xu et al. 2019 (arXiv:1907.00503), section 4.2. In one thing it differs: a mode reaches to four standard deviations from
its mean as there, but farther where numbers of the table would lie outside of every mode, so that none is clipped.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from ganatomy.modalities.tables.columns import Numbers
from ganatomy.system.options import Options

MOST = 10  # at most
LEAST_WEIGHT = 0.005  # of a mode, the authors' own
REACH = 4.0  # standard deviations
POINTS = 2000  # quantiles stand for the numbers: the fit takes a fifth of a second however many there are
BLOCK = 2**16  # numbers looked at together


class Modes(Options):
    """The modes of a column, one an entry of each.

    weights, means, deviations  of the Gaussians
    reaches                     the farthest that a number of a mode lies from its mean
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    reaches: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.means)

    @classmethod
    def of(cls, numbers: Numbers) -> Modes:
        """The modes of numbers [N], none of which is NaN and not all alike; the same numbers give the same modes."""
        low, high = float(numbers.min()), float(numbers.max())
        points = np.quantile(numbers, np.linspace(0, 1, POINTS)) if len(numbers) > POINTS else numbers
        unit = (points - low) / (high - low)
        weights, means, deviations = _fitted(unit)
        means, deviations = low + means * (high - low), deviations * (high - low)
        if not (deviations > 0).all():  # numbers so close to 0 that their differences are not normal floats
            weights, means, deviations = np.ones(1), np.array([low]), np.array([high - low])
        reaches = np.minimum(REACH * deviations, high - low)
        found = cls(weights=tuple(weights), means=tuple(means), deviations=tuple(deviations), reaches=tuple(reaches))
        return found.reaching(numbers)

    def reaching(self, numbers: Numbers) -> Modes:
        """The same modes, of which one at least reaches each of the numbers [N]: that in which it is likeliest."""
        weights, means, deviations, reaches = map(np.array, (self.weights, self.means, self.deviations, self.reaches))
        for start in range(0, len(numbers), BLOCK):
            some = numbers[start : start + BLOCK, None]
            distances = np.abs(some - means)
            outside = (distances > reaches).all(axis=1)
            nearest = _log_densities(some[outside], weights, means, deviations).argmax(axis=1)
            np.maximum.at(reaches, nearest, distances[outside, nearest])
        return self.model_copy(update={"reaches": tuple(reaches)})

    def moved(self, scale: float, shift: float) -> Modes:
        """The modes of the numbers scale·x + shift."""
        return Modes(
            weights=self.weights,
            means=tuple(scale * mean + shift for mean in self.means),
            deviations=tuple(scale * deviation for deviation in self.deviations),
            reaches=tuple(scale * reach for reach in self.reaches),
        )

    def encode(self, numbers: Numbers, random: np.random.Generator) -> tuple[Numbers, NDArray[np.intp]]:
        """Scalars α = (x − η)/reach and modes of numbers x, [N] and [N]; the mode is drawn from its posterior.

        Only modes that reach a number are drawn, so α is in [−1, 1]; a number that none reaches, which the table did
        not have, is in the nearest mode, with a larger α.
        """
        means, reaches = np.array(self.means), np.array(self.reaches)
        x = numbers[:, None]
        distances = np.abs(x - means) / reaches
        chances = _log_densities(x, np.array(self.weights), means, np.array(self.deviations))
        chances = np.where(distances <= 1, chances, -np.inf) + random.gumbel(size=chances.shape)  # the Gumbel-max trick
        modes = np.where((distances <= 1).any(axis=1), chances.argmax(axis=1), distances.argmin(axis=1))
        return (numbers - means[modes]) / reaches[modes], modes

    def decode(self, scalars: Numbers, modes: NDArray[np.intp]) -> Numbers:
        """The numbers of scalars [N] and modes [N]."""
        return scalars * np.array(self.reaches)[modes] + np.array(self.means)[modes]


def _fitted(points: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Weights, means and standard deviations of the modes of numbers in [0, 1], [N]; those with weight."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    distinct = len(np.unique(points))
    mixture = BayesianGaussianMixture(
        n_components=min(MOST, distinct), weight_concentration_prior=1e-3, max_iter=100, random_state=0
    )
    scale = points.std()  # the mixture's smallest variance, 1e-6, is in these units
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(points[:, None] / scale)
    used = mixture.weights_ > LEAST_WEIGHT
    deviations = np.sqrt(mixture.covariances_.reshape(-1)[used]) * scale
    return mixture.weights_[used], mixture.means_[used, 0] * scale, deviations


def _log_densities(x: Numbers, weights: Numbers, means: Numbers, deviations: Numbers) -> Numbers:
    """log of weight · Gaussian, up to a constant, of x [N, 1]: [N, modes]."""
    return np.log(weights) - np.log(deviations) - 0.5 * ((x - means) / deviations) ** 2
