"""docs/EVALUATION.md: its tables are those of the registries, and its Python runs."""

import re
from pathlib import Path

import numpy as np
import pytest

from ganatomy.evaluation.features import EXTRACTORS
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.tables import extractor_table, metric_table
from tiny import waves

PAGE = Path(__file__).parents[2] / "docs" / "EVALUATION.md"
PROGRAM = re.compile(r"(?:^    (?!ganatomy |fd_lenet ).*\n|^\n(?=    ))+", re.M)


@pytest.mark.parametrize("table", [extractor_table, metric_table])
def test_the_tables_are_made_from_the_registries(table) -> None:
    assert f"\n\n{table()}\n\n" in PAGE.read_text(), f"put this in its place:\n\n{table()}"


def test_the_programs_run() -> None:
    programs = [found[0] for found in PROGRAM.finditer(PAGE.read_text()) if "import" in found[0]]
    assert len(programs) == 2
    real, random = waves(70, 16, 16), np.random.default_rng(0)
    names = {"__name__": "examples", "real_pixels": real, "pixels": real[::-1] // 2}
    names |= {f"{which}_features": random.normal(size=(80, 4)) for which in ("real", "generated")}
    try:
        for program in programs:
            exec(re.sub("^    ", "", program, flags=re.M), names)
        assert names["card"].scores["fd_random"].value > 0
        assert METRICS.module("mean_gap") == EXTRACTORS.module("colour") == "examples"
    finally:
        EXTRACTORS.remove("colour")
        METRICS.remove("mean_gap")
