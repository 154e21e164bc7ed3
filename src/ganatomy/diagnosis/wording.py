"""A diagnosis as a person reads it."""

from math import isfinite

from ganatomy.diagnosis.watch import Finding, Watch


def page(watch: Watch) -> str:
    """The verdict, then every finding with its evidence and remedy."""
    if not watch.looks and not watch.present:
        return "Nobody has looked at this training yet: it is too short, or diagnosis.on=false."
    findings = watch.findings()
    count = len(watch.looks)
    head = f"{watch.verdict[0].upper()}{watch.verdict[1:]}, at step {watch.step:,} ({count} look{'s'[: count != 1]})."
    return "\n\n".join([head, *(_told(finding) for finding in findings)])


def _told(finding: Finding) -> str:
    lines = [f"{finding}  [{finding.sure}]", f"  {finding.meaning}", f"  When: {when(finding)}."]
    if isfinite(finding.value):
        lines.append(f"  Evidence: {evidence(finding)}.")
    lines.append(f"  Remedy: {finding.remedy}{':' if finding.command else '.'}")
    return "\n".join([*lines, *([f"    {finding.command}"] if finding.command else [])])


def when(finding: Finding) -> str:
    """Its steps, in words."""
    if not finding.said:
        return "before the first step"
    end = "" if finding.present else f", over after step {finding.until:,}"
    return f"since step {finding.began:,}, said at {finding.said:,}{end}"


def evidence(finding: Finding) -> str:
    """Signal, value and threshold, in words."""
    return f"signals/{finding.signal} is {finding.value:.3g}, the line is at {finding.threshold:.3g}"
