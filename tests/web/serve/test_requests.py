"""What may be requested; everything else is refused in one sentence."""

import json
from typing import Any

import numpy as np
import pytest
from doubles import Double

from ganatomy.errors import UserError
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.requests import RequestParser

PLAIN, CLASSES = Double(), Double(classes=3)


def images(body: Any, double: Double = PLAIN, max_images: int = 8) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RequestParser(double, max_images).images(text)[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"[" * 100_000, "Invalid JSON"),
        (b'{"latents": [[0, 0, 0, NaN]]}', "finite"),
        (b'{"latents": [[0, 0, 0, 1e999]]}', "finite"),
        ({}, "seeds or latents"),
        ({"seeds": [1], "latents": [[0, 0, 0, 0]]}, "seeds or latents"),
        ({"seeds": []}, "at least 1"),
        ({"seeds": [-1]}, "greater than or equal to 0"),
        ({"seeds": [2**32]}, "less than or equal"),
        ({"seeds": [10**400]}, "more than 100 characters"),
        ({"seeds": [10**90]}, "seeds.0"),
        (b'{"seeds": [1], "seeds": [2]}', "given twice"),
        (b'{"seeds": [1], "class": "\\ud800"}', "Invalid JSON"),
        ({"seeds": [1.5]}, "integer"),
        ({"seeds": ["1"]}, "integer"),
        ({"seeds": [True]}, "integer"),
        ({"seeds": 1}, "array"),
        ({"seeds": list(range(9))}, "at most 8"),
        ({"latents": [[0, 0, 0]]}, "has 4 numbers"),
        ({"latents": [[0, 0, 0, 0], [0] * 5]}, "has 4 numbers"),
        ({"latents": [[0, 0, 0, 101]]}, "less than or equal to 100"),
        ({"latents": [[0, 0, 0, None]]}, "number"),
        ({"seeds": [1], "truncation": 0}, "greater than or equal"),
        ({"seeds": [1], "truncation": "1"}, "number"),
        ({"seeds": [1], "format": "gif"}, "png"),
        ({"seeds": [1], "class": "c0"}, "unconditional"),
        ({"seeds": [1], "sedes": [1]}, "sedes"),
    ],
)
def test_a_body_that_cannot_be_drawn_is_refused(body: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as refusal:
        images(body)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 300
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("label", ["c3", "1", 1, 3, -1, "", "c0 ", 10**30, ":3", ":", ":-1", ":١", ": 1"])
def test_an_unknown_class_is_refused(label: Any) -> None:
    with pytest.raises(UserError, match="class"):
        images({"seeds": [1], "class": label}, CLASSES)


def test_latents_of_a_generator_with_classes_need_one() -> None:
    with pytest.raises(UserError, match="give a class"):
        images({"latents": [[0, 0, 0, 0]]}, CLASSES)
    batch = images({"latents": [[0, 0, 0, 0]] * 2, "class": ":2"}, CLASSES)
    assert batch.y is not None
    assert batch.y.tolist() == [2, 2]


def test_a_whole_number_may_have_a_point() -> None:
    assert np.array_equal(images({"seeds": [3.0]}).z, images({"seeds": [3]}).z)


@pytest.mark.parametrize("label", ["c1", ":1"])
def test_a_class_goes_by_name_or_index(label: Any) -> None:
    batch = images({"seeds": [1, 2], "class": label}, CLASSES)
    assert batch.y is not None
    assert batch.y.tolist() == [1, 1]


def test_a_number_is_the_name_of_a_class_and_no_index() -> None:
    years = Double(classes=3)
    years.classes = ["2", "0", "1990"]
    for label, index in (("2", 0), (0, 1), ("1990", 2), (":2", 2), (":0", 0)):
        assert images({"seeds": [1], "class": label}, years).y == [index]
    with pytest.raises(UserError, match=r"no class called '1'.*Classes have the indices :0 to :2"):
        images({"seeds": [1], "class": "1"}, years)
    unnamed = Double(classes=3)
    unnamed.classes = []
    assert images({"seeds": [1], "class": 1}, unnamed).y == [1]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ([("seed", "")], "whole number"),
        ([("seed", "-1")], "whole number"),
        ([("seed", "1.0")], "whole number"),
        ([("seed", "٣")], "whole number"),
        ([("seed", "4294967296")], "less than or equal"),
        ([("seed", "1"), ("seed", "2")], "twice"),
        ([("sede", "1")], "did you mean seed"),
        ([("frames", "3")], "frames"),
        ([("truncation", "nan")], "not a number"),
        ([("truncation", "1e999")], "truncation"),
        ([("truncation", "1_0")], "not a number"),
        ([("class", "x")], "unconditional"),
    ],
)
def test_a_query_that_cannot_be_drawn_is_refused(query: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(UserError, match=words):
        RequestParser(PLAIN, 8).image(query)


@pytest.mark.parametrize(
    "query", [{}, {"seeds": "1"}, {"seeds": "1,,2"}, {"seeds": "1,2", "frames": "9"}, {"seeds": "1,2,3", "frames": "2"}]
)
def test_a_walk_that_cannot_be_drawn_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(UserError):
        RequestParser(PLAIN, 8).walk(query.items())
    with pytest.raises(UserError):
        RequestParser(PLAIN, 8).walk([("seeds", ",".join(["1"] * 65))])


def test_a_request_is_what_sample_would_draw() -> None:
    batch = images({"seeds": [3, 2**32 - 1], "truncation": 0.5}, CLASSES)
    codes = CLASSES.prior.of_seeds([3, 2**32 - 1])
    z, y = of_seeds(CLASSES.prior, [3, 2**32 - 1])
    assert np.array_equal(z, codes[:, :4])
    assert batch.y is not None
    assert np.array_equal(batch.y, y)
    assert np.array_equal(batch.z, CLASSES.prior.truncate(codes[:, :4], 0.5))
    assert np.abs(batch.z).max() <= 0.5


def test_styles_are_truncated_by_the_generator() -> None:
    styled = Double()
    styled.styled = True
    batch = images({"seeds": [3], "truncation": 0.5}, styled)
    assert batch.truncation == 0.5
    assert np.array_equal(batch.z, of_seeds(styled.prior, [3])[0])


def test_without_a_seed_it_is_random() -> None:
    seeds = {RequestParser(PLAIN, 8).image([])[1].seed for _ in range(5)}
    assert len(seeds) == 5


def test_a_walk_stays_in_one_class() -> None:
    walk = RequestParser(CLASSES, 8).walk([("seeds", "1,2,3"), ("frames", "8")])
    first = of_seeds(CLASSES.prior, [1])[1]
    assert walk.y is not None
    assert first is not None
    assert walk.y.tolist() == [int(first[0])] * 8
    assert np.array_equal(walk.z[0], of_seeds(CLASSES.prior, [1])[0][0])
