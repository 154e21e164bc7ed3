"""Exports of generators that are given images: they draw what the run draws, and strangers' files are checked."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper
from PIL import Image
from safetensors.torch import load_file, save_file

import ganatomy
from exported import run_code
from ganatomy.errors import UserError
from ganatomy.generators.export import conversion
from ganatomy.generators.image_to_image import ImageToImage
from ganatomy.runs.run import Run
from tiny import waves

GRAPHS = ["edsr", "pix2pix", pytest.param("srgan", marks=pytest.mark.slow), pytest.param("cut", marks=pytest.mark.slow)]
CHANNELS = {"edsr": 1, "srgan": 3, "pix2pix": 3, "cut": 3}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(waves(1, 13, 22)[0]).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.mark.parametrize("recipe", ["srgan", "edsr", "pix2pix", "cut"])
def test_weights_draw_the_runs_pictures_bit_for_bit(
    recipe: str, given_run: Callable[[str], Run], picture: Path, tmp_path: Path
) -> None:
    run = given_run(recipe)
    made = ganatomy.export(run, "safetensors", out=tmp_path / "weights")
    assert made.message.endswith(f"so does: ganatomy apply {tmp_path / 'weights'} picture.png")
    own, there = ganatomy.load(run), ganatomy.load(made.folder)
    assert isinstance(there, ImageToImage)
    assert there.metadata == own.metadata
    given = waves(3, 9, 14, CHANNELS[recipe])
    drawn = own.apply_to(given)
    assert drawn.std() > 10  # there is something to be seen
    assert_array_equal(there.apply_to(given), drawn)
    for place, out in ((run, "run"), (made.folder, "export")):
        ganatomy.apply(place, picture, out=tmp_path / out)
    assert (tmp_path / "run" / "picture.png").read_bytes() == (tmp_path / "export" / "picture.png").read_bytes()
    card = (made.folder / "README.md").read_text()
    for words in ("pipeline_tag: image-to-image", f"| recipe | {recipe} |", "no proof of what was there", "apply_to"):
        assert words in card
    for file in made.folder.iterdir():  # nothing of where the data lay
        assert str(run.path.parent).encode() not in file.read_bytes()


@pytest.mark.parametrize("recipe", GRAPHS)
def test_graphs_draw_the_runs_pictures(
    recipe: str, given_run: Callable[[str], Run], graph_of: Callable[[str], Path], picture: Path, tmp_path: Path
) -> None:
    run, file = given_run(recipe), graph_of(recipe)
    own, there = ganatomy.load(run), ganatomy.load(file)
    assert there.metadata == own.metadata.licensed("mit")
    assert conversion.verify_given(file.read_bytes(), own) < 1e-4
    channels = CHANNELS[recipe]
    noise = np.random.default_rng(0).integers(0, 256, (1, 9, 9, channels), np.uint8)
    for given in (waves(2, 13, 22, channels), waves(1, 40, 17, channels), noise):
        assert np.abs(there.apply_to(given).astype(int) - own.apply_to(given)).max() <= 1
    ganatomy.apply(file, picture, out=tmp_path / "drawn")
    ganatomy.apply(run, picture, out=tmp_path / "own")
    with Image.open(tmp_path / "drawn" / "picture.png") as drawn, Image.open(tmp_path / "own" / "picture.png") as given:
        assert np.abs(np.asarray(drawn).astype(int) - np.asarray(given)).max() <= 1
    described = json.loads((file.parent / "metadata.json").read_text())
    assert described["inputs"] == {"given": ["UINT8", [None, None, channels]]}
    assert described["outputs"]["images"] == ["FLOAT", [channels, None, None]]


@pytest.mark.parametrize("recipe", GRAPHS)
def test_the_cards_code_runs(
    recipe: str, graph_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = graph_of(recipe)
    card = (file.parent / "README.md").read_text()
    (tmp_path / "model.onnx").symlink_to(file)
    monkeypatch.chdir(tmp_path)
    given = waves(1, 16, 24, CHANNELS[recipe])
    Image.fromarray(given[0].squeeze()).save("picture.png")
    names = run_code(card)
    own = ganatomy.load(file).apply_to(given)
    assert_array_equal(names["pixels"], own)
    with Image.open("drawn.png") as drawn:
        assert_array_equal(np.asarray(drawn), own[0].squeeze())
    assert ("multiples of" in card) == (recipe in ("pix2pix", "cut"))


def test_half_is_a_few_grey_levels_off(graph_of: Callable[[str], Path], given_run: Callable[[str], Run]) -> None:
    content, sampler = graph_of("pix2pix").read_bytes(), ganatomy.load(given_run("pix2pix"))
    half = conversion.halved(content)
    assert 1e-4 < conversion.verify_given(half, sampler, half=True) < 0.04
    with pytest.raises(UserError, match="draws other images"):
        conversion.verify_given(half, sampler)


def test_what_is_not_for_them_is_said(given_run: Callable[[str], Run], tmp_path: Path, images: Path) -> None:
    run = given_run("srgan")
    weights = ganatomy.export(run, "safetensors", out=tmp_path / "weights").folder
    with pytest.raises(UserError, match=r"another kind: ganatomy\.load takes any"):
        ganatomy.Sampler.from_pretrained(weights)
    for verb in (ganatomy.sample, ganatomy.walk, ganatomy.directions):
        with pytest.raises(UserError, match="is given an image and draws of no seed"):
            verb(weights)


def test_weights_that_contradict_their_description_are_refused(given_run: Callable[[str], Run], tmp_path: Path) -> None:
    folder = ganatomy.export(given_run("srgan"), "safetensors", out=tmp_path / "weights").folder
    path = folder / "config.json"
    values, tensors = json.loads(path.read_text()), load_file(folder / "model.safetensors")

    def refused(words: str) -> None:
        with pytest.raises(UserError, match=words) as refusal:
            ganatomy.load(folder)
        assert "\n" not in str(refusal.value)

    for place, name, value, words in (
        ("facts", "given", None, "contradicts itself"),
        ("facts", "given", {"scale": 2, "multiple": 1}, "contradicts itself"),
        ("facts", "given", {"scale": 3, "multiple": 1}, "does not describe a generator"),
        ("facts", "size", [18, 24], "contradicts itself: 18×24 pixels cannot be made 4 times smaller"),
        ("facts", "channels", 4, "contradicts itself: images of pairs have no transparency"),
        ("config", "data", {**values["config"]["data"], "scale": 8}, "contradicts itself"),
    ):
        path.write_text(json.dumps({**values, place: {**values[place], name: value}}))
        refused(words)
    path.write_text(json.dumps(values))
    save_file({**tensors, "head.weight": tensors["head.weight"][:2]}, folder / "model.safetensors")
    refused("has another shape")


def quadratic(model: onnx.ModelProto) -> None:
    """The product of each two of its pixels: harmless for a small picture."""
    nodes = [
        helper.make_node("Cast", ["given"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["numbers"], ["row"]),
        helper.make_node("Transpose", ["row"], ["column"], perm=[1, 0]),
        helper.make_node("MatMul", ["column", "row"], ["q"]),
    ]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def of_one_size(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 16


def of_seeds(model: onnx.ModelProto) -> None:
    entry = model.metadata_props[0]
    entry.value = re.sub(r'"given":\{[^}]*\}', '"given":null', entry.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (quadratic, "an image of 64 times the pixels would take more than 64 times the memory"),
        (of_one_size, "not those that its metadata describe"),
        (of_seeds, "not those that its metadata describe"),
    ],
)
def test_graphs_of_strangers_are_refused(
    spoil: Callable[[onnx.ModelProto], None], words: str, graph_of: Callable[[str], Path], tmp_path: Path
) -> None:
    model = onnx.load_model(graph_of("edsr"))
    spoil(model)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(UserError, match=words):
        ganatomy.load(tmp_path)
