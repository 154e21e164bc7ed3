"""Extractors and metrics by name: those of a user's own module are as good as ours."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import ganatomy
from ganatomy import cli
from ganatomy.errors import UserError
from ganatomy.evaluation.features import EXTRACTORS
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.tables import extractor_table, metric_table
from ganatomy.runs.run import Run
from ganatomy.system import registry

PARTS = '''
import numpy as np
from ganatomy.evaluation.features import FunctionExtractor, register_extractor
from ganatomy.evaluation.metrics import Measurement, register_metric
from ganatomy.evaluation.metrics.estimate import Estimate, jackknife

@register_extractor("tint")
def tint(options):
    """The mean of each channel."""
    return FunctionExtractor("tint", lambda pixels: pixels.mean((1, 2)), {"scale": 255})

@register_metric("mean_gap", settings={"norm": 2})
def mean_gap(sets, intervals):
    """The distance between the means."""
    real = sets.real.features.mean(0)
    score = lambda fake: float(np.linalg.norm(fake.mean(0) - real))
    return {"mean_gap": Measurement(jackknife(score, sets.fake.features, intervals), "lower")}

@register_extractor("flat")
def flat(options):
    """Breaks the contract: not a row an image."""
    return FunctionExtractor("flat", lambda pixels: pixels.mean())

@register_extractor("renamed")
def renamed(options):
    """Breaks the contract: another name."""
    return FunctionExtractor("other", lambda pixels: pixels.mean((1, 2)))

@register_metric("bare")
def bare(sets, intervals):
    """Breaks the contract: a bare number."""
    return 1.0

@register_metric("lost")
def lost(sets, intervals):
    """Breaks the contract: no number."""
    return {"lost": Measurement(Estimate.point(float("nan")), "lower")}
'''


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's file of parts, loaded."""
    path = tmp_path_factory.mktemp("parts") / "parts_of_mine.py"
    path.write_text(PARTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(registry.VARIABLE, "")
        registry.load_parts(str(path))
        yield path
    for each in (EXTRACTORS, METRICS):
        for name in [name for name in each if each.module(name) == "parts_of_mine"]:
            each.remove(name)
    del sys.modules["parts_of_mine"]


def test_they_stand_in_the_help(parts: Path) -> None:
    printed = " ".join(re.sub("[│\n]", " ", CliRunner().invoke(cli.app, ["evaluate", "--help"]).output).split())
    assert all(name in printed for name in [*EXTRACTORS, *METRICS])
    assert {"tint", "mean_gap"} <= {*EXTRACTORS, *METRICS}


def test_the_command_loads_them(parts: Path, run: Run) -> None:
    arguments = [
        "evaluate",
        "--parts",
        str(parts),
        str(run.path),
        "--n",
        "40",
        "--features",
        "tint",
        "--metrics",
        "mean_gap",
    ]
    assert "mean_gap_tint  " in CliRunner().invoke(cli.app, arguments).output


def test_they_stand_in_the_tables(parts: Path) -> None:
    assert "| `tint` | The mean of each channel. |" in extractor_table()
    assert "| `mean_gap` | `mean_gap_…` | The distance between the means. |" in metric_table()


def test_they_stand_in_the_errors(parts: Path, run: Run) -> None:
    with pytest.raises(UserError, match="no feature extractor called 'tnt'; did you mean tint"):
        ganatomy.evaluate(run, n=20, features="tnt")
    with pytest.raises(UserError, match="no metric called 'mean_gp'; did you mean mean_gap"):
        ganatomy.evaluate(run, n=20, features="pixels", metrics=["mean_gp"])


def test_they_give_a_score_with_interval_floor_and_protocol(parts: Path, run: Run) -> None:
    card = ganatomy.evaluate(run, n=50, features="tint", metrics=["mean_gap"], device="cpu")
    (score,) = card.scores.values()
    assert list(card.scores) == ["mean_gap_tint"]
    sampler = ganatomy.load(run)
    real = np.load(run.config().data.path).mean((1, 2))
    fake = sampler.images(sampler.latents(range(50))).mean((1, 2))
    assert score.value == pytest.approx(np.linalg.norm(real.mean(0) - fake.mean(0)), rel=1e-6)
    assert score.low < score.value < score.high
    order = np.random.default_rng(0).permutation(len(real))
    one, other = real[order[: len(real) // 2]], real[order[len(real) // 2 :]][:50]
    assert score.floor == pytest.approx(np.linalg.norm(one.mean(0) - other.mean(0)), rel=1e-5)
    code = {"module": "parts_of_mine", "version": None, "sha256": hashlib.sha256(parts.read_bytes()).hexdigest()}
    assert card.protocol["features"] == {"name": "tint", "scale": 255, "code": code}
    assert score.settings == {"norm": 2, "code": code}


@pytest.mark.parametrize(
    ("extractor", "metric", "words"),
    [
        ("flat", "fd", r"flat returned features of shape \[\] for 50 images; it must return one row an image"),
        ("renamed", "fd", "renamed calls itself 'other'"),
        ("pixels", "bare", "bare must return its scores as a dictionary"),
        ("pixels", "lost", "lost gives no finite number for lost"),
    ],
)
def test_those_that_break_the_contract_get_one_sentence(parts: Path, extractor: str, metric: str, words: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 16, 16, 3), np.uint8)
    with pytest.raises(UserError, match=words) as refusal:
        ganatomy.evaluate(pixels, reference=pixels, features=extractor, metrics=[metric], device="cpu")
    assert "\n" not in str(refusal.value)


def test_our_own_have_no_code_in_the_protocol() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 16, 16, 3), np.uint8)
    card = ganatomy.evaluate(pixels, reference=pixels, features="pixels", metrics=["fd"], device="cpu")
    assert card.protocol["features"] == {"name": "pixels", "extractor": "pixels", "scale": "0 to 1"}
    assert card.scores["fd_pixels"].settings == {"ddof": 1}


def test_listing_needs_no_torch_and_no_statistics() -> None:
    program = (
        "import sys\n"
        "from ganatomy.evaluation.features import EXTRACTORS\n"
        "from ganatomy.evaluation.metrics import METRICS\n"
        "print(EXTRACTORS.listed, METRICS.listed, *map(METRICS.summary, METRICS))\n"
        "print({'torch', 'sklearn', 'scipy.stats'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "set()"


def test_every_part_is_described() -> None:
    assert all(EXTRACTORS.summary(name) for name in EXTRACTORS)
    assert all(METRICS.summary(name) for name in METRICS)
