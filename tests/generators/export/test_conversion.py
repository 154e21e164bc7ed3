"""ONNX graphs: onnxruntime draws what torch draws, of every recipe."""

import copy
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.recipes import recipe
from ganatomy.errors import UserError
from ganatomy.generators import graph
from ganatomy.generators.export import conversion
from tiny import OF_IMAGES

FAST = ("dcgan", "goodfellow2014", "stylegan2")  # convolutions, dense layers; styles, noise and classes
ONE_STEP = [
    pytest.param(name, marks=[] if name in FAST else pytest.mark.slow)
    for name in sorted(OF_IMAGES)
    if recipe(name).method not in FROM_PIXELS
]


@pytest.mark.parametrize("name", ONE_STEP)
def test_onnxruntime_draws_what_torch_draws(name: str, converted) -> None:
    sampler, content = converted(name)
    largest, pixels = conversion.verify(content, sampler)
    assert largest < 1e-4
    own = sampler.sample(range(64)).astype(int)
    assert own.std() > 10  # there is something to be seen
    assert np.abs(own - pixels).max() <= 1
    assert graph.check(content, Path("model.onnx")) == sampler.metadata


def test_another_generator_is_noticed(converted) -> None:
    sampler, content = converted("dcgan")
    sampler = copy.deepcopy(sampler)
    next(sampler.network.parameters()).add_(0.01)
    with pytest.raises(UserError, match="draws other images than torch"):
        conversion.verify(content, sampler)


def test_truncation_is_an_input_where_styles_are_truncated(converted, tmp_path: Path) -> None:
    sampler, content = converted("stylegan2")
    (tmp_path / "model.onnx").write_bytes(content)
    _, network = graph.read(tmp_path / "model.onnx")
    z, y = sampler.prior.split(sampler.latents(range(3)))
    for psi in (0.3, 1.0):
        assert torch.allclose(network.draw(z, y, psi), sampler(z, y, psi), atol=1e-4)
    assert not torch.allclose(sampler(z, y, 0.3), sampler(z, y), atol=0.05)
    assert torch.equal(network(z, y), network.draw(z, y, 1.0))


@pytest.mark.parametrize("name", ["diffusion", "gsn"])
def test_many_steps_are_no_graph(name: str, made) -> None:
    with pytest.raises(UserError, match=r"takes many steps.*--to safetensors"):
        conversion.convert(made(name))


def test_half_is_half_as_large_and_a_few_grey_levels_off(converted) -> None:
    sampler, content = converted("goodfellow2014")
    half = conversion.halved(content)
    assert len(half) < 0.55 * len(content)
    with pytest.raises(UserError, match="draws other images"):
        conversion.verify(half, sampler)
    difference, _ = conversion.verify(half, sampler, half=True)
    assert 1e-4 < difference < 0.04
    model = onnx.load_model_from_string(content)
    weight = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 2)
    values = onnx.numpy_helper.to_array(weight) * np.float32(1e6)
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    with pytest.raises(UserError, match="16 bits cannot hold"):
        conversion.halved(model.SerializeToString())


def test_a_graph_says_nothing_of_this_machine(converted) -> None:
    _, content = converted("dcgan")
    for word in (str(Path.home()), str(Path(conversion.__file__).parents[3]), "site-packages", "forward"):
        assert word.encode() not in content
