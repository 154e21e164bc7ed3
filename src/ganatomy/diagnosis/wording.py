"""A diagnosis as people read it, and the table of all findings for the documentation."""

from itertools import pairwise
from math import isfinite
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ganatomy.config.options import Config
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import TOO_EARLY, Finding
from ganatomy.diagnosis.monitor import FEWEST, WARM_UP, Monitor
from ganatomy.diagnosis.rule import RULES, Rule, finding_names
from ganatomy.diagnosis.window import TERMS, Window
from ganatomy.runs.run import RUNS
from ganatomy.runs.status import ACTIVE


class NextStep(NamedTuple):
    """The one thing to do next: in words, and as something to type, where there is such a thing."""

    words: str
    command: str | None = None

    @property
    def label(self) -> str:
        """The words as they are shown, in front of the command."""
        return f"Next: {self.words}{':' if self.command else '.'}"

    @property
    def text(self) -> str:
        """Words, and the command on a line of its own."""
        return "\n".join([self.label, *([f"  {self.command}"] if self.command else [])])

    def json(self) -> dict[str, str | None]:
        """{words, command}, for programs and pages: the words as they are shown."""
        return {"words": self.label, "command": self.command}


def page(monitor: Monitor, status: str = "finished") -> str:
    """The verdict and what to do next, then every finding with its evidence and remedy; status: of the run."""
    after = next_step(monitor, status)
    head = "\n".join([sentence(monitor), *([after.text] if after else [])])
    return "\n\n".join([head, *(_paragraph(finding) for finding in monitor.findings())])


def next_step(monitor: Monitor, status: str = "finished") -> NextStep | None:
    """The one thing to do next, the same wherever it is shown; None where there is nothing to do; status: of the run.

    Of a training of which nothing is known yet: what it needs, from its own options.
    """
    active, options = status in ACTIVE, monitor.context.config
    if monitor.present:
        return NextStep(monitor.present[0].remedy, monitor.present[0].command)
    if options is None or not options.diagnosis.on:
        return None
    match monitor.state:
        case "healthy":
            samples = {"tables": "rows", "sounds": "sounds"}.get(options.modality, "images")
            return None if active else _command(f"measure how good the {samples} are", monitor, "evaluate")
        case "open":
            return None if active else _command(_missing(monitor), monitor, "train", "--resume", more=monitor.step)
    needed, planned = _needed_steps(options), options.training.steps
    if planned is None or planned >= needed:
        if active:
            return None
        if status != "finished":
            return _command("train on", monitor, "train", "--resume")
    reached = -(-monitor.step * FEWEST // len(monitor.records)) if monitor.records else 0
    more = max(needed, reached) - monitor.step
    words = f"train {more:,} steps more{', once this training has ended' if active else ''}"
    return _command(words, monitor, "train", "--resume", more=more)


def _command(words: str, monitor: Monitor, *arguments: str, more: int | None = None) -> NextStep:
    """A verb with the run; the words alone where there is none; more: steps."""
    context = monitor.context
    if context.path is None:
        return NextStep(words)
    path, runs = Path(context.path), [] if more is None else ["--more-steps", str(more)]
    return NextStep(
        words,
        context.command(*arguments, path.name if path.parent.resolve() == RUNS.resolve() else context.path, *runs),
    )


def _missing(monitor: Monitor) -> str:
    """What a training of which nothing is known yet lacks, and that more steps give it."""
    if not monitor.checked:
        return f"train longer: {' and '.join(monitor.waiting[:2]) or 'most rules'} cannot be told from so few probes"
    window = Window(monitor.records)
    now, start = window("distance"), window.at_start("distance")
    far = f" (`distance` is {now:.2g}, and was {start:.2g} at first)" if isfinite(now) and isfinite(start) else ""
    return f"train longer, until generated images are half as far from the real ones as at the start{far}"


def _needed_steps(options: Config) -> int:
    """The first step at which there may be a verdict, as far as the options decide it."""
    record = options.log.every
    between = max(options.diagnosis.every, record)
    probes = max(FEWEST, -(-WARM_UP // between))
    return -(-probes * between // record) * record


def next_probe(monitor: Monitor) -> str:
    """When a training that goes on is probed next, by its options or by the steps between its last probes."""
    steps = [int(record["step"]) for record in monitor.records[-4:]]
    options = monitor.context.config
    if options is not None and options.diagnosis.every:
        return f"The next probe is due at step {monitor.step + options.diagnosis.every:,}."
    if len(steps) < 2:
        return "The next probe is due as soon as its cost is 2% of the training time or less."
    between = median(later - earlier for earlier, later in pairwise(steps))
    return f"The next probe is due about step {monitor.step + between:,.0f}."


def sentence(monitor: Monitor) -> str:
    """The verdict, when it was reached, and what it lacks: the same wherever it is shown."""
    options = monitor.context.config
    if not monitor.records and not monitor.present:
        if options is not None and not options.diagnosis.on:
            return "Not diagnosed: diagnosis.on=false."
        return f"{_capital(TOO_EARLY)}: no probe yet{_needed(options)}."
    probes = f"{len(monitor.records)} probe{'s'[: len(monitor.records) != 1]}"
    head = f"{_capital(monitor.verdict)}, at step {monitor.step:,} ({probes})"
    match monitor.state:
        case "early":
            return f"{head}{_needed(options)}."
        case "ill" if len(monitor.present) > 1:
            return f"{head}; or else {monitor.present[1]}."
        case "open":
            why = "generated images are not yet much closer to the real ones than at the start"
            return f"{head}; {why if monitor.checked else 'not every rule has had enough probes'}."
    return f"{head}."


def _needed(options: Config | None) -> str:
    """How much of a training a verdict needs, and how much there will be."""
    least = WARM_UP if options is None else _needed_steps(options)
    needed = f". A verdict needs {FEWEST} probes and {least:,} steps"
    steps = options.training.steps if options is not None else None
    return f"{needed}, and this training has {steps:,}" if steps is not None and steps < least else needed


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _paragraph(finding: Finding) -> str:
    lines = [f"{finding}  [{finding.certainty}]", f"  {finding.meaning}", f"  When: {when(finding)}."]
    if isfinite(finding.value):
        lines.append(f"  Evidence: {evidence(finding)}.")
    lines.append(f"  Remedy: {finding.remedy}{':' if finding.command else '.'}")
    return "\n".join([*lines, *([f"    {finding.command}"] if finding.command else [])])


def when(finding: Finding) -> str:
    """Its steps, in words."""
    if not finding.reported:
        return "before the first step"
    end = "" if finding.present else f", over after step {finding.until:,}"
    return f"since step {finding.began:,}, reported at {finding.reported:,}{end}"


def evidence(finding: Finding) -> str:
    """Signal, value and threshold, in words."""
    return f"signals/{finding.signal} is {finding.value:.3g}, the threshold is {finding.threshold:.3g}"


def findings_table() -> str:
    """Every finding in Markdown: what it needs, when it is reported, for how long that must hold, and what helps."""
    rows = [_row([each for each in RULES.values() if each.finding == name]) for name in finding_names()]
    return "\n".join(["| finding | reported when | held for | what helps |", "|---|---|---|---|", *rows, "", TERMS])


def _row(rules: list[Rule]) -> str:
    remedies = dict.fromkeys(each.remedy_for(TrainingContext()).words for each in rules)
    held = dict.fromkeys(_held(each) for each in rules)
    cells = (rules[0].finding, "; or ".join(each.described for each in rules), "; ".join(held), "; or ".join(remedies))
    return "| " + " | ".join(cells) + " |"


def _held(rule: Rule) -> str:
    probes = f"{rule.probes} probe{'s'[: rule.probes != 1]}" if rule.probes else "–"
    return f"{probes}, {rule.share:.0%}" if rule.share else probes
