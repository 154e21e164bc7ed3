"""docs/CLAIMS.md: what was claimed, predicted, measured, and whether it holds."""

from collections.abc import Mapping
from typing import Any

from ganatomy.experiments.claims.claim import Claim

OPENING = """# Claims

What the articles and papers say of generative adversarial networks, each sentence decided by an experiment on this
library's own losses and loop. What a figure must be was fixed before it was measured, and must be so for every seed;
networks, rates and steps are what was found to show it on two cores. In brackets: 95% intervals over the seeds.

    ganatomy claims --run all
"""


def page(claims: Mapping[str, Claim], kept: Mapping[str, dict[str, Any]]) -> str:
    """A table of all claims that were decided, then each with its figures and its picture."""
    decided = [(number, claim) for number, claim in enumerate(claims.values(), 1) if claim.name in kept]
    rows = "\n".join(_row(number, claim, kept[claim.name]) for number, claim in decided)
    parts = "\n\n".join(_part(claim, kept[claim.name]) for _, claim in decided)
    head = "| | claim | figure | predicted | measured | verdict |\n|---|---|---|---|---|---|"
    return f"{OPENING}\n{head}\n{rows}\n\n{parts}\n"


def _row(number: int, claim: Claim, found: Mapping[str, Any]) -> str:
    """Of the table of all claims: a line of each cell for each figure."""
    figures = found["figures"]
    cells = [
        [_cell(name) for name in figures],
        [_cell(figure["predicted"]) for figure in figures.values()],
        [_measured(figure) for figure in figures.values()],
    ]
    linked = f"[{_cell(claim.sentence)}](#{claim.name})"
    return f"| {' | '.join([str(number), linked, *('<br>'.join(cell) for cell in cells), _verdict(found)])} |"


def _cell(words: str) -> str:
    """Text in a table, whose columns a bar would part."""
    return words.replace("|", "\\|")


def _part(claim: Claim, found: Mapping[str, Any]) -> str:
    cells = [
        [_cell(name), _cell(figure["predicted"]), figure["must be"], _measured(figure), _so(figure)]
        for name, figure in found["figures"].items()
    ]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in cells)
    here, seeds = found["made"]["machine"], len(next(iter(found["figures"].values()))["values"])
    return f"""## {claim.name}

{claim.sentence}

{claim.source}.

{_verdict(found)}; seeds: {seeds}; {found["seconds"]:.0f} s; {found["made"]["date"]}; cores: {here["cores"]},
{here["processor"]} ({here["matrix_units"]}).

| figure | predicted | must be | measured | is so |
|---|---|---|---|---|
{rows}

![{claim.sentence}](claims/{claim.name}.png)"""


def _measured(figure: Mapping[str, Any]) -> str:
    if "low" not in figure:
        return f"{figure['value']:.3g}"
    return f"{figure['value']:.3g} [{figure['low']:.3g}, {figure['high']:.3g}]"


def _so(figure: Mapping[str, Any]) -> str:
    return "yes" if figure["holds"] else "**no**"


def _verdict(found: Mapping[str, Any]) -> str:
    return "holds" if found["holds"] else "**does not hold**"
