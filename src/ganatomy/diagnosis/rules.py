"""Every finding, one rule each: which signals it needs, when it is true, what it means and which remedy helps.

A rule is a pure function of a window, the looks at a training up to one step, and of the facts. Losses
alone say nothing; signals are compared with what real images score against real ones (the floors), with chance, or with
the equilibrium of the objective. How long a rule must hold before it is said is the business of `watch`.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np

from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.remedies import Remedy, augmented, bounded, calmer, own_rates, said, smoother

SMOOTH = 3  # looks whose median counts: one look is noisy
PROGRESS = 0.85  # what is missing to the real images now, over that at half the time: below, something is being learnt


class Window(NamedTuple):
    """The looks up to a step, oldest first: signals by name, and what the same record says of losses and scores."""

    looks: Sequence[Mapping[str, float]]

    def __call__(self, name: str) -> float:
        """The median over the last three looks; NaN where the signal is not there."""
        return self._around(name, len(self.looks) - SMOOTH)

    def halfway(self, name: str) -> float:
        """The same at half the steps."""
        place = bisect_left(self.looks, self.looks[-1]["step"] / 2, key=lambda look: look["step"])
        return self._around(name, place - SMOOTH // 2)

    def before(self, looks: int) -> "Window":
        """The end of the window that was so many looks ago: enough for medians, not for `halfway`."""
        return Window(self.looks[-looks - SMOOTH : -looks])

    def _around(self, name: str, first: int) -> float:
        found = [look[name] for look in self.looks[max(first, 0) : max(first, 0) + SMOOTH] if name in look]
        return median(found) if found else float("nan")

    @property
    def wider(self) -> bool:
        """Whether generated images lack less of real ones' variety than at half the time."""
        now, then = (max(1 - spread, 0.0) for spread in (self("spread"), self.halfway("spread")))
        return now < PROGRESS * then

    @property
    def stuck(self) -> bool:
        """Whether generated images are neither nearer to real ones nor more varied than at half the time."""
        return not self.wider and not self("distance") < PROGRESS * self.halfway("distance")

    @property
    def far(self) -> bool:
        """Whether generated images can be told from real ones: real ones are never so far from each other by chance."""
        return self("distance") > max(5 * self("distance_floor"), 0.15)


class Evidence(NamedTuple):
    """Why a rule holds: a signal, its value, and where the line is; detail goes behind the finding's name."""

    signal: str
    value: float
    threshold: float
    detail: str = ""
    proxy: bool = False  # the best signal was not there, and a weaker one stands for it


@dataclass(frozen=True)
class Rule:
    """One finding.

    name     what it is called
    needs    signals without which it is not asked
    holds    Evidence where it is true at the end of a window
    meaning  one sentence
    remedy   what helps, given the facts
    looks    how many in a row it must hold for
    share    and for which share of the training so far: what passes by itself is no finding
    """

    name: str
    needs: tuple[str, ...]
    holds: Callable[[Window, Facts], Evidence | None]
    meaning: str
    remedy: Callable[[Facts], Remedy]
    looks: int = 6
    share: float = 0.2


def not_finite(window: Window, facts: Facts) -> Evidence | None:
    """A number was infinite or none, or the scores have left every bound."""
    before = window.looks[-RECENT - 1].get("roll_backs", 0.0) if len(window.looks) > RECENT else 0.0
    now = window.looks[-1].get("roll_backs", 0.0)
    if now > before:
        return Evidence("roll_backs", now, 1.0)
    size = window("score_size")
    exploding = size > SCORES and not facts.critic  # a critic's scores have no scale but its slope
    return Evidence("score_size", size, SCORES, "scores explode") if exploding else None


RECENT = 5  # looks after a roll-back until it is past
SCORES = 1000.0  # |score|: no objective has a use for more


def wrong_range(window: Window, facts: Facts) -> Evidence | None:
    """Real images are not in the generator's range: for our networks [−1, 1], for others that of their own images."""
    low, high = window("low_real"), window("high_real")
    detail = f"real images are in [{low:.2g}, {high:.2g}]"
    if facts.config is not None:
        if max(-low, high) > 1.05:
            return Evidence("high_real", max(-low, high), 1.05, detail)
        if low > -0.25:
            return Evidence("low_real", low, -0.25, detail)
        return Evidence("high_real", high, 0.25, detail) if high < 0.25 else None
    beyond = max(low - window("low"), window("high") - high) / max(high - low, 1e-12)
    return Evidence("low", beyond, 0.3, detail) if beyond > 0.3 else None


def saturates(window: Window, facts: Facts) -> Evidence | None:
    """Many more pixels at the ends of the range than real images have, from a generator that ends in a tanh."""
    if facts.config is not None and facts.config.method == "diffusion":
        return None
    more = window("saturated") - window("saturated_real")
    return Evidence("saturated", window("saturated"), window("saturated_real") + 0.5) if more > 0.5 else None


def swapped(window: Window, facts: Facts) -> Evidence | None:
    """Real images score below generated ones, and the discriminator is content: its loss is below the equilibrium's."""
    area, sides = window("auc"), window("sign")
    if facts.equilibrium is not None and np.isfinite(loss := window("loss/discriminator")):
        content = loss < min(0.5 * facts.equilibrium.discriminator, -0.1 if facts.critic else np.inf)
    else:
        content = sides < -0.9 or bool(np.isnan(sides))
    return Evidence("auc", area, 0.1) if area < 0.1 and content else None


def still(window: Window, facts: Facts) -> Evidence | None:
    """The generator is told to move and does not."""
    told = facts.equilibrium is None or window("response") > 0.05 * facts.equilibrium.response
    return Evidence("movement", window("movement"), 1e-9) if window("movement") < 1e-9 and told else None


def stalled(window: Window, facts: Facts) -> Evidence | None:
    """Real and generated images are told apart without effort, and the generator hardly moves or hardly hears of it."""
    if not (window("auc") > 0.97 and window.far):
        return None
    if facts.equilibrium is not None and window("response") < (line := 0.1 * facts.equilibrium.response):
        return Evidence("response", window("response"), line, "the generator's gradient vanishes")
    hardly = window("movement") < 0.05 and window.stuck
    return Evidence("movement", window("movement"), 0.05) if hardly else None


def overpowered(window: Window, facts: Facts) -> Evidence | None:
    """Real and generated images are told apart without effort, and the generator makes no progress."""
    if stalled(window, facts):
        return None
    winning = window("auc") > 0.99 and window.stuck and window("distance") > 0.3
    return Evidence("auc", window("auc"), 0.99) if winning else None


def learns_nothing(window: Window, facts: Facts) -> Evidence | None:
    """Generated images are far from real ones, and their scores are no lower: at equilibrium they would be near."""
    far = window("distance") > 0.5 and window.stuck
    return Evidence("auc", window("auc"), CHANCE) if far and window("auc") < CHANCE else None


CHANCE = 0.61  # three standard errors of the area above ½, 128 scores of each kind (Mann & Whitney 1947)


def overfits(window: Window, facts: Facts) -> Evidence | None:
    """Training images score above real images that were not learnt from."""
    if np.isfinite(known := window("auc_memory")):
        return Evidence("auc_memory", known, 0.7) if known > 0.7 else None
    # Without such images: as ADA's r_t, where there are few images, each seen often, and nothing is gained any more.
    seen = facts.images is not None and window.looks[-1].get("images", 0.0) > 50 * facts.images
    certain = window("sign") > 0.9 and window("auc") > 0.95 and seen and window.stuck
    return Evidence("sign", window("sign"), 0.9, proxy=True) if certain else None


def memorised(window: Window, facts: Facts) -> Evidence | None:
    """Generated images are nearer to training images than new real images are."""
    return Evidence("copies", window("copies"), 0.6) if window("copies") < 0.6 else None


def unbounded(window: Window, facts: Facts) -> Evidence | None:
    """The critic's slope is not what a distance needs."""
    slope = window("slope")
    if facts.clipped:
        at_clip = window("at_clip")
        return Evidence("at_clip", at_clip, 0.9, "weights are at their bounds") if at_clip > 0.9 else None
    return Evidence("slope", slope, 4.0) if facts.critic and slope > 4 else None


def collapsed(window: Window, facts: Facts) -> Evidence | None:
    """Few kinds of real images are left among the generated ones, or the images hardly differ from each other."""
    # Where nobody measures movement (NaN), every generator has begun.
    if all(when(signal) < BEGUN for when in (window, window.halfway) for signal in ("movement", "spread")):
        return None
    if repeats(window) and not window("twins") > window.halfway("twins") / PROGRESS:
        detail = f"{_left(window)}, and the same images again"
        return Evidence("twins", window("twins"), 0.1 * window("twins_floor"), detail)
    # A single image in motion may come nearer to real ones: then it takes longer to say.
    lasts = len(window.looks) >= LASTING and all(_few(window.before(back)) for back in range(1, LASTING - SMOOTH))
    return _few(window) if window.stuck or (lasts and not window.wider) else None


def _few(window: Window) -> Evidence | None:
    left, usual = window("kinds"), window("kinds_floor")
    if not window.far:
        return None
    if window("spread") < 0.35 * window("spread_floor"):
        return Evidence("spread", window("spread"), 0.35 * window("spread_floor"), _left(window))
    return Evidence("kinds", left, usual / 2, _left(window)) if left <= usual / 2 else None


def _left(window: Window) -> str:
    return f"{window('kinds'):.0f} of about {window('kinds_real'):.0f} kinds left"


def latent_ignored(window: Window, facts: Facts) -> Evidence | None:
    """Images of one class are all alike, whatever the latent vector."""
    return Evidence("latent", window("latent"), 0.1) if window("latent") < 0.1 else None


def leaks(window: Window, facts: Facts) -> Evidence | None:
    """The discriminator tells real from generated only where they share its batch statistics."""
    more = window("auc_mixed") - window("auc")
    return Evidence("auc_mixed", window("auc_mixed"), window("auc") + 0.3) if more > 0.3 else None


def differs(window: Window, facts: Facts) -> Evidence | None:
    """The generator's images in evaluation are others than in training."""
    return Evidence("gap", window("gap"), 0.35) if window("gap") > 0.35 else None


def gridded(window: Window, facts: Facts) -> Evidence | None:
    """Energy at the frequencies of strides stands out as it does not in real images."""
    pattern = window("checkerboard")
    # A generator without an average has such a grid for long, and one that comes and goes.
    stays = facts.config is not None or pattern > PROGRESS * window.halfway("checkerboard")
    return Evidence("checkerboard", pattern, 25.0) if pattern > 25 and stays else None


def oscillates(window: Window, facts: Facts) -> Evidence | None:
    """All images move together, far and back again, and come no nearer to the real ones."""
    now, before = window.looks[-LONG:], window.looks[-2 * LONG : -LONG]
    if len(before) < LONG // 2 or not window.far:
        return None
    path = np.array([[look.get(f"place_{i}", np.nan) for i in (1, 2, 3)] for look in now])
    wide = float(path.std(0).mean())
    turning = np.linalg.norm(path[-1] - path[0]) < 0.7 * np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    distances = [np.median([look.get("distance", np.nan) for look in looks]) for looks in (before, now)]
    nearer = distances[1] < PROGRESS * distances[0]
    return Evidence("place_1", wide, WIDE) if wide > WIDE and turning and not nearer else None


def repeats(window: Window) -> bool:
    """Whether generated images are there twice, and real ones are not."""
    return window("twins") < 0.1 * window("twins_floor")


WIDE = 0.33  # standard deviations of the real images: nearly four times what chance moves the mean of 128
LONG = 10  # looks over which a path is judged
LASTING = 20  # looks at which few kinds were left
BEGUN = 0.1  # a generator that has only drawn the one image of its first weights moves and varies less


RULES = (
    Rule(
        "not finite",
        (),
        not_finite,
        "A loss or gradient was infinite or not a number, or scores grow without bound: the training diverges.",
        calmer,
        looks=1,
        share=0,
    ),
    Rule(
        "wrong range",
        ("low_real", "high_real"),
        wrong_range,
        "Real images do not fill the range that the generator draws in, so that shades alone give it away.",
        said("scale the real images to the generator's range, [−1, 1] behind a tanh"),
        looks=2,
        share=0,
    ),
    Rule(
        "labels swapped",
        ("auc",),
        swapped,
        "The discriminator learns to call real images generated: the generator is driven away from the data.",
        said("look for exchanged labels, or a wrong sign, in the discriminator's loss"),
    ),
    Rule(
        "generator stands still",
        ("movement", "response"),
        still,
        "The discriminator's judgement asks the generator to change, and its images stay the same to the last bit.",
        said("look for detached images or a generator that its optimiser does not hold"),
    ),
    Rule(
        "batch statistics leak",
        ("auc", "auc_mixed"),
        leaks,
        "The discriminator judges an image by its company: only where real and generated images share a batch.",
        said("give the discriminator real and generated images as batches of their own", discriminator__norm="none"),
    ),
    Rule(
        "discriminator learns nothing",
        ("auc", "distance"),
        learns_nothing,
        "Generated images are nothing like real ones, and the discriminator scores them as high: it teaches nothing.",
        own_rates,
    ),
    Rule(
        "output saturates",
        ("saturated", "saturated_real"),
        saturates,
        "Far more generated pixels than real ones are at the ends of the range, where a tanh passes no gradient.",
        calmer,
    ),
    Rule(
        "discriminator overpowers",
        ("auc", "movement", "response"),
        stalled,
        "The discriminator wins every time, and the generator has nothing to learn from it any more.",
        own_rates,
    ),
    Rule(
        "memorisation",
        ("copies",),
        memorised,
        "Generated images are nearer to training images than new real images are: they are copies.",
        augmented,
    ),
    Rule(
        "discriminator overfits",
        ("auc", "sign"),
        overfits,
        "The discriminator knows its training images by heart: it trusts them more than real images that it never saw.",
        augmented,
    ),
    Rule(
        "Lipschitz constraint not held",
        ("slope",),
        unbounded,
        "The critic is too steep for its scores to mean a distance, and the generator's gradient grows with it.",
        bounded,
    ),
    Rule(
        "latent code ignored",
        ("latent",),
        latent_ignored,
        "The class alone decides the image: the latent vector makes no difference.",
        said("look whether the latent vector reaches the generator; train without classes to compare"),
    ),
    Rule(
        "oscillation",
        ("place_1", "place_2", "place_3"),
        oscillates,
        "All generated images change together, to and fro, and come no nearer to the real ones.",
        calmer,
        share=0.3,
    ),
    Rule(
        "mode collapse",
        ("kinds", "spread", "twins"),
        collapsed,
        "The generator makes a few kinds of images only, and leaves others out.",
        smoother,
    ),
    Rule(
        "discriminator overpowers",
        ("auc",),
        overpowered,
        "The discriminator wins every time, and the generator comes no nearer to the real images.",
        smoother,
    ),
    Rule(
        "train and eval differ",
        ("gap",),
        differs,
        "In evaluation the generator draws other images than in training: its running statistics are not those of its "
        "batches.",
        said("train longer or with larger batches, or without batch normalisation", generator__norm="none"),
    ),
    Rule(
        "checkerboard",
        ("checkerboard",),
        gridded,
        "Generated images have a regular grid, as strided convolutions leave it, that real images have not.",
        said("enlarge by repeated pixels before a convolution", generator__resampling="pooling"),
        share=0.4,
    ),
)
