"""Small configurations of published recipes, for a machine without a GPU: each found by a sweep of the same size.

    python -m ganatomy.experiments.tuning --mnist MNIST/raw --cifar10 CIFAR.zip      writes docs/TUNING.md

Losses and architectures stay the recipes' own. What is varied is what a small machine makes one choose again: width,
learning rates, batch, discriminator steps, weights of penalties. Trials are timed, so the machine should be otherwise
idle. Sweeps that are finished are not carried out again; one that was stopped goes on.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.experiments.reproduction.context import TRAINING_IMAGES, interval_text, made, named, slug, table
from ganatomy.experiments.reproduction.rows import both
from ganatomy.runs.scorecard import number
from ganatomy.sweeps import results
from ganatomy.sweeps.api import resume_sweep, sweep
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.overview import state
from ganatomy.sweeps.space import label_of
from ganatomy.system.files import write_text
from ganatomy.system.runtime import cores
from ganatomy.system.terminal import Terminal

TRIALS = 10
MINUTES = {"MNIST": 3.0, "CIFAR-10": 6.0}  # of one core, each trial
AGAIN, SEEDS = 2, 1  # the two best and the settings it started from, once more with another seed
SAMPLES = 2_000  # generated images of each evaluation: a diffusion model takes a second for 25
PAGE, FIGURES = "TUNING.md", "tuning.json"

Settings = Mapping[str, Any]


def _together(option: str) -> str:
    """An option of both networks, or of both optimisers, with one value."""
    return ", ".join(both(**{option: None}))


def _falling(*roles: str) -> dict[str, Any]:
    """Learning rates that fall over the whole budget."""
    return {f"{role}_optimiser.learning_rate": {"kind": "cosine", "start": 1e-3, "end": 2e-5} for role in roles}


_GAME = _falling("generator", "discriminator")
_RATES = {  # where they begin
    "generator_optimiser.learning_rate.start": "log 3e-4..4e-3",
    "discriminator_optimiser.learning_rate.start": "log 3e-4..4e-3",
}
_AVERAGE = {"average.decay": [0.99, 0.995, 0.999]}
_RESIDUAL = {
    _together("width"): [16, 24, 32],
    **_RATES,
    "training.batch": [32, 64],
    "training.discriminator_steps": [1, 2, 5],
    **_AVERAGE,
}

R1 = "dcgan with R1"  # what auto has on a CPU for grey images

# What each sweep starts from, by recipe and perhaps more words: the sizes that docs/REPRODUCTION.md had before.
STARTS: dict[str, Settings] = {
    "dcgan": {**_GAME, **both(width=24)},
    R1: {**_GAME, **both(width=32), "discriminator.norm": "none", "penalties.r1": 0.1, "penalties.every": 16}
    | {"prior.dimension": 64, "training.batch": 32, "generator_optimiser.learning_rate.start": 2e-3},
    "sngan": {**_GAME, **both(width=24)},
    "wgan-gp": {**_GAME, **both(width=16)},
    "r3gan": {**_GAME, **both(blocks=[1], widths=[64, 32, 16], cardinality=[8, 4, 2]), "training.batch": 64}
    | {"penalties.r1": 0.05, "penalties.r2": 0.05},
    "stylegan2": {
        **_GAME,
        **both(channels_base=512, channels_most=64, mapping_layers=2),
        "generator.style": 64,
        "prior.dimension": 64,
        "penalties.r1": 1.0,
        "penalties.path_length": 0.0,
        "average.decay": 0.995,
    },
    "diffusion": {**_falling("generator"), "generator.width": 16, "training.batch": 32},
}

# What each sweep varies.
SPACES: dict[str, Settings] = {
    "dcgan": {_together("width"): [16, 24, 32, 48], **_RATES, "training.batch": [32, 64], **_AVERAGE},
    R1: {
        _together("width"): [24, 32, 48, 64],
        _together("resampling"): ["strided", "pooling"],
        **_RATES,
        "objective.name": ["non_saturating", "hinge", "relativistic_pairing"],
        "penalties.r1": "log 0.01..1",
        "penalties.every": [4, 16],
        "training.batch": [32, 64],
        **_AVERAGE,
    },
    "sngan": _RESIDUAL,
    "wgan-gp": {**_RESIDUAL, "penalties.wgan_gp": "log 0.3..10"},
    "r3gan": {
        _together("widths"): [[64, 32, 16], [128, 64, 32]],
        _together("cardinality"): [[8, 4, 2], [1, 1, 1]],
        "generator_optimiser.learning_rate.start, discriminator_optimiser.learning_rate.start": "log 3e-4..4e-3",
        "penalties.r1, penalties.r2": "log 0.01..1",
        "penalties.every": [1, 4, 16],
        "training.batch": [32, 64],
        **_AVERAGE,
    },
    "stylegan2": {
        _together("channels_base"): [256, 512, 1024],
        **_RATES,
        "penalties.r1": "log 0.03..3",
        "generator.mixing": [0.0, 0.9],
        "training.batch": [16, 32, 64],
        **_AVERAGE,
    },
    "diffusion": {
        "generator.width": [16, 24, 32],
        "generator.multipliers": [[1, 2], [1, 2, 2]],
        "generator.attention": [False, True],
        "generator_optimiser.learning_rate.start": "log 5e-4..5e-3",
        "training.batch": [16, 32, 64],
        **_AVERAGE,
    },
}

# What is trained on: MNIST's training images of the 2014 paper; CIFAR-10 as a folder of photographs is.
IMAGES: dict[str, Settings] = {
    "MNIST": {"data.first": TRAINING_IMAGES},
    "CIFAR-10": {"data.size": [32, 32], "data.flip": True},
}

# R3GAN's networks on CIFAR-10, whose 32 pixels are halved once more than MNIST's 28.
START_AT_32 = both(widths=[128, 64, 32, 16], cardinality=[16, 8, 4, 2])
SPACE_AT_32 = {
    _together("widths"): [[128, 64, 32, 16], [256, 128, 64, 32]],
    _together("cardinality"): [[16, 8, 4, 2], [1, 1, 1, 1]],
}


def main(
    mnist: Annotated[str, typer.Option(help="MNIST: the folder with its four IDX files.")] = "",
    cifar10: Annotated[str, typer.Option(help="CIFAR-10 as images: a folder or zip.")] = "",
    recipes: Annotated[str, typer.Option(help=f"Recipes: {', '.join(SPACES)}.")] = ",".join(SPACES),
    trials: Annotated[int, typer.Option(help="Trials of each sweep.")] = TRIALS,
    minutes: Annotated[float, typer.Option(help=f"Minutes of one core, each trial; 0: by set, {MINUTES}.")] = 0.0,
    samples: Annotated[int, typer.Option(help="Generated images of each evaluation.")] = SAMPLES,
    sweeps: Annotated[Path, typer.Option(help="Where sweeps are kept.")] = Path("sweeps/tuning"),
    out: Annotated[Path, typer.Option(help="Where TUNING.md and its JSON go.")] = Path("docs"),
) -> None:
    """Carry out a sweep for each recipe on each set that is given, and write the page."""
    console = Terminal()
    try:
        chosen, sets = named("recipe", recipes, SPACES), given(mnist, cifar10)
        efforts = {
            label: {"trials": trials, "minutes": minutes or MINUTES[label], "samples": samples} for label in sets
        }
        found = kept(out, efforts)
        out.mkdir(parents=True, exist_ok=True)
        for label, data in sets.items():
            for name in chosen:
                if name not in found[label]["recipes"]:
                    console.rule(f"{label}: {name}")
                    carried_out = tuned(label, data, name, efforts[label], sweeps, console)
                    found[label]["recipes"][name] = figures(carried_out)
                    write_text(out / FIGURES, json.dumps(found, indent=1) + "\n")
                    write_text(out / PAGE, text(found))
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


def given(mnist: str, cifar10: str) -> dict[str, str]:
    """The sets that are there, by name. Raises UserError where there is none."""
    found = {label: data for label, data in zip(IMAGES, (mnist, cifar10), strict=True) if data}
    if not found:
        raise UserError("Give --mnist, --cifar10 or both.")
    return found


def kept(out: Path, efforts: Mapping[str, Any]) -> dict[str, Any]:
    """What the page has, by set: the effort of each sweep, and what was found, by recipe; empty for the others.

    Raises UserError where its sweeps were of another size.
    """
    place = out / FIGURES
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
    for label, effort in efforts.items():
        before = found.setdefault(label, {"effort": effort, "recipes": {}})["effort"]
        if before != effort:
            raise UserError(f"{place} has sweeps of another size on {label}, {before}: give another --out.")
    return found


def tuned(label: str, data: str, name: str, effort: Mapping[str, Any], sweeps: Path, console: Terminal) -> Sweep:
    """The sweep of a recipe on a set, carried out to its end. Raises UserError where it is stopped, and as `sweep`."""
    path = sweeps / slug(f"{label} {name}")
    if (path / "sweep.json").is_file():
        carried_out = resume_sweep(path, workers=cores(), console=console)
    else:
        carried_out = sweep(
            data,
            config=change(recipe(name.split()[0]), start(label, name)),
            settings={"training.minutes": effort["minutes"], "diagnosis.on": False, **IMAGES[label]},
            space=space(label, name),
            trials=effort["trials"],
            workers=cores(),
            n=effort["samples"],
            again=AGAIN,
            seeds=SEEDS,
            prune=False,
            name=path.name,
            sweeps=sweeps,
            console=console,
        )
    if state(carried_out, Journal.of(carried_out)) != "finished":
        raise UserError(f"{path} was stopped; repeat the command to go on from there.")
    if not results.trainings_again(carried_out, Journal.of(carried_out)):
        raise UserError(f"{path}: none of its trials finished.")
    return carried_out


def start(label: str, name: str) -> Settings:
    """What the sweep of a recipe on a set starts from."""
    return {**STARTS[name], **(START_AT_32 if (label, name) == ("CIFAR-10", "r3gan") else {})}


def space(label: str, name: str) -> Settings:
    """What it varies."""
    return {**SPACES[name], **(SPACE_AT_32 if (label, name) == ("CIFAR-10", "r3gan") else {})}


def figures(carried_out: Sweep) -> dict[str, Any]:
    """What a sweep found, as JSON keeps it: the settings with the best scores over another seed."""
    trials = Journal.of(carried_out)
    again = results.retrained(carried_out, trials)
    best, own = again[0], again[-1]
    row = next(row for row in results.rows(carried_out, trials) if row.run == best.name)
    info = carried_out.run(best.name).info()
    return {
        "made": made(),
        "trial": row.outcomes[0].json(),
        "again": best.value,
        "start": own.value,
        "settings": dict(row.point),
        "images": info["images"],
        "precision": carried_out.run(best.name).config().runtime.precision,
    }


def text(found: Mapping[str, Any]) -> str:
    """The page."""
    parts = [TITLE]
    for label, of_set in found.items():
        rows = {name: of_set["recipes"][name] for name in SPACES if name in of_set["recipes"]}
        machines = "; ".join(sorted({each["made"] for each in rows.values()}))
        parts.append(SET.format(label=label, again=AGAIN, machines=machines, **of_set["effort"]) + _table(rows) + "\n")
        if missing := ", ".join(name for name in SPACES if name not in rows):
            parts.append(f"Not tuned yet: {missing}.\n")
    return "\n".join([*parts, _varied()])


def _table(rows: Mapping[str, Any]) -> str:
    label = next(iter(rows.values()))["trial"]["label"]
    body = [
        [
            f"`{name}`",
            interval_text(row["trial"]),
            _number(row["again"]),
            _number(row["start"]),
            f"{row['images']:,}",
            ", ".join(f"`{option}={results.shown(value)}`" for option, value in row["settings"].items()),
        ]
        for name, row in rows.items()
    ]
    head = ["recipe", f"{label} of its trial", "with another seed", "what it started from", "images seen", "settings"]
    return table(head, body)


def _number(value: float | None) -> str:
    return "did not finish" if value is None else number(value)


def _varied() -> str:
    """What each sweep varies, as files of `ganatomy sweep --space` have it."""
    parts = []
    for name, varied in SPACES.items():
        lines = (f"    {option}: {label_of(values)}" for option, values in varied.items())
        parts.append("\n".join([f"`{name}`\n", *lines]))
    at_32 = ", ".join(f"`{names}: {label_of(values)}`" for names, values in SPACE_AT_32.items())
    return "\n\n".join(["## What is varied", *parts, f"On CIFAR-10, of `r3gan`: {at_32}."]) + "\n"


TITLE = """# Small configurations, tuned alike

    python -m ganatomy.experiments.tuning --mnist MNIST/raw --cifar10 CIFAR.zip

Every recipe has a sweep of the same size, on a machine on which nothing else runs. Losses and architectures stay the
recipe's own, but for `dcgan with R1`, which is what `auto` has for grey images on a CPU; learning rates fall over the
whole budget.
"""
SET = """## {label}

{trials} trials of {minutes:g} minutes of one core, scored with {samples:,} generated images ({machines}).
The {again} best and what the sweep started from were trained once more, with a seed that no trial had; the best of
those counts.

"""


if __name__ == "__main__":
    typer.run(main)
