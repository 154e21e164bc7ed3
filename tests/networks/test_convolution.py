"""Both methods against torch's own convolutions and against finite differences, with every way forced in turn."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.testing import assert_close

from ganatomy.networks.ops import convolution
from ganatomy.networks.ops.convolution import Conv2d, ConvTranspose2d, conv2d, conv_transpose2d
from ganatomy.networks.ops.tiles import Geometry

WAYS = ["native", "patches", "tiles"]


def force(patch: pytest.MonkeyPatch, way: str) -> None:
    patch.setattr(convolution, "fastest_way", lambda *_: way)


def random(*shape: int, last: bool = True, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    values = torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(sum(shape)))
    return values.to(memory_format=torch.channels_last if last else torch.contiguous_format).requires_grad_()


size = st.integers(1, 9)
# Neither (1, 2) nor (1, 3): of one channel in channels-last order, torch 2.13 itself computes such convolutions wrongly
# on a CPU where the output is one pixel wide.
strides = st.sampled_from([(1, 1), (2, 2), (3, 3), (2, 1), (3, 1), (3, 2), (2, 3)])


@settings(max_examples=25, deadline=None)
@given(
    way=st.sampled_from(WAYS), n=st.integers(1, 3), c=st.integers(1, 5), o=st.integers(1, 5), height=size, width=size,
    stride=strides, padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    extra=st.tuples(st.integers(0, 2), st.integers(0, 2)), bias=st.booleans(), last=st.booleans(),
    chunk=st.sampled_from([1, 2**24]),
)  # fmt: skip
def test_agrees_with_torch(way, n, c, o, height, width, stride, padding, extra, bias, last, chunk):
    kernel = tuple(2 * s for s in stride)
    x, y = random(n, c, height + 6, width + 6, last=last), random(n, o, height + 1, width, last=last)
    w, b, b_up = random(o, c, *kernel, last=last), random(o, 1, 1, 1) if bias else None, random(c, 1, 1, 1)
    extra = tuple(min(e, s - 1) for e, s in zip(extra, stride, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        force(patch, way)
        patch.setattr(convolution, "CHUNK", chunk)
        flat = None if b is None else b.flatten()
        pairs = [
            ((x, w, *([b] if bias else [])), conv2d(x, w, flat, stride, padding, "patches"),
             F.conv2d(x, w, flat, stride, padding)),
        ]  # fmt: skip
        if all(s * (m - 1) + k > 2 * p for s, m, k, p in zip(stride, y.shape[2:], kernel, padding, strict=True)):
            ours = conv_transpose2d(y, w, b_up.flatten(), stride, padding, extra, "patches")
            pairs += [((y, w, b_up), ours, F.conv_transpose2d(y, w, b_up.flatten(), stride, padding, extra))]
        for leaves, ours, torchs in pairs:
            assert_close(ours, torchs, atol=2e-5, rtol=1e-5)
            assert ours.is_contiguous(memory_format=torch.channels_last)
            g = torch.randn_like(torchs)
            for a, b in zip(grad(ours, leaves, g), grad(torchs, leaves, g), strict=True):
                assert_close(a, b, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("last", [False, True])
def test_first_and_second_derivatives(way, last, monkeypatch):
    force(monkeypatch, way)
    w, b = random(2, 2, 4, 2, last=last, dtype=torch.float64), random(2, dtype=torch.float64, last=False)
    cases = [
        (
            lambda x, w, b: conv2d(x, w, b, (2, 1), (1, 0), "patches"),
            random(1, 2, 7, 4, last=last, dtype=torch.float64),
        ),
        (
            lambda y, w, b: conv_transpose2d(y, w, b, (2, 1), (1, 1), (1, 0), "patches"),
            random(2, 2, 3, 2, last=last, dtype=torch.float64),
        ),
    ]
    for f, x in cases:
        assert gradcheck(f, (x, w, b))
        assert gradgradcheck(f, (x, w, b))


@pytest.mark.parametrize("method", ["native", "patches"])
def test_a_kernel_over_the_whole_input_is_a_matrix_product(method):
    x, w, b = random(3, 5, 4, 2), random(6, 5, 4, 2), random(6, last=False)
    assert_close(conv2d(x, w, b, (1, 1), (0, 0), method), F.conv2d(x, w, b), atol=1e-5, rtol=1e-5)
    y, b = random(3, 6, 1, 1), random(5, last=False)
    ours = conv_transpose2d(y, w, b, (1, 1), (0, 0), (0, 0), method)
    assert_close(ours, F.conv_transpose2d(y, w, b), atol=1e-5, rtol=1e-5)
    assert ours.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("way", WAYS)
def test_only_the_gradients_asked_for_are_computed(way, monkeypatch):
    force(monkeypatch, way)
    calls = []
    for name in ("down", "up", "outer"):
        compute = getattr(convolution, f"compute_{name}")
        monkeypatch.setattr(
            convolution, f"compute_{name}", lambda *a, name=name, compute=compute: (calls.append(name), compute(*a))[1]
        )
    x, w = random(1, 2, 8, 8), random(3, 2, 4, 4)
    hidden = x * 2
    for leaf, expected in ((x, "up"), (w, "outer")):
        score = conv2d(hidden, w, None, (2, 2), (1, 1), "patches").sum()
        calls.clear()
        grad(score, leaf)
        assert calls == [expected]


def test_gradient_penalty_of_a_small_discriminator():
    def penalty(method: str) -> list[torch.Tensor]:
        layers = Conv2d(3, 64, 4, 2, 1), torch.nn.LeakyReLU(0.2, True), Conv2d(64, 64, 4, 2, 1), Conv2d(64, 1, 4)
        D = torch.nn.Sequential(*layers)
        for p in D.parameters():
            p.data = random(*p.shape, last=False).data / 10
        for m in layers:
            m.method = method
        x = random(4, 3, 16, 16)
        (g,) = grad(D(x).sum(), x, create_graph=True)
        return list(grad(g.square().sum(), [p for p in D.parameters() if p.dim() == 4]))

    for ours, torchs in zip(penalty("patches"), penalty("native"), strict=True):
        assert_close(ours, torchs, rtol=1e-4, atol=1e-4 * float(torchs.abs().max()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("weights", [torch.float32, torch.bfloat16])
def test_half_precision_is_left_to_torch(way, weights, monkeypatch):
    force(monkeypatch, way)
    layers = Conv2d(3, 8, 4, 2, 1).to(weights), ConvTranspose2d(8, 3, 4, 2, 1).to(weights)
    results = []
    for method in ("patches", "native"):
        x = random(2, 3, 16, 16).detach().to(weights).requires_grad_()
        for m in layers:
            m.method = method
        with torch.autocast("cpu", torch.bfloat16, enabled=weights == torch.float32):
            out = layers[1](layers[0](x))
        assert out.dtype == torch.bfloat16
        leaves = [x, layers[0].weight, layers[0].bias, layers[1].weight, layers[1].bias]
        results.append([out, *grad(out.float().square().sum(), leaves)])
    for ours, torchs in zip(*results, strict=True):
        assert torch.equal(ours, torchs)


def test_penalties_stay_in_float32_when_differentiated_under_autocast():
    x, w = random(2, 64, 8, 8), random(64, 64, 4, 4)
    y = conv2d(x, w, None, (2, 2), (1, 1), "patches")
    with torch.autocast("cpu", torch.bfloat16):
        gradients = grad(y.sum(), (x, w))
    for ours, torchs in zip(gradients, grad(F.conv2d(x, w, None, 2, 1).sum(), (x, w)), strict=True):
        assert_close(ours, torchs, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"groups": 2}, {"dilation": 2}, {"stride": 2, "padding": 1}])
@pytest.mark.parametrize(("ours", "torchs"), [(Conv2d, torch.nn.Conv2d), (ConvTranspose2d, torch.nn.ConvTranspose2d)])
def test_modules_are_torchs_own_but_for_the_method(ours, torchs, options):
    torch.manual_seed(0)
    a = ours(4, 6, 4, **options)
    torch.manual_seed(0)
    b = torchs(4, 6, 4, **options)
    assert list(a.state_dict()) == list(b.state_dict())
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    a.method = "patches"
    for x in (random(2, 4, 9, 11), random(4, 9, 11, last=False)):
        assert_close(a(x), b(x), atol=1e-5, rtol=1e-5)


def test_rule_of_the_64_by_64_dcgan():
    def way(piece: str, c: int, o: int, size: int) -> str:
        return convolution.fastest_way(piece, c, o, Geometry((4, 4), (2, 2), (1, 1), (size, size), (size // 2,) * 2))

    layers = [(3, 64, 64), (64, 128, 32), (128, 256, 16), (256, 512, 8)]
    assert [way("down", *layer) for layer in layers] == ["native", "native", "tiles", "tiles"]
    assert [way("up", *layer) for layer in layers] == ["patches", "native", "tiles", "tiles"]
    assert [way("outer", *layer) for layer in layers] == ["native", "tiles", "tiles", "tiles"]


def test_keeps_its_factors_and_nothing_else():
    x, w = random(2, 128, 8, 8), random(128, 128, 4, 4)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.data_ptr()) or t, lambda t: t):
        y = conv2d(x, w, None, (2, 2), (1, 1), "patches")
    assert set(saved) == {x.data_ptr(), w.data_ptr()}
    alive = weakref.ref(y)
    del y
    gc.collect()
    assert alive() is None


def test_a_weight_changed_before_its_gradient_is_an_error():
    x, w = random(1, 2, 8, 8), random(3, 2, 4, 4)
    y = conv2d(x, w, None, (2, 2), (1, 1), "patches").sum()
    with torch.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        grad(y, x)


@pytest.mark.parametrize("way", WAYS)
def test_the_output_may_be_overwritten(way, monkeypatch):
    force(monkeypatch, way)
    x, y = random(2, 3, 8, 8), random(2, 5, 4, 4)
    w = random(5, 3, 4, 4)
    down = conv2d(x, w, None, (2, 2), (1, 1), "patches")
    up = conv_transpose2d(y, w, None, (2, 2), (1, 1), (0, 0), "patches")
    for result, copy in zip((down, up), (down.clone(), up.clone()), strict=True):
        expected = grad(F.leaky_relu(copy, 0.2).square().sum(), w, retain_graph=True)[0]
        assert_close(grad(F.leaky_relu_(result, 0.2).square().sum(), w)[0], expected)
