"""The classifier two-sample test: can a classifier tell generated samples from real ones?"""

import numpy as np
from numpy.typing import ArrayLike

from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.arrays import pair
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric


def two_sample_accuracy(real: ArrayLike, fake: ArrayLike, seed: int = 0) -> Estimate:
    """The accuracy of a classifier on samples it has not seen: 0.5 if the sets cannot be told apart, 1 if easily.

    real [N, D], fake [M, D]: equally many of each are drawn, half of them to train on. Lopez-Paz & Oquab 2017
    (arXiv:1610.06545), section 3. The classifier is gradient-boosted trees, which need no scale: a linear one sees only
    means (0.47 where features have one mean and covariance but other shapes; trees 1.00), and nearest neighbours see
    little in many dimensions.
    The interval is Wilson's on the unseen half, for the classifier as it was trained.
    Raises UserError for sets that cannot be compared, and for fewer than 40 samples.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    real, fake = pair(real, fake, 40, "The two-sample accuracy")
    chance = np.random.default_rng(seed)
    count = min(len(real), len(fake))
    real, fake = (chance.permutation(samples)[:count] for samples in (real, fake))
    half = count // 2
    classifier = HistGradientBoostingClassifier(random_state=seed)
    classifier.fit(np.concatenate([real[:half], fake[:half]]), np.repeat([False, True], half))
    unseen = np.concatenate([real[half:], fake[half:]])
    return estimate.share(classifier.predict(unseen) == np.repeat([False, True], count - half))


@register_metric("c2st")
def _c2st(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Classifier two-sample test.

    Lopez-Paz & Oquab 2017: the accuracy of a classifier trained to tell the two sets apart; ½ is best.
    """
    return {"c2st": Measurement(two_sample_accuracy(*sets.same_size()), "lower")}
