"""The diagnosis of a run, updated as the probe records. No torch."""

from math import isfinite
from typing import Any

from ganatomy.diagnosis import Finding, Monitor, reading, wording
from ganatomy.errors import UserError
from ganatomy.report import findings
from ganatomy.runs.run import Run
from ganatomy.web.studio.tail import Records


class LiveDiagnosis:
    """The diagnosis of one run; starts anew when its records do."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.monitor: Monitor | None = None
        self._generation, self._over = -1, False

    def update(self, records: Records, failed: bool) -> None:
        """Observe what was read since the last time, and the end of a failed run.

        A run without readable options has no diagnosis.
        """
        if self._generation != records.generation:
            try:
                self.monitor = Monitor(reading.context_of(self.run))
            except UserError:
                return  # they may not be written yet
            self._generation, self._over = records.generation, False
        assert self.monitor is not None
        for probe in records.take_probes():
            self.monitor.observe(probe)
        if failed and records.share == 1 and not self._over:
            for end in reading.ending(self.run):
                self.monitor.observe(end)
                self._over = True

    @property
    def step(self) -> int:
        """The step of the newest probe record; −1 before the first."""
        return self.monitor.step if self.monitor and (self.monitor.records or self.monitor.present) else -1

    def to_json(self, status: str) -> dict[str, Any] | None:
        """{verdict, state, sentence, next, step, findings}; None without readable options; status: of the run."""
        if self.monitor is None:
            return None
        after = wording.next_step(self.monitor, status)
        return {
            "verdict": self.monitor.verdict,
            "state": self.monitor.state,
            "sentence": wording.sentence(self.monitor),
            "next": after and after.json(),
            "step": self.monitor.step,
            "findings": [_finding(each) for each in self.monitor.findings()],
        }

    def charts(self) -> list[dict[str, Any]]:
        """The charts of the findings' signals, as in the report."""
        return [chart._asdict() for chart in findings.charts(self.monitor)]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "title": str(finding),
        "certainty": finding.certainty,
        "when": wording.when(finding),
        "evidence": wording.evidence(finding) if isfinite(finding.value) else "",
        "meaning": finding.meaning,
        "remedy": finding.remedy,
        "command": finding.command,
        "began": finding.began,
        "until": None if finding.present else finding.until,
    }
