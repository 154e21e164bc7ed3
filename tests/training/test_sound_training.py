"""A training on sounds: what its run folder holds, and what every verb makes of it."""

import math
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.generators.sounds import SoundSampler, sample_sounds
from ganatomy.runs.run import Run
from ganatomy.training.api import plan, resume
from sounds import RATE, folder_of, sounding
from tiny import assert_same_tensors, go_on, quick

DIAGNOSED = {
    "prior__conditional": True,
    "diagnosis__every": 2,
    "diagnosis__samples": 16,
    "log__checkpoint": 3,
    "log__keep": 0,
    **{f"{player}_optimiser__learning_rate": 1e-3 for player in ("generator", "discriminator")},  # of any budget
}


@pytest.fixture(scope="module", params=["wavegan", "specgan"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six steps on notes, by class; only read."""
    return sounding(tmp_path_factory.mktemp("sounds"), recipe=request.param, training__steps=6, **DIAGNOSED)


def printed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments)
    return " ".join(f"{result.output} {result.exception or ''}".split())


def heard(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_sounds_are_recognised_and_what_they_cannot_have_is_refused(tmp_path: Path) -> None:
    assert plan(str(folder_of(tmp_path, each=2))).recipe == "specgan"
    planned = plan("notes", settings={"training.steps": 1})
    assert (planned.recipe, planned.modality) == ("specgan", "sounds")
    for settings, words in (
        ({"data.size": 32}, "it is for images alone"),
        ({"data.flip": True}, "it is for images alone"),
        ({"data.leave_out": ["a"]}, "it is for tables"),
        ({"privacy.noise": 1.0}, "privacy.noise needs images, and these are sounds"),
        ({"discriminator.family": "wave"}, "is for images, and discriminator.family=wave for sounds: choose families"),
        ({"data.rate": 44100}, r"data\.rate"),
        ({"data.seconds": 3}, r"data\.seconds"),
    ):
        with pytest.raises(UserError, match=words):
            plan("notes", settings=settings)
    with pytest.raises(UserError, match="it is for spectrograms, or for images alone"):
        plan("notes", "wavegan", settings={"augmentation.policies": ["cutout"]})
    assert plan("notes", "r3gan", settings={"data.form": "spectrogram"}).modality == "sounds"
    with pytest.raises(UserError, match=r"notes holds sounds, and generator\.family=dcgan draws images"):
        plan("notes", "dcgan")
    with pytest.raises(UserError, match=r"digits holds no sounds, and generator\.family=wave draws sounds"):
        plan("digits", "wavegan")
    with pytest.raises(UserError, match=r"digits holds no sounds, and generator\.family=dcgan draws sounds"):
        plan("digits", "specgan")
    with pytest.raises(UserError, match=r"generator\.family=wave draws waveforms: data\.form=waveform, or a family"):
        plan("notes", "wavegan", settings={"data.form": "spectrogram"})
    with pytest.raises(UserError, match=r"data\.rate would change nothing here: it is for sounds"):
        plan("digits", "dcgan", settings={"data.rate": 16000})


def test_the_run_folder_shows_spectrograms_and_lets_one_hear(run: Run) -> None:
    assert run.info()["data"]["images"] == 1800
    assert (len(heard(run.at("reals.wav"))), len(heard(run.at("samples", "000006.wav")))) == (16 * 2000, 16 * 2000)
    with Image.open(run.at("reals.png")) as reals, Image.open(run.snapshots()[6]) as drawn:
        assert reals.size == drawn.size
    assert not run.at("walk.webp").exists()
    report = run.at("report.html").read_text()
    assert report.count('<audio controls preload="none" src="data:audio/wav;base64,') == 2
    assert "media-src data:" in report
    assert "1,800 sounds from notes, 0.1 s at 8,000 Hz" in report


def test_records_are_finite_and_signals_are_those_of_sounds(run: Run) -> None:
    record = run.records()[-1]
    assert all(math.isfinite(value) for value in record.values())
    assert {"signals/auc", "signals/distance", "signals/spread", "signals/auc_unseen"} <= set(record)
    assert not {"signals/copies", "signals/saturated", "signals/checkerboard"} & set(record)
    assert run.config().prior.classes == [150] * 12


def test_a_resumed_training_equals_one_that_never_stopped(run: Run, tmp_path: Path) -> None:
    other = sounding(tmp_path, recipe=run.config().recipe, training__steps=3, **DIAGNOSED)
    go_on(other, training__steps=6)
    assert_same_tensors(run, other, 6)
    with pytest.raises(UserError, match="was trained on other sounds than"):
        resume(other, settings={"data.seconds": 0.2, "training.steps": 7}, console=Console(quiet=True))


def test_a_seeds_sound_depends_on_nothing_but_the_seed_and_its_class(run: Run) -> None:
    sampler = SoundSampler.of_run(run)
    some = sampler.stored([3, 70, 5])
    assert_array_equal(sampler.stored([70])[0], some[1])
    z, y = sampler.prior.split(sampler.prior.of_seeds([3, 70, 5]))
    with torch.no_grad():
        direct = sampler.modality.stored(sampler.network(z, y))
    assert np.abs(direct.astype(int) - some).max() <= 1
    assert not np.array_equal(sampler.stored([3], sampler.number("C4")), sampler.stored([3], sampler.number("B4")))
    assert sampler.labels(range(12)) == [int(row.argmax()) for row in sampler.prior.of_seeds(range(12))[:, 8:]]
    with pytest.raises(UserError, match="There is no seed"):
        sampler.stored([2**32])
    with pytest.raises(UserError, match="class"):
        sampler.number("H4")


def test_sample_writes_a_wav_file_for_each_seed(run: Run, tmp_path: Path) -> None:
    said = printed("sample", str(run.path), "--seeds", "0-2,70", "--out", str(tmp_path / "out"), "--class", "A4")
    assert said == f"4 sounds and grid.png in {tmp_path / 'out'}"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["grid.png", "seed-000000.wav", "seed-000001.wav", "seed-000002.wav", "seed-000070.wav"]
    sampler = SoundSampler.of_run(run)
    expected = sampler.stored([70], sampler.number("A4"))[0]
    assert_array_equal(heard(tmp_path / "out" / "seed-000070.wav"), expected)
    assert ganatomy.sample(run, [1], out=tmp_path / "again") == tmp_path / "again"
    assert_array_equal(heard(tmp_path / "again" / "seed-000001.wav"), sampler.stored([1])[0])
    assert len(list(sample_sounds(sampler, out=tmp_path / "usual")[0].glob("*.wav"))) == 16


@pytest.mark.parametrize(
    "arguments",
    [("walk", "RUN"), ("directions", "RUN"), ("project", "RUN", "x.png"), ("apply", "RUN", "x.png")],
)
def test_verbs_of_images_say_what_draws_sounds(run: Run, arguments: tuple[str, ...]) -> None:
    said = printed(*(str(run.path) if argument == "RUN" else argument for argument in arguments))
    assert "draws sounds, not images: `ganatomy sample" in said


def test_options_of_others_are_refused(run: Run) -> None:
    assert "--rows: not of sounds" in printed("sample", str(run.path), "--rows", "3")
    assert "--features, --size: not of sounds" in printed("evaluate", str(run.path), "--features", "x", "--size", "32")
    with pytest.raises(UserError, match="this generator draws sounds"):
        ganatomy.sample(run, rows=3)
    with pytest.raises(UserError, match="reference, features"):
        ganatomy.evaluate(run, features="random")


def test_a_folder_of_recordings_is_trained_on_and_few_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    drums = folder_of(tmp_path / "drums")
    changes = {"data__seconds": 0.1, "data__first": 24, "evaluation__every": 2}
    with pytest.raises(UserError, match="24 real sounds are too few to compare with: 60 are needed"):
        quick(drums, tmp_path, "scored", "wavegan", **changes)
    run = quick(drums, tmp_path, "run", "wavegan", training__steps=2, data__seconds=0.1)
    assert run.info()["data"]["images"] == 30
    few = folder_of(tmp_path / "few", each=3)
    with pytest.raises(UserError, match="6 sounds are too few to learn from; --anyway takes them"):
        ganatomy.train(few, settings={"training.steps": 1}, runs=tmp_path, console=Console(quiet=True))
    with pytest.raises(UserError, match="has no classes to generate by"):
        quick(drums / "a", tmp_path, "by-class", "wavegan", prior__conditional=True)


def test_scores_are_measured_while_training(tmp_path: Path) -> None:
    run = sounding(tmp_path, training__steps=2, evaluation__every=2, evaluation__samples=100)
    (path,) = run.at("eval").glob("*.json")
    assert '"sounds": 1800' in path.read_text()


@pytest.mark.parametrize("recipe", ["vae", "diffusion"])
def test_baselines_draw_spectrograms_too(recipe: str, tmp_path: Path) -> None:
    run = sounding(tmp_path, recipe=recipe, data__form="spectrogram", training__steps=2)
    waves = SoundSampler.of_run(run).stored([0, 1])
    assert waves.shape == (2, 800)
    assert waves.any()
