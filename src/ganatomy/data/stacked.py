"""Stacked MNIST: three random digits as the colours of one image, a thousand classes to cover."""

from pathlib import Path

import numpy as np

from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.system.files import replacing

COUNT = 128_000


def stack(digits: Images, path: Path, count: int = COUNT, seed: int = 0) -> Path:
    """Write `count` images [count, H, W, 3] made of grey digits, with labels 0 to 999, as .npz; returns the path.

    Metz et al. 2017 (arXiv:1611.02163), section 3.3.1; 128,000 as Srivastava et al. 2017 (arXiv:1705.07761).
    Raises UserError for other images than grey ones of ten labelled classes.
    """
    if digits.labels is None or digits.pixels.shape[-1] != 1 or len(digits.classes or ()) != 10:
        raise UserError(f"{digits.source} cannot be stacked: only grey images of the ten digits, with labels, can.")
    chosen = np.random.default_rng(seed).integers(len(digits), size=(count, 3))
    labels = (np.asarray(digits.labels)[chosen] * (100, 10, 1)).sum(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.savez(file, images=digits.pixels[chosen, :, :, 0].transpose(0, 2, 3, 1), labels=labels)
    return path
