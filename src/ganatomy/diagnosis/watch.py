"""From records to findings, one record after the other: what is said at a step depends on nothing after it."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import yaml

from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.remedies import Remedy, fitting
from ganatomy.diagnosis.rules import RULES, Evidence, Rule, Window
from ganatomy.diagnosis.signals import PREFIX

FEWEST = 8  # looks before anything is said that needs several
WARM_UP = 300  # and steps: before, no generator has learnt much
SOON = 4  # rules that need fewer looks in a row are about what does not change by training
HEALTHY = "healthy"


@dataclass(frozen=True)
class Finding:
    """What is wrong with a training, since when, why one thinks so, and what helps.

    name, detail          as in "mode collapse: 3 of about 10 kinds left"
    began, said, until    steps: the first look at which it was true, the one at which it was said, the last one
    present               whether it still is, at the last look
    signal, value, threshold    the evidence, at the last look at which it was true
    sure                  suspected (a weaker signal stands for one that is not there), likely, or certain
    """

    name: str
    detail: str
    began: int
    said: int
    until: int
    present: bool
    signal: str
    value: float
    threshold: float
    sure: str
    meaning: str
    remedy: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


@dataclass
class _Streak:
    """How long a rule has been holding, and how long it has not."""

    held: int = 0
    missed: int = 0
    began: int = 0
    finding: Finding | None = None


class Watch:
    """Follows a training; `observe` each record in turn, then ask for `findings` and the `verdict`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.looks: list[dict[str, float]] = []
        self.streaks = [_Streak() for _ in RULES]
        self.past: list[Finding] = [_of_data(problem) for problem in facts.problems]

    def observe(self, record: Mapping[str, Any]) -> None:
        """A record of the training; one without signals says nothing."""
        if not any(name.startswith(PREFIX) for name in record):
            return
        numbers = {name.removeprefix(PREFIX): value for name, value in record.items() if _number(value)}
        self.looks.append(numbers)
        window, step = Window(self.looks), int(record["step"])
        for rule, streak in zip(RULES, self.streaks, strict=True):
            asked = all(name in numbers for name in rule.needs)
            self._follow(rule, streak, rule.holds(window, self.facts) if asked else None, step)

    def _follow(self, rule: Rule, streak: _Streak, evidence: Evidence | None, step: int) -> None:
        if evidence is None:
            streak.held, streak.missed = 0, streak.missed + 1
            if streak.finding and streak.missed >= rule.looks:  # it takes as long to be over as to begin
                self.past.append(replace(streak.finding, present=False))
                streak.finding = None
            return
        streak.began = step if not streak.held else streak.began
        streak.held, streak.missed = streak.held + 1, 0
        warm = len(self.looks) >= FEWEST and step >= WARM_UP
        long = streak.held >= rule.looks and step - streak.began >= rule.share * step
        if streak.finding is None and long and (warm or rule.looks < SOON):
            streak.finding = self._found(rule, evidence, streak, step, step)
        elif streak.finding is not None:
            streak.finding = self._found(rule, evidence, streak, streak.finding.said, step)

    def _found(self, rule: Rule, evidence: Evidence, streak: _Streak, said: int, step: int) -> Finding:
        remedy = fitting(rule.remedy(self.facts), self.facts)
        sure = "suspected" if evidence.proxy else "certain" if streak.held >= 3 * rule.looks else "likely"
        began = streak.finding.began if streak.finding else streak.began
        return Finding(
            rule.name,
            evidence.detail,
            began,
            said,
            step,
            True,
            evidence.signal,
            evidence.value,
            evidence.threshold,
            sure,
            rule.meaning,
            remedy.words,
            remedy.settings,
            command(remedy, self.facts),
        )

    @property
    def step(self) -> int:
        """Of the last look; 0 before the first."""
        return int(self.looks[-1]["step"]) if self.looks else 0

    @property
    def present(self) -> list[Finding]:
        """What is wrong now, causes before effects, each name once: two rules may share one."""
        before = [finding for finding in self.past if finding.present]
        now = [*before, *(streak.finding for streak in self.streaks if streak.finding)]
        return list({finding.name: finding for finding in reversed(now)}.values())[::-1]

    def findings(self) -> list[Finding]:
        """All that was found, in the order in which it was said."""
        over = [finding for finding in self.past if not finding.present]
        return sorted([*over, *self.present], key=lambda finding: (finding.said, finding.name))

    @property
    def verdict(self) -> str:
        """One line: the first cause of what is wrong now, or `healthy`."""
        return str(self.present[0]) if self.present else HEALTHY


def diagnose(records: Iterable[Mapping[str, Any]], facts: Facts) -> list[Finding]:
    """What was wrong with a training, from its records alone: what was said live."""
    watch = Watch(facts)
    for record in records:
        watch.observe(record)
    return watch.findings()


def _of_data(problem: str) -> Finding:
    """What was wrong before the first step."""
    return Finding(
        "data cannot work",
        problem,
        began=0,
        said=0,
        until=0,
        present=True,
        signal="images",
        value=float("nan"),
        threshold=float("nan"),
        sure="certain",
        meaning="No training makes a generator of such images.",
        remedy="look at the data first",
        command="ganatomy data inspect",
    )


def command(remedy: Remedy, facts: Facts) -> str | None:
    """The training again with the remedy, as one types it; None where no option does it."""
    if not remedy.settings or facts.path is None:
        return None
    changes = [f"{name}={_plain(value)}" for name, value in remedy.settings.items()]
    return shlex.join(
        ["ganatomy", "train", "--config", f"{facts.path}/config.yaml", *(f"--set={change}" for change in changes)]
    )


def _plain(value: Any) -> str:
    """A value as YAML has it on one line."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(yaml.safe_dump(value, default_flow_style=True)).removesuffix("\n").removesuffix("\n...")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and isfinite(value)
