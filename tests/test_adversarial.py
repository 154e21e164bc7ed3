"""Algorithm 1: who moves when, on what, and what nobody may touch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganatomy import build
from ganatomy.adversarial import Adversarial
from ganatomy.fit import Budget, Callback, State, fit
from ganatomy.recipes import recipe
from ganatomy.runtime import Runtime
from ganatomy.settings import change
from tiny import TINY


def game(**changes: Any) -> Adversarial:
    settings = {**TINY, **{name.replace("__", "."): value for name, value in changes.items()}}
    return build.method(change(recipe("dcgan"), settings), (3, 16, 16), Runtime())


def noise(step: int, turn: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(1000 * step + turn)
    return (torch.rand(8, 3, 16, 16, generator=random) * 2 - 1).to(memory_format=torch.channels_last)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


@pytest.mark.parametrize("share", [False, True])
def test_k_fresh_real_and_latent_batches_a_step(share: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    played = game(training__discriminator_steps=3, training__share_fakes=share)
    seen: list[torch.Tensor] = []
    draw = played.prior.draw
    object.__setattr__(played.prior, "draw", lambda *args: seen.append(draw(*args)) or seen[-1])
    asked: list[tuple[int, int]] = []
    played.step(4, lambda step, turn: asked.append((step, turn)) or noise(step, turn))
    assert asked == [(4, 0), (4, 1), (4, 2)]
    assert len(seen) == (3 if share else 4)
    assert len({z.sum().item() for z in seen}) == len(seen)


def test_each_step_moves_its_own_player_only() -> None:
    played = game()
    fake = played.generator.network(torch.randn(8, 8))
    before = weights(played.generator.network), weights(played.discriminator.network)
    played.discriminator_step(noise(0, 0), fake.detach(), 0)
    middle = weights(played.generator.network), weights(played.discriminator.network)
    played.generator_step(noise(0, 0), fake, 0)
    after = weights(played.generator.network), weights(played.discriminator.network)
    assert torch.equal(before[0], middle[0])
    assert not torch.equal(before[1], middle[1])
    assert not torch.equal(middle[0], after[0])
    assert torch.equal(middle[1], after[1])


def test_a_step_is_the_plain_loop_by_hand() -> None:
    """Two k = 1 steps against torch's own modules, autograd and unfused Adam, from the same numbers."""
    played = game(discriminator__norm="none", penalties__r1=0.5, generator_optimiser__learning_rate=1e-2)
    plain = game(discriminator__norm="none")
    g, d = plain.generator.network, plain.discriminator.network
    adam_g = torch.optim.Adam(g.parameters(), 1e-2, betas=(0.5, 0.999), foreach=False)
    adam_d = torch.optim.Adam(d.parameters(), 2e-4, betas=(0.5, 0.999), foreach=False)
    softplus = torch.nn.functional.softplus
    for step in range(2):
        real = noise(step, 0)
        z = [plain.prior.sample(8, plain.random.at("latent", step, turn)) for turn in range(2)]
        adam_d.zero_grad()
        real.requires_grad_(True)
        scores = d(real)
        (gradient,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
        penalty = 0.5 * gradient.square().sum((1, 2, 3)).mean() / 2
        (softplus(-scores).mean() + softplus(d(g(z[0]).detach())).mean() + penalty).backward()
        adam_d.step()
        adam_g.zero_grad()
        softplus(-d(g(z[1]))).mean().backward()
        adam_g.step()
        played.step(step, noise)
    assert torch.allclose(weights(played.generator.network), weights(g), atol=1e-5)
    assert torch.allclose(weights(played.discriminator.network), weights(d), atol=1e-6)


def test_no_real_image_reaches_the_generators_gradient() -> None:
    played = game(objective__name="relativistic_pairing")
    real = noise(0, 0).requires_grad_(True)
    fake = played.generator.network(torch.randn(8, 8))
    played.generator_step(real, fake, 0)
    assert real.grad is None


def test_with_the_discriminators_judgement_cut_the_generator_stands_still() -> None:
    played = game(generator__norm="none")
    with torch.no_grad():
        for parameter in played.discriminator.network.parameters():
            parameter.zero_()  # a judge that says the same of everything
    before = weights(played.generator.network)
    played.generator_step(noise(0, 0), played.generator.network(torch.randn(8, 8)), 0)
    assert torch.equal(before, weights(played.generator.network))


@pytest.mark.parametrize("name", sorted(build.OBJECTIVES))
def test_every_objective_trains(name: str) -> None:
    played = game(objective__name=name)
    records = [played.step(step, noise) for step in range(3)]
    assert all(torch.isfinite(value) for record in records for value in record.values())
    assert ("probability/real" in records[0]) == build.OBJECTIVES[name].probabilistic


def test_clipping_holds_after_every_step() -> None:
    played = game(objective__name="wasserstein", penalties__clip=0.01)
    for step in range(3):
        played.step(step, noise)
        assert weights(played.discriminator.network).abs().max() <= 0.01


def test_precision_bfloat16_stays_near_float32_and_keeps_float32_weights() -> None:
    full, half = game(), game()
    half.runtime.precision = "bfloat16"
    losses = [player.step(0, noise)["loss/discriminator"].item() for player in (full, half)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
    assert {parameter.dtype for parameter in half.generator.network.parameters()} == {torch.float32}


class Meddlesome(Callback):
    """Reads whatever it can: samples, state, random numbers."""

    def after_step(self, state: State) -> None:
        state.method.sample(torch.randn(4, 8))
        state.method.state()
        torch.rand(100)
        np.random.default_rng().random()


def test_callbacks_change_nothing(tmp_path: Path) -> None:
    ends = []
    for callbacks in ([], [Meddlesome()]):
        state = State(game(training__discriminator_steps=2))
        fit(state.method, noise, state, Budget(steps=6), callbacks)
        ends.append(state.method.state())
    for group, tensors in ends[0].items():
        assert all(torch.equal(tensor, ends[1][group][name]) for name, tensor in tensors.items())


@pytest.mark.parametrize(
    ("budget", "steps"),
    [(Budget(steps=4), 4), (Budget(images=33), 5), (Budget(steps=9, images=16), 2), (Budget(minutes=1e-9), 1)],
)
def test_a_budget_ends_the_training_at_its_first_limit(budget: Budget, steps: int) -> None:
    state = State(game())
    fit(state.method, noise, state, budget)
    assert state.step == steps


def test_a_stop_is_taken_after_the_step() -> None:
    state = State(game())
    stopped: Callable[[], bool] = lambda: state.step == 3  # noqa: E731
    fit(state.method, noise, state, Budget(steps=100), stopped=stopped)
    assert state.step == 3
