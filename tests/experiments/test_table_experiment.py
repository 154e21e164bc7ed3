"""Generators of tables side by side: what is measured, and what the page says of it."""

import math
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from ganatomy.errors import UserError
from ganatomy.experiments import tables
from ganatomy.experiments.reproduction.context import named
from ganatomy.experiments.tables import BASELINES, EXAMPLES, METRICS, PEER, measured, text
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from ganatomy.training.loop import Callback, State


def entry(table: str, generator: str, utility: float, distance: float, seed: int = 0) -> dict[str, Any]:
    """As `measured` gives them, of a table whose real rows teach 0.9 and whose copula's rows 0.8."""
    scores = dict.fromkeys(METRICS, distance) | {"utility": utility}
    baselines = {name: dict.fromkeys(METRICS, 0.5) | {"utility": 0.8} for name in BASELINES}
    facts = {"rows": 100, "columns": 3, "target": "sick", "real": 0.9, "kind": "AUC"}
    return {"table": table, "generator": generator, "seed": seed, **facts, "scores": scores, "baselines": baselines}


def test_the_page_counts_who_is_ahead_by_the_median_over_seeds() -> None:
    entries = [
        *[entry("wine", "residual-copula", value, 0.1, seed) for seed, value in enumerate((0.1, 0.89, 0.95))],
        entry("tips", "residual-copula", 0.87, 0.6),
        entry("wine", PEER, 0.5, 0.2),
    ]
    page = text({"made": "today", "seconds": 60.0, "measured": {str(i): each for i, each in enumerate(entries)}})
    assert "AUC within 0.02 of what real rows teach on 1 of 2 tables" in page
    assert "ahead of the ctgan package in `utility` on 1 of 1, `columns` on 1 of 1" in page
    assert "ahead of the Gaussian copula in `utility` on 2 of 2, `columns` on 1 of 2" in page
    assert "| wine, 100 × 3, AUC of `sick` | 0.900 | 0.890 [0.100, 0.950] | 0.500 | 0.800 | 0.800 |" in page
    assert "| tips, 100 × 3 | 0.600 | – | 0.500 | 0.500 |" in page


def test_a_table_is_learnt_and_measured_on_rows_that_nobody_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "TRIAL", 3)
    found = measured("wine", "residual-copula", 0, seconds=0.01)
    assert (found["rows"], found["columns"], found["target"], found["kind"]) == (125, 14, "target", "AUC")
    assert found["steps"] == 3
    assert found["real"] > 0.95
    assert set(found["baselines"]) == set(BASELINES)
    assert all(math.isfinite(value) for value in found["scores"].values())
    assert found["scores"]["association"] < found["baselines"]["independent columns"]["association"]


def test_a_training_that_is_stopped_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Callback):
        def after_step(self, state: State) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    def stopped(*given: Any, name: str, callbacks: Sequence[Callback] = (), **options: Any) -> Run:
        return train(*given, name=name, callbacks=[Stop()] if name == "run" else callbacks, **options)

    monkeypatch.setattr(tables, "TRIAL", 3)
    monkeypatch.setattr(tables, "train", stopped)
    with pytest.raises(UserError, match="stopped; repeat the command"):
        measured("wine", "residual-copula", 0, seconds=0.01)


def test_tables_are_asked_for_by_name() -> None:
    assert named("table", "wine, tips", EXAMPLES) == ["wine", "tips"]
    with pytest.raises(UserError, match="no table called 'wines'"):
        named("table", "wines", EXAMPLES)
    assert all(len(EXAMPLES[name].load()) > 100 for name in ("breast cancer", "diabetes", "tips"))
