"""What the page of latent space asks for. No torch: it is checked before a worker process sees it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

DIRECTIONS = 6  # principal directions
MAX_STOPS = 64  # seeds of a path
MAX_MOVES = 64  # directions of the run that have a slider


class LatentWalkRequest(BaseModel):
    """A request of the page.

    step, raw        whose generator of the run: at a checkpoint, averaged or (raw) as it trains
    action           describe it, compute its principal directions, or draw an image
    at               where on the plane of seeds, as (column, row)
    path, share      instead: seeds of a closed path, and how far along, from 0 to 1
    label            the class of the image, by name or number
    moves            units along directions of the run, by name
    shifts           along each principal direction of images, in standard deviations
    truncation       none, or greater than 0
    """

    model_config = ConfigDict(extra="forbid")

    step: int | None = None
    raw: bool = False
    action: Literal["describe", "directions", "draw"]
    at: tuple[float, float] = (0.0, 0.0)
    path: list[int] | None = Field(None, max_length=MAX_STOPS)
    share: float = Field(0.0, allow_inf_nan=False)
    label: str | int | None = None
    moves: dict[str, FiniteFloat] = Field({}, max_length=MAX_MOVES)
    shifts: list[float] = Field([], max_length=DIRECTIONS)
    truncation: float | None = Field(None, gt=0, allow_inf_nan=False)
