"""What remedies are worth: a fault is trained, and trained once more with the command of its finding's remedy.

    python -m ganatomy.experiments.diagnosis_exam.remedies           # writes docs/diagnosis-exam/remedies.json and the
                                                                     # table of docs/DIAGNOSIS.md

Both are scored by a distance that shares no code with the diagnosis, beside a healthy training of the same seed.
"""

import json
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ganatomy.config.options import Config
from ganatomy.config.settings import parse_settings
from ganatomy.diagnosis import Finding, diagnose_run
from ganatomy.diagnosis.rule import Rule
from ganatomy.diagnosis.rules import fallbacks, images, inputs, players
from ganatomy.errors import UserError, unknown
from ganatomy.experiments.diagnosis_exam.alterations import untouched
from ganatomy.experiments.diagnosis_exam.examine import train_and_score
from ganatomy.experiments.diagnosis_exam.faults import FAULTS, InjectedFault, both
from ganatomy.experiments.diagnosis_exam.plan import COMMON, DATA, NETWORKS, STEPS, acting, source
from ganatomy.runs.run import Run
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.system.terminal import show
from ganatomy.training import api as training

SHORT = 360  # steps of a fault that shows at once
SEEDS = (0, 1)  # the first was for finding remedies


@dataclass(frozen=True)
class RemedyTrial:
    """A fault, and the rule whose remedy is tried against it.

    quick: of the quickest one with a remedy, the steps that a test trains it for, else 0; mended: whether the remedy is
    enough, as far as known.
    """

    rule: Rule
    fault: InjectedFault
    network: str = "dcgan"
    steps: int = STEPS
    quick: int = 0
    mended: bool = True


@dataclass(frozen=True)
class RemedyOutcome:
    """Of one trial and seed, what was found, what the command changes, and Fréchet distances at the end.

    findings  those that the same changes remedy, the first one's; none where nothing was found that options remedy
    before    the distance without the command; after: with it, None where there is none
    healthy   of the training without the fault, where that was asked for
    """

    fault: str
    seed: int
    findings: Sequence[str]
    changes: Mapping[str, Any]
    before: float
    after: float | None
    healthy: float | None = None


EXPLOSION = InjectedFault("learning rates of 0.3", (), {**both("learning_rate", 0.3), "discriminator.norm": "none"})
TRIALS = {
    "explosion": RemedyTrial(inputs.not_finite, EXPLOSION, steps=SHORT, quick=SHORT),
    "mixed": RemedyTrial(players.batch_statistics_leak, FAULTS["mixed"], quick=SHORT),
    "weak": RemedyTrial(players.discriminator_learns_nothing, FAULTS["weak"], quick=SHORT),
    "large steps": RemedyTrial(players.output_saturates, FAULTS["large steps"]),
    "saturating": RemedyTrial(players.gradient_vanishes, FAULTS["saturating"]),
    "rates": RemedyTrial(players.generator_stalls, FAULTS["rates"]),
    "few images": RemedyTrial(players.discriminator_overfits, FAULTS["few images"], quick=STEPS),
    "no penalty": RemedyTrial(players.lipschitz_not_held, FAULTS["no penalty"], quick=SHORT),
    "swing": RemedyTrial(images.oscillation, FAULTS["swing"], mended=False),
    "greedy": RemedyTrial(players.discriminator_learns_nothing, FAULTS["greedy"]),
    "momentum": RemedyTrial(images.mode_collapse, FAULTS["momentum"], quick=STEPS),
    "slow average": RemedyTrial(players.average_far_behind, FAULTS["slow average"], quick=SHORT),
    "statistics": RemedyTrial(players.train_and_eval_differ, FAULTS["statistics"], quick=SHORT),
    "hardly moves": RemedyTrial(fallbacks.not_learning_yet, FAULTS["hardly moves"]),
}
UNTRIED = {  # rules whose remedy no trial shows, and why
    "memorisation": "its remedy is that of an overfitting discriminator; learning images by heart takes longer",
    "checkerboard": "no options leave a grid for long in so few steps",
    "oscillation": "its remedy is that of an output that saturates, which is found first; it does not mend `swing`",
    "steps too large": "its remedy is the same, and other findings come first",
    "images get worse": "its remedy is the same, and other findings come first",
    "generator makes no progress": "its remedy is that of a collapse; a generator that stalls is found first",
}


def try_remedy(name: str, seed: int, folder: Path, data: str = "digits", steps: int | None = None) -> RemedyOutcome:
    """Train the fault, and then the command of the first finding that options remedy; the folder keeps results."""
    trial, key = TRIALS[name], f"{_plain(name)}-{data}-{seed}"
    trial = replace(trial, steps=steps or trial.steps)
    before = train_and_score(key, _planned(trial, seed, folder, data), trial.fault.alter, folder)
    found = remediable(Run(folder / "runs" / key))
    if not found:
        return RemedyOutcome(name, seed, [], {}, before.end.fd, None)
    changes, remedied = commanded(found[0].command or "")
    after = train_and_score(f"{key}-remedied", remedied, trial.fault.alter, folder)
    return RemedyOutcome(name, seed, [finding.name for finding in found], changes, before.end.fd, after.end.fd)


def healthy_distance(name: str, seed: int, folder: Path, data: str) -> float:
    """That of the training without the fault of a trial."""
    trial = replace(TRIALS[name], fault=InjectedFault("", ()))
    key = f"healthy-{trial.network}-{trial.steps}-{data}-{seed}"
    return train_and_score(key, _planned(trial, seed, folder, data), untouched, folder).end.fd


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name)


def _planned(trial: RemedyTrial, seed: int, folder: Path, data: str) -> Config:
    settings = settings_of(trial, seed, data)
    return training.plan(source(data, folder / "data"), recipe="dcgan", settings=settings)


def settings_of(trial: RemedyTrial, seed: int, data: str) -> dict[str, Any]:
    """The options of a trial's faulty training, by name."""
    common = {**COMMON, "data.first": DATA[data], **NETWORKS[trial.network], "training.steps": trial.steps}
    return acting("dcgan", {**common, **trial.fault.settings, "training.seed": seed}, trial.fault.settings)


def remediable(run: Run) -> list[Finding]:
    """The first finding at a run's last probe that options remedy, and the others that the same options do."""
    found = [finding for finding in diagnose_run(run).present if finding.settings]
    return [finding for finding in found if finding.settings == found[0].settings]


def commanded(command: str) -> tuple[dict[str, Any], Config]:
    """What `ganatomy train --config FILE --set=… …` changes, and the configuration that it trains."""
    _, _, _, file, *flags = shlex.split(command)
    changes = parse_settings([flag.removeprefix("--set=") for flag in flags])
    return changes, training.plan(config=file, settings=changes)


def table(outcomes: Sequence[RemedyOutcome]) -> str:
    """One line for each fault, finding and change, in Markdown; distances are listed seed by seed."""
    lines = ["| fault | finding | what the command changes | Fréchet distance, without → with | healthy |"]
    lines.append("|---|---|---|---|---|")
    groups: dict[tuple[str, str, str], list[RemedyOutcome]] = {}
    for each in outcomes:
        groups.setdefault((each.fault, ", ".join(each.findings), _changed(each.changes)), []).append(each)
    for (name, found, changed), group in groups.items():
        gains = "; ".join(f"{each.before:.1f} → {'–' if each.after is None else f'{each.after:.1f}'}" for each in group)
        healthy = "; ".join("–" if each.healthy is None else f"{each.healthy:.1f}" for each in group)
        about = f"{name}: {TRIALS[name].fault.about}"
        lines.append(f"| {about} | {found or 'none that options remedy'} | {changed or '–'} | {gains} | {healthy} |")
    return "\n".join(lines)


def _changed(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}={_short(value)}`" for name, value in changes.items())


def _short(value: Any) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, (list, tuple)) else f"{value}"


def published(facts: Mapping[str, Any]) -> str:
    """What stands on the page: the table of remedies.json, and where its figures come from."""
    outcomes = [RemedyOutcome(**each) for each in facts["outcomes"]]
    seeds = [str(seed) for seed in sorted({each.seed for each in outcomes})]
    whose = f"Seed {seeds[0]}" if len(seeds) == 1 else f"Seeds {' and '.join(seeds)}, in this order"
    others = "".join(f" ({name}: {each.steps})" for name, each in TRIALS.items() if each.steps != STEPS)
    here = facts["machine"]
    origin = (
        f"{whose}; {STEPS} steps{others} on {facts['data']} at 16 × 16 pixels. {facts['date']}, {here['processor']}, "
        f"{here['cores']} cores."
    )
    return f"{table(outcomes)}\n\n{origin}"


def renewed(page: str, facts: Mapping[str, Any]) -> str:
    """A page's text with the table between its marks."""
    return BLOCK.sub(lambda found: f"{found[1]}\n\n{published(facts)}\n\n{found[2]}", page)


MARK = "<!-- written by python -m ganatomy.experiments.diagnosis_exam.remedies -->"
BLOCK = re.compile(f"({re.escape(MARK)}).*?(<!-- end -->)", re.S)


def _chosen(only: str) -> list[str]:
    """Names of faults. Raises UserError where there is no such fault."""
    names = [each.strip() for each in only.split(",") if each.strip()]
    for name in names:
        if name not in TRIALS:
            raise unknown("fault", name, TRIALS)
    return names


def main(
    folder: Annotated[Path, typer.Option(help="Where trainings and their results are kept.")] = Path("runs/remedies"),
    docs: Annotated[Path, typer.Option(help="Where DIAGNOSIS.md and diagnosis-exam/ are.")] = Path("docs"),
    only: Annotated[str, typer.Option(help="Names of faults, as in weak,swing, to print alone; empty: all.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds of the trainings.")] = ",".join(map(str, SEEDS)),
    data: Annotated[str, typer.Option(help=f"The data set: {', '.join(DATA)}.")] = "digits",
) -> None:
    """Train each fault and its remedy, and write the table. A stopped command goes on where it was."""
    try:
        names = _chosen(only)
        source(data, folder / "data")
        outcomes = []
        for name in names or TRIALS:
            for seed in seeds.split(","):
                found = try_remedy(name, int(seed), folder, data)
                outcomes.append(replace(found, healthy=healthy_distance(name, int(seed), folder, data)))
                show(table(outcomes[-1:]).splitlines()[-1])
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None
    except ValueError:
        raise SystemExit(f"ganatomy: --seeds {seeds} should be whole numbers, such as 0,1.") from None
    if names:
        return
    here = {name: machine.describe()[name] for name in ("processor", "cores")}
    written = {"date": time.strftime("%Y-%m-%d"), "machine": here, "data": data}
    facts = {**written, "outcomes": [asdict(outcome) for outcome in outcomes]}
    write_text(docs / "diagnosis-exam" / "remedies.json", json.dumps(facts, indent=1) + "\n")
    page = docs / "DIAGNOSIS.md"
    write_text(page, renewed(page.read_text(encoding="utf-8"), facts))


if __name__ == "__main__":
    typer.run(main)
