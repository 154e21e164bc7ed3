"""What is printed when a training ends."""

import re
import shlex
from pathlib import Path

import pytest

from ganatomy.system.terminal import Terminal
from ganatomy.training.results import show_results
from probe_records import recorded, records


def test_the_last_screen_says_what_to_do_with_this_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(tmp_path, records(40), "mine + a b")
    (run.path / "samples").mkdir(exist_ok=True)
    (run.path / "samples" / "000800.png").touch()
    show_results(run, Terminal())
    shown = capsys.readouterr().out.partition("To try next:")[2]
    commands = [shlex.split(line) for line in re.findall(r"^  (ganatomy .+?)  +\w", shown, re.M)]
    assert [command[1] for command in commands] == ["diagnose", "evaluate", "walk", "export"]
    assert all(Path(command[2]).name == "mine + a b" for command in commands)
