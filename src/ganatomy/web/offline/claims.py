"""The claims as a page: `ganatomy claims --to web FOLDER`."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ganatomy.errors import UserError
from ganatomy.experiments.claims.api import JSON
from ganatomy.experiments.claims.claim import NOT_JUDGED, Claim, Lesson, catalogue
from ganatomy.experiments.claims.page import OPENING, measured, seeds
from ganatomy.theory.lab.snapshot import take_snapshot
from ganatomy.web.offline import page
from ganatomy.web.offline.encoding import described
from ganatomy.web.offline.page import WrittenPage
from ganatomy.web.offline.recording import Recording, packed
from ganatomy.web.studio.lab_games import LiveGame
from ganatomy.web.studio.lab_options import GameOptions

if TYPE_CHECKING:
    from rich.console import Console

FRAMES = 16  # of a lesson's game, at most
OPTIONS = {"target": "lab", "lr_g": "learning_rate_generator", "lr_d": "learning_rate_discriminator"}  # by query
MOVES = {"r": "round", "d": "discriminator", "g": "generator"}
Verdicts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class LessonGame:
    """A game that a lesson links to, and its moves: (action, times)."""

    options: GameOptions
    moves: Sequence[tuple[str, int]]


def claims_page(verdicts: str | Path, folder: str | Path, *, console: Console | None = None) -> WrittenPage:
    """Write the claims that were decided as a page: sentence, verdict, figures, picture, and the lesson's lab game.

    verdicts: the folder that `ganatomy claims` wrote, with claims.json and claims/NAME.png. Raises UserError where it
    has none, and for a folder with something in it.
    """
    began, folder, source = time.monotonic(), Path(folder), Path(verdicts)
    page.check_folder(folder)
    if not (source / JSON).is_file():
        raise UserError(f"{source} has no {JSON}: `ganatomy claims --run all --out {source}` decides the claims first.")
    found: Verdicts = json.loads((source / JSON).read_text(encoding="utf-8"))
    decided = {name: claim for name, claim in catalogue().items() if name in found}
    pictures = {name: source / "claims" / f"{name}.png" for name in decided}
    for name, path in pictures.items():
        if not path.is_file():
            raise UserError(f"{path} is missing: `ganatomy claims --run {name}` draws it again.")

    games = {
        name: linked_games(claim.lesson.lab) for name, claim in decided.items() if claim.lesson and claim.lesson.lab
    }
    data, arrays, numbers = list[dict[str, Any]](), list[bytes](), dict[str, list[int]]()
    with page.progress(console, sum(map(len, games.values()))) as done:
        for name, several in games.items():
            for game in several:
                about, recording = replay(game)
                numbers.setdefault(name, []).append(len(data))
                data.append({**about, **recording.figures})
                arrays.append(recording.arrays)
                done(len(data))
    with page.page_folder(folder) as filled:
        page.write_games(filled, arrays)
        (filled / "pictures").mkdir()
        for name, path in pictures.items():
            shutil.copyfile(path, filled / "pictures" / f"{name}.png")
        body = _body(decided, found, numbers)
        page.write_page(filled, "claims", "Claims about GANs", {"games": data}, body)
        written = page.size(filled)
    held = sum(bool(found[name]["holds"]) for name in decided)
    content = f"{len(decided)} claims, of which {held} hold, and {len(data)} games"
    return WrittenPage(folder / "index.html", content, written, time.monotonic() - began)


# --- the lessons' games -----------------------------------------------------------------------------------------------


def linked_games(query: str) -> list[LessonGame]:
    """The games of a lesson's link, the query of the lab's address: one, or two of unlike objectives."""
    said = dict(parse_qsl(query))
    moves = [(MOVES[part[0]], int(part[1:])) for part in said.pop("moves", "").split(".") if part]
    objectives = [said.pop("objective", "non_saturating"), *([said.pop("other")] if "other" in said else [])]
    penalties = dict(part.split(":") for part in said.pop("penalty", "").split(",") if part)
    options = {OPTIONS.get(name, name): value for name, value in said.items()}
    return [
        LessonGame(GameOptions.model_validate({**options, "penalties": penalties, "objective": each}), moves)
        for each in objectives
    ]


def replay(game: LessonGame) -> tuple[dict[str, Any], Recording]:
    """A lesson's game, move by move as on the studio's page: what describes it, and its recording."""
    live = LiveGame(game.options)
    snapshots, shown = [take_snapshot(live.target, live.game, 0)], [0]
    for action, times in _parts(game.moves):
        live.play(action, times)
        snapshots.append(take_snapshot(live.target, live.game, live.moves))
        shown.append(live.moves)
    title = f"{game.options.lab}, {game.options.objective.replace('_', ' ')}"
    about = {"title": title, "rounds": shown, "target": described(live.target)}
    return about, packed(live.target, snapshots, live.game.objective.probabilistic, None)


def _parts(moves: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The same moves in more parts: a frame is taken after each."""
    size = max(1, sum(times for _, times in moves) // FRAMES)
    for action, times in moves:
        for done in range(0, times, size):
            yield action, min(size, times - done)


# --- the page ---------------------------------------------------------------------------------------------------------


def _body(claims: Mapping[str, Claim], verdicts: Verdicts, games: Mapping[str, Sequence[int]]) -> str:
    _, *opening = OPENING.strip().split("\n\n")
    words = [f"<pre>{escape(part.strip())}</pre>" if part[0] == " " else f"<p>{_text(part)}</p>" for part in opening]
    links = [
        f'<li><a href="#{name}">{_text(claim.sentence)}</a> {_verdict(verdicts[name])}</li>'
        for name, claim in claims.items()
    ]
    sections = [_section(claim, verdicts[name], games.get(name, ())) for name, claim in claims.items()]
    return "\n".join([*words, '<ol class="contents">', *links, "</ol>", *sections])


def _section(claim: Claim, verdict: Mapping[str, Any], games: Sequence[int]) -> str:
    rows = "\n".join(
        f'<tr><th scope="row">{_text(name)}</th>'
        f'<td data-words="predicted:">{_text(figure["predicted"])}</td>'
        f'<td data-words="must be:">{_text(figure["must be"])}</td>'
        f'<td data-words="measured:">{_text(measured(figure))}</td>'
        f'<td data-words="holds:">{_holds(figure)}</td></tr>'
        for name, figure in verdict["figures"].items()
    )
    here, trials = verdict["made"]["machine"], seeds(verdict)
    lesson, alt = claim.lesson, escape(claim.sentence)
    return f"""<section class="claim" id="{claim.name}">
<h2>{_text(claim.sentence)} {_verdict(verdict)}</h2>
<p class="quiet">{_text(claim.source)}. Seeds: {trials}; {verdict["made"]["date"]}; {_text(here["processor"])}.</p>
<img class="picture" src="pictures/{claim.name}.png" alt="{alt}" width="990" height="440" loading="lazy">
<div class="figures"><table>
<thead><tr><th>figure</th><th>predicted</th><th>must be</th><th>measured</th><th>holds</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>
{f"<p>{_text(lesson.because)}</p>" if lesson else ""}
{_games(lesson, games) if lesson and games else ""}
</section>"""


def _games(lesson: Lesson, numbers: Sequence[int]) -> str:
    shown = " ".join(map(str, numbers))
    return f'<details data-games="{shown}"><summary>See it in the lab</summary>\n<p>{_text(lesson.see)}</p></details>'


def _text(words: str) -> str:
    """Text as HTML; what is between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _verdict(verdict: Mapping[str, Any]) -> str:
    kind, words = ("yes", "holds") if verdict["holds"] else ("no", "does not hold")
    return f'<span class="decided {kind}">{words}</span>'


def _holds(figure: Mapping[str, Any]) -> str:
    return "–" if figure["must be"] == NOT_JUDGED else "yes" if figure["holds"] else "<b>no</b>"
