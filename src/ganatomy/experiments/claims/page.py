"""docs/CLAIMS.md: what was claimed, predicted and measured, and whether it holds."""

from collections.abc import Mapping
from typing import Any

from ganatomy.experiments.claims.claim import NOT_JUDGED, Claim, number

OPENING = """# Claims

What the articles and papers say about generative adversarial networks, each sentence decided by an experiment on this
library's own losses and loop. What a figure must be follows from theory, and must hold for every seed, or, where it
says so, for the whole interval; networks, rates and steps were chosen so that the effect shows on two cores. Where a
first measurement did not bear a sentence out, the sentence was cut, and the figure is reported without a verdict. In
brackets: 95% intervals over the seeds.

    ganatomy claims --run all
    ganatomy claims --to web claims-page        # this page as a folder to pass on, with the lessons' games

Two bounds were changed after their figures on seeds 0 to 4 had been seen, and were then tested on seeds 10 to 14. In
`roles`, the accuracy of a D that minimises V must be ½ or less: V falls without limit where D calls every point
generated, which is right of half of them. First 0.1 had been guessed; on the fresh seeds it was 0 each time. In
`batch-size`, the sentence is about the average, so the interval of the mean ratio must lie below 1. First each seed's
ratio was to be below 0.9; on the fresh seeds it was 0.473 [0.276, 0.67] on average, and at most 0.625. All other
figures of both claims held there, too (2026-11-29, 2 cores, AMD EPYC).

    ganatomy claims --run roles --run batch-size --first-seed 10 --out fresh
"""


def page(claims: Mapping[str, Claim], verdicts: Mapping[str, dict[str, Any]]) -> str:
    """A table of all claims that were decided, then each with its figures and its picture."""
    decided = [(number, claim) for number, claim in enumerate(claims.values(), 1) if claim.name in verdicts]
    rows = "\n".join(_row(number, claim, verdicts[claim.name]) for number, claim in decided)
    sections = "\n\n".join(_section(claim, verdicts[claim.name]) for _, claim in decided)
    head = "| | claim | figure | predicted | measured | verdict |\n|---|---|---|---|---|---|"
    return f"{OPENING}\n{head}\n{rows}\n\n{sections}\n"


def _row(number: int, claim: Claim, verdict: Mapping[str, Any]) -> str:
    """A row of the table of all claims: each cell has a line for each figure."""
    figures = verdict["figures"]
    cells = [
        [_cell(name) for name in figures],
        [_cell(figure["predicted"]) for figure in figures.values()],
        [measured(figure) for figure in figures.values()],
    ]
    linked = f"[{_cell(claim.sentence)}](#{claim.name})"
    return f"| {' | '.join([str(number), linked, *('<br>'.join(cell) for cell in cells), _verdict(verdict)])} |"


def _cell(text: str) -> str:
    """Text in a table, where a bare bar would end the column."""
    return text.replace("|", "\\|")


def _section(claim: Claim, verdict: Mapping[str, Any]) -> str:
    cells = [
        [_cell(name), _cell(figure["predicted"]), figure["must be"], measured(figure), _holds(figure)]
        for name, figure in verdict["figures"].items()
    ]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in cells)
    here, trials = verdict["made"]["machine"], seeds(verdict)
    return f"""## {claim.name}

{claim.sentence}

{claim.source}.

{_verdict(verdict)}; seeds: {trials}; {verdict["seconds"]:.0f} s; {verdict["made"]["date"]}; cores: {here["cores"]},
{here["processor"]} ({here["matrix_units"]}).

| figure | predicted | must be | measured | holds |
|---|---|---|---|---|
{rows}

![{claim.sentence}](claims/{claim.name}.png)"""


def seeds(verdict: Mapping[str, Any]) -> str:
    """The seeds of a verdict's trials: 0 to 4."""
    first = verdict.get("first_seed", 0)
    last = first + len(next(iter(verdict["figures"].values()))["values"]) - 1
    return f"{first} to {last}" if last > first else f"{first}"


def measured(figure: Mapping[str, Any]) -> str:
    """A figure of a verdict as people read it: its mean, and its interval where the trials differ."""
    value = number(figure["value"])
    interval = f"[{number(figure.get('low', figure['value']))}, {number(figure.get('high', figure['value']))}]"
    return value if interval == f"[{value}, {value}]" else f"{value} {interval}"


def _holds(figure: Mapping[str, Any]) -> str:
    if figure["must be"] == NOT_JUDGED:
        return "–"
    return "yes" if figure["holds"] else "**no**"


def _verdict(verdict: Mapping[str, Any]) -> str:
    return "holds" if verdict["holds"] else "**does not hold**"
