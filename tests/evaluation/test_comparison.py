"""Runs side by side: when their scores may be compared, and the tables."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_cards import FD, PRECISION, PROTOCOL, make

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.evaluation.comparison import Comparison, compare
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score


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
