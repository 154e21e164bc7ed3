"""The studio beside a training of the same command, for as long as that goes on: `ganatomy train --studio`."""

import atexit
import os
import subprocess
import sys

from ganatomy.runs.run import RUNS, Run


def start(resumed: str | None = None) -> None:
    """Start the studio on the folder where the run will be: that of the run that is resumed, or runs/.

    Raises UserError where there is no such run. Of several processes that train together only the first one starts it.
    """
    if os.environ.get("RANK", "0") != "0":
        return
    runs = RUNS if resumed is None else Run.find(resumed).path.resolve().parent
    runs.mkdir(exist_ok=True)
    # In a session of its own: Ctrl-C stops the training first, and at its end this.
    command = [sys.executable, "-m", "ganatomy", "studio", str(runs), "--port", "0"]
    watcher = subprocess.Popen(command, start_new_session=True)
    atexit.register(watcher.terminate)
