"""ganatomy claims"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import On, Parts, ProcessResources, engine_of, page_folder


def claims(
    folder: Annotated[Path | None, typer.Argument(help="With --to web: a new folder for the page.")] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A claim to decide, or all; may be repeated. Without it they are listed."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller experiments, one seed each: minutes.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Trials of each claim; all must agree.")] = 5,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first trial; the others follow it.")] = 0,
    out: Annotated[Path, typer.Option(help="Where CLAIMS.md, its JSON and its pictures go.")] = Path("docs"),
    to: Annotated[
        str | None,
        typer.Option(metavar="web", help="web: the claims that are decided in --out, as a page that needs no server."),
    ] = None,
    on: On = None,
    resources: ProcessResources = None,
    parts: Parts = None,
) -> None:
    """Decide by experiment what the articles claim, and write a page about it. Fails if a claim does not hold.

    ganatomy claims
    ganatomy claims --run circling --quick
    ganatomy claims --run roles --first-seed 10 --out fresh
    ganatomy claims --run all --on 10.0.0.1:6379
    ganatomy claims --to web claims-page
    """
    from ganatomy.experiments.claims import api
    from ganatomy.experiments.claims.claim import catalogue
    from ganatomy.system.terminal import Terminal, show

    place = page_folder(to, folder, "ganatomy claims")
    verdicts = {}
    if run:
        engine = engine_of(on, resources)
        verdicts = api.claims(
            run, quick=quick, seeds=seeds, first_seed=first_seed, out=out, engine=engine, console=Terminal()
        )
    if place is not None:
        from ganatomy.web.offline.claims import claims_page

        show(claims_page(out, place, console=Terminal()))
    elif run:
        show(out / "CLAIMS.md")
    else:
        for number, claim in enumerate(catalogue().values(), 1):
            show(f"{number:2} {claim.name}: {claim.sentence}")
    _fail({name: verdict["holds"] for name, verdict in verdicts.items()})


def _fail(holds: dict[str, bool]) -> None:
    """Raises UserError where a claim does not hold."""
    from ganatomy.errors import UserError

    failed = [name for name, it_does in holds.items() if not it_does]
    if failed:
        raise UserError(f"{len(failed)} of {len(holds)} claims did not hold: {', '.join(failed)}.")
