"""The Inception Score: Salimans et al. 2016 (arXiv:1606.03498), section 4."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import rows
from ganatomy.evaluation.metrics.estimate import jackknife
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric


def inception_score(probabilities: ArrayLike, splits: int = 1, seed: int = 2020) -> float:
    """exp(E KL(p(y|x) ‖ p(y))) of a classifier's probabilities [N, K] of generated samples; from 1 to K.

    splits: the mean over as many equal parts of the shuffled samples; 10 are the paper's choice, and with this seed
    torch-fidelity's figure. Fewer samples score higher or lower on average, so compare equal splits and N only.
    Raises UserError for fewer samples than splits, numbers below 0, and rows that do not sum to 1 (to 0.001, for half
    precision).
    """
    array = rows(probabilities, max(splits, 1), "The Inception Score", "generated").astype(np.float64)
    if splits < 1:
        raise UserError(f"The Inception Score needs at least 1 split; got {splits}.")
    if array.min() < 0 or np.abs(array.sum(axis=1) - 1).max() > 1e-3:
        raise UserError("The Inception Score needs probabilities: numbers of at least 0, each row summing to 1.")
    count = len(array)
    array = array[np.random.RandomState(seed).permutation(count)]
    parts = [array[i * count // splits : (i + 1) * count // splits] for i in range(splits)]
    # E KL(p(y|x) ‖ p(y)) = H(E p(y|x)) − E H(p(y|x)), with 0·log 0 = 0.
    information = [
        scipy.special.entr(part.mean(axis=0)).sum() - scipy.special.entr(part).sum(axis=1).mean() for part in parts
    ]
    return float(np.exp(information).mean())


@register_metric("is", settings={"splits": 1}, needs=["classes"], usual=True, official="is")
def _is(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Inception-style score.

    Salimans et al. 2016, by the classes of the features; over all images at once.
    """
    assert sets.fake.probabilities is not None
    return {"is": Measurement(jackknife(inception_score, sets.fake.probabilities, intervals), "higher")}
