"""The Fréchet distance as a whole, from features to the number, against the usual way to compute it.

python -m bench.frechet WAY FOLDER  (one child of the benchmark: prints the bytes that one computation takes)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from bench.measure import Row, alternate
from ganatomy.evaluation.metrics.frechet import frechet_distance, nuclear_norm

SAMPLES, FEATURES = 5_000, 2_048


def usual(real: NDArray, fake: NDArray) -> float:
    """Means, covariances and the matrix square root of their product, as pytorch-fid does it."""
    offset = real.mean(axis=0) - fake.mean(axis=0)
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(first @ second)
    return float(offset @ offset + np.trace(first) + np.trace(second) - 2 * np.trace(root).real)


def usual_trace(first: NDArray, second: NDArray) -> float:
    """Tr √(Σ₁Σ₂) by the square root of a matrix."""
    return float(np.trace(scipy.linalg.sqrtm(first @ second)).real)


def our_trace(first: NDArray, second: NDArray) -> float:
    """The same by factors: what `frechet.gaussian` and `frechet.between` do with two covariances."""
    one, other = (scipy.linalg.cholesky(covariance, check_finite=False) for covariance in (first, second))
    return nuclear_norm(one @ other.T)


WAYS = {"ours": frechet_distance, "usual": usual}


def features(decay: float = 1.0) -> tuple[NDArray, NDArray]:
    """Two sets [5000, 2048] whose variances fall as i^−decay along directions that are no feature's own."""
    random = np.random.default_rng(0)
    spectrum = np.arange(1, FEATURES + 1) ** (-decay / 2)
    turn = np.linalg.qr(random.standard_normal((FEATURES, FEATURES)))[0]
    real = random.standard_normal((SAMPLES, FEATURES)) * spectrum @ turn + 0.4
    other = random.permutation(spectrum[:100])
    fake = random.standard_normal((SAMPLES, FEATURES)) * np.concatenate([other, 1.1 * spectrum[100:]]) @ turn + 0.41
    return real, fake


def frechet() -> list[Row]:
    """Seconds, agreement and memory of `frechet_distance` and of the usual way, on the same features."""
    real, fake = features()
    seconds = alternate({name: lambda way=way: way(real, fake) for name, way in WAYS.items()}, rounds=3, warm_up=1)
    ratio = seconds["usual"] / seconds["ours"]
    expected = usual(real, fake)
    difference = abs(frechet_distance(real, fake) / expected - 1)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "real.npy"), real)
        np.save(Path(folder, "fake.npy"), fake)
        memory = {name: _memory(name, folder) for name in WAYS}
    covariances = [np.cov(features, rowvar=False) for features in (real, fake)]
    roots = {"ours": lambda: our_trace(*covariances), "usual": lambda: usual_trace(*covariances)}
    trace = alternate(roots, rounds=3, warm_up=1)
    words = f"{seconds['ours']:.2f} s against {seconds['usual']:.2f} s: {ratio:.1f}×"
    mib = {name: size / 2**20 for name, size in memory.items()}
    return [
        Row(f"Fréchet distance, {SAMPLES:,} × {FEATURES:,}", words, "", {**seconds, "ratio": ratio}),
        Row(
            "of which Tr √(Σ₁Σ₂), from Σ₁ and Σ₂",
            f"{trace['ours']:.2f} s against {trace['usual']:.2f} s: {trace['usual'] / trace['ours']:.1f}×",
            "≥ 10×",
            {**trace, "ratio": trace["usual"] / trace["ours"]},
        ),
        Row("its agreement", f"{difference:.0e} of {expected:.4f}", "≤ 1e-6", {"relative": difference}),
        Row("its memory", f"{mib['ours']:,.0f} MiB against {mib['usual']:,.0f} MiB, above the features", "", mib),
    ]


def _memory(way: str, folder: str) -> int:
    command = [sys.executable, "-m", "bench.frechet", way, folder]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak() -> int:
    """The most bytes that this process has had resident."""
    # Not ru_maxrss: a child inherits its parent's. Linux only.
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sets = [np.load(Path(sys.argv[2], f"{name}.npy")) for name in ("real", "fake")]
    before = peak()
    WAYS[sys.argv[1]](*sets)
    print(peak() - before)
