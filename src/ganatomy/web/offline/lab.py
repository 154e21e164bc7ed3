"""Recorded games of the lab as a page: `ganatomy lab TARGET --to web FOLDER`."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ganatomy.errors import UserError
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.targets import TARGETS
from ganatomy.web.offline import page
from ganatomy.web.offline.encoding import described
from ganatomy.web.offline.grid import GameGrid
from ganatomy.web.offline.page import WrittenPage
from ganatomy.web.offline.recording import record_all, rounds_shown

if TYPE_CHECKING:
    from rich.console import Console

FRAME = {1: 2_000, 2: 6_300}  # bytes of a frame, by dimension: more than any that was measured
SCRIPTS = 120_000  # bytes of the page itself


def lab_page(grid: GameGrid, folder: str | Path, *, jobs: int = 1, console: Console | None = None) -> WrittenPage:
    """Play every game of a grid and write a page on which they are scrubbed and compared.

    jobs: games that are played at a time, each in a process of its own.
    Raises UserError for a folder with something in it, a name that does not exist, a value out of its bounds, and more
    games than a page holds; before anything is played.
    """
    began, folder = time.monotonic(), Path(folder)
    page.check_folder(folder)
    games = grid.games()
    target = TARGETS.find(grid.target)()
    _check_size(games, target.dimension)
    with page.progress(console, len(games)) as done:
        recordings = record_all(games, min(jobs, len(games)), done)
    axes = grid.axes()
    data = {
        "target": {"name": grid.target, "summary": TARGETS.summary(grid.target), **described(target)},
        "axes": [asdict(axis) for axis in axes],
        "rounds": rounds_shown(games[0].steps, games[0].pictures),
        "games": [{"diverged": each.diverged, **each.figures} for each in recordings],
        "command": grid.command,
        "batch": games[0].batch,
        "width": games[0].width,
    }
    with page.page_folder(folder) as filled:
        page.write_games(filled, [each.arrays for each in recordings])
        page.write_page(filled, "lab", f"{len(games)} recorded GAN games: {grid.target}", data)
        written = page.size(filled)
    return WrittenPage(folder / "index.html", f"{len(games)} games", written, time.monotonic() - began)


def _check_size(games: list[LabOptions], dimension: int) -> None:
    """Raises UserError for more games than a page holds."""
    frames = len(rounds_shown(games[0].steps, games[0].pictures))
    expected = SCRIPTS + len(games) * frames * FRAME[dimension]
    if expected > page.LARGEST:
        room = (page.LARGEST - SCRIPTS) // FRAME[dimension]
        raise UserError(
            f"{len(games)} games of {frames} pictures would take up to {expected / 1e6:.1f} MB, and a page has "
            f"{page.LARGEST / 1e6:g} MB at most: leave out some values, so that there are {room // frames} games, or "
            f"make fewer --pictures."
        )
