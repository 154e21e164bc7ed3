"""Algorithm 1: who moves when, on what, and what nobody may touch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.runtime import Runtime
from ganatomy.training.loop import Budget, Callback, State, fit
from tiny import TINY


def game(**changes: Any) -> Adversarial:
    settings = {**TINY, **{name.replace("__", "."): value for name, value in changes.items()}}
    return build.method(change(recipe("dcgan"), settings), (3, 16, 16), Runtime())


def noise(step: int, turn: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(1000 * step + turn)
    return Batch((torch.rand(8, 3, 16, 16, generator=random) * 2 - 1).to(memory_format=torch.channels_last))


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
    fake = Batch(played.generator.network(torch.randn(8, 8)))
    before = weights(played.generator.network), weights(played.discriminator.network)
    played.discriminator_step(noise(0, 0), fake, 0)
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
        real = noise(step, 0).images
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


def test_each_of_several_discriminators_in_one_plays_the_game() -> None:
    """The loss of all scores [B, K], not of their mean; who asks for an image's score gets the mean."""
    played = game(
        discriminator__family="projected",
        discriminator__features="random",
        discriminator__pixels=4,
        discriminator__width=4,
    )
    d, real = played.discriminator.network, noise(0, 0)
    fake = Batch(played.generator.network(torch.randn(8, 8)).detach())
    with torch.no_grad():
        for _ in range(200):  # until the power iterations of spectral normalisation stand still
            on_real, on_fake = d(real.images), d(fake.images)
    softplus = torch.nn.functional.softplus
    expected = softplus(-on_real).mean() + softplus(on_fake).mean()
    of_means = softplus(-on_real.mean(1)).mean() + softplus(on_fake.mean(1)).mean()
    assert abs(expected - of_means) > 1e-2
    assert played.discriminator_step(real, fake, 0)["loss/discriminator"].item() == pytest.approx(
        expected.item(), abs=1e-4
    )
    assert played.last_round is not None
    torch.testing.assert_close(played.last_round.real_scores, on_real.mean(1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(played.last_round.fake_scores, on_fake.mean(1), atol=1e-4, rtol=1e-4)


def test_no_real_image_reaches_the_generators_gradient() -> None:
    played = game(objective__name="relativistic_pairing")
    real = noise(0, 0)
    real.images.requires_grad_(True)
    fake = Batch(played.generator.network(torch.randn(8, 8)))
    played.generator_step(real, fake, 0)
    assert real.images.grad is None


def test_with_the_discriminators_judgement_cut_the_generator_stands_still() -> None:
    played = game(generator__norm="none")
    with torch.no_grad():
        for parameter in played.discriminator.network.parameters():
            parameter.zero_()  # a judge that says the same of everything
    before = weights(played.generator.network)
    played.generator_step(noise(0, 0), Batch(played.generator.network(torch.randn(8, 8))), 0)
    assert torch.equal(before, weights(played.generator.network))


def test_a_simultaneous_step_moves_both_from_the_same_point() -> None:
    """By hand: both gradients from one forward, momentum and the penalty included, before either network moves."""
    sgd = {
        f"{player}_optimiser__{name}": value
        for player in ("generator", "discriminator")
        for name, value in (("name", "sgd"), ("learning_rate", 0.1), ("momentum", 0.5))
    }
    changes = {"discriminator__norm": "none", "penalties__r2": 0.3, **sgd}
    played, plain = game(training__simultaneous=True, **changes), game(**changes)
    g, d = plain.generator.network, plain.discriminator.network
    descents = [torch.optim.SGD(network.parameters(), 0.1, momentum=0.5) for network in (g, d)]
    softplus = torch.nn.functional.softplus
    for step in range(2):
        z = plain.prior.sample(8, plain.random.at("latent", step, 1))
        fake = g(z)
        shown = fake.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(d(shown).sum(), shown, create_graph=True)
        penalty = 0.3 * gradient.square().sum((1, 2, 3)).mean() / 2
        losses = softplus(-d(fake)).mean(), (softplus(-d(noise(step, 0).images)) + softplus(d(shown))).mean() + penalty
        for loss, network in zip(losses, (g, d), strict=True):
            parameters = list(network.parameters())
            for parameter, value in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.grad = value
        for descent in descents:
            descent.step()
        played.step(step, noise)
    assert torch.allclose(weights(played.generator.network), weights(g), atol=1e-5)
    assert torch.allclose(weights(played.discriminator.network), weights(d), atol=1e-5)


def test_a_lazy_penalty_comes_every_so_often_with_as_many_times_the_weight() -> None:
    lazy = game(discriminator__norm="none", penalties__r1=2.0, penalties__every=3)
    eager = game(discriminator__norm="none", penalties__r1=6.0)
    assert lazy.step(0, noise)["gradient_norm/discriminator"] == eager.step(0, noise)["gradient_norm/discriminator"]
    assert ["penalty/r1" in lazy.step(step, noise) for step in range(1, 7)] == [False, False, True, False, False, True]


def test_real_and_generated_images_are_augmented_before_every_judgement() -> None:
    played = game(augmentation__policies=["cutout", "translation"])
    seen: list[torch.Tensor] = []
    played.discriminator.network.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    real = Batch(torch.full((8, 3, 16, 16), 0.75))
    played.step(0, lambda step, turn: real)
    assert len(seen) == 3  # real, fake, and the generator's fakes
    assert all((images == 0).any(dim=3).flatten(1).any(1).all() for images in seen)  # a hole in each image
    assert not torch.equal(seen[0][0] == 0, seen[0][1] == 0)


def test_the_augmentation_adapts_to_the_sign_of_real_scores() -> None:
    changes = {"augmentation__policies": ["translation"], "augmentation__probability": 0.5}
    for target, direction in ((0.999, -1), (0.001, 1)):
        played = game(augmentation__target=target, training__steps=5, **changes)
        with torch.no_grad():  # a judge that says yes to everything: E[sign D] = 1 > target … or no: −1
            played.discriminator.network.layers[-2].weight.zero_()
            played.discriminator.network.layers[-2].bias.fill_(float(direction))
        record = played.step(0, noise)
        assert record["augmentation/sign"] == direction
        assert (played.probability - 0.5).sign() == direction
        again = game(augmentation__target=target, **changes)
        again.load(played.state())
        assert again.probability == played.probability


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_every_objective_trains(name: str) -> None:
    played = game(objective__name=name)
    records = [played.step(step, noise) for step in range(3)]
    assert all(torch.isfinite(value) for record in records for value in record.values())
    assert ("probability/real" in records[0]) == OBJECTIVES[name].probabilistic


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
