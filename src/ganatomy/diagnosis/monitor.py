"""From records to findings, one record after the other: what is found at a step depends on nothing after it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal, TypeAlias

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import HEALTHY, TOO_EARLY, Finding
from ganatomy.diagnosis.remedies import Remedy, command_of
from ganatomy.diagnosis.rule import RULES, Rule, Symptom
from ganatomy.diagnosis.signals import PREFIX
from ganatomy.diagnosis.window import Window, so_far

FEWEST = 8  # probe records before a rule that needs several is reported,
WARM_UP = 300  # and steps: before, no generator has learnt much
SEVERAL = 4  # rules that need fewer records in a row are sure at once

State: TypeAlias = Literal["early", "open", "healthy", "ill"]


@dataclass
class _Streak:
    """How often a rule was checked, for how many records it has been holding, and for how many it has not."""

    checks: int = 0
    held: int = 0
    missed: int = 0
    began: int = 0
    finding: Finding | None = None


class Monitor:
    """Observes a training, record by record, and has its findings and its verdict at any time."""

    def __init__(self, context: TrainingContext) -> None:
        self.context = context
        self.records: list[dict[str, float]] = []  # those of probes: signals without their prefix, and losses
        rules = sorted(RULES.values(), key=lambda rule: rule.fallback)  # which asks what the others found
        self._streaks = [(rule, _Streak()) for rule in rules if rule.probes]
        self._remedies: dict[str, Remedy] = {}  # by rule, made when it is first reported
        at_start = ((rule, rule.check(Window(()), context)) for rule in RULES.values() if not rule.probes)
        self._ended: list[Finding] = []
        self._at_start = [self._finding(rule, symptom, "certain") for rule, symptom in at_start if symptom]

    def observe(self, record: Mapping[str, Any]) -> None:
        """A record of the training; one without signals is left alone."""
        if not any(name.startswith(PREFIX) for name in record):
            return
        numbers = {name.removeprefix(PREFIX): value for name, value in record.items() if _is_finite(value)}
        self.records.append(numbers)
        numbers |= so_far(self.records)
        window, step = Window(self.records), int(record["step"])
        for rule, streak in self._streaks:
            if all(name in numbers for name in rule.needs):  # a record that lacks them says nothing about the rule
                idle = rule.fallback and any(other.finding for _, other in self._streaks if other is not streak)
                self._update(rule, streak, rule.check(window, self.context), step, idle)

    def _update(self, rule: Rule, streak: _Streak, symptom: Symptom | None, step: int, idle: bool) -> None:
        """idle: something else is found, so that a fallback is not reported yet, and no longer."""
        streak.checks += 1
        if symptom is None or (idle and streak.finding):
            streak.held, streak.missed = 0, streak.missed + 1
            if streak.finding and streak.missed >= rule.probes:  # it takes as long to end as to begin
                self._ended.append(replace(streak.finding, present=False))
                streak.finding = None
            return
        streak.began = step if not streak.held else streak.began
        streak.held, streak.missed = streak.held + 1, 0
        long = streak.held >= rule.probes and step - streak.began >= rule.share * step
        before = streak.finding
        if before is None and (idle or not (long and (self.warm or rule.probes < SEVERAL))):
            return
        sure = streak.held >= 3 * rule.probes or not rule.share
        certainty = "suspected" if symptom.proxy else "certain" if sure else "likely"
        began, reported = (before.began, before.reported) if before else (streak.began, step)
        streak.finding = self._finding(rule, symptom, certainty, began, reported, step)

    def _finding(
        self, rule: Rule, symptom: Symptom, certainty: str, began: int = 0, reported: int = 0, until: int = 0
    ) -> Finding:
        if rule.name not in self._remedies:
            self._remedies[rule.name] = rule.remedy_for(self.context)
        remedy = self._remedies[rule.name]
        return Finding(
            rule.finding,
            symptom.detail,
            began,
            reported,
            until,
            True,
            symptom.signal,
            symptom.value,
            symptom.threshold,
            certainty,
            rule.meaning,
            remedy.words,
            remedy.settings,
            command_of(remedy, self.context),
        )

    @property
    def step(self) -> int:
        """That of the last probe; 0 before the first."""
        return int(self.records[-1]["step"]) if self.records else 0

    @property
    def present(self) -> list[Finding]:
        """What is wrong now, causes before effects, each name once: several rules may report the same."""
        now = [*self._at_start, *(streak.finding for _, streak in self._streaks if streak.finding)]
        return list({finding.name: finding for finding in reversed(now)}.values())[::-1]

    def findings(self) -> list[Finding]:
        """All that was found, in the order in which it was reported."""
        return sorted([*self._ended, *self.present], key=lambda finding: (finding.reported, finding.name))

    @property
    def warm(self) -> bool:
        """Whether there are enough records, and steps, to tell what lasts from what passes by itself."""
        return len(self.records) >= FEWEST and self.step >= WARM_UP

    @property
    def state(self) -> State:
        """What is known.

        ill: there is a finding; early: too few records or steps to say; healthy: every rule was checked often enough,
        nothing is found, and generated images are near the real ones, or much nearer than at the start; open: nothing
        is found, but that is not so.
        """
        if self.present:
            return "ill"
        if not self.warm:
            return "early"
        return "healthy" if self.checked and Window(self.records).learnt else "open"

    @property
    def checked(self) -> bool:
        """Whether each rule whose signals are measured was checked as often as it takes to report something.

        In a training of ours not before a whole probe: records of the last round lack the signals of many rules.
        """
        whole = self.context.config is None or any("movement" in record for record in self.records)
        return whole and not self.waiting

    @property
    def waiting(self) -> list[str]:
        """The findings whose signals are measured, but not often enough yet for them to be reported."""
        rare = (rule.finding for rule, streak in self._streaks if 0 < streak.checks < rule.probes)
        return list(dict.fromkeys(rare))

    @property
    def name(self) -> str:
        """The verdict without what changes from probe to probe."""
        names = {"early": TOO_EARLY, "open": "nothing found", "healthy": HEALTHY}
        return self.present[0].name if self.present else names[self.state]

    @property
    def verdict(self) -> str:
        """One line: the first cause of what is wrong now; or what is known besides."""
        if not self.present:
            return f"nothing found in {len(self.records)} probes" if self.state == "open" else self.name
        first = self.present[0]
        return str(first) if self.warm or first.certainty == "certain" else f"{first} (so far)"

    def json(self) -> dict[str, Any]:
        """{step, probes, state, verdict, findings}, what `ganatomy diagnose --json` prints."""
        return {
            "step": self.step,
            "probes": len(self.records),
            "state": self.state,
            "verdict": self.verdict,
            "findings": [finding.json() for finding in self.findings()],
        }


def diagnose(records: Iterable[Mapping[str, Any]], context: TrainingContext) -> list[Finding]:
    """What was wrong with a training, from its records alone: the same as was found while it trained."""
    monitor = Monitor(context)
    for record in records:
        monitor.observe(record)
    return monitor.findings()


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and isfinite(value)
