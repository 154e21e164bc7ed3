"""Every finding, one rule each (one has two), causes before their effects.

Losses alone decide nothing: signals are compared with what real images score against real ones (the floors), with
chance, or with the objective's equilibrium. `monitor` decides how long a rule must hold.
"""

import numpy as np

from ganatomy.diagnosis import healthy
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.data import FEWEST
from ganatomy.diagnosis.remedies import (
    AUGMENT,
    Remedy,
    balance_rates,
    bound_slope,
    inspect_data,
    lower_rates,
    smooth_discriminator,
)
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.window import FAR, LEARNT, NEARER, PROGRESS, SAME, SMOOTH, STILL, Window


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


@rule(
    "labels swapped",
    when="`auc` below {area}, and yet the discriminator's loss is below {content} of its equilibrium (a critic's below "
    "{critic_loss}); without a known equilibrium or loss, `sign` below {sign}",
    needs=("auc",),
    remedy=Remedy("look for swapped labels, or a wrong sign, in the discriminator's loss"),
)
def labels_swapped(
    window: Window,
    context: TrainingContext,
    *,
    area: float = 0.1,
    content: float = 0.5,
    critic_loss: float = -0.1,
    sign: float = -0.9,
) -> Symptom | None:
    """The discriminator learns to score generated images above real ones, which drives the generator off the data."""
    if context.equilibrium is not None and np.isfinite(loss := window("loss/discriminator")):
        satisfied = loss < min(content * context.equilibrium.discriminator, critic_loss if context.critic else np.inf)
    else:
        satisfied = window("sign") < sign or bool(np.isnan(window("sign")))
    return Symptom("auc", window("auc"), area) if window("auc") < area and satisfied else None


@rule(
    "generator climbs its loss",
    when="`pull` below {pull}, and `auc` above {chance}: the generator's loss asks for lower scores, and real images "
    "have the higher ones",
    needs=("pull", "auc"),
    remedy=Remedy("look for a wrong sign, or for swapped labels, in the generator's loss"),
)
def generator_climbs_its_loss(
    window: Window, context: TrainingContext, *, pull: float = -0.5, chance: float = 0.61
) -> Symptom | None:
    """The generator's loss rewards what the discriminator recognises as generated, and drives images off the data."""
    return Symptom("pull", window("pull"), pull) if window("pull") < pull and window("auc") > chance else None


@rule(
    "generator stands still",
    when="`movement` is below {movement:.0e} at all of the last {probes} whole probes, or at {share:.0%} of them, and "
    "`push` is not",
    needs=("movement", "push"),
    remedy=Remedy("look for detached images, for parameters that the optimiser lacks, or for steps that are left out"),
    probes=3,
)
def generator_stands_still(
    window: Window, context: TrainingContext, *, movement: float = 1e-9, probes: int = 12, share: float = 0.5
) -> Symptom | None:
    """The loss asks the generator to change, and its images stay the same to the last bit."""
    recent = window.having("movement", probes)
    still = sum(record["movement"] < movement for record in recent)
    often = still >= share * len(recent) and 2 * len(recent) >= probes
    if not window("push") > movement or not (often or still == len(recent)):
        return None
    detail = "" if still == len(recent) else f"between {still} of the last {len(recent)} probes"
    return Symptom("movement", window("movement"), movement, detail)


@rule(
    "batch statistics leak",
    when="`auc_mixed` above {least} and above `auc` by more than {margin}",
    needs=("auc", "auc_mixed"),
    remedy=Remedy(
        "give the discriminator real and generated images in separate batches", {"discriminator.norm": "none"}
    ),
)
def batch_statistics_leak(
    window: Window, context: TrainingContext, *, least: float = 0.8, margin: float = 0.3
) -> Symptom | None:
    """The discriminator tells real from generated images only where they share a batch: by its statistics."""
    mixed, apart = window("auc_mixed"), window("auc")
    wanted = max(apart + margin, least)
    return Symptom("auc_mixed", mixed, wanted) if mixed > wanted else None


@rule(
    "discriminator learns nothing",
    when="images are far, and `auc` is below {wrong}, or below {chance}, which is chance, while `distance` is above "
    "{distance} without progress (not while images are as at the start and `movement` is below {idle:g}), or while "
    "`push` is 0",
    needs=("auc", "distance"),
    remedy=balance_rates,
)
def discriminator_learns_nothing(
    window: Window,
    context: TrainingContext,
    *,
    distance: float = 0.5,
    chance: float = 0.61,
    wrong: float = 0.05,
    idle: float = 1e-3,
) -> Symptom | None:
    """Generated images are far from real ones, yet score as high: the discriminator teaches the generator nothing.

    chance: ½ and three standard errors of the median of three areas, 64 scores of each kind (Mann & Whitney 1947).
    """
    if not window.far or not window("auc") < chance:
        return None
    if window("push") == 0:
        return Symptom("push", 0.0, 0.0, "it passes no gradient")
    if window("auc") < wrong:  # a discriminator that means it finds `labels swapped` instead
        return None if labels_swapped.check(window, context) else Symptom("auc", window("auc"), wrong)
    if window.as_at_start and window("movement") < idle:  # the generator has not asked for anything yet
        return None
    return Symptom("auc", window("auc"), chance) if window("distance") > distance and window.stuck else None


@rule(
    "latent code ignored",
    when="`latent` below {latent}; not while nothing has moved the generator",
    needs=("latent",),
    remedy=Remedy("check that the latent vector reaches the generator; train without classes to compare"),
)
def latent_code_ignored(window: Window, context: TrainingContext, *, latent: float = 0.1) -> Symptom | None:
    """The class alone decides the image: the latent vector makes no difference."""
    return Symptom("latent", window("latent"), latent) if window("latent") < latent and not window.untouched else None


@rule(
    "output saturates",
    when="`saturated` above that of real images by more than {margin}; or images are far, and {inside} times as many "
    "pixels as in real images, or fewer, are not at an end (not for diffusion)",
    needs=("saturated", "saturated_real"),
    remedy=lower_rates,
)
def output_saturates(
    window: Window, context: TrainingContext, *, margin: float = 0.5, inside: float = 0.2
) -> Symptom | None:
    """Far more generated than real pixels are at the ends of the range, where a tanh passes no gradient.

    inside: for real images which are at the ends themselves, such as digits on a black ground.
    """
    if context.config is not None and context.config.method == "diffusion":  # its generator ends in no tanh
        return None
    here, real = window("saturated"), window("saturated_real")
    most = min(real + margin, 1 - inside * (1 - real) if window.far else 1.0)
    return Symptom("saturated", here, most) if here > most else None


@rule(
    "batch without variety",
    when="`batch_spread` below {share} of the `spread` at the probe's latent vectors",
    needs=("batch_spread", "movement"),
    remedy=Remedy("draw a latent vector of its own for each image of a batch"),
    probes=3,
)
def batch_without_variety(window: Window, context: TrainingContext, *, share: float = 0.2) -> Symptom | None:
    """The generator can draw different images, but all images of a training batch are alike: one latent for all."""
    now = window.records[-1]
    least = share * now["spread"]
    return Symptom("batch_spread", now["batch_spread"], least) if now["batch_spread"] < least else None


@rule(
    "gradient vanishes",
    finding="discriminator overpowers",
    when="`auc` above {area} while images are far, and `response` below {response} of that at equilibrium",
    needs=("auc", "response"),
    remedy=balance_rates,
    probes=3,
)
def gradient_vanishes(
    window: Window, context: TrainingContext, *, area: float = 0.97, response: float = 0.1
) -> Symptom | None:
    """The discriminator wins every time, and the generator's loss is flat where its images score: it cannot learn."""
    if context.equilibrium is None or not (window("auc") > area and window.far):
        return None
    now, least = window("response"), response * context.equilibrium.response
    return Symptom("response", now, least, "the generator's gradient vanishes") if now < least else None


@rule(
    "generator stalls",
    finding="discriminator overpowers",
    when="`auc` above {area} while images are far, and `movement` below {movement} without progress",
    needs=("auc", "movement"),
    remedy=balance_rates,
)
def generator_stalls(
    window: Window, context: TrainingContext, *, area: float = 0.97, movement: float = 0.05
) -> Symptom | None:
    """The discriminator wins every time, and the generator learns nothing from it any more."""
    hardly = window("auc") > area and window.far and window("movement") < movement and window.stuck
    return Symptom("movement", window("movement"), movement) if hardly else None


@rule(
    "train and eval differ",
    when="`gap` above {gap}",
    needs=("gap",),
    remedy=Remedy("train longer or with larger batches, or without batch normalisation", {"generator.norm": "none"}),
)
def train_and_eval_differ(window: Window, context: TrainingContext, *, gap: float = 0.35) -> Symptom | None:
    """The generator draws other images in evaluation than in training: its running statistics are not its batches'."""
    return Symptom("gap", window("gap"), gap) if window("gap") > gap else None


@rule(
    "average far behind",
    when="`average_distance` above {times:g} times `distance` and {floors:g} times its floor, and no smaller than at "
    "half the steps",
    needs=("average_distance", "distance"),
    remedy=Remedy("shorten the average's memory", {"average.decay": 0.999, "average.warm_up": True}),
)
def average_far_behind(
    window: Window, context: TrainingContext, *, times: float = 2.0, floors: float = 5.0
) -> Symptom | None:
    """The averaged generator, whose images people get, is far worse than the one that trains, and does not follow."""
    now = window("average_distance")
    most = max(times * window("distance"), floors * window("average_distance_floor"), FAR)
    follows = now < PROGRESS * window.halfway("average_distance")
    return Symptom("average_distance", now, most) if now > most and not follows else None


@rule("memorisation", when="`copies` below {copies}", needs=("copies",), remedy=AUGMENT)
def memorisation(window: Window, context: TrainingContext, *, copies: float = 0.7) -> Symptom | None:
    """Generated images are closer to training images than new real images are: they are copies."""
    return Symptom("copies", window("copies"), copies) if window("copies") < copies else None


@rule(
    "discriminator overfits",
    when="`auc_memory` above {memory}, while `distance` is above its floor; without held-out images: `sign` above "
    "{sign} and `auc` above {area} without progress, after {passes} passes over the data",
    needs=("auc", "sign"),
    remedy=AUGMENT,
)
def discriminator_overfits(
    window: Window,
    context: TrainingContext,
    *,
    memory: float = 0.8,
    sign: float = 0.9,
    area: float = 0.95,
    passes: int = 50,
) -> Symptom | None:
    """The discriminator has memorised its training images: it scores them above real images that it never saw."""
    if window("distance") < window("distance_floor"):  # images are as good as these: it does no harm
        return None
    if np.isfinite(known := window("auc_memory")):
        return Symptom("auc_memory", known, memory) if known > memory else None
    # Without held-out images: as ADA's r_t, where there are few images, each seen often, and nothing improves any more.
    often = context.images is not None and window.records[-1].get("images", 0.0) > passes * context.images
    suspected = window("sign") > sign and window("auc") > area and often and window.stuck
    return Symptom("sign", window("sign"), sign, proxy=True) if suspected else None


@rule(
    "Lipschitz constraint not held",
    when="a critic's `slope` above {slope:g}, where 1 is wanted; with weight clipping, `at_clip` above {at_clip}",
    needs=("slope",),
    remedy=bound_slope,
)
def lipschitz_not_held(
    window: Window, context: TrainingContext, *, slope: float = 4.0, at_clip: float = 0.9
) -> Symptom | None:
    """The critic is too steep for its scores to measure a distance, and the generator's gradient grows with it."""
    if context.clipped:
        share = window("at_clip")
        return Symptom("at_clip", share, at_clip, "weights are at their bounds") if share > at_clip else None
    return Symptom("slope", window("slope"), slope) if context.critic and window("slope") > slope else None


@rule(
    "oscillation",
    when="images are far, and over {probes} probes `place_1` … `place_3` vary by more than {width} (standard "
    "deviation) and turn back (the ends are closer than {turning} of the path's length) without progress in `distance`",
    needs=("place_1", "place_2", "place_3"),
    remedy=lower_rates,
    share=0.3,
)
def oscillation(
    window: Window, context: TrainingContext, *, probes: int = 10, width: float = 0.33, turning: float = 0.7
) -> Symptom | None:
    """All generated images change together, back and forth, and come no closer to the real ones.

    width: in standard deviations of the real images, nearly four times what chance moves the mean of 128.
    """
    records = window.having("place_1", 2 * probes)
    now, before = records[-probes:], records[:-probes]
    if len(before) < probes // 2 or not window.far:
        return None
    path = np.array([[record.get(f"place_{i}", np.nan) for i in (1, 2, 3)] for record in now])
    wide = float(path.std(0).mean())
    turns = np.linalg.norm(path[-1] - path[0]) < turning * np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    distances = [np.median([each.get("distance", np.nan) for each in records]) for records in (before, now)]
    closer = distances[1] < PROGRESS * distances[0]
    return Symptom("place_1", wide, width) if wide > width and turns and not closer else None


@rule(
    "mode collapse",
    when="`twins` below {twins} of its floor and not growing; or images are far, `spread` is not growing, and it is "
    "below {spread} of its floor or `kinds` at most {kinds} of its floor, without progress or for {lasting} probes; "
    "only of a game, and not while `movement` and `spread` have stayed below {begun} since half the steps, nor while "
    "nothing has moved the generator",
    needs=("kinds", "spread", "twins"),
    remedy=smooth_discriminator,
)
def mode_collapse(
    window: Window,
    context: TrainingContext,
    *,
    twins: float = 0.1,
    spread: float = 0.35,
    kinds: float = 0.5,
    lasting: int = 20,
    begun: float = 0.1,
) -> Symptom | None:
    """The generator makes only a few kinds of images and leaves the others out."""

    def few(window: Window) -> Symptom | None:
        if not window.far:
            return None
        if window("spread") < spread * window("spread_floor"):
            return Symptom("spread", window("spread"), spread * window("spread_floor"), _kinds_left(window))
        left, usual = window("kinds"), window("kinds_floor")
        return Symptom("kinds", left, kinds * usual, _kinds_left(window)) if left <= kinds * usual else None

    if context.config is not None and context.config.method != "adversarial":  # it is a failure of the game
        return None
    # A generator that still draws the one image of its first weights has not begun. Unmeasured movement (NaN) passes.
    if all(when(signal) < begun for when in (window, window.halfway) for signal in ("movement", "spread")):
        return None
    # Nor one that nothing has moved. In a loop of one's own nobody knows.
    if context.config is not None and window.untouched:
        return None
    repeats = window("twins") < twins * window("twins_floor")
    if repeats and not window.growing("twins"):
        detail = f"{_kinds_left(window)}, and images repeat"
        return Symptom("twins", window("twins"), twins * window("twins_floor"), detail)
    # A single image in motion may come closer to real ones: then it takes longer to be sure.
    if window.growing("spread"):
        return None
    lasts = len(window.records) >= lasting and all(few(window.before(back)) for back in range(1, lasting - SMOOTH))
    return few(window) if window.stuck or (lasts and not window.wider) else None


def _kinds_left(window: Window) -> str:
    return f"{window('kinds'):.0f} of about {window('kinds_real'):.0f} kinds left"


@rule(
    "steps too large",
    when="images are far without progress, and `movement` is above {movement}: each probe finds other images; or "
    "images get worse, and it is above {worse}",
    needs=("movement",),
    remedy=lower_rates,
)
def steps_too_large(
    window: Window, context: TrainingContext, *, movement: float = 0.7, worse: float = 0.3
) -> Symptom | None:
    """The images of the same latent vectors change completely from probe to probe, and come no closer."""
    now = window("movement")
    if now > movement and window.far and window.stuck:
        return Symptom("movement", now, movement)
    lost = now > worse and images_get_worse.check(window, context) is not None
    return Symptom("movement", now, worse, "images get worse") if lost else None


@rule(
    "classes are not obeyed",
    when="the generator has learnt something, and `class_accuracy` has covered less than {share} of the way from "
    "chance to that of real images, where that way is above {way}; suspected where that way is below {noise}",
    needs=("class_accuracy", "class_accuracy_real", "class_accuracy_chance"),
    remedy=Remedy("check that labels and images belong together, and that both players are given the classes"),
    share=0.4,
)
def classes_are_not_obeyed(
    window: Window, context: TrainingContext, *, share: float = 0.25, way: float = 0.2, noise: float = 0.06
) -> Symptom | None:
    """The class that is asked for makes no difference to what is drawn.

    noise: three standard errors of chance among 256 images of ten classes.
    """
    chance, real = window("class_accuracy_chance"), window("class_accuracy_real")
    now, least = window("class_accuracy"), chance + share * (real - chance)
    if not window.learnt or now > max(least, chance + noise):
        return None
    if real - chance < noise:
        return Symptom("class_accuracy_real", real, chance + noise, "the labels of real images look random", proxy=True)
    return Symptom("class_accuracy", now, least) if real - chance > way and now < least else None


@rule(
    "generator makes no progress",
    finding="discriminator overpowers",
    when="`auc` above {area} and `distance` above {distance} without progress",
    needs=("auc",),
    remedy=smooth_discriminator,
)
def generator_makes_no_progress(
    window: Window, context: TrainingContext, *, area: float = 0.99, distance: float = 0.3
) -> Symptom | None:
    """The discriminator wins every time, and the generator comes no closer to the real images."""
    if gradient_vanishes.check(window, context) or generator_stalls.check(window, context):
        return None
    if context.config is not None and window.untouched:  # it has not begun
        return None
    winning = window("auc") > area and window.stuck and window("distance") > distance
    return Symptom("auc", window("auc"), area) if winning else None


@rule(
    "checkerboard",
    when="`checkerboard` above {energy:g} and `grid` above {amplitude}, and images are not far, or at most "
    f"{NEARER} times as far as at the start (in a loop of your own: and not fading)",
    needs=("checkerboard",),
    remedy=Remedy("upsample by repeating pixels before each convolution", {"generator.resampling": "pooling"}),
    share=0.4,
)
def checkerboard(
    window: Window, context: TrainingContext, *, energy: float = 25.0, amplitude: float = 0.01
) -> Symptom | None:
    """Generated images have a regular grid that real images lack, as strided convolutions leave it."""
    now = window("checkerboard")
    if window("grid") < amplitude:  # that is three levels of 255: nobody sees it
        return None
    if not window.nearer or average_far_behind.check(window, context):  # faint noise has a spectrum, too
        return None
    # Without an average of the weights, a generator has such a grid for long, and one that comes and goes.
    stays = context.config is not None or now > PROGRESS * window.halfway("checkerboard")
    return Symptom("checkerboard", now, energy) if now > energy and stays else None


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
    if not window.from_start:  # a baseline's first probe finds images that have learnt something
        return None
    hardly = window("movement") < still and not window("distance") < PROGRESS * window.at_start("distance")
    game = context.config is None or context.config.method == "adversarial"
    slow = game and spent > late and window("movement") < slowly and not window.nearer
    if not window.far or not (hardly or slow or window.as_at_start):
        return None
    detail = "images hardly change: rates are too low, or gradients clipped to nothing" if hardly or slow else ""
    return Symptom("distance", window("distance"), window.at_start("distance"), detail)


@rule(
    "images get worse",
    when=f"images are far again: `distance` is above {LEARNT} of that at the start, and above {{times:g}} times its "
    "least; and nothing else is found",
    needs=("distance", "spread"),
    remedy=lower_rates,
    fallback=True,
)
def images_get_worse(window: Window, context: TrainingContext, *, times: float = 3.0) -> Symptom | None:
    """The generator had come near the real images, and has lost what it had learnt: an earlier snapshot is better."""
    now, most = window("distance"), max(times * window.best("distance"), LEARNT * window.at_start("distance"))
    return Symptom("distance", now, most) if window.far and now > most else None


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
    if context.config is None or context.config.method != "adversarial":  # the ranges are those of games
        return None
    if context.spent(window.records[-1]) < budget:
        return None
    found = healthy.farthest_outside(window, margin=margin)
    return None if found is None else Symptom(found.quantity, found.value, found.bound, found.quantity)
