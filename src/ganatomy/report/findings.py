"""The diagnosis in the report: what was wrong, when, on which evidence, and what helps."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ganatomy.diagnosis import Finding, Monitor, wording
from ganatomy.report.charts import Chart, curve


def section(monitor: Monitor | None, status: str = "finished") -> str:
    """The verdict, what to do next, the timeline and the findings, as HTML; status: of the run."""
    if monitor is None:
        return ""
    rows = "".join(_row(finding, max(monitor.step, 1)) for finding in monitor.findings())
    state = {"healthy": "finished", "ill": "failed"}.get(monitor.state, "stopped")
    verdict = f'<p class="status" data-state="{state}">{escape(wording.sentence(monitor))}</p>'
    after = wording.next_step(monitor, status)
    words = f"<p>{escape(after.label)} {_code(after.command)}</p>" if after else ""
    return f'<section class="findings"><h2>Diagnosis</h2>{verdict}{words}{rows}</section>'


def _code(command: str | None) -> str:
    return f"<code>{escape(command)}</code>" if command else ""


def _row(finding: Finding, last: int) -> str:
    """One finding: its name, a bar over the time of the training, and words."""
    begin = 100 * finding.began / last
    width = max(100 * ((last if finding.present else finding.until) - finding.began) / last, 1)
    bar = f'<div class="bar"><span style="left:{begin:.1f}%;width:{min(width, 100 - begin):.1f}%"></span></div>'
    why = f" {wording.evidence(finding)}." if np.isfinite(finding.value) else ""
    return (
        f"<h3>{escape(str(finding))} <small>{finding.certainty}</small></h3>{bar}"
        f"<p>{escape(finding.meaning)} <small>{wording.when(finding).capitalize()}.{escape(why)}</small></p>"
        f"<p>What helps: {escape(finding.remedy)}. {_code(finding.command)}</p>"
    )


def charts(monitor: Monitor | None) -> list[Chart]:
    """The evidence of each finding: its signal over the steps, shaded while the finding held."""
    if monitor is None:
        return []
    found: dict[str, list[Finding]] = {}
    for finding in monitor.findings():
        if np.isfinite(finding.value):
            found.setdefault(finding.signal, []).append(finding)
    return [_evidence(signal, findings, monitor.records) for signal, findings in found.items()]


def _evidence(signal: str, findings: Sequence[Finding], records: Sequence[Mapping[str, float]]) -> Chart:
    measured = [(record["step"], record[signal]) for record in records if signal in record]
    steps, values = np.array(measured, np.float64).reshape(-1, 2).T
    names = " and ".join(dict.fromkeys(finding.name for finding in findings))
    data = {
        "series": [{"name": signal, "role": "other0", **curve(steps, values)}],
        "levels": [{"y": findings[-1].threshold, "text": "threshold", "role": "neutral"}],
        "shades": [[finding.began, finding.until] for finding in findings],
    }
    return Chart(f"Evidence: {signal}", f"Shaded while the diagnosis reports {names}: see docs/DIAGNOSIS.md.", data)
