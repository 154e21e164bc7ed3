"""JSON that notices its own damage."""

import hashlib
import json

import pytest

from ganatomy.system import sealed

ENTRIES = {"step": 20, "names": ["a", "é"], "seconds": 0.1}


def test_what_is_written_is_read() -> None:
    assert sealed.read(sealed.to_text(ENTRIES)) == (ENTRIES, True)
    assert sealed.read(json.dumps(ENTRIES)) == (ENTRIES, True)  # of an earlier version


def test_the_checksum_is_that_of_the_canonical_text() -> None:
    canonical = b'{"names":["a","\\u00e9"],"seconds":0.1,"step":20}'
    assert json.loads(sealed.to_text(ENTRIES))["sha256"] == hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize(
    "flipped",
    [("20", "10"), ('"a"', '"b"'), ("0.1", "0.2"), ("step", "stfp"), ("sha256", "sha257"), ('6": "', '6": "0')],
)
def test_a_change_is_noticed(flipped: tuple[str, str]) -> None:
    text = sealed.to_text(ENTRIES)
    assert flipped[0] in text
    assert sealed.read(text.replace(*flipped, 1))[1] is False


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "Expecting"), ("[1]", "no object"), ("3", "no object"), ("{", "Expecting"), ("[" * 100_000, "too deeply")],
)
def test_what_is_no_object(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        sealed.read(text)


def test_numbers_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        sealed.to_text({"x": float("nan")})
