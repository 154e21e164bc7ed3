"""What a rule must know of a training beside its signals."""

from dataclasses import dataclass

from ganatomy.config.options import Config
from ganatomy.gan.equilibrium import EQUILIBRIA, Equilibrium


@dataclass(frozen=True)
class Facts:
    """objective: a name of EQUILIBRIA, or None where the game is another one or there is none.

    config    the options of a run of ours; None for a loop of one's own
    images    how many real images are learnt from, where that is known
    path      of the run's folder
    problems  of the data, found before the first step
    """

    objective: str | None = None
    config: Config | None = None
    images: int | None = None
    path: str | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, config: Config, images: int | None = None, path: str | None = None, problems: tuple[str, ...] = ()
    ) -> "Facts":
        """Those of a run."""
        return cls(config.objective.name if config.method == "adversarial" else None, config, images, path, problems)

    @property
    def equilibrium(self) -> Equilibrium | None:
        """Where this game rests, if that is known."""
        return EQUILIBRIA.get(self.objective or "")

    @property
    def critic(self) -> bool:
        """Whether the scores mean a distance only while their slope is bounded by 1."""
        return self.objective == "wasserstein"

    @property
    def clipped(self) -> bool:
        """Whether weights are clipped: then the slope's bound is unknown."""
        return bool(self.config and self.config.penalties.clip)
