"""How often each 95% interval covers the expected score: simulations of other generated samples."""

from bench import interval_features, interval_neighbours, interval_pixels
from bench.measure import Row


def intervals(draws: int = 300) -> list[Row]:
    """One row a score and case; the standard error of a share is 1.3 points at 300 draws. Half an hour."""
    shares = {
        **interval_features.coverage(draws),
        **interval_neighbours.simulations(draws),
        **interval_pixels.simulations(draws),
    }
    return [Row(name, f"{share:.1%}", _promise(name), {"covered": share}) for name, share in shares.items()]


def _promise(name: str) -> str:
    return "" if name.startswith(interval_features.INFINITE) else "93% to 97%"
