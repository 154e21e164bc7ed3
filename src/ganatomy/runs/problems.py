"""What readers of a run folder leave out because no training wrote it so: counted and named, never in silence."""

import re
from collections.abc import Iterator
from os import DirEntry, scandir
from pathlib import Path

from PIL import Image

from ganatomy.errors import UserError
from ganatomy.runs import lines, scorecard
from ganatomy.runs.manifest import CHECKPOINT, manifest
from ganatomy.runs.run import SNAPSHOT, Run
from ganatomy.system.files import PARTIAL

LINES = {"metrics.jsonl": lines.is_record, "events.jsonl": lines.is_event}
FILES = {
    "samples": SNAPSHOT,
    "checkpoints": re.compile("last"),
    "eval": re.compile(r"step-[0-9]{8,15}-.*(\.json|-nearest\.html)"),
}
FOLDERS = {"checkpoints": CHECKPOINT}


def problems(run: Run) -> list[str]:
    """A sentence on each kind of line or file that is left out, and on each file that was changed since it was written.

    Raises UserError where a part of the run is a link.
    """
    return [*_changed(run), *_lines(run), *_files(run), *_cards(run), *_pictures(run)]


def _changed(run: Run) -> Iterator[str]:
    if not run.info_is_as_written():
        yield "run.json does not match its checksum: what it says may be wrong."
    step, folder = max(run.checkpoints().items(), default=(0, None))
    try:
        written = manifest(folder).get("lengths", {}) if folder else {}
    except UserError as error:
        yield str(error)
        return
    for name in LINES:
        length = written.get(name)  # none of earlier versions
        if length and lines.length(run.at(name), length["bytes"]) != length:
            yield f"{name} was changed after the checkpoint of step {step:,} was written: a number in it may be wrong."


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


def _pictures(run: Run) -> Iterator[str]:
    pictures = [path for path in (run.at("reals.png"), *run.snapshots().values()) if path.is_file()]
    if bad := [path for path in pictures if not _is_whole(path)]:
        more = f" and {len(bad) - 1:,} more" if bad[1:] else ""
        yield f"{bad[0].relative_to(run.path)}{more} cannot be read, or does not match its checksums."


def _is_whole(path: Path) -> bool:
    """Whether a PNG file matches its checksums (of each chunk, as the PNG specification has it)."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


def _cards(run: Run) -> Iterator[str]:
    for path in scorecard.files_of(run):
        try:
            scorecard.read(path)
        except UserError as error:
            yield str(error)
