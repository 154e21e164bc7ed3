"""The verdict at a step follows from what was recorded up to it."""

from typing import Any

import numpy as np

from ganatomy.config import recipes
from ganatomy.config.settings import change
from ganatomy.diagnosis import HEALTHY, TOO_EARLY, Monitor, TrainingContext, Window, diagnose
from probe_records import monitored, record

GAME = TrainingContext.of_objective("non_saturating")


def troubled() -> list[dict[str, Any]]:
    """Collapse, recovery, then overfitting, with noise."""
    random = np.random.default_rng(0)
    found = []
    for step in range(20, 1620, 20):
        collapsed = 200 < step < 900
        found.append(
            record(
                step,
                kinds=2.0 if collapsed else 10.0,
                distance=0.4 if collapsed else 0.05,
                auc=float(np.clip(0.75 + 0.1 * random.standard_normal(), 0, 1)),
                auc_memory=0.9 if step > 1200 else 0.5,
            )
        )
    return found


def test_what_is_found_at_a_step_does_not_depend_on_what_comes_after() -> None:
    records = troubled()
    live, verdicts = Monitor(GAME), []
    for place, each in enumerate(records, 1):
        live.observe(each)
        verdicts.append(live.name)
        if place % 4 == 0:
            assert diagnose(records[:place], GAME) == live.findings()
    expected = [TOO_EARLY, "nothing found", "mode collapse", HEALTHY, "discriminator overfits"]
    assert list(dict.fromkeys(verdicts)) == expected
    assert [finding.name for finding in live.findings()] == ["mode collapse", "discriminator overfits"]


def test_records_without_signals_and_numbers_that_json_does_not_have_change_nothing() -> None:
    records = troubled()
    between = [each for one in records for each in (one, {"step": one["step"] + 1, "loss/generator": 1.0})]
    assert diagnose(between, GAME) == diagnose(records, GAME)
    monitor = Monitor(GAME)
    monitor.observe({"step": 20, "signals/auc": None, "signals/slope": float("nan")})
    assert monitor.verdict == TOO_EARLY


def test_a_roll_back_is_reported_at_once_and_passes() -> None:
    monitor = monitored(10, roll_backs=lambda step: float(step > 100))
    assert [(finding.name, finding.reported) for finding in monitor.findings()] == [("not finite", 120)]
    assert monitor.present
    for step in range(220, 320, 20):
        monitor.observe(record(step, roll_backs=1.0))
    assert monitor.verdict == HEALTHY


def test_a_finding_ends_when_it_has_been_gone_for_as_long() -> None:
    monitor = monitored(60, auc_memory=lambda step: 0.9 if step <= 600 else 0.5)
    (finding,) = monitor.findings()
    assert monitor.verdict == HEALTHY
    assert not finding.present
    assert 600 <= finding.until <= 640  # the median looks back


def test_certainty_grows_with_time() -> None:
    assert monitored(16, gap=1.0).present[0].certainty == "likely"
    assert monitored(60, gap=1.0).present[0].certainty == "certain"


def test_a_command_applies_the_remedy() -> None:
    context = TrainingContext.of_config(recipes.recipe("dcgan"), path="runs/my run")
    finding = monitored(40, context, auc_memory=0.9).present[0]
    expected = (
        "ganatomy train --config 'runs/my run/config.yaml' '--set=augmentation.policies=[colour, translation, cutout]'"
    )
    assert finding.command == expected


def test_data_that_cannot_work_is_reported_before_the_first_probe() -> None:
    options = change(recipes.recipe("dcgan"), {"data.path": "my cats"})
    monitor = Monitor(TrainingContext.of_config(options, problems=("all images are the same",)))
    assert monitor.verdict == "data cannot work: all images are the same"
    (finding,) = monitor.findings()
    assert (finding.present, finding.certainty, finding.command) == (True, "certain", "ganatomy data inspect 'my cats'")


def test_only_what_is_known_is_said() -> None:
    """Grey noise: brightness alone brought it a little closer."""
    noise = {"distance": lambda step: 1.5 if step < 100 else 1.0, "auc": 0.8}
    early, later = monitored(3, **noise), monitored(30, **noise)
    assert (early.state, early.verdict) == ("early", "too early to say")
    assert (later.state, later.verdict) == ("open", "nothing found in 30 probes")
    closer = monitored(30, distance=lambda step: 1.5 if step < 100 else 0.7, auc=0.8)
    assert (closer.state, closer.verdict) == ("healthy", "healthy")
    assert monitored(30, distance=float("nan")).state == "open"  # scores alone, as a loop of one's own may give them


def test_a_training_is_not_called_healthy_before_whole_probes_say_so() -> None:
    """Between two probes there are many records of the last round alone."""
    ours = Monitor(TrainingContext.of_config(recipes.recipe("dcgan")))
    states = []
    for step in range(20, 2020, 20):
        whole = record(step)
        few = {name: whole[f"signals/{name}"] for name in ("auc", "spread", "distance", "distance_floor", "twins")}
        ours.observe(
            whole if step > 600 and step % 100 == 0 else {"step": step, **{f"signals/{k}": v for k, v in few.items()}}
        )
        states.append(ours.state)
    assert list(dict.fromkeys(states)) == ["early", "open", "healthy"]
    assert states.index("healthy") == 1200 // 20 - 1, "the sixth whole probe"


def test_what_is_sure_is_said_at_once() -> None:
    """The article's experiment: after 60 steps the discriminator is certain, and minimax leaves no gradient."""
    minimax = TrainingContext.of_objective("minimax")
    monitor = monitored(3, minimax, auc=1.0, response=0.0007, distance=1.5)
    assert monitor.verdict == "discriminator overpowers: the generator's gradient vanishes (so far)"


def test_a_record_with_some_signals_says_nothing_about_rules_that_need_others() -> None:
    """Between two probes there are records of the last round alone."""
    monitor = Monitor(GAME)
    for step in range(20, 820, 20):
        if step % 100:
            monitor.observe({"step": step, "signals/auc": 0.75, "signals/spread": 0.9})
        else:
            monitor.observe(record(step, gap=1.0))
    (finding,) = monitor.findings()
    assert (finding.name, finding.began, finding.reported) == ("train and eval differ", 100, 600)


def test_what_was_true_beside_another_finding_is_said_when_that_is_over() -> None:
    """Not once it has held for as long again: many a training is over by then."""
    monitor, named = Monitor(TrainingContext.of_objective("non_saturating")), dict[int, str]()
    for step in range(20, 820, 20):
        monitor.observe(record(step, auc=0.5 if step <= 400 else 0.9, distance=1.5, movement=0.01))
        named[step] = monitor.present[0].name if monitor.present else ""
    assert named[500] == "discriminator learns nothing"
    over = next(step for step in range(500, 820, 20) if named[step] != "discriminator learns nothing")
    assert named[over + 20] == "not learning yet"


def test_what_is_kept_of_all_records_is_what_all_of_them_say() -> None:
    random, monitor, seen = np.random.default_rng(0), Monitor(GAME), []
    for step in range(20, 2020, 20):
        given = {"signals/distance": random.uniform(0.1, 2)} if random.random() < 0.7 else {}
        monitor.observe({"step": step, "signals/auc": random.random(), **given})
        seen += given.values()
        window = Window(monitor.records)
        medians = [np.median(seen[end - 5 : end]) for end in range(5, len(seen) + 1)]
        assert window.best_distance == min(medians) if medians else np.isnan(window.best_distance)
        assert window.highest_auc == max(record["auc"] for record in monitor.records)
