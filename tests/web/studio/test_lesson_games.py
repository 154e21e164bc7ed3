"""Every game that a lesson or a report links to is replayed, and shows what its sentence says, for three seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log

import pytest
import typer

from ganatomy.cli.lab import OF_PAGES
from ganatomy.cli.lab import lab as command
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.report.lab import tries
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.web.offline.claims import linked_games
from ganatomy.web.studio.lab_games import QUICK, LiveGame
from ganatomy.web.studio.lab_options import GameOptions
from repeats import SEEDS

LINKS = {name: claim.lesson.lab for name, claim in catalogue().items() if claim.lesson and claim.lesson.lab}
UNSEEN = 0.02  # of the interval that is shown: shorter arrows have no head, and hide behind their point


@dataclass(frozen=True)
class Replay:
    """A game before its first move, after every 20 of them, and after the last."""

    game: LiveGame
    snapshots: list[LabSnapshot]

    @property
    def first(self) -> LabSnapshot:
        return self.snapshots[0]

    @property
    def last(self) -> LabSnapshot:
        return self.snapshots[-1]

    @property
    def moved(self) -> float:
        """How far points have moved, mean, as a share of the interval that is shown."""
        grid = self.game.target.grid
        way = (self.last.fakes - self.first.fakes).norm(dim=1).mean().item()
        return way / (grid.high[0] - grid.low[0])

    @property
    def gradient(self) -> float:
        """The median norm of the gradient on generated points."""
        return self.last.descent.norm(dim=1).median().item()

    @property
    def distance(self) -> float:
        """Mean |D − D*| over the whole game."""
        return sum(each.distance or 0.0 for each in self.snapshots) / len(self.snapshots)


def replay(options: Mapping[str, object], moves: Sequence[tuple[str, int]], between: int = 0) -> Replay:
    """Play a game, moves of (action, times); with a snapshot after every so many moves, if that is not 0."""
    game = LiveGame(GameOptions.model_validate(options))
    found = [take_snapshot(game.target, game.game, 0, QUICK)]
    for action, times in moves:
        for done in range(0, times, between or times):
            game.play(action, min(between or times, times - done))
            if between:
                found.append(take_snapshot(game.target, game.game, game.moves, QUICK))
    if not between:
        found.append(take_snapshot(game.target, game.game, game.moves, QUICK))
    return Replay(game, found)


def opened(query: str, seed: int, between: int = 0) -> list[Replay]:
    """The games that a page with this address has played once it is open."""
    return [replay({**game.options.model_dump(), "seed": seed}, game.moves, between) for game in linked_games(query)]


def optimal_in_the_end(game: Replay) -> None:
    assert (game.first.distance or 0) > 0.4
    assert (game.last.distance or 1) < 0.06
    assert game.last.divergence.value < 0.5  # an overlap: D* is not just 0 and 1


def value_of_the_optimum(game: Replay) -> None:
    assert abs(game.last.value - game.last.best_value.value) < 0.02
    assert -1.3 < game.last.value < -0.9  # not yet −log 4


def the_minimum(game: Replay) -> None:
    assert abs(game.last.value + log(4)) < 0.01
    assert game.last.divergence.value < 0.005


def one_half_everywhere(game: Replay) -> None:
    off = (game.last.scores.sigmoid() - 0.5).abs() @ game.game.target.masses
    assert off < 0.03
    assert game.last.divergence.value < 0.005


def only_the_arrows_differ(minimax: Replay, other: Replay) -> None:
    assert minimax.last.scores.equal(other.last.scores)
    assert minimax.last.fakes.equal(minimax.first.fakes)
    assert minimax.gradient < 0.01
    assert other.gradient > 1


def only_one_leaves(minimax: Replay, other: Replay) -> None:
    assert minimax.moved < UNSEEN
    assert minimax.last.divergence.value > 0.69
    assert other.moved > 0.2
    assert other.last.divergence.value < 0.6


def stands_still(game: Replay) -> None:
    assert game.moved < UNSEEN
    assert game.last.divergence.value > 0.69
    assert game.gradient < 0.01


def nothing_to_learn(game: Replay) -> None:
    assert game.last.divergence.value > 0.69
    assert (game.last.distance or 0) > 0.4


def drops_modes(game: Replay) -> None:
    assert game.last.modes is not None
    assert game.last.modes.covered.value <= 6


def reaches_every_mode(game: Replay) -> None:
    assert game.last.modes is not None
    assert game.last.modes.covered.value == 8


def slope_without_overlap(game: Replay) -> None:
    assert game.last.divergence.value > 0.69
    assert 0.7 < game.gradient < 1.3


def no_gradient_left(game: Replay) -> None:
    assert game.gradient < 0.01
    assert game.last.divergence.value > 0.69


PROMISES: dict[str, Callable[..., None]] = {
    "best-discriminator": optimal_in_the_end,
    "value": value_of_the_optimum,
    "minimum": the_minimum,
    "equilibrium": one_half_everywhere,
    "saturation": only_the_arrows_differ,
    "same-discriminator": only_the_arrows_differ,
    "early-training": only_one_leaves,
    "too-strong": stands_still,
    "too-weak": nothing_to_learn,
    "dropped-modes": drops_modes,
    "recovered-modes": reaches_every_mode,
    "disjoint-supports": slope_without_overlap,
    "clipping": no_gradient_left,
}
CHEAP = ("saturation", "early-training", "too-weak", "disjoint-supports", "clipping")  # games on the line


def test_every_link_has_a_promise_and_says_what_is_to_be_seen() -> None:
    assert {*LINKS} == {*PROMISES, "more-steps"}
    for name in LINKS:
        lesson = catalogue()[name].lesson
        assert lesson
        assert lesson.see.endswith(".")
        assert "moves=" in lesson.lab


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_link_shows_its_sentence(name: str) -> None:
    PROMISES[name](*opened(LINKS[name], seed=0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", PROMISES)
def test_a_link_shows_its_sentence(name: str, seed: int) -> None:
    PROMISES[name](*opened(LINKS[name], seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_more_steps_keep_the_discriminator_nearer_to_its_optimum(seed: int) -> None:
    """The lesson's game with k = 5, the hint's --k 5, against k = 1 and the default."""
    link = LINKS["more-steps"]
    assert "k=5" in link
    assert "--k 5" in " ".join(tries({"lab": "two"}).values())
    many, few, default = (opened(link.replace("k=5", k), seed, between=20)[0] for k in ("k=5", "k=1", "k=2"))
    assert many.distance < default.distance
    assert many.distance < few.distance


def arguments(line: str) -> dict[str, object]:
    """The options of a `ganatomy lab` command, as `LabOptions` names them."""
    app = typer.Typer()
    app.command()(command)
    context = typer.main.get_command(app).make_context("lab", line.split()[2:])
    said = dict(context.params)
    names = {"target": "lab", "lr_g": "learning_rate_generator", "lr_d": "learning_rate_discriminator"}
    weights = dict(each.split("=") for each in said.pop("penalty") or [])
    besides = ("name", "parts", "pictures", "folder", "to", *OF_PAGES)  # what makes no game
    kept = {names.get(name, name): value for name, value in said.items() if name not in besides}
    return {**kept, "penalties": weights}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_hint_of_a_vanished_gradient_stands_still_to_its_end(seed: int) -> None:
    (line,) = [line for line in tries({"lab": "ring"}).values() if "minimax" in line]
    options = arguments(line)
    stands_still(replay({**options, "seed": seed}, [("round", int(str(options["steps"])))]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_hint_that_keeps_all_modes_does(seed: int) -> None:
    (line,) = [line for line in tries({"lab": "ring"}).values() if "relativistic" in line]
    reaches_every_mode(replay({**arguments(line), "seed": seed}, [("round", 500)]))
