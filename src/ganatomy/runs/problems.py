"""What readers of a run folder leave out because no training wrote it so: counted and named, never in silence."""

import re
from collections.abc import Iterator
from os import DirEntry, scandir

from ganatomy.errors import UserError
from ganatomy.runs import lines, scorecard
from ganatomy.runs.run import CHECKPOINT, SNAPSHOT, Run
from ganatomy.system.files import PARTIAL

LINES = {"metrics.jsonl": lines.is_record, "events.jsonl": lines.is_event}
FILES = {
    "samples": SNAPSHOT,
    "checkpoints": re.compile("last"),
    "eval": re.compile(r"step-[0-9]{8,15}-.*(\.json|-nearest\.html)"),
}
FOLDERS = {"checkpoints": CHECKPOINT}


def problems(run: Run) -> list[str]:
    """A sentence on each kind of line or file that is left out. Raises UserError where one of its folders is a link."""
    return [*_lines(run), *_files(run), *_cards(run)]


def _lines(run: Run) -> Iterator[str]:
    for name, good in LINES.items():
        bad, read, names = lines.survey(run.at(name), good)
        if bad:
            yield f"{name}: {bad:,} line{'s'[: bad > 1]} that cannot be read left out."
        if good is lines.is_record and names > (most := lines.names_read(read)):
            yield f"{name}: {names - most:,} names left out, beyond the first {most}."


def _files(run: Run) -> Iterator[str]:
    for folder in FILES:
        place = run.at(folder)
        if place.is_dir() and (odd := sorted(entry.name for entry in scandir(place) if not _known(folder, entry))):
            more = f" and {len(odd) - 1:,} more" if odd[1:] else ""
            yield f"{folder}/: {odd[0]!r}{more} left out: no training wrote that."


def _known(folder: str, entry: DirEntry[str]) -> bool:
    """Whether a training may have written it."""
    if entry.name.startswith(PARTIAL):  # is being written, or was when a process was killed
        return True
    if entry.is_dir(follow_symlinks=False):
        return folder in FOLDERS and bool(FOLDERS[folder].fullmatch(entry.name))
    return entry.is_file(follow_symlinks=False) and bool(FILES[folder].fullmatch(entry.name))


def _cards(run: Run) -> Iterator[str]:
    for path in scorecard.files_of(run):
        try:
            scorecard.read(path)
        except UserError as error:
            yield str(error)
