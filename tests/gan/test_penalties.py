"""Penalties on discriminators whose gradient is known, and their own gradients against finite differences."""

import math

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.testing import assert_close

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.gan import penalties
from ganatomy.gan.method import Batch
from ganatomy.gan.penalties import PENALTIES
from ganatomy.networks import dcgan
from ganatomy.system.runtime import Runtime

SHAPE = (4, 3, 5, 6)  # [B, C, H, W], no two alike


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


REAL, FAKE = drawn(*SHAPE, seed=1), 2 * drawn(*SHAPE, seed=2) + 1
WEIGHT = drawn(*SHAPE[1:], seed=3)
SHARE = torch.tensor([0.0, 0.25, 0.6, 1.0], dtype=torch.float64)
NOISE = torch.rand(*SHAPE, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def linear(images):
    """∇D = WEIGHT at every image."""
    return (WEIGHT.to(images.dtype) * images).sum((1, 2, 3)) + 7


def quadratic(images):
    """∇D = WEIGHT ⊙ x."""
    return (WEIGHT.to(images.dtype) * images.square()).sum((1, 2, 3)) / 2


def norms(images):
    """‖WEIGHT ⊙ x‖ of each image: over channels, height and width, not over the batch."""
    return (WEIGHT * images).square().sum((1, 2, 3)).sqrt()


def with_draws(penalty):
    """The penalty with draws that are known: a share for each image, or a ramp over all of them."""

    def called(discriminator, real, fake):
        def draw(*shape):
            if not shape:
                return SHARE.to(real.dtype)[: len(real)]
            return torch.linspace(0, 1, real.numel(), dtype=real.dtype).view(len(real), *shape)

        return penalty(discriminator, real, fake, draw)

    return called


ALL = {name: with_draws(penalty) for name, penalty in PENALTIES.items()}
every_penalty = pytest.mark.parametrize("penalty", ALL.values(), ids=ALL)


def test_squared_norms_are_those_of_each_image():
    assert_close(penalties.squared_gradient_norms(quadratic, REAL), norms(REAL) ** 2)


@every_penalty
def test_a_linear_discriminator_has_one_gradient_everywhere(penalty):
    norm = WEIGHT.norm()
    value = norm**2 / 2 if penalty in (ALL["r1"], ALL["r2"]) else (norm - 1) ** 2
    assert_close(penalty(linear, REAL, FAKE), value)


def test_r1_and_r2_are_half_the_mean_squared_norm_at_their_own_images():
    assert_close(penalties.r1(quadratic, REAL, None, None), (norms(REAL) ** 2).mean() / 2)
    assert_close(penalties.r2(quadratic, None, FAKE, None), (norms(FAKE) ** 2).mean() / 2)


def test_wgan_gp_mixes_each_pair_by_its_own_share():
    mixed = torch.stack([e * x + (1 - e) * y for e, x, y in zip(SHARE, REAL, FAKE, strict=True)])
    expected = ((norms(mixed) - 1) ** 2).mean()
    assert_close(penalties.wgan_gp(quadratic, REAL, FAKE, lambda: SHARE), expected)
    one_for_all = [((norms(e * REAL + (1 - e) * FAKE) - 1) ** 2).mean() for e in SHARE]
    assert all(abs(value - expected) > 1 for value in one_for_all)  # the assertion above tells them apart


@pytest.mark.parametrize(("share", "images"), [(1.0, REAL), (0.0, FAKE)])
def test_wgan_gp_goes_from_fake_to_real(share, images):
    value = penalties.wgan_gp(quadratic, REAL, FAKE, lambda: torch.full((4,), share, dtype=torch.float64))
    assert_close(value, ((norms(images) - 1) ** 2).mean())


def test_dragan_looks_half_a_standard_deviation_around_real_images():
    around = REAL + REAL.std() * NOISE / 2
    assert_close(penalties.dragan(quadratic, REAL, None, lambda *shape: NOISE), ((norms(around) - 1) ** 2).mean())


def smooth():
    """A network without corners, so that every parameter can be checked."""
    return nn.Sequential(nn.Conv2d(1, 2, 3, 4), nn.Softplus(), nn.Flatten(), nn.Linear(32, 1), nn.Flatten(0))


def convolutional():
    """The discriminator that is trained; its parameters are checked along random directions."""
    return dcgan.Discriminator((1, 16, 16), width=2, norm="none")


@pytest.mark.parametrize(("make", "fast"), [(smooth, False), (convolutional, True)])
@every_penalty
def test_double_backward_equals_finite_differences(penalty, make, fast):
    """The gradient of the penalty in the discriminator's parameters, which is what training descends."""
    torch.manual_seed(0)
    network, real, fake = make().double(), drawn(3, 1, 16, 16, seed=5), drawn(3, 1, 16, 16, seed=6)
    names, parameters = zip(*network.named_parameters(), strict=True)

    def value(*parameters):
        weights = dict(zip(names, parameters, strict=True))
        return penalty(lambda images: functional_call(network, weights, images), real, fake)

    assert gradcheck(value, parameters, atol=1e-7, rtol=1e-5, fast_mode=fast)


@every_penalty
def test_a_flat_discriminator_gets_a_finite_gradient(penalty):
    weight = torch.zeros(SHAPE[1:], dtype=torch.float64, requires_grad=True)
    value = penalty(lambda images: (weight * images).sum((1, 2, 3)), REAL, FAKE)
    (gradient,) = torch.autograd.grad(value, weight)
    assert value.item() == pytest.approx(0 if penalty in (ALL["r1"], ALL["r2"]) else 1, abs=1e-5)
    assert torch.isfinite(gradient).all()


@every_penalty
def test_penalties_reach_the_discriminator_only(penalty):
    weight = WEIGHT.clone().requires_grad_()
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    penalty(lambda images: (weight * images.square()).sum((1, 2, 3)), real, fake).backward()
    assert weight.grad is not None
    assert real.grad is None
    assert fake.grad is None


@every_penalty
def test_half_precision_images_are_penalised_in_float32(penalty):
    real, fake = REAL.bfloat16(), FAKE.bfloat16()
    seen = []
    value = penalty(lambda images: seen.append(images.dtype) or linear(images), real, fake)
    assert (value.dtype, seen) == (torch.float32, [torch.float32])


@pytest.mark.parametrize("name", PENALTIES)
def test_a_bfloat16_run_penalises_in_float32(name):
    config = change(
        recipe("digits"),
        {"discriminator.norm": "none", "discriminator.width": 4, "training.batch": 4, f"penalties.{name}": 1.0},
    )
    real, fake = (images.float().view(4, 1, 18, 5)[:, :, :16].repeat(1, 1, 1, 4)[..., :16] for images in (REAL, FAKE))
    values = []
    for precision in ("float32", "bfloat16"):
        method = build.method(config, (1, 16, 16), Runtime(precision=precision))
        values.append(method.discriminator_step(Batch(real), Batch(fake), 0)[f"penalty/{name}"])
    assert_close(values[0], values[1], rtol=0, atol=0)


def test_penalties_refuse_batch_normalisation():
    with pytest.raises(build.UserError, match=r"penalties\.r1 needs .* discriminator\.norm=none"):
        build.method(change(recipe("digits"), {"penalties.r1": 1.0}), (1, 16, 16), Runtime())


def test_clipping_bounds_every_weight_in_place_and_leaves_the_rest():
    layer = nn.Linear(3, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[-5.0, 0.004, 0.3]]))
        layer.bias.fill_(-0.01)
    before = layer.weight.data_ptr()
    penalties.clip_weights(layer.parameters(), 0.01)
    assert layer.weight.tolist() == torch.tensor([[-0.01, 0.004, 0.01]]).tolist()
    assert layer.bias.item() == torch.tensor(-0.01).item()
    assert layer.weight.data_ptr() == before


def test_condition_is_the_cross_entropy_of_the_asked_category() -> None:
    chosen = torch.tensor([[0.5, 0.5, 0.9], [0.25, 0.75, 0.0]])
    asked = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert_close(penalties.condition(chosen, asked), torch.tensor(-(math.log(0.5) + math.log(0.75)) / 2))
    assert penalties.condition(torch.zeros(2, 3), asked).isfinite()


def test_patch_nce_is_the_cross_entropy_of_a_patchs_own_place() -> None:
    """Park et al. 2020, eq. 3, term by term."""
    torch.manual_seed(0)
    drawn, given = (torch.nn.functional.normalize(torch.randn(2, 3, 5), dim=2) for _ in range(2))
    terms = []
    for image in range(2):
        for place in range(3):
            likeness = [math.exp(float(drawn[image, place] @ given[image, other]) / 0.07) for other in range(3)]
            terms.append(-math.log(likeness[place] / sum(likeness)))
    assert_close(penalties.patch_nce(drawn, given), torch.tensor(sum(terms) / 6))
    assert penalties.patch_nce(given, given) < penalties.patch_nce(drawn, given)


def test_distances_from_a_target_are_means_over_pixels() -> None:
    drawn = torch.tensor([[[[0.5, -1.0]]], [[[0.0, 1.0]]]])
    assert_close(penalties.l1(drawn, torch.zeros(2, 1, 1, 2)), torch.tensor(2.5 / 4))
    assert_close(penalties.l2(drawn, torch.zeros(2, 1, 1, 2)), torch.tensor(2.25 / 4))
