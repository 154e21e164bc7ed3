"""A generator of sounds outside of its run: the same sounds of the same seeds; a file that is not one is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import safetensors.torch
from numpy.testing import assert_array_equal

import ganatomy
from exported import cached, printed, pushed, rewritten, run_code
from ganatomy.errors import UserError
from ganatomy.evaluation.sounds.of_run import evaluate_run
from ganatomy.generators import hub, weights
from ganatomy.generators.sampler import Sampler
from ganatomy.generators.sounds import SoundSampler
from ganatomy.runs.run import Run
from sounds import sounding

FILES = {"model.safetensors", "config.json", "README.md", "samples.png", "samples.wav"}
FAST = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5, "diagnosis__on": False}
OFTEN = {"training__steps": 4, "log__checkpoint": 2, "log__keep": 0}
RECIPES: dict[str, dict[str, Any]] = {
    "wavegan": {"prior__conditional": True},
    "specgan": {"prior__conditional": True},
    "vae": {"data__form": "spectrogram"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Of both forms, by class, and of another method, without classes."""
    root = tmp_path_factory.mktemp("sounds")
    return {name: sounding(root, name, name, **FAST, **OFTEN, **own) for name, own in RECIPES.items()}


@pytest.fixture(params=RECIPES)
def run(request: pytest.FixtureRequest, runs: dict[str, Run]) -> Run:
    return runs[request.param]


@pytest.fixture
def folder(runs: dict[str, Run], tmp_path: Path) -> Path:
    return ganatomy.load(runs["specgan"]).save_pretrained(tmp_path / "weights")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_export_draws_the_runs_sounds_bit_for_bit(run: Run, tmp_path: Path) -> None:
    own = ganatomy.load(run)
    made = ganatomy.export(run, out=tmp_path / "mine")
    assert made.file == tmp_path / "mine" / "model.safetensors"
    spectral = run.config().data.form == "spectrogram"
    assert {path.name for path in made.folder.iterdir()} == FILES | ({"levels.json"} if spectral else set())
    seeds = [7, 2**32 - 1, 63, 64]
    for there in (ganatomy.load(made.folder), ganatomy.load(made.file), SoundSampler.from_pretrained(made.folder)):
        assert (there.step, there.metadata, there.modality) == (4, own.metadata, own.modality)
        for label in [None, "A4"] if own.prior.classes else [None]:
            assert_array_equal(there.sample(seeds, label), own.sample(seeds, label))
    truncated = ganatomy.load(made.folder, truncation=0.3).sample([7])
    assert_array_equal(truncated, ganatomy.load(run, truncation=0.3).sample([7]))
    assert (truncated != own.sample([7])).any()


def test_the_command_writes_the_same_files_from_both(run: Run, tmp_path: Path) -> None:
    assert "It draws the same sounds of the same seeds." in printed("export", str(run.path), "--step", "2")
    folder = run.path / "exports" / "safetensors"
    printed("sample", str(run.path), "--seeds", "0-3,70", "--step", "2", "--out", str(tmp_path / "own"))
    said = printed("sample", str(folder), "--seeds", "0-3,70")
    assert said == f"5 sounds and grid.png in {folder / 'generated'}"
    assert files_in(folder / "generated") == files_in(tmp_path / "own")
    assert len(files_in(tmp_path / "own")) == 6
    assert ganatomy.sample(folder, [70], out=tmp_path / "again") == tmp_path / "again"
    name = "seed-000070.wav"
    assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "own" / name).read_bytes()
    assert "holds one generator" in printed("sample", str(folder), "--raw")
    assert "--rows: not of sounds" in printed("sample", str(folder), "--rows", "0")
    assert "--latents: not of sounds" in printed("sample", str(folder), "--latents", "x.safetensors")
    assert "draws sounds: --to safetensors is the one form" in printed("export", str(run.path), "--to", "onnx")
    assert "graphs, pages and demos are of images" in printed("export", str(folder), "--title", "Sounds")
    assert "is an exported generator: `ganatomy evaluate RUN` measures" in printed("evaluate", str(folder))
    for verb in ("walk", "directions"):
        assert "draws sounds, not images: `ganatomy sample" in printed(verb, str(folder))


def test_a_generator_is_a_function_of_seeds_and_classes(runs: dict[str, Run]) -> None:
    generator = ganatomy.load(runs["wavegan"])
    assert generator.sample().shape == (16, 800)
    assert generator.sample().dtype == np.int16
    assert_array_equal(generator.sample([3], ":9"), generator.sample([3], "A4"))
    with pytest.raises(UserError, match="no seed 4294967296"):
        generator.sample([2**32])
    with pytest.raises(UserError, match="unconditional"):
        ganatomy.load(runs["vae"]).sample([0], "A4")
    with pytest.raises(UserError, match="no option of it can be changed"):
        ganatomy.load(runs["wavegan"], changes={"diffusion.sampling_steps": 1})
    with pytest.raises(UserError, match="rows and where go with tables: this generator draws sounds"):
        ganatomy.sample(runs["wavegan"], rows=1)


def test_half_is_half_as_large_and_nearly_the_same(tmp_path: Path) -> None:
    run = sounding(tmp_path, training__steps=1, diagnosis__on=False, generator__width=16)
    whole, half = (ganatomy.export(run, half=half, out=tmp_path / str(half)) for half in (False, True))
    assert half.file.stat().st_size < 0.55 * whole.file.stat().st_size
    assert "the same sounds" not in half.message
    first, second = (ganatomy.load(made.folder).sample(range(9)).astype(int) for made in (whole, half))
    assert 0 < np.abs(first - second).max() < 0.01 * np.abs(first).max()


def test_the_card_tells_of_the_sounds_and_its_code_runs(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["wavegan"]
    evaluate_run(run, n=60, metrics=["nearest_ratio"])
    folder = ganatomy.export(run, out=tmp_path / "card", licence="cc-by-4.0").folder
    text = (folder / "README.md").read_text()
    header = huggingface_hub.ModelCard(text).data.to_dict()
    assert header == {"license": "cc-by-4.0", "library_name": "ganatomy", "tags": ["gan", "audio"]}
    for words in (
        "| training sounds | notes, 1,800 sounds, fingerprint ",
        "Draws sounds of 0.1 s, 8,000 samples a second, mono.",
        "| drawn as | waveforms |",
        "| classes | C4, C#4, D4,",
        "Copies of training sounds: nearest_ratio ",
        "Near 0, most sounds are copies",
    ):
        assert words in text, words
    use = text.partition("\n## Use\n")[2].partition("\n## ")[0]
    monkeypatch.chdir(folder)
    names = run_code(use)
    assert_array_equal(names["waves"], ganatomy.load(run).sample(range(16), "C4"))


def test_a_repository_has_the_levels_too(runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ganatomy.load(runs["specgan"])
    cached(own, "jane/notes", tmp_path / "hub", monkeypatch)
    monkeypatch.chdir(tmp_path)
    for there in (ganatomy.load("hf:jane/notes"), SoundSampler.from_pretrained("jane/notes")):
        assert_array_equal(there.sample([5]), own.sample([5]))
    assert pushed(own, "jane/notes", monkeypatch) == FILES | {"levels.json"}
    assert {"model.safetensors", "config.json", "levels.json"} <= set(hub.FILES)


def refilled(folder: Path) -> None:
    tensors = safetensors.torch.load_file(folder / weights.WEIGHTS)
    name = min(tensors)
    tensors[name] = tensors[name][:-1].clone()
    safetensors.torch.save_file(tensors, folder / weights.WEIGHTS)


def of_data(**changes: Any) -> Callable[[Path], None]:
    """config.json with other options of the data."""
    return rewritten("config.json", lambda values: values["config"]["data"].update(changes))


def of_levels(name: str, value: float) -> Callable[[Path], None]:
    """levels.json with another first number."""
    return rewritten("levels.json", lambda values: values[name].__setitem__(0, value))


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no levels": (lambda folder: (folder / "levels.json").unlink(), "levels.json cannot be read"),
    "no JSON": (lambda folder: (folder / "levels.json").write_text("{"), "levels.json is damaged"),
    "levels without end": (lambda folder: (folder / "levels.json").write_text(" " * 2**17), "larger than the"),
    "a frequency less": (rewritten("levels.json", lambda values: values["mean"].pop()), "there are 128 frequencies"),
    "loud levels": (of_levels("mean", 300.0), "levels.json is damaged"),
    "no levels' width": (of_levels("deviation", 0.0), "levels.json is damaged"),
    "not finite": (of_levels("mean", float("nan")), "levels.json is damaged"),
    "a pickle": (lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x04cos\n"), "no safetensors file"),
    "another network": (refilled, "has another shape"),
    "of images": (of_data(form="waveform"), "does not describe a generator"),
    "another rate": (of_data(rate=16000), "there are 256 frequencies"),
    "another length": (of_data(seconds=0.5), "has another shape|larger than the network|is in one of them only"),
    "no length": (of_data(seconds=1e9), r"data\.seconds"),
    "odd facts": (rewritten("config.json", lambda values: values["facts"].update(step=-1)), "does not describe"),
    "classes": (
        rewritten("config.json", lambda values: values["facts"]["classes"].pop()),
        "counts 12 of what can be asked for, and 11 are named",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_what_does_not_fit_is_refused(fault: str, folder: Path) -> None:
    spoil, words = SPOILT[fault]
    assert len(ganatomy.load(folder).sample([1])) == 1
    spoil(folder)
    with pytest.raises(UserError, match=words) as refusal:
        ganatomy.load(folder)
    assert "\n" not in str(refusal.value)


def test_a_folder_of_sounds_is_none_of_others(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not describe a generator"):
        Sampler.from_pretrained(folder)
    with pytest.raises(UserError, match="holds no exported generator of rows"):
        ganatomy.RowSampler.from_pretrained(folder)
    with pytest.raises(UserError, match="draws no rows"):
        ganatomy.RowSampler.of_folder(folder)
    with pytest.raises(UserError, match="holds no exported generator of sounds"):
        SoundSampler.from_pretrained(tmp_path)
