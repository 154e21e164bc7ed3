"""The journal: lines of JSON, whole after any kill; where a trial lies follows from seed, number and trials before."""

import json
import pickle  # noqa: TID251 — to see that nothing uses it
from pathlib import Path
from statistics import mean

import pytest
from optuna.trial import TrialState

from ganatomy.errors import UserError
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.space import parse

SPACE = parse({"x": "-1..1", "kind": ["a", "b"], "kind=b": {"y": "log 0.1..10"}})


def filled(path: Path, trials: int, seed: int = 0, reopen: bool = False) -> Journal:
    """A journal with finished trials; reopen: opened anew before everything, as after kills."""
    journal = Journal(path, 1, seed)
    for _ in range(trials):
        journal = Journal(path, 1, seed) if reopen else journal
        trial = journal.ask(SPACE, {})
        journal = Journal(path, 1, seed) if reopen else journal
        (trial,) = journal.unfinished()
        journal.tell(trial, TrialState.COMPLETE, [trial.user_attrs["point"]["x"] ** 2], seconds=1.5)
    return journal


def test_it_is_json_lines_and_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "journal.jsonl", 12)
    for function in ("load", "loads", "dump", "dumps"):
        monkeypatch.setattr(pickle, function, None)
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["op_code"] for line in lines] == [0, *[4, 8, 6] * 12]
    journal = filled(tmp_path / "journal.jsonl", 1)
    assert len(journal.trials(TrialState.COMPLETE)) == 13


def test_where_trials_lie_does_not_depend_on_interruptions(tmp_path: Path) -> None:
    points = [
        [trial.user_attrs["point"] for trial in filled(tmp_path / name, 15, seed, reopen).trials()]
        for name, seed, reopen in (("one", 0, False), ("two", 0, True), ("three", 1, False))
    ]
    assert points[0] == points[1] != points[2]
    assert len({str(point) for point in points[0]}) == 15


def test_later_trials_are_better(tmp_path: Path) -> None:
    journal, space = Journal(tmp_path / "journal", 1, 0), parse({"x": "-1..1"})
    for _ in range(40):
        trial = journal.ask(space, {})
        journal.tell(trial, TrialState.COMPLETE, [trial.params["x"] ** 2])
    values = [trial.values[0] for trial in journal.trials()]
    assert mean(values[20:]) < 0.6 * mean(values[:10])


def test_an_unfinished_trial_is_there_after_a_kill(tmp_path: Path) -> None:
    journal = filled(tmp_path / "journal", 2)
    asked = journal.ask(SPACE, {})
    (found,) = Journal(tmp_path / "journal", 1, 0).unfinished()
    assert (found.number, found.params, found.user_attrs) == (asked.number, asked.params, asked.user_attrs)


def test_a_trial_is_begun_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    filled(path, 2)
    before = path.read_bytes()
    asked = Journal(path, 1, 0).ask(SPACE, {}).user_attrs["point"]
    line = path.read_bytes()[len(before) :]
    assert line.count(b"\n") == 1
    for cut in (1, len(line) // 2, len(line) - 1):
        path.write_bytes(before + line[:cut])
        journal = Journal(path, 1, 0)
        assert journal.unfinished() == []
        assert path.read_bytes() == before
        assert journal.ask(SPACE, {}).user_attrs["point"] == asked


@pytest.mark.parametrize("bad", [b"{}", b"nothing", b"[1]", b"[" * 100_000, b"\xff\xff"])
def test_a_damaged_line_is_named(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "journal"
    filled(path, 1)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + bad + b"\n" + b"".join(rest))
    with pytest.raises(UserError, match=r"journal is damaged: line 2 is no entry of a journal\.$"):
        Journal(path, 1, 0)


def test_the_first_trial_is_at_the_settings_that_it_starts_from(tmp_path: Path) -> None:
    own = {"x": 0.25, "kind": "b", "y": 3.0}
    journal = Journal(tmp_path / "journal", 1, 0)
    assert journal.ask(SPACE, own).user_attrs["point"] == own
    assert journal.ask(SPACE, own).user_attrs["point"] != own
    outside = Journal(tmp_path / "other", 1, 0).ask(SPACE, {**own, "x": 7}).user_attrs["point"]
    assert -1 <= outside["x"] <= 1


def test_the_best_come_first_and_of_two_objectives_the_front(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", 2, 0)
    for values in ([3.0, 3.0], [1.0, 4.0], [2.0, 1.0], [2.5, 1.5]):
        journal.tell(journal.ask(SPACE, {}), TrialState.COMPLETE, values)
    journal.tell(journal.ask(SPACE, {}), TrialState.PRUNED, reason="mode collapse")
    assert [trial.number for trial in journal.best()] == [1, 2, 3, 0]
    assert journal.trials()[4].user_attrs["reason"] == "mode collapse"
