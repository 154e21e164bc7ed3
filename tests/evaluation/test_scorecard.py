"""Score cards: what they say, and how they are kept."""

from pathlib import Path

import pytest
from made_cards import FD, PRECISION, PROTOCOL, make

from ganatomy.errors import UserError
from ganatomy.runs.scorecard import Score, card_path, cards, number, read


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


def test_a_score_without_an_interval_says_so_and_overlaps_all_others(tmp_path: Path) -> None:
    alone = Score(6122.39, None, None, None, "lower")
    assert alone.interval() == "6,122 [too few images]"
    assert alone.overlaps(FD)
    assert FD.overlaps(alone)
    assert not FD.overlaps(PRECISION)
    run, card = make(tmp_path, "a", fd_lenet=alone)
    assert read(card_path(run, card)) == card


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
