"""What docs/LEARN.md has from the code and from docs/learn.json, as Markdown."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganatomy.config.recipes import summaries
from ganatomy.experiments.claims.claim import number
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.web.studio.course.glossary import GLOSSARY
from ganatomy.web.studio.course.step import Step
from ganatomy.web.studio.course.steps import STEPS

DOCS = Path(__file__).parents[1] / "docs"
FILE = DOCS / "learn.json"
IN_A_ROW = 3  # pictures
PLACE = "images/learn"


def course() -> str:
    """Every step: to read, to predict, to type, and what came out where the documentation was made."""
    found = _found("steps")
    return "\n\n".join(_step(i, step, found.get(step.name)) for i, step in enumerate(STEPS, 1))


def glossary() -> str:
    """The terms, one sentence each."""
    return "\n".join(["| term | meaning |", "|---|---|", *(f"| {term} | {GLOSSARY[term]} |" for term in GLOSSARY)])


def recipes() -> str:
    """What each recipe drew in docs/REPRODUCTION.md, with its score."""
    mnist = json.loads((DOCS / "reproduction.json").read_text(encoding="utf-8"))["mnist"]
    cells = []
    for name, row in mnist["found"]["rows"].items():
        score = row["scores"]["fd_lenet"]
        cells.append((f"**{name}**: fd_lenet {number(score['value'])}", f"reproduction/{row['picture']}"))
    drawn = {name.split()[0] for name in mnist["found"]["rows"]}
    about = "\n".join(f"- `{name}`: {summary}" for name, summary in summaries().items() if name in drawn)
    return (
        f"{_gallery(cells)}\n\n{about}.\n\n{mnist['found']['minutes']} minutes each on MNIST; {_made(mnist['made'])}."
    )


def failures() -> str:
    """What was done to a training, what it drew in the end, and what the diagnosis said."""
    found = _found("failures")
    if not found:
        return "Nothing is measured yet: `make learn`."
    cells = [
        (f"**{fault.about}**<br>{_cell(found[name]['verdict'])}", f"{PLACE}/{found[name]['picture']}")
        for name, fault in FAULTS.items()
        if name in found
    ]
    return f"{_gallery(cells)}\n\n{_made(next(iter(found.values()))['made'])}."


def _found(kind: str) -> dict[str, Any]:
    kept: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    return kept.get(kind, {})


def _step(place: int, step: Step, found: Mapping[str, Any] | None) -> str:
    answers = "\n".join(f"- {answer}" for answer in step.answers)
    commands = "\n".join(f"    {command}" for command in step.commands)
    parts = [f"### {place}. {step.title}", " ".join(step.read), f"**Predict.** {step.question}", answers]
    return "\n\n".join([*parts, "**Run.**", commands, *_seen(step, found)])


def _seen(step: Step, found: Mapping[str, Any] | None) -> Iterator[str]:
    if found is None:
        return
    figures = found["figures"]
    said = step.answers[step.decide(figures)]
    rows = [(what, number(figures[name])) for name, what in step.figures.items()]
    yield f"<details><summary>What came out</summary>\n\n**{said}.** {step.told(figures)}"
    yield _table((("figure", "measured"), *rows))
    if step.table:
        yield _table(step.table)
    yield f"![{step.title}]({PLACE}/{found['picture']})\n\n{_made(found['made'])}.\n\n</details>"


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _gallery(cells: list[tuple[str, str]]) -> str:
    """Words above pictures, some of them in a row."""
    lines = []
    for first in range(0, len(cells), IN_A_ROW):
        row = cells[first : first + IN_A_ROW]
        filled = [*row, *[("", "")] * (IN_A_ROW - len(row))]
        lines += [f"| {' | '.join(words for words, _ in filled)} |"]
        lines += ["|" + "---|" * IN_A_ROW] if len(lines) == 1 else []
        lines += [f"| {' | '.join(f'![]({path})' if path else '' for _, path in filled)} |"]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text in a table, where a bare bar would end the column."""
    return text.replace("|", "\\|")


def _made(made: Mapping[str, Any]) -> str:
    here = made["machine"]
    return f"{made['date']}; cores: {here['cores']}, {here['processor']} ({here['matrix_units']})"
