"""What a rule must know of a training besides its signals."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ganatomy.config.options import Config
from ganatomy.gan.equilibrium import Equilibrium
from ganatomy.gan.objectives import OBJECTIVES


@dataclass(frozen=True)
class TrainingContext:
    """Of one training; what is unknown is None.

    objective    its name, where the method is a game
    equilibrium  where that game rests
    critic       whether scores mean a distance, which they do only while the discriminator's slope is bounded by 1
    config       the options of a run of ours
    images       how many training images there are
    path         of the run's folder
    problems     of the data, found before the first step
    parts        files of somebody's own parts, which commands must load
    """

    objective: str | None = None
    equilibrium: Equilibrium | None = None
    critic: bool = False
    config: Config | None = None
    images: int | None = None
    path: str | None = None
    problems: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @classmethod
    def of_objective(cls, name: str | None) -> "TrainingContext":
        """That of a game by its objective's registered name; None or an unknown name: no equilibrium."""
        known = OBJECTIVES.get(name or "")
        return cls(name) if known is None else cls(name, known.equilibrium, known.critic)

    @classmethod
    def of_config(
        cls, config: Config, images: int | None = None, path: str | None = None, problems: tuple[str, ...] = ()
    ) -> "TrainingContext":
        """That of a training with these options."""
        game = cls.of_objective(config.objective.name if config.method == "adversarial" else None)
        return cls(game.objective, game.equilibrium, game.critic, config, images, path, problems)

    def command(self, *arguments: str) -> str:
        """`ganatomy` with these arguments, which loads the parts that this training needs."""
        return shlex.join(["ganatomy", *arguments, *(f"--parts={file}" for file in self.parts)])

    def spent(self, record: Mapping[str, float]) -> float:
        """The share of the training's budget that was spent at a record; 1 where that is unknown.

        Where the record lacks it, as older ones do, by the options, though these may have been others then.
        """
        if "spent" in record or self.config is None:
            return record.get("spent", 1.0)
        budget = self.config.training
        limits = {"step": budget.steps, "images": budget.images, "seconds": 60 * (budget.minutes or 0)}
        shares = [record[name] / limit for name, limit in limits.items() if limit and name in record]
        return max(shares, default=1.0)

    @property
    def game(self) -> bool:
        """Whether it is a game between two players, as a loop of somebody's own is taken to be."""
        return self.config is None or self.config.method == "adversarial"

    @property
    def clipped(self) -> bool:
        """Whether the discriminator's weights are clipped: then the bound of its slope is unknown."""
        return bool(self.config and self.config.penalties.clip)
