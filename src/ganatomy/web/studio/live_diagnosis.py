"""What the diagnosis says of a run, look by look as they are recorded. No torch."""

from math import isfinite
from typing import Any

from ganatomy.diagnosis import Watch, reading, wording
from ganatomy.errors import UserError
from ganatomy.report import findings
from ganatomy.runs.run import Run
from ganatomy.web.studio.tail import Records


class LiveDiagnosis:
    """Follows a run's records; begins anew when they do."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.watch: Watch | None = None
        self._generation, self._over = -1, False

    def follow(self, records: Records, failed: bool) -> None:
        """Observe the looks that were read since the last time, and of a failed run what ended it.

        A run that cannot be diagnosed is left alone.
        """
        if self._generation != records.generation:
            try:
                self.watch = Watch(reading.facts(self.run))
            except UserError:
                return  # its options may be written yet
            self._generation, self._over = records.generation, False
        assert self.watch is not None
        for look in records.taken():
            self.watch.observe(look)
        if failed and records.share == 1 and not self._over:
            for end in reading.ending(self.run):
                self.watch.observe(end)
                self._over = True

    @property
    def step(self) -> int:
        """Of the last look; -1 before the first."""
        return self.watch.step if self._spoken and self.watch else -1

    def told(self) -> dict[str, Any] | None:
        """{verdict, healthy, step, looks, findings}; None where nobody looked."""
        if self.watch is None or not self._spoken:
            return None
        return {
            "verdict": self.watch.verdict,
            "healthy": not self.watch.present,
            "step": self.watch.step,
            "looks": len(self.watch.looks),
            "findings": [_finding(each) for each in self.watch.findings()],
        }

    def charts(self) -> list[dict[str, Any]]:
        """The evidence, as in the report."""
        return [chart._asdict() for chart in findings.charts(self.watch)]

    @property
    def _spoken(self) -> bool:
        return self.watch is not None and bool(self.watch.looks or self.watch.present)


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "title": str(finding),
        "sure": finding.sure,
        "when": wording.when(finding),
        "evidence": wording.evidence(finding) if isfinite(finding.value) else "",
        "meaning": finding.meaning,
        "remedy": finding.remedy,
        "command": finding.command,
        "began": finding.began,
        "until": None if finding.present else finding.until,
    }
