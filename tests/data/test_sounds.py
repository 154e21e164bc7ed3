"""Folders of sounds, and the rendered notes: what is read, kept, counted and left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from typer.testing import CliRunner

from ganatomy.cli import app
from ganatomy.data import prepare
from ganatomy.data.recognition import modality_of
from ganatomy.data.sound_batches import SoundBatches
from ganatomy.data.sound_inspection import inspect
from ganatomy.data.sounds import prepare_sounds
from ganatomy.data.sources.notes import EACH, PITCHES
from ganatomy.errors import UserError
from ganatomy.modalities.sounds import files
from ganatomy.system.files import cache_folder
from ganatomy.system.runtime import Randomness, Runtime
from sounds import RATE, folder_of, sines


def test_notes_are_rendered_once_with_a_split_and_classes() -> None:
    notes, test = prepare_sounds("notes", RATE, 0.1)
    assert test is not None
    assert (len(notes), len(test)) == (len(PITCHES) * EACH["train"], len(PITCHES) * EACH["test"])
    assert notes.classes == list(PITCHES)
    assert notes.stored.shape == (1800, 800)
    assert notes.stored.dtype == np.int16
    assert notes.fingerprint != test.fingerprint
    again, _ = prepare_sounds("notes", RATE, 0.1)
    assert isinstance(again.stored, np.memmap)
    assert again.fingerprint == notes.fingerprint
    assert not (notes.stored[:50] == test.stored[:50]).all(axis=1).any()


def test_first_leaves_the_rest_unseen() -> None:
    some, rest = prepare_sounds("notes", RATE, 0.1, first=100)
    whole, _ = prepare_sounds("notes", RATE, 0.1)
    assert rest is not None
    assert (len(some), len(rest)) == (100, 1700)
    assert_array_equal(np.concatenate([some.stored, rest.stored]), whole.stored)
    assert some.fingerprint not in (whole.fingerprint, rest.fingerprint)
    assert "the first 100 of 1,800 sounds" in some.notes[-1]


def test_folders_are_classes_and_everything_is_counted(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    root = folder_of(tmp_path / "drums")
    (root / "a" / "broken.wav").write_bytes(b"no sound")
    (root / "readme.txt").write_text("about")
    soundfile.write(root / "b" / "stereo.flac", np.zeros((44100, 2)), 44100)
    files.write(root / "b" / "short.wav", sines(300, samples=200)[0], RATE)
    sounds, others = prepare_sounds(str(root), RATE, 0.1)
    assert others is None
    assert (len(sounds), sounds.classes) == (32, ["a", "b"])
    assert sounds.labels is not None
    assert np.bincount(sounds.labels).tolist() == [15, 17]
    said = " ".join(sounds.notes)
    for words in (
        "not read are 1 .txt",
        "1 of 33 sounds cannot be read (first: a/broken.wav: ",
        "1 are longer than 0.1 s, and cut",
        "1 are shorter, and followed by silence",
        "the channels of 1 are mixed into one",
        "1 of 44,100 Hz are resampled",
    ):
        assert words in said
    before = sounds.fingerprint
    files.write(root / "a" / "0.wav", sines(999, samples=800)[0], RATE)
    assert prepare_sounds(str(root), RATE, 0.1)[0].fingerprint != before


def test_inspect_counts_sounds_classes_silence_and_repetitions(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    root = folder_of(tmp_path / "drums", samples=4000)
    for name in ("silent", "quiet"):
        files.write(root / "b" / f"{name}.wav", np.zeros(4000, np.int16), RATE)
    found = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["data", "inspect", str(root), "--json"]).output
    about = json.loads(found)
    assert about == inspect(str(root)).to_dict() | {"notes": []}
    assert (about["sounds"], about["silent"], about["repeated"]) == (32, 2, 1)
    assert about["classes"] == {"a": 15, "b": 17}
    said = str(inspect("notes"))
    assert "1,800 sounds and 600 that are not trained on, read as 0.5 s at 8,000 Hz" in said
    assert "C4 150, C#4 150" in said


def test_a_folder_train_is_trained_on_and_test_is_not(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    folder_of(tmp_path / "set" / "train")
    folder_of(tmp_path / "set" / "test", each=3)
    sounds, unseen = prepare_sounds(str(tmp_path / "set"), RATE, 0.1)
    assert unseen is not None
    assert (len(sounds), len(unseen), unseen.classes) == (30, 6, ["a", "b"])


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    notes, _ = prepare_sounds("notes", RATE, 0.11)
    kept = notes.stored.copy()
    (place,) = (
        path for path in (cache_folder() / "sounds").glob("*/waves.npy") if np.load(path, "r").shape == kept.shape
    )
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)
    again, _ = prepare_sounds("notes", RATE, 0.11)
    assert_array_equal(again.stored, kept)


def test_kinds_of_data_are_told_apart(tmp_path: Path) -> None:
    folder_of(tmp_path / "sounds", each=2)
    (tmp_path / "images").mkdir()
    for i in range(3):
        (tmp_path / "images" / f"{i}.png").write_bytes(b"")
    (tmp_path / "images" / "one.wav").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    kinds = {"sounds": "sounds", "images": "images", "empty": "images", "missing": None, "rows.csv": "tables"}
    assert {name: modality_of(str(tmp_path / name)) for name in kinds} == kinds
    assert (modality_of("notes"), modality_of("digits")) == ("sounds", "images")


def test_what_holds_no_sounds_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(UserError, match=r"holds no sounds, only 1 \.txt; accepted are files ending in \.wav"):
        prepare_sounds(str(tmp_path), RATE, 0.1)
    with pytest.raises(UserError, match="There is no folder"):
        prepare_sounds(str(tmp_path / "missing"), RATE, 0.1)
    pytest.importorskip("soundfile")
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    with pytest.raises(UserError, match=r"0 of 1 sounds can be read, 2 are needed \(first: broken\.wav, "):
        prepare_sounds(str(tmp_path), RATE, 0.1)
    with pytest.raises(UserError, match="notes are sounds, and images are needed here"):
        prepare("notes")


def test_batches_are_floats_of_the_sounds_and_their_classes() -> None:
    notes, _ = prepare_sounds("notes", RATE, 0.1)
    batches = SoundBatches(notes, 16, 1, Randomness(0), Runtime(), conditional=True)
    indices, batch = batches.indices(3), batches(3)
    assert batch.images.shape == (16, 1, 800)
    assert_array_equal(files.quantised(batch.images[:, 0].numpy()), notes.stored[indices])
    assert batch.classes is not None
    assert notes.labels is not None
    assert_array_equal(batch.classes.argmax(1).numpy(), notes.labels[indices])
    assert_array_equal(batches(3).images.numpy(), batch.images.numpy())
    assert SoundBatches(notes, 16, 1, Randomness(0), Runtime())(0).classes is None
