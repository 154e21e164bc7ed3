"""Processes of a cluster: what is said where a machine has not the files."""

import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

from ganatomy.training.cluster.processes import NOT_SHARED, Program, carry_out

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed.")  # imported later: see Engine


def test_a_machine_that_does_not_share_the_files_says_so_and_starts_nothing(tmp_path: Path) -> None:
    host, same = socket.gethostname(), "all machines need the same files, as on a disk that they share."
    there, log = str(tmp_path), str(tmp_path / "logs" / "trial-0000.txt")
    gone = carry_out(Program("ganatomy", "", f"{there}/gone", {}), "one", None)
    assert (gone.status, gone.sentence) == (NOT_SHARED, f"{host} has no folder {there}/gone: {same}")
    unseen = carry_out(Program("ganatomy", "", there, {}, log, needs="logs/trial-0000.txt"), "one", None)
    assert (unseen.status, unseen.sentence) == (NOT_SHARED, f"{host} has no {log}: {same}")
    assert not list(tmp_path.iterdir())
