"""A diagnosis as people read it, and the table of all findings for the documentation."""

from math import isfinite

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import Finding
from ganatomy.diagnosis.monitor import Monitor
from ganatomy.diagnosis.rule import RULES, Rule, finding_names
from ganatomy.diagnosis.window import TERMS


def page(monitor: Monitor) -> str:
    """The verdict, then every finding with its evidence and remedy."""
    if not monitor.records and not monitor.present:
        return "This training has not been probed yet: it is too short, or diagnosis.on=false."
    probes = f"{len(monitor.records)} probe{'s'[: len(monitor.records) != 1]}"
    verdict = monitor.verdict[0].upper() + monitor.verdict[1:]
    head = f"{verdict}, at step {monitor.step:,} ({probes})."
    return "\n\n".join([head, *(_paragraph(finding) for finding in monitor.findings())])


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
