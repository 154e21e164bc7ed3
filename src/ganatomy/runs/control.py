"""What a running training can be asked for, in RUN/control.json. No torch: pages and other programs write it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

HIGHEST_RATE = 10.0
Rate = Annotated[float, Field(gt=0, le=HIGHEST_RATE)]


class ControlRequest(BaseModel):
    """Requests to a training, {"pause": true, "learning_rates": {"generator": 1e-4}, …}, in the order of their effect.

    learning_rates   by player, from the next step on; a schedule ends here
    snapshot         true: draw the grid of samples now
    pause            true or false
    stop             true: finish the step and save, as Ctrl-C does
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    learning_rates: dict[str, Rate] | None = None
    snapshot: bool | None = None
    pause: bool | None = None
    stop: bool | None = None

    @model_validator(mode="after")
    def _at_least_one(self) -> "ControlRequest":
        if not self.model_fields_set:
            raise ValueError(f"ask for {', '.join(type(self).model_fields)}")
        return self
