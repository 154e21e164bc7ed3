"""StyleGAN2 against the authors' own networks, each equation against a slow one, and every size it promises."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.random import RandomState
from safetensors.torch import load, save
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.testing import assert_close

from ganatomy.gan import penalties
from ganatomy.networks.ops.modulated import Conv, Dense, StyledConv, ToRGB, blur, demodulation, double, modulated_conv2d
from ganatomy.networks.stylegan2 import (
    Discriminator,
    Generator,
    append_deviation,
    maps,
    path_length,
    path_length_penalty,
    path_lengths,
)
from ganatomy.system.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
from record_stylegan2 import CASES, COUNTS, KEPT, LATENT, STYLE, fill, inputs

RECORDED = np.load(Path(__file__).parents[1] / "golden" / "stylegan2.npz")
IMAGE = (3, 16, 24)


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def labels(count, classes, seed=0):
    return drawn(count, classes, seed=seed).softmax(1)


def generator(image=IMAGE, seed=0, classes=0, **options):
    """A small one, its noise strengths and biases drawn, for they start at 0."""
    torch.manual_seed(seed)
    network = Generator(
        5, image, channels_base=96, channels_most=8, mapping_layers=2, style=6, classes=classes, **options
    )
    return stir(network)


def discriminator(image=IMAGE, seed=0, classes=0, **options):
    torch.manual_seed(seed)
    return stir(Discriminator(image, channels_base=96, channels_most=8, mapping_layers=2, classes=classes, **options))


@torch.no_grad()
def stir(network):
    for name, parameter in network.named_parameters():
        if name.endswith("strength") or (name.endswith("bias") and "affine" not in name and "mapping" not in name):
            parameter.normal_()
    return network


def per_pixel(vector):
    return vector[..., None, None]


# The authors' networks


def sizes(case):
    """The image, and the options that both networks take."""
    options = {"channels_base": case.base, "channels_most": case.most, "mapping_layers": case.depth}
    return (case.channels, case.side, case.side), options | {"classes": case.classes}


def reference(case):
    """Ours with the weights that record_stylegan2.py drew, in its order."""
    image, options = sizes(case)
    g = Generator(LATENT, image, style=STYLE, **options).eval()
    d = Discriminator(image, residual=case.residual, **options)
    random = RandomState(1)
    fill([g.constant], random)
    for level, to_rgb in enumerate(g.to_rgb):
        for layer in [*g.convs[max(0, 2 * level - 1) : 2 * level + 1], to_rgb]:
            fill(layer.parameters(), random)
    fill((layer.noise for layer in g.convs), random)
    fill(g.embed.parameters() if case.classes else [], random)
    fill(g.mapping.parameters(), random, 100)
    fill([g.w_avg], random)
    random = RandomState(2)
    for part in (d.from_rgb, d.blocks, d.conv, d.dense, d.out):
        fill(part.parameters(), random)
    if case.classes:
        fill(d.embed.parameters(), random)
        fill(d.mapping.parameters(), random, 100)
    z, images, noise, y = (inputs(case)[name] for name in ("z", "images", "noise", "y"))
    return g, d, z, images, noise, y if case.classes else None


@pytest.mark.parametrize("name", CASES)
def test_images_scores_and_path_lengths_are_the_authors(name):
    g, d, z, images, noise, y = reference(CASES[name])

    def agree(ours, key):
        theirs = torch.from_numpy(RECORDED[f"{name}/{key}"])
        assert_close(ours, theirs, rtol=0, atol=1e-4 * theirs.std().item() if theirs.dim() else 1e-5 * theirs.item())

    with torch.no_grad():
        agree(g(z, y)[:KEPT], "images/1.0")
        agree(g.draw(z, y, 0.7)[:KEPT], "images/0.7")
        agree(d(images, y), "scores")
    w = g.styles(z, y)
    penalty, mean = path_length(g.synthesise(w), w, noise, torch.tensor(0.0))
    agree(penalty.detach(), "path_length_penalty")
    agree(mean, "path_length_mean")


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_as_many_as_the_authors(name):
    case = COUNTS[name]
    image, options = sizes(case)
    with torch.device("meta"):
        networks = Generator(512, image, **options), Discriminator(image, residual=case.residual, **options)
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    assert counts == RECORDED[f"{name}/parameters"].tolist()


# Layers


def filtered(x, up, padding, stride):
    """Zeros between pixels, zeros around, the filter and every stride-th pixel, one pixel at a time."""
    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
    b, c, h, w = x.shape
    wide = np.zeros((b, c, h * up + 2 * padding + up - 1, w * up + 2 * padding + up - 1))
    for i, j in product(range(h), range(w)):
        wide[:, :, padding + up - 1 + i * up, padding + up - 1 + j * up] = x[:, :, i, j]
    rows, columns = ((size - 4) // stride + 1 for size in wide.shape[2:])
    out = np.zeros((b, c, rows, columns))
    for i, j in product(range(rows), range(columns)):
        out[:, :, i, j] = (wide[:, :, i * stride : i * stride + 4, j * stride : j * stride + 4] * taps).sum((2, 3))
    return torch.from_numpy(out)


@pytest.mark.parametrize(("padding", "stride"), [(1, 1), (2, 1), (1, 2)])
def test_blur_is_the_filter_at_every_stride(padding, stride):
    x = drawn(2, 3, 6, 8, dtype=torch.float64)
    assert_close(blur(x, padding, stride), filtered(x, 1, padding, stride))


def test_doubling_puts_zeros_between_pixels_and_keeps_a_constant():
    x = drawn(2, 3, 5, 4, dtype=torch.float64)
    assert_close(double(x), 4 * filtered(x, 2, 1, 1)[:, :, : 2 * 5, : 2 * 4])
    assert_close(double(torch.full((1, 1, 5, 4), 7.0))[:, :, 1:-1, 1:-1], torch.full((1, 1, 8, 6), 7.0))


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_dense_weights_in_use_have_the_size_of_one_over_root_of_inputs(rate):
    torch.manual_seed(0)
    layer = Dense(300, 200, rate=rate)
    used = layer(torch.eye(300)).T - layer(torch.zeros(1, 300)).T
    assert used.std().item() == pytest.approx(300**-0.5, rel=0.02)
    with torch.no_grad():  # what an optimiser moves by 1, in every weight and bias
        layer.weight += 1
        layer.bias += 1
    moved = layer(torch.eye(300)).T - layer(torch.zeros(1, 300)).T
    assert_close(moved - used, torch.full_like(used, rate * 300**-0.5), atol=1e-6, rtol=1e-3)
    assert_close(layer(torch.zeros(1, 300)), torch.full((1, 200), rate))


def test_dense_bias_starts_where_it_is_told():
    assert_close(Dense(4, 3, bias=1.0)(torch.zeros(2, 4)), torch.ones(2, 3))
    assert_close(Dense(4, 3, bias=0.5, rate=0.1)(torch.zeros(2, 4)), torch.full((2, 3), 0.5))


def test_active_layers_are_leaky_relus_of_gain_root_two():
    def activate(x):
        return 2**0.5 * torch.where(x > 0, x, 0.2 * x)

    torch.manual_seed(0)
    dense, conv, plain = Dense(7, 5, active=True, rate=0.1), Conv(3, 4, 3, stride=2), Conv(3, 4, 3, active=False)
    stir(dense), stir(conv)
    x = drawn(6, 7)
    assert_close(dense(x), activate(0.1 * (x @ dense.weight.T / 7**0.5 + dense.bias)))
    x = drawn(2, 3, 7, 9)
    assert_close(conv(x), activate(F.conv2d(x, conv.weight / 27**0.5, conv.bias, stride=2)))
    assert_close(plain(x), F.conv2d(x, plain.weight / 27**0.5))


def test_first_convolution_weights_are_standard_normal():
    torch.manual_seed(0)
    for weight in (Conv(50, 60, 3).weight, StyledConv(50, 60, 4, (4, 4), up=False).weight):
        assert weight.std().item() == pytest.approx(1, rel=0.02)
        assert weight.mean().item() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("kernel", [1, 3])
def test_modulation_is_a_convolution_with_each_images_own_weight(kernel):
    """Equations 1 and 3, weight by weight."""
    x, weight = drawn(3, 4, 5, 6, dtype=torch.float64), drawn(2, 4, kernel, kernel, seed=1, dtype=torch.float64)
    style = 1 + drawn(3, 4, seed=2, dtype=torch.float64)
    own = [weight * per_pixel(s) for s in style]
    unit = [w / w.square().sum((1, 2, 3), keepdim=True).sqrt() for w in own]
    for weights, factor in ((own, None), (unit, demodulation(weight, style))):
        expected = torch.cat([F.conv2d(x[i : i + 1], w, padding=kernel // 2) for i, w in enumerate(weights)])
        assert_close(modulated_conv2d(x, weight, style, factor), expected)


def test_modulation_upwards_doubles_before_it_convolves():
    """Zeros between pixels, the transposed convolution, the filter: one after the other, pixel by pixel."""
    x, weight = drawn(2, 3, 4, 5, dtype=torch.float64), drawn(2, 3, 3, 3, seed=1, dtype=torch.float64)
    style = 1 + drawn(2, 3, seed=2, dtype=torch.float64)
    spread = torch.zeros(2, 2, 9, 11, dtype=torch.float64)
    for i, j in product(range(4), range(5)):
        spread[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += torch.einsum(
            "bc,ockl->bokl", x[:, :, i, j] * style, weight
        )
    assert_close(modulated_conv2d(x, weight, style, up=True), 4 * filtered(spread, 1, 1, 1))


def test_demodulation_gives_unit_variance_to_inputs_of_unit_variance():
    weight, style = drawn(3, 6, 3, 3, seed=1), 1 + 2 * drawn(2, 6, seed=2)
    assert (demodulation(weight, style) < 0.1).any()  # it has something to do
    y = modulated_conv2d(drawn(2, 6, 202, 202), weight, style, demodulation(weight, style))[:, :, 1:-1, 1:-1]
    assert_close(y.std((2, 3)), torch.ones(2, 3), atol=0.03, rtol=0)


def test_a_styled_layer_is_modulation_noise_bias_and_leaky_relu():
    torch.manual_seed(0)
    layer = stir(StyledConv(4, 3, 5, (6, 8), up=True)).eval()
    x, w = drawn(2, 4, 3, 4), drawn(2, 5, seed=1)
    style = w @ layer.affine.weight.T / 5**0.5 + 1
    y = modulated_conv2d(x, layer.weight, style, demodulation(layer.weight, style), up=True)
    y = y + layer.strength * layer.noise + per_pixel(layer.bias)
    assert_close(layer(x, w), 2**0.5 * F.leaky_relu(y, 0.2))
    assert layer.noise.std().item() == pytest.approx(1, abs=0.25)


def test_noise_is_one_fixed_map_in_eval_mode_and_fresh_for_every_image_in_training():
    torch.manual_seed(0)
    layer = StyledConv(2, 3, 4, (32, 32), up=False)
    with torch.no_grad():
        layer.weight.zero_()
        layer.strength.fill_(0.5)
        layer.bias.fill_(9.0)  # far from the kink
    x, w = drawn(2, 2, 32, 32), drawn(2, 4)
    trained, fixed = ((layer.train(mode)(x, w) / 2**0.5 - 9) / 0.5 for mode in (True, False))
    assert_close(fixed, layer.noise.expand(2, 3, 32, 32), atol=1e-5, rtol=1e-5)
    assert_close(trained[:, 1:], trained[:, :2], atol=1e-5, rtol=1e-5)  # one map for all channels
    maps = torch.stack([trained[0, 0], trained[1, 0], layer.noise[0, 0]]).flatten(1)
    assert_close(torch.corrcoef(maps), torch.eye(3), atol=0.1, rtol=0)
    assert_close(maps.std(1), torch.ones(3), atol=0.1, rtol=0)


def test_colours_are_modulated_but_not_demodulated():
    torch.manual_seed(0)
    layer = stir(ToRGB(4, 3, 5))
    x, w = drawn(2, 4, 3, 4), drawn(2, 5, seed=1)
    style = (w @ layer.affine.weight.T / 5**0.5 + 1) / 4**0.5
    expected = torch.einsum("oi,bi,bihw->bohw", layer.weight[:, :, 0, 0], style, x) + per_pixel(layer.bias)
    assert_close(layer(x, w), expected)


@pytest.mark.parametrize(("batch", "size"), [(8, 4), (12, 4), (4, 4), (3, 3), (2, 2), (1, 1)])
def test_deviation_of_a_batch(batch, size):
    """Brute force: image i is in a group with i + n, i + 2n, …, n the number of groups."""
    x = drawn(batch, 3, 4, 5, dtype=torch.float64)
    y, groups = append_deviation(x, 4), batch // size
    assert_close(y[:, :3], x)
    for i in range(batch):
        members = x[[i % groups + k * groups for k in range(size)]].numpy()
        expected = np.sqrt(((members - members.mean(0)) ** 2).mean(0) + 1e-8).mean()
        assert_close(y[i, 3], torch.full((4, 5), expected, dtype=torch.float64))


@pytest.mark.parametrize("batch", [5, 6, 7, 10, 11])
def test_a_batch_that_cannot_be_grouped_is_refused_as_by_the_reference(batch):
    with pytest.raises(ValueError, match=f"{batch} images cannot be put into groups of 4"):
        append_deviation(drawn(batch, 3, 4, 5), 4)


@pytest.mark.parametrize(("batch", "processes"), [(8, 2), (16, 4), (24, 3)])
def test_every_process_has_the_groups_of_one(batch, processes):
    """The deviation of a row is the same among the rows of its process and among all: not so for neighbouring rows."""
    x = drawn(batch, 3, 4, 5)
    whole = append_deviation(x, 4)
    for rank in range(processes):
        place = Runtime(rank=rank, world=processes)
        assert_close(append_deviation(place.share(x), 4), place.share(whole))


# Styles


@pytest.fixture
def watched():
    """make(**options) → a generator in training mode whose images are its styles."""

    def make(**options):
        network = generator(**options)
        network.synthesise = lambda w: w
        return network.train()

    return make


def test_styles_are_mixed_from_a_random_layer_on(watched, monkeypatch):
    network = watched(mixing=1.0, classes=2)
    z, other, y = drawn(4, 5), drawn(4, 5, seed=1), labels(4, 2)
    monkeypatch.setattr(torch, "randn_like", lambda _: other)
    first, second = network.styles(z, y), network.styles(other, y)
    assert network.layers == first.shape[1] == 6
    seen = set()
    torch.manual_seed(0)
    for _ in range(60):
        w = network(z, y)
        crossover = int((w == first).all(2).all(0).sum())
        assert_close(w, torch.cat([first[:, :crossover], second[:, crossover:]], 1))
        seen.add(crossover)
    assert seen == {1, 2, 3, 4, 5}


def test_the_second_latent_is_drawn_afresh(watched):
    network, z = watched(mixing=1.0), drawn(4, 5)
    torch.manual_seed(0)
    assert not torch.equal(network(z)[:, -1], network(z)[:, -1])


@pytest.mark.parametrize("mixing", [0.0, 0.4, 1.0])
def test_styles_are_mixed_as_often_as_asked(watched, mixing):
    network, z = watched(mixing=mixing), drawn(2, 5)
    torch.manual_seed(0)
    share = np.mean([not torch.equal(network(z), network.styles(z)) for _ in range(200)])
    assert share == pytest.approx(mixing, abs=0.1 * (0 < mixing < 1))
    assert torch.equal(network.eval()(z), network.styles(z))


def test_mean_style_follows_the_first_latents_in_training_only():
    network, z = generator(mixing=1.0), drawn(4, 5)
    network.w_avg.copy_(drawn(6, seed=2))
    before, w = network.w_avg.clone(), network.styles(z)[:, 0]
    network(z)
    assert_close(network.w_avg, 0.995 * before + 0.005 * w.mean(0))
    assert not network.w_avg.requires_grad
    after = network.w_avg.clone()
    network.draw(z, truncation=0.5)
    network.eval()(z)
    network.path_lengths(z, None, drawn(4, *IMAGE))
    assert torch.equal(network.w_avg, after)


def test_truncation_moves_styles_towards_their_mean():
    network, z = generator().eval(), drawn(4, 5)
    network.w_avg.copy_(drawn(6, seed=2))
    w = network.styles(z)
    assert_close(network.styles(z, truncation=0.3), network.w_avg + 0.3 * (w - network.w_avg))
    assert torch.equal(network.draw(z), network(z))
    collapsed = network.draw(z, truncation=0.0)
    assert_close(collapsed, network.synthesise(network.w_avg.expand(1, 6, 6)).expand_as(collapsed))
    assert (network(z)[0] - network(z)[1]).abs().max() > 0.1


def test_latents_are_normalised_before_they_are_mapped():
    network, y = generator(classes=3).eval(), labels(4, 3)
    z = drawn(4, 5)
    embedded = network.embed(y)
    parts = [part / part.square().mean(1, keepdim=True).sqrt() for part in (z, embedded)]
    assert_close(network.styles(z, y)[:, 2], network.mapping(torch.cat(parts, 1)))
    assert_close(network(7 * z, y), network(z, y))


# Path lengths


def test_path_lengths_of_a_linear_map_are_known():
    """images = Σ over layers of A_l·w_l: the gradient in w_l is A_lᵀ·noise/√(HW) everywhere."""
    w = drawn(3, 2, 4, dtype=torch.float64).requires_grad_()
    matrix = drawn(2, 4, 3, 5, 6, seed=1, dtype=torch.float64).requires_grad_()
    noise = drawn(3, 3, 5, 6, seed=2, dtype=torch.float64)
    images = torch.einsum("bls,lschw->bchw", w, matrix)
    gradients = torch.einsum("lschw,bchw->bls", matrix, noise) / 30**0.5
    expected = (gradients.square().sum((1, 2)) / 2).sqrt()
    assert_close(path_lengths(images, w, noise), expected, rtol=1e-6, atol=0)

    penalty, mean = path_length(images, w, noise, torch.tensor(3.0, dtype=torch.float64))
    assert_close(mean, 0.99 * 3 + 0.01 * expected.detach().mean(), rtol=1e-6, atol=0)
    assert_close(penalty, ((expected - mean) ** 2).mean(), rtol=1e-6, atol=0)
    assert not mean.requires_grad
    theirs = torch.autograd.grad(penalty, matrix)
    assert_close(theirs, torch.autograd.grad(((expected - mean) ** 2).mean(), matrix), rtol=1e-5, atol=0)


def test_a_generator_that_ignores_w_gets_a_finite_gradient():
    w = drawn(2, 3, 4).requires_grad_()
    weight = torch.zeros(4, 6, requires_grad=True)
    images = (w @ weight).sum(1).view(2, 1, 2, 3)
    penalty, _ = path_length_penalty(path_lengths(images, w, torch.ones(2, 1, 2, 3)), torch.tensor(1.0))
    (gradient,) = torch.autograd.grad(penalty, weight)
    assert torch.isfinite(gradient).all()


def test_path_lengths_of_a_generator_are_those_of_its_jacobian():
    network, z, noise = generator(classes=2).double().eval(), drawn(2, 5).double(), drawn(2, *IMAGE, seed=1).double()
    y = labels(2, 2).double()
    lengths = network.path_lengths(z, y, noise)
    step = 1e-5 * torch.eye(6 * 6, dtype=torch.float64).view(6 * 6, 6, 6)  # each dimension of w of each layer
    with torch.no_grad():
        for w, direction, length in zip(network.styles(z, y), noise, lengths, strict=True):
            slopes = (network.synthesise(w + step) - network.synthesise(w - step)) / 2e-5
            products = (slopes * direction).sum((1, 2, 3)) / (16 * 24) ** 0.5
            assert_close(length, (products.square().sum() / 6).sqrt(), rtol=1e-4, atol=0)


def test_path_lengths_in_training_are_those_of_mixed_styles():
    network, z, noise = generator(mixing=1.0), drawn(3, 5), drawn(3, *IMAGE, seed=1)
    before = network.w_avg.clone()
    torch.manual_seed(0)
    lengths = network.path_lengths(z, None, noise)
    assert not torch.equal(network.w_avg, before)
    torch.manual_seed(0)
    again = network.path_lengths(z, None, noise)
    assert_close(lengths, again)
    assert not torch.allclose(lengths, network.eval().path_lengths(z, None, noise), rtol=1e-3)


def along_weights(network, value):
    """gradcheck of value(parameters) along random directions."""
    names, parameters = zip(*network.named_parameters(), strict=True)

    def function(*parameters):
        return value(lambda *inputs: functional_call(network, dict(zip(names, parameters, strict=True)), inputs))

    return gradcheck(function, parameters, atol=1e-6, rtol=1e-4, fast_mode=True, eps=1e-7)


def test_gradient_of_path_lengths_equals_finite_differences():
    network = generator((1, 8, 12)).double().eval()
    z, noise = drawn(2, 5).double(), drawn(2, 1, 8, 12, seed=1).double()
    w = network.styles(z).detach().requires_grad_()
    network.forward = network.synthesise
    assert along_weights(network, lambda run: path_lengths(run(w), w, noise))


# Both networks


@pytest.mark.parametrize("residual", [True, False])
def test_double_backward_through_the_discriminator_equals_finite_differences(residual):
    network = discriminator((2, 8, 12), classes=2, residual=residual).double()
    real, y = drawn(4, 2, 8, 12).double(), labels(4, 2).double()
    assert along_weights(network, lambda run: penalties.r1(lambda images: run(images, y), real, None, None))


def test_in_eval_mode_an_image_depends_on_its_own_latent_and_label_only():
    network, z, y = generator(classes=2).eval(), drawn(5, 5), labels(5, 2)
    state = torch.get_rng_state()
    images = network(z, y)
    assert torch.equal(torch.get_rng_state(), state)
    for i in range(5):
        assert_close(network(z[i : i + 1], y[i : i + 1])[0], images[i], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(network(z, y.flip(1)), images, atol=0.01)
    assert not torch.allclose(network.train()(z, y), images, atol=0.01)


def test_scores_depend_on_other_images_by_the_deviation_alone():
    images, y = drawn(4, *IMAGE), labels(4, 2)
    for network, alone in ((discriminator(classes=2, group=1), True), (discriminator(classes=2), False)):
        scores = network(images, y)
        own = torch.cat([network(images[i : i + 1], y[i : i + 1]) for i in range(4)])
        assert torch.allclose(scores, own, atol=1e-4) == alone
        assert not torch.allclose(scores, network(images, y.flip(1)), atol=0.01)


def test_channels_halve_as_maps_double():
    paper = maps((3, 1024, 1024), 32768, 512)
    assert [channels for channels, *_ in paper] == [512, 512, 512, 512, 512, 256, 128, 64, 32]
    assert [size for _, *size in paper] == [[2**k, 2**k] for k in range(2, 11)]
    assert maps((1, 28, 20), 1024, 64) == [(64, 7, 5), (64, 14, 10), (51, 28, 20)]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_odd_size_is_the_middle_of_the_next_one(channels):
    """45 × 50 and 48 × 56 pixels are the same networks, 6 × 7 pixels at the bottom: cropped, and padded by copies."""
    small, large = (channels, 45, 50), (channels, 48, 56)
    g = generator(small).eval(), generator(large).eval()
    images = [network(drawn(2, 5)) for network in g]
    assert_close(images[0], images[1][:, :, 1:46, 3:53])
    d = discriminator(small), discriminator(large)
    assert_close(d[0](images[0]), d[1](F.pad(images[0], (3, 3, 1, 2), mode="replicate")))


@pytest.mark.parametrize("image", [(1, 16, 16), (3, 16, 100), (4, 129, 33), (3, 17, 31)])
def test_every_pixel_counts_at_every_size(image):
    images = generator(image, mixing=0.0)(drawn(2, 5))
    assert images.shape == (2, *image)
    assert (images[0] != images[1]).all()
    images = images.detach().requires_grad_()
    scores = discriminator(image)(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images)
    assert scores.shape == (2,)
    assert gradient.abs().gt(0).float().mean() == 1


def test_checkpoints_hold_everything():
    for make, arguments in (
        (generator, (drawn(3, 5), labels(3, 2))),
        (discriminator, (drawn(3, *IMAGE), labels(3, 2))),
    ):
        first, second = make(classes=2, seed=1).eval(), make(classes=2, seed=2).eval()
        assert not torch.allclose(first(*arguments), second(*arguments), atol=0.01)
        if make is generator:
            first.w_avg.normal_()
        second.load_state_dict(load(save(first.state_dict())))
        assert torch.equal(first(*arguments), second(*arguments))
        if make is generator:
            assert torch.equal(first.draw(*arguments, 0.5), second.draw(*arguments, 0.5))
            assert "path_length_mean" in first.state_dict()


def test_the_networks_learn_by_every_parameter():
    g, d = generator(classes=2, mixing=0.0), discriminator(classes=2)
    y = labels(4, 2)
    d(g(drawn(4, 5), y), y).square().sum().backward()
    for network in (g, d):
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())


def test_channels_last_and_bfloat16_change_rounding_only():
    networks = generator(classes=2).eval(), discriminator(classes=2)
    y = labels(8, 2)
    for network, x in zip(networks, (drawn(8, 5), drawn(8, *IMAGE) + 3 * drawn(8, 3, 1, 1, seed=1)), strict=True):
        expected = network(x, y)
        network.to(memory_format=torch.channels_last)
        if x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        assert_close(network(x, y), expected, atol=1e-4, rtol=1e-4)
        with torch.autocast("cpu", torch.bfloat16):
            low = network(x, y)
        assert low.dtype == torch.float32
        assert 1e-4 < ((low - expected).std() / expected.std()).item() < 0.03


def test_autocast_leaves_dense_layers_and_sums_of_images_in_float32():
    g, d, y = generator(classes=2).eval(), discriminator(classes=2), labels(4, 2)
    seen = []
    for layer in (m for network in (g, d) for m in network.modules() if isinstance(m, Dense)):
        layer.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    with torch.no_grad():
        for to_rgb in g.to_rgb:
            to_rgb.weight.zero_()  # biases alone, which bfloat16 would round
        images = g(drawn(4, 5), y)
        with torch.autocast("cpu", torch.bfloat16):
            assert_close(g(drawn(4, 5), y), images, atol=1e-6, rtol=1e-6)
            d(images, y)
    assert set(seen) == {torch.float32}
