"""ganatomy lab"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts, page_folder, parse_seeds

PAGE = "With --to web: a page of recorded games, one for every combination"
STEPS, PICTURES = 400, 16  # of each game on a page, unless they are given
PLURAL = {  # options of one game, and what a page has instead
    "objective": "--objectives",
    "penalty": "--penalties",
    "k": "--ks",
    "lr_g": "--rates",
    "lr_d": "--rates",
    "seed": "--seeds",
    "name": "FOLDER",
}
OF_PAGES = ("objectives", "ks", "rates", "penalties", "seeds")


def lab(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="What to learn: {ganatomy.theory.lab.targets:TARGETS}.")] = "ring",
    folder: Annotated[Path | None, typer.Argument(help="With --to web: a new folder for the page.")] = None,
    objective: Annotated[str, typer.Option(help="{ganatomy.gan.objectives:OBJECTIVES}.")] = "non_saturating",
    penalty: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=WEIGHT", help="{ganatomy.gan.penalties:PENALTIES}; may be repeated."),
    ] = None,
    clip: Annotated[float, typer.Option(min=0, help="Clip the discriminator's weights to ±this.")] = 0.0,
    k: Annotated[int, typer.Option(min=1, help="Discriminator steps for each of the generator's.")] = 2,
    lr_g: Annotated[float, typer.Option(help="The generator's learning rate.")] = 1e-4,
    lr_d: Annotated[float, typer.Option(help="The discriminator's learning rate.")] = 2e-3,
    width: Annotated[int, typer.Option(min=2, help="Units of each hidden layer.")] = 64,
    steps: Annotated[int, typer.Option(min=1, help=f"Rounds of the game; {STEPS} on a page.")] = 2000,
    pictures: Annotated[int, typer.Option(min=2, help=f"Pictures of the game; {PICTURES} on a page.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    name: Annotated[str | None, typer.Option(help="The run's name; TARGET-001, … if not given.")] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="web", help="web: recorded games on a page that needs no server, instead of a run."),
    ] = None,
    objectives: Annotated[
        str, typer.Option(metavar="NAME,…", help="Objectives.", rich_help_panel=PAGE)
    ] = "minimax,non_saturating,wasserstein",
    ks: Annotated[str, typer.Option(metavar="K,…", help="Values of k.", rich_help_panel=PAGE)] = "1,5",
    rates: Annotated[
        str, typer.Option(metavar="G:D,…", help="Learning rates of the two players.", rich_help_panel=PAGE)
    ] = "0.001:0.001,0.0005:0.004",
    penalties: Annotated[
        str,
        typer.Option(
            metavar="NAME=WEIGHT,…", help="Penalties: none, r1=0.1, or r1=0.1+r2=0.1 for both.", rich_help_panel=PAGE
        ),
    ] = "none,r1=0.1",
    seeds: Annotated[str, typer.Option(metavar="0-3,…", help="Seeds.", rich_help_panel=PAGE)] = "0,1",
    parts: Parts = None,
) -> None:
    """Watch a small GAN learn a known distribution: D beside the optimal D, gradients, latent space, the game's value.

    ganatomy lab ring --penalty r1=0.002
    ganatomy lab grid --objective relativistic_pairing --penalty r1=0.1 --penalty r2=0.1
    ganatomy lab ring --to web ring-games
    """
    from ganatomy.system.terminal import Terminal, show

    given = {each for each in ctx.params if getattr(ctx.get_parameter_source(each), "name", "") == "COMMANDLINE"}
    place = page_folder(to, folder, f"ganatomy lab {target}")
    if place is not None:
        from ganatomy.system.runtime import cores
        from ganatomy.web.offline.grid import parse_grid
        from ganatomy.web.offline.lab import lab_page

        _not_with(given, {each: f"a page has {plural} instead" for each, plural in PLURAL.items()})
        rounds = {
            "steps": steps if "steps" in given else STEPS,
            "pictures": pictures if "pictures" in given else PICTURES,
        }
        lists = {"objectives": objectives, "ks": ks, "rates": rates, "penalties": penalties}
        grid = parse_grid(target, **lists, seeds=parse_seeds(seeds), shared={**rounds, "clip": clip, "width": width})
        show(lab_page(grid, place, jobs=cores(), console=Terminal()))
        return
    _not_with(given, dict.fromkeys(OF_PAGES, "--to web makes a page of many games"))
    from ganatomy.theory.lab import api

    run = api.lab(
        target,
        objective=objective,
        penalties=_weights(penalty or []),
        clip=clip,
        k=k,
        learning_rate_generator=lr_g,
        learning_rate_discriminator=lr_d,
        width=width,
        steps=steps,
        pictures=pictures,
        seed=seed,
        name=name,
        console=Terminal(),
    )
    show(f"{run.path / 'lab.webp'}\n{run.path / 'report.html'}")


def _not_with(given: set[str], reasons: dict[str, str]) -> None:
    """Raises UserError for an option that was given, and has a reason not to be."""
    from ganatomy.errors import UserError

    for each, reason in reasons.items():
        if each in given:
            raise UserError(f"--{each.replace('_', '-')} does not go with the rest: {reason}.")


def _weights(penalties: list[str]) -> dict[str, float]:
    """["r1=0.1"] → {"r1": 0.1}"""
    from ganatomy.errors import UserError

    weights = {}
    for text in penalties:
        penalty, equals, weight = text.partition("=")
        try:
            weights[penalty.strip()] = float(weight if equals else "1")
        except ValueError:
            raise UserError(f"--penalty {text}: write NAME=WEIGHT, for example r1=0.1.") from None
    return weights
