"""`ganatomy studio`: runs in a browser, by a process that only reads run folders; trainings never wait for it."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS
from ganatomy.system.terminal import Terminal
from ganatomy.web import HOST, STUDIO_PORT, access, guard, server
from ganatomy.web.studio import app
from ganatomy.web.studio.run_store import RunStore

TO_FINISH = 2  # seconds to answer what was requested before the end


def studio(
    runs: str | Path = RUNS,
    *,
    host: str = HOST,
    port: int = STUDIO_PORT,
    token: str | None = None,
    token_file: Path | None = None,
    no_token: bool = False,
    allow: Sequence[str] = (),
    browse: bool = False,
    console: Console | None = None,
) -> None:
    """Show the runs of a folder until SIGTERM or Ctrl-C.

    host, port   where to listen; port 0 takes any free port
    token        what browsers must send; a new one if not given
    token_file   has the token, or gets a new one; the printed address is then without it
    no_token     answer without a token, all accounts of this machine too; pages can then start no trainings
    allow        more host names to accept
    browse       open the studio in a browser
    console      where the address is printed

    Raises UserError where there is no such folder, an option is invalid, or the port is in use.
    """
    if not Path(runs).is_dir():
        raise UserError(f"There is no folder {runs}; `ganatomy demo` creates it, with a first run.")
    console = console or Terminal(stderr=True)
    token, allow = access.token_for(token, token_file, no_token), guard.host_names(allow)
    application = app.build(RunStore(runs), may_start=guard.is_loopback(host) and token is not None)
    listener = server.bind(host, port)
    address = server.address(listener)
    console.print(
        f"{access.with_token(address, None if token_file else token)}\n"
        f"The studio shows the runs in {runs}. Ctrl-C ends the studio; trainings continue.",
        highlight=False,
        soft_wrap=True,
    )
    guarded = guard.Guard(application, host, allow, token, policy=app.POLICY)
    with access.browsing(access.with_token(address, token), Path(runs)) if browse else nullcontext():
        server.run(guarded, listener, TO_FINISH)
