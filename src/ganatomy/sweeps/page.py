"""SWEEP/report.html: a sweep at a glance, one file that opens anywhere, with or without a network."""

import time
from html import escape
from importlib.resources import files
from string import Template

import yaml
from plotly.offline import get_plotlyjs

from ganatomy import __version__
from ganatomy.report import pictures
from ganatomy.report.page import script_hash, script_json
from ganatomy.runs.scorecard import number
from ganatomy.sweeps import results
from ganatomy.sweeps.charts import charts
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.objectives import in_words
from ganatomy.sweeps.results import OWN, TrialRow
from ganatomy.system.wording import duration

LISTED = 500  # trials in the page's table, the best first


def write(sweep: Sweep, journal: Journal) -> None:
    """Write report.html."""
    sweep.write_text("report.html", text(sweep, journal))


def text(sweep: Sweep, journal: Journal) -> str:
    """The page as HTML."""
    rows, options = results.in_order(sweep, journal), sweep.options()
    drawn = charts(journal)
    fixed = {"data": options.data, "recipe": options.recipe, **options.settings}
    parts = {
        "name": escape(sweep.name),
        "status": escape(_status(rows)),
        "conclusion": escape(results.compared(sweep, journal)),
        "facts": _facts(sweep),
        "best": _best(sweep, journal),
        "again": _again(sweep, journal),
        "charts": "".join(
            f'<figure><h3>{escape(chart.title)}</h3><div class="chart"></div>'
            f"<figcaption>{escape(chart.words)}</figcaption></figure>"
            for chart in drawn
        )
        or "<p>Too few trials have finished.</p>",
        "trialswords": escape(_words(sweep, rows)),
        "trials": _table(rows),
        "space": escape(yaml.safe_dump(options.space, sort_keys=False, allow_unicode=True)),
        "settings": escape(yaml.safe_dump(fixed, sort_keys=False, allow_unicode=True)),
        "footer": f"Written by Ganatomy {__version__} on {time.strftime('%-d %B %Y, %H:%M %Z')}.",
        "data": script_json([chart.figure for chart in drawn]),
        "style": _resource("ganatomy.report", "colours.css") + _resource("ganatomy.report", "page.css"),
        "script": _resource(__package__, "page.js"),
        "plotly": get_plotlyjs(),
    }
    parts["hashes"] = " ".join(script_hash(parts[script]) for script in ("plotly", "script"))
    return Template(_resource(__package__, "page.html")).substitute(parts)


def _status(rows: list[TrialRow]) -> str:
    counted = {state: sum(row.state == state for row in rows) for state in dict.fromkeys(results.STATES.values())}
    return f"{len(rows):,} trials: " + ", ".join(f"{count:,} {state}" for state, count in counted.items() if count)


def _facts(sweep: Sweep) -> str:
    options = sweep.options()
    facts = {
        "Objectives": ", ".join(options.objectives),
        "Scores": f"{options.samples:,} generated images, features: {options.features}",
        "Seeds": f"trial n is trained with seed {options.seed} + n",
        "Repeat the best": f"ganatomy train --config {sweep.path / 'best.yaml'}",
    }
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()) + "</dl>"


def _best(sweep: Sweep, journal: Journal) -> str:
    name = results.best_run(sweep, journal)
    grids = list(sweep.run(name).snapshots().values()) if name is not None else []
    if name is None or not grids:
        return ""
    figure = (
        f'<figure><img src="{pictures.inline(grids[-1])}" alt="Generated images">'
        f'<figcaption><b><a href="runs/{escape(name)}/report.html">{escape(name)}</a></b> '
        "One seed a tile, row by row from seed 0.</figcaption></figure>"
    )
    return f'<section class="pair"><h2>The best settings</h2>{figure}</section>'


def _again(sweep: Sweep, journal: Journal) -> str:
    found = results.retrained(sweep, journal)
    if not found:
        return ""
    rows = []
    for each in found:
        name = "the recipe's own settings" if each.name == OWN else each.name
        first = in_words(each.first) if each.first else "–"
        seeds = [in_words(seed) if seed else "did not finish" for seed in each.found]
        mean = number(each.value)
        rows.append("".join(f"<td>{escape(cell)}</td>" for cell in (name, first, *seeds, mean)))
    heads = [
        "",
        "in its trial",
        *(f"other seed {i}" for i in range(1, len(found[0].found) + 1)),
        "mean of the other seeds",
    ]
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    words = (
        "The best of many trials is partly the luckiest: its own score is too good. So the best settings were trained "
        "again with seeds that no trial had, and so were the settings that the sweep started from."
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    table = f'<div class="trials"><table><tr>{head}</tr>{body}</table></div>'
    return f"<section><h2>With other seeds</h2><p>{words}</p>{table}</section>"


def _words(sweep: Sweep, rows: list[TrialRow]) -> str:
    several = len(sweep.options().objectives) > 1
    bold = "those on the Pareto front: no other is better in every objective" if several else "the best one"
    left_out = f" The best {LISTED:,} of {len(rows):,}; trials.csv has all." if len(rows) > LISTED else ""
    return f"The best first; bold: {bold}. In brackets: 95% intervals over other generated samples.{left_out}"


def _table(rows: list[TrialRow]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row.point))
    head = "".join(f"<th>{escape(each)}</th>" for each in ("trial", "outcome", "time", *names))
    body = []
    for row in rows[:LISTED]:
        reached = in_words(row.outcomes) if row.outcomes else ": ".join(filter(None, (row.state, row.reason)))
        options = [results.shown(row.point[name]) if name in row.point else "" for name in names]
        link = f'<td><a href="runs/{escape(row.run)}/report.html">{row.number}</a></td>'
        cells = link + "".join(f"<td>{escape(cell)}</td>" for cell in (reached, duration(row.seconds), *options))
        body.append(f"<tr{' class=best' if row.best else ''}>{cells}</tr>")
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def _resource(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
