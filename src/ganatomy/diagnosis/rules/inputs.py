"""Findings about what the training is given: images, their range, numbers that are not finite."""

import numpy as np

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.data import FEWEST
from ganatomy.diagnosis.remedies import Remedy, inspect_data, lower_rates
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.window import Window


@rule(
    "data cannot work",
    when=f"before the first step: fewer than {FEWEST} images, all images alike, each of one plain colour, or (for a "
    "training by class) all of one class",
    remedy=inspect_data,
    probes=0,
    share=0,
)
def data_cannot_work(window: Window, context: TrainingContext) -> Symptom | None:
    """No training makes a generator of such images."""
    return Symptom("images", np.nan, np.nan, context.problems[0]) if context.problems else None


@rule(
    "not finite",
    when="a roll-back (`roll_backs`) in the last {recent} probes, or a `score_size` (no critic's) above {scores:,.0f}",
    remedy=lower_rates,
    probes=1,
    share=0,
)
def not_finite(window: Window, context: TrainingContext, *, recent: int = 5, scores: float = 1000.0) -> Symptom | None:
    """A loss or gradient was infinite or not a number, or scores grow without bound: the training diverges."""
    before = window.records[-recent - 1].get("roll_backs", 0.0) if len(window.records) > recent else 0.0
    now = window.records[-1].get("roll_backs", 0.0)
    if now > before:
        return Symptom("roll_backs", now, 1.0)
    size = window("score_size")
    # No objective has a use for larger scores, but a critic's have no scale except its slope.
    exploding = size > scores and not context.critic
    return Symptom("score_size", size, scores, "scores explode") if exploding else None


@rule(
    "wrong range",
    when="real images reach beyond ±{outer}, or the training is shown a part of the set's range only (`range_lost` "
    "above {lost}); in a loop of your own: generated images leave the real ones' range by {excess} of its width",
    needs=("low_real", "high_real"),
    remedy=Remedy("scale the real images to the generator's range, [−1, 1] behind a tanh"),
    probes=2,
    share=0,
)
def wrong_range(
    window: Window, context: TrainingContext, *, outer: float = 1.05, lost: float = 0.1, excess: float = 0.3
) -> Symptom | None:
    """Real images do not have the generator's range, so brightness alone tells generated images from them."""
    darkest, brightest = window("low_real"), window("high_real")
    detail = f"real images are in [{darkest:.2g}, {brightest:.2g}]"
    if context.config is not None:  # networks of ours draw in [−1, 1]
        if max(-darkest, brightest) > outer:
            return Symptom("high_real", max(-darkest, brightest), outer, detail)
        return Symptom("range_lost", window("range_lost"), lost, detail) if window("range_lost") > lost else None
    beyond = max(darkest - window("low"), window("high") - brightest) / max(brightest - darkest, 1e-12)
    return Symptom("low", beyond, excess, detail) if beyond > excess else None


@rule(
    "real images repeat",
    when="`real_variety` below {share}",
    needs=("real_variety",),
    remedy=Remedy("look at the loader: it should draw from the whole set"),
    probes=3,
)
def real_images_repeat(window: Window, context: TrainingContext, *, share: float = 0.5) -> Symptom | None:
    """The discriminator is shown the same few real images again and again, though the set has more."""
    return Symptom("real_variety", window("real_variety"), share) if window("real_variety") < share else None


@rule(
    "training and held-out images differ",
    when="`held_out_distance` above {floors:g} times its floor",
    needs=("held_out_distance", "held_out_distance_floor"),
    remedy=Remedy("look at what the loader does to the images, and at how the two sets were chosen"),
    probes=2,
    share=0,
)
def held_out_images_differ(window: Window, context: TrainingContext, *, floors: float = 3.0) -> Symptom | None:
    """The training is shown other images than those held out: a loader changes them, or the split was not by chance."""
    now, most = window("held_out_distance"), floors * window("held_out_distance_floor")
    return Symptom("held_out_distance", now, most) if now > most else None
