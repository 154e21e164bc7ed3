"""Every objective against its formula with D = σ(s), its optimum and its equilibrium."""

import numpy as np
import pytest
import torch
from scipy.special import expit, logit
from torch.autograd import gradcheck

from ganatomy import build
from ganatomy.config.options import ObjectiveOptions
from ganatomy.gan import objectives
from ganatomy.gan.objectives import OBJECTIVES, equilibrium_of, objective_of

REAL = torch.tensor([0.3, 0.9, 0.2, 0.6, 0.75], dtype=torch.float64)  # unequal, so that swapped arguments are noticed
FAKE = torch.tensor([0.15, 0.05, 0.8, 0.4, 0.55], dtype=torch.float64)
LOG2 = np.log(2)

mean, log = np.mean, np.log

# (discriminator's, generator's) loss of raw scores r, f; d and g are the probabilities D(x) and D(G(z)).
FORMULAS = {
    "minimax": lambda r, f, d, g: (-mean(log(d)) - mean(log(1 - g)), mean(log(1 - g))),
    "non_saturating": lambda r, f, d, g: (-mean(log(d)) - mean(log(1 - g)), -mean(log(g))),
    "least_squares": lambda r, f, d, g: (mean((r - 1) ** 2) / 2 + mean(f**2) / 2, mean((f - 1) ** 2) / 2),
    "wasserstein": lambda r, f, d, g: (-(mean(r) - mean(f)), -mean(f)),
    "hinge": lambda r, f, d, g: (mean(np.maximum(0, 1 - r)) + mean(np.maximum(0, 1 + f)), -mean(f)),
    "relativistic_pairing": lambda r, f, d, g: (-mean(log(expit(r - f))), -mean(log(expit(f - r)))),
}
NAMES = sorted(OBJECTIVES)
SMOOTHABLE = ["least_squares", "minimax", "non_saturating"]

# Two distributions over four cells, in twentieths, and a batch that holds each cell as often as its weight says:
# the mean over the batch is then the expected value, without sampling error.
P, Q = np.array([8, 6, 4, 2]), np.array([1, 3, 6, 10])
RATIO = P / (P + Q)


def expected(losses, scores, **options):
    """The losses' expected value over P and Q for a discriminator that gives each cell its score."""
    scores = torch.as_tensor(scores, dtype=torch.float64)
    return losses(scores.repeat_interleave(torch.tensor(P)), scores.repeat_interleave(torch.tensor(Q)), **options)


def relative_entropy(p, q):
    return np.sum(p * np.log(p / q))


def test_every_objective_has_its_formula_here():
    assert sorted(FORMULAS) == NAMES


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("name", NAMES)
def test_losses_equal_their_formulas(name, scale):
    real, fake = REAL * scale, FAKE * -scale  # at scale 4 the hinge has flat parts
    r, f = real.numpy(), fake.numpy()
    losses = OBJECTIVES[name].losses(real, fake)
    assert np.allclose(losses, FORMULAS[name](r, f, expit(r), expit(f)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_equal_finite_differences(name):
    scores = [(REAL * 4).requires_grad_(), (FAKE * -4).requires_grad_()]  # no score on the hinge's corners, ±1
    assert gradcheck(OBJECTIVES[name].losses, scores, atol=1e-8, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_discriminator_lifts_real_and_lowers_fake_and_the_generator_lifts_fake(name):
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    losses = OBJECTIVES[name].losses(real, fake)
    of_real, of_fake = torch.autograd.grad(losses.discriminator, (real, fake))
    (of_generator,) = torch.autograd.grad(losses.generator, fake)
    assert (of_real < 0).all()
    assert (of_fake > 0).all()
    assert (of_generator < 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_only_a_paired_objective_shows_real_scores_to_the_generator(name):
    real = REAL.clone().requires_grad_()
    generator = OBJECTIVES[name].losses(real, FAKE.clone().requires_grad_()).generator
    (gradient,) = torch.autograd.grad(generator, real, allow_unused=True)
    assert (gradient is not None) == OBJECTIVES[name].paired


@pytest.mark.parametrize(
    ("name", "slope"),
    [("minimax", lambda s: -expit(s)), ("non_saturating", lambda s: -(1 - expit(s)))],
)
def test_slope_of_the_generator(name, slope):
    """dL_G/ds: minimax saturates where the discriminator is sure (s → −∞), the non-saturating form does not."""
    scores = torch.linspace(-12, 12, 25, dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(OBJECTIVES[name].losses(scores, scores).generator * 25, scores)
    assert np.allclose(gradient, slope(scores.detach().numpy()), rtol=1e-10, atol=0)


@pytest.mark.parametrize(
    ("name", "losses"),
    [
        ("minimax", (2 * LOG2, -LOG2)),
        ("non_saturating", (2 * LOG2, LOG2)),
        ("least_squares", (1 / 4, 1 / 8)),
        ("wasserstein", (0, 0)),
        ("hinge", (2, 0)),
        ("relativistic_pairing", (LOG2, LOG2)),
    ],
)
def test_equilibrium(name, losses):
    """The losses as declared are those of the equations, at the declared score."""
    objective = OBJECTIVES[name]
    score = torch.tensor([objective.equilibrium.score], dtype=torch.float64)
    found = objective.losses(score, score)
    assert (found.discriminator.item(), found.generator.item()) == pytest.approx(losses, rel=1e-14, abs=1e-14)
    levels = {player: level for player, (level, _) in objective.equilibrium.levels.items()}
    assert levels == pytest.approx(dict(zip(levels, losses, strict=False)), rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_equilibrium_that_nobody_declares_is_measured(name):
    """Where the losses rest, how strongly a fake is pushed there, and that a level of differences means nothing."""
    declared = OBJECTIVES[name].equilibrium
    measured = equilibrium_of(OBJECTIVES[name].losses, declared.score)
    assert measured.response == pytest.approx(declared.response, rel=1e-14)
    assert measured.levels.keys() == declared.levels.keys()
    for player, (level, _) in declared.levels.items():
        assert measured.levels[player][0] == pytest.approx(level, abs=1e-14)


def test_a_strangers_objective_returns_a_pair():
    objective = objective_of(lambda real, fake: (real.square().mean(), (fake - 3).square().mean()))
    assert objective.losses(torch.tensor([2.0]), torch.tensor([1.0])) == (4, 4)
    assert objective.losses(torch.tensor([2.0]), torch.tensor([1.0])).generator == 4
    assert (objective.equilibrium.generator, objective.equilibrium.response) == (9, 6)


@pytest.mark.parametrize("name", NAMES)
def test_no_discriminator_does_better_at_equilibrium(name):
    """When p_g = p_data, the balanced score is where the discriminator's (convex) loss is flat."""
    objective = OBJECTIVES[name]
    score = torch.tensor([objective.equilibrium.score], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(objective.losses(score, score).discriminator, score)
    assert slope.item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("name", SMOOTHABLE)
def test_smoothed_equilibrium_is_the_discriminators_least_loss(name):
    """With labels smoothed by α, D* = (1 − α)/2 where p_g = p_data, so no longer log 4 and log 2, or ¼ and ⅛."""
    objective, best = build.objective(ObjectiveOptions(name=name, label_smoothing=0.1)), 0.45
    score = torch.tensor([best if name == "least_squares" else logit(best)], dtype=torch.float64)
    losses = objective.losses(score, score)
    rest = objective.equilibrium
    assert (rest.discriminator, rest.generator) == pytest.approx(
        (losses.discriminator.item(), losses.generator.item()), rel=1e-12
    )


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_optimal_discriminator_reaches_the_jensen_shannon_divergence(name):
    p, q = P / 20, Q / 20
    divergence = relative_entropy(p, (p + q) / 2) / 2 + relative_entropy(q, (p + q) / 2) / 2
    value = -expected(OBJECTIVES[name].losses, logit(RATIO)).discriminator
    assert value.item() == pytest.approx(-np.log(4) + 2 * divergence, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "scores", "value"),
    [
        ("least_squares", RATIO, np.sum(RATIO * Q / 20) / 2),  # ½ Σ pq/(p + q)
        ("hinge", np.sign(P - Q), 2 * np.sum(np.minimum(P, Q) / 20)),  # 2 − 2·total variation
    ],
)
def test_optimal_discriminator_reaches_its_divergence(name, scores, value):
    assert expected(OBJECTIVES[name].losses, scores).discriminator.item() == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.3])
@pytest.mark.parametrize("name", SMOOTHABLE)
def test_optimum_under_label_smoothing(name, smoothing):
    """D* = (1 − α)p/(p + q), a probability or for least squares the score itself: there the loss is flat."""
    best = (1 - smoothing) * RATIO
    scores = torch.tensor(best if name == "least_squares" else logit(best), requires_grad=True)
    loss = expected(OBJECTIVES[name].losses, scores, smoothing=smoothing).discriminator
    (slope,) = torch.autograd.grad(loss, scores)
    assert np.allclose(slope, 0, atol=1e-14)


def test_smoothed_cross_entropy_equals_its_formula():
    d, g, a = expit(REAL.numpy()), expit(FAKE.numpy()), 0.2
    value = -mean((1 - a) * log(d) + a * log(1 - d)) - mean(log(1 - g))
    assert objectives.cross_entropy(REAL, FAKE, a).item() == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("name", SMOOTHABLE)
def test_smoothing_leaves_the_generator_alone(name):
    losses = OBJECTIVES[name].losses
    assert losses(REAL, FAKE, smoothing=0.3).generator == losses(REAL, FAKE).generator


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SMOOTHABLE])
def test_the_others_refuse_smoothing(name):
    with pytest.raises(build.UserError, match=f"label_smoothing has no meaning for {name}; it has for minimax"):
        build.objective(ObjectiveOptions(name=name, label_smoothing=0.1))


def test_relativistic_pairing_compares_pairs_not_averages():
    real = torch.tensor([5.0, -5.0], dtype=torch.float64)
    pairs = objectives.relativistic_pairing(real, real)
    crossed = objectives.relativistic_pairing(real, real.flip(0))
    assert pairs == pytest.approx((LOG2, LOG2), rel=1e-14)
    softplus = np.log1p(np.exp(10)) / 2 + np.log1p(np.exp(-10)) / 2
    assert crossed == pytest.approx((softplus, softplus), rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_scores_give_finite_losses_and_gradients_in_float32(name, size):
    real, fake = torch.tensor([size], requires_grad=True), torch.tensor([-size], requires_grad=True)
    losses = OBJECTIVES[name].losses(real, fake)
    gradients = torch.autograd.grad(losses.discriminator + losses.generator, (real, fake))
    assert all(torch.isfinite(number) for number in [*losses, *gradients])


@pytest.mark.parametrize(("size", "losses"), [(1e4, (0, 1e4)), (-1e4, (2e4, 0))])
def test_log_losses_are_linear_far_out(size, losses):
    assert objectives.non_saturating(torch.tensor([size]), torch.tensor([-size])) == pytest.approx(losses)


def test_unknown_objective_names_the_nearest():
    with pytest.raises(build.UserError, match="no objective called 'hinj'; did you mean hinge"):
        build.objective(ObjectiveOptions(name="hinj"))
