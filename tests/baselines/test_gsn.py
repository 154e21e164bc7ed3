"""The chain against one written out layer by layer, its noises' statistics, purity of its images, and training."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganatomy.baselines.gsn import GSN, GenerativeStochasticNetwork
from ganatomy.errors import UserError
from ganatomy.gan.method import Batch, Setup
from ganatomy.gan.player import Player
from ganatomy.system.runtime import Randomness, Runtime

IMAGE = (1, 3, 4)
PIXELS = 12


def network(hidden=(7, 5), image=IMAGE, seed=0, **options):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = GSN(image, hidden=hidden, **options).double()
        for bias in made.biases:
            torch.nn.init.normal_(bias, 0, 0.3)
    return made


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Draws:
    """draw(kind, units) of `rows` rows, with a record of what was drawn, in order."""

    def __init__(self, rows, seed=0):
        self.rows, self.random, self.record = rows, torch.Generator().manual_seed(seed), []

    def __call__(self, kind, units):
        self.record.append(kind(self.rows, units, generator=self.random, dtype=torch.float64))
        return self.record[-1]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def written_out(model, x, steps, record, sigma, share):
    """The means of the visible layer in a chain of two hidden layers, after the equations, in numpy."""
    w1, w2 = (w.detach().numpy() for w in model.weights)
    b0, b1, b2 = (b.detach().numpy() for b in model.biases)
    draws = iter([tensor.numpy() for tensor in record])
    x, h2, means = x.numpy(), np.zeros((len(x), len(b2))), []
    for step in range(steps):
        h1 = np.tanh(x @ w1.T + h2 @ w2 + b1)
        means.append(sigmoid(h1 @ w1 + b0))
        if step < steps - 1:
            before, after = next(draws), next(draws)
            h2 = np.tanh(h1 @ w2.T + b2 + sigma * before) + sigma * after
            x = (next(draws) < (1 - share) * means[-1] + share / 2).astype(float)
    assert next(draws, None) is None
    return np.stack(means)


@pytest.mark.parametrize(("sigma", "share"), [(0.0, 0.0), (2.0, 0.4), (0.7, 0.9)])
def test_two_hidden_layers_against_the_equations_written_out(sigma, share):
    model, draws = network(hidden_noise=sigma, salt_and_pepper=share), Draws(6)
    x = torch.sigmoid(drawn(6, PIXELS))
    logits = torch.stack(list(islice(model.reconstructions(x, draws), 5)))
    expected = written_out(model, x, 5, draws.record, sigma, share)
    assert_close(torch.sigmoid(logits).detach(), torch.from_numpy(expected))


def test_odd_layers_hear_the_even_ones_and_then_the_other_way_round():
    """Three hidden layers without noise; the first step of the third hears its own bias only, for the second is silent.

    The chain's coins are made certain: what is drawn is 0 or nearly 1, so that the visible layer's next state is known.
    """
    model = network((7, 5, 6), hidden_noise=0.0, salt_and_pepper=0.0)
    w1, w2, w3 = model.weights
    b0, b1, b2, b3 = model.biases
    x, coins = torch.sigmoid(drawn(4, PIXELS)), torch.tensor([0.0, 1.0] * 6).expand(4, -1)
    chain = model.reconstructions(x, lambda kind, units: coins if kind is torch.rand else torch.zeros(4, units))
    h2 = torch.zeros(4, 5, dtype=torch.float64)
    for step in range(4):
        h1 = torch.tanh(x @ w1.T + h2 @ w2 + b1)
        h3 = torch.tanh(h2 @ w3.T + b3)
        logits = h1 @ w1 + b0
        assert_close(next(chain), logits, msg=f"step {step}")
        h2 = torch.tanh(h1 @ w2.T + h3 @ w3 + b2)
        x = 1 - coins.double()


def test_the_first_weights_are_glorot_s_and_biases_start_at_zero():
    """Uniform on ±√(6/(in + out)): the authors' code."""
    torch.manual_seed(0)
    model = GSN((1, 28, 28), hidden=(300, 200))
    for weight, (below, above) in zip(model.weights, [(784, 300), (300, 200)], strict=True):
        bound = (6 / (below + above)) ** 0.5
        assert weight.shape == (above, below)
        assert weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert [bias.abs().max() for bias in model.biases] == [0, 0, 0]
    assert [len(bias) for bias in model.biases] == [784, 300, 200]


def test_salt_and_pepper_replaces_a_share_of_pixels_by_zeros_and_ones_alike():
    model, pixels = network(salt_and_pepper=0.4), torch.full((20_000, PIXELS), 0.6, dtype=torch.float64)
    noisy = model.corrupted(pixels, Draws(20_000))
    shares = torch.stack([(noisy == value).double().mean() for value in (0.0, 1.0, 0.6)])
    assert_close(shares, torch.tensor([0.2, 0.2, 0.6]).double(), rtol=0, atol=0.005)
    assert network(salt_and_pepper=0.0).corrupted(pixels[:5], Draws(5)).equal(pixels[:5])


@pytest.mark.parametrize(("probability", "share"), [(0.9, 0.4), (0.1, 0.4), (0.7, 0.0), (0.7, 1.0)])
def test_a_visible_sample_with_salt_and_pepper_is_two_noises_in_one(probability, share):
    """Against the sample and its corruption done one after the other."""
    model, count = network(salt_and_pepper=share), 20_000
    logits = torch.full((count, PIXELS), probability, dtype=torch.float64).logit()
    one = model.resampled(logits, Draws(count, seed=1))
    random = np.random.default_rng(0)
    sample = (random.random((count, PIXELS)) < probability).astype(float)
    lost, salt = random.random((count, PIXELS)) < share, random.random((count, PIXELS)) < 0.5
    assert set(one.unique().tolist()) == {0.0, 1.0}
    assert one.mean().item() == pytest.approx(np.where(lost, salt, sample).mean(), abs=0.005)
    assert one.std(0).mean().item() == pytest.approx(np.where(lost, salt, sample).std(axis=0).mean(), abs=0.005)


def test_hidden_noise_is_normal_before_and_after_the_tanh_and_spares_the_first_layer():
    """With silent neighbours, h = tanh(σu) + σv: variance E[tanh²(σu)] + σ²."""
    model, sigma, count = network(hidden_noise=2.0), 2.0, 50_000
    with torch.no_grad():
        for bias in model.biases:
            bias.zero_()
    second = model.activated(2, [None, None, None], Draws(count))
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    squares = (weights * np.tanh(sigma * nodes) ** 2).sum() / weights.sum()
    assert second.shape == (count, 5)
    assert second.mean().item() == pytest.approx(0, abs=0.03)
    assert second.var().item() == pytest.approx(squares + sigma**2, rel=0.02)
    draws = Draws(count)
    model.activated(1, [torch.ones(1, PIXELS, dtype=torch.float64), None, None], draws)
    assert draws.record == []


def test_walk_back_sums_the_cross_entropies_with_the_clean_image():
    """The noise is torch's own, in the chain's order: the corruption first."""
    model, images = network(), torch.tanh(drawn(8, *IMAGE))
    torch.manual_seed(3)
    loss = model.walk_back(images, 4)
    torch.manual_seed(3)
    clean = (images.flatten(1) + 1) / 2
    noise = torch.rand(8, PIXELS)
    start = torch.where(noise < 0.2, 1.0, torch.where(noise < 0.4, 0.0, clean))
    record = []
    for _ in range(3):
        record += [torch.randn(8, 5), torch.randn(8, 5), torch.rand(8, PIXELS)]
    means = torch.from_numpy(written_out(model, start, 4, record, 2.0, 0.4))
    expected = -(clean * means.log() + (1 - clean) * (1 - means).log()).mean((1, 2)).sum()
    assert_close(loss.detach(), expected)


def test_an_image_depends_on_its_own_latent_vector_alone():
    """Bit for bit: in any batch, at any place, in training mode too, whatever the global generator."""
    torch.manual_seed(0)
    model = GSN((1, 6, 5), hidden=(40, 30), sampling_steps=12)
    with torch.no_grad():
        for weight in model.weights:  # so that chains wander
            weight.mul_(4)
        z = torch.randn(150, 30)
        images = model(z)
        assert images.shape == (150, 1, 6, 5)
        for i in (0, 63, 64, 149):
            assert model(z[i : i + 1]).equal(images[i : i + 1])
        assert model.eval()(z.flip(0)).equal(images.flip(0))
        assert torch.pdist(images.flatten(1)).min() > 0.1
        changed = z.clone()
        changed[:, 0] += 1e-3
        assert (model(changed) - images).flatten(1).abs().amax(1).min() > 0.1  # draws of its own, not only a start
        before = torch.get_rng_state()
        model(z[:2])
        assert torch.get_rng_state().equal(before)


def test_an_image_is_the_mean_after_that_many_steps():
    """One step has no draw but the start: 2·p(x | h) − 1 from coins, 1 where Φ(z) is above 1 − the data's mean."""
    torch.manual_seed(0)
    model = GSN(IMAGE, hidden=(7, 5), sampling_steps=1)
    z = torch.randn(3, PIXELS)
    for mean in (torch.full((PIXELS,), 0.5), torch.linspace(0, 1, PIXELS)):
        model.start_at(mean.reshape(IMAGE) * 2 - 1)
        start = (torch.distributions.Normal(0, 1).cdf(z) > 1 - mean).float()
        with torch.no_grad():
            expected = torch.sigmoid(next(model.reconstructions(start, None))) * 2 - 1
            assert_close(model(z), expected.reshape(3, *IMAGE))
    model.sampling_steps = 4
    assert (model(z) - expected.reshape(3, *IMAGE)).abs().max() > 0.01


def test_chains_start_at_half_brightness_or_at_the_data_s_mean():
    model, seen = GSN(IMAGE, hidden=(7, 5), sampling_steps=1), []
    model.reconstructions = lambda start, draw: seen.append(start) or iter([start])
    z, mean = torch.randn(6400, PIXELS, generator=torch.Generator().manual_seed(0)), torch.linspace(0, 1, PIXELS)
    model(z)
    assert_close(torch.cat(seen).mean(0), torch.full((PIXELS,), 0.5), rtol=0, atol=0.03)
    seen.clear()
    model.start_at(mean.reshape(IMAGE) * 2 - 1)
    model(z)
    assert_close(torch.cat(seen).mean(0), mean, rtol=0, atol=0.03)
    assert set(torch.cat(seen).unique().tolist()) == {0.0, 1.0}


def test_a_trained_chain_s_distribution_is_that_of_many_independent_ones():
    """The rows' generators give every image draws of its own: pixels' means agree with chains of one generator."""
    torch.manual_seed(1)
    model = GSN((1, 4, 4), hidden=(20, 20), sampling_steps=6)
    with torch.no_grad():
        for weight in model.weights:
            weight.mul_(3)
        z = torch.randn(3000, 16)
        mine = (model(z).flatten(1) + 1) / 2
        draw = Draws(3000, seed=9)
        start = (z > 0).float()
        chain = model.reconstructions(start, lambda kind, units: draw(kind, units).float())
        other = torch.sigmoid(next(islice(chain, 5, None)))
    assert_close(mine.mean(0), other.mean(0), rtol=0, atol=0.04)
    assert_close(mine.std(0), other.std(0), rtol=0, atol=0.04)


def method(model, learning_rate=0.2, runtime=None):
    runtime = runtime or Runtime()
    optimiser = torch.optim.SGD(model.parameters(), learning_rate, momentum=0.5)
    player = Player("generator", model, optimiser, {"lr": lambda step: learning_rate}, runtime)
    return GenerativeStochasticNetwork([player], Setup(None, Randomness(0), 16, runtime))


def bars(step, turn=0):
    """Images of one bright row or column, 6 × 5."""
    random = torch.Generator().manual_seed(step)
    images = -torch.ones(16, 1, 6, 5)
    for image in images:
        if torch.rand(1, generator=random) < 0.5:
            image[0, torch.randint(6, (1,), generator=random)] = 1
        else:
            image[0, :, torch.randint(5, (1,), generator=random)] = 1
    return Batch(images)


def test_a_step_descends_the_walk_back_loss():
    """θ − lr·∇loss with the noise of that step, and the record of both."""
    torch.manual_seed(0)
    model = GSN((1, 6, 5), hidden=(12, 9))
    game, before = method(model), [parameter.detach().clone() for parameter in model.parameters()]
    game.seed_layers(7)
    loss = model.walk_back(bars(7).images, 4)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    record = game.step(7, bars)
    for parameter, old, gradient in zip(model.parameters(), before, gradients, strict=True):
        assert_close(parameter.detach(), old - 0.2 * gradient)
    assert_close(record["loss/generator"], loss.detach())
    assert_close(record["gradient_norm/generator"], torch.stack([g.norm() for g in gradients]).norm())
    assert not record["loss/generator"].requires_grad
    assert game.average.n_averaged == 1


def test_training_brings_the_chain_to_the_data():
    torch.manual_seed(0)
    game = method(GSN((1, 6, 5), hidden=(60, 60), sampling_steps=10), learning_rate=1.0)
    losses = torch.stack([game.step(step, bars)["loss/generator"] for step in range(400)])
    assert losses[-50:].mean() < 0.75 * losses[:5].mean()
    with torch.no_grad():
        pixels = (game.generator.network(torch.randn(100, 30)) + 1) / 2
    assert pixels.mean().item() == pytest.approx((6 * 5 + 5 * 6) / 11 / 30, abs=0.1)


def test_a_step_s_noise_follows_from_the_step():
    torch.manual_seed(0)
    first, second = method(GSN((1, 6, 5), hidden=(8, 8))), method(GSN((1, 6, 5), hidden=(8, 8)))
    second.generator.network.load_state_dict(first.generator.network.state_dict())
    torch.manual_seed(5)
    one = first.step(3, bars)["loss/generator"]
    torch.manual_seed(6)
    assert second.step(3, bars)["loss/generator"] == one


def test_a_bfloat16_step_is_close_to_float32():
    losses = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        game = method(GSN((1, 6, 5), hidden=(12, 9)), runtime=Runtime(precision=precision))
        losses.append(game.step(0, bars)["loss/generator"].float())
    assert_close(losses[1], losses[0], rtol=0.02, atol=0)
    assert losses[1] != losses[0]


def test_every_layer_gets_a_gradient_or_the_chain_is_refused():
    with pytest.raises(UserError, match=r"A chain of 2 steps does not reach 3 hidden layers; take 3 or more\."):
        GSN((1, 6, 5), hidden=(8, 7, 6), walk_backs=2)
    model = GSN((1, 6, 5), hidden=(8, 7, 6), walk_backs=3)
    method(model).step(0, bars)


def test_a_checkpoint_holds_every_tensor_once():
    torch.manual_seed(0)
    model, other = GSN(IMAGE, hidden=(7, 5)), GSN(IMAGE, hidden=(7, 5))
    model.start_at(torch.full(IMAGE, -0.6))
    state = model.state_dict()
    assert sorted(state) == ["biases.0", "biases.1", "biases.2", "mean", "weights.0", "weights.1"]
    other.load_state_dict(state)
    z = torch.randn(2, PIXELS)
    assert other(z).equal(model(z))
