"""`ganatomy export`: what it leaves, and that it can be drawn from again."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganatomy
from exported import run_code
from ganatomy import cli
from ganatomy.errors import UserError
from ganatomy.gan.priors import PRIORS, linear, register_prior, truncated_uniform, uniform
from ganatomy.generators.export import web
from ganatomy.generators.export.api import Export
from ganatomy.runs.run import Run


@pytest.fixture(scope="module")
def onnx(exported: Export) -> Path:
    return exported.folder


def test_a_graph_comes_with_its_card_and_metadata(measured: Run, exported: Export, onnx: Path) -> None:
    assert "in batches of 1, 7, 64: the largest difference is" in exported.message
    assert exported.file == onnx / "model.onnx"
    assert onnx == measured.path / "exports" / "onnx"
    metadata = json.loads((onnx / "metadata.json").read_text())
    assert metadata["prior"] == {"name": "normal", "dimension": 8, "conditional": True, "classes": [30, 10]}
    assert (metadata["classes"], metadata["size"], metadata["channels"]) == (["cat", "dog"], [16, 20], 3)
    assert metadata["inputs"] == {"z": ["FLOAT", [8]], "class": ["INT64", []]}
    assert metadata["outputs"]["pixels"] == ["UINT8", [16, 20, 3]]
    card = (onnx / "README.md").read_text()
    for words in (
        "license: cc-by-4.0",
        "| recipe | dcgan |",
        "pets.npz, 40 images",
        "| fd_random | 17.6 [16.9, 18.4] | 0.5 | lower |",
        "100 generated images against 40 of pets.npz; features: name random, sha256 ab",
        "| classes | cat, dog |",
        'session.run(["pixels"], inputs)  # uint8 [16, 16, 20, 3]',
    ):
        assert words in card
    for file in onnx.iterdir():  # nothing of where the data lay
        assert b"jane" not in file.read_bytes()
        assert str(measured.path.parent).encode() not in file.read_bytes()
    with Image.open(onnx / "samples.png") as picture:
        assert picture.height >= 480


def test_the_cards_code_runs(onnx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = (onnx / "README.md").read_text()
    monkeypatch.chdir(onnx)
    names = run_code(card)
    assert (names["pixels"].shape, names["pixels"].dtype) == ((16, 16, 20, 3), np.uint8)


def test_what_was_exported_draws_the_runs_images(measured: Run, onnx: Path, tmp_path: Path) -> None:
    weights = ganatomy.export(measured, "safetensors", out=tmp_path / "weights").folder
    own = ganatomy.load(measured)
    for place in (onnx, onnx / "model.onnx", weights, weights / "model.safetensors"):
        there = ganatomy.load(place)
        for given in ({}, {"labels": "dog"}, {"labels": [":1", "cat", ":1"]}, {"truncation": 0.5}):
            expected = own.sample([3, 1, 2**32 - 1], **given).astype(int)
            assert np.abs(there.sample([3, 1, 2**32 - 1], **given) - expected).max() <= (place.suffix != ".safetensors")
    assert not np.array_equal(own.sample([3], labels="dog"), own.sample([3], labels="cat"))
    assert np.array_equal(ganatomy.load(weights).sample(range(9)), own.sample(range(9)))
    assert ganatomy.load(weights).metadata == own.metadata


def test_the_verbs_take_an_export(onnx: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for line in (["sample", str(onnx), "--seeds", "3"], ["walk", str(onnx), "--frames", "8", "--out", "w.webp"]):
        monkeypatch.setattr(sys, "argv", ["ganatomy", *line])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        assert not exit_.value.code
    assert (onnx / "generated" / "seed-000003.png").exists()
    assert Path("w.webp").exists()


def test_the_command_says_what_it_wrote(
    measured: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["export", str(measured.path), "--to", "safetensors", "--half", "--step", "5", "--raw"]
    line += ["--out", str(tmp_path / "half")]
    monkeypatch.setattr(sys, "argv", ["ganatomy", *line])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert not exit_.value.code
    assert f"ganatomy sample {tmp_path / 'half'}" in capsys.readouterr().out
    metadata = ganatomy.load(tmp_path / "half").metadata
    assert (metadata.step, metadata.average, metadata.licence, metadata.measured) == (5, False, None, ())
    assert "not stated" in (tmp_path / "half" / "README.md").read_text()


def test_what_cannot_be_done_is_said(measured: Run, onnx: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place, given, words in (
        (measured, {"to": "pdf"}, "no form of export called 'pdf'"),
        (measured, {"title": "Hello"}, "of the page"),
        (measured, {"licence": "mine, all mine"}, "short name"),
        (measured, {"out": tmp_path / "file"}, "is a file"),
        (measured, {"step": 3}, "no checkpoint of step 3"),
        (onnx, {}, "holds an ONNX graph already"),
        (onnx, {"to": "safetensors"}, "cannot be turned back"),
        (onnx, {"step": 3}, "holds one generator"),
        (tmp_path / "nothing.onnx", {}, "There is no file"),
    ):
        with pytest.raises(UserError, match=words):
            ganatomy.export(place, **given)
    with pytest.raises(UserError, match="is a finished graph: --set cannot change it"):
        ganatomy.load(onnx, changes={"diffusion.sampling_steps": 3})


def test_a_prior_of_ones_own(made, tmp_path: Path) -> None:
    """A graph needs none of its code; the page could not draw from it."""
    register_prior("mine", interpolate=linear, truncate=truncated_uniform)(uniform)
    try:
        weights = made("goodfellow2014", **{"prior.name": "mine"}).save_pretrained(tmp_path / "weights")
        folder = ganatomy.export(weights, out=tmp_path / "onnx").folder
        assert "latents = ...  # (16, 8), of the prior mine" in (folder / "README.md").read_text()
        assert np.abs(ganatomy.load(folder).sample([3]).astype(int) - ganatomy.load(weights).sample([3])).max() <= 1
        for form in ("web", "gradio"):
            with pytest.raises(UserError, match="draws from a normal or uniform prior; this one is mine"):
                ganatomy.export(weights, form, out=tmp_path / form)
    finally:
        PRIORS.remove("mine")
    with pytest.raises(UserError, match="mine"):
        ganatomy.load(weights)


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_the_extra_is_asked_for(package: str, measured: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=rf"needs {package}: pip install 'ganatomy\[onnx\]'"):
        ganatomy.export(measured)


def test_a_title_is_only_text(measured: Run) -> None:
    page = web.page(ganatomy.load(measured).metadata, "<b>cats</b> & $dogs")
    assert "<h1>&lt;b&gt;cats&lt;/b&gt; &amp; $dogs</h1>" in page
