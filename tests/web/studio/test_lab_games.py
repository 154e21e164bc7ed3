"""Games of the lab, move by move."""

import base64
import json
import re
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
import torch

from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory.game import new_game
from ganatomy.theory.game import play as played
from ganatomy.theory.lab.targets import TARGETS
from ganatomy.web.studio.lab_games import GAMES, LiveGames
from ganatomy.web.studio.lab_options import GameOptions, choices

SMALL = {"lab": "ring", "width": 8, "batch": 32}


class Player:
    """Plays games by name."""

    def __init__(self) -> None:
        self.games = LiveGames()

    def move(self, name: str, action: str, times: int = 1, quick: bool = True, **more: Any) -> dict[str, Any]:
        return self.games.answer({"game": name, "action": action, "times": times, "quick": quick, **more}).content

    def play(self, name: str, *moves: tuple[str, int], **options: Any) -> dict[str, Any]:
        view = self.move(name, "new", options={**SMALL, **options})
        for action, times in moves:
            view = self.move(name, action, times)
        return view


def test_equal_moves_make_equal_games_however_they_are_grouped() -> None:
    player = Player()
    at_once = player.play("a", ("round", 6), ("discriminator", 4), ("generator", 2))
    in_parts = player.play(
        "b", ("round", 2), ("round", 4), ("discriminator", 1), ("discriminator", 3), ("generator", 2)
    )
    other = player.play("c", ("round", 6), ("discriminator", 4), ("generator", 2), seed=1)
    assert {**at_once, "undo": 0} == {**in_parts, "undo": 0}
    assert at_once["fakes"] != other["fakes"]
    assert (at_once["moves"], at_once["rounds"]) == (12, 6)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_the_game_of_the_first_page_reaches_the_whole_target_while_it_is_shown(seed: int) -> None:
    script = (files("ganatomy.web.studio") / "static" / "home.js").read_text(encoding="utf-8")
    written, rounds = re.search(r"const GAME = (.*);", script), re.search(r"const ROUNDS = (\d+)", script)
    assert written
    assert rounds
    options = json.loads(re.sub(r"(\w+):", r'"\1":', written[1]))
    games = LiveGames()
    games.answer({"game": "a", "action": "new", "options": {**options, "seed": seed}, "quick": True})
    view = games.answer({"game": "a", "action": "round", "times": int(rounds[1]) // 2, "quick": True}).content
    assert view["modes"]["covered"] == view["modes"]["of"] == 8


def test_taking_moves_back_is_exact() -> None:
    player = Player()
    before = player.play("a", ("round", 3))
    player.move("a", "round", 5)
    assert player.move("a", "undo") == before
    again = player.move("a", "round", 2)
    assert {**again, "undo": 0} == {**player.play("b", ("round", 5)), "undo": 0}
    player.move("a", "undo")
    player.move("a", "undo")
    with pytest.raises(UserError, match="nothing to take back"):
        player.move("a", "undo")


def test_each_move_changes_its_own_player() -> None:
    player = Player()
    begin = player.play("a")
    first = player.move("a", "discriminator")
    assert first["fakes"] == begin["fakes"]
    assert first["discriminator"] != begin["discriminator"]
    second = player.move("a", "generator")
    assert second["fakes"] != first["fakes"]
    assert second["discriminator"] == first["discriminator"]


def test_the_same_game_as_the_command_plays() -> None:
    view = Player().play("a", ("round", 5), objective="hinge")
    game = new_game(2, "hinge", batch=32, width=8, discriminator_steps=2, learning_rates=(1e-4, 2e-3), seed=0)
    played(TARGETS["ring"]().density, game, 5)
    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    shown = np.frombuffer(base64.b64decode(view["fakes"]), "<f4").reshape(-1, 2)
    np.testing.assert_allclose(shown, game.generator.network(z).detach(), atol=1e-6)


def test_a_trained_discriminator_approaches_the_optimum() -> None:
    player = Player()
    before = player.play("a", lab="two", width=32, batch=256, learning_rate_discriminator=5e-3)
    after = player.move("a", "discriminator", 300, quick=False)
    assert after["distance"] < 0.1 < before["distance"]
    assert abs(after["value"] - after["best_value"]) < 0.1 < abs(before["value"] - before["best_value"])


def test_arrows_have_one_scale_for_every_game_on_a_target() -> None:
    player = Player()
    first, other = (player.play(name, objective=name)["arrows"] for name in ("minimax", "wasserstein"))
    assert first == other
    assert first["per_gradient"] > 0


def test_a_target_is_drawn_by_hand() -> None:
    view = Player().play("a", ("round", 2), drawing=[(-0.5, 0.0), (0.5, 0.5)])
    assert view["modes"]["of"] == 2
    for points in ([(2, 0)], [(float("nan"), 0)], [(0, 0)] * 401):
        with pytest.raises(UserError):
            Player().play("a", drawing=points)


def test_a_game_that_was_dropped_says_so() -> None:
    player = Player()
    for number in range(GAMES + 1):
        player.play(str(number))
    assert player.move("0", "view") == {"gone": True}
    assert "gone" not in player.move(str(GAMES), "view")


@pytest.mark.parametrize(
    "options",
    [{"objective": "x"}, {"k": 0}, {"width": 10**6}, {"width": 512}, {"lab": "nowhere"}, {"penalties": {"x": 1}}],
)
def test_invalid_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        Player().play("a", **options)


@pytest.mark.parametrize("move", [{"action": "cheat"}, {"times": 0}, {"times": 10**6}, {"speed": 1}])
def test_invalid_moves_are_refused(move: dict[str, Any]) -> None:
    player = Player()
    player.play("a")
    with pytest.raises(UserError):
        player.games.answer({"game": "a", "action": "round", **move})


def test_a_game_that_diverges_goes_back_to_before() -> None:
    player = Player()
    player.play("a", ("round", 2))
    game = player.games.games["a"]
    with torch.no_grad():
        next(iter(game.game.discriminator.network.parameters())).fill_(torch.nan)
    with pytest.raises(UserError, match="diverged"):
        player.move("a", "round", 5)
    assert (game.moves, game.rounds) == (2, 2)


def test_the_form_offers_what_is_registered() -> None:
    offered = choices()
    assert offered["targets"] == {name: TARGETS.summary(name) for name in TARGETS}
    assert offered["objectives"] == {name: OBJECTIVES.summary(name) for name in OBJECTIVES}
    defaults = GameOptions()
    assert all(option["default"] == getattr(defaults, name) for name, option in offered["options"].items())
