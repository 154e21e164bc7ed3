"""What a diagnosis reports."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

HEALTHY, TOO_EARLY = "healthy", "too early to say"


@dataclass(frozen=True)
class Finding:
    """What is wrong with a training, since when, on which evidence, and what helps.

    name, detail              as in "mode collapse: 3 of about 10 kinds left"
    began, reported, until    steps: the first probe at which it held, the one at which it was reported, the last one
    present                   whether it still holds, at the last probe
    signal, value, threshold  the evidence, at the last probe at which it held
    certainty                 suspected (a weaker signal stands for a missing one), likely, or certain: it has held for
                              three times as long as it takes, or it is a fact and not a tendency
    meaning, remedy           in words
    settings, command         the remedy as changed options, and as something to type, if there is such a thing
    """

    name: str
    detail: str
    began: int
    reported: int
    until: int
    present: bool
    signal: str
    value: float
    threshold: float
    certainty: str
    meaning: str
    remedy: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name

    def json(self) -> dict[str, Any]:
        """As `ganatomy diagnose --json` prints it, whose keys for `reported` and `certainty` are `said` and `sure`."""
        keys = {"reported": "said", "certainty": "sure"}
        return {keys.get(name, name): value for name, value in asdict(self).items()}
