"""The variational autoencoder against torch's distributions and a linear-Gaussian model whose likelihood is known."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence
from torch.testing import assert_close

from ganatomy.baselines.vae import (
    VAE,
    VariationalAutoencoder,
    bernoulli_log_likelihood,
    gaussian_divergence,
    gaussian_log_likelihood,
    optimal_variance,
    reparameterise,
)
from ganatomy.gan import priors
from ganatomy.gan.method import Batch, Setup
from ganatomy.gan.player import Player
from ganatomy.networks import dcgan
from ganatomy.system.runtime import Randomness, Runtime

IMAGE = (1, 2, 3)
D = 2
ROUNDING = (2 / 255) ** 2 / 12


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_the_divergence_is_that_of_normal_distributions():
    mean, log_variance = 2 * drawn(5, 3), drawn(5, 3, seed=1)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0, 1)).sum(1)
    assert_close(gaussian_divergence(mean, log_variance), expected)
    assert gaussian_divergence(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def test_the_divergence_is_the_mean_log_ratio_of_the_densities():
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[-1.0, 0.5]])
    z = reparameterise(mean, log_variance, drawn(200_000, 2).float())
    ratio = Normal(mean, (log_variance / 2).exp()).log_prob(z) - Normal(0, 1).log_prob(z)
    assert_close(gaussian_divergence(mean, log_variance), ratio.sum(1).mean()[None], rtol=0, atol=0.01)


def test_codes_are_normal_with_the_posteriors_mean_and_variance():
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[-3.0, 0.5]])
    z = reparameterise(mean, log_variance, drawn(100_000, 2).float())
    assert_close(z.mean(0), mean[0], rtol=0, atol=0.015)
    assert_close(z.var(0), log_variance[0].exp(), rtol=0.02, atol=0)


def test_bernoulli_likelihood_of_black_and_white_images():
    images, decoded = drawn(4, 3, 2, 5).sign(), drawn(4, 3, 2, 5, seed=1).tanh()
    expected = Bernoulli((decoded + 1) / 2).log_prob((images + 1) / 2).sum((1, 2, 3))
    assert_close(bernoulli_log_likelihood(images, decoded), expected, rtol=1e-4, atol=0)


def test_greys_are_weighted_between_black_and_white():
    shape = (1, 1, 1, 1)
    grey, decoded = torch.full(shape, 0.4), torch.full(shape, -0.2)
    assert_close(bernoulli_log_likelihood(grey, decoded), torch.tensor([0.7 * math.log(0.4) + 0.3 * math.log(0.6)]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_certain_and_wrong_pixels_cost_much_but_no_infinity(dtype):
    decoded = torch.tensor([-1.0, 1.0, -1.0, 1.0], dtype=dtype).reshape(4, 1, 1, 1).requires_grad_()
    images = torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=dtype).reshape(4, 1, 1, 1)
    value = bernoulli_log_likelihood(images, decoded)
    assert_close(value, torch.tensor([math.log(1e-6)] * 2 + [-1e-6] * 2, dtype=dtype), rtol=0, atol=0.1)
    (gradient,) = torch.autograd.grad(value.sum(), decoded)
    assert gradient.isfinite().all()
    assert_close(gradient.sign().flatten(), images.flatten())


def test_gaussian_likelihood_is_that_of_independent_pixels():
    images, decoded = drawn(4, 3, 2, 5), drawn(4, 3, 2, 5, seed=1)
    expected = Normal(decoded, 0.3).log_prob(images).sum((1, 2, 3))
    variance = torch.tensor(0.09, dtype=torch.float64)
    assert_close(gaussian_log_likelihood(images, decoded, variance), expected)


def test_no_other_variance_makes_the_batch_as_likely():
    images, decoded = drawn(4, 3, 2, 5), drawn(4, 3, 2, 5, seed=1).requires_grad_()
    best = optimal_variance(images, decoded)
    values = [gaussian_log_likelihood(images, decoded, best * f).sum().item() for f in (0.8, 0.99, 1, 1.01, 1.2)]
    assert max(values) == values[2]
    expected = -images.numel() / 2 * (1 + math.log(2 * math.pi * best.item()))
    assert values[2] == pytest.approx(expected)
    assert not best.requires_grad


def test_the_variance_stays_above_that_of_rounding():
    levels = np.arange(256) / 127.5 - 1
    fine = np.random.default_rng(0).uniform(-1, 1, 100_000)
    nearest = levels[np.rint((fine + 1) * 127.5).astype(int)]
    assert np.mean((fine - nearest) ** 2) == pytest.approx(ROUNDING, rel=0.02)
    images = torch.zeros(2, *IMAGE)
    assert optimal_variance(images, images).item() == pytest.approx(ROUNDING)
    assert optimal_variance(images, images + 0.01).item() == pytest.approx(1e-4)


# x = Wz + b + σ·noise with orthogonal columns of W: the posterior of z has independent coordinates.
W = torch.linalg.qr(drawn(6, D)).Q * torch.tensor([1.5, 0.4], dtype=torch.float64)
B, VARIANCE = 0.3 * drawn(6, seed=5), torch.tensor(0.2, dtype=torch.float64)
TRUTH = MultivariateNormal(B, W @ W.T + VARIANCE * torch.eye(6, dtype=torch.float64))
POSTERIOR_VARIANCE = 1 / (1 + W.square().sum(0) / VARIANCE)


def posterior(x):
    mean = POSTERIOR_VARIANCE * ((x - B) @ W) / VARIANCE
    return mean, POSTERIOR_VARIANCE.log().expand_as(mean)


def bound(x, mean, log_variance):
    """The evidence lower bound of x: [6], its expectation exact by Gauss-Hermite quadrature over the noise."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    noise = torch.cartesian_prod(*[torch.from_numpy(nodes)] * D)
    weight = torch.cartesian_prod(*[torch.from_numpy(weights / weights.sum())] * D).prod(1)
    decoded = reparameterise(mean, log_variance, noise) @ W.T + B
    images = x.expand(len(noise), -1)
    likelihood = gaussian_log_likelihood(images.reshape(-1, *IMAGE), decoded.reshape(-1, *IMAGE), VARIANCE)
    return weight @ likelihood - gaussian_divergence(mean[None], log_variance[None])[0]


def test_at_the_true_posterior_the_bound_is_the_log_likelihood():
    for x in TRUTH.mean + drawn(5, 6):
        assert_close(bound(x, *posterior(x)), TRUTH.log_prob(x))


def test_elsewhere_it_falls_short_by_the_divergence_from_it():
    for seed, x in enumerate(TRUTH.mean + drawn(5, 6)):
        mean, log_variance = posterior(x)
        other, wider = mean + 0.3 * drawn(D, seed=seed), log_variance + 0.5 * drawn(D, seed=seed + 10)
        true = Normal(mean, (log_variance / 2).exp())
        gap = kl_divergence(Normal(other, (wider / 2).exp()), true).sum()
        assert gap > 0.01
        assert_close(bound(x, other, wider), TRUTH.log_prob(x) - gap)


class Encoder(nn.Module):
    """Linear means, one log-variance for all images."""

    def __init__(self):
        super().__init__()
        self.mean, self.log_variance = nn.Linear(6, D), nn.Parameter(torch.tensor([-0.5, 0.2]))

    def forward(self, images, y=None):
        mean = self.mean(images.flatten(1))
        return torch.cat([mean, self.log_variance.expand_as(mean)], 1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.seen = nn.Linear(D, 6), []

    def forward(self, z, y=None):
        self.seen.append((z.detach(), y))
        return self.linear(z).reshape(-1, *IMAGE)


class OneOfTwo(Runtime):
    """A process that hears another, whose variance is 0.5 more."""

    def average(self, tensors):
        for tensor in tensors:
            if tensor.dim() == 0 and not tensor.requires_grad:
                tensor += 0.25

    def synchronise(self, tensors):
        pass


def training(vae, dimension=D, batch=64, rate=0.01, runtime=None, **options):
    player = Player("generator", vae, torch.optim.Adam(vae.parameters(), rate), {}, runtime or Runtime())
    prior = priors.Prior(priors.normal, priors.spherical, priors.truncated_normal, dimension)
    return VariationalAutoencoder([player], Setup(prior, Randomness(7), batch, player.runtime), **options)


def linear():
    torch.manual_seed(0)
    return VAE(Encoder(), Decoder())


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_a_step_descends_the_negative_bound(likelihood):
    vae, images = linear(), 0.3 * drawn(64, *IMAGE, dtype=torch.float32)
    if likelihood == "bernoulli":
        vae.decoder.linear.weight.data *= 0.1
    mean, log_variance = (half.detach() for half in vae.posterior(images))
    assert_close(mean, vae.encoder.mean(images.flatten(1)))
    assert_close(log_variance, torch.tensor([-0.5, 0.2]).expand(64, 2))
    weight, bias = vae.decoder.linear.weight.detach().clone(), vae.decoder.linear.bias.detach().clone()
    method = training(vae, likelihood=likelihood, beta=lambda step: 0.1 * step)
    y = torch.eye(64)
    record = method.step(3, lambda step, turn: Batch(images, y))

    ((z, classes),) = vae.decoder.seen
    assert torch.equal(classes, y)
    noise = (z - mean) / (log_variance / 2).exp()
    assert noise.std().item() == pytest.approx(1, abs=0.2)
    assert noise.mean().item() == pytest.approx(0, abs=0.2)
    decoded = (z @ weight.T + bias).reshape(-1, *IMAGE)
    if likelihood == "gaussian":
        error = (images - decoded).square().mean()
        expected = 6 / 2 * (1 + torch.log(2 * math.pi * error))
    else:
        expected = -Bernoulli((decoded + 1) / 2, validate_args=False).log_prob((images + 1) / 2).sum((1, 2, 3)).mean()
    divergence = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0, 1)).sum(1).mean()
    assert_close(record["loss/reconstruction"], expected, rtol=1e-4, atol=1e-4)
    assert_close(record["loss/divergence"], divergence)
    assert_close(record["loss/generator"], expected + 0.3 * divergence, rtol=1e-4, atol=1e-4)
    assert not any(value.requires_grad for value in record.values())
    assert_close((vae.decoder.linear.bias - bias).abs(), torch.full((6,), 0.01), rtol=1e-3, atol=0)  # one step of Adam
    assert_close(method.average.module.decoder.linear.bias, vae.decoder.linear.bias)


def test_noise_follows_the_step_and_is_shared_by_processes():
    images, codes = 0.3 * drawn(64, *IMAGE, dtype=torch.float32), []
    for step, runtime in [
        (3, Runtime()),
        (4, Runtime()),
        (3, OneOfTwo(rank=0, world=2)),
        (3, OneOfTwo(rank=1, world=2)),
    ]:
        vae = linear()
        training(vae, runtime=runtime).step(step, lambda step, turn, runtime=runtime: Batch(runtime.share(images)))
        codes.append(vae.decoder.seen[0][0])
    assert_close(torch.stack(codes[2:], 1).flatten(0, 1), codes[0])  # each has every other row
    assert (codes[0] - codes[1]).abs().mean() > 0.1


def test_the_variance_is_that_of_all_processes():
    images, decoded = drawn(4, *IMAGE), drawn(4, *IMAGE, seed=1)
    method = training(linear(), runtime=OneOfTwo(rank=0, world=2))
    expected = gaussian_log_likelihood(images, decoded, optimal_variance(images, decoded) + 0.25)
    with method.runtime.whole_batch(8):
        assert_close(method.log_likelihood(images, decoded), expected)


def test_linear_networks_learn_the_linear_gaussian_model():
    """Probabilistic principal components: the bound rises to the log-likelihood of the truth."""
    x = TRUTH.mean.float() + drawn(1000, 6).float() @ torch.linalg.cholesky(TRUTH.covariance_matrix).T.float()
    vae = linear()
    vae.decoder.linear.bias.data.zero_()
    method = training(vae, batch=1000, rate=0.03)
    losses = [method.step(s, lambda step, turn: Batch(x.reshape(-1, *IMAGE)))["loss/generator"] for s in range(300)]
    optimum = -TRUTH.log_prob(x.double()).mean().item()
    assert losses[0] > optimum + 1
    assert sum(losses[-50:]).item() / 50 == pytest.approx(optimum, abs=0.1)
    decoder = method.average.module.decoder.linear
    assert_close(decoder.weight @ decoder.weight.T, (W @ W.T).float(), rtol=0, atol=0.15)
    assert_close(decoder.bias, B.float(), rtol=0, atol=0.1)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_convolutional_networks_learn_flat_images(likelihood):
    image = (1, 16, 16)
    torch.manual_seed(0)
    vae = VAE(dcgan.Discriminator(image, 4, "none", outputs=4), dcgan.Generator(2, image, 4))
    method = training(vae, 2, batch=32, likelihood=likelihood)
    shade = torch.linspace(-0.8, 0.8, 32).reshape(-1, 1, 1, 1).expand(-1, *image)
    losses = [method.step(step, lambda step, turn: Batch(shade))["loss/generator"].item() for step in range(100)]
    end = sum(losses[-10:]) / 10
    if likelihood == "gaussian":
        assert losses[0] > 0
        assert end < -300
    else:
        floor = (
            256 * Bernoulli((shade[:, 0, 0, 0] + 1) / 2).entropy().mean().item()
        )  # even if z told the shade for nothing
        assert losses[0] > floor + 25
        assert floor < end < floor + 8
    vae.eval()
    assert_close(vae(vae.posterior(shade)[0]), shade, rtol=0, atol=0.4)
    images = method.sample(drawn(64, 2, seed=3, dtype=torch.float32))
    assert images.isfinite().all()
    assert images.abs().max() <= 1
