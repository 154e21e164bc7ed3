"""The status of a run."""

import os
import time
from pathlib import Path

from ganatomy.runs.status import status_of
from probe_records import recorded, records


def test_the_status_follows_from_the_folder_and_the_process(tmp_path: Path) -> None:
    run = recorded(tmp_path, records(1))
    old = time.time() - 3600
    os.utime(run.path / "metrics.jsonl", (old, old))
    paused = [{"event": "started"}, {"event": "paused"}]
    assert status_of(run, {"status": "running", "pid": os.getpid()}, []) == "running"
    assert status_of(run, {"status": "running", "pid": os.getpid()}, paused) == "paused"
    assert status_of(run, {"status": "running", "pid": os.getpid()}, [*paused, {"event": "resumed"}]) == "running"
    assert status_of(run, {"status": "running", "pid": 2**22 + 1}, []) == "interrupted"
    assert status_of(run, {"status": "finished"}, paused) == "finished"
    assert status_of(run, {}, []) == "unknown"
    os.utime(run.path / "metrics.jsonl")
    assert status_of(run, {"status": "running", "pid": 2**22 + 1}, []) == "running", "perhaps on another machine"
