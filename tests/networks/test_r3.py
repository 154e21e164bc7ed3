"""R3GAN's networks against the authors' own, and what follows from the equations."""

import json
import sys
from itertools import product
from math import prod, sqrt
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.testing import assert_close

from ganatomy.gan.penalties import r1
from ganatomy.networks.r3 import Discriminator, Downsample, Generator, Residual, Upsample, stages

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
from record_r3 import CONFIGURATIONS, fill, inputs, thinned

GOLDEN = Path(__file__).parents[1] / "golden" / "r3.json"
RECORDED = {record["name"]: record for record in json.loads(GOLDEN.read_text())}
both = pytest.mark.parametrize("network", [lambda *options: Generator(5, *options), Discriminator])
ODD = [(1, 45, 30), (4, 17, 40), (3, 16, 16)]


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def made(options):
    """Both networks of a configuration of the recorder."""
    options = {name: tuple(value) if name == "image" else value for name, value in options.items()}
    generator = Generator(**options)
    del options["latent_dim"]
    return generator, Discriminator(**options)


def small(image, classes=0, seed=0, filled=True):
    """Both networks, of unequal stages, every parameter away from zero if filled."""
    torch.manual_seed(seed)
    count = stages(image)
    lists = {"widths": [6, 8, 4][:count], "blocks": [1, 2, 1][:count], "cardinality": [2, 4, 1][:count]}
    networks = made({"latent_dim": 5, "image": image, "classes": classes, **lists})
    if filled:
        for network in networks:
            fill(network.parameters(), seed + 1)
    return networks


def residuals(network):
    return [module for module in network.modules() if isinstance(module, Residual)]


@pytest.mark.parametrize("name", [name for name in RECORDED if "images" in RECORDED[name]])
def test_outputs_are_the_authors(name):
    """From the same weights and inputs, to 1e-4 of their size."""
    record, options = RECORDED[name], CONFIGURATIONS[name]
    torch.manual_seed(0)
    generator, discriminator = made(options)
    fill(generator.parameters(), 1)
    fill(discriminator.parameters(), 2)
    z, images, y = inputs(options, len(record["scores"]))
    with torch.no_grad():
        ours = {"images": thinned(generator(z, y)), "scores": thinned(discriminator(images, y))}
    for kind, values in ours.items():
        theirs = torch.tensor(record[kind])
        assert_close(torch.tensor(values), theirs, rtol=0, atol=1e-4 * theirs.abs().max().item())


@pytest.mark.parametrize("name", RECORDED)
def test_parameters_are_as_many_as_the_authors(name):
    assert RECORDED[name]["options"] == CONFIGURATIONS[name]
    with torch.device("meta"):
        networks = made(CONFIGURATIONS[name])
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    assert counts == RECORDED[name]["parameters"]


@pytest.mark.parametrize(
    ("image", "count"), [((3, 16, 16), 3), ((1, 28, 28), 3), ((3, 32, 32), 4), ((3, 256, 256), 7), ((4, 256, 20), 3)]
)
def test_stages_are_the_map_sizes(image, count):
    assert stages(image) == count


@both
def test_one_entry_serves_every_stage(network):
    image = (3, 32, 32)
    one, four = network(image, [8], [2], [4]), network(image, [8] * 4, [2] * 4, [4] * 4)
    assert [parameter.shape for parameter in one.parameters()] == [parameter.shape for parameter in four.parameters()]
    assert len(residuals(one)) == 8


@both
def test_lists_of_another_length_are_refused(network):
    with pytest.raises(ValueError, match="blocks has 4 entries; 30×32 images have 3 stages: give 1 or 3"):
        network((3, 30, 32), [8], [1] * 4, [2])
    with pytest.raises(ValueError, match="cardinality has 2 entries; 32×32 images have 4 stages: give 1 or 4"):
        network((3, 32, 32), [8] * 4, [1], [2] * 2)


def test_weights_begin_as_published():
    """N(0, gain² / fan-in): mean and deviation within five standard errors; last convolutions and biases zero."""
    torch.manual_seed(0)
    image, widths, blocks = (3, 16, 16), [64, 96, 48], [1, 3, 2]
    generator = Generator(60, image, widths, blocks, [8, 4, 2], classes=40)
    discriminator = Discriminator(image, widths, blocks, [8, 4, 2], classes=40)
    inner = sqrt(2 / (1 + 0.2**2)) * 6**-0.25  # six blocks in all
    gains = {generator.embedding.weight: 1, generator.linear.weight: 1, generator.image.weight: 1}
    gains |= {discriminator.linear.weight: 1, discriminator.image.weight: 1, discriminator.basis: 1}
    gains |= {generator.basis: 4, discriminator.embedding.weight: 1 / 8}  # a deviation of 1; 1 / √(64 dimensions)
    for network in (generator, discriminator):
        assert len(residuals(network)) == 6
        for block in residuals(network):
            first, second, third = (module for module in block.branch if isinstance(module, nn.Conv2d))
            assert third.bias is None
            assert not any(zero.any() for zero in (first.bias, second.bias, third.weight))
            gains |= {first.weight: inner, second.weight: inner}
        changes = [module.change for module in network.modules() if isinstance(module, (Upsample, Downsample))]
        assert len(changes) == 2
        gains |= {layer.weight: 1 for layer in changes}
    for weight, gain in gains.items():
        deviation, count = gain / sqrt(prod(weight.shape[1:])), weight.numel()
        assert weight.mean().item() == pytest.approx(0, abs=5 * deviation / count**0.5)
        assert weight.std().item() == pytest.approx(deviation, rel=5 / (2 * count) ** 0.5)


def test_an_untrained_network_is_linear():
    """Blocks begin as the identity; all else is linear."""
    generator, discriminator = small((3, 16, 16), filled=False)
    a, b = drawn(2, 5, seed=1), drawn(2, 5, seed=2)
    assert_close(generator(3 * a - b), 3 * generator(a) - generator(b), rtol=1e-4, atol=1e-5)
    a, b = drawn(2, 3, 16, 16, seed=1), drawn(2, 3, 16, 16, seed=2)
    assert_close(discriminator(3 * a - b), 3 * discriminator(a) - discriminator(b), rtol=1e-4, atol=1e-5)


def test_images_begin_of_unit_size():
    """Every layer keeps the variance; the low-pass filter, which averages neighbours, takes some: deviation ½ to 1."""
    torch.manual_seed(0)
    images = Generator(64, (3, 32, 32), [48], [2], [12])(drawn(32, 64))
    assert 0.4 < images.std() < 1.1


def test_a_block_adds_its_formula():
    """x + W₃ f(W₂ f(W₁ x + b₁) + b₂), the grouped convolution written as a sum over taps and channels."""
    torch.manual_seed(0)
    block, x = Residual(4, 2, 3, 3, depth=1), drawn(2, 4, 5, 6)
    fill(block.parameters(), 1)
    w1, b1, w2, b2, w3 = block.parameters()
    hidden = torch.einsum("oc,bchw->bohw", w1[:, :, 0, 0], x) + b1[:, None, None]
    padded = nn.functional.pad(torch.where(hidden > 0, hidden, 0.2 * hidden), (1, 1, 1, 1))
    grouped = torch.zeros(2, 12, 5, 6)
    for o, c, i, j in product(range(12), range(6), range(3), range(3)):
        grouped[:, o] += w2[o, c, i, j] * padded[:, 6 * (o // 6) + c, i : i + 5, j : j + 6]
    grouped = grouped + b2[:, None, None]
    branch = torch.einsum("oc,bchw->bohw", w3[:, :, 0, 0], torch.where(grouped > 0, grouped, 0.2 * grouped))
    assert_close(block(x), x + branch, rtol=1e-4, atol=1e-5)


def resampling_matrix(size):
    """Doubling along one axis, [2·size, size]: a pixel at 2i + ½ reaches its four neighbours by ¼, ¾, ¾, ¼."""
    matrix = torch.zeros(2 * size, size)
    for i, (offset, weight) in product(range(size), enumerate([0.25, 0.75, 0.75, 0.25])):
        if 0 <= 2 * i - 1 + offset < 2 * size:
            matrix[2 * i - 1 + offset, i] = weight
    return matrix


def test_resampling_is_two_matrices():
    x, rows, columns = drawn(2, 3, 5, 4), resampling_matrix(5), resampling_matrix(4)
    large = rows @ x @ columns.T
    assert_close(Upsample(3, 3)(x), large)
    assert_close(Downsample(3, 3)(large), rows.T @ large @ columns / 4)


def test_resampling_keeps_a_plane_of_one_colour_inside():
    assert_close(Upsample(2, 2)(torch.ones(1, 2, 4, 6))[:, :, 1:-1, 1:-1], torch.ones(1, 2, 6, 10))
    assert_close(Downsample(2, 2)(torch.ones(1, 2, 8, 12))[:, :, 1:-1, 1:-1], torch.ones(1, 2, 2, 4))


def test_channels_change_on_the_smaller_map_only_where_they_differ():
    """A 1×1 convolution and a filter of single channels commute: which is first is the cost alone."""
    torch.manual_seed(0)
    up, down, x = Upsample(3, 2), Downsample(3, 2), drawn(2, 3, 4, 6)
    assert_close(up(x), up.change(Upsample(3, 3)(x)))
    assert_close(down(x), Downsample(2, 2)(down.change(x)))
    assert not list(Upsample(3, 3).parameters())


@pytest.mark.parametrize("image", ODD)
@pytest.mark.parametrize("classes", [0, 3])
def test_every_size_is_one_image_and_one_score_each_whatever_the_rest_of_the_batch(image, classes):
    networks = small(image, classes)
    batches = drawn(3, 5), drawn(3, *image).clamp(-1, 1)
    y = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0.2, 0.3, 0.5]]) if classes else None
    for network, batch, shape in zip(networks, batches, [(3, *image), (3,)], strict=True):
        outputs = network(batch, y)
        assert outputs.shape == shape
        assert outputs.dtype == torch.float32
        alone = [network(batch[i : i + 1], None if y is None else y[i : i + 1]) for i in range(3)]
        assert_close(outputs, torch.cat(alone), rtol=1e-4, atol=1e-5)
        assert torch.equal(network.eval()(batch, y), outputs)


@pytest.mark.parametrize("image", ODD)
def test_every_pixel_is_made_and_judged(image):
    """No pixel of an image is constant, and none is without influence on the score."""
    generator, discriminator = small(image)
    assert generator(drawn(8, 5)).std(0).min() > 1e-3
    images = drawn(2, *image).requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(images).sum(), images)
    assert gradient.abs().amax(0).min() > 1e-7


def test_a_generator_takes_a_class_as_a_mixture():
    """The embedding, linear in y, joins z: a network without classes, given both, makes the same image."""
    conditional, plain = small((3, 16, 16), 3)[0], Generator(10, (3, 16, 16), [6, 8, 4], [1, 2, 1], [2, 4, 1])
    state = conditional.state_dict()
    embedding = state.pop("embedding.weight")
    plain.load_state_dict(state)
    z, y = drawn(4, 5), torch.rand(4, 3, generator=torch.Generator().manual_seed(1))
    assert_close(conditional(z, y), plain(torch.cat([z, y @ embedding.T], 1)))
    assert (conditional(z, y) - conditional(z, y.flip(1))).abs().amax((1, 2, 3)).min() > 0.01


def test_a_discriminator_projects_on_the_class():
    """A score is ⟨φ(x), V y⟩, hence linear in y, with φ the last matrix's output."""
    discriminator = small((3, 16, 16), 3)[1]
    seen = []
    discriminator.linear.register_forward_hook(lambda *call: seen.append(call[2]))
    images, y = drawn(4, 3, 16, 16), torch.rand(4, 3, generator=torch.Generator().manual_seed(1))
    scores = discriminator(images, y)
    assert seen[0].shape == (4, 6)
    projected = torch.einsum("bf,fc,bc->b", seen[0], discriminator.embedding.weight, y)
    assert_close(scores, projected, rtol=1e-4, atol=1e-5)
    corners = torch.stack([discriminator(images, each.expand(4, 3)) for each in torch.eye(3)], 1)
    assert_close(scores, (corners * y).sum(1), rtol=1e-4, atol=1e-5)
    assert corners.std(1).min() > 0.01


@pytest.mark.parametrize("classes", [0, 3])
def test_gradients_and_those_of_a_penalty_equal_finite_differences(classes):
    """In every parameter, along random directions: of both networks, and of R1 by double backward."""
    generator, discriminator = (network.double() for network in small((1, 17, 16), classes))
    z, images = drawn(2, 5, dtype=torch.float64), drawn(2, 1, 17, 16, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[:2] if classes else None

    def check(network, value):
        names, parameters = zip(*network.named_parameters(), strict=True)

        def of(*weights):
            return value(lambda x: functional_call(network, dict(zip(names, weights, strict=True)), (x, y)))

        assert gradcheck(of, parameters, atol=1e-7, rtol=1e-4, fast_mode=True)

    check(generator, lambda network: (network(z) * images).sum())
    check(discriminator, lambda network: network(images).square().sum())
    check(discriminator, lambda network: r1(network, images, None, None))


def test_memory_formats_and_autocast_change_only_the_rounding():
    networks, image = small((3, 24, 33)), (3, 24, 33)
    for network, batch in zip(networks, (drawn(4, 5), drawn(4, *image)), strict=True):
        outputs = network(batch).detach()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            coarse = network(batch).detach().float()
        last = network.to(memory_format=torch.channels_last)
        batch = batch.contiguous(memory_format=torch.channels_last) if batch.dim() == 4 else batch
        assert_close(last(batch), outputs, rtol=1e-4, atol=1e-5)
        assert 0 < (coarse - outputs).norm() < 0.03 * outputs.norm()


@pytest.mark.parametrize("which", [0, 1])
def test_state_is_all_there_is(which):
    """Another network with the same state gives the same outputs, and no two entries share memory."""
    one, other = small((1, 16, 20), 3, seed=0)[which], small((1, 16, 20), 3, seed=5)[which]
    state = one.state_dict()
    assert len({tensor.untyped_storage().data_ptr() for tensor in state.values()}) == len(state)
    other.load_state_dict(state)
    batch = drawn(2, 5) if which == 0 else drawn(2, 1, 16, 20)
    y = torch.eye(3)[1:]
    assert torch.equal(other(batch, y), one(batch, y))
