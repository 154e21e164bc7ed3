"""The steps that play games of the lab."""

from collections.abc import Iterator
from typing import Any

import torch

from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.web.studio.course.frame import Experiment, Finished, Flow, StepFrame, runs_step
from ganatomy.web.studio.lab_games import QUICK, LiveGame
from ganatomy.web.studio.lab_options import GameOptions

SHOWN = 6  # numbers that travel at a time


@runs_step("forger")
def forger(seed: int) -> Experiment:
    """A game from its first round to its last, and whether real samples reach the generator in any other way."""
    game = _new(seed, lab="line")
    first = _measured(game)
    yield StepFrame("Nobody has learnt anything yet.", (game,), _flow(game))
    for rounds in _played(game, "round", 300, 10):
        yield StepFrame(f"Round {rounds} of 300", (game,), _flow(game))
    last = _measured(game)
    change, moved = _with_other_reals(game.game)
    figures = {"jsd_first": first.divergence.value, "jsd_last": last.divergence.value, "change": change, "moved": moved}
    return Finished(figures)


@runs_step("optimum")
def optimum(seed: int) -> Experiment:
    """D learns against a generator that is held fixed; then both go on."""
    game = _new(seed, lab="line")
    for rounds in _played(game, "round", 80, 20):
        yield StepFrame(f"Both play: round {rounds} of 80", (game,))
    for steps in _played(game, "discriminator", 200, 20):
        yield StepFrame(f"G is held fixed, and D learns: step {steps} of 200", (game,))
    held = _measured(game)
    for rounds in _played(game, "round", 480, 40):
        yield StepFrame(f"Both play again: round {rounds} of 480", (game,))
    last = _measured(game)
    figures = {
        "held": held.value,
        "best": held.best_value.value,
        "jsd": held.divergence.value,
        "last": last.value,
        "jsd_last": last.divergence.value,
    }
    return Finished(figures)


@runs_step("saturation")
def saturation(seed: int) -> Experiment:
    """One strong discriminator and two losses; then both games, from their start."""
    losses = ("minimax", "non_saturating")
    games = tuple(_new(seed, lab="far", objective=name) for name in losses)
    for steps in _together(games, "discriminator", 150, 15):
        yield StepFrame(f"G is held fixed, and D learns to recognise its points: step {steps} of 150", games)
    gradients = [_measured(game).descent.norm(dim=1).median().item() for game in games]
    games = tuple(_new(seed, lab="far", objective=name) for name in losses)
    first = [_measured(game) for game in games]
    for rounds in _together(games, "round", 200, 20):
        yield StepFrame(f"From the start, both play: round {rounds} of 200", games)
    moved = [_moved(game, before) for game, before in zip(games, first, strict=True)]
    figures = {
        "minimax": gradients[0],
        "non_saturating": gradients[1],
        "moved_minimax": moved[0],
        "moved_non_saturating": moved[1],
    }
    return Finished(figures)


@runs_step("collapse")
def collapse(seed: int) -> Experiment:
    """The same ring for a plain GAN and for one with paired scores and penalties."""
    cure = {"objective": "relativistic_pairing", "penalties": {"r1": 0.1, "r2": 0.1}}
    games = (_new(seed, lab="ring"), _new(seed, lab="ring", **cure))
    for rounds in _together(games, "round", 300, 20):
        yield StepFrame(f"Round {rounds} of 300", games)
    plain, cured = (_measured(game).modes for game in games)
    assert plain
    assert cured
    return Finished({"plain": plain.covered.value, "cured": cured.covered.value})


def _new(seed: int, **options: Any) -> LiveGame:
    return LiveGame(GameOptions.model_validate({**options, "seed": seed}))


def _played(game: LiveGame, action: str, times: int, at_once: int) -> Iterator[int]:
    """Make moves; gives how many are made, after every so many of them."""
    return _together((game,), action, times, at_once)


def _together(games: tuple[LiveGame, ...], action: str, times: int, at_once: int) -> Iterator[int]:
    for done in range(at_once, times + 1, at_once):
        for game in games:
            game.play(action, at_once)
        yield done


def _measured(game: LiveGame) -> LabSnapshot:
    return take_snapshot(game.target, game.game, game.moves, QUICK)


def _moved(game: LiveGame, before: LabSnapshot) -> float:
    """How far points have moved, mean, as a share of the interval that is shown."""
    grid = game.target.grid
    way = (_measured(game).fakes - before.fakes).norm(dim=1).mean().item()
    return way / (grid.high[0] - grid.low[0])


def _flow(game: LiveGame) -> Flow:
    """Fresh latent vectors and real points of this move, with what D says of both."""
    played = game.game
    random = torch.Generator().manual_seed(game.moves)
    z, real = torch.randn(SHOWN, 1, generator=random), game.target.density.sample(SHOWN, random)
    with torch.no_grad():
        fake = played.generator.network(z)
        judged = [played.discriminator.network(points).sigmoid() for points in (fake, real)]
    return Flow(
        *([round(each, 4) for each in values.flatten().tolist()] for values in (z, fake, judged[0], real, judged[1]))
    )


def _with_other_reals(game: Adversarial) -> tuple[float, float]:
    """How far one step of G moves its weights, and the difference if the real points of that step are others."""

    def stepped(real: torch.Tensor) -> torch.Tensor:
        state = {name: {key: tensor.clone() for key, tensor in group.items()} for name, group in game.state().items()}
        game.generator_step(Batch(real), game.generate(None, 0, game.k), 0)
        weights = torch.cat([each.detach().flatten().clone() for each in game.generator.network.parameters()])
        game.load(state)
        return weights

    before = torch.cat([each.detach().flatten().clone() for each in game.generator.network.parameters()])
    near, far = torch.zeros(game.batch, 1), torch.full((game.batch, 1), 2.0)
    return (stepped(near) - stepped(far)).abs().max().item(), (stepped(near) - before).abs().max().item()
