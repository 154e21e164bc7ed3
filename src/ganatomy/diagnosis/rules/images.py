"""Findings about generated images: effects, where none of the causes is found."""

import numpy as np

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.remedies import Remedy, lower_rates, smooth_discriminator
from ganatomy.diagnosis.rule import Symptom, rule
from ganatomy.diagnosis.rules.players import average_far_behind, generator_stalls, gradient_vanishes
from ganatomy.diagnosis.window import NEARER, PROGRESS, SMOOTH, Window


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

    if not context.game:  # it is a failure of the game
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
    return Symptom("movement", now, worse, "images get worse") if now > worse and window.worse else None


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
