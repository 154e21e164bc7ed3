"""Findings that hold only while no other one does."""

from ganatomy.diagnosis import healthy
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.remedies import Remedy, balance_rates, lower_rates
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.window import EARLY, LEARNT, NEARER, PROGRESS, SAME, STILL, WORSE, Window


@rule(
    "not learning yet",
    when=f"images are far, and `distance` and `spread` are within {SAME:.0%} of what they were at the start, or "
    f"`movement` is below {{still}} and `distance` above {PROGRESS} of that at the start, after {{budget:.0%}} of the "
    "budget or {steps:,} steps; or, in a game, `movement` is below {slowly} and `distance` above "
    f"{NEARER} of that at the start after {{late:.0%}} of the budget; and nothing else is found",
    needs=("distance", "spread"),
    remedy=balance_rates,
    fallback=True,
)
def not_learning_yet(
    window: Window,
    context: TrainingContext,
    *,
    still: float = STILL,
    budget: float = 1 / 3,
    steps: int = 2000,
    late: float = 2 / 3,
    slowly: float = 0.05,
) -> Symptom | None:
    """Neither player gets anywhere: after all these steps, generated images are what they were at first."""
    spent = context.spent(window.records[-1])
    if spent < budget and window.records[-1]["step"] < steps:  # some recipes, as that of 2014, begin to learn late
        return None
    # A baseline's first probe finds images that have learnt something; a game that has is seldom far.
    if not window.known_since(0.5 if context.game else EARLY):
        return None
    hardly = window("movement") < still and not window("distance") < PROGRESS * window.at_start("distance")
    slow = context.game and spent > late and window("movement") < slowly and not window.nearer
    if not window.far or not (hardly or slow or window.as_at_start):
        return None
    detail = "images hardly change: rates are too low, or gradients clipped to nothing" if hardly or slow else ""
    return Symptom("distance", window("distance"), window.at_start("distance"), detail)


@rule(
    "images get worse",
    when=f"images are far again: `distance` is above {LEARNT} of that at the start, and above {WORSE} times its least; "
    "and nothing else is found",
    needs=("distance", "spread"),
    remedy=lower_rates,
    fallback=True,
)
def images_get_worse(window: Window, context: TrainingContext) -> Symptom | None:
    """The generator had come near the real images, and has lost what it had learnt: an earlier snapshot is better."""
    return Symptom("distance", window("distance"), WORSE * window.best_distance) if window.worse else None


@rule(
    "unlike healthy trainings",
    when="in a game, after {budget:.0%} of the budget, a quantity that `diagnosis/healthy.json` lists lies outside "
    "the range of the healthy trainings that it is made from, by more than {margin} of its width; and nothing else is "
    "found",
    needs=("distance", "movement"),
    remedy=Remedy("train the recipe's own settings on the same images, and compare the two runs"),
    fallback=True,
)
def unlike_healthy_trainings(
    window: Window, context: TrainingContext, *, budget: float = healthy.SPENT, margin: float = healthy.MARGIN
) -> Symptom | None:
    """No known fault, but this training behaves unlike every healthy one that it was compared with."""
    if context.config is None or not context.game:  # the ranges are those of games of ours
        return None
    if context.spent(window.records[-1]) < budget:
        return None
    found = healthy.farthest_outside(window, margin=margin)
    return None if found is None else Symptom(found.quantity, found.value, found.bound, found.quantity)
