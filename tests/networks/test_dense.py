"""Dense layers by oneDNN: the same numbers as torch's to rounding, to the second derivative."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from ganatomy.networks import mlp
from ganatomy.networks.ops import convolution
from ganatomy.networks.ops.dense import Linear, linear


def drawn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(100, 784, 120), (1, 7, 3), (5, 1, 1)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_values_and_gradients_are_those_of_float64(rows: int, inputs: int, outputs: int, with_bias: bool) -> None:
    """And the gradients of the gradients: of ½‖∂y/∂x‖² weighted, as a gradient penalty has them."""
    given = [drawn(rows, inputs, seed=0), drawn(outputs, inputs, seed=1), drawn(outputs, seed=2)]
    found = []
    for kind in (torch.float32, torch.float64):
        x, w, b = (each.to(kind).requires_grad_() for each in given)
        bias = b if with_bias else None
        y = linear(x, w, bias, "patches") if kind == torch.float32 else F.linear(x, w, bias)
        (slopes,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        loss = slopes.square().sum() / 2 + F.softplus(y).sum()
        found.append([y, slopes, *torch.autograd.grad(loss, [x, w, b][: 2 + with_bias])])
    for single, exact in zip(*found, strict=True):
        assert_close(single.double(), exact, rtol=1e-4, atol=1e-5 * float(exact.detach().abs().max()))


def test_what_is_not_float32_is_left_to_torch() -> None:
    x, w = drawn(3, 4, seed=0), drawn(2, 4, seed=1)
    assert torch.equal(linear(x.double(), w.double(), None, "patches"), F.linear(x.double(), w.double()))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(linear(x, w, None, "patches"), F.linear(x, w))


def test_a_network_is_switched_as_a_whole() -> None:
    network = mlp.Discriminator((1, 4, 4), [8, 8])
    convolution.use(network, "patches")
    layers = [module for module in network.modules() if isinstance(module, Linear)]
    assert [layer.method for layer in layers] == ["patches"] * 3
    images = drawn(6, 1, 4, 4, seed=0)
    scores = network(images)
    convolution.use(network, "native")
    assert_close(scores, network(images))
