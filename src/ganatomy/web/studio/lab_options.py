"""The options of a game that is played on a page, and the names that they can have. No torch."""

from typing import Annotated, Any

from pydantic import Field

from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.system.registry import Registry
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.targets import TARGETS

MAX_BATCH, MAX_WIDTH = 4096, 256  # so that a move takes milliseconds
MAX_POINTS = 400  # of a drawing

Coordinate = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class GameOptions(LabOptions):
    """A game on a page."""

    drawing: list[tuple[Coordinate, Coordinate]] = Field(
        [], max_length=MAX_POINTS, description="Points of a target drawn by hand, instead of the one that `lab` names."
    )


def choices() -> dict[str, Any]:
    """What the form of the lab's page is made of: names with one line each, and the options' defaults and bounds."""
    return {
        "targets": _summaries(TARGETS),
        "objectives": _summaries(OBJECTIVES),
        "penalties": _summaries(PENALTIES),
        "options": GameOptions.model_json_schema()["properties"],
        "max_width": MAX_WIDTH,
        "max_points": MAX_POINTS,
    }


def _summaries(registry: Registry[Any]) -> dict[str, str]:
    return {name: registry.summary(name) for name in registry}
