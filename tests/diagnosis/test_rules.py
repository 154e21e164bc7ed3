"""Every rule reports what it should, when it should, and not before."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ganatomy import build
from ganatomy.config import inactive, recipes
from ganatomy.config.settings import change
from ganatomy.diagnosis import HEALTHY, RULES, Monitor, TrainingContext, Window, diagnose, rules, signals
from ganatomy.diagnosis.monitor import FEWEST, WARM_UP
from ganatomy.diagnosis.remedies import PLAYERS
from ganatomy.gan.objectives import OBJECTIVES
from probe_records import monitored, record

FAR = {"distance": 1.5}  # and no closer than before
GAME = TrainingContext.of_objective("non_saturating")
CRITIC = TrainingContext.of_objective("wasserstein")
CLIPPED = TrainingContext.of_config(recipes.recipe("wgan"))
SHORT = TrainingContext.of_config(change(recipes.recipe("dcgan"), {"training.steps": 600}), images=5000)
OURS = TrainingContext.of_config(recipes.recipe("dcgan"), images=5000)


def back_and_forth(step: int) -> float:
    return 1.0 if step // 40 % 2 else -1.0


def lost(step: int) -> float:
    """A distance that falls until step 200 and rises again."""
    return abs(step - 200) / 200 + 0.02


FAULTY: list[tuple[str, TrainingContext, dict[str, Any]]] = [
    ("not finite", GAME, {"score_size": 1e5}),
    ("wrong range", OURS, {"range_lost": 0.5}),
    ("wrong range", OURS, {"high_real": 255.0}),
    ("wrong range", GAME, {"low_real": 0.0, "low": -1.0}),
    ("training and held-out images differ", OURS, {"held_out_distance": 0.05}),
    ("output saturates", GAME, {"saturated": 0.8}),
    ("labels swapped", GAME, {"auc": 0.0, "losses": {"loss/discriminator": 0.01}}),
    ("labels swapped", GAME, {"auc": 0.0, "sign": -1.0}),
    ("labels swapped", CRITIC, {"auc": 0.0, "losses": {"loss/discriminator": -5.0}}),
    ("generator climbs its loss", GAME, {"pull": -1.0, "auc": 0.99, **FAR}),
    ("generator stands still", GAME, {"movement": 0.0, "auc": 1.0, **FAR}),
    ("generator stands still", GAME, {"movement": lambda step: 0.0 if step % 80 else 0.2, "auc": 1.0, **FAR}),
    ("gradient vanishes", TrainingContext.of_objective("minimax"), {"auc": 1.0, "response": 0.0, **FAR}),
    ("output saturates", GAME, {"saturated": 0.97, "saturated_real": 0.71, **FAR}),
    ("batch without variety", GAME, {"batch_spread": 0.05}),
    ("real images repeat", GAME, {"real_variety": 0.1}),
    ("steps too large", GAME, {"movement": 0.9, **FAR}),
    ("steps too large", GAME, {"movement": 0.5, "distance": lost}),
    ("images get worse", GAME, {"movement": 0.1, "distance": lost}),
    ("classes are not obeyed", GAME, {"class_accuracy": 0.12}),
    ("classes are not obeyed", GAME, {"class_accuracy": 0.1, "class_accuracy_real": 0.11}),
    ("average far behind", GAME, {"average_distance": 1.2}),
    ("not learning yet", GAME, FAR),
    ("not learning yet", GAME, {"movement": 0.001, **FAR}),
    ("generator stalls", GAME, {"auc": 1.0, "movement": 0.001, **FAR}),
    ("generator makes no progress", GAME, {"auc": 1.0, **FAR}),
    ("discriminator learns nothing", GAME, {"auc": 0.5, **FAR}),
    ("discriminator learns nothing", GAME, {"auc": 0.5, "push": 0.0, "movement": 0.0, "distance": 0.4}),
    ("discriminator learns nothing", GAME, {"auc": 0.0, "sign": 0.5, "distance": lambda step: 0.5 + 100 / step}),
    ("memorisation", GAME, {"copies": 0.1}),
    ("discriminator overfits", GAME, {"auc_memory": 0.9}),
    ("Lipschitz constraint not held", CRITIC, {"slope": 50.0}),
    ("Lipschitz constraint not held", CLIPPED, {"at_clip": 0.99}),
    ("latent code ignored", GAME, {"latent": 0.0}),
    ("mode collapse", GAME, {"kinds": 2.0, "distance": 0.4}),
    ("mode collapse", GAME, {"spread": 0.1, "distance": 0.4}),
    ("mode collapse", GAME, {"twins": 0.0}),
    ("oscillation", GAME, {"place_1": back_and_forth, "place_2": back_and_forth, "distance": 0.4}),
    ("train and eval differ", GAME, {"gap": 1.0}),
    ("batch statistics leak", GAME, {"auc": 0.3, "auc_mixed": 0.99}),
    ("batch statistics leak", GAME, {"auc": 0.0, "auc_mixed": 0.99, "losses": {"loss/discriminator": 0.01}}),
    ("checkerboard", GAME, {"checkerboard": 100.0}),
    ("unlike healthy trainings", SHORT, {"coherence": 5.0}),
]


@pytest.mark.parametrize(("rule", "context", "changes"), FAULTY)
def test_a_rule_names_its_fault(rule: str, context: TrainingContext, changes: dict[str, Any]) -> None:
    monitor, expected = monitored(30, context, **changes), RULES[rule]
    assert monitor.present[0].name == expected.finding
    assert monitor.present[0].meaning == expected.meaning
    assert monitor.verdict.startswith(expected.finding)
    assert [finding.name for finding in monitor.findings()].count(expected.finding) >= 1


def test_every_rule_of_ours_is_tried() -> None:
    ours = {name for name, rule in RULES.items() if rule.condition.__module__.startswith(rules.__name__)}
    assert ours == {name for name, _, _ in FAULTY} | {"data cannot work"}


@pytest.mark.parametrize("objective", [*OBJECTIVES, None])
def test_nothing_is_found_in_a_healthy_training(objective: str | None) -> None:
    monitor = monitored(60, TrainingContext.of_objective(objective))
    assert monitor.verdict == HEALTHY
    assert not monitor.findings()


@pytest.mark.parametrize(("rule", "context", "changes"), FAULTY)
def test_one_bad_probe_is_no_finding(rule: str, context: TrainingContext, changes: dict[str, Any]) -> None:
    monitor = monitored(29, context)
    losses = changes.get("losses")
    monitor.observe(record(600, losses, **{key: value for key, value in changes.items() if key != "losses"}))
    for step in range(620, 1000, 20):
        monitor.observe(record(step))
    assert monitor.verdict == HEALTHY
    assert not monitor.findings()


@pytest.mark.parametrize(("rule", "context", "changes"), FAULTY)
def test_it_takes_several_probes_in_a_row(rule: str, context: TrainingContext, changes: dict[str, Any]) -> None:
    probes = RULES[rule].probes
    finding = monitored(40, context, **changes).present[0]
    assert finding.reported >= (20 * probes if probes < 4 else max(20 * probes, 20 * FEWEST, WARM_UP))
    assert finding.reported - finding.began >= 20 * (probes - 1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("discriminator overpowers", {"auc": 1.0, "movement": 0.2}),
        ("discriminator learns nothing", {"auc": 0.45}),
        ("mode collapse", {"kinds": 3.0, "spread": lambda step: 0.9 - 100 / (100 + step), "auc": 0.9}),
    ],
)
def test_a_training_that_still_makes_progress_has_no_such_finding(name: str, changes: dict[str, Any]) -> None:
    monitor = monitored(60, GAME, distance=lambda step: 20 / step, **changes)
    assert name not in [finding.name for finding in monitor.findings()]


def test_a_single_image_that_comes_closer_is_still_a_collapse() -> None:
    few = {"kinds": 3.0, "spread": 0.2, "auc": 0.9, "distance": lambda step: 0.3 + 60 / step}
    (finding,) = monitored(60, GAME, **few).findings()
    assert finding.name == "mode collapse"
    assert finding.reported >= 500, "the others take less"


@pytest.mark.parametrize("budget", [{"training.steps": 900}, {"training.steps": None, "training.images": 64 * 900}])
def test_not_learning_yet_waits_for_a_third_of_the_budget(budget: dict[str, Any]) -> None:
    context = TrainingContext.of_config(change(recipes.recipe("dcgan"), budget))
    assert context.spent({"step": 300, "images": 64 * 300, "seconds": 9.0}) == pytest.approx(1 / 3)
    assert not monitored(19, context, **FAR).present  # 380 steps: it has held for four probes
    assert monitored(20, context, **FAR).verdict.startswith("not learning yet")  # for a fifth of the steps


def test_a_generator_that_has_not_begun_is_given_time() -> None:
    """One image, the same since the first step; later it moves, and then it is a collapse."""
    one = {"kinds": 1.0, "spread": 0.005, "twins": 0.005, "auc": 0.9, "distance": 0.5}
    for still in (0.001, float("nan")):  # moved little, or not yet measured
        assert not monitored(60, OURS, movement=still, **one).present
        assert monitored(130, OURS, movement=still, **one).present[0].name == "not learning yet"  # 2,600 steps
    assert monitored(60, GAME, movement=lambda step: 0.3 if step > 600 else 0.001, **one).verdict.startswith(
        "mode collapse"
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_vanishing_gradient_is_measured_against_the_equilibrium(objective: str) -> None:
    rest = OBJECTIVES[objective].equilibrium.response
    for share, expected in ((0.05, True), (0.5, False)):
        context = TrainingContext.of_objective(objective)
        monitor = monitored(30, context, auc=0.98, response=share * rest, **FAR)
        details = [finding.detail for finding in monitor.findings() if finding.name == "discriminator overpowers"]
        assert details == (["the generator's gradient vanishes"] if expected else [])


def test_losses_alone_decide_nothing() -> None:
    for losses in ({"loss/discriminator": 0.0}, {"loss/discriminator": 50.0}, {"loss/generator": 50.0}):
        assert monitored(40, losses=losses).verdict == HEALTHY


def test_causes_come_before_effects() -> None:
    monitor = monitored(40, saturated=0.9, auc=1.0, kinds=1.0, spread=0.2, **FAR)
    names = [finding.name for finding in monitor.present]
    assert names[0] == "output saturates"
    assert "mode collapse" in names
    order = [rule.meaning for rule in RULES.values()]
    meanings = [finding.meaning for finding in monitor.present]
    assert all(order.index(one) < order.index(other) for one, other in pairwise(meanings))


def test_two_rules_may_report_the_same_finding() -> None:
    """First the generator makes no progress; later its gradient vanishes too."""
    monitor = monitored(60, GAME, auc=1.0, response=lambda step: 0.6 if step < 700 else 0.0, **FAR)
    before, now = (finding for finding in monitor.findings() if finding.name != "not learning yet")
    assert before.name == now.name == "discriminator overpowers"
    assert (before.meaning, before.present) == (rules.images.generator_makes_no_progress.meaning, False)
    assert (now.meaning, now.present) == (rules.players.gradient_vanishes.meaning, True)


def test_collapse_tells_how_many_kinds_are_left() -> None:
    assert monitored(40, kinds=3.0, distance=0.4).verdict == "mode collapse: 3 of about 10 kinds left"


def test_without_held_out_images_overfitting_is_only_suspected() -> None:
    signals = {"sign": 1.0, "auc": 0.98, "auc_memory": float("nan")}
    finding = monitored(120, replace(OURS, images=100), **signals).present[0]
    assert (finding.name, finding.signal, finding.certainty) == ("discriminator overfits", "sign", "suspected")
    assert monitored(120, OURS, **signals).verdict == HEALTHY  # five thousand images, each seen 30 times


def test_the_threshold_of_chance_is_three_standard_errors() -> None:
    random = np.random.default_rng(0)
    areas = [signals.auc(random.standard_normal(128), random.standard_normal(128)) for _ in range(2000)]
    chance = rules.players.discriminator_learns_nothing.thresholds["chance"]
    assert 0.5 + 3 * np.std(areas) == pytest.approx(chance, abs=0.005)


def test_other_thresholds_make_another_rule() -> None:
    strict = replace(rules.players.train_and_eval_differ, thresholds={"gap": 0.01})
    window = Window(monitored(3).records)
    assert rules.players.train_and_eval_differ.check(window, GAME) is None
    symptom = strict.check(window, GAME)
    assert symptom is not None
    assert (symptom.value, symptom.threshold) == (0.05, 0.01)
    assert strict.described == "`gap` above 0.01"


@pytest.mark.parametrize("recipe", recipes.RECIPES)
def test_remedies_are_options_that_exist_act_and_fit_together(recipe: str) -> None:
    config = recipes.recipe(recipe)
    context = TrainingContext.of_config(config, path="runs/x")
    for rule in RULES.values():
        remedy = rule.remedy_for(context)
        assert remedy.words
        changed = change(config, remedy.settings)
        build.check(changed)
        inactive.check(changed, remedy.settings)  # as the command does
        again = rule.remedy_for(TrainingContext.of_config(changed, path="runs/x"))
        same = {name for name, value in remedy.settings.items() if again.settings.get(name) == value}
        assert not same, "what was changed is not asked for again"


def test_a_training_without_a_discriminator_has_one_rate_to_lower() -> None:
    remedy = RULES["not finite"].remedy_for(TrainingContext.of_config(recipes.recipe("vae")))
    assert remedy.settings == {"generator_optimiser.learning_rate": 1e-3 / 4}


def test_steps_that_are_too_large_become_usual_ones() -> None:
    wild = {"learning_rate": 0.02, "betas": (0.9, 0.999)}
    options = {f"{player}_optimiser.{name}": value for player in PLAYERS for name, value in wild.items()}
    config = change(recipes.recipe("dcgan"), {**options, "training.simultaneous": True})
    usual = {"generator_optimiser.learning_rate": 2e-3, "discriminator_optimiser.learning_rate": 1e-3}
    calm = {f"{player}_optimiser.betas": (0.5, 0.999) for player in PLAYERS} | {"training.simultaneous": False}
    assert RULES["oscillation"].remedy_for(TrainingContext.of_config(config)).settings == {**usual, **calm}
    slow = change(recipes.recipe("dcgan"), {f"{player}_optimiser.learning_rate": 1e-7 for player in PLAYERS})
    raised = RULES["not learning yet"].remedy_for(TrainingContext.of_config(slow)).settings
    assert all(1e-4 <= raised[f"{player}_optimiser.learning_rate"] <= 2e-3 for player in PLAYERS)


def test_a_finding_needs_harm_that_can_be_seen() -> None:
    """A memorising discriminator whose generator's images are as good as real ones; a grid of a level of grey."""
    assert monitored(40, OURS, auc_memory=0.95).present[0].name == "discriminator overfits"
    assert not monitored(40, OURS, auc_memory=0.95, distance=0.005).present
    assert monitored(40, OURS, checkerboard=100.0).present[0].name == "checkerboard"
    assert not monitored(40, OURS, checkerboard=100.0, grid=0.004).present


def test_baselines_do_not_collapse_and_may_move_slowly() -> None:
    few = {"spread": 0.1, "distance": 2.0}
    assert monitored(40, OURS, **few).present[0].name == "mode collapse"
    vae = TrainingContext.of_config(change(recipes.recipe("vae"), {"training.steps": 800}))
    assert not [each for each in monitored(40, vae, **few).present if each.name == "mode collapse"]
    still = {"movement": 0.01, "spread": lambda step: 0.2 + step / 4000}
    assert monitored(40, vae, distance=1.5, **still).present[0].name == "not learning yet"
    late = [record(step, distance=1.5, **still) for step in range(200, 820, 20)]
    assert not diagnose(late, vae), "who knows what it was at the start?"
    closer = {"distance": lambda step: 1.5 - min(step, 400) / 1000}  # slowly, and then no more
    assert not monitored(40, vae, **closer, **still).present


def test_a_discriminator_has_nothing_to_teach_a_generator_that_does_not_move() -> None:
    assert monitored(40, OURS, auc=0.5, movement=0.005, **FAR).present[0].name == "discriminator learns nothing"
    assert not monitored(40, OURS, auc=0.5, movement=0.0001, **FAR).present


@pytest.mark.parametrize(("recipe", "found"), [("dcgan", True), ("vae", False)])
def test_a_game_that_was_looked_at_late_has_not_learnt_either(recipe: str, found: bool) -> None:
    """From a third of its steps on, images are as far as at the first look; a baseline may have learnt before it."""
    monitor = Monitor(TrainingContext.of_config(change(recipes.recipe(recipe), {"training.steps": 3000})))
    for step in range(1000, 3000, 20):
        monitor.observe(record(step, distance=1.5, movement=0.001))
    assert ("not learning yet" in [finding.name for finding in monitor.findings()]) is found


def test_a_discriminator_that_a_few_images_outwit_has_learnt_something() -> None:
    """It scored real images higher before the generator collapsed; one that never did learns nothing."""
    few = {"twins": 0.04, "distance": 0.4, "sign": 0.5}
    outwitted = monitored(40, GAME, auc=lambda step: 0.9 if step < 100 else 0.02, **few)
    assert [finding.name for finding in outwitted.present] == ["mode collapse"]
    assert monitored(40, GAME, auc=0.02, **few).present[0].name == "discriminator learns nothing"
    assert monitored(40, GAME, auc=0.02, **few | {"twins": 0.0}).present[0].name == "mode collapse"
