"""Where trials run: their share of this machine, and a machine that has not the sweep's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.sweeps import api, places
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.places import LocalPlaces, RayPlaces
from ganatomy.training.cluster.processes import NOT_SHARED, Ending, Program
from sweeps.conftest import SETTINGS


def test_each_trial_has_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "cores", lambda: 8)
    assert [LocalPlaces(count).threads for count in (1, 2, 3, 16)] == [8, 4, 2, 1]
    monkeypatch.setattr(places, "mailbox", lambda: None)
    assert [RayPlaces(2, {"CPU": cpus}).threads for cpus in (4.0, 1.0, 0.5)] == [4, 1, 1]


class Elsewhere:
    """A place whose machine has other disks: a process there ends at once."""

    count, threads = 1, 1

    def start(self, program: Program, name: str, slot: int) -> "Elsewhere":
        assert Path(program.folder, str(program.needs)).is_file()
        return self

    def wait(self, timeout: float) -> Ending:
        return Ending(NOT_SHARED, "far has no sweeps/x: all machines need the same files.")

    def send_signal(self, number: int) -> None: ...

    def end(self) -> None: ...


def test_a_machine_without_the_folder_ends_the_sweep_and_no_trial(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def elsewhere(*_: Any) -> Iterator[Elsewhere]:
        yield Elsewhere()

    monkeypatch.setattr(api, "places", elsewhere)
    with pytest.raises(UserError, match=r"^far has no sweeps/x: all machines need the same files\.$"):
        api.sweep(
            images,
            space={"generator_optimiser.learning_rate": "log 1e-5..1e-4"},
            settings=SETTINGS,
            objectives=["seconds"],
            trials=3,
            sweeps=tmp_path,
            name="x",
            console=Console(quiet=True),
        )
    (trial,) = Journal(Sweep(tmp_path / "x").journal, 1, 0).trials()
    assert trial.state == TrialState.RUNNING  # --resume goes on with it
