"""SWEEP/report.html: a sweep at a glance, one file that opens anywhere, with or without a network."""

import time
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template

from plotly.offline import get_plotlyjs

from ganatomy import __version__
from ganatomy.report import pictures
from ganatomy.report.page import script_hash, script_json
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.overview import SweepTable, overview


def write(sweep: Sweep, journal: Journal) -> None:
    """Write report.html."""
    sweep.write_text("report.html", text(sweep, journal))


def text(sweep: Sweep, journal: Journal) -> str:
    """The page as HTML."""
    seen = overview(sweep, journal)
    parts = {
        "name": escape(sweep.name),
        "status": escape(seen.status),
        "conclusion": escape(seen.conclusion),
        "facts": _facts({**seen.facts, **({"Repeat the best": seen.command} if seen.command else {})}),
        "best": _best(sweep, seen.best),
        "again": f"<section><h2>With other seeds</h2>{_table(seen.again)}</section>" if seen.again else "",
        "charts": "".join(
            f'<figure><h3>{escape(chart.title)}</h3><div class="chart"></div>'
            f"<figcaption>{escape(chart.words)}</figcaption></figure>"
            for chart in seen.charts
        )
        or "<p>Too few trials have finished.</p>",
        "trials": _table(seen.trials),
        "space": escape(seen.space),
        "settings": escape(seen.settings),
        "footer": f"Written by Ganatomy {__version__} on {time.strftime('%-d %B %Y, %H:%M %Z')}.",
        "data": script_json([chart.figure for chart in seen.charts]),
        "style": _resource("ganatomy.report", "colours.css") + _resource("ganatomy.report", "page.css"),
        "script": _resource(__package__, "figures.js") + _resource(__package__, "page.js"),
        "plotly": get_plotlyjs(),
    }
    parts["hashes"] = " ".join(script_hash(parts[script]) for script in ("plotly", "script"))
    return Template(_resource(__package__, "page.html")).substitute(parts)


def _facts(facts: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()) + "</dl>"


def _best(sweep: Sweep, name: str | None) -> str:
    grids = list(sweep.run(name).snapshots().values()) if name is not None else []
    if name is None or not grids:
        return ""
    figure = (
        f'<figure><img src="{pictures.inline(grids[-1])}" alt="Generated images">'
        f"<figcaption><b>{_link(name, name)}</b> One seed a tile, row by row from seed 0.</figcaption></figure>"
    )
    return f'<section class="pair"><h2>The best settings</h2>{figure}</section>'


def _table(table: SweepTable) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in table.heads)
    body = []
    for line in table.lines:
        first, *rest = line.cells
        cells = [_link(line.run, first) if line.run else escape(first), *map(escape, rest)]
        body.append(f"<tr{' class=best' if line.best else ''}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f'<p>{escape(table.words)}</p><div class="trials"><table><tr>{head}</tr>{"".join(body)}</table></div>'


def _link(run: str, words: str) -> str:
    return f'<a href="runs/{escape(run)}/report.html">{escape(words)}</a>'


def _resource(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
