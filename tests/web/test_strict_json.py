"""JSON as browsers read it: no NaN, no Infinity, and UTF-8."""

import json

from ganatomy.web.strict_json import dump


def test_what_json_cannot_express_becomes_null() -> None:
    content = {"a": float("inf"), "b": [float("nan"), (-float("inf"), 1.5)], "c": {3: float("nan")}, "d": "NaN"}
    assert json.loads(dump(content)) == {"a": None, "b": [None, [None, 1.5]], "c": {"3": None}, "d": "NaN"}


def test_text_is_unicode() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")  # a file's name that is not UTF-8
    assert json.loads(dump({"name": name, "pair": "\ud83d\ude00"}).decode()) == {"name": "caf\ufffd", "pair": "😀"}
