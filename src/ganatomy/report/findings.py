"""The diagnosis in the report: what was wrong, when, why and what helps."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ganatomy.diagnosis import Watch, wording
from ganatomy.report.charts import Chart, curve

COLOURS = 3  # roles of curves that are nobody's own


def section(watch: Watch | None) -> str:
    """The verdict, the timeline and the findings, as HTML; nothing where nobody looked."""
    if watch is None or not (watch.looks or watch.present):
        return ""
    rows = "".join(_row(finding, max(watch.step, 1)) for finding in watch.findings())
    state = "finished" if not watch.present else "failed"
    verdict = f'<p class="status" data-state="{state}">{escape(watch.verdict[0].upper() + watch.verdict[1:])}</p>'
    return f'<section class="findings"><h2>Diagnosis</h2>{verdict}{rows}</section>'


def _row(finding: Any, last: int) -> str:
    """One finding: its name, a bar over the time of the training, and words."""
    begin = 100 * finding.began / last
    width = max(100 * ((last if finding.present else finding.until) - finding.began) / last, 1)
    bar = f'<div class="bar"><span style="left:{begin:.1f}%;width:{min(width, 100 - begin):.1f}%"></span></div>'
    why = f" {wording.evidence(finding)}." if np.isfinite(finding.value) else ""
    command = f"<code>{escape(finding.command)}</code>" if finding.command else ""
    return (
        f"<h3>{escape(str(finding))} <small>{finding.sure}</small></h3>{bar}"
        f"<p>{escape(finding.meaning)} <small>{wording.when(finding).capitalize()}.{escape(why)}</small></p>"
        f"<p>What helps: {escape(finding.remedy)}. {command}</p>"
    )


def charts(watch: Watch | None) -> list[Chart]:
    """The evidence of each finding: its signal over the steps, shaded while the finding held."""
    if watch is None:
        return []
    found: dict[str, list[Any]] = {}
    for finding in watch.findings():
        if np.isfinite(finding.value):
            found.setdefault(finding.signal, []).append(finding)
    return [_evidence(signal, findings, watch.looks) for signal, findings in found.items()]


def _evidence(signal: str, findings: Sequence[Any], looks: Sequence[Mapping[str, float]]) -> Chart:
    seen = [(look["step"], look[signal]) for look in looks if signal in look]
    steps, values = np.array(seen, np.float64).reshape(-1, 2).T
    names = " and ".join(dict.fromkeys(finding.name for finding in findings))
    data = {
        "series": [{"name": signal, "role": "other0", **curve(steps, values)}],
        "levels": [{"y": findings[-1].threshold, "text": "line", "role": "neutral"}],
        "shades": [[finding.began, finding.until] for finding in findings],
    }
    return Chart(f"Evidence: {signal}", f"Shaded where it says {names}. docs/DIAGNOSIS.md has what it measures.", data)
