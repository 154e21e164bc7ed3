"""How claims are decided: by criteria, over seeds; and that lists, pages and lessons follow from the registry."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import inf, nan
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from ganatomy import cli
from ganatomy.cli import claims as command
from ganatomy.errors import UserError
from ganatomy.experiments.claims import api
from ganatomy.experiments.claims.claim import (
    CLAIMS,
    Claim,
    ClaimTrial,
    Criterion,
    Lesson,
    Outcome,
    catalogue,
    number,
    register_claim,
)
from ganatomy.experiments.claims.page import page
from ganatomy.web.studio.lessons import lessons

OWN = """
from ganatomy.experiments.claims.claim import Criterion, Outcome, register_claim


@register_claim("own-claim", sentence="It is one.", source="2026", criteria={"figure": Criterion("1", 1.0, 1.0)})
def own_claim(trial):
    return Outcome({"figure": 1.0}, lambda figure: figure.subplots())
"""
DOCS = Path(__file__).parents[3] / "docs"


def curve(figure: Figure) -> None:
    figure.subplots().plot([1, 2])


def made_up(measure: Callable[[int], float], **bounds: float) -> Claim:
    """A claim of one figure, measure(seed)."""

    def experiment(trial: ClaimTrial) -> Outcome:
        return Outcome({"|figure|": measure(trial.seed)}, curve)

    criteria = {"|figure|": Criterion("2", **bounds)}
    return Claim("made-up", 1, "It is two.", "A paper", experiment, criteria, None)


@pytest.fixture
def registered() -> Iterator[str]:
    """A stranger's claim, registered for the time of a test."""

    @register_claim(
        "made-up",
        place=3.5,
        sentence="It is two.",
        source="A paper of 2020",
        criteria={"|figure|": Criterion("2", high=3.0), "seconds": Criterion("a few")},
        lesson=Lesson("Two", "How many?", ["One", "Two"], 1, "One and one are two."),
    )
    def it_is_five(trial: ClaimTrial) -> Outcome:
        return Outcome({"|figure|": 5.0, "seconds": 0.5}, curve)

    yield "made-up"
    CLAIMS.remove("made-up")


@pytest.mark.parametrize(
    ("low", "high", "bounds", "inside", "outside"),
    [
        (1.0, 3.0, "1 to 3", (1.0, 2.0, 3.0), (0.999, 3.001, nan)),
        (-inf, 0.1, "at most 0.1", (-5.0, 0.1), (0.2, nan)),
        (2.0, inf, "at least 2", (2.0, 1e9), (1.9, nan)),
        (-inf, inf, "not judged", (-5.0, 1e9, nan), ()),
    ],
)
def test_a_criterion(low: float, high: float, bounds: str, inside: tuple[float], outside: tuple[float]) -> None:
    criterion = Criterion("x", low, high)
    assert criterion.bounds == bounds
    assert all(criterion.holds(figure) for figure in inside)
    assert not any(criterion.holds(figure) for figure in outside)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (0.0, "0"),
        (2.2e-16, "0"),
        (-1e-17, "0"),
        (1.0, "1"),
        (0.00241, "0.00241"),
        (15_800.0, "15,800"),
        (999.96, "1,000"),
        (-0.2184, "−0.218"),
        (6.36e-9, "6.36·10⁻⁹"),
        (nan, "nan"),
    ],
)
def test_a_figure_as_people_read_it(figure: float, words: str) -> None:
    assert number(figure) == words


def test_a_claim_holds_only_if_it_does_for_every_seed(tmp_path: Path) -> None:
    trials = [ClaimTrial(seed) for seed in range(3)]
    verdict = api.decide(made_up(lambda seed: 2.0 + seed / 10, low=1.9, high=2.3), trials, tmp_path)
    assert verdict["holds"]
    figure = verdict["figures"]["|figure|"]
    assert figure["values"] == [2.0, 2.1, 2.2]
    assert figure["value"] == pytest.approx(2.1)
    assert figure["low"] < 2.1 < figure["high"]
    assert not api.decide(made_up(lambda seed: 2.0 + seed / 10, high=2.15), trials, tmp_path)["holds"]
    assert not api.decide(made_up(lambda seed: nan if seed == 1 else 2.0, high=3.0), trials, tmp_path)["holds"]
    with Image.open(tmp_path / "made-up.png") as picture:
        assert picture.width > 600


@pytest.mark.parametrize(("low", "held"), [(1.9, True), (2.05, False)])
def test_a_criterion_of_the_interval_allows_single_seeds_outside(low: float, held: bool) -> None:
    """Values 1.88, 2.08 and nine of 2.1: mean 2.078; 95%, by Student's t with 10 degrees of freedom: 2.034 to 2.123."""
    values = [1.88, 2.08, *[2.1] * 9]
    criterion = Criterion("2", low=low, interval=True)
    assert criterion.bounds == f"at least {low:g}, the interval"
    assert api.holds(criterion, values) is held
    assert not api.holds(Criterion("2", low=low), values)
    assert api.holds(criterion, [2.06])  # a quick trial has one seed


def test_a_strangers_claim_is_listed_decided_and_taught(
    registered: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.claims()
    listed = [line.split()[1].rstrip(":") for line in capsys.readouterr().out.splitlines()]
    assert listed == list(catalogue())
    assert listed[2:5] == ["value", "made-up", "minimum"]  # its place lies between theirs
    with pytest.raises(UserError, match="1 of 1 claims did not hold: made-up"):
        command.claims(run=[registered], seeds=2, out=tmp_path)
    text = (tmp_path / "CLAIMS.md").read_text(encoding="utf-8")
    assert r"| \|figure\| | 2 | at most 3 | 5 | **no** |" in text
    assert "| seconds | a few | not judged | 0.5 | – |" in text
    assert r"| 4 | [It is two.](#made-up) | \|figure\|<br>seconds | 2<br>a few |" in text
    assert (tmp_path / "claims" / "made-up.png").is_file()
    (lesson,) = [each for each in lessons() if each["claim"] == registered]
    assert lesson["answers"][lesson["right"]] == "Two"


def test_the_command_loads_a_strangers_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANATOMY_PARTS", "")
    (tmp_path / "own_claims.py").write_text(OWN)
    monkeypatch.setattr(sys, "argv", ["ganatomy", "claims", "--parts", str(tmp_path / "own_claims.py")])
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        assert capsys.readouterr().out.splitlines()[-1].endswith(" own-claim: It is one.")
    finally:
        CLAIMS.remove("own-claim")
        sys.modules.pop("own_claims", None)


def test_earlier_verdicts_are_kept(tmp_path: Path) -> None:
    api.claims(["circling"], quick=True, out=tmp_path)
    api.claims(["minimum"], quick=True, out=tmp_path)
    assert set(json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))) == {"circling", "minimum"}
    text = (tmp_path / "CLAIMS.md").read_text(encoding="utf-8")
    assert text.index("## minimum") < text.index("## circling")  # as they are listed
    with pytest.raises(UserError, match="circling"):
        api.claims(["circlin"], out=tmp_path)


def test_fresh_seeds_are_asked_for_and_named_on_the_page(tmp_path: Path) -> None:
    fresh = api.claims(["circling"], quick=True, first_seed=10, out=tmp_path)["circling"]["figures"]
    trial = catalogue()["circling"].experiment(ClaimTrial(10, quick=True))
    assert {name: figure["values"] for name, figure in fresh.items()} == {k: [v] for k, v in trial.figures.items()}
    assert "\nholds; seeds: 10; " in (tmp_path / "CLAIMS.md").read_text(encoding="utf-8")


def test_claims_are_listed_without_torch() -> None:
    code = "import sys; from ganatomy.web.studio.lessons import lessons; print(len(lessons()), 'torch' in sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert listed == [str(len(lessons())), "False"]


def test_the_docs_page_is_made_from_its_json() -> None:
    verdicts = json.loads((DOCS / "claims.json").read_text(encoding="utf-8"))
    assert (DOCS / "CLAIMS.md").read_text(encoding="utf-8") == page(catalogue(), verdicts), (
        "`make docs` puts this right"
    )


@pytest.mark.slow
def test_the_example_walks_through_the_claims_in_order(tmp_path: Path) -> None:
    script = DOCS.parent / "examples" / "the_game.py"
    done = subprocess.run(
        [sys.executable, script, "--quick"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = [name for name, claim in catalogue().items() if claim.sentence in done.stdout]
    assert shown == sorted(shown, key=lambda name: done.stdout.index(catalogue()[name].sentence))
    assert len(shown) >= 7
    assert {path.stem for path in (tmp_path / "the_game").iterdir()} == set(shown)
