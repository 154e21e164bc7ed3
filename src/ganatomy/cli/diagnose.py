"""ganatomy diagnose"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts
from ganatomy.system.terminal import show


def diagnose(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run (path, name or last), finished or in training.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, for programs.")] = False,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit with 0 only where the training is healthy, 3 where something is wrong now, else 4.",
        ),
    ] = False,
    parts: Parts = None,
) -> None:
    """Report what is wrong with a training, since when, and what helps; from its records alone.

    ganatomy diagnose last
    ganatomy diagnose last --json
    """
    import json
    import sys

    from ganatomy.diagnosis import diagnose_run, wording
    from ganatomy.runs.run import Run
    from ganatomy.runs.status import status_of

    found = Run.find(run)
    monitor, status = diagnose_run(found), status_of(found, found.info(), found.events())
    if as_json:
        after = wording.next_step(monitor, status)
        added = {"sentence": wording.sentence(monitor), "next": after and after.json()}
        show(json.dumps({**monitor.json(), **added}, indent=1))
    else:
        show(wording.page(monitor, status))
        if status == "running":
            show(f"\n{wording.next_probe(monitor)}")
    if exit_code:
        sys.exit({"healthy": 0, "ill": 3}.get(monitor.state, 4))
