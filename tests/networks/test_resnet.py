"""The residual networks of SNGAN and WGAN-GP: their counts, their formulas, spectral norms, and every size."""

from copy import deepcopy
from math import sqrt

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.testing import assert_close

from ganatomy.gan.penalties import r1, wgan_gp
from ganatomy.networks.resnet import ConditionalNorm, Discriminator, DownBlock, FirstBlock, Generator, UpBlock

CIFAR = (3, 32, 32)
ODD = [(1, 45, 30), (4, 17, 40)]
NORMS = ["spectral", "layer", "none"]
CLASSES = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0.2, 0.3, 0.5]])


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def weighted(network):
    """The layers that have a weight to normalise."""
    return [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]


def filled(network, seed=0):
    """Biases, scales and shifts away from their beginning, in place; other weights stay."""
    with torch.no_grad():
        for index, (name, parameter) in enumerate(network.named_parameters()):
            if parameter.dim() == 1 or "scale" in name or "shift" in name:
                parameter.add_(0.3 * drawn(*parameter.shape, seed=seed + index, dtype=parameter.dtype))
    return network


def generator(image, norm="batch", classes=0):
    torch.manual_seed(0)
    return filled(Generator(5, image, 8, norm, classes))


def discriminator(image, norm="spectral", pooling="sum", classes=0):
    torch.manual_seed(0)
    return filled(Discriminator(image, 8, norm, pooling, classes))


@pytest.mark.parametrize("width", [16, 256])
@pytest.mark.parametrize("classes", [0, 10])
def test_a_generator_has_as_many_parameters_as_the_papers(width, classes):
    """SNGAN's for CIFAR-10, at its width of 256 and another; a class has its own scale and shift six times."""
    dense, shortcut = (128 + 1) * 16 * width, (width + 1) * width
    block = 2 * (9 * width + 1) * width + shortcut + 2 * 2 * width * max(classes, 1)
    expected = dense + 3 * block + 2 * width + (9 * width + 1) * 3
    assert parameters(Generator(128, CIFAR, width, classes=classes)) == expected


@pytest.mark.parametrize("width", [16, 128])
@pytest.mark.parametrize("classes", [0, 10])
@pytest.mark.parametrize("norm", NORMS)
def test_a_discriminator_has_as_many_parameters_as_the_papers(width, classes, norm):
    """SNGAN's for CIFAR-10: two blocks that halve, two that do not; layer norm is in three of them."""
    residual, shortcut = 2 * (9 * width + 1) * width, (width + 1) * width
    first = (9 * 3 + 1) * width + (9 * width + 1) * width + (3 + 1) * width
    expected = first + residual + shortcut + 2 * residual + width + classes * width
    expected += 3 * 2 * 2 * width if norm == "layer" else 0
    assert parameters(Discriminator(CIFAR, width, norm, classes=classes)) == expected


@pytest.mark.parametrize("flat", [1, 2])
@pytest.mark.parametrize(
    ("image", "smallest"),
    [(CIFAR, (4, 4)), ((1, 28, 28), (7, 7)), ((3, 64, 48), (8, 6)), (ODD[0], (12, 8))],
)
def test_maps_double_from_the_smallest_and_halve_to_it_or_to_twice_it(image, smallest, flat):
    sizes = []
    networks = generator(image), Discriminator(image, 4, flat=flat)
    for network in networks:
        for module in network.modules():
            if isinstance(module, (UpBlock, FirstBlock, DownBlock)):
                module.register_forward_hook(lambda module, x, out: sizes.append((x[0].shape[2:], out.shape[2:])))
    networks[1](networks[0](drawn(2, 5)))
    ups = len(networks[0].blocks)
    made, seen = sizes[:ups], sizes[ups:]
    assert made[0][0] == smallest
    assert all((2 * low[0], 2 * low[1]) == tuple(high) for low, high in made)
    assert [after for _, after in seen[-1 - flat :]] == [(flat * smallest[0], flat * smallest[1])] * (flat + 1)
    assert all((2 * low[0], 2 * low[1]) == tuple(high) for high, low in seen[:-flat])
    assert made[-1][1] == seen[0][0]


@pytest.mark.parametrize("flat", [1, 2])
@pytest.mark.parametrize("image", [(3, 4, 4), (3, 7, 5), (1, 8, 15)])
def test_images_that_leave_no_room_for_halvings_are_judged_too(image, flat):
    scores = Discriminator(image, 4, widest=4, flat=flat)(generator(image)(drawn(2, 5)))
    assert scores.shape == (2,)


def test_smaller_maps_have_twice_the_channels_up_to_a_limit():
    """As in SNGAN's networks for ImageNet (appendix B.4): 64 channels at 64×64, 1,024 at 4×4; here up to 512."""
    image = (3, 128, 128)
    made = Generator(2, image, 64, widest=8)
    assert made.smallest[0] == 512
    assert [block.conv2.out_channels for block in made.blocks] == [512, 512, 256, 128, 64]
    judge = Discriminator(image, 64, widest=8)
    assert [block.conv2.out_channels for block in judge.blocks] == [64, 128, 256, 512, 512, 512]
    assert judge.linear.in_features == 512
    assert judge(made(torch.zeros(1, 2))).shape == (1,)
    assert [block.conv2.out_channels for block in Discriminator(image, 64).blocks] == [64] * 6
    wide = Discriminator(image, 64, widest=16, flat=1)
    assert [block.conv2.out_channels for block in wide.blocks] == [64, 128, 256, 512, 1024, 1024]


def moments(x, axes):
    return x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)


def normalised(x, axes):
    mean, variance = moments(x, axes)
    return (x - mean) / (variance + 1e-5).sqrt()


def per_channel(parameter):
    return parameter[:, None, None]


def test_an_up_block_is_its_formula():
    """Shortcut: doubling, then 1×1, as published; ours does them the other way round, to the same effect."""
    torch.manual_seed(0)
    block, x, y = filled(UpBlock(4, 5, "batch", 3)), drawn(3, 4, 5, 6), CLASSES

    def norm(layer, x):
        scale, shift = 1 + y @ layer.scale.weight.T, y @ layer.shift.weight.T
        return scale[..., None, None] * normalised(x, (0, 2, 3)) + shift[..., None, None]

    def double(x):
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    h = F.conv2d(double(norm(block.norm1, x).clamp(min=0)), block.conv1.weight, block.conv1.bias, padding=1)
    h = F.conv2d(norm(block.norm2, h).clamp(min=0), block.conv2.weight, block.conv2.bias, padding=1)
    shortcut = F.conv2d(double(x), block.shortcut.weight, block.shortcut.bias)
    assert_close(block(x, y), h + shortcut, rtol=1e-4, atol=1e-5)


def halve(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


@pytest.mark.parametrize("norm", ["layer", "none"])
@pytest.mark.parametrize("halving", [True, False])
def test_a_down_block_is_its_formula(norm, halving):
    """Shortcut: 1×1, then pooling, as published."""
    torch.manual_seed(0)
    block, x = filled(DownBlock(4, 5 if halving else 4, norm, halving)), drawn(3, 4, 6, 8)

    def apply(layer, x):
        if norm == "none":
            return x
        return per_channel(layer.weight) * normalised(x, (1, 2, 3)) + per_channel(layer.bias)

    h = F.conv2d(apply(block.norm1, x).clamp(min=0), block.conv1.weight, block.conv1.bias, padding=1)
    h = F.conv2d(apply(block.norm2, h).clamp(min=0), block.conv2.weight, block.conv2.bias, padding=1)
    expected = halve(h) + halve(F.conv2d(x, block.shortcut.weight, block.shortcut.bias)) if halving else h + x
    assert_close(block(x), expected, rtol=1e-4, atol=1e-5)


def test_the_first_block_neither_normalises_nor_rectifies_the_image():
    torch.manual_seed(0)
    block, x = filled(FirstBlock(3, 4, "layer")), drawn(3, 3, 6, 8)
    h = F.conv2d(x, block.conv1.weight, block.conv1.bias, padding=1).clamp(min=0)
    h = F.conv2d(h, block.conv2.weight, block.conv2.bias, padding=1)
    shortcut = F.conv2d(halve(x), block.shortcut.weight, block.shortcut.bias)
    assert_close(block(x), halve(h) + shortcut, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_images_are_the_tangent_of_the_last_blocks_maps(norm):
    """tanh(conv(ReLU(norm))), the last norm without classes."""
    network, seen = generator(CIFAR, norm, 3), []
    network.blocks[-1].register_forward_hook(lambda *call: seen.append(call[2]))
    images = network(drawn(3, 5), CLASSES)
    maps = seen[0]
    if norm == "batch":
        scale, shift = network.norm.norm.weight, network.norm.norm.bias
        maps = per_channel(scale) * normalised(maps, (0, 2, 3)) + per_channel(shift)
    expected = F.conv2d(maps.clamp(min=0), network.image.weight, network.image.bias, padding=1).tanh()
    assert_close(images, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_a_score_is_a_linear_map_of_the_pooled_features_plus_the_projection(norm, pooling):
    """ψ(φ(x)) + ⟨V y, φ(x)⟩; over the 8 × 8 positions of the last map."""
    network, images, maps = discriminator(CIFAR, norm, pooling, classes=3).eval(), drawn(3, *CIFAR), []
    network.blocks.register_forward_hook(lambda *call: maps.append(call[2]))
    scores = network(images, CLASSES)
    features = maps[0].clamp(min=0).sum((2, 3)) / (64 if pooling == "mean" else 1)
    assert network.linear.bias is None
    plain = features @ network.linear.weight[0]
    projection = torch.einsum("bf,fc,bc->b", features, network.embedding.weight, CLASSES)
    assert_close(scores, plain + projection, rtol=1e-4, atol=1e-5)
    corners = torch.stack([network(images, each.expand(3, 3)) for each in torch.eye(3)], 1)
    assert_close(scores, (corners * CLASSES).sum(1), rtol=1e-4, atol=1e-5)
    assert corners.std(1).min() > 1e-4 * features.norm(dim=1).min()


def test_without_classes_there_is_no_projection():
    network, images = discriminator(CIFAR, "none"), drawn(3, *CIFAR)
    conditional = discriminator(CIFAR, "none", classes=3)
    conditional.load_state_dict(network.state_dict(), strict=False)
    nn.init.zeros_(conditional.embedding.weight)
    assert_close(network(images), conditional(images, CLASSES))


def test_classes_begin_alike_and_part_by_their_own_scales_and_shifts():
    torch.manual_seed(0)
    x, layer = drawn(3, 4, 5, 6), ConditionalNorm(4, "batch", classes=3)
    assert_close(layer(x, CLASSES), normalised(x, (0, 2, 3)), rtol=1e-4, atol=1e-5)
    filled(layer)
    scales, shifts = (1 + layer.scale.weight).T, layer.shift.weight.T  # [class, channel]
    by_class = torch.stack(
        [scales[k][:, None, None] * normalised(x, (0, 2, 3)) + shifts[k][:, None, None] for k in range(3)]
    )
    assert_close(layer(x, CLASSES), torch.einsum("bk,kbchw->bchw", CLASSES, by_class), rtol=1e-4, atol=1e-5)


def test_weights_begin_as_published():
    """Uniform of variance gain² · 2 / (fan-in + fan-out): √2 in residual branches, 1 elsewhere; biases zero."""
    torch.manual_seed(0)
    networks = Generator(40, CIFAR, 32), Discriminator((4, 32, 32), 32, "none", classes=20)
    for network in networks:
        for name, layer in network.named_modules():
            if not isinstance(layer, (nn.Conv2d, nn.Linear)):
                continue
            taps = layer.weight[0, 0].numel()
            gain = sqrt(2) if "conv" in name else 1
            bound = gain * sqrt(6 / ((layer.weight.shape[0] + layer.weight.shape[1]) * taps))
            count = layer.weight.numel()
            assert 1 - 10 / count < layer.weight.abs().max().item() / bound <= 1 + 1e-6, name
            assert layer.weight.square().mean().item() == pytest.approx(bound**2 / 3, rel=5 * sqrt(0.8 / count)), name
            assert layer.bias is None or not layer.bias.any(), name


def test_spectral_norms_become_one():
    """The largest singular value of every weight as a matrix [outputs, rest], the class embedding's included."""
    network = discriminator(CIFAR, classes=3)
    for seed in range(30):
        network(drawn(1, *CIFAR, seed=seed), CLASSES[:1])
    network.eval()
    layers = weighted(network)
    assert len(layers) == 3 + 3 + 2 + 2 + 2
    norms = [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0] for layer in layers]
    assert_close(torch.stack(norms), torch.ones(12), rtol=0, atol=1e-2)


def test_spectral_norms_do_not_depend_on_the_size_of_the_weights():
    """Without the norm, weights times ten would give scores a million times as large."""
    network, images = discriminator(CIFAR).eval(), drawn(3, *CIFAR)
    scores = network(images)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("original"):
                parameter.mul_(10)
    assert_close(network(images), scores, rtol=1e-4, atol=1e-5)


def test_power_iteration_goes_on_in_training_mode_only():
    network, images = discriminator(CIFAR), drawn(2, *CIFAR)
    vectors = [buffer.clone() for buffer in network.buffers()]
    network.eval()(images)
    assert all(torch.equal(before, after) for before, after in zip(vectors, network.buffers(), strict=True))
    network.train()(images)
    assert any(not torch.equal(before, after) for before, after in zip(vectors, network.buffers(), strict=True))


@pytest.mark.parametrize("norm", NORMS)
def test_a_resumed_discriminator_goes_on_alike(norm):
    """In training mode too, where every forward takes the power iteration a step on."""
    network, images = discriminator(CIFAR, norm, classes=3), drawn(3, *CIFAR)
    network(images, CLASSES)
    state = deepcopy(network.state_dict())
    assert len({tensor.untyped_storage().data_ptr() for tensor in state.values()}) == len(state)
    torch.manual_seed(9)
    resumed = Discriminator(CIFAR, 8, norm, "sum", 3)
    resumed.load_state_dict(state)
    for _ in range(2):
        assert torch.equal(resumed(images, CLASSES), network(images, CLASSES))


def test_a_resumed_generator_goes_on_alike():
    network, z = generator(CIFAR, classes=3), drawn(3, 5)
    network(z, CLASSES)
    resumed = Generator(5, CIFAR, 8, classes=3)
    resumed.load_state_dict(deepcopy(network.state_dict()))
    for mode in (True, False):
        assert torch.equal(resumed.train(mode)(z, CLASSES), network.train(mode)(z, CLASSES))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("image", [(3, 16, 16), *ODD])
def test_a_score_does_not_depend_on_the_rest_of_the_batch(image, norm):
    network, images = discriminator(image, norm, classes=3).eval(), drawn(3, *image).clamp(-1, 1)
    scores = network(images, CLASSES)
    assert scores.shape == (3,)
    alone = [network(images[i : i + 1], CLASSES[i : i + 1]) for i in range(3)]
    assert_close(scores, torch.cat(alone), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("image", [(3, 16, 16), *ODD])
def test_in_eval_mode_an_image_does_not_depend_on_the_rest_of_the_batch(image, norm):
    network, z = generator(image, norm, classes=3), drawn(3, 5)
    trained = network(z, CLASSES)
    assert trained.shape == (3, *image)
    assert trained.abs().max() <= 1
    assert trained.std(0).min() > 1e-7
    images = network.eval()(z, CLASSES)
    assert_close(images, torch.cat([network(z[i : i + 1], CLASSES[i : i + 1]) for i in range(3)]), rtol=1e-4, atol=1e-5)
    assert torch.equal(images, trained) == (norm == "none")


@pytest.mark.parametrize("image", ODD)
def test_every_pixel_is_judged(image):
    images = drawn(2, *image).requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(image)(images).sum(), images)
    assert gradient.abs().amax(0).min() > 1e-7


def checked(network, value, *arguments):
    """Gradients of value(network as a function) in every parameter, along random directions."""
    names, weights = zip(*network.named_parameters(), strict=True)

    def of(*weights):
        return value(lambda x: functional_call(network, dict(zip(names, weights, strict=True)), (x, *arguments)))

    assert gradcheck(of, weights, atol=1e-7, rtol=1e-4, fast_mode=True)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("classes", [0, 3])
def test_a_discriminators_gradients_and_those_of_penalties_equal_finite_differences(norm, classes):
    """Through the spectral norm too, whose vectors count as constants: in eval mode they are."""
    network, y = discriminator((1, 17, 16), norm, "mean", classes).double().eval(), CLASSES[:2].double()
    real, fake = drawn(2, 1, 17, 16, dtype=torch.float64), drawn(2, 1, 17, 16, seed=1, dtype=torch.float64)
    share, arguments = torch.tensor([0.2, 0.7], dtype=torch.float64), (y,) if classes else ()
    checked(network, lambda network: network(real).square().sum() + r1(network, real, None, None), *arguments)
    checked(network, lambda network: wgan_gp(network, real, fake, lambda: share), *arguments)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_generators_gradients_equal_finite_differences(norm):
    network, weight = generator((1, 17, 16), norm, 3).double(), drawn(3, 1, 17, 16, dtype=torch.float64)
    z = drawn(3, 5, dtype=torch.float64)
    checked(network, lambda network: (network(z) * weight).sum(), CLASSES.double())


@pytest.mark.parametrize("norm", NORMS)
def test_a_penalty_can_be_descended_in_training_mode(norm):
    """Two forwards and a double backward, while power iterations move their vectors in place."""
    network, images = discriminator(CIFAR, norm), drawn(2, *CIFAR)
    (network(images).mean() + r1(network, images, None, None)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize("norm", NORMS)
def test_memory_formats_and_autocast_change_only_the_rounding(norm):
    networks = generator(CIFAR, "batch" if norm == "layer" else "none"), discriminator(CIFAR, norm)
    for network, batch in zip(networks, (drawn(4, 5), drawn(4, *CIFAR)), strict=True):
        outputs = network.eval()(batch).detach()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            coarse = network(batch).detach().float()
        batch = batch.contiguous(memory_format=torch.channels_last) if batch.dim() == 4 else batch
        assert_close(network.to(memory_format=torch.channels_last)(batch), outputs, rtol=1e-4, atol=1e-4)
        assert 0 < (coarse - outputs).norm() < 0.05 * outputs.norm()


@pytest.mark.parametrize(("norm", "low", "high"), [("spectral", 0.01, 1), ("layer", 0.1, 10), ("none", 0.1, 10)])
def test_scores_differ_by_their_image_from_the_start_and_stay_small(norm, low, high):
    torch.manual_seed(0)
    scores = Discriminator(CIFAR, 32, norm)(drawn(16, *CIFAR).clamp(-1, 1))
    assert low < scores.std() < high


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_images_differ_by_their_latent_vector_from_the_start(norm):
    torch.manual_seed(0)
    images = Generator(64, CIFAR, 32, norm)(drawn(16, 64))
    assert 0.1 < images.std(0).mean() < 0.8
