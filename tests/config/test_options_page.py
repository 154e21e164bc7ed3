"""The reference of options: defaults, values and meaning, in text and in Markdown, strangers' included."""

from collections.abc import Iterator
from typing import Annotated, Literal

import pytest
from pydantic import Field
from pydantic.fields import FieldInfo

from ganatomy.config.options import TrainingOptions
from ganatomy.config.reference import find, options, page, text, values
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES, register_objective
from ganatomy.gan.penalties import PENALTIES, register_penalty
from ganatomy.networks.families import FAMILIES, register_family
from ganatomy.networks.registry import NetworkOptions


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (bool, "true or false"),
        (str, "text"),
        (int, "whole number"),
        (Annotated[int, Field(ge=2, le=9)], "whole number, 2 to 9"),
        (Annotated[int, Field(ge=1)], "whole number, at least 1"),
        (Annotated[float, Field(gt=0, lt=1)], "number, greater than 0, less than 1"),
        (Annotated[float, Field(ge=0)] | None, "number, at least 0"),
        (Literal["a", "b", "c"], "a, b or c"),
        (list[Annotated[int, Field(ge=1, le=5)]], "list of whole numbers, 1 to 5"),
        (tuple[float, float], "list of numbers"),
        (type, "any value"),
    ],
)
def test_values_in_words(kind: object, words: str) -> None:
    assert values(FieldInfo.from_annotation(kind)) == words


def test_values_of_a_schedule_and_of_a_registry() -> None:
    fields = dict(options())
    assert values(fields["generator_optimiser.learning_rate"]) == "number or schedule"
    assert values(fields["prior.name"]) == "normal or uniform"
    assert values(fields["data.size"]) == "64, or 48x64 for height x width"
    assert values(fields["data.range"]) == "two numbers: LOW,HIGH"
    assert values(fields["augmentation.policies"]) == "list of colour, translation or cutout"


def test_a_part_a_family_or_an_option() -> None:
    training = text("training").splitlines()
    assert training[0] == f"training: {TrainingOptions.__doc__}"
    assert training[1] == "  training.batch = 64  (whole number, 2 to 65536)"
    assert "  training.share_fakes = false  (true or false)" in training
    assert [section.name for section in find("r3")] == ["generator.family=r3", "discriminator.family=r3"]
    assert [section.name for section in find("discriminator.family=mlp")] == ["discriminator.family=mlp"]
    assert len(find("generator")) == 1 + sum(family.has("generator") for family in FAMILIES.values())
    assert text("training.batch").splitlines() == [
        "  training.batch = 64  (whole number, 2 to 65536)",
        f"      {TrainingOptions.model_fields['batch'].description}",
    ]


def test_the_names_that_an_option_takes_are_explained() -> None:
    assert f"      wasserstein: {OBJECTIVES.summary('wasserstein')}" in text("objective").splitlines()
    assert "wasserstein:" not in text()


def test_an_unknown_part_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no part or option called 'trainin'; did you mean training"):
        text("trainin")
    with pytest.raises(UserError, match="'zzz'; `ganatomy options` lists them all"):
        text("zzz")


@pytest.fixture
def mine() -> Iterator[None]:
    class Mine(NetworkOptions):
        """Networks of mine."""

        family: Literal["mine"] = "mine"
        depth: int = Field(7, ge=1, description="Layers of mine.")

    @register_objective("my_loss")
    def my_loss(real, fake):
        """A loss of mine."""
        return real.mean() - fake.mean(), fake.mean()

    @register_penalty("my_penalty")
    def my_penalty(discriminator, real, fake, draw):
        """A penalty of mine."""

    register_family("mine", "nowhere", Mine)
    yield
    OBJECTIVES.remove("my_loss")
    PENALTIES.remove("my_penalty")
    FAMILIES.remove("mine")


@pytest.mark.usefixtures("mine")
def test_parts_of_ones_own_are_listed() -> None:
    assert "      my_loss: A loss of mine" in text("objective.name").splitlines()
    assert "  penalties.my_penalty = 0.0  (number or schedule)" in text().splitlines()
    assert text("generator.family=mine").splitlines() == [
        "generator.family=mine: Networks of mine.",
        "  generator.depth = 7  (whole number, at least 1)",
        "      Layers of mine.",
    ]
    assert "| `penalties.my_penalty` | 0.0 | number or schedule | Weight of A penalty of mine. |" in page().splitlines()


def test_every_option_is_on_the_page_and_in_the_text() -> None:
    names = {name for name, _ in options()}
    assert len(names) > 100
    for shown in (page(), text()):
        assert all(name in shown for name in names)
