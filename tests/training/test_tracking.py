"""What trackers are told: all that the run folder records, once, whatever becomes of them."""

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.training.api import plan, resume, train
from ganatomy.training.callbacks import tracking
from ganatomy.training.trackers import TRACKERS, TrackedRun, register_tracker
from tiny import dotted, go_on, quick, tiny

TOLD = {"log__every": 2, "log__snapshot": 5, "log__checkpoint": 5, "diagnosis__every": 4, "training__steps": 10}


class Notebook:
    """A tracker that writes down what it is told."""

    def __init__(self, run: TrackedRun) -> None:
        self.first, self.key, self.place = run, run.key or "one", "here"
        self.told: list[tuple[str, int, Any]] = []
        self.ended: bool | None = None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        self.told.append(("scalars", step, dict(values)))

    def picture(self, step: int, file: Path) -> None:
        self.told.append(("picture", step, file.read_bytes()))

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        self.told.append(("note", step, (title, text, alarm)))

    def close(self, whole: bool) -> None:
        self.ended = whole

    def of(self, kind: str) -> dict[int, Any]:
        found = [(step, what) for each, step, what in self.told if each == kind]
        assert len(dict(found)) == len(found)  # nothing is told twice
        return dict(found)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much as it takes: the machine may be busy."""
    monkeypatch.setattr(tracking, "PATIENCE", 600)


@pytest.fixture
def notebooks() -> Iterator[list[Notebook]]:
    """Those that trainings have opened, as the tracker `notebook`."""
    opened: list[Notebook] = []

    @register_tracker("notebook")
    def notebook(run: TrackedRun) -> Notebook:
        opened.append(Notebook(run))
        return opened[-1]

    yield opened
    TRACKERS.remove("notebook")


def scalars(run: Run) -> dict[int, dict[str, float]]:
    return {each["step"]: {name: value for name, value in each.items() if name != "step"} for each in run.records()}


def test_a_tracker_is_told_what_the_folder_records(images: Path, tmp_path: Path, notebooks: list[Notebook]) -> None:
    run = quick(images, tmp_path, **TOLD, log__trackers=["notebook"])
    (told,) = notebooks
    assert (told.first.name, told.first.folder, told.first.key, told.ended) == ("run", run.path, None, True)
    assert told.first.parameters["generator_optimiser.learning_rate"] == run.config().generator_optimiser.learning_rate
    assert told.first.parameters["recipe"] == "dcgan"
    assert told.of("scalars") == scalars(run)
    assert told.of("picture") == {step: path.read_bytes() for step, path in run.snapshots().items()}
    verdicts = [event for event in run.events() if event["event"] == "verdict"]
    assert verdicts
    assert [what[0] for what in told.of("note").values()] == [event["verdict"] for event in verdicts]


def test_findings_are_alarms_with_their_meaning(images: Path, tmp_path: Path, notebooks: list[Notebook]) -> None:
    run = quick(images, tmp_path, **TOLD, log__trackers=["notebook"])
    run.event("verdict", step=12, verdict="mode collapse: 3 of about 10 kinds left", state="ill")
    run.event("evaluation", step=12, fd_random=3.5)
    run.event("changed", **{"training.batch": 4})
    go_on(run, training__steps=12)
    told = notebooks[1].told
    (alarm,) = [what for kind, _, what in told if kind == "note" and what[2]]
    assert alarm[0] == "mode collapse: 3 of about 10 kinds left"
    assert alarm[1] == next(rule.meaning for rule in tracking.RULES.values() if rule.finding == "mode collapse")
    assert ("scalars", 12, {"scores/fd_random": 3.5}) in told
    assert any(kind == "note" and what == ("changed", "training.batch 4", False) for kind, _, what in told)


def test_a_resumed_run_goes_on_in_the_same_place(images: Path, tmp_path: Path, notebooks: list[Notebook]) -> None:
    run = quick(images, tmp_path, **TOLD, log__trackers=["notebook"])
    shutil.rmtree(run.checkpoint())  # as if killed at step 10: the newest checkpoint is that of step 5
    go_on(run, training__steps=14)
    first, second = notebooks
    assert (second.first.key, second.first.step) == (first.key, 5)
    assert list(second.of("scalars")) == [6, 8, 10, 12, 14]  # those of step 6 on were taken back, and made again
    assert {**first.of("scalars"), **second.of("scalars")} == scalars(run)


def test_one_that_joins_later_is_told_all(images: Path, tmp_path: Path, notebooks: list[Notebook]) -> None:
    run = quick(images, tmp_path, **TOLD)
    go_on(run, training__steps=12, log__trackers=["notebook"])
    (told,) = notebooks
    assert told.of("scalars") == scalars(run)
    assert list(told.of("picture")) == list(run.snapshots())


@pytest.mark.parametrize("when", ["open", "scalars", "close"])
def test_one_that_fails_ends_nothing_and_is_told_later(
    when: str, images: Path, tmp_path: Path, notebooks: list[Notebook]
) -> None:
    class Broken(Notebook):
        def __init__(self, run: TrackedRun) -> None:
            super().__init__(run)
            self.fail("open")

        def scalars(self, step: int, values: Mapping[str, float]) -> None:
            if step > 4:
                self.fail("scalars")
            super().scalars(step, values)

        def close(self, whole: bool) -> None:
            self.fail("close")

        def fail(self, where: str) -> None:
            if where == when:
                raise ConnectionError("no route to host\nsecond line")

    register_tracker("broken")(Broken)
    said = io.StringIO()
    settings = {**tiny("dcgan"), **dotted(TOLD), "log.trackers": ["broken", "notebook"]}
    try:
        run = train(images, settings=settings, anyway=True, runs=tmp_path, console=Console(file=said, width=400))
    finally:
        TRACKERS.remove("broken")
    assert run.info()["status"] == "finished"
    assert said.getvalue().count("--log broken failed (no route to host): the training goes on without it") == 1
    assert notebooks[0].of("scalars") == scalars(run)  # the other one is told all the same
    TRACKERS.add("broken", TRACKERS["notebook"], module=__name__)
    try:
        go_on(run, training__steps=12)
    finally:
        TRACKERS.remove("broken")
    resumed = [each.of("scalars") for each in notebooks[1:]]
    lacking = {"open": [2, 4, 6, 8, 10, 12], "scalars": [6, 8, 10, 12], "close": [12]}[when]
    assert sorted(map(list, resumed), key=len) == sorted([[12], lacking], key=len)


def test_one_that_hangs_is_left(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "PATIENCE", 0.1)
    free, said = Event(), io.StringIO()

    @register_tracker("hanging")
    def hanging(run: TrackedRun) -> Notebook:
        free.wait()
        return Notebook(run)

    settings = {**tiny("dcgan"), **dotted(TOLD), "log.trackers": ["hanging"]}
    try:
        run = train(images, settings=settings, anyway=True, runs=tmp_path, console=Console(file=said, width=400))
        assert run.info()["status"] == "finished"
        assert said.getvalue().count("--log hanging has not taken everything in") == 1
    finally:
        free.set()
        TRACKERS.remove("hanging")


def test_the_training_is_the_same(images: Path, tmp_path: Path, notebooks: list[Notebook]) -> None:
    timed = ("seconds", "images_per_second", "signals/spent")
    runs = [
        quick(images, tmp_path, name, **TOLD, log__trackers=names) for name, names in (("a", []), ("b", ["notebook"]))
    ]
    without, watched = ([{k: v for k, v in each.items() if k not in timed} for each in run.records()] for run in runs)
    assert without == watched


def test_unknown_and_missing_ones_are_said_before_the_training(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no tracker called 'wandbb'; did you mean wandb"):
        plan(images, settings={"training.steps": 1, "log.trackers": ["wandbb"]})
    for name in ("wandb", "trackio", "mlflow"):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(UserError, match=rf"--log {name} needs {name}: pip install 'ganatomy\[{name}\]'"):
            plan(images, settings={"training.steps": 1, "log.trackers": [name]})


# --- the trackers themselves, each read by its own reader -------------------------------------------------------------


def tracked(name: str, images: Path, folder: Path) -> Run:
    """A run of ten steps and two more after a resume, with a finding in between."""
    run = quick(images, folder / "runs", **TOLD, log__trackers=[name])
    run.event("verdict", step=10, verdict="mode collapse: 3 of about 10 kinds left", state="ill")
    said = io.StringIO()
    resume(run, settings={"training.steps": 12}, console=Console(file=said, width=400))
    assert f"--log {name}: " in said.getvalue(), said.getvalue()
    assert "failed" not in said.getvalue(), said.getvalue()
    return run


def losses(run: Run) -> dict[int, float]:
    return {each["step"]: each["loss/generator"] for each in run.records()}


@pytest.mark.filterwarnings("ignore")
def test_tensorboard(images: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tracked("tensorboard", images, tmp_path)
    board = EventAccumulator(str(run.path / "tensorboard")).Reload()
    told = {event.step: event.value for event in board.Scalars("loss/generator")}
    assert told == pytest.approx(losses(run), rel=1e-6)
    assert [event.step for event in board.Images("samples")] == list(run.snapshots())
    (options,) = board.Tensors("options/text_summary")
    assert b"| training.batch | 8 |" in options.tensor_proto.string_val[0]
    assert any(b"mode collapse" in each.tensor_proto.string_val[0] for each in board.Tensors("notes/text_summary"))


@pytest.mark.filterwarnings("ignore")
def test_mlflow(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    run = tracked("mlflow", images, tmp_path)
    client = MlflowClient()
    (found,) = client.search_runs([client.get_experiment_by_name("ganatomy").experiment_id])
    key = found.info.run_id
    assert (found.info.run_name, found.info.status) == ("run", "FINISHED")
    assert (found.data.params["training.batch"], found.data.params["recipe"]) == ("8", "dcgan")
    history = client.get_metric_history(key, "loss/generator")
    assert {each.step: each.value for each in history} == losses(run)
    assert len(history) == len(losses(run))
    pictures = {int(each.path.split("+")[2]) for each in client.list_artifacts(key, "images")}
    assert pictures == set(run.snapshots())
    notes = [Path(client.download_artifacts(key, each.path)) for each in client.list_artifacts(key, "notes")]
    assert any("mode collapse" in note.read_text() for note in notes)


def offline_records(content: bytes) -> Iterator[bytes]:
    """What a file of an offline run holds: LevelDB's log format behind seven bytes, in blocks of 32 KiB.

    https://github.com/google/leveldb/blob/main/doc/log_format.md
    """
    assert content[:4] == b":W&B"
    at, parts = 7, b""
    while at + 7 <= len(content):
        if (left := 2**15 - at % 2**15) < 7:
            at += left
            continue
        size, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        parts, at = parts + content[at + 7 : at + 7 + size], at + 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


@pytest.mark.filterwarnings("ignore")
def test_wandb(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    from wandb.proto import wandb_internal_pb2

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.chdir(tmp_path)
    run = tracked("wandb", images, tmp_path)
    told, options, keys, pictures, notes = {}, {}, set(), set(), []
    for file in sorted(tmp_path.glob("wandb/offline-run-*/*.wandb"), key=os.path.getmtime):
        for data in offline_records(file.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            if record.HasField("run"):
                keys.add(record.run.run_id)
                options |= {item.key: item.value_json for item in record.run.config.update}
            items = {item.key or "/".join(item.nested_key): item.value_json for item in record.history.item}
            if "loss/generator" in items:
                told[int(items["step"])] = float(items["loss/generator"])
            if "samples/_type" in items:
                pictures.add(int(items["step"]))
            if record.HasField("alert"):
                notes.append(record.alert.title)
    assert told == losses(run)
    assert len(keys) == 1
    assert options["training.batch"] == "8"
    assert pictures == set(run.snapshots())
    assert notes == ["mode collapse: 3 of about 10 kinds left"]


@pytest.mark.filterwarnings("ignore")
def test_trackio(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))  # which it reads when it is imported
    trackio = pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    run = tracked("trackio", images, tmp_path)
    (found,) = [each for each in trackio.Api().runs("ganatomy") if each.name.startswith("run-")]
    logs = SQLiteStorage.get_logs("ganatomy", found.name)
    assert {each["step"]: each["loss/generator"] for each in logs if "loss/generator" in each} == losses(run)
    assert [each["step"] for each in logs if "samples" in each] == list(run.snapshots())
    assert found.config["training.batch"] == 8
    assert "mode collapse: 3 of about 10 kinds left" in [each["title"] for each in found.alerts()]
