"""RUN/report.html: the run at a glance, one file that opens anywhere, with or without a network.

Everything comes from the run folder; no torch. The page is page.html with its styles, its scripts and plotly's inside.
"""

import base64
import hashlib
import json
import time
from contextlib import suppress
from datetime import datetime
from html import escape
from importlib.resources import files
from math import isfinite
from pathlib import Path
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

from ganatomy import __version__
from ganatomy.config.options import Config
from ganatomy.diagnosis import Monitor, diagnose_run
from ganatomy.errors import UserError
from ganatomy.report import charts, findings, lab, pictures, scores
from ganatomy.report.curves import Columns, read
from ganatomy.runs.problems import problems
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, files_of, in_order
from ganatomy.runs.scorecard import read as card_in
from ganatomy.runs.status import status_of
from ganatomy.system.wording import duration


def write(run: Run) -> Path:
    """Write RUN/report.html and return its path. The run may be in training, or empty."""
    run.write_text("report.html", text(run))
    return run.at("report.html")


def text(run: Run) -> str:
    """The page as HTML."""
    info, events, records = run.info(), run.events(), read(run.at("metrics.jsonl"))
    config = _config(run)
    frames = pictures.timeline(run.snapshots())
    measured = _cards(run)
    monitor = _monitor(run)
    drawn = [*charts.of(records, config, info), *findings.charts(monitor), *scores.of(measured)]
    marks = [event for event in events if event.get("event") in charts.MARKS and "step" in event]
    data = {"frames": frames, "charts": [chart.data for chart in drawn], "marks": charts.marks(marks)}
    parts = {
        "name": escape(run.name),
        "status": _status(run, info, config, records),
        "state": escape(str(info.get("status", "unknown"))),
        "error": f'<p class="error">{escape(str(info["error"]))}</p>' if info.get("error") else "",
        "problems": _problems(run),
        "facts": _definitions(_facts(info, config, events)),
        "headline": "How to read it" if "lab" in info else "Generated and real",
        "pictures": _reading() if "lab" in info else _pictures(run, frames, _modality(config)),
        "timeline": _timeline(run, info, frames),
        "findings": findings.section(monitor, status_of(run, info, events)),
        "scores": scores.section(measured),
        "charts": _charts(drawn, marks),
        "commands": _commands(run, info, config),
        "config": escape(_text(run.at("config.yaml")) or "There is no config.yaml."),
        "versions": _definitions(_made_with(info)),
        "events": _events(events),
        "footer": f"Written by Ganatomy {__version__} on {_when(time.strftime('%Y-%m-%dT%H:%M:%S%z'))}.",
        "data": script_json(data),
        "style": _resource("colours.css") + _resource("page.css"),
        "script": _resource("charts.js") + _resource("page.js"),
        "plotly": get_plotlyjs(),
    }
    parts["hashes"] = " ".join(script_hash(parts[script]) for script in ("plotly", "script"))
    return Template(_resource("page.html")).substitute(parts)


# --- what the page says -----------------------------------------------------------------------------------------------


def _status(run: Run, info: dict[str, Any], config: Config | None, records: Columns) -> str:
    """The run's status in words: finished: 4,210 steps, 269,440 images in 1 min 30 s on AMD EPYC, 2 cores."""
    counted = {name: records[name][-1] for name in ("step", "images", "seconds") if name in records}
    known = {name: int(number) for name, number in counted.items() if isfinite(number)}
    if info.get("status") in ("finished", "stopped"):  # more exact: there is not a record every step
        known |= {name: info[name] for name in ("step", "images", "seconds") if name in info}
    known["step"] = max([known.get("step", 0), *run.snapshots()])
    words = {"running": "in training when this page was written", "failed": "failed"}
    state = words.get(info.get("status", ""), str(info.get("status", "not started")))
    text = f"{state}: {known['step']:,} steps"
    if "images" in known and "seconds" in known:
        text += f", {known['images']:,} {_samples(info, config)} in {duration(known['seconds'])}"
    if machine := _machine(info, config):
        text += f" on {machine}"
    return escape(text[0].upper() + text[1:])


def _machine(info: dict[str, Any], config: Config | None) -> str:
    """The GPU of the run if it uses one, otherwise the processor."""
    machine, device = info.get("machine", {}), config.runtime.device if config else "cpu"
    if device.startswith("cuda") and machine.get("gpus"):
        several, index = info.get("processes", 1), int(device.partition(":")[2] or 0)
        name = machine["gpus"][min(index, len(machine["gpus"]) - 1)]
        return f"{several} × {name}" if several > 1 else str(name)
    return ", ".join([str(machine["processor"]), f"{machine['cores']} cores"]) if "processor" in machine else ""


def _facts(info: dict[str, Any], config: Config | None, events: list[dict[str, Any]]) -> dict[str, str]:
    data, facts = info.get("data", {}), {}
    if "lab" in info:
        facts["Target"] = f"{info['lab']}, objective {info['objective'].replace('_', ' ')}"
    if config:
        facts["Recipe"] = f"{config.recipe}, objective {config.objective.name}"
    if data:
        shape = f", {config.data.size[0]} × {config.data.size[1]} pixels" if config and config.data.size else ""
        if config and config.modality == "sounds":
            shape = f", {config.data.seconds:g} s at {config.data.rate:,} Hz"
        fingerprint = data.get("fingerprint", "")[:12]
        images = f"{data.get('images', 0):,} {_samples(info, config)} from {data.get('source', '')}"
        facts["Data"] = f"{images}{shape}, fingerprint {fingerprint}"
    begun = [event.get("time", "") for event in events if event.get("event") == "started"] or [info.get("started")]
    if begun[0]:
        times = sum(event.get("event") == "resumed" for event in events)
        facts["When"] = f"started {_when(begun[0])}" + (f", resumed {times} time{'s'[: times > 1]}" if times else "")
    return facts


def _reading() -> str:
    return "".join(f"<p>{each}</p>" for each in lab.READING)


SHOWN = {  # in a preview
    "images": "one seed a tile, row by row from seed 0",
    "tables": "the columns of many rows",
    "pairs": "above the given images, below what it shall draw of them, if that is known",
    "sounds": "spectrograms, one seed a tile, row by row from seed 0; the player plays them in this order",
}


def _pictures(run: Run, frames: list[pictures.Frame], modality: str) -> str:
    figures = []
    if frames:
        shown = SHOWN[modality]
        words = f"By the averaged generator at step {frames[-1]['step']:,}: {shown}."
        heard = pictures.heard(run.snapshots()[frames[-1]["step"]])
        figures.append(_figure(frames[-1]["image"], "Generated", words, heard=heard))
    if run.at("reals.png").exists():
        what = "rows" if modality == "tables" else modality
        words = f"Training {what}. " + (
            "Above given images, below what shall be drawn: of them, or, of two sets, like these."
            if modality == "pairs"
            else "The generator never sees them: it learns from the discriminator's gradient."
        )
        real = run.at("reals.png")
        figures.append(_figure(pictures.inline(real), "Real", words, heard=pictures.heard(real)))
    pair = f'<div class="pair">{"".join(figures)}</div>' if figures else ""
    return pair if frames else "<p>No samples yet: the first grid is drawn when training starts.</p>" + pair


def _timeline(run: Run, info: dict[str, Any], frames: list[pictures.Frame]) -> str:
    """The slider through the snapshots, which page.js operates, and the latent walk."""
    figures, total = [], len(run.snapshots())
    if len(frames) > 1:
        chosen = f" {len(frames)} of {total:,} snapshots, evenly chosen." if len(frames) < total else ""
        last = len(frames) - 1
        shown = (
            "The game from the first step to the last."
            if "lab" in info
            else "The same samples at every snapshot: watch them take shape."
        )
        wide, image = ' class="wide"' if "lab" in info else "", '<img alt="Samples at the chosen step">'
        if "lab" in info:  # six panels, which need their width
            image = f'<div class="plotted" tabindex="0">{image}</div>'
        figures.append(
            f'<figure id="timeline"{wide}>{image}'
            '<div class="player"><button type="button" aria-label="Play or pause">▶</button>'
            f'<input type="range" min="0" max="{last}" value="{last}" aria-label="Snapshot"><output></output></div>'
            f"<figcaption><b>Over training</b> {shown}{chosen}</figcaption></figure>"
        )
    if run.at("walk.webp").exists():
        words = (
            "Every frame is a point on a closed path from seed to seed. Smooth changes mean that the generator has "
            "learnt the space between the seeds; jumps mean that it has learnt single images."
        )
        figures.append(_figure(pictures.inline(run.at("walk.webp")), "A walk through latent space", words, "walk"))
    title = f"<h2>Over training{', and through latent space' if run.at('walk.webp').exists() else ''}</h2>"
    return f'<section class="pair">{title}{"".join(figures)}</section>' if figures else ""


def _figure(image: str, title: str, words: str, kind: str = "", heard: str = "") -> str:
    """heard: the sound of the picture as a data URI, where it has one."""
    caption = f"<figcaption><b>{title}</b> {words}</figcaption>"
    player = f'<audio controls preload="none" src="{heard}" aria-label="{title}"></audio>' if heard else ""
    return f'<figure class="{kind}"><img src="{image}" alt="{title}">{player}{caption}</figure>'


def _charts(drawn: list[charts.Chart], marks: list[dict[str, Any]]) -> str:
    if not drawn:
        return "<p>No records yet.</p>"
    kinds = sorted({charts.MARKS[mark["event"]][1] for mark in marks}, reverse=True)
    legend = f" Vertical lines are {', '.join(kinds)}." if kinds else ""
    figures = [
        f'<figure><h3>{escape(chart.title)}</h3><div class="chart"></div>'
        f"<figcaption>{escape(chart.words)}</figcaption></figure>"
        for chart in drawn
    ]
    zoom = '<span class="mouse"> Drag to zoom all charts; double-click to reset.</span>'
    return f"<p>Horizontal axis: generator steps.{zoom}{legend}</p>{''.join(figures)}"


def _commands(run: Run, info: dict[str, Any], config: Config | None) -> str:
    if "lab" in info:
        return _definitions(lab.tries(info), code=True)
    if not run.checkpoints():
        return "<p>No checkpoint yet.</p>"
    longer = f" --steps {2 * info.get('step', 1)}" if info.get("status") == "finished" else ""
    drawing = {
        f"ganatomy sample {run.address} --seeds 0-63": "generate images, one a seed",
        f"ganatomy walk {run.address} --seeds 3,9,4": "walk from seed to seed",
    }
    if _modality(config) == "tables":
        drawing = {f"ganatomy sample {run.address} --rows 1000": "generate rows, one a seed"}
    if _modality(config) == "pairs":
        drawing = {f"ganatomy apply {run.address} PICTURE": "draw what it makes of a picture"}
    if _modality(config) == "sounds":
        drawing = {f"ganatomy sample {run.address} --seeds 0-15": "generate sounds, a WAV file for each seed"}
    lines = {
        **drawing,
        f"ganatomy train --resume {run.address}{longer}": "continue training" + (", for longer" if longer else ""),
    }
    return _definitions({words: command for command, words in lines.items()}, code=True)


def _made_with(info: dict[str, Any]) -> dict[str, str]:
    """Versions, machine and command, as run.json has them."""
    rows = {**info.get("versions", {}), **info.get("machine", {})}
    rows |= {name: info.get(name) for name in ("processes", "git_commit", "command")}
    rows["data_fingerprint"] = info.get("data", {}).get("fingerprint")
    texts = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in rows.items()}
    return {name.replace("_", " "): str(value) for name, value in texts.items() if value not in (None, "", False)}


def _events(events: list[dict[str, Any]]) -> str:
    listed = [event for event in events if event.get("event") != "snapshot"]
    rows = []
    for event in listed:
        details = {name: value for name, value in event.items() if name not in ("event", "time")}
        text = ", ".join(f"{name} {value}" for name, value in details.items())
        cells = (_when(event.get("time", "")), event.get("event", ""), text)
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return f"<table>{''.join(rows)}</table><p>{len(events) - len(listed):,} snapshots are not listed.</p>"


def _definitions(rows: dict[str, str], code: bool = False) -> str:
    open_, close = ("<dd><code>", "</code></dd>") if code else ("<dd>", "</dd>")
    items = "".join(f"<dt>{escape(name)}</dt>{open_}{escape(text)}{close}" for name, text in rows.items())
    return f"<dl>{items}</dl>" if items else ""


# --- small things -----------------------------------------------------------------------------------------------------


def _modality(config: Config | None) -> str:
    return config.modality if config else "images"


def _samples(info: dict[str, Any], config: Config | None) -> str:
    """What the run's samples are, in the plural."""
    return "points" if "lab" in info else "rows" if _modality(config) == "tables" else _modality(config)


def _config(run: Run) -> Config | None:
    """The configuration, or None where it is missing or this version cannot read it."""
    with suppress(UserError):
        return run.config()
    return None


def _monitor(run: Run) -> Monitor | None:
    """The diagnosis, or None where there is none."""
    with suppress(UserError):
        return diagnose_run(run)
    return None


def _cards(run: Run) -> list[ScoreCard]:
    """The score cards that can be read; the others are among the problems."""
    found = []
    for path in files_of(run):
        with suppress(UserError):
            found.append(card_in(path))
    return in_order(found)


def _problems(run: Run) -> str:
    """What of the run's folder is not on the page, as HTML."""
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems(run))
    return f'<ul class="error">{items}</ul>' if items else ""


def _when(stamp: str) -> str:
    """2026-11-22T01:10:45+0000 → 22 November 2026, 01:10 UTC."""
    try:
        time_ = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = f" {time_:%Z}" if time_.tzinfo else ""
    return f"{time_.day} {time_:%B %Y, %H:%M}{zone}"


def script_json(data: object) -> str:
    """JSON that is safe inside <script>: no `</script>` and no `<!--` can end or hide it."""
    return json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def script_hash(script: str) -> str:
    """A script as the page's content security policy allows it (W3C CSP 3, section 2.3.1): by its SHA-256."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
