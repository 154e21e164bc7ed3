"""How claims are decided: by criteria, over seeds; and the claims themselves, in small."""

import json
import subprocess
import sys
from math import inf, nan
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from ganatomy.cli import claims as command
from ganatomy.errors import UserError
from ganatomy.experiments.claims import api as evidence
from ganatomy.experiments.claims import dynamics
from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial


def drawn(figure: Figure, evidence: Evidence) -> None:
    figure.subplots().plot(list(evidence.seen["line"]))


def claim(measure, **bounds) -> Claim:
    """Of one figure, measure(seed)."""
    criteria = {"|figure|": Criterion("2", **bounds)}
    return Claim(
        "made-up",
        "It is two.",
        "A paper",
        lambda trial: Evidence({"|figure|": measure(trial.seed)}, {"line": [1, 2]}),
        criteria,
        drawn,
    )


@pytest.mark.parametrize(
    ("low", "high", "words", "inside", "outside"),
    [
        (1.0, 3.0, "1 to 3", (1.0, 2.0, 3.0), (0.999, 3.001)),
        (-inf, 0.1, "at most 0.1", (-5.0, 0.1), (0.2,)),
        (2.0, inf, "at least 2", (2.0, 1e9), (1.9,)),
    ],
)
def test_a_criterion(low, high, words, inside, outside):
    criterion = Criterion("x", low, high)
    assert criterion.words == words
    assert all(criterion.holds(figure) for figure in inside)
    assert not any(criterion.holds(figure) for figure in (*outside, nan))


def test_a_claim_holds_only_if_it_does_for_every_seed(tmp_path: Path):
    trials = [Trial(seed) for seed in range(3)]
    found = evidence.decide(claim(lambda seed: 2.0 + seed / 10, low=1.9, high=2.3), trials, tmp_path)
    assert found["holds"]
    figure = found["figures"]["|figure|"]
    assert figure["values"] == [2.0, 2.1, 2.2]
    assert figure["value"] == pytest.approx(2.1)
    assert figure["low"] < 2.1 < figure["high"]
    assert not evidence.decide(claim(lambda seed: 2.0 + seed / 10, high=2.15), trials, tmp_path)["holds"]
    assert not evidence.decide(claim(lambda seed: nan if seed == 1 else 2.0), trials, tmp_path)["holds"]
    with Image.open(tmp_path / "made-up.png") as picture:
        assert picture.width > 600


def test_a_claim_that_fails_is_told_and_the_command_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(evidence, "CLAIMS", {"made-up": claim(lambda seed: 5.0, high=3.0)})
    with pytest.raises(UserError, match="1 of 1 claims did not hold: made-up"):
        command.claims(["all"], quick=False, seeds=2, out=tmp_path)
    page = (tmp_path / "CLAIMS.md").read_text()
    assert "**does not hold**" in page
    assert r"| \|figure\| | 2 | at most 3 | 5 [5, 5] | **no** |" in page
    assert r"| 1 | [It is two.](#made-up) | \|figure\| | 2 | 5 [5, 5] | **does not hold** |" in page
    assert (tmp_path / "claims" / "made-up.png").is_file()


def test_what_was_decided_before_stays(tmp_path: Path):
    evidence.claims(["circling"], quick=True, out=tmp_path)
    evidence.claims(["minimum"], quick=True, out=tmp_path)
    assert set(json.loads((tmp_path / "claims.json").read_text())) == {"circling", "minimum"}
    page = (tmp_path / "CLAIMS.md").read_text()
    assert page.index("## minimum") < page.index("## circling")  # in the order of the list
    with pytest.raises(UserError, match="circling"):
        evidence.claims(["circlin"], out=tmp_path)


def test_there_are_22_each_with_a_source_and_criteria():
    assert len(evidence.CLAIMS) == 22
    for each in evidence.CLAIMS.values():
        assert each.sentence.endswith(".")
        assert "20" in each.source
        assert each.criteria
        assert all(criterion.low > -inf or criterion.high < inf for criterion in each.criteria.values())


@pytest.mark.parametrize("name", list(evidence.CLAIMS))
def test_a_claim_in_small(name: str, tmp_path: Path):
    each = evidence.CLAIMS[name]
    found = evidence.decide(each, [Trial(quick=True)], tmp_path)
    assert found["holds"], {name: figure["value"] for name, figure in found["figures"].items()}
    assert (tmp_path / f"{name}.png").is_file()


def test_the_example_runs_and_walks_through_the_claims_in_order(tmp_path: Path):
    script = Path(__file__).parents[3] / "examples" / "the_game.py"
    done = subprocess.run(
        [sys.executable, script, "--quick"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    walked = [name for name in evidence.CLAIMS if evidence.CLAIMS[name].sentence in done.stdout]
    assert walked == [
        "best-discriminator",
        "value",
        "minimum",
        "equilibrium",
        "saturation",
        "early-training",
        "too-strong",
    ]
    assert {path.stem for path in (tmp_path / "the_game").iterdir()} == set(walked)


def test_the_eigenvalues_are_those_of_the_steps_themselves():
    """A simultaneous step from near the equilibrium multiplies by I + hJ, whatever was said about J."""
    for gamma in (0.0, 0.7):
        small = 1e-6 * torch.eye(2, dtype=torch.float64)
        columns = [dynamics.orbit(start, gamma, 1)[1] / 1e-6 for start in small]
        step = torch.linalg.eigvals(torch.stack(columns, 1))
        wanted = torch.tensor([1 + dynamics.RATE * each for each in dynamics.predicted(gamma)])
        found = sorted(step.tolist(), key=lambda each: (each.real, each.imag))
        assert found == pytest.approx(wanted.tolist(), abs=1e-6)
