"""How a run shows itself in a notebook: samples, loss curves, status and verdict, as HTML without script."""

from __future__ import annotations

import base64
import math
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganatomy.runs.run import Run

WIDTH, HEIGHT = 360, 160  # of the curves, in pixels
POINTS = 400  # of a curve, at most
COLOURS = {"loss/discriminator": "#4477aa", "loss/generator": "#cc6677"}


def to_html(run: Run) -> str:
    """The newest samples beside the loss curves, under the run's path, status, step and verdict.

    Only what the folder has; everything is escaped. Raises UserError where run.json is damaged.
    """
    info, snapshots = run.info(), run.snapshots()
    verdicts = [event.get("verdict") for event in run.events() if event.get("event") == "verdict"]
    words = [str(info.get("status", "not started"))]
    if snapshots:
        words.append(f"step {max(snapshots):,}")
    words += [str(verdict) for verdict in verdicts[-1:]]
    parts = [f"<p><b>{escape(str(run.path))}</b>: {escape(', '.join(words))}</p>"]
    if snapshots:
        image = base64.b64encode(snapshots[max(snapshots)].read_bytes()).decode()
        parts.append(f'<img alt="samples" style="max-width: 360px" src="data:image/png;base64,{image}">')
    parts.append(_curves(run.records()))
    return f"<div>{''.join(parts)}</div>"


def _curves(records: list[dict[str, Any]]) -> str:
    """Both losses over the steps, as a drawing; nothing where there are none."""
    curves = {
        name: [(record["step"], record[name]) for record in records if _number(record.get(name))] for name in COLOURS
    }
    points = [point for curve in curves.values() for point in curve]
    if len({step for step, _ in points}) < 2:
        return ""
    (left, right), (low, high) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    lines = []
    for (name, curve), colour in zip(curves.items(), COLOURS.values(), strict=True):
        places = " ".join(
            f"{WIDTH * (step - left) / (right - left):.1f},{HEIGHT * (high - loss) / max(high - low, 1e-12):.1f}"
            for step, loss in curve[:: max(1, len(curve) // POINTS)]
        )
        lines.append(f'<polyline points="{places}" fill="none" stroke="{colour}"><title>{name}</title></polyline>')
    legend = ", ".join(
        f'<span style="color: {colour}">{name.removeprefix("loss/")}</span>' for name, colour in COLOURS.items()
    )
    drawing = f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="losses">{"".join(lines)}</svg>'
    return f"<figure>{drawing}<figcaption>Losses of {legend}, {low:.3g} to {high:.3g}</figcaption></figure>"


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
