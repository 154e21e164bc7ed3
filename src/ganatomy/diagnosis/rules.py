"""Every finding, one rule each (one has two), causes before their effects.

Losses alone decide nothing: signals are compared with what real images score against real ones (the floors), with
chance, or with the objective's equilibrium. `monitor` decides how long a rule must hold.
"""

import numpy as np

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.data import FEWEST
from ganatomy.diagnosis.remedies import (
    AUGMENT,
    Remedy,
    balance_rates,
    bound_slope,
    lower_rates,
    smooth_discriminator,
)
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.window import PROGRESS, SMOOTH, Window


@rule(
    "data cannot work",
    when=f"before the first step: fewer than {FEWEST} images, all images alike, each of one plain colour, or (for a "
    "training by class) all of one class",
    remedy=Remedy("look at the data first", command="ganatomy data inspect"),
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
    when="real images reach beyond ±{outer}, or stay above {low} or below {high}; in a loop of your own: generated "
    "images leave the real ones' range by {excess} of its width",
    needs=("low_real", "high_real"),
    remedy=Remedy("scale the real images to the generator's range, [−1, 1] behind a tanh"),
    probes=2,
    share=0,
)
def wrong_range(
    window: Window,
    context: TrainingContext,
    *,
    outer: float = 1.05,
    low: float = -0.25,
    high: float = 0.25,
    excess: float = 0.3,
) -> Symptom | None:
    """Real images do not fill the generator's range, so brightness alone tells generated images from them."""
    darkest, brightest = window("low_real"), window("high_real")
    detail = f"real images are in [{darkest:.2g}, {brightest:.2g}]"
    if context.config is not None:  # networks of ours draw in [−1, 1]
        if max(-darkest, brightest) > outer:
            return Symptom("high_real", max(-darkest, brightest), outer, detail)
        if darkest > low:
            return Symptom("low_real", darkest, low, detail)
        return Symptom("high_real", brightest, high, detail) if brightest < high else None
    beyond = max(darkest - window("low"), window("high") - brightest) / max(brightest - darkest, 1e-12)
    return Symptom("low", beyond, excess, detail) if beyond > excess else None


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
    "generator stands still",
    when="`movement` below {movement:.0e}, and `response` above {response} of that at equilibrium",
    needs=("movement", "response"),
    remedy=Remedy("look for detached images, or for parameters that the generator's optimiser does not hold"),
)
def generator_stands_still(
    window: Window, context: TrainingContext, *, movement: float = 1e-9, response: float = 0.05
) -> Symptom | None:
    """The loss asks the generator to change, and its images stay the same to the last bit."""
    rest = context.equilibrium
    pushed = rest is None or window("response") > response * rest.response
    return Symptom("movement", window("movement"), movement) if window("movement") < movement and pushed else None


@rule(
    "batch statistics leak",
    when="`auc_mixed` above `auc` by more than {margin}",
    needs=("auc", "auc_mixed"),
    remedy=Remedy(
        "give the discriminator real and generated images in separate batches", {"discriminator.norm": "none"}
    ),
)
def batch_statistics_leak(window: Window, context: TrainingContext, *, margin: float = 0.3) -> Symptom | None:
    """The discriminator tells real from generated images only where they share a batch: by its statistics."""
    mixed, apart = window("auc_mixed"), window("auc")
    return Symptom("auc_mixed", mixed, apart + margin) if mixed - apart > margin else None


@rule(
    "discriminator learns nothing",
    when="`distance` above {distance} without progress, and `auc` below {chance}, which is chance",
    needs=("auc", "distance"),
    remedy=balance_rates,
)
def discriminator_learns_nothing(
    window: Window, context: TrainingContext, *, distance: float = 0.5, chance: float = 0.61
) -> Symptom | None:
    """Generated images are far from real ones, yet score as high: the discriminator teaches the generator nothing.

    chance: three standard errors of the area above ½, 128 scores of each kind (Mann & Whitney 1947).
    """
    far = window("distance") > distance and window.stuck
    return Symptom("auc", window("auc"), chance) if far and window("auc") < chance else None


@rule(
    "output saturates",
    when="`saturated` above that of real images by more than {margin} (not for diffusion)",
    needs=("saturated", "saturated_real"),
    remedy=lower_rates,
)
def output_saturates(window: Window, context: TrainingContext, *, margin: float = 0.5) -> Symptom | None:
    """Far more generated than real pixels are at the ends of the range, where a tanh passes no gradient."""
    if context.config is not None and context.config.method == "diffusion":  # its generator ends in no tanh
        return None
    here, real = window("saturated"), window("saturated_real")
    return Symptom("saturated", here, real + margin) if here - real > margin else None


@rule(
    "generator stalls",
    finding="discriminator overpowers",
    when="`auc` above {area} while images are far, and `response` below {response} of that at equilibrium, or "
    "`movement` below {movement} without progress",
    needs=("auc", "movement", "response"),
    remedy=balance_rates,
)
def generator_stalls(
    window: Window, context: TrainingContext, *, area: float = 0.97, response: float = 0.1, movement: float = 0.05
) -> Symptom | None:
    """The discriminator wins every time, and the generator learns nothing from it any more."""
    if not (window("auc") > area and window.far):
        return None
    rest = context.equilibrium
    if rest is not None and window("response") < (least := response * rest.response):
        return Symptom("response", window("response"), least, "the generator's gradient vanishes")
    hardly = window("movement") < movement and window.stuck
    return Symptom("movement", window("movement"), movement) if hardly else None


@rule("memorisation", when="`copies` below {copies}", needs=("copies",), remedy=AUGMENT)
def memorisation(window: Window, context: TrainingContext, *, copies: float = 0.6) -> Symptom | None:
    """Generated images are closer to training images than new real images are: they are copies."""
    return Symptom("copies", window("copies"), copies) if window("copies") < copies else None


@rule(
    "discriminator overfits",
    when="`auc_memory` above {memory}; without held-out images: `sign` above {sign} and `auc` above {area} without "
    "progress, after {passes} passes over the data",
    needs=("auc", "sign"),
    remedy=AUGMENT,
)
def discriminator_overfits(
    window: Window,
    context: TrainingContext,
    *,
    memory: float = 0.7,
    sign: float = 0.9,
    area: float = 0.95,
    passes: int = 50,
) -> Symptom | None:
    """The discriminator has memorised its training images: it scores them above real images that it never saw."""
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
    "latent code ignored",
    when="`latent` below {latent}",
    needs=("latent",),
    remedy=Remedy("check that the latent vector reaches the generator; train without classes to compare"),
)
def latent_code_ignored(window: Window, context: TrainingContext, *, latent: float = 0.1) -> Symptom | None:
    """The class alone decides the image: the latent vector makes no difference."""
    return Symptom("latent", window("latent"), latent) if window("latent") < latent else None


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
    now, before = window.records[-probes:], window.records[-2 * probes : -probes]
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
    when="`twins` below {twins} of its floor and not growing; or images are far, and `spread` below {spread} of its "
    "floor or `kinds` at most {kinds} of its floor, without progress or for {lasting} probes; not while `movement` and "
    "`spread` have stayed below {begun} since half the steps",
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

    # A generator that still draws the one image of its first weights has not begun. Unmeasured movement (NaN) passes.
    if all(when(signal) < begun for when in (window, window.halfway) for signal in ("movement", "spread")):
        return None
    repeats = window("twins") < twins * window("twins_floor")
    if repeats and not window("twins") > window.halfway("twins") / PROGRESS:
        detail = f"{_kinds_left(window)}, and images repeat"
        return Symptom("twins", window("twins"), twins * window("twins_floor"), detail)
    # A single image in motion may come closer to real ones: then it takes longer to be sure.
    lasts = len(window.records) >= lasting and all(few(window.before(back)) for back in range(1, lasting - SMOOTH))
    return few(window) if window.stuck or (lasts and not window.wider) else None


def _kinds_left(window: Window) -> str:
    return f"{window('kinds'):.0f} of about {window('kinds_real'):.0f} kinds left"


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
    if generator_stalls.check(window, context):
        return None
    winning = window("auc") > area and window.stuck and window("distance") > distance
    return Symptom("auc", window("auc"), area) if winning else None


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
    "checkerboard",
    when="`checkerboard` above {energy:g} (in a loop of your own: and not fading)",
    needs=("checkerboard",),
    remedy=Remedy("upsample by repeating pixels before each convolution", {"generator.resampling": "pooling"}),
    share=0.4,
)
def checkerboard(window: Window, context: TrainingContext, *, energy: float = 25.0) -> Symptom | None:
    """Generated images have a regular grid that real images lack, as strided convolutions leave it."""
    now = window("checkerboard")
    # Without an average of the weights, a generator has such a grid for long, and one that comes and goes.
    stays = context.config is not None or now > PROGRESS * window.halfway("checkerboard")
    return Symptom("checkerboard", now, energy) if now > energy and stays else None
