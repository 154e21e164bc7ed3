"""Games of the lab, played by the library and recorded for a page: figures, and arrays as few bytes."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch

from ganatomy.gan.player import NonFiniteError
from ganatomy.theory.game import play
from ganatomy.theory.lab.api import game_of
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target
from ganatomy.web.offline.encoding import encoded, measured


@dataclass(frozen=True)
class Recording:
    """A game: its figures (`encoding.measured`), its arrays (`encoding.encoded`).

    diverged: the first round to be recorded that it did not reach, because a number was no longer finite; or None.
    """

    figures: dict[str, Any]
    arrays: bytes
    diverged: int | None


def rounds_shown(steps: int, frames: int) -> list[int]:
    """The rounds after which a game is recorded, 0 and `steps` among them: close together at first, where most happens.

    The n-th of N frames is at (n/(N − 1))² of the game.
    """
    return sorted({round(steps * (frame / (frames - 1)) ** 2) for frame in range(frames)})


def record(options: LabOptions) -> Recording:
    """Play a game and record it. Raises UserError for a name that does not exist."""
    torch.set_num_threads(1)  # networks this small are slower on several
    target = TARGETS.find(options.lab)()
    game, snapshots, diverged = game_of(options, target), list[LabSnapshot](), None
    begin = 0
    for shown in rounds_shown(options.steps, options.pictures):
        try:
            play(target.density, game, shown, begin)
        except NonFiniteError:
            diverged = shown
            break
        snapshots.append(take_snapshot(target, game, shown))
        begin = shown
    return packed(target, snapshots, game.objective.probabilistic, diverged)


def packed(target: Target, snapshots: Sequence[LabSnapshot], probabilistic: bool, diverged: int | None) -> Recording:
    """What a page needs of a game's snapshots."""
    figures = measured(target, snapshots, probabilistic)
    return Recording(figures, encoded(target, snapshots, probabilistic), diverged)


def record_all(games: Sequence[LabOptions], jobs: int, done: Callable[[int], None]) -> list[Recording]:
    """Record games, `jobs` at a time, in their order; done: called with how many are. Raises UserError as `record`."""
    if jobs == 1:
        return [_told(record(game), number, done) for number, game in enumerate(games, 1)]
    # Processes of their own: two games of one thread each are faster than one of two.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))
    try:
        waiting = [pool.submit(record, game) for game in games]
        for number, future in enumerate(as_completed(waiting), 1):
            _told(future.result(), number, done)
        return [future.result() for future in waiting]
    finally:  # after an interruption, games that are played end, and the others do not begin
        pool.shutdown(cancel_futures=True)


def _told(recording: Recording, number: int, done: Callable[[int], None]) -> Recording:
    done(number)
    return recording
