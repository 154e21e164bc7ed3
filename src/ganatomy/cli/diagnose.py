"""ganatomy diagnose"""

from typing import Annotated

import typer


def diagnose(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run (path, name or last), finished or in training.")],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Status 3 if something is wrong now, 4 if nobody has looked yet.")
    ] = False,
) -> None:
    """Say what is wrong with a training, since when, and what helps; from its records alone."""
    import json
    import sys
    from dataclasses import asdict

    from ganatomy.diagnosis import of_run, wording
    from ganatomy.runs.run import Run

    watch = of_run(Run.find(run))
    if as_json:
        findings = [asdict(finding) for finding in watch.findings()]
        print(json.dumps({"step": watch.step, "verdict": watch.verdict, "findings": findings}, indent=1))
    else:
        print(wording.page(watch))
    if exit_code:
        sys.exit(3 if watch.present else 0 if watch.looks else 4)
