"""The Python of docs/EVALUATION.md runs."""

import re
from pathlib import Path

import numpy as np

from ganatomy.evaluation.features import EXTRACTORS
from ganatomy.evaluation.metrics import METRICS
from tiny import waves

PAGE = Path(__file__).parents[2] / "docs" / "EVALUATION.md"
PROGRAM = re.compile(r"(?:^    (?!ganatomy |fd_lenet ).*\n|^\n(?=    ))+", re.M)


def test_the_pages_programs_run() -> None:
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
