"""The UNet against its paper's formulas, written out, and every size it promises."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from ganatomy.networks.unet import Attention, TimedBlock, UNet, normalisation, time_embedding

IMAGE = (3, 12, 20)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def alive(network, seed=0):
    """With weights, biases and scales that are all at work: what begins at zero would hide mistakes."""
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.1, 0.5)
    return network


def small(image=IMAGE, **options):
    torch.manual_seed(0)
    return alive(UNet(image, **{"width": 4, "multipliers": [1, 2]} | options)).eval()


TIMES = torch.tensor([1, 400, 1000])


def test_times_are_embedded_as_sines_and_cosines_of_falling_frequency():
    times = [0, 3, 999.5]
    frequencies = [1, 10_000 ** (-1 / 3), 10_000 ** (-2 / 3), 1 / 10_000]
    expected = [[f(t * w) for f in (math.sin, math.cos) for w in frequencies] for t in times]
    assert_close(time_embedding(torch.tensor(times), 8), torch.tensor(expected), rtol=0, atol=1e-4)
    assert_close(time_embedding(TIMES, 8), time_embedding(TIMES.double(), 8))


def grouped(x, groups, layer):
    """Group normalisation by its definition."""
    g = x.unflatten(1, (groups, -1))
    centred = g - g.mean((2, 3, 4), keepdim=True)
    normal = (centred / (centred.square().mean((2, 3, 4), keepdim=True) + 1e-5).sqrt()).flatten(1, 2)
    return normal * layer.weight[:, None, None] + layer.bias[:, None, None]


@pytest.mark.parametrize("inputs", [8, 12])
def test_a_block_is_a_residual_branch_that_is_told_the_time(inputs):
    torch.manual_seed(0)
    block, x, time = alive(TimedBlock(inputs, 8, 5, dropout=0.5)).eval(), drawn(2, inputs, 3, 4), drawn(2, 5, seed=1)
    h = block.before[2](F.silu(grouped(x, inputs // 4, block.before[0])))
    h = h + block.time[1](F.silu(time))[:, :, None, None]
    h = block.after[3](F.silu(grouped(h, 2, block.after[0])))
    expected = h + (x if inputs == 8 else F.conv2d(x, block.shortcut.weight, block.shortcut.bias))
    assert_close(block(x, time), expected, rtol=1e-4, atol=1e-4)


def test_attention_is_a_mean_of_values_weighted_by_the_likeness_of_keys():
    attention, x = alive(Attention(8)), drawn(2, 8, 3, 4)
    normal = grouped(x, 2, attention.norm)
    for image, result in zip(range(2), attention(x), strict=True):
        places = normal[image].flatten(1).T
        queries, keys, values = attention.queries_keys_values(places).split(8, 1)
        rows = []
        for query in queries:
            weights = torch.stack([(query @ key / 8**0.5).exp() for key in keys])
            rows.append((weights[:, None] * values).sum(0) / weights.sum())
        expected = x[image] + attention.out(torch.stack(rows)).T.reshape(8, 3, 4)
        assert_close(result, expected, rtol=1e-4, atol=1e-4)


def test_maps_on_the_way_up_meet_their_mirror_images_from_the_way_down():
    """Three levels, two blocks each, in one list of calls."""
    net, x = small(multipliers=[1, 2, 3], blocks=2), drawn(3, *IMAGE)
    known = net.time(time_embedding(TIMES, 16))
    one = net.levels
    two, three = one.levels, one.levels.levels
    a = one.down[0](net.first(x), known)
    b = one.down[1](a, known)
    c = two.down[0](one.shrink(b), known)
    d = two.down[1](c, known)
    e = three.down[0](two.shrink(d), known)
    f = three.down[1](e, known)
    h = three.up[0](torch.cat([three.attention(f), f], 1), known)
    h = three.up[1](torch.cat([h, e], 1), known)
    h = two.grow[1](h.repeat_interleave(2, 2).repeat_interleave(2, 3))
    h = two.up[0](torch.cat([h, d], 1), known)
    h = two.up[1](torch.cat([h, c], 1), known)
    h = one.grow[1](h.repeat_interleave(2, 2).repeat_interleave(2, 3))
    h = one.up[0](torch.cat([h, b], 1), known)
    h = one.up[1](torch.cat([h, a], 1), known)
    assert_close(net(x, TIMES), net.last(h), rtol=1e-4, atol=1e-4)
    assert [m.stride for m in (one.shrink, two.shrink)] == [(2, 2), (2, 2)]
    assert one.shrink(b).shape[2:] == (6, 10)


def test_channels_of_the_levels_follow_the_multipliers():
    net = UNet(IMAGE, width=8, multipliers=[1, 2, 3])
    assert [m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d) and m.stride == (2, 2)] == [8, 16]
    assert [m.queries_keys_values.in_features for m in net.modules() if isinstance(m, Attention)] == [24]
    assert not [m for m in UNet(IMAGE, width=8, attention=False).modules() if isinstance(m, Attention)]


def test_other_sizes_are_padded_and_cropped_in_the_middle():
    net, x = small((1, 13, 18), multipliers=[1, 1, 1]), drawn(3, 1, 13, 18)
    padded = F.pad(x, (1, 1, 1, 2), mode="replicate")
    assert padded.shape[2:] == (16, 20)
    assert_close(net(x, TIMES), net(padded, TIMES)[:, :, 1:14, 1:19])


@settings(derandomize=True, database=None, deadline=None, max_examples=12)
@given(st.sampled_from([1, 3, 4]), st.integers(16, 70), st.integers(16, 70), st.integers(1, 4))
def test_every_size_gives_noise_of_its_shape(channels, height, width, levels):
    net = UNet((channels, height, width), width=2, multipliers=[1] * levels)
    assert net(drawn(2, channels, height, width), TIMES[:2]).shape == (2, channels, height, width)


def test_at_first_blocks_are_their_shortcuts_and_the_predicted_noise_is_zero():
    torch.manual_seed(0)
    net, x, time = UNet(IMAGE, width=8), drawn(3, *IMAGE), drawn(3, 32, seed=1)
    assert net(x, TIMES).count_nonzero() == 0
    h = net.first(x)
    assert_close(net.levels.down[0](h, time), h, rtol=0, atol=0)
    attention = net.levels.levels.levels.attention
    assert_close(attention(drawn(3, 16, 3, 5)), drawn(3, 16, 3, 5), rtol=0, atol=0)
    norms = [p for p in net.last.parameters() if p.dim() == 4]
    (gradient,) = torch.autograd.grad(net(x, TIMES).sum(), norms)  # zero weights must not mean zero gradients
    assert gradient.abs().min() > 0


def test_first_weights_are_uniform_with_the_papers_variance():
    """2/(fan-in + fan-out), a convolution's fans with its 9 taps; bound √3 standard deviations."""
    torch.manual_seed(0)
    net = UNet((3, 16, 16), width=64, multipliers=[1], classes=100)
    for weight, fans in [
        (net.first.weight, 9 * (3 + 64)),
        (net.levels.down[0].before[2].weight, 9 * 128),
        (net.levels.up[0].shortcut.weight, 64 + 128),
        (net.time[0].weight, 512),
        (net.classes.weight, 100 + 256),
    ]:
        deviation = (2 / fans) ** 0.5
        assert weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert weight.abs().max().item() == pytest.approx(3**0.5 * deviation, rel=0.02)
    biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
    assert not any(bias.count_nonzero() for bias in biases)


def test_groups_divide_the_channels_and_have_four_at_least():
    for channels in range(1, 400):
        groups = normalisation(channels).num_groups
        assert channels % groups == 0
        assert groups <= 32
        assert groups == 1 or channels / groups >= 4
    assert [normalisation(channels).num_groups for channels in (16, 32, 96, 128, 256)] == [4, 8, 24, 32, 32]


@pytest.mark.parametrize("classes", [0, 5])
def test_an_images_noise_depends_on_its_own_image_time_and_class_alone(classes):
    net, x = small(width=8, classes=classes), drawn(3, *IMAGE)
    y = drawn(3, 5, seed=2).softmax(1) if classes else None
    together = net(x, TIMES, y)
    alone = [net(x[i : i + 1], TIMES[i : i + 1], None if y is None else y[i : i + 1]) for i in range(3)]
    assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)
    other = net(x, TIMES.flip(0), y) if y is None else net(x, TIMES, 20 * y.flip(0))
    assert (together - other).abs()[[0, 2]].amax((1, 2, 3)).min() > 0.1


def test_a_class_is_a_linear_addition_to_what_is_known_of_the_time():
    net, x = small(classes=5), drawn(3, *IMAGE)
    mixed = torch.tensor([0.0, 0.3, 0.0, 0.7, 0.0]).expand(3, 5)
    with_class = net(x, TIMES, mixed)
    weight = net.classes.weight
    with torch.no_grad():
        net.time[2].bias += 0.3 * weight[:, 1] + 0.7 * weight[:, 3]
    assert_close(net(x, TIMES, torch.zeros(3, 5)), with_class, rtol=1e-4, atol=1e-4)


def test_dropout_acts_in_training_alone_and_follows_the_seed():
    net, x = small(dropout=0.5), drawn(3, *IMAGE)
    assert_close(net(x, TIMES), small()(x, TIMES), rtol=0, atol=0)
    net.train()
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(net(x, TIMES))
    assert_close(results[0], results[1], rtol=0, atol=0)
    assert (results[0] - results[2]).abs().max() > 1e-2


def test_layout_and_precision_change_rounding_alone():
    torch.manual_seed(0)
    net, x = UNet((3, 18, 20), width=16).eval(), drawn(3, 3, 18, 20)
    nn.init.normal_(net.last[2].weight, 0, 0.05)
    expected = net(x, TIMES)
    assert expected.std() > 0.1
    with torch.autocast("cpu", torch.bfloat16):
        half = net(x, TIMES)
    assert_close(half.float(), expected, rtol=0, atol=0.1 * expected.std().item())
    net.to(memory_format=torch.channels_last)
    assert_close(net(x.to(memory_format=torch.channels_last), TIMES), expected, rtol=1e-4, atol=1e-4)
