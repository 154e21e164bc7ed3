"""The generated exam's figures in Markdown."""

from collections import Counter
from collections.abc import Callable, Sequence

from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.diagnosis_exam.generated.results import GeneratedResult, of_kind


def page(results: Sequence[GeneratedResult]) -> str:
    """All figures."""
    harmed, healthy, harmless = (of_kind(results, kind) for kind in ("harmed", "healthy", "harmless"))
    named = [each for each in harmed if each.right]
    said = Counter(each.first or each.state for each in of_kind(results, "learnt nothing"))
    parts = [
        "| of | trainings | | share, 95% interval |",
        "|---|---|---|---|",
        _row("harmed by a fault that has a name", named, "the right name first", lambda each: each.first in each.right),
        _row("", named, "the right name among the first two", _among_two),
        _row("harmed by any fault", harmed, "any alarm", lambda each: bool(each.ever)),
        _row("", harmed, "called healthy at the end", lambda each: each.state == "healthy"),
        _row("healthy", healthy, "an alarm at any time", lambda each: bool(each.ever)),
        _row("faulty without verified harm", harmless, "an alarm at any time", lambda each: bool(each.ever)),
        "",
        "## Harmed",
        "",
        _listed(harmed),
        "",
        "## Healthy, where anything was reported",
        "",
        _listed([each for each in healthy if each.ever]),
        "",
        "## Faulty without verified harm",
        "",
        _listed(harmless),
        "",
        "## Nothing learnt",
        "",
        "The healthy training of the seed did not halve its Fréchet distance in its time, so that nothing can be said "
        f"of harm. Said at the end: {', '.join(f'{what} {number}' for what, number in said.most_common()) or '–'}.",
        "",
    ]
    return "\n".join(parts)


def _among_two(result: GeneratedResult) -> bool:
    return bool({result.first, result.second} & set(result.right))


def _row(of: str, results: Sequence[GeneratedResult], what: str, holds: Callable[[GeneratedResult], bool]) -> str:
    if not results:
        return f"| {of} | 0 | {what} | – |"
    share = estimate.share([holds(result) for result in results])
    return f"| {of} | {len(results)} | {what} | {share.value:.2f} [{share.low:.2f}, {share.high:.2f}] |"


def _listed(results: Sequence[GeneratedResult]) -> str:
    lines = [
        "| training | network, data | what was wrong | first, second | at the end | Fréchet distance, healthy |",
        "|---|---|---|---|---|---|",
    ]
    for each in results:
        mark = "" if each.kind != "harmed" or not each.right else " ✓" if each.first in each.right else " ✗"
        said = f"{each.first or '–'}{mark}{', ' * bool(each.second)}{each.second}"
        if not each.first and each.ever:
            said = "before: " + ", ".join(each.ever)
        lines.append(
            f"| {each.training} | {each.network}, {each.data} | {each.about} | {said} | {each.state}, "
            f"{each.steps:,} steps, {each.probes} probes | {each.fd:.3g}, {each.healthy_fd:.3g} |"
        )
    return "\n".join(lines)
