"""Diffusion against products and Bayes' rule done by hand, and against a distribution whose noise is known exactly."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganatomy.baselines.diffusion import SAMPLERS, SCHEDULES, DenoisingDiffusion, Diffusion, alphas, noised, reverse
from ganatomy.errors import UserError
from ganatomy.gan import priors
from ganatomy.gan.method import Batch, Setup
from ganatomy.gan.player import Player
from ganatomy.networks.unet import UNet
from ganatomy.system.runtime import Randomness, Runtime

IMAGE = (1, 4, 6)


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("steps", [10, 1000])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_less_and_less_of_the_image_is_left(schedule, steps):
    alpha = alphas(steps, schedule)
    assert alpha.shape == (steps + 1,)
    assert alpha.dtype == torch.float64
    assert alpha[0] == 1
    assert (alpha.diff() < 0).all()
    assert 0 < alpha[-1] < 2e-3


def test_the_linear_schedule_is_the_papers():
    product, expected = 1.0, [1.0]
    for t in range(1000):
        product *= 1 - (1e-4 + (0.02 - 1e-4) * t / 999)
        expected.append(product)
    assert_close(alphas(1000, "linear"), torch.tensor(expected, dtype=torch.float64))
    assert expected[-1] == pytest.approx(4.04e-5, rel=1e-2)
    betas = 1 - alphas(100, "linear")[1:] / alphas(100, "linear")[:-1]  # ten times as large in a tenth of the steps
    assert_close(betas[[0, -1]], torch.tensor([1e-3, 0.2], dtype=torch.float64))


def test_the_cosine_schedule_is_the_papers():
    def f(t):
        return math.cos((t / 200 + 0.008) / 1.008 * math.pi / 2) ** 2

    expected = torch.tensor([f(t) / f(0) for t in range(200)], dtype=torch.float64)
    alpha = alphas(200, "cosine")
    assert_close(alpha[:200], expected)
    assert_close(alpha[200], alpha[199] * 0.001)  # β ≤ 0.999


def test_noised_images_have_the_stated_mean_and_variance():
    images, alpha = torch.tensor([-0.5, 0.8]).reshape(2, 1, 1, 1).expand(2, 1, 100, 1000), torch.tensor([0.9, 0.2])
    x = noised(images, drawn(2, 1, 100, 1000), alpha)
    assert_close(x.mean((1, 2, 3)), torch.tensor([-0.5 * 0.9**0.5, 0.8 * 0.2**0.5]), rtol=0, atol=0.015)
    assert_close(x.var((1, 2, 3)), torch.tensor([0.1, 0.8]), rtol=0.03, atol=0)
    assert_close(noised(images, x, torch.ones(2)), images)
    assert_close(noised(images, x, torch.zeros(2)), x)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("t", [1, 2, 17, 50])
def test_ancestral_steps_are_the_posterior_of_bayes_rule(schedule, t):
    """q(x_{t−1} | x_t, x₀) ∝ N(x_t; √α x_{t−1}, β) · N(x_{t−1}; √ᾱ_{t−1} x₀, 1 − ᾱ_{t−1}): precisions add."""
    alpha = alphas(50, schedule)
    now, earlier = alpha[t].item(), alpha[t - 1].item()
    step = now / earlier
    clean, noise = drawn(3, *IMAGE, dtype=torch.float64).tanh(), drawn(3, *IMAGE, seed=1, dtype=torch.float64)
    noisy = now**0.5 * clean + (1 - now) ** 0.5 * noise
    mean, deviation = reverse(noisy, noise, now, earlier, eta=1.0)
    if t == 1:
        assert_close(mean, clean)
        assert deviation == 0
        return
    precision = step / (1 - step) + 1 / (1 - earlier)
    expected = (step**0.5 * noisy / (1 - step) + earlier**0.5 * clean / (1 - earlier)) / precision
    assert_close(mean, expected)
    assert deviation == pytest.approx(precision**-0.5, rel=1e-6)


def test_without_fresh_noise_a_step_keeps_the_noise_and_lessens_it():
    clean, noise = drawn(3, *IMAGE, dtype=torch.float64).tanh(), drawn(3, *IMAGE, seed=1, dtype=torch.float64)
    noisy = 0.2**0.5 * clean + 0.8**0.5 * noise
    mean, deviation = reverse(noisy, noise, 0.2, 0.7, eta=0.0)
    assert_close(mean, 0.7**0.5 * clean + 0.3**0.5 * noise)
    assert deviation == 0


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_fresh_noise_takes_the_place_of_kept_noise(eta):
    """Whatever η, x at the earlier time has variance 1 − ᾱ around √ᾱ x₀."""
    noisy, zero = torch.full((1, *IMAGE), 0.8**0.5), torch.zeros(1, *IMAGE)
    mean, deviation = reverse(noisy, zero + 1, 0.2, 0.7, eta)
    assert mean.square().mean().item() + deviation**2 == pytest.approx(0.3, rel=1e-5)
    assert deviation == pytest.approx(eta * (0.3 / 0.8 * (1 - 0.2 / 0.7)) ** 0.5)


def test_predicted_images_are_clipped_and_the_noise_follows():
    clean = torch.tensor([-3.0, -0.4, 0.9, 1.5]).reshape(1, 1, 2, 2)
    clipped = torch.tensor([-1.0, -0.4, 0.9, 1.0]).reshape(1, 1, 2, 2)
    noise = drawn(1, 1, 2, 2)
    noisy = 0.2**0.5 * clean + 0.8**0.5 * noise
    mean, _ = reverse(noisy, noise, 0.2, 0.7, eta=0.0)
    assert_close(mean, 0.7**0.5 * clipped + 0.3**0.5 * (noisy - 0.2**0.5 * clipped) / 0.8**0.5)


class Exact(nn.Module):
    """The noise expected in x_t where every pixel is N(μ, s²): the best that a network can learn."""

    def __init__(self, alpha, mean, deviation):
        super().__init__()
        self.alpha, self.mean, self.deviation, self.seen = alpha, mean, deviation, []

    def forward(self, x, t, y=None):
        self.seen.append((t, y))
        a = self.alpha[t].float().reshape(-1, 1, 1, 1)
        return (1 - a).sqrt() * (x - a.sqrt() * self.mean) / (a * self.deviation**2 + 1 - a)


def exact(image=IMAGE, mean=0.2, deviation=0.15, **options):
    diffusion = Diffusion(nn.Identity(), image, **options)
    diffusion.unet = Exact(diffusion.alphas, mean, deviation)
    return diffusion.eval()


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ddim_carries_normal_noise_to_the_data(schedule):
    """Its map is affine here, z ↦ az + b: b must come to μ and a to s, the closer the more steps."""
    errors = []
    for count in (5, 50, 1000):
        diffusion = exact(schedule=schedule, sampling_steps=count)
        at_zero, at_two = diffusion(torch.stack([torch.zeros(24), torch.full((24,), 2.0)])).flatten(1).mean(1).tolist()
        errors.append((abs(at_zero - 0.2), abs((at_two - at_zero) / 2 - 0.15)))
    means, deviations = zip(*errors, strict=True)
    assert max(means) < 0.01
    assert deviations[0] > 2 * deviations[1] > 4 * deviations[2]
    assert deviations[2] < 0.002


def test_ancestral_sampling_draws_from_the_data():
    diffusion = exact((1, 16, 16), steps=300, sampler="ancestral", sampling_steps=300)
    images = diffusion(drawn(40, 256))
    assert images.mean().item() == pytest.approx(0.2, abs=0.01)
    assert images.std().item() == pytest.approx(0.15, rel=0.03)
    mean, deviation = images.flatten(1).mean(1), images.flatten(1).std(1)
    assert mean.std() < 0.03  # each image by itself
    assert 0.12 < deviation.min() < deviation.max() < 0.18


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_single_step_is_the_predicted_image(sampler):
    diffusion, z = exact(steps=20, schedule="linear", sampler=sampler, sampling_steps=1), drawn(3, 24)
    a, x = diffusion.alphas[20].item(), z.reshape(3, *IMAGE)
    noise = diffusion.unet(x, torch.full((3,), 20))
    expected = ((x - (1 - a) ** 0.5 * noise) / a**0.5).clamp(-1, 1)
    assert_close(diffusion(z), expected)


@pytest.mark.parametrize(
    ("count", "times"), [(1, [9, 0]), (2, [9, 4, 0]), (4, [9, 6, 4, 2, 0]), (9, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])]
)
def test_sampling_goes_through_evenly_spaced_times_to_zero(count, times):
    diffusion = exact(steps=9)
    diffusion.sampling_steps = count
    assert diffusion.times() == times
    diffusion(drawn(2, 24), torch.eye(2))
    seen = diffusion.unet.seen
    assert [t.tolist() for t, _ in seen] == [[t, t] for t in times[:-1]]
    assert all(torch.equal(y, torch.eye(2)) for _, y in seen)


@pytest.mark.parametrize("count", [0, 10, -1])
def test_there_are_no_other_numbers_of_steps(count):
    with pytest.raises(UserError, match=rf"^{count} sampling steps: .* from 1 to 9\.$"):
        exact(steps=9, sampling_steps=count)(drawn(1, 24))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_image_is_a_function_of_its_own_z(sampler):
    z, diffusion = drawn(4, 24), exact(steps=30, sampler=sampler, sampling_steps=7)
    torch.manual_seed(1)
    images, state = diffusion(z), torch.get_rng_state()
    torch.manual_seed(2)
    alone = [diffusion(z[i : i + 1]) for i in (2, 0)]
    assert_close(torch.cat(alone), images[[2, 0]], rtol=0, atol=1e-6)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)  # nothing is drawn from the global generator


def test_ancestral_noise_is_fresh_at_every_step_and_for_every_z():
    diffusion = exact((1, 16, 16), steps=30, sampler="ancestral", sampling_steps=3)
    z = drawn(1, 256)
    z = torch.cat([z, z.nextafter(z + 1)])  # as near as can be
    visited = []
    diffusion.unet.register_forward_pre_hook(lambda _, inputs: visited.append(inputs[0]))
    diffusion(z)
    noises = []
    for (now, earlier), x, following in zip([(30, 20), (20, 10)], visited, visited[1:], strict=False):
        now, earlier = diffusion.alphas[now].item(), diffusion.alphas[earlier].item()
        predicted = diffusion.unet.forward(x, torch.full((2,), 30 if x is visited[0] else 20))
        mean, deviation = reverse(x, predicted, now, earlier, 1.0)
        noises += list((following - mean) / deviation)
    noises = torch.stack(noises).flatten(1)
    assert_close(noises.std(1), torch.ones(4), rtol=0, atol=0.15)
    assert_close(torch.corrcoef(noises), torch.eye(4), rtol=0, atol=0.25)


def test_a_checkpoint_holds_the_denoiser_alone():
    diffusion = Diffusion(UNet((1, 16, 16), width=4), (1, 16, 16))
    assert all(name.startswith("unet.") for name in diffusion.state_dict())


class Learner(nn.Module):
    """Predicts a constant, and remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.constant, self.seen = nn.Parameter(torch.tensor(0.3)), []

    def forward(self, x, t, y=None):
        self.seen.append((x.detach(), t, y))
        return self.constant.expand(x.shape)


class OneOfTwo(Runtime):
    """A process whose partner cannot be heard."""

    def average(self, tensors):
        pass

    def synchronise(self, tensors):
        pass


def training(network, image=IMAGE, batch=400, runtime=None, rate=0.1, **options):
    diffusion = Diffusion(network, image, **options)
    player = Player("generator", diffusion, torch.optim.Adam(diffusion.parameters(), rate), {}, runtime or Runtime())
    prior = priors.Prior(priors.normal, priors.spherical, priors.truncated_normal, math.prod(image))
    return DenoisingDiffusion([player], Setup(prior, Randomness(7), batch, player.runtime))


def test_a_step_is_algorithm_1():
    method = training(Learner(), steps=20)
    images, classes = drawn(400, *IMAGE).tanh(), torch.eye(2).repeat(200, 1)
    record = method.step(3, lambda step, turn: Batch(images, classes))
    network = method.generator.network.unet
    ((x, t, y),) = network.seen
    assert torch.equal(y, classes)
    assert set(t.tolist()) == set(range(1, 21))  # uniform on 1 … steps
    assert_close(t.bincount(minlength=21)[1:].float(), torch.full((20,), 20.0), rtol=0, atol=18)
    alpha = method.generator.network.alphas[t].float().reshape(-1, 1, 1, 1)
    noise = (x - alpha.sqrt() * images) / (1 - alpha).sqrt()  # what must have been added
    assert noise.std().item() == pytest.approx(1, abs=0.03)
    assert noise.mean().item() == pytest.approx(0, abs=0.03)
    assert abs(torch.corrcoef(torch.stack([noise.flatten(), images.flatten()]))[0, 1]) < 0.04
    assert_close(record["loss/generator"], (noise - 0.3).square().mean(), rtol=1e-3, atol=0)
    assert_close(record["gradient_norm/generator"], (2 * (0.3 - noise.mean())).abs(), rtol=1e-3, atol=0)
    assert network.constant.item() == pytest.approx(0.2, abs=1e-4)  # one step of Adam
    assert method.average.module.unet.constant.item() == pytest.approx(0.2, abs=1e-4)
    assert not any(value.requires_grad for value in record.values())


def test_steps_draw_differently_and_a_repeated_one_the_same():
    seen = []
    for step in (3, 3, 4):
        method = training(Learner())
        method.step(step, lambda step, turn: Batch(torch.zeros(400, *IMAGE)))
        seen.append(method.generator.network.unet.seen[0])
    assert torch.equal(seen[0][0], seen[1][0])
    assert torch.equal(seen[0][1], seen[1][1])
    assert not torch.equal(seen[0][0], seen[2][0])
    assert not torch.equal(seen[0][1], seen[2][1])


def test_processes_share_the_draws_of_one():
    images, shown = drawn(400, *IMAGE).tanh(), []
    for runtime in (Runtime(), OneOfTwo(rank=0, world=2), OneOfTwo(rank=1, world=2)):
        method = training(Learner(), runtime=runtime)
        method.step(3, lambda step, turn, runtime=runtime: Batch(runtime.share(images)))
        shown.append(method.generator.network.unet.seen[0])
    for one, first, second in zip(*[each[:2] for each in shown], strict=True):
        assert torch.equal(one, torch.stack([first, second], 1).flatten(0, 1))  # each has every other row


def test_a_small_network_learns_black_and_white_by_class():
    image, classes = (1, 16, 16), torch.eye(2).repeat_interleave(8, 0)
    torch.manual_seed(0)
    network = UNet(image, width=8, multipliers=[1, 2], classes=2)
    method = training(network, image, batch=16, rate=0.02, steps=20, sampling_steps=20)
    shade = torch.tensor([-0.7, 0.7]).repeat_interleave(8).reshape(-1, 1, 1, 1).expand(-1, *image)
    losses = [method.step(step, lambda step, turn: Batch(shade, classes))["loss/generator"] for step in range(100)]
    assert losses[0] > 0.9
    assert sum(losses[-30:]) / 30 < 0.1
    with torch.no_grad():
        images = method.average.module(drawn(16, 256, seed=3), classes)
    assert images.isfinite().all()
    assert images.abs().max() <= 1
    assert images.std((1, 2, 3)).mean() < 0.4  # little of the noise, whose deviation was 1, is left
    assert images[:8].mean() < -0.25
    assert images[8:].mean() > 0.25
