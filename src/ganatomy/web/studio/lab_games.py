"""Games of the lab, live: each move of a player is asked for, and what there is to see comes back."""

import base64
from collections import OrderedDict, deque
from math import isfinite
from typing import Any

import numpy as np
import torch
from pydantic import Field, ValidationError
from torch import Tensor

from ganatomy import build
from ganatomy.config import settings
from ganatomy.config.options import ObjectiveOptions
from ganatomy.errors import UserError
from ganatomy.gan.adversarial import Adversarial, detached
from ganatomy.gan.method import TensorGroups
from ganatomy.gan.player import NonFiniteError
from ganatomy.theory.game import batches_of, new_game
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.picture import optimal_discriminator
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target, drawn

GAMES = 12  # at once; the one that rested longest makes room
KEPT = 100  # moves that can be taken back
MOST = 500  # moves of one order
QUICK = 4096  # latent vectors of a draw while it plays; at rest as many as `ganatomy lab` takes
POINTS = 400  # of a drawing, at most


class GameOptions(LabOptions):
    """A game on a page. drawing: points of a target drawn by hand, instead of the one that `lab` names."""

    drawing: list[tuple[float, float]] = Field([], max_length=POINTS)


class LiveGame:
    """A game and its moves. The n-th move's random numbers follow from n, so equal moves make equal games."""

    def __init__(self, options: GameOptions) -> None:
        self.options = options
        self.target = drawn(_on_paper(options.drawing)) if options.drawing else TARGETS.find(options.lab)()
        self.game = _game(options, self.target)
        self.batches = batches_of(self.target.density, self.game)
        self.moves = self.rounds = 0
        self.past: deque[tuple[int, int, TensorGroups]] = deque(maxlen=KEPT)

    def move(self, what: str, times: int) -> None:
        """round: Algorithm 1's body; discriminator or generator: one descent of one player."""
        self.past.append((self.moves, self.rounds, _copied(self.game.state())))
        for _ in range(times):
            try:
                self._once(what)
            except NonFiniteError as error:
                self.back()
                raise UserError(f"The game is over: {error}. Take moves back, or begin with lower rates.") from None
            self.moves += 1
            self.rounds += what == "round"

    def _once(self, what: str) -> None:
        game, n = self.game, self.moves
        if what == "round":
            game.step(n, self.batches)
        elif what == "discriminator":
            fake = detached(game.generate(None, n, 0))
            game.discriminator_step(self.batches(n, 0), fake, n)
        else:
            game.generator_step(self.batches(n, 0), game.generate(None, n, game.k), n)
            game.update_average()

    def back(self) -> None:
        """Before the last order of moves."""
        if not self.past:
            raise UserError("There is nothing to take back: this is where the game began, or all that is remembered.")
        self.moves, self.rounds, state = self.past.pop()
        self.game.load(state)

    def seen(self, quick: bool) -> dict[str, Any]:
        """The game after its last move, for the page; arrays as base64 of little-endian float32."""
        snapshot = take_snapshot(self.target, self.game, self.moves, QUICK if quick else 4 * QUICK)
        probabilistic = self.game.objective.probabilistic
        best = optimal_discriminator(self.target, snapshot)
        judged = snapshot.scores.sigmoid() if probabilistic else snapshot.scores
        return {
            "moves": self.moves,
            "rounds": self.rounds,
            "back": len(self.past),
            "fakes": _floats(snapshot.fakes),
            "pulls": _floats(snapshot.descent),
            "mesh": _floats(snapshot.mesh),
            "lines": len(snapshot.mesh),
            "q": _floats(snapshot.q),
            "judged": _floats(judged),
            "best": _floats(best),
            "value": _finite(snapshot.value),
            "best_value": _finite(snapshot.best_value),
            "divergence": _finite(snapshot.divergence.value),
            "within": _finite(snapshot.divergence.error),
            "off": _finite(self._off(snapshot, best)) if probabilistic else None,
            "modes": _modes(snapshot, self.target),
        }

    def _off(self, snapshot: LabSnapshot, best: Any) -> float:
        """Mean |D − D*| where real and generated points are, each place as much as there are points."""
        weights = ((self.target.masses + snapshot.q) / 2).numpy()
        there = np.isfinite(best)
        gaps = np.abs(snapshot.scores.sigmoid().numpy() - best)
        return float((weights[there] * gaps[there]).sum() / weights[there].sum())

    def described(self) -> dict[str, Any]:
        """What does not change while it is played."""
        grid = self.target.grid
        return {
            "dimension": self.target.dimension,
            "low": grid.low[0],
            "high": grid.high[0],
            "cells": grid.counts[0],
            "p": _floats(self.target.masses),
            "probabilistic": self.game.objective.probabilistic,
        }


class LiveGames:
    """The games of all pages, by what a page calls its own."""

    def __init__(self) -> None:
        torch.set_num_threads(1)  # networks this small are slower on several
        self.tables: OrderedDict[str, LiveGame] = OrderedDict()

    def answer(self, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """{"table": ID, "do": new, round, discriminator, generator, back or look, "times": …, "options": …}."""
        name, do = str(order["table"]), order["do"]
        if do == "new":
            self.tables[name] = LiveGame(_options(order.get("options", {})))
            if len(self.tables) > GAMES:
                self.tables.popitem(last=False)
        if name not in self.tables:
            return {"gone": True}, b""
        self.tables.move_to_end(name)
        table = self.tables[name]
        if do in ("round", "discriminator", "generator"):
            table.move(do, min(max(int(order.get("times", 1)), 1), MOST))
        elif do == "back":
            table.back()
        seen = {} if order.get("blind") else table.seen(bool(order.get("quick")))
        return {**(table.described() if do == "new" else {}), **seen}, b""


def _options(values: Any) -> GameOptions:
    try:
        options = GameOptions.model_validate(values)
    except ValidationError as error:
        raise settings.explain(error, "lab") from None
    if options.batch > 4096 or options.width > 256:
        raise UserError("A live game has batches of 4,096 and layers of 256 units at most; `ganatomy lab` takes more.")
    return options


def _game(options: GameOptions, place: Target) -> Adversarial:
    return new_game(
        place.dimension,
        build.objective(ObjectiveOptions(name=options.objective)),
        [build.penalty(name, weight) for name, weight in options.penalties.items()],
        batch=options.batch,
        width=options.width,
        learning_rates=(options.learning_rate_generator, options.learning_rate_discriminator),
        seed=options.seed,
        discriminator_steps=options.k,
        clip=options.clip,
    )


def _on_paper(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if not all(isfinite(each) and abs(each) <= 1 for point in points for each in point):
        raise UserError("A drawing's points lie between −1 and 1.")
    return points


def _modes(snapshot: LabSnapshot, place: Target) -> dict[str, Any] | None:
    if snapshot.modes is None or place.modes is None:
        return None
    reached, near = snapshot.modes.covered.value, snapshot.modes.high_quality.value
    return {"covered": reached, "of": len(place.modes.centres), "near": _finite(near)}


def _copied(groups: TensorGroups) -> TensorGroups:
    return {name: {key: tensor.clone() for key, tensor in group.items()} for name, group in groups.items()}


def _floats(values: Tensor | Any) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
