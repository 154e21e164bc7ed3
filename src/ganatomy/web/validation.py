"""What clients send, read within bounds and checked: one sentence says what is wrong with it.

Paths, queries and bodies are all read here, so that no number, nesting or size of theirs reaches anything else.
"""

import json
import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ganatomy.errors import UserError, unknown

MAX_DEPTH = 16  # of JSON: brackets in brackets
MAX_DIGITS = 100  # characters of a number
SHOWN = 60  # characters of what a client sent that a sentence repeats

Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], given: bytes | str | Mapping[str, Any]) -> Model:
    """A request from JSON or from its fields. Raises UserError with the first thing that is wrong."""
    try:
        if isinstance(given, Mapping):
            return model.model_validate(given)
        json_object(given)
        return model.model_validate_json(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step)[:SHOWN] for step in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{place}: {text}." if place else f"{text}.") from None


def json_object(given: bytes | str) -> dict[str, Any]:
    """A JSON object, of finite numbers and of text that is Unicode.

    Raises UserError where it is none, is nested deeper than MAX_DEPTH, has a number of more than MAX_DIGITS characters,
    or gives a name twice.
    """
    try:
        text = given.decode() if isinstance(given, bytes) else given
        _check_depth(text)
        found = json.loads(
            text, parse_int=_whole, parse_float=_real, parse_constant=_constant, object_pairs_hook=_distinct
        )
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserError("Invalid JSON: an object is needed.")
    return found


def fields(query: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """The fields of a query or form by name. Raises UserError for an unknown name, and for one that is given twice."""
    names, values = list(known), dict[str, str]()
    for name, text in query:
        if name not in names:
            raise unknown("parameter", name[:SHOWN], names)
        if name in values:
            raise UserError(f"{name} is given twice.")
        values[name] = text
    return values


def whole(name: str, text: str, most: int = 2**53) -> int:
    """A whole number, of ASCII digits, from 0 to `most`. Raises UserError for anything else."""
    if not re.fullmatch("[0-9]{1,16}", text) or int(text) > most:
        raise UserError(f"{name}: {text[:SHOWN]!r} is not a whole number from 0 to {most:,}.")
    return int(text)


def number(name: str, text: str) -> float:
    """A number, of ASCII characters. Raises UserError for anything else, and where it is not finite."""
    good = re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", text, re.ASCII | re.IGNORECASE)
    if not good or not isfinite(float(text)):
        raise UserError(f"{name}: {text[:SHOWN]!r} is not a number.")
    return float(text)


def _check_depth(text: str) -> None:
    depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', text):
        depth += 1 if found[0] in "[{" else -1 if found[0] in "]}" else 0
        if depth > MAX_DEPTH:
            raise UserError(f"Invalid JSON: it is nested more than {MAX_DEPTH} deep.")


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise UserError(f"A number has more than {MAX_DIGITS} characters.")
    return int(text)


def _real(text: str) -> float:
    if len(text) > MAX_DIGITS or not isfinite(float(text)):
        raise UserError(f"A number is not finite, or has more than {MAX_DIGITS} characters.")
    return float(text)


def _constant(text: str) -> None:
    raise UserError(f"{text} is not a finite number.")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UserError("A name is given twice.")
    return found
