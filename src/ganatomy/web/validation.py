"""Requests of clients, checked: one sentence says what is wrong with one."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ganatomy.errors import UserError

Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], given: bytes | Mapping[str, Any]) -> Model:
    """A request from JSON or from its fields. Raises UserError with the first thing that is wrong."""
    try:
        return model.model_validate_json(given) if isinstance(given, bytes) else model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{place}: {text}." if place else f"{text}.") from None
