"""`ganatomy studio`: the runs in a browser. A process of its own that only reads; trainings never wait for it."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS
from ganatomy.web import guard, server
from ganatomy.web.studio import app
from ganatomy.web.studio.shelf import Shelf

PORT = 8050
TO_FINISH = 2  # seconds, after which pages that still ask are left


def studio(
    runs: str | Path = RUNS,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    token: str | None = None,
    names: Sequence[str] = (),
    browse: bool = False,
    console: Console | None = None,
) -> None:
    """Show the runs of a folder until SIGTERM or Ctrl-C.

    token: what visitors must know, if `host` is not this machine alone; one is made up if none is given. names: what
    else the studio is called. browse: open it in a browser. Raises UserError if there is no such folder.
    """
    if not Path(runs).is_dir():
        raise UserError(f"There is no folder {runs}; `ganatomy demo` makes it, with the first run.")
    console = console or Console(stderr=True)
    token = guard.token_for(host, token)
    application = app.build(Shelf(runs), may_start=guard.is_loopback(host))
    listening = server.bind(host, port)
    address = server.address(listening) + (f"/?token={token}" if token else "")
    console.print(
        f"{address}\nThe studio shows the runs in {runs}. Ctrl-C ends it; trainings go on.",
        highlight=False,
        soft_wrap=True,
    )
    if browse:
        webbrowser.open(address)
    server.run(guard.Guard(application, host, guard.listed(names), token, policy=app.POLICY), listening, TO_FINISH)
