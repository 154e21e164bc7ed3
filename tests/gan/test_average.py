"""The moving average of a network against one written by hand."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganatomy.gan.average import moving_average

UPDATES = 12


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double()


def train(net, step):
    """Something that changes every parameter and batch-norm statistic."""
    random = torch.Generator().manual_seed(step)
    net(torch.randn(8, 3, generator=random, dtype=torch.float64) + step)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random, dtype=torch.float64))


def floating(net):
    return {name: value.clone() for name, value in net.state_dict().items() if value.is_floating_point()}


@pytest.mark.parametrize("warm_up", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.4, 0.999])
def test_it_equals_the_recursion_for_weights_and_batch_norm_statistics(decay, warm_up):
    """θ̄ = θ at first; then θ̄ ← d·θ̄ + (1 − d)·θ, d = min(decay, (1 + t)/(10 + t)) after t updates while warming up."""
    net = network()
    average = moving_average(net, decay, warm_up)
    expected = {}
    for t in range(UPDATES):
        train(net, t)
        average.update_parameters(net)
        d = 0 if t == 0 else min(decay, (1 + t) / (10 + t)) if warm_up else decay
        expected = {name: d * expected[name] + (1 - d) * value if t else value for name, value in floating(net).items()}
        assert_close(floating(average.module), expected, rtol=1e-12, atol=1e-12)
    assert {"1.running_mean", "1.running_var"} < expected.keys()
    assert average.n_averaged == UPDATES


def test_without_decay_it_is_the_network_itself():
    net = network()
    average = moving_average(net, 0.0)
    for t in range(3):
        train(net, t)
        average.update_parameters(net)
    state = net.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in average.module.state_dict().items())


def test_counters_follow_the_network():
    net = network()
    average = moving_average(net, 0.999)
    for t in range(5):
        train(net, t)
        average.update_parameters(net)
    assert average.module[1].num_batches_tracked == 5


def test_it_is_a_copy_that_evaluates_and_the_network_goes_on_training():
    net = network()
    average = moving_average(net, 0.9)
    assert not any(module.training for module in average.modules())
    assert all(module.training for module in net.modules())
    assert not any(parameter.requires_grad for parameter in average.parameters())
    assert all(parameter.requires_grad for parameter in net.parameters())
    before = floating(average.module)
    train(net, 0)
    assert_close(floating(average.module), before, rtol=0, atol=0)
