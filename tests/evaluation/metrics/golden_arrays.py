"""The arrays behind tests/golden/fidelity.json, made alike by the tool that wrote it and by the test that reads it."""

import numpy as np

SEED = 7
SUBSETS, SIZE, SPLITS, NEIGHBOURS = 20, 150, 10, 3


def features() -> tuple[np.ndarray, np.ndarray]:
    """Real [420, 24] and generated [370, 24] features: of other means, spreads and correlations, overlapping."""
    random = np.random.RandomState(SEED)  # a stream that numpy never changes
    mix = random.standard_normal((24, 24)) / 5
    real = random.standard_normal((420, 24)) @ mix
    fake = 0.9 * random.standard_normal((370, 24)) @ (mix + random.standard_normal((24, 24)) / 12) + 0.1
    return real, fake


def logits() -> np.ndarray:
    """[370, 12]: some samples surely of one class, some of none."""
    random = np.random.RandomState(SEED + 1)
    return random.standard_normal((370, 12)) * random.uniform(0, 6, (370, 1)) + np.linspace(0, 2, 12)
