"""What a sweep leaves: trials as runs, a table, the best settings as a file, a page."""

import csv
import re
import shutil
from math import isfinite
from pathlib import Path

import pytest
from optuna.trial import TrialState
from playwright.sync_api import Browser
from rich.console import Console

from ganatomy.config import settings
from ganatomy.sweeps import overview, page, results
from ganatomy.sweeps.charts import charts, importance
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.training.api import train
from tiny import assert_same_tensors


def test_each_trial_is_a_run_at_its_point(swept: Sweep, journal: Journal) -> None:
    trials = journal.trials(TrialState.COMPLETE)
    assert [trial.number for trial in trials] == list(range(4))
    for trial in trials:
        run = swept.run(f"trial-{trial.number:04d}")
        config, point = run.config(), trial.user_attrs["point"]
        assert (run.info()["status"], run.info()["step"]) == ("finished", 10)
        assert config.generator_optimiser.learning_rate == point["generator_optimiser.learning_rate"]
        assert (config.training.batch, config.discriminator.norm) == (
            point["training.batch"],
            point["discriminator.norm"],
        )
        assert config.penalties.weights().get("r1") == point.get("penalties.r1")
        assert config.training.seed == trial.number
        fd, verdict = trial.user_attrs["outcomes"]
        assert (fd["label"], verdict["words"]) == ("fd_pixels", "too early to say")
        assert fd["low"] <= fd["value"] == fd["badness"] == trial.values[0] <= fd["high"]
    conditional = {
        ("penalties.r1" in trial.user_attrs["point"], trial.user_attrs["point"]["discriminator.norm"])
        for trial in trials
    }
    assert conditional <= {(True, "none"), (False, "batch")}


def test_the_first_trial_has_the_recipes_own_settings(journal: Journal) -> None:
    own = {"generator_optimiser.learning_rate": 2e-4, "discriminator.norm": "batch", "training.batch": 8}
    assert [trial.user_attrs["point"] == own for trial in journal.trials()] == [True, False, False, False]


def test_the_best_and_the_recipes_own_settings_are_trained_again(swept: Sweep, journal: Journal) -> None:
    best, own = results.retrained(swept, journal)
    assert own.name == results.OWN
    assert swept.run(f"{best.name}-seed-100000").config().training.seed == 100_000
    assert swept.run(f"{own.name}-seed-100000").config().training.seed == 100_000
    assert best.first[0].badness == min(trial.values[0] for trial in journal.trials())
    assert best.value == best.found[0][0].value != best.first[0].value
    beat = "beat" if best.value < own.value else "did not beat"
    assert f"the sweep {beat} the recipe's own settings" in results.compared(swept, journal)


def test_a_sweep_is_finished_once_its_best_were_trained_again(swept: Sweep, tmp_path: Path) -> None:
    copy = Sweep(shutil.copytree(swept.path, tmp_path / "copy", copy_function=shutil.copy2))
    journal = Journal.of(copy)
    assert overview.state(copy, journal) == "finished"
    again = copy.run(f"{results.OWN}-seed-100000")
    shutil.rmtree(again.at("eval"))
    assert overview.state(copy, journal) == "stopped"  # it was trained, and not measured
    again.update(status="failed")
    assert overview.state(copy, journal) == "finished"
    again.update(status="stopped")
    assert overview.state(copy, journal) == "stopped"


def test_the_best_is_repeated_by_its_file(swept: Sweep, journal: Journal, tmp_path: Path) -> None:
    name = results.best_run(swept, journal)
    assert settings.read(swept.path / "best.yaml") == swept.run(name).config()
    repeated = train(config=swept.path / "best.yaml", name="again", runs=tmp_path, console=Console(quiet=True))
    assert_same_tensors(repeated, swept.run(name), 10)


def test_the_table_has_every_trial_with_its_numbers(swept: Sweep, journal: Journal) -> None:
    with (swept.path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == list(range(4))
    for row, trial in zip(rows, journal.trials(), strict=True):
        assert float(row["fd_pixels"]) == trial.values[0]
        assert float(row["generator_optimiser.learning_rate"]) == trial.params["generator_optimiser.learning_rate"]
        assert (row["penalties.r1"] == "") == (row["discriminator.norm"] == "batch")


def test_importance_is_a_share_of_each_option_that_all_trials_have(journal: Journal) -> None:
    shares = importance(journal)
    assert shares.keys() == {"generator_optimiser.learning_rate", "training.batch", "discriminator.norm"}
    assert all(isfinite(share) and share >= 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1)


def test_the_charts(journal: Journal) -> None:
    titles = [chart.title for chart in charts(journal)]
    assert titles[0] == "fd_pixels against verdict"
    assert {"Importance of options for fd_pixels", "Parallel coordinates", "Slices"} <= set(titles)
    front, *_ = charts(journal)
    best, others = front.figure["data"]
    assert len(best["x"]) + len(others["x"]) == 4
    assert min(best["x"]) == min(trial.values[0] for trial in journal.trials())


def test_the_page_draws_offline_with_no_script_but_its_own(swept: Sweep, journal: Journal, browser: Browser) -> None:
    html = (swept.path / "report.html").read_text()
    assert html.count("<script") == 3
    assert not re.search(r'(src|href)="https?:', html.partition("<script")[0])
    tab, complaints = browser.new_context(offline=True).new_page(), []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto((swept.path / "report.html").resolve().as_uri())
    tab.wait_for_selector(".chart .main-svg")
    assert complaints == []
    assert tab.locator(".chart").count() == len(charts(journal)) == tab.locator(".chart:has(.main-svg)").count()
    assert tab.locator(".trials td a").count() == 4
    for link in tab.locator(".trials td a").all():
        assert (swept.path / link.get_attribute("href")).is_file()


def test_text_from_a_space_stays_text(swept: Sweep, tmp_path: Path) -> None:
    copy = Sweep(shutil.copytree(swept.path, tmp_path / "<img src=x onerror=alert(1)>"))
    html = page.text(copy, Journal(copy.journal, 2, 0))
    assert "<img src=x" not in html


def test_an_address_can_be_typed() -> None:
    assert Sweep("sweeps/my sweep").address == "'my sweep'"
    assert Sweep("other/place").address == "other/place"
