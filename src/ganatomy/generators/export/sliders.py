"""The directions of a run that travel with its graph: those along which its latent vectors can be moved."""

from typing import Any

from ganatomy.generators import directions
from ganatomy.generators.directions import Directions
from ganatomy.generators.sampler import Sampler
from ganatomy.runs.run import DIRECTIONS
from ganatomy.system.files import inside

MOST = 64  # directions of an export
DIGITS = 6  # of a coordinate


def of_run(sampler: Sampler) -> tuple[Directions | None, str]:
    """The directions beside a generator that its graph can follow, and a sentence on them; "" where there are none.

    A graph takes z and the number of a class: what lies in w, or mixes classes, cannot be followed. Raises UserError
    where their file is damaged.
    """
    path = inside(sampler.home, *DIRECTIONS)
    if not path.is_file():
        return None, ""
    found = directions.read(path, sampler)
    if found.space != "z":
        return (
            None,
            "Its directions are in w and stay behind: a graph takes z. `ganatomy directions --space z` finds such.",
        )
    mixing = found.values[:, sampler.prior.dimension :].any(1).tolist()
    able = [i for i, mixes in enumerate(mixing) if not mixes]
    kept = able[:MOST]
    chosen = Directions(
        "z",
        found.values[kept, : sampler.prior.dimension],
        tuple(found.names[i] for i in kept),
        tuple(found.shares[i] for i in kept),
        found.step,
    )
    facts = [f"{len(kept)} of its {len(mixing)} directions go with it"]
    if found.step is not None and found.step != sampler.metadata.step:
        facts.append(f"they were found with the generator of step {found.step:,}")
    if any(mixing):
        facts.append(f"{sum(mixing)} mix classes, and a graph takes one class an image")
    if len(able) > MOST:
        facts.append(f"an export has {MOST} at most")
    return chosen if kept else None, f"{'; '.join(facts)}."


def described(found: Directions) -> dict[str, Any]:
    """Directions [R, latent_dim] as an export's metadata have them, ready for JSON."""
    values = [[float(f"{each:.{DIGITS}g}") for each in row] for row in found.values.tolist()]
    return {"names": found.names, "shares": found.shares, "values": values, "reach": directions.REACH}
