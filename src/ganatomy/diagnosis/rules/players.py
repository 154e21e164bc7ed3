"""Findings about the two players: what they learn from each other, and whether they keep what they should."""

import numpy as np

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.remedies import AUGMENT, Remedy, balance_rates, bound_slope, lower_rates
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.window import FAR, PROGRESS, Window


@rule(
    "labels swapped",
    when="`auc` below {area}, and yet the discriminator's loss is below {content} of its equilibrium (a critic's below "
    "{critic_loss}); without a known equilibrium or loss, `sign` below {sign}; not while batch statistics leak",
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
    if batch_statistics_leak.check(window, context):  # it scores well in the batches that it is trained with
        return None
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
    when="images are far, `twins` is not 0, and `auc` is below {chance}, which is chance, while `distance` is above "
    "{distance} without progress (not while images are as at the start and `movement` is below {idle:g}), or below "
    "{wrong} and never was above chance; or images are far, `auc` is below {chance}, and `push` is 0",
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
    if window("twins") == 0:  # it is outwitted by a few images, which is the finding then
        return None
    if window("auc") < wrong and window.highest_auc < chance and not labels_swapped.check(window, context):
        return Symptom("auc", window("auc"), wrong)
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
