"""A diagnosis as people read it, and the table of all findings for the documentation."""

from itertools import pairwise
from math import isfinite
from statistics import median

from ganatomy.config.options import Config
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import TOO_EARLY, Finding
from ganatomy.diagnosis.monitor import FEWEST, WARM_UP, Monitor
from ganatomy.diagnosis.rule import RULES, Rule, finding_names
from ganatomy.diagnosis.window import TERMS


def page(monitor: Monitor) -> str:
    """The verdict, then every finding with its evidence and remedy."""
    return "\n\n".join([sentence(monitor), *(_paragraph(finding) for finding in monitor.findings())])


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
    needed = f". A verdict needs {FEWEST} probes and {WARM_UP} steps"
    steps = options.training.steps if options is not None else None
    return f"{needed}, and this training has {steps:,}" if steps is not None and steps < WARM_UP else needed


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
