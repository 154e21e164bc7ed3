"""Files of strangers: what is not a generator's is refused before it is loaded, in one sentence."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import safetensors.torch
import torch

import ganatomy
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.generators import weights
from ganatomy.generators.pretrained import rebuilt
from ganatomy.networks.families import FAMILIES, register_family
from ganatomy.runs.run import Run
from ganatomy.system.options import OfSampling


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    return ganatomy.load(run).save_pretrained(tmp_path / "weights")


def test_a_sampler_is_a_plain_module(run: Run) -> None:
    sampler = ganatomy.load(run)
    assert isinstance(sampler, torch.nn.Module)
    assert not sampler.training
    assert not any(parameter.requires_grad for parameter in sampler.parameters())
    z, y = sampler.prior.split(sampler.latents([1, 2], "dog"))
    assert sampler(z, y).shape == (2, 3, 16, 20)
    assert torch.allclose(sampler(z, y, truncation=0.5), sampler(sampler.prior.truncate(z, 0.5), y))
    with pytest.raises(UserError, match="There are 2 seeds and 1 labels: give a class for each, or one for all"):
        sampler.sample([1, 2], labels=["dog"])
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(UserError, match="greater than 0"):
            sampler(z, y, truncation=wrong)


def test_many_steps_can_be_saved_and_changed(made, tmp_path: Path) -> None:
    sampler = made("diffusion", **{"diffusion.sampling_steps": 2})
    sampler.save_pretrained(tmp_path)
    again, shorter = ganatomy.load(tmp_path), ganatomy.load(tmp_path, changes={"diffusion.sampling_steps": 1})
    assert np.array_equal(again.sample([4]), sampler.sample([4]))
    assert not np.array_equal(shorter.sample([4]), sampler.sample([4]))
    with pytest.raises(
        UserError, match=r"--set generator\.width: after training only .*diffusion\.sampling_steps can be changed"
    ):
        ganatomy.load(tmp_path, changes={"generator.width": 8})


class Steps(torch.nn.Module):
    """A stranger's generator: the images are z, shrunk step by step."""

    def __init__(
        self, latent_dim: int, image: tuple[int, int, int], sampling_steps: Annotated[int, OfSampling()] = 2
    ) -> None:
        super().__init__()
        self.image, self.sampling_steps = image, sampling_steps
        self.rate = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, z: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        return (z[:, :1] * self.rate**self.sampling_steps)[..., None, None].expand(-1, *self.image)


class Critic(torch.nn.Module):
    def __init__(self, image: tuple[int, int, int]) -> None:
        super().__init__()


def test_options_of_sampling_are_marked_where_they_are_declared(tmp_path: Path) -> None:
    register_family("steps", (Steps, Critic))
    try:
        config = change(recipe("dcgan"), {"generator.family": "steps"})
        images = [
            rebuilt(config, (1, 16, 16), {"rate": torch.tensor(0.5)}, "here", changes)(torch.ones(1, 8), None)
            for changes in ({}, {"generator.sampling_steps": 1})
        ]
        assert [image.mean().item() for image in images] == [0.25, 0.5]
        with pytest.raises(UserError, match="after training only"):
            rebuilt(config, (1, 16, 16), {}, "here", {"training.batch": 8})
    finally:
        FAMILIES.remove("steps")


def test_half_is_half_as_large(made, tmp_path: Path) -> None:
    sampler = made("goodfellow2014", **{"generator.hidden": [128, 128]})
    whole, half = (sampler.save_pretrained(tmp_path / str(half), half) / weights.WEIGHTS for half in (False, True))
    assert half.stat().st_size < 0.52 * whole.stat().st_size
    expected = sampler.sample(range(9)).astype(int)
    assert 1 <= np.abs(ganatomy.load(half).sample(range(9)) - expected).max() <= 5


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """config.json with that change."""

    def write(folder: Path) -> None:
        values = json.loads((folder / weights.CONFIG).read_text())
        change(values)
        (folder / weights.CONFIG).write_text(json.dumps(values))

    return write


def refilled(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    """model.safetensors with that change."""

    def write(folder: Path) -> None:
        tensors = safetensors.torch.load_file(folder / weights.WEIGHTS)
        change(tensors)
        safetensors.torch.save_file(tensors, folder / weights.WEIGHTS)

    return write


def cut(folder: Path) -> None:
    path = folder / weights.WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def padded(folder: Path) -> None:
    path = folder / weights.WEIGHTS
    path.write_bytes(path.read_bytes() + bytes(2**21))


KEY = "layers.0.weight"
SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no weights": (lambda folder: (folder / weights.WEIGHTS).unlink(), "There is no file .*safetensors"),
    "a pipe": (lambda folder: piped(folder / weights.WEIGHTS), "There is no file .*safetensors"),
    "a pickle": (
        lambda folder: (folder / weights.WEIGHTS).write_bytes(b"\x80\x04cos\nsystem\n"),
        "no safetensors file",
    ),
    "cut short": (cut, "no safetensors file"),
    "a tensor less": (refilled(lambda tensors: tensors.pop(KEY)), f"{KEY} is in one of them only"),
    "a tensor more": (refilled(lambda tensors: tensors.update(more=torch.ones(1))), "more is in one of them only"),
    "another shape": (refilled(lambda tensors: tensors.update({KEY: tensors[KEY][:, :-1].clone()})), "another shape"),
    "another type": (refilled(lambda tensors: tensors.update({KEY: tensors[KEY].double()})), "another shape or type"),
    "not finite": (refilled(lambda tensors: tensors[KEY].fill_(torch.nan)), f"{KEY} has numbers that are not finite"),
    "far too large": (padded, "larger than the network"),
    "no JSON": (lambda folder: (folder / weights.CONFIG).write_text("{"), "is not JSON"),
    "too deep": (lambda folder: (folder / weights.CONFIG).write_text("[" * 100_000), "is not JSON"),
    "too long": (lambda folder: (folder / weights.CONFIG).write_text(" " * 2**19), "too long"),
    "another's": (lambda folder: (folder / weights.CONFIG).write_text('{"model_type": "bert"}'), "does not describe"),
    "a newer one": (rewritten(lambda values: values["facts"].update(format=2)), "newer version of Ganatomy"),
    "odd scores": (rewritten(lambda values: values["facts"].update(measured=[{"terms": 1}])), r"measured\.0\.terms"),
    "no such option": (rewritten(lambda values: values["config"].update(evil=1)), "no option called 'evil'"),
    "two stories": (rewritten(lambda values: values["config"]["prior"].update(dimension=9)), "contradicts itself"),
    "names missing": (
        rewritten(lambda values: values["facts"].update(classes=["cat"])),
        "names 1 classes and counts 2",
    ),
    "no fit": (rewritten(lambda values: values["config"].update(method="diffusion")), r"needs generator\.family=unet"),
    "no size": (rewritten(lambda values: values["facts"].update(size=[16, 10**6])), "size"),
    "memory": (
        rewritten(lambda values: values["config"].update(generator={"family": "mlp", "hidden": [16384] * 40})),
        "would take 39 GiB",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_weights_that_do_not_fit_are_refused(fault: str, folder: Path) -> None:
    spoil, words = SPOILT[fault]
    assert ganatomy.load(folder).sample([1]).shape == (1, 16, 20, 3)
    spoil(folder)
    with pytest.raises(UserError, match=words) as refusal:
        ganatomy.load(folder)
    assert "\n" not in str(refusal.value)


def test_a_folder_is_a_run_first(run: Run, folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(run.path, both)
    shutil.copy(folder / weights.CONFIG, both)
    assert ganatomy.load(both).home == both
    assert ganatomy.load(both, step=5).metadata.step == 5
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="is not a run"):
        ganatomy.load(tmp_path / "empty")
