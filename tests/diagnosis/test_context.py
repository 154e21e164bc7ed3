"""What rules know of a game: from its registration, or from run.json where the code is not at hand."""

from pathlib import Path

import pytest

from ganatomy.config import recipes
from ganatomy.diagnosis import TrainingContext, diagnose_run
from ganatomy.diagnosis.reading import context_of
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from probe_records import recorded, records

TEXTS = {"discriminator": "5", "generator": "−1"}
THEIRS = {"discriminator": 5.0, "generator": -1.0, "response": 2.0, "score": 0.25, "texts": TEXTS}


def test_run_json_says_where_the_game_rests(tmp_path: Path) -> None:
    context = context_of(recorded(tmp_path, [], equilibrium=THEIRS, critic=True))
    assert context.critic
    rest = context.equilibrium
    assert rest is not None
    assert (rest.discriminator, rest.generator, rest.response, rest.score) == (5.0, -1.0, 2.0, 0.25)
    assert rest.levels == {"discriminator": (5.0, "5"), "generator": (-1.0, "−1")}


def test_an_unknown_equilibrium_stays_unknown(tmp_path: Path) -> None:
    context = context_of(recorded(tmp_path, [], equilibrium=None, critic=False))
    assert (context.equilibrium, context.critic) == (None, False)


def test_old_runs_have_objectives_of_ours(tmp_path: Path) -> None:
    context = context_of(recorded(tmp_path, []))
    assert context.equilibrium == OBJECTIVES["non_saturating"].equilibrium
    assert not context.critic
    assert TrainingContext.of_config(recipes.recipe("wgan")).critic
    assert TrainingContext.of_config(recipes.recipe("vae")).equilibrium is None
    assert TrainingContext.of_objective("somebodys").equilibrium is None


def test_a_strangers_game_is_diagnosed_by_its_own_equilibrium(tmp_path: Path) -> None:
    """A generator whose gradient is a tenth of what `non_saturating` gives at rest, and a hundredth of theirs."""
    weak = {"auc": 0.98, "response": 0.06, "distance": 1.5}
    ours = diagnose_run(recorded(tmp_path, records(40, **weak), "ours"))
    theirs = diagnose_run(recorded(tmp_path, records(40, **weak), "theirs", equilibrium=THEIRS))
    assert "discriminator overpowers" not in ours.verdict
    assert theirs.verdict == "discriminator overpowers: the generator's gradient vanishes"


def test_a_critic_of_theirs_is_held_to_a_slope(tmp_path: Path) -> None:
    steep = records(40, slope=50.0)
    for critic, expected in ((True, "Lipschitz constraint not held"), (False, "healthy")):
        run = recorded(tmp_path, steep, f"critic-{critic}", equilibrium=THEIRS, critic=critic)
        assert diagnose_run(run).verdict == expected


def test_a_damaged_equilibrium_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run\.json is damaged: its equilibrium"):
        context_of(recorded(tmp_path, [], equilibrium={"score": 0.0}))
