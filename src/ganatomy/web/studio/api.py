"""`ganatomy studio`: runs in a browser, by a process that only reads run folders; trainings never wait for it."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS
from ganatomy.web import HOST, STUDIO_PORT, guard, server
from ganatomy.web.studio import app
from ganatomy.web.studio.run_store import RunStore

TO_FINISH = 2  # seconds to answer what was requested before the end


def studio(
    runs: str | Path = RUNS,
    *,
    host: str = HOST,
    port: int = STUDIO_PORT,
    token: str | None = None,
    allow: Sequence[str] = (),
    browse: bool = False,
    console: Console | None = None,
) -> None:
    """Show the runs of a folder until SIGTERM or Ctrl-C.

    host, port   where to listen; port 0 takes any free port
    token        what browsers must send if `host` is not a loopback address; a new one if not given
    allow        more host names to accept
    browse       open the studio in a browser
    console      where the address is printed

    Raises UserError where there is no such folder, an option is invalid, or the port is in use.
    """
    if not Path(runs).is_dir():
        raise UserError(f"There is no folder {runs}; `ganatomy demo` creates it, with a first run.")
    console = console or Console(stderr=True)
    token, allow = guard.token_for(host, token), guard.host_names(allow)
    application = app.build(RunStore(runs), may_start=guard.is_loopback(host))
    listener = server.bind(host, port)
    address = server.address(listener) + (f"/?token={token}" if token else "")
    console.print(
        f"{address}\nThe studio shows the runs in {runs}. Ctrl-C ends the studio; trainings continue.",
        highlight=False,
        soft_wrap=True,
    )
    if browse:
        webbrowser.open(address)
    server.run(guard.Guard(application, host, allow, token, policy=app.POLICY), listener, TO_FINISH)
