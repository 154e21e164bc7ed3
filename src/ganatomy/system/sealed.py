"""JSON objects that carry the checksum of all that is in them, so that one flipped bit is noticed; numbers in JSON."""

import hashlib
import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

SEAL = "sha256"


def to_text(entries: Mapping[str, Any]) -> str:
    """The object as indented JSON, its checksum last. Raises ValueError for numbers that JSON cannot hold."""
    return json.dumps({**entries, SEAL: _checksum(entries)}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read(text: str) -> tuple[dict[str, Any], bool]:
    """The object in a text, without its checksum; and whether it is as it was written, as far as is known.

    Objects without a checksum are of earlier versions. Raises ValueError where there is no object.
    """
    try:
        entries = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(entries, dict):
        raise ValueError("no object")
    seal = entries.pop(SEAL, None)
    if seal is not None:
        return entries, seal == _checksum(entries)
    # A flipped bit in the checksum's own name leaves it as the last entry, of a name that nobody knows.
    last = next(reversed(entries), "")
    return entries, entries.get(last) != _checksum({name: each for name, each in entries.items() if name != last})


def _checksum(entries: Mapping[str, Any]) -> str:
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def finite(value: Any) -> Any:
    """A JSON value with null for numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): finite(each) for name, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, (list, tuple)) else value
