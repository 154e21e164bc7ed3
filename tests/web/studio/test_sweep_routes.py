"""Sweeps beside runs: what is listed, what a page is told, and what is refused. Reading a sweep changes nothing."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from made_up_sweep import ENDED, RATE, finished
from visiting import Visitor

from ganatomy.errors import UserError
from ganatomy.sweeps import page
from ganatomy.sweeps.charts import charts
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.system import extras
from ganatomy.web.studio import sweep_routes


@pytest.fixture
def sweep(runs: Path) -> Sweep:
    return Sweep(runs.parent / "sweeps" / "small")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_list_has_every_sweep_with_its_state(visitor: Visitor, sweep: Sweep) -> None:
    (found,) = visitor.get("/api/sweeps").json()["sweeps"]
    assert found == {
        "name": "small",
        "state": "stopped",
        "status": "6 trials: 4 finished, 1 ended early, 1 unfinished",
        "conclusion": (
            "Over 1 other seed, the sweep did not beat the recipe's own settings: "
            "trial-0001 has seconds 3.5 on average, they 3.25."
        ),
        "problem": None,
    }
    with sweep.lock():
        assert visitor.get("/api/sweeps").json()["sweeps"][0]["state"] == "running"
    finished(sweep)
    (found,) = visitor.get("/api/sweeps").json()["sweeps"]
    assert (found["state"], found["status"]) == ("finished", "6 trials: 5 finished, 1 ended early")


def test_a_folder_without_sweeps_has_none(visitor: Visitor, sweep: Sweep) -> None:
    shutil.rmtree(sweep.path.parent)
    assert visitor.get("/api/sweeps").json() == {"sweeps": []}


def test_a_sweeps_page_is_told_what_the_standalone_page_shows(visitor: Visitor, sweep: Sweep) -> None:
    journal = Journal(sweep.journal, 1, 0)
    seen = visitor.get("/api/sweeps/small").json()
    lines = seen["trials"]["lines"]
    assert [line["run"] for line in lines[:4]] == ["trial-0001", "trial-0002", "trial-0000", "trial-0003"]
    assert lines[0]["cells"][:3] == ["1", "seconds 3 s", "3 s"]
    assert [line["best"] for line in lines] == [True, *[False] * 5]
    assert [line["cells"][1] for line in lines[4:]] == [f"ended early: {ENDED}", "interrupted, step 10"]
    assert seen["trials"]["heads"][:3] == ["trial", "outcome", "time"]
    assert set(seen["trials"]["heads"][3:]) == {RATE, "training.batch"}
    again = [line["cells"] for line in seen["again"]["lines"]]
    assert again == [
        ["trial-0001", "seconds 3 s", "seconds 3.5 s", "3.5"],
        ["the recipe's own settings", "–", "seconds 3.25 s", "3.25"],
    ]
    assert [chart["title"] for chart in seen["charts"]] == [chart.title for chart in charts(journal)]
    assert {"Parallel coordinates", "Slices"} < {chart["title"] for chart in seen["charts"]}
    assert (seen["best"], seen["picture"]) == ("trial-0001", 10)
    assert seen["command"] == "ganatomy train --config sweeps/small/best.yaml"
    assert seen["resume"] == "ganatomy sweep --resume small"
    written = page.text(sweep, journal)
    assert all(chart["title"] in written for chart in seen["charts"])
    assert seen["conclusion"].replace("'", "&#x27;") in written


def test_a_trial_is_a_run_like_any_other(visitor: Visitor) -> None:
    assert visitor.get("/api/runs/small:trial-0001").json()["state"] == "finished"
    assert visitor.get("/api/runs/small:trial-0005").json()["state"] == "interrupted"
    assert visitor.get("/api/runs/small:trial-0001/snapshots/10.png").headers["content-type"] == "image/png"
    assert visitor.get("/api/runs/small:trial-0001/scores").json()["address"] == "sweeps/small/runs/trial-0001"
    assert [run["name"] for run in visitor.get("/api/runs").json()["runs"]] == ["waves"]


def test_reading_changes_nothing_and_a_cut_line_of_the_journal_is_left_out(visitor: Visitor, sweep: Sweep) -> None:
    with sweep.journal.open("ab") as file:
        file.write(b'{"op_code": 6, "trial')  # as it is being written
    before = digests(sweep.path.parent)
    assert visitor.get("/api/sweeps/small").json()["status"].startswith("6 trials")
    visitor.get("/api/sweeps")
    assert digests(sweep.path.parent) == before


def test_it_is_read_again_only_where_it_has_changed(
    visitor: Visitor, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganatomy.sweeps import overview

    made: list[Sweep] = []
    original = overview.overview
    monkeypatch.setattr(overview, "overview", lambda *given: made.append(given[0]) or original(*given))
    for _ in range(3):
        visitor.get("/api/sweeps/small")
    assert len(made) == 1
    finished(sweep)
    assert visitor.get("/api/sweeps/small").json()["status"].startswith("6 trials: 5 finished")
    assert len(made) == 2


@pytest.mark.parametrize("line", [b"?\n", b'{"op_code": 4}\n', b'{"op_code": 99, "worker_id": "x"}\n'])
def test_a_damaged_journal_is_one_sentence(visitor: Visitor, sweep: Sweep, line: bytes) -> None:
    with sweep.journal.open("ab") as file:
        file.write(line)
    answer = visitor.get("/api/sweeps/small")
    assert answer.status_code == 400
    assert "damaged" in answer.json()["error"]
    (found,) = visitor.get("/api/sweeps").json()["sweeps"]
    assert found["state"] == "unreadable"
    assert "damaged" in found["problem"]
    assert str(sweep.path.parent) not in answer.text + str(found)


def test_nothing_outside_of_the_folder_is_read(visitor: Visitor, sweep: Sweep, tmp_path: Path) -> None:
    for name in ("%2e%2e", "%2e%2e%2fruns", "small/runs", ".hidden", "small%00"):
        assert visitor.get(f"/api/sweeps/{name}").status_code == 404, name
        assert visitor.get(f"/api/runs/{name}:trial-0001").status_code == 404, name
    (tmp_path / "outside").mkdir()
    shutil.move(sweep.runs, tmp_path / "outside" / "runs")
    sweep.runs.symlink_to(tmp_path / "outside" / "runs")
    assert visitor.get("/api/sweeps/small").status_code == 404
    assert visitor.get("/api/runs/small:trial-0001").status_code == 404


def test_a_pipe_in_place_of_the_journal_keeps_nobody_waiting(visitor: Visitor, sweep: Sweep) -> None:
    sweep.journal.unlink()
    os.mkfifo(sweep.journal)
    assert "neither a file nor a folder" in visitor.get("/api/sweeps/small").json()["error"]


def test_without_the_extra_one_sentence_says_what_to_install(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, extra: str, who: str) -> None:
        raise UserError(f"{who} needs {module}: pip install 'ganatomy[{extra}]'.")

    monkeypatch.setattr(sweep_routes, "needed", missing)
    assert extras.needed is not missing
    (found,) = visitor.get("/api/sweeps").json()["sweeps"]
    assert found["problem"] == "The page of a sweep needs optuna: pip install 'ganatomy[sweep]'."
