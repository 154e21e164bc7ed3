"""The game as a component: equal to a hand-written loop, and no gradient goes where it should not."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganatomy
from ganatomy.errors import UserError
from ganatomy.gan.player import NonFiniteError
from repeats import SEEDS

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = Path(__file__).parents[2] / "docs" / "COMPONENT.md"


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def discriminator(outputs: int = 1) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, outputs))


def samples(seed: int) -> Tensor:
    return torch.randn(16, 5, generator=torch.Generator().manual_seed(seed))


def r1(network: nn.Module, real: Tensor) -> Tensor:
    real = real.clone().requires_grad_(True)
    (slopes,) = torch.autograd.grad(network(real).sum(), real, create_graph=True)
    return slopes.square().sum(1).mean() / 2


def test_it_is_the_loop_that_people_write_by_hand() -> None:
    ours, by_hand, generators = discriminator(), discriminator(), [nn.Linear(5, 5), nn.Linear(5, 5)]
    generators[1].load_state_dict(generators[0].state_dict())
    optimisers = [torch.optim.SGD(each.parameters(), 0.1) for each in generators]
    adversary = ganatomy.Adversary(ours, "non_saturating", {"r1": 0.5})
    adam = torch.optim.Adam(by_hand.parameters(), 2e-4, (0.5, 0.999))
    for step in range(5):
        real, z = samples(step), samples(100 + step)

        fake = generators[0](z)
        optimisers[0].zero_grad()
        adversary(real, fake).backward()
        optimisers[0].step()

        fake = generators[1](z)
        adam.zero_grad()
        loss = softplus(-by_hand(real)).mean() + softplus(by_hand(fake.detach())).mean()
        (loss + 0.5 * r1(by_hand, real)).backward()
        adam.step()
        optimisers[1].zero_grad()
        softplus(-by_hand(fake)).mean().backward()
        optimisers[1].step()
    for one, other in ((ours, by_hand), (generators[0], generators[1])):
        for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-7)


def test_the_loss_moves_what_made_the_fakes_and_nothing_else() -> None:
    network = discriminator()
    adversary = ganatomy.Adversary(network, "relativistic_pairing")
    real, fake = samples(0).requires_grad_(True), samples(1).requires_grad_(True)
    adversary.loss(real, fake).backward()
    assert fake.grad is not None
    assert fake.grad.abs().sum() > 0
    assert real.grad is None
    assert all(each.grad is None and each.requires_grad for each in network.parameters())


def test_the_update_sends_nothing_back() -> None:
    real, fake = samples(0).requires_grad_(True), samples(1).requires_grad_(True)
    loss = ganatomy.Adversary(discriminator(), "hinge", {"wgan_gp": 1.0}).update(real, fake)
    assert not loss.requires_grad
    assert real.grad is fake.grad is None


def test_a_layer_that_is_held_fixed_stays_so() -> None:
    network = discriminator()
    network[0].requires_grad_(False)
    before = network[0].weight.clone()
    adversary = ganatomy.Adversary(network)
    adversary(samples(0), samples(1))
    assert torch.equal(network[0].weight, before)
    assert [each.requires_grad for each in network.parameters()] == [False, False, True, True]


@pytest.mark.parametrize("outputs", [1, 3])
def test_several_scores_of_a_sample_play_together(outputs: int) -> None:
    network = discriminator(outputs)
    before = [each.clone() for each in network.parameters()]
    ganatomy.Adversary(network, "least_squares", {"r1": 1.0})(samples(0), samples(1))
    assert all(not torch.equal(*pair) for pair in zip(network.parameters(), before, strict=True))


def test_scores_without_a_second_dimension() -> None:
    flat = nn.Sequential(discriminator(), nn.Flatten(0))
    one = ganatomy.Adversary(flat, "hinge", {"r1": 1.0})(samples(0), samples(1))
    assert one == ganatomy.Adversary(discriminator(), "hinge", {"r1": 1.0})(samples(0), samples(1))


def test_a_loss_that_is_not_finite_leaves_the_discriminator_as_it_was() -> None:
    network = discriminator()
    before = [each.clone() for each in network.parameters()]
    with pytest.raises(NonFiniteError, match="discriminator's loss"):
        ganatomy.Adversary(network)(samples(0), samples(1) * torch.inf)
    assert all(torch.equal(*pair) for pair in zip(network.parameters(), before, strict=True))


def test_the_diagnosis_sees_the_game() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    adversary = ganatomy.Adversary(network, "hinge", observe=5)
    real = torch.rand(200, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for step in range(320):
        adversary.update(real[step % 100 : step % 100 + 64], torch.zeros(64, 3, 16, 16))
    assert adversary.verdict in [str(each) for each in adversary.findings()]
    vectors = ganatomy.Adversary(discriminator(), observe=1)
    vectors(samples(0), samples(1))
    assert vectors.verdict == "too early to say"


def test_what_cannot_play_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean hinge"):
        ganatomy.Adversary(discriminator(), "hing")
    with pytest.raises(UserError, match="no penalty called 'r3'"):
        ganatomy.Adversary(discriminator(), penalties={"r3": 1.0})
    with pytest.raises(UserError, match=r"Penalties \(r1\) need a discriminator without batch normalisation"):
        ganatomy.Adversary(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)), penalties={"r1": 1.0})


def test_the_code_on_the_page_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(code, names)
    made = names["generator"](torch.randn(1000, 2))
    assert (made.mean(0) - 3).abs().max() < 1  # from 0; the real mean is 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_domain_adaptation(seed: int) -> None:
    found = example("domain_adaptation").main(seed)
    assert found["source only"] < 0.2
    assert found["adapted"] > found["trained on the target's labels"] - 0.05


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_simulators_posterior(seed: int) -> None:
    found = example("simulator").main(seed)
    assert found["game"] < 0.3 * found["Gaussian"] < 0.3 * found["prior"]
