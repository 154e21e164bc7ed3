"""Score cards: what they say, how they are kept, and when they may stand side by side."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.evaluation.comparison import Comparison, compare
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, card_path, cards, number, read, subject_of_run

PROTOCOL = {
    "version": 1,
    "samples": 10_000,
    "size": [28, 28, 1],
    "features": {"name": "lenet", "sha256": "46d3"},
    "reference": {"fingerprint": "abc", "images": 60_000},
}
FD = Score(17.61, 16.9, 18.42, 2.7, "lower", {"ddof": 1})
PRECISION = Score(0.71, 0.70, 0.72, 0.93, "higher", {"k": 3})


def make(runs: Path, name: str, step: int = 100, protocol: dict = PROTOCOL, **scores: Score) -> tuple[Run, ScoreCard]:
    """A run with a score card."""
    run = Run(runs / name) if (runs / name).exists() else Run.create(name, Config(), runs)
    run.update(status="finished")
    card = ScoreCard(
        subject_of_run(run, step, protocol["samples"]),
        protocol,
        scores or {"fd_lenet": FD, "precision_lenet": PRECISION},
        {"time": "2026-11-22T05:00:00+0000", "reference": "digits"},
    )
    card.save(card_path(run, card))
    return run, card


def test_a_score_says_its_interval_and_its_floor() -> None:
    assert str(FD) == "17.6 [16.9, 18.4] (real data against itself: 2.7)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17.61, "17.6"),
        (225.3, "225"),
        (1234.5, "1,234"),
        (0, "0"),
        (0.01234, "0.0123"),
        (0.00012, "1.2e-04"),
        (-3.2, "-3.2"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_card_says_whose_scores_against_what(tmp_path: Path) -> None:
    _, card = make(tmp_path, "a", step=2009)
    assert str(card).splitlines()[:2] == [
        "a, step 2,009: 10,000 generated images against 60,000 of digits; features: lenet",
        "  fd_lenet         17.6 [16.9, 18.4] (real data against itself: 2.7)",
    ]


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    run, card = make(tmp_path, "a")
    assert read(card_path(run, card)) == card
    assert cards(run) == [card]


def test_more_scores_of_the_same_generator_join_those_that_are_there(tmp_path: Path) -> None:
    run, card = make(tmp_path, "a", fd_lenet=FD)
    make(tmp_path, "a", precision_lenet=PRECISION)
    assert set(read(card_path(run, card)).scores) == {"fd_lenet", "precision_lenet"}


def test_scores_by_another_protocol_replace_those_that_are_there(tmp_path: Path) -> None:
    run, card = make(tmp_path, "a", fd_lenet=FD)
    make(tmp_path, "a", protocol={**PROTOCOL, "version": 2}, precision_lenet=PRECISION)
    assert set(read(card_path(run, card)).scores) == {"precision_lenet"}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "scores": {"fd": {"value": 1}}}'])
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(UserError, match="not a score card"):
        read(path)


def test_a_card_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"format": 99}')
    with pytest.raises(UserError, match="newer version of Ganatomy"):
        read(path)


def test_runs_side_by_side(tmp_path: Path) -> None:
    make(tmp_path, "worse")
    make(tmp_path, "better", fd_lenet=Score(9.0, 8.5, 9.5, 2.7, "lower", {"ddof": 1}), precision_lenet=PRECISION)
    table = compare(["worse", "better"], runs=tmp_path).table()
    assert table == [
        ["", "fd_lenet ↓", "precision_lenet ↑"],
        ["worse, step 100", "17.6 [16.9, 18.4]", "0.71 [0.7, 0.72] *"],
        ["better, step 100", "9 [8.5, 9.5] *", "0.71 [0.7, 0.72] *"],
        ["real data", "2.7", "0.93"],
    ]


def test_the_newest_step_is_compared(tmp_path: Path) -> None:
    make(tmp_path, "a", step=900)
    make(tmp_path, "a", step=1000)
    make(tmp_path, "b", step=50)
    assert [card.subject["step"] for card in compare(["a", "b"], runs=tmp_path).cards] == [1000, 50]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"samples": 5_000}, "samples is 10,000 and 5,000"),
        ({"reference": {"fingerprint": "xyz", "images": 60_000}}, "reference.fingerprint is abc and xyz"),
        ({"features": {"name": "lenet", "sha256": "9999"}}, "features.sha256 is 46d3 and 9999"),
        ({"features": {"name": "random"}}, "features.name is lenet and random; features.sha256 is 46d3 and None"),
        ({"version": 2}, "version is 1 and 2"),
    ],
)
def test_other_protocols_are_refused_saying_what_differs(tmp_path: Path, change: dict, words: str) -> None:
    make(tmp_path, "a")
    make(tmp_path, "b", protocol={**PROTOCOL, **change})
    with pytest.raises(UserError, match="cannot be compared") as refusal:
        compare(["a", "b"], runs=tmp_path)
    assert words in str(refusal.value)


def test_other_settings_of_a_score_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a")
    make(tmp_path, "b", fd_lenet=FD, precision_lenet=replace(PRECISION, settings={"k": 5}))
    with pytest.raises(UserError, match=r"precision_lenet of a, step 100 and b.*k is 3 and 5"):
        compare(["a", "b"], runs=tmp_path)


def test_only_common_scores_are_compared_and_one_is_needed(tmp_path: Path) -> None:
    make(tmp_path, "a")
    make(tmp_path, "b", fd_lenet=FD)
    make(tmp_path, "c", precision_lenet=PRECISION)
    assert compare(["a", "b"], runs=tmp_path).scores == ["fd_lenet"]
    with pytest.raises(UserError, match="no score in common"):
        compare(["b", "c"], runs=tmp_path)


def test_a_comparison_needs_two_runs_with_scores(tmp_path: Path) -> None:
    make(tmp_path, "a")
    Run.create("bare", Config(), tmp_path).update(status="finished")
    with pytest.raises(UserError, match="at least two runs"):
        compare(["a"], runs=tmp_path)
    with pytest.raises(UserError, match="has no scores yet: ganatomy evaluate"):
        compare(["a", "bare"], runs=tmp_path)


def test_a_score_that_should_be_as_real_is_best_near_the_floor(tmp_path: Path) -> None:
    def like(value: float) -> Score:
        return Score(value, value - 0.01, value + 0.01, 0.2, "as real")

    names = {"low": 0.05, "near": 0.22, "high": 0.5}
    chosen = [make(tmp_path, name, ms_ssim=like(value))[1] for name, value in names.items()]
    assert Comparison(chosen).best("ms_ssim") == [False, True, False]


def test_latex_is_a_table_that_latex_takes(tmp_path: Path) -> None:
    make(tmp_path, "a_b")
    make(tmp_path, "c")
    text = compare(["a_b", "c"], runs=tmp_path).latex()
    assert r"\begin{tabular}{lrr}" in text
    assert r"fd\_lenet $\downarrow$ & precision\_lenet $\uparrow$ \\" in text
    assert r"a\_b, step 100 & \textbf{17.6 [16.9, 18.4]}" in text
    assert text.count(r"\\") == 4


def test_json_holds_everything(tmp_path: Path) -> None:
    make(tmp_path, "a")
    make(tmp_path, "b")
    content = json.loads(compare(["a", "b"], runs=tmp_path).json())
    assert content["protocol"] == PROTOCOL
    assert content["compared"][1]["scores"]["fd_lenet"] == {
        "value": 17.61, "low": 16.9, "high": 18.42, "floor": 2.7, "better": "lower",
    }  # fmt: skip
