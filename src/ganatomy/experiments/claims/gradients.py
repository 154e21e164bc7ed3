"""What reaches the generator: through which loss, and from the discriminator alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.balance import distances_while_playing, far_data, far_game, progress
from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, number, register_claim
from ganatomy.experiments.claims.pictures import BLUE, GREY, RED, name_curve
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.lazy import torch
from ganatomy.theory.densities import gaussians

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.adversarial import Adversarial

LOSSES = {"minimax": RED, "non_saturating": BLUE}  # and their colours


def slopes(objective: str, scores: torch.Tensor) -> torch.Tensor:
    """∂L_G/∂s of each score, [B] → [B], by autograd through the library's own loss."""
    scores = scores.clone().requires_grad_()
    loss = OBJECTIVES[objective].losses(torch.zeros_like(scores), scores).generator
    return torch.autograd.grad(loss, scores)[0] * len(scores)


@register_claim(
    "saturation",
    place=6,
    sentence="The generator's gradient through log(1 − D(G(z))) vanishes as D(G(z)) → 0; through −log D(G(z)) it does "
    "not.",
    source="Goodfellow et al. 2014, section 3",
    criteria={
        "minimax: largest |slope + σ(s)|": Criterion("0: the slope is −σ(s)", high=1e-9),
        "minimax: |slope| on fakes of a trained D": Criterion("0", high=0.02),
        "non-saturating: |slope| on the same fakes": Criterion("1", low=0.98),
    },
    lesson=Lesson(
        "Which loss still moves the generator?",
        "The discriminator is sure that a point is generated: D(G(z)) is near 0. Which loss still moves the generator?",
        ["log(1 − D(G(z)))", "−log D(G(z))", "Both alike"],
        1,
        "In the score s, the first loss has slope −σ(s), which goes to 0 with D; the second −(1 − σ(s)), to −1.",
        "target=far&objective=minimax&other=non_saturating&moves=d150",
        "After 150 steps of D alone, the minimax game's arrows are too short to be seen; the other's are long.",
    ),
)
def _saturation(trial: ClaimTrial) -> Outcome:
    """At chosen scores, and on the fakes of a discriminator while it learns to recognise them."""
    from ganatomy.gan.method import Batch
    from ganatomy.theory.game import batches_of

    scores = torch.linspace(-12, 6, 181, dtype=torch.float64)
    at_scores = {name: slopes(name, scores) for name in LOSSES}
    game = far_game("minimax", trial.seed, (0.0, 2e-3))
    batches, steps = batches_of(far_data(), game), []
    probabilities: list[float] = []
    on_fakes: dict[str, list[float]] = {name: [] for name in LOSSES}
    for step in range(trial.size(600, 200)):
        z = game.prior.sample(game.batch, game.random.at("latent", step))
        fake = Batch(game.generator.network(z).detach())
        game.discriminator_step(batches(step, 0), fake, step)
        if step % 20 == 19:
            fake_scores = game.discriminator.network(fake.images).detach()
            steps.append(step + 1)
            probabilities.append(fake_scores.sigmoid().mean().item())
            for name, curve in on_fakes.items():
                curve.append(slopes(name, fake_scores).abs().mean().item())

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        formulas = {"minimax": "log(1 − D)", "non_saturating": "−log D"}
        for name, colour in LOSSES.items():
            left.plot(scores.sigmoid(), at_scores[name].abs(), color=colour)
            right.semilogy(steps, on_fakes[name], color=colour)
            name_curve(right, steps[-1], on_fakes[name][-1], formulas[name], colour, "bottom")
        left.annotate("log(1 − D)", (0.28, 0.2), color=LOSSES["minimax"])
        left.annotate("−log D", (0.3, 0.74), color=LOSSES["non_saturating"])
        left.annotate("no slope where\nD is sure", (0, 0), (0.04, 0.36), arrowprops={"arrowstyle": "->"})
        left.set(title="what either loss passes on", xlabel="D(G(z))", ylabel="slope of the generator's loss, size")
        left.set(xlim=(0, 1), ylim=(0, 1))
        right.semilogy(steps, probabilities, ":", color="black")
        name_curve(right, steps[-1], probabilities[-1], "D(G(z))", "black", "top")
        right.set(title="while D learns to recognise the points", xlabel="steps of the discriminator")
        right.set_xlim(0, 1.35 * steps[-1])

    figures = {
        "minimax: largest |slope + σ(s)|": (at_scores["minimax"] + scores.sigmoid()).abs().max().item(),
        "minimax: |slope| on fakes of a trained D": on_fakes["minimax"][-1],
        "non-saturating: |slope| on the same fakes": on_fakes["non_saturating"][-1],
    }
    return Outcome(figures, draw)


def gradient_norms(game: Adversarial, z: torch.Tensor) -> dict[str, float]:
    """‖∂L_G/∂θ‖ over all parameters of the generator for each loss, through one discriminator and one batch [B, 1]."""
    generator = game.generator.network
    scores = game.discriminator.network(generator(z))
    norms = {}
    for name in LOSSES:
        loss = OBJECTIVES[name].losses(torch.zeros_like(scores), scores).generator
        gradients = torch.autograd.grad(loss, list(generator.parameters()), retain_graph=True)
        norms[name] = torch.cat([each.flatten() for each in gradients]).norm().item()
    return norms


@register_claim(
    "same-discriminator",
    place=6.5,
    sentence="The same strong discriminator gives the generator next to no gradient through log(1 − D(G(z))), and a "
    "large one through −log D(G(z)).",
    source="Goodfellow et al. 2014, section 3; Arjovsky & Bottou 2017 (arXiv:1701.04862), theorem 2.4",
    criteria={
        "mean D(G(z))": Criterion("0", high=0.01),
        "minimax: norm of the generator's gradient": Criterion("0", high=0.05),
        "non-saturating: norm of the generator's gradient": Criterion("large", low=1.0),
        "non-saturating / minimax": Criterion("far above 1", low=100.0),
    },
    lesson=Lesson(
        "How hard do two losses pull with one D?",
        "A discriminator has learnt to recognise every generated point. Both losses are computed with it, on the same "
        "points. How do the norms of the generator's two gradients compare?",
        ["About equal", "The minimax one is larger", "The non-saturating one is a hundred times larger, or more"],
        2,
        "Both gradients point the same way for each point; only the factor differs: D(G(z)) for the minimax loss, "
        "which is near 0, and 1 − D(G(z)) for the other, which is near 1.",
        "target=far&objective=minimax&other=non_saturating&moves=d150",
        "After 150 steps of D alone, both games have the same D. Only the arrows differ.",
    ),
)
def _same_discriminator(trial: ClaimTrial) -> Outcome:
    """D learns against a fixed generator; on the way both losses are differentiated through it."""
    from ganatomy.gan.method import Batch
    from ganatomy.theory.game import batches_of

    game, every = far_game("minimax", trial.seed, (0.0, 2e-3)), 10
    batches = batches_of(far_data(), game)
    judged = game.prior.sample(1024, game.random.at("judged"))
    norms, probabilities = [gradient_norms(game, judged)], [_probability(game, judged)]
    for step in range(trial.size(300, 150)):
        z = game.prior.sample(game.batch, game.random.at("latent", step))
        game.discriminator_step(batches(step, 0), Batch(game.generator.network(z).detach()), step)
        if step % every == every - 1:
            norms.append(gradient_norms(game, judged))
            probabilities.append(_probability(game, judged))
    steps = [every * i for i in range(len(norms))]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, colour in LOSSES.items():
            curve = [each[name] for each in norms]
            axes.semilogy(steps, curve, color=colour)
            name_curve(axes, steps[-1], curve[-1], f"{name.replace('_', '-')}: {number(curve[-1], 2)}", colour)
        axes.semilogy(steps, probabilities, ":", color="black")
        name_curve(axes, steps[-1], probabilities[-1], "mean D(G(z))", "black")
        axes.set(
            title="One generator, fixed, and one discriminator that learns to recognise its points",
            xlabel="steps of the discriminator",
            ylabel="norm of the generator's gradient",
            xlim=(0, 1.3 * steps[-1]),
        )

    last = norms[-1]
    figures = {
        "mean D(G(z))": probabilities[-1],
        "minimax: norm of the generator's gradient": last["minimax"],
        "non-saturating: norm of the generator's gradient": last["non_saturating"],
        "non-saturating / minimax": last["non_saturating"] / max(last["minimax"], 1e-30),
    }
    return Outcome(figures, draw)


def _probability(game: Adversarial, z: torch.Tensor) -> float:
    """Mean D(G(z)) of latent vectors [B, 1]."""
    with torch.no_grad():
        probability: torch.Tensor = game.discriminator.network(game.generator.network(z)).sigmoid().mean()
        return probability.item()


EARLY = 150  # rounds, within which the non-saturating loss reaches the data


@register_claim(
    "early-training",
    place=7,
    sentence="Without the non-saturating loss, training crawls as long as the discriminator wins easily.",
    source="Goodfellow et al. 2014, section 3",
    criteria={
        f"progress in {EARLY} rounds, non-saturating": Criterion("it learns", low=0.3),
        "progress, minimax / non-saturating": Criterion("far below 1", high=0.5),
    },
    lesson=Lesson(
        "Which loss comes closer?",
        "Both games begin far from the data. Which generator has come closer after the same number of steps?",
        ["The minimax one", "The non-saturating one", "They are equal"],
        1,
        "At first the discriminator's task is easy, so D(G(z)) is near 0, where the minimax loss is flat. Both games "
        "have the same fixed point; only the way there differs.",
        "target=far&objective=minimax&other=non_saturating&moves=r200",
        "After 200 rounds the minimax generator stands where it began; the other one is on its way.",
    ),
)
def _early_training(trial: ClaimTrial) -> Outcome:
    """The same networks, data and discriminator steps; only the generator's loss differs."""
    rounds = trial.size(2 * EARLY, EARLY)
    curves = {name: distances_while_playing(far_game(name, trial.seed, (2e-4, 2e-3), k=3), rounds) for name in LOSSES}
    made = {name: progress(distances[: EARLY // 10 + 1]) for name, distances in curves.items()}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, distances in curves.items():
            steps = 10 * np.arange(len(distances))
            axes.plot(steps, distances, color=LOSSES[name])
            name_curve(axes, steps[-1], distances[-1], name.replace("_", "-"), LOSSES[name])
        axes.set(xlabel="generator steps", ylabel="distance of generated from real points (W₁)")
        axes.set(xlim=(0, 1.25 * rounds), ylim=(0, None))

    figures = {
        f"progress in {EARLY} rounds, non-saturating": made["non_saturating"],
        "progress, minimax / non-saturating": made["minimax"] / made["non_saturating"],
    }
    return Outcome(figures, draw)


@register_claim(
    "discriminators-gradient-alone",
    place=18,
    sentence="The generator never sees a real sample: it learns from the discriminator's gradient alone.",
    source="Goodfellow et al. 2014, section 6",
    criteria={
        "gradient's change with other real points": Criterion("exactly 0", high=0.0),
        "gradient when D's gradient is blocked": Criterion("exactly 0", high=0.0),
        "gradient's relative change when D's scores change sign": Criterion("not 0", low=0.5),
    },
    lesson=Lesson(
        "Does the generator notice other real points?",
        "For one step, the real points are replaced by others; the discriminator stays. The generator's gradient …",
        ["… changes a little", "… changes a lot", "… does not change at all"],
        2,
        "Its loss contains D(G(z)) and nothing else. Block the discriminator's gradient, and nothing reaches it.",
    ),
)
def _gradient_alone(trial: ClaimTrial) -> Outcome:
    """The generator's gradient with other real points, with D's gradient blocked, and with D's scores negated."""
    from ganatomy.theory.game import play

    game = play(far_data(), far_game("non_saturating", trial.seed, (1e-3, 1e-3)), 20)
    generator, discriminator = game.generator.network, game.discriminator.network
    z = game.prior.sample(game.batch, torch.Generator().manual_seed(trial.seed))
    usual, other = (gaussians(centre).sample(game.batch, torch.Generator().manual_seed(9)) for centre in (4.0, -4.0))

    def gradients(scores: Callable[[torch.Tensor], torch.Tensor], real: torch.Tensor) -> list[torch.Tensor]:
        """∂L_G of every parameter of the generator."""
        loss = game.objective.losses(scores(real), scores(generator(z))).generator
        parameters = list(generator.parameters())
        return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))

    variants = {
        "as usual": gradients(discriminator, usual),
        "other real points": gradients(discriminator, other),
        "D's gradient blocked": gradients(lambda x: discriminator(x.detach()), usual),
        "D's scores negated": gradients(lambda x: -discriminator(x), usual),
    }
    flat = {name: torch.cat([each.flatten() for each in found]) for name, found in variants.items()}
    before, fakes = flat["as usual"], generator(z).detach().squeeze(1)
    moves = {name: movement(game, z, found) for name, found in variants.items()}

    def draw(figure: Figure) -> None:
        for axes, (name, move) in zip(figure.subplots(1, len(moves), sharey=True), moves.items(), strict=True):
            axes.axhline(0, color=GREY, linewidth=0.7)
            axes.scatter(fakes, move, s=6, color=BLUE, linewidths=0)
            real = -4 if name == "other real points" else 4
            axes.plot(real, 0, "|", color=GREY, markersize=30, markeredgewidth=5)
            axes.annotate("real\npoints", (real, 0), (0, -36), textcoords="offset points", ha="center", color=GREY)
            mean = move.mean().item()
            way = "none moves" if not mean else f"mean: {number(abs(mean), 2)} to the {'right' if mean > 0 else 'left'}"
            axes.text(0.04, 0.94, way, transform=axes.transAxes, color=BLUE)
            axes.set(title=name, xlim=(-6, 8), xlabel="x of a generated point")
        figure.axes[0].set_ylabel("how far one step of G moves it")

    figures = {
        "gradient's change with other real points": (flat["other real points"] - before).abs().max().item(),
        "gradient when D's gradient is blocked": flat["D's gradient blocked"].abs().max().item(),
        "gradient's relative change when D's scores change sign": (
            (flat["D's scores negated"] - before).norm() / before.norm()
        ).item(),
    }
    return Outcome(figures, draw)


def movement(game: Adversarial, z: torch.Tensor, gradients: list[torch.Tensor], rate: float = 0.01) -> torch.Tensor:
    """How far each point G(z), z [B, 1], moves when the generator makes one step down its gradients: [B]."""
    generator = game.generator.network
    with torch.no_grad():
        parameters = zip(generator.named_parameters(), gradients, strict=True)
        stepped = {name: each - rate * gradient for (name, each), gradient in parameters}
        moved: torch.Tensor = torch.func.functional_call(generator, stepped, (z,))
        return (moved - generator(z)).squeeze(1)
