"""Every recipe trains, saves, goes on and draws, with classes where it can."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganatomy import build
from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.options import Config
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.generators import api as sampling
from ganatomy.generators.api import sample, walk
from ganatomy.runs.checkpoint import PROBE, load
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import number
from tiny import OF_IMAGES, go_on, quick, tiny, waves

CONDITIONAL = sorted(set(OF_IMAGES) - {"gsn", "lsgan", "digits"})  # two of them are dcgan with other numbers
SMALLER = sorted(set(OF_IMAGES) - {"auto", "digits", "goodfellow2014", "gsn"})  # than the recipe, in the table on MNIST


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grey") / "waves.npy"
    np.save(path, waves(40, 16, 20, 1))
    return path


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark cats and bright dogs, one dog for three cats."""
    path = tmp_path_factory.mktemp("labelled") / "set.npz"
    images = np.concatenate([waves(30, 16, 16) // 4, 192 + waves(10, 16, 16) // 4])
    np.savez(path, images=images, labels=np.repeat(["cat", "dog"], [30, 10]))
    return path


def finite(run: Run) -> bool:
    return all(math.isfinite(value) for record in run.records() for value in record.values())


@pytest.fixture(scope="module")
def plain(grey: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One step without classes; only read."""
    return quick(grey, tmp_path_factory.mktemp("plain"), training__steps=1, diagnosis__on=False)


@pytest.fixture(scope="module")
def by_class(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One step with classes; only read."""
    runs = tmp_path_factory.mktemp("by_class")
    return quick(labelled, runs, prior__conditional=True, training__steps=1, diagnosis__on=False)


@pytest.mark.parametrize("name", sorted(OF_IMAGES))
def test_every_recipe_trains_saves_resumes_and_draws(name: str, grey: Path, tmp_path: Path) -> None:
    settings = {"training__steps": 6, "training__discriminator_steps": 1, "log__checkpoint": 3, "log__keep": 0}
    run = quick(grey, tmp_path, recipe=name, **settings)
    assert finite(run)
    assert [record["step"] for record in run.records()] == [2, 4, 6]

    (run.path / "checkpoints" / "step-00000006").rename(tmp_path / "whole")
    go_on(run)  # from step 3
    whole, again = load(tmp_path / "whole"), load(run.checkpoint(6))
    for groups in (whole, again):
        groups.pop(PROBE, None)  # between probes, whose steps the clock decides
    assert whole.keys() == again.keys()
    for group, tensors in whole.items():
        for key, tensor in tensors.items():
            assert torch.equal(tensor, again[group][key]), f"{group}: {key}"

    folder = sample(run, seeds=[3, 4])
    assert np.asarray(Image.open(folder / "seed-000003.png")).shape == (16, 20)
    assert walk(run, seeds=[3, 4], frames=3).is_file()
    halfway = load(run.checkpoint(3))["average"]
    weight = next(key for key in halfway if key.endswith(("weight", "weights.0")))
    assert not torch.equal(whole["average"][weight], halfway[weight])


@pytest.mark.parametrize("name", CONDITIONAL)
def test_recipes_learn_to_generate_by_class(name: str, labelled: Path, tmp_path: Path) -> None:
    settings = {"training__steps": 3, "training__discriminator_steps": 1, "log__every": 1, "diagnosis__on": False}
    run = quick(labelled, tmp_path, recipe=name, prior__conditional=True, **settings)
    assert len(run.records()) == 3
    assert finite(run)
    assert run.config().prior.classes == [30, 10]
    sampler = sampling.load(run)
    assert sampler.classes == ["cat", "dog"]
    z = sampler.prior.split(sampler.latents([5]))[0]
    both = [sampler.prior.split(sampler.latents([5], label)) for label in ("cat", ":1")]
    assert all(torch.equal(seed, z) for seed, _ in both)
    assert [y.tolist() for _, y in both] == [[[1.0, 0.0]], [[0.0, 1.0]]]
    assert sample(run, seeds=[1, 2], label="dog", out=tmp_path / "dogs").is_dir()
    with pytest.raises(UserError, match="cow"):
        sampler.latents([5], "cow")


@pytest.mark.parametrize("name", CONDITIONAL)
def test_the_class_decides_the_image_and_the_score(name: str) -> None:
    """Of networks with weights that are not zero, where some begin as identities."""
    config = change(recipe(name), {**tiny(name), "prior.classes": [1, 1, 1]})
    if config.method == "diffusion":
        config = change(config, {"prior.dimension": 3 * 16 * 16})
    torch.manual_seed(0)
    networks = [build.generator(config, (3, 16, 16))]
    inputs = [torch.randn(2, config.prior.dimension)]
    if config.method == "adversarial":
        networks.append(build.discriminator(config, (3, 16, 16)))
        inputs.append(torch.rand(2, 3, 16, 16))
    for network, x in zip(networks, inputs, strict=True):
        for parameter in network.parameters():
            if not parameter.any() or parameter.abs().max() < 0.1:
                torch.nn.init.normal_(parameter, 0, 0.2)
        network.eval()
        with torch.no_grad():
            first, second = (network(x, torch.eye(3)[[label, label]]) for label in (0, 2))
        assert (first - second).abs().max() > 1e-4


def test_images_without_classes_cannot_be_learnt_by_class(grey: Path, tmp_path: Path, plain: Run) -> None:
    with pytest.raises(UserError, match="has no classes to generate by"):
        quick(grey, tmp_path, prior__conditional=True)
    with pytest.raises(UserError, match="does not generate by class"):
        quick(grey, tmp_path, recipe="gsn", prior__conditional=True)
    with pytest.raises(UserError, match="is unconditional; retrain with --conditional"):
        sample(plain, label="cat")


def test_seeds_have_classes_as_frequent_as_in_the_data(by_class: Run) -> None:
    sampler = sampling.load(by_class)
    _, y = sampler.prior.split(sampler.latents(range(2000)))
    assert y.mean(0).tolist() == pytest.approx([0.75, 0.25], abs=0.03)
    assert torch.equal(sampler.latents(range(5, 9)), sampler.latents(range(2000))[5:9])


def test_baselines_can_be_drawn_with_fewer_steps(grey: Path, tmp_path: Path) -> None:
    run = quick(grey, tmp_path, recipe="diffusion", training__steps=2)
    few, many = (sampling.load(run, changes={"diffusion.sampling_steps": steps}) for steps in (1, 7))
    for sampler in (few, many):  # as if it had learnt something: the last layer begins at zero
        random = torch.Generator().manual_seed(0)
        for parameter in sampler.network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random) / 5)
    assert not np.array_equal(few.images(few.latents([1])), many.images(many.latents([1])))
    for changes, words in (({"training.batch": 3}, "only"), ({"diffusion.sampling_steps": 0}, "at least|greater")):
        with pytest.raises(UserError, match=words):
            sampling.load(run, changes=changes)


def test_every_method_needs_its_own_networks() -> None:
    for name, family in (("vae", "resnet"), ("diffusion", "dcgan"), ("dcgan", "unet")):
        with pytest.raises(UserError, match=r"needs generator\.family="):
            build.check(change(recipe(name), {"generator.family": family}))
    for name in ("vae", "diffusion", "gsn"):
        with pytest.raises(UserError, match="starts from normal noise"):
            build.check(change(recipe(name), {"prior.name": "uniform"}))
    with pytest.raises(UserError, match="cannot be more than"):
        build.check(change(recipe("diffusion"), {"diffusion.sampling_steps": 1001}))
    with pytest.raises(UserError, match="3 stages"):
        build.generator(change(Config(), {"generator.family": "r3", "generator.widths": [8, 8]}), (1, 16, 16))


def test_recipes_are_named_and_cited() -> None:
    for name, make in RECIPES.items():
        doc = make.__doc__ or ""
        assert make().recipe == name
        assert "ganatomy " in doc, f"{name} has no command"
        assert name in ("digits", "auto") or "arXiv:" in doc, f"{name} cites nothing"


@pytest.mark.parametrize("name", sorted(OF_IMAGES))
def test_recipes_say_what_was_measured(name: str) -> None:
    """Their words and docs/reproduction.json have the same figures."""
    found = json.loads((Path(__file__).parents[2] / "docs" / "reproduction.json").read_text())["mnist"]["found"]
    row = found["rows"][name]
    distance = row["scores"]["fd_lenet"]["value"]
    how = "Measured at a small size" if name in SMALLER else "Measured"
    line = f"{how}: fd_lenet {number(distance)} on MNIST after {found['minutes']:g} minutes of two CPU cores"
    assert line in (RECIPES[name].__doc__ or "")


@pytest.mark.parametrize("name", sorted(OF_IMAGES))
def test_published_sizes_are_built_on_the_images_they_were_made_for(name: str) -> None:
    """Only the counts: on the meta device there is no memory."""
    config = recipe(name)
    if config.method in FROM_PIXELS:
        config = change(config, {"prior.dimension": 32 * 32})
    with torch.device("meta"):
        network = build.generator(config, (1, 32, 32))
    assert sum(parameter.numel() for parameter in network.parameters()) > 100_000


def test_a_conditional_run_says_its_classes(by_class: Run) -> None:
    assert json.loads((by_class.path / "run.json").read_text())["data"]["classes"] == ["cat", "dog"]
