"""A score card: scores with their intervals, their floors and the protocol of their measurement; RUN/eval/*.json.

No torch: scores can be read without it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.system import sealed
from ganatomy.system.files import check_format, entries, explained, write_text

FORMAT = 1
CARD = re.compile(r"step-[0-9]{8,15}-.*\.json")

Better = Literal["lower", "higher", "as real"]  # which way a generator improves


@dataclass(frozen=True)
class Score:
    """One number and what is needed to read it.

    low, high  the 95% interval: other generated samples, equally many, against the same real ones; None: too few to say
    floor      the same score of one half of the real images against the other; None if the halves are too small
    better     which way a generator improves
    settings   what decides the number beside the protocol: k, bins, …
    details    what belongs beside it: controls, warnings, counts
    """

    value: float
    low: float | None
    high: float | None
    floor: float | None
    better: Better
    settings: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.interval()} (real data against itself: {number(self.floor)})"

    def interval(self) -> str:
        """17.6 [16.9, 18.4], or 17.6 [too few images]."""
        return interval(self.value, self.low, self.high)

    def overlaps(self, other: "Score") -> bool:
        """Whether the intervals of two scores have a number in common; without intervals they may."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return True
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True)
class ScoreCard:
    """Scores of one generator, measured by one protocol.

    subject   what was measured: run, step and seeds, a folder of images or of sounds, or a table
    protocol  what must be equal for two cards to be compared
    made      when, on what machine, how long, where the real images lay: it does not change a number
    """

    subject: dict[str, Any]
    protocol: dict[str, Any]
    scores: dict[str, Score]
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The subject in words: demo-001, step 2,009."""
        if "run" not in self.subject:
            return str(next(self.subject[kind] for kind in ("table", "sounds", "images") if kind in self.subject))
        raw = "" if self.subject["average"] else ", not averaged"
        cut = self.subject["truncation"]
        truncation = "" if cut is None else f", truncated at {cut:g}"
        how = "".join(f", {name} {value}" for name, value in self.subject.get("how", {}).items())
        return f"{self.subject['run']}, step {self.subject['step']:,}{raw}{truncation}{how}"

    @property
    def terms(self) -> str:
        """How many samples were compared: 10,000 generated images against 60,000 of mnist.zip; of tables, rows."""
        reference = self.protocol["reference"]
        kind = next(each for each in ("rows", "sounds", "images") if each in reference)
        laid = f", both {self.protocol['transparency']}" if "transparency" in self.protocol else ""
        compared = f"{self.protocol['samples']:,} generated {kind} against {reference[kind]:,}"
        return f"{compared} of {self.made['reference']}{laid}"

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.terms}; features: {self.protocol['features']['name']}"]
        width = max(map(len, self.scores), default=0)
        for name, score in self.scores.items():
            lines.append(f"  {name:<{width}}  {score}")
            lines += [
                f"  {'':<{width}}    {key.replace('_', ' ')}: {readable(it)}" for key, it in score.details.items()
            ]
        return "\n".join([*lines, *(f"  not measured: {sentence}" for sentence in self.made.get("not_taken", []))])

    def save(self, path: Path) -> None:
        """Write the card, whole or not at all. It keeps a file's other scores of the same subject and protocol."""
        card = self
        if path.exists():
            there = read(path)
            if there.subject == self.subject and there.protocol == self.protocol:
                card = ScoreCard(self.subject, self.protocol, {**there.scores, **self.scores}, self.made)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, sealed.to_text({"format": FORMAT, **asdict(card)}))


def write(card: ScoreCard, out: str | Path | None) -> None:
    """Save a card where somebody wants it, if anywhere. Raises UserError where it cannot be written."""
    if out is not None:
        with explained(Path(out).parent):
            card.save(Path(out))


def subject_of_run(
    run: Run,
    step: int,
    samples: int,
    average: bool = True,
    truncation: float | None = None,
    first_seed: int = 0,
    how: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The subject of a card: a run's generator and the seeds of its images.

    how: how else the images were drawn: {"class": "cat"}, {"diffusion.sampling_steps": 10}.
    """
    seeds = [first_seed, first_seed + samples - 1]
    subject = {"run": run.name, "step": step, "average": average, "truncation": truncation, "seeds": seeds}
    return {**subject, "how": how} if how else subject


def card_path(run: Run, card: ScoreCard) -> Path:
    """Where a run keeps a card: one file for each generator and each way of measuring."""
    subject, protocol = card.subject, card.protocol
    raw = "" if subject["average"] else "-raw"
    cut = "" if subject["truncation"] is None else f"-t{subject['truncation']:g}"
    how = "".join(f"-{name.rpartition('.')[2]}-{value}" for name, value in subject.get("how", {}).items())
    name = f"step-{subject['step']:08d}{raw}{cut}{how}-{protocol['features']['name']}-{protocol['samples']}.json"
    return run.at("eval", name)


def keep(run: Run, card: ScoreCard) -> Path:
    """Record an event and save a card in its run's folder; returns the path.

    In this order: a process that is killed in between measures again, and leaves two events rather than none.
    """
    run.event("evaluation", step=card.subject["step"], **{name: score.value for name, score in card.scores.items()})
    path = card_path(run, card)
    card.save(path)
    return path


def read(path: Path) -> ScoreCard:
    """The card in a file. Raises UserError if there is none, or one of a newer format."""
    try:
        content, whole = sealed.read(path.read_text(encoding="utf-8"))
        check_format(content["format"], FORMAT, path)
        scores = TypeAdapter(dict[str, Score]).validate_python(content["scores"])
        card = ScoreCard(content["subject"], content["protocol"], scores, content["made"])
        str(card), str(card.protocol["features"]["name"]), int(card.subject.get("step", 0))  # has all that readers need
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path} is not a score card, as `ganatomy evaluate` writes them.") from None
    if not whole:
        raise UserError(f"{path} does not match its checksum: it was changed after it was written.")
    return card


def cards(run: Run) -> list[ScoreCard]:
    """All cards of a run, by step, then by time."""
    return in_order(read(path) for path in files_of(run))


def files_of(run: Run) -> list[Path]:
    """The files of a run's cards, by name; other files may lie beside them."""
    return [path for path in entries(run.at("eval")) if CARD.match(path.name)]


def in_order(found: Iterable[ScoreCard]) -> list[ScoreCard]:
    """By step, then by time."""
    return sorted(found, key=lambda card: (card.subject.get("step", 0), card.made.get("time", "")))


def interval(value: float, low: float | None, high: float | None) -> str:
    """17.6 [16.9, 18.4], or 17.6 [too few images]."""
    if low is None or high is None:
        return f"{number(value)} [too few images]"
    return f"{number(value)} [{number(low)}, {number(high)}]"


def number(value: float | None) -> str:
    """Three digits, more of large numbers: 0.0123, 17.6, 225, 1,234."""
    if value is None or not isfinite(value):
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"


def readable(detail: Any) -> str:
    """A detail of a score as text."""
    if isinstance(detail, float):
        return number(detail)
    if isinstance(detail, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {readable(value)}" for name, value in detail.items())
    if isinstance(detail, (list, tuple)):
        return "[" + ", ".join(map(readable, detail)) + "]"
    return f"{detail:,}" if isinstance(detail, int) else str(detail)
