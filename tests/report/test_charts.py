"""The charts: where the losses rest at equilibrium."""

import pytest
import torch

from ganatomy.config import settings
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.report import charts


@pytest.mark.parametrize("name", OBJECTIVES)
def test_equilibrium_is_that_of_the_objective(name: str) -> None:
    levels = charts.equilibrium(settings.from_dict({"objective": {"name": name}}))
    score = torch.tensor([OBJECTIVES[name].equilibrium.score], dtype=torch.float64)
    losses = OBJECTIVES[name].losses(score, score)
    expected = {"discriminator": losses.discriminator.item(), "generator": losses.generator.item()}
    assert "discriminator" in levels
    for player, (value, _) in levels.items():
        assert value == pytest.approx(expected[player], abs=1e-12)
    # The generator's is open where other scores serve the discriminator as well, and change the generator's loss.
    other = OBJECTIVES[name].losses(score + 0.5, score + 0.5)
    as_well = other.discriminator.item() == pytest.approx(losses.discriminator.item(), abs=1e-12)
    changes = other.generator.item() != pytest.approx(losses.generator.item(), abs=1e-12)
    assert ("generator" in levels) == (not (as_well and changes))


def test_no_equilibrium_where_none_is_known() -> None:
    smoothed = {"name": "non_saturating", "label_smoothing": 0.1}
    assert charts.equilibrium(settings.from_dict({"objective": smoothed})) == {}
    assert charts.equilibrium(settings.from_dict({"objective": {"name": "of_tomorrow"}})) == {}
    assert charts.equilibrium(None) == {}


def test_a_strangers_equilibrium_is_what_run_json_says() -> None:
    theirs = {"discriminator": 5.0, "generator": None, "response": 2.0, "score": 0.25, "texts": {"discriminator": "5"}}
    config = settings.from_dict({"objective": {"name": "theirs"}})
    assert charts.equilibrium(config, {"equilibrium": theirs}) == {"discriminator": (5.0, "5")}
    assert charts.equilibrium(config, {"equilibrium": {"damaged": 1}}) == {}
    smoothed = settings.from_dict({"objective": {"name": "non_saturating", "label_smoothing": 0.1}})
    assert charts.equilibrium(smoothed, {"equilibrium": theirs}) == {"discriminator": (5.0, "5")}
