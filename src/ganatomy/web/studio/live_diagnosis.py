"""What the diagnosis reports of a run, probe by probe as they are recorded. No torch."""

from math import isfinite
from typing import Any

from ganatomy.diagnosis import Monitor, reading, wording
from ganatomy.errors import UserError
from ganatomy.report import findings
from ganatomy.runs.run import Run
from ganatomy.web.studio.tail import Records


class LiveDiagnosis:
    """Follows a run's records; begins anew when they do."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.monitor: Monitor | None = None
        self._generation, self._over = -1, False

    def follow(self, records: Records, failed: bool) -> None:
        """Observe the probe records that were read since the last time, and of a failed run what ended it.

        A run that cannot be diagnosed is left alone.
        """
        if self._generation != records.generation:
            try:
                self.monitor = Monitor(reading.context_of(self.run))
            except UserError:
                return  # its options may be written yet
            self._generation, self._over = records.generation, False
        assert self.monitor is not None
        for record in records.taken():
            self.monitor.observe(record)
        if failed and records.share == 1 and not self._over:
            for end in reading.ending(self.run):
                self.monitor.observe(end)
                self._over = True

    @property
    def step(self) -> int:
        """That of the last probe; -1 before the first."""
        return self.monitor.step if self._spoken and self.monitor else -1

    def told(self) -> dict[str, Any] | None:
        """{verdict, healthy, step, looks, findings}; None before the first probe."""
        if self.monitor is None or not self._spoken:
            return None
        return {
            "verdict": self.monitor.verdict,
            "healthy": not self.monitor.present,
            "step": self.monitor.step,
            "looks": len(self.monitor.records),
            "findings": [_finding(each) for each in self.monitor.findings()],
        }

    def charts(self) -> list[dict[str, Any]]:
        """The evidence, as in the report."""
        return [chart._asdict() for chart in findings.charts(self.monitor)]

    @property
    def _spoken(self) -> bool:
        return self.monitor is not None and bool(self.monitor.records or self.monitor.present)


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "title": str(finding),
        "sure": finding.certainty,
        "when": wording.when(finding),
        "evidence": wording.evidence(finding) if isfinite(finding.value) else "",
        "meaning": finding.meaning,
        "remedy": finding.remedy,
        "command": finding.command,
        "began": finding.began,
        "until": None if finding.present else finding.until,
    }
