"""ganatomy lab"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts


def lab(
    target: Annotated[str, typer.Argument(help="What to learn: {ganatomy.theory.lab.targets:TARGETS}.")] = "ring",
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
    steps: Annotated[int, typer.Option(min=1, help="Rounds of the game.")] = 2000,
    pictures: Annotated[int, typer.Option(min=2, help="Pictures of the animation.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    name: Annotated[str | None, typer.Option(help="The run's name; TARGET-001, … if not given.")] = None,
    parts: Parts = None,
) -> None:
    """Watch a small GAN learn a known distribution: D beside the optimal D, gradients, latent space, the game's value.

    ganatomy lab ring --penalty r1=0.002
    ganatomy lab grid --objective relativistic_pairing --penalty r1=0.1 --penalty r2=0.1
    """
    from ganatomy.system.terminal import Terminal, show
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
