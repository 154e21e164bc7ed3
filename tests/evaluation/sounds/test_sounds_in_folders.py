"""`ganatomy evaluate` of sounds in files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.evaluation.sounds.api import evaluate
from ganatomy.generators.api import sample
from ganatomy.modalities.sounds import files
from sounds import RATE, folder_of, sines, sounding


def test_copies_are_found_out_and_other_sounds_are_further_away(tmp_path: Path) -> None:
    real = folder_of(tmp_path / "real", each=40)
    copies = folder_of(tmp_path / "copies", each=20)
    others = tmp_path / "others"
    for number in range(20):
        files.write(others / f"{number}.wav", sines(900 + 10 * number, samples=800)[0], RATE)
    near, far = evaluate(copies, real), evaluate(others, real)
    assert near.cards[0].name == str(copies)
    assert near.cards[0].scores["nearest_ratio"].value == 0
    assert far.cards[0].scores["nearest_ratio"].value > 1
    assert far.cards[0].scores["fd"].value > near.cards[0].scores["fd"].value
    assert [card.name for card in near.cards[1:]] == ["random phase", "copies of training sounds"]
    assert evaluate(copies, real, n=30).cards[0].protocol["samples"] == 30


def test_a_runs_sounds_have_the_same_scores_from_files(tmp_path: Path) -> None:
    run = sounding(tmp_path, training__steps=2, diagnosis__on=False)
    folder = sample(run, seeds=range(64), out=tmp_path / "drawn")
    of_run = ganatomy.evaluate(run, metrics=["fd"], n=64)
    unseen = run.config().data.path
    found = evaluate(folder, unseen, metrics=["fd"])
    assert found.cards[0].scores["fd"].value == pytest.approx(of_run.scores["fd"].value)
    assert found.cards[0].protocol == of_run.protocol


def test_folders_called_as_notes_say_what_shall_be_heard(tmp_path: Path) -> None:
    for name, pitch in (("A4", 440.0), ("E4", 329.63)):
        for number in range(40):
            files.write(tmp_path / "real" / name / f"{number}.wav", sines(pitch + number / 50)[0], RATE)
        for number in range(15):
            files.write(tmp_path / "made" / name / f"{number}.wav", sines(440.0)[0], RATE)
    scores = evaluate(tmp_path / "made", tmp_path / "real", metrics=["in_tune"]).cards[0].scores
    assert scores["in_tune"].value == 0.5  # those that shall be E are not


def test_the_command_writes_a_card_and_says_what_it_did_to_the_files(tmp_path: Path) -> None:
    real, made = folder_of(tmp_path / "real", each=40), folder_of(tmp_path / "made", each=20, samples=400)
    said = CliRunner(env={"COLUMNS": "400"}).invoke(
        app, ["evaluate", str(made), "--reference", str(real), "--out", str(tmp_path / "card.json")]
    )
    assert said.exit_code == 0, said.output
    for words in ("40 generated sounds against", "80 are longer than 0.05 s, and cut", "random phase"):
        assert words in said.output
    assert json.loads((tmp_path / "card.json").read_text())["subject"] == {"sounds": str(made)}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "--reference DATA is required: the real sounds to compare against."),
        (["--reference", "real", "--features", "lenet"], "--features: not of sounds, which made holds."),
        (["--reference", "real", "--n", "500"], "--n 500: made holds 40 sounds."),
        (["--reference", "made"], "40 real sounds are too few to compare with: 60 are needed."),
        (["--reference", "missing"], "There is no folder missing."),
    ],
)
def test_what_cannot_be_measured_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder_of(Path("real"), each=40)
    folder_of(Path("made"), each=20)
    said = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["evaluate", "made", *given])
    assert said.exit_code == 1
    assert str(said.exception) == sentence


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "0.wav").write_bytes(b"no sound")
    with pytest.raises(UserError, match=r"made/0\.wav: "):
        evaluate(tmp_path / "made", "notes")
