"""Games of the lab, played move by move: a page asks for each, and is shown the game after it. In a worker process."""

import base64
from collections import OrderedDict, deque
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganatomy.config import settings
from ganatomy.errors import UserError
from ganatomy.gan.adversarial import detached
from ganatomy.gan.method import TensorGroups
from ganatomy.gan.player import NonFiniteError
from ganatomy.system.sealed import finite
from ganatomy.theory.game import batches_of
from ganatomy.theory.lab.api import game_of
from ganatomy.theory.lab.arrows import arrow_scale
from ganatomy.theory.lab.picture import optimal_discriminator
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target, drawn
from ganatomy.web.studio.lab_options import MAX_BATCH, MAX_WIDTH, GameOptions
from ganatomy.web.studio.worker_client import Answer
from ganatomy.web.studio.worker_process import Handler
from ganatomy.web.validation import read

GAMES = 12  # at once; the one that was not played for longest is dropped
UNDO = 100  # requests for moves that can be taken back
MAX_TIMES = 500  # moves of one request
QUICK = 4096  # latent vectors of a draw while it plays; four times as many at rest, as in `ganatomy lab`


class LabMove(BaseModel):
    """A request of a page.

    game      the page's own name for the game
    action    new: start it, with `options`; round: Algorithm 1's body; discriminator, generator: one step of one
              player; undo: take back the last request for moves; view: nothing
    times     how often to do it
    quick     with fewer latent vectors, so that the divergence is known less exactly
    """

    model_config = ConfigDict(extra="forbid")

    game: str = Field(max_length=100)
    action: Literal["new", "round", "discriminator", "generator", "undo", "view"]
    times: int = Field(1, ge=1, le=MAX_TIMES)
    options: dict[str, Any] = {}
    quick: bool = False


class LiveGame:
    """A game and its moves. The random numbers of move n follow from n, so equal moves make equal games."""

    def __init__(self, options: GameOptions) -> None:
        self.options = options
        self.target = drawn(options.drawing) if options.drawing else TARGETS.find(options.lab)()
        self.game = game_of(options, self.target)
        self.batches = batches_of(self.target.density, self.game)
        self.moves = self.rounds = 0
        self._past: deque[tuple[int, int, TensorGroups]] = deque(maxlen=UNDO)

    def play(self, action: str, times: int) -> None:
        """Make moves: round, discriminator or generator. Raises UserError where a number is not finite any more."""
        self._past.append((self.moves, self.rounds, _copied(self.game.state())))
        for _ in range(times):
            try:
                self._move(action)
            except NonFiniteError as error:
                self.undo()
                raise UserError(f"The game diverged: {error}. Take moves back, or lower the learning rates.") from None
            self.moves += 1
            self.rounds += action == "round"

    def _move(self, action: str) -> None:
        game, n = self.game, self.moves
        if action == "round":
            game.step(n, self.batches)
        elif action == "discriminator":
            fake = detached(game.generate(None, n, 0))
            game.discriminator_step(self.batches(n, 0), fake, n)
        else:
            game.generator_step(self.batches(n, 0), game.generate(None, n, game.k), n)
            game.update_average()

    def undo(self) -> None:
        """Take back the moves of the last request. Raises UserError where there are none."""
        if not self._past:
            raise UserError("There is nothing to take back.")
        self.moves, self.rounds, state = self._past.pop()
        self.game.load(state)

    def view(self, quick: bool) -> dict[str, Any]:
        """The game after its last move, for the page; arrays as base64 of little-endian float32."""
        snapshot = take_snapshot(self.target, self.game, self.moves, QUICK if quick else 4 * QUICK)
        probabilistic = self.game.objective.probabilistic
        return {
            "moves": self.moves,
            "rounds": self.rounds,
            "undo": len(self._past),
            "fakes": _base64(snapshot.fakes),
            "descent": _base64(snapshot.descent),
            "mesh": _base64(snapshot.mesh),
            "lines": len(snapshot.mesh),
            "q": _base64(snapshot.q),
            "discriminator": _base64(snapshot.scores.sigmoid() if probabilistic else snapshot.scores),
            "optimal": _base64(optimal_discriminator(self.target, snapshot)),
            "value": finite(snapshot.value),
            "best_value": finite(snapshot.best_value.value),
            "best_value_words": str(snapshot.best_value),
            "divergence": finite(snapshot.divergence.value),
            "divergence_words": str(snapshot.divergence),
            "distance": None if snapshot.distance is None else finite(snapshot.distance),
            "modes": _modes(snapshot, self.target),
        }

    def description(self) -> dict[str, Any]:
        """What stays the same while the game is played."""
        grid = self.target.grid
        return {
            "dimension": self.target.dimension,
            "low": grid.low[0],
            "high": grid.high[0],
            "cells": grid.counts[0],
            "p": _base64(self.target.masses),
            "arrows": asdict(arrow_scale(self.target)),
            "probabilistic": self.game.objective.probabilistic,
        }


class LiveGames:
    """The games of all pages, by the names that the pages give them."""

    def __init__(self) -> None:
        torch.set_num_threads(1)  # networks this small are slower on several
        self.games: OrderedDict[str, LiveGame] = OrderedDict()

    def answer(self, request: dict[str, Any]) -> Answer:
        """A `LabMove` → the game after it; {"gone": true} where it was dropped. Raises UserError for an invalid one."""
        move = read(LabMove, request)
        if move.action == "new":
            self.games[move.game] = LiveGame(_options(move.options))
            if len(self.games) > GAMES:
                self.games.popitem(last=False)
        if move.game not in self.games:
            return Answer({"gone": True})
        self.games.move_to_end(move.game)
        game = self.games[move.game]
        if move.action == "undo":
            game.undo()
        elif move.action not in ("new", "view"):
            game.play(move.action, move.times)
        return Answer({**(game.description() if move.action == "new" else {}), **game.view(move.quick)})


def handler() -> Handler:
    """What a worker process answers with."""
    return LiveGames().answer


def _options(values: dict[str, Any]) -> GameOptions:
    try:
        options = GameOptions.model_validate(values)
    except ValidationError as error:
        raise settings.explain(error, "lab") from None
    if options.batch > MAX_BATCH or options.width > MAX_WIDTH:
        raise UserError(
            f"A game on a page has batches of at most {MAX_BATCH:,} points and layers of at most {MAX_WIDTH} units; "
            "`ganatomy lab` takes more."
        )
    return options


def _modes(snapshot: LabSnapshot, target: Target) -> dict[str, Any] | None:
    if snapshot.modes is None or target.modes is None:
        return None
    covered, near = snapshot.modes.covered.value, snapshot.modes.high_quality.value
    return {"covered": covered, "of": len(target.modes.centres), "near": finite(near)}


def _copied(groups: TensorGroups) -> TensorGroups:
    return {name: {key: tensor.clone() for key, tensor in group.items()} for name, group in groups.items()}


def _base64(values: ArrayLike) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()
