"""Every rule says what it should, when it should, and not before."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ganatomy import build
from ganatomy.config import recipes
from ganatomy.config.settings import change
from ganatomy.diagnosis import HEALTHY, Facts
from ganatomy.diagnosis.remedies import fitting
from ganatomy.diagnosis.rules import RULES
from ganatomy.diagnosis.watch import FEWEST, WARM_UP
from ganatomy.gan.equilibrium import EQUILIBRIA
from looks import record, watched

FAR = {"distance": 1.5}  # and no nearer than before
GAME = Facts("non_saturating")
CRITIC = Facts("wasserstein")
CLIPPED = Facts.of(recipes.recipe("wgan"))
OURS = Facts.of(recipes.recipe("dcgan"), images=5000)


def to_and_fro(step: int) -> float:
    return 1.0 if step // 40 % 2 else -1.0


SICK: list[tuple[str, Facts, dict[str, Any]]] = [
    ("not finite", GAME, {"score_size": 1e5}),
    ("wrong range", OURS, {"low_real": 0.0}),
    ("wrong range", OURS, {"high_real": 255.0}),
    ("wrong range", GAME, {"low_real": 0.0, "low": -1.0}),
    ("output saturates", GAME, {"saturated": 0.8}),
    ("labels swapped", GAME, {"auc": 0.0, "losses": {"loss/discriminator": 0.01}}),
    ("labels swapped", GAME, {"auc": 0.0, "sign": -1.0}),
    ("labels swapped", CRITIC, {"auc": 0.0, "losses": {"loss/discriminator": -5.0}}),
    ("generator stands still", GAME, {"movement": 0.0, "auc": 1.0, **FAR}),
    ("discriminator overpowers", Facts("minimax"), {"auc": 1.0, "response": 0.0, **FAR}),
    ("discriminator overpowers", GAME, {"auc": 1.0, "movement": 0.001, **FAR}),
    ("discriminator overpowers", GAME, {"auc": 1.0, **FAR}),
    ("discriminator learns nothing", GAME, {"auc": 0.5, **FAR}),
    ("memorisation", GAME, {"copies": 0.1}),
    ("discriminator overfits", GAME, {"auc_memory": 0.9}),
    ("Lipschitz constraint not held", CRITIC, {"slope": 50.0}),
    ("Lipschitz constraint not held", CLIPPED, {"at_clip": 0.99}),
    ("latent code ignored", GAME, {"latent": 0.0}),
    ("mode collapse", GAME, {"kinds": 2.0, "distance": 0.4}),
    ("mode collapse", GAME, {"spread": 0.1, "distance": 0.4}),
    ("mode collapse", GAME, {"twins": 0.0}),
    ("oscillation", GAME, {"place_1": to_and_fro, "place_2": to_and_fro, "distance": 0.4}),
    ("train and eval differ", GAME, {"gap": 1.0}),
    ("batch statistics leak", GAME, {"auc": 0.3, "auc_mixed": 0.99}),
    ("checkerboard", GAME, {"checkerboard": 100.0}),
]


@pytest.mark.parametrize(("name", "facts", "changes"), SICK)
def test_a_rule_names_its_trouble(name: str, facts: Facts, changes: dict[str, Any]) -> None:
    watch = watched(30, facts, **changes)
    assert watch.present[0].name == name
    assert watch.verdict.startswith(name)
    assert [finding.name for finding in watch.findings()].count(name) >= 1


def test_every_rule_is_tried() -> None:
    assert {rule.name for rule in RULES} == {name for name, _, _ in SICK}


@pytest.mark.parametrize("objective", [*EQUILIBRIA, None])
def test_a_healthy_training_is_left_alone(objective: str | None) -> None:
    watch = watched(60, Facts(objective))
    assert watch.verdict == HEALTHY
    assert not watch.findings()


@pytest.mark.parametrize(("name", "facts", "changes"), SICK)
def test_one_bad_look_says_nothing(name: str, facts: Facts, changes: dict[str, Any]) -> None:
    watch = watched(29, facts)
    losses = changes.get("losses")
    watch.observe(record(600, losses, **{key: value for key, value in changes.items() if key != "losses"}))
    for step in range(620, 1000, 20):
        watch.observe(record(step))
    assert watch.verdict == HEALTHY
    assert not watch.findings()


@pytest.mark.parametrize(("name", "facts", "changes"), SICK)
def test_it_takes_several_looks_in_a_row(name: str, facts: Facts, changes: dict[str, Any]) -> None:
    looks = {rule.name: rule.looks for rule in RULES}[name]
    finding = watched(40, facts, **changes).present[0]
    assert finding.said >= (20 * looks if looks < 4 else max(20 * looks, 20 * FEWEST, WARM_UP))
    assert finding.said - finding.began >= 20 * (looks - 1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("discriminator overpowers", {"auc": 1.0, "movement": 0.2}),
        ("discriminator learns nothing", {"auc": 0.45}),
        ("mode collapse", {"kinds": 3.0, "spread": lambda step: 0.9 - 100 / (100 + step), "auc": 0.9}),
    ],
)
def test_who_still_learns_is_left_alone(name: str, changes: dict[str, Any]) -> None:
    watch = watched(60, GAME, distance=lambda step: 20 / step, **changes)
    assert name not in [finding.name for finding in watch.findings()]


def test_a_single_image_that_comes_nearer_is_no_less_a_collapse() -> None:
    few = {"kinds": 3.0, "spread": 0.2, "auc": 0.9, "distance": lambda step: 0.3 + 60 / step}
    (finding,) = watched(60, GAME, **few).findings()
    assert finding.name == "mode collapse"
    assert finding.said >= 500, "the others take less"


def test_a_generator_that_has_not_begun_is_given_time() -> None:
    """One image, the same since the first step; later it moves, and is no less a single one."""
    one = {"kinds": 1.0, "spread": 0.005, "twins": 0.005, "auc": 0.9, "distance": 0.5}
    assert watched(60, GAME, movement=0.001, **one).verdict == HEALTHY
    assert watched(60, GAME, movement=lambda step: 0.3 if step > 600 else 0.001, **one).verdict.startswith(
        "mode collapse"
    )


def test_a_finding_ends_when_it_has_been_gone_for_as_long() -> None:
    watch = watched(60, auc_memory=lambda step: 0.9 if step <= 600 else 0.5)
    (finding,) = watch.findings()
    assert watch.verdict == HEALTHY
    assert not finding.present
    assert 600 <= finding.until <= 640  # the median looks back


def test_the_equilibria_are_the_objectives() -> None:
    import torch

    assert EQUILIBRIA.keys() == build.OBJECTIVES.keys()
    for name, objective in build.OBJECTIVES.items():
        rest = EQUILIBRIA[name]
        discriminator, generator = objective.equilibrium()
        assert rest.discriminator == pytest.approx(discriminator, abs=1e-9)
        assert rest.generator is None or rest.generator == pytest.approx(generator, abs=1e-9)
        assert rest.score == objective.balanced_score
        score = torch.tensor([rest.score], dtype=torch.float64, requires_grad=True)
        (answer,) = torch.autograd.grad(objective.losses(score.detach(), score).generator, score)
        assert rest.response == pytest.approx(abs(answer.item()), abs=1e-9)


@pytest.mark.parametrize("objective", EQUILIBRIA)
def test_a_vanishing_answer_is_measured_by_the_objectives_own(objective: str) -> None:
    rest = EQUILIBRIA[objective].response
    for share, expected in ((0.05, True), (0.5, False)):
        watch = watched(30, Facts(objective), auc=0.98, response=share * rest, **FAR)
        said = [finding.detail for finding in watch.findings() if finding.name == "discriminator overpowers"]
        assert said == (["the generator's gradient vanishes"] if expected else [])


def test_losses_alone_say_nothing() -> None:
    for losses in ({"loss/discriminator": 0.0}, {"loss/discriminator": 50.0}, {"loss/generator": 50.0}):
        assert watched(40, losses=losses).verdict == HEALTHY


def test_causes_come_before_effects() -> None:
    watch = watched(40, movement=0.0, auc=1.0, kinds=1.0, spread=0.2, **FAR)
    names = [finding.name for finding in watch.present]
    assert names[0] == "generator stands still"
    assert "mode collapse" in names
    places = [[rule.name for rule in RULES].index(name) for name in names]
    assert all(one <= other for one, other in pairwise(places))


def test_collapse_says_how_many_kinds_are_left() -> None:
    assert watched(40, kinds=3.0, distance=0.4).verdict == "mode collapse: 3 of about 10 kinds left"


def test_without_unseen_images_overfitting_is_only_suspected() -> None:
    watch = replace(OURS, images=100), {"sign": 1.0, "auc": 0.98, "auc_memory": float("nan")}
    finding = watched(120, watch[0], **watch[1]).present[0]
    assert (finding.name, finding.signal, finding.sure) == ("discriminator overfits", "sign", "suspected")
    assert watched(120, OURS, **watch[1]).verdict == HEALTHY  # five thousand images, each seen 30 times


@pytest.mark.parametrize(
    "recipe", ["dcgan", "lsgan", "wgan", "wgan-gp", "sngan", "r3gan", "stylegan2", "goodfellow2014"]
)
def test_remedies_are_options_that_exist_and_fit_together(recipe: str) -> None:
    config = recipes.recipe(recipe)
    facts = Facts.of(config, path="runs/x")
    for rule in RULES:
        remedy = fitting(rule.remedy(facts), facts)
        assert remedy.words
        build.check(change(config, remedy.settings))
