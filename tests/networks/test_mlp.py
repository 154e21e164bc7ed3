"""The dense networks of 2014, layer by layer."""

import math

import pytest
import torch
from scipy import stats
from torch import nn
from torch.testing import assert_close

from ganatomy.config.recipes.registry import RECIPES
from ganatomy.networks.mlp import Discriminator, Generator, Maxout, dense

IMAGE = (1, 28, 28)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def linears(network):
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


def test_parameters_are_as_many_as_in_2014():
    generator = Generator(100, IMAGE, [1200, 1200])
    discriminator = Discriminator(IMAGE, [240, 240], pieces=5)
    assert parameters(generator) == 101 * 1200 + 1201 * 1200 + 1201 * 784
    assert parameters(discriminator) == 785 * 1200 + 241 * 1200 + 241


def test_maxout_is_the_largest_of_its_linear_pieces():
    layer, x = Maxout(3, 4, pieces=5), drawn(6, 3)
    pieces = layer.linear.weight.view(4, 5, 3), layer.linear.bias.view(4, 5)
    by_hand = torch.stack(
        [
            torch.stack([max(pieces[0][unit, k] @ each + pieces[1][unit, k] for k in range(5)) for unit in range(4)])
            for each in x
        ]
    )
    assert_close(layer(x), by_hand)


@pytest.mark.parametrize(
    ("activation", "function"),
    [("relu", lambda x: x.clamp(min=0)), ("leaky_relu", lambda x: torch.where(x > 0, x, 0.2 * x))],
)
def test_a_generator_is_its_formula(activation, function):
    """Pixels 2σ(W₃ f(W₂ f(W₁ z))) − 1, biases left out here."""
    network, z = Generator(4, (3, 2, 5), [6, 7], activation), drawn(8, 4)
    first, second, last = linears(network)
    pixels = torch.sigmoid(last(function(second(function(first(z))))))
    assert_close(network(z), (2 * pixels - 1).view(8, 3, 2, 5))


def test_a_discriminator_sees_pixels_between_zero_and_one():
    network, images = Discriminator((3, 2, 5), [6], "relu"), drawn(8, 3, 2, 5).clamp(-1, 1)
    first, last = linears(network)
    assert_close(network(images), last(first((images.flatten(1) + 1) / 2).clamp(min=0))[:, 0])


def test_dropout_comes_before_each_layer_with_the_inputs_own_share():
    shares = [module.p for module in dense([4, 5, 6], 1, "relu", 5, 0.2, 0.5) if isinstance(module, nn.Dropout)]
    assert shares == [0.2, 0.5, 0.5]


def test_dropout_acts_in_training_only():
    images = drawn(8, *IMAGE)
    torch.manual_seed(0)
    dropping = Discriminator(IMAGE, [8, 8], dropout_input=0.2, dropout_hidden=0.5)
    plain = Discriminator(IMAGE, [8, 8])
    plain.load_state_dict(dropping.state_dict())
    assert (dropping(images) - dropping(images)).abs().min() > 0
    assert torch.equal(dropping.eval()(images), plain(images))


@pytest.mark.parametrize("spread", [0.05, 0.005])
@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_weights_begin_uniform_in_the_spread_and_biases_zero(network, spread):
    torch.manual_seed(0)
    arguments = (20, IMAGE) if network is Generator else (IMAGE,)
    made = network(*arguments, hidden=[30, 30], spread=spread)
    weights = torch.cat([layer.weight.flatten() for layer in linears(made)]).detach().numpy()
    assert stats.kstest(weights, stats.uniform(-spread, 2 * spread).cdf).pvalue > 1e-3
    assert not any(layer.bias.any() for layer in linears(made))


def test_without_spread_torchs_own_initialisation_stays():
    torch.manual_seed(0)
    made = Generator(20, IMAGE, [30])
    torch.manual_seed(0)
    assert torch.equal(linears(made)[0].weight, nn.Linear(20, 30).weight)


def test_a_generator_can_start_at_the_mean_image():
    mean, network = torch.linspace(-0.95, 0.95, 12).view(3, 2, 2), Generator(4, (3, 2, 2), [6])
    nn.init.zeros_(linears(network)[-1].weight)
    network.start_at(mean)
    assert_close(network(drawn(5, 4)), mean.expand(5, 3, 2, 2), rtol=0, atol=1e-6)


def test_pixels_that_are_always_black_start_nearly_black_and_can_still_change():
    network = Generator(4, (1, 1, 2), [6], spread=0.0)
    nn.init.zeros_(linears(network)[-1].weight)
    network.start_at(torch.tensor([[[-1.0, 1.0]]]))
    images = network(drawn(1, 4))
    assert_close(images.flatten(), torch.tensor([-0.998, 0.998]), rtol=0, atol=1e-6)
    (slope,) = torch.autograd.grad(images[0, 0, 0, 0], linears(network)[-1].bias)
    assert slope[0] > 1e-3


def test_in_the_2014_recipe_a_pixel_that_is_always_black_starts_at_the_authors_bias():
    """pylearn2's init_bias_target_marginals: the logit of the mean, which is kept 1e-7 away from 0 and from 1."""
    chosen = RECIPES.find("goodfellow2014")().generator
    network = Generator(4, (1, 1, 1), [6], start_margin=chosen.start_margin)
    network.start_at(torch.tensor([[[-1.0]]]))
    assert linears(network)[-1].bias.item() == pytest.approx(math.log(1e-7 / (1 - 1e-7)))
