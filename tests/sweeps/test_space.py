"""Spaces: ranges, lists and conditions as people write them; what cannot be read is named."""

from math import exp, log
from pathlib import Path
from typing import Any

import pytest

from ganatomy.errors import UserError
from ganatomy.sweeps.space import Choices, NumberRange, parse, read

NESTED = {
    "recipe": ["dcgan", "sngan"],
    "training.batch": "int 16..64 by 16",
    "recipe=dcgan": {
        "average.decay": [0.99, 0.999],
        "average.decay=0.99": {"penalties.r1": "log 0.01..1"},
    },
}


class Fixed:
    """A trial that takes these parameters, and remembers what it was asked for."""

    def __init__(self, **values: Any) -> None:
        self.values, self.asked = values, {}

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        return self._given(name, choices)

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        return self._given(name, (low, high, step, log))

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self._given(name, (low, high, step, log))

    def _given(self, name: str, asked: Any) -> Any:
        self.asked[name] = asked
        return self.values[name]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.1..0.9", NumberRange(0.1, 0.9)),
        ("log 1e-5..1e-2", NumberRange(1e-5, 1e-2, logarithmic=True)),
        ("int 1..8", NumberRange(1, 8, whole=True)),
        ("int log 16..256", NumberRange(16, 256, whole=True, logarithmic=True)),
        ("LOG INT 16 .. 256", NumberRange(16, 256, whole=True, logarithmic=True)),
        ("int 16..70 by 16", NumberRange(16, 64, whole=True, step=16)),
        ("0..1 by 0.1", NumberRange(0, 1, step=0.1)),
        ("-1..1", NumberRange(-1, 1)),
        ([1, "a", None, [0, 0.9]], Choices((1, "a", None, [0, 0.9]))),
    ],
)
def test_ranges_and_lists(written: Any, meant: Any) -> None:
    assert parse({"x": written}).options["x"] == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (5, r"^space: x = 5: write a range, such as .* one value is for --set\.$"),
        ("fast", r"^space: x = fast: write a range"),
        ("2..1", r"^space: x = 2..1: .* the smaller end first"),
        ("int 0.5..2", r"whole numbers are whole"),
        ("log 0..1", r"begins above 0"),
        ("log 1..8 by 2", r"has no steps"),
        ("0..1 by 2", r"fit into the range"),
        ([1], r"at least two values, each once: \[1\]\.$"),
        ([1, 2, 1], r"at least two values, each once"),
        ({"low": 1}, r"^space: x = \{\"low\": 1\}: write a range"),
    ],
)
def test_what_is_no_range_is_refused(written: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse({"x": written})


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"recipe=dcgan": {"x": [1, 2]}}, "recipe=dcgan: recipe must be a list of values in the space beside it"),
        ({"recipe": ["a", "b"], "recipe=c": {"x": [1, 2]}}, "not in the list of recipe, which has a, b"),
        ({"recipe": ["a", "b"], "recipe=a": 3}, "recipe=a: should hold options of its own"),
        ({"recipe": ["a", "b"], "x": [1, 2], "recipe=a": {"x": "0..1"}}, "x is given twice"),
    ],
)
def test_conditions_on_what_is_not_there_are_refused(space: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse(space)


def test_a_file_that_holds_no_options(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text("- 1\n")
    with pytest.raises(UserError, match="is not a space"):
        read(tmp_path / "space.yaml")
    with pytest.raises(UserError, match=r"There is no file .*gone\.yaml"):
        read(tmp_path / "gone.yaml")


def test_options_under_a_condition_are_asked_for_only_where_it_holds() -> None:
    space = parse(NESTED)
    one = Fixed(**{"recipe": "sngan", "training.batch": 32})
    assert space.draw(one) == {"recipe": "sngan", "training.batch": 32}
    nested = {
        "recipe": "dcgan",
        "training.batch": 16,
        "average.decay (recipe=dcgan)": "0.99",
        "penalties.r1 (average.decay=0.99) (recipe=dcgan)": 0.5,
    }
    other = Fixed(**nested)
    point = space.draw(other)
    assert point == {"recipe": "dcgan", "training.batch": 16, "average.decay": 0.99, "penalties.r1": 0.5}
    assert other.asked["penalties.r1 (average.decay=0.99) (recipe=dcgan)"] == (0.01, 1.0, None, True)
    assert other.asked["training.batch"] == (16, 64, 16, False)
    assert space.parameters(point) == nested
    assert space.names() == ["recipe", "training.batch", "average.decay", "penalties.r1"]
    assert space.lists() == {"recipe", "average.decay"}


@pytest.mark.parametrize(
    "point",
    [
        {"recipe": "wgan", "training.batch": 16},
        {"recipe": "sngan", "training.batch": 17},
        {"recipe": "sngan", "training.batch": 128},
        {"recipe": "sngan"},
        {"recipe": "dcgan", "training.batch": 16, "average.decay": 0.99},
    ],
)
def test_a_point_outside_has_no_parameters(point: dict[str, Any]) -> None:
    assert parse(NESTED).parameters(point) is None


def test_every_combination_of_lists_is_checked_at_both_ends_and_between() -> None:
    points = list(parse(NESTED).to_check())
    combinations = {(point["recipe"], point.get("average.decay")) for point in points}
    assert combinations == {("sngan", None), ("dcgan", 0.99), ("dcgan", 0.999)}
    assert len(points) == 9
    assert {point["training.batch"] for point in points} == {16, 32, 64}
    rates = sorted(point["penalties.r1"] for point in points if "penalties.r1" in point)
    assert rates == pytest.approx([0.01, exp(log(0.01) + 0.381966 * log(100)), 1])


def test_of_very_many_combinations_some_are_checked() -> None:
    points = list(parse({f"x{i}": list(range(10)) for i in range(9)}).to_check())
    assert len(points) == 500
    assert {point["x3"] for point in points} == set(range(10))


def test_options_with_commas_between_them_have_one_value_together() -> None:
    space = parse({"a.width,b.width": [16, 32], "b.width=16": {"a.rate, b.rate": "0..1"}})
    point = {"a.width": 16, "b.width": 16, "a.rate": 0.5, "b.rate": 0.5}
    parameters = {"a.width, b.width": "16", "a.rate, b.rate (a.width, b.width=16)": 0.5}
    assert space.draw(Fixed(**parameters)) == point
    assert space.parameters(point) == parameters
    assert space.parameters({**point, "b.rate": 0.25}) is None
    assert space.names() == list(point)
    assert space.lists() == {"a.width", "b.width"}
    checked = list(space.to_check())
    assert {each["a.width"] for each in checked} == {16, 32}
    assert all(each["a.width"] == each["b.width"] and each.get("a.rate") == each.get("b.rate") for each in checked)


@pytest.mark.parametrize("again", ["a", "b , c", "a,b"])
def test_an_option_that_is_given_twice_is_refused(again: str) -> None:
    with pytest.raises(UserError, match=r"^space: [ab] is given twice"):
        parse({"a, b": [1, 2], again: [1, 2]})
    with pytest.raises(UserError, match=r"^space: [ab] is given twice, once under a condition"):
        parse({"a, b": [1, 2], "a=1": {again: [1, 2]}})
