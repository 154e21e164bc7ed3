"""Mode collapse on digits: one image for every z, and later another one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.experiments.claims.digits import lenet_features, some_digits
from ganatomy.experiments.claims.listing import JudgedImages, train
from ganatomy.experiments.claims.pictures import BLUE, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.method import Method

RATES = {"a tenth as fast": 2e-4, "half as fast": 1e-3}  # the discriminator's; the generator's is 2e-3
LAST, TIMES = 1000, 20  # generator steps, and how often images are looked at


def plain_dcgan(seed: int, discriminator_rate: float) -> Method:
    """The recipe `digits`, smaller, without batch normalisation in the discriminator, at that learning rate."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change
    from ganatomy.system.runtime import Runtime

    settings = {
        "generator.width": 16,
        "discriminator.width": 16,
        "discriminator.norm": "none",
        "discriminator_optimiser.learning_rate": discriminator_rate,
        "training.seed": seed,
        "runtime.convolution": "native",
    }
    return build.method(change(recipe("digits"), settings), (1, 28, 28), Runtime())


def kinds(images: JudgedImages) -> float:
    """How many classes of digits there are among images: the exponential of the entropy of their shares, 1 to 10."""
    probabilities = lenet_features(images.pixels).probabilities
    assert probabilities is not None
    shares = np.bincount(probabilities.argmax(1), minlength=10) / len(probabilities)
    return float(np.exp(-(shares[shares > 0] @ np.log(shares[shares > 0]))))


def mean_image(images: JudgedImages) -> np.ndarray:
    """[28, 28], from −1 to 1."""
    return np.asarray(images.pixels[..., 0].mean(0) / 127.5 - 1)


def names_collapse(training: dict[int, JudgedImages], real: np.ndarray) -> bool:
    """Whether the diagnosis, which is shown images [N, 28, 28, 1] and nothing else, finds mode collapse."""
    from ganatomy.diagnosis.loop import Diagnosis

    diagnosis = Diagnosis()
    for step, images in training.items():
        diagnosis.observe(step, real=real.transpose(0, 3, 1, 2), fake=images.pixels.transpose(0, 3, 1, 2))
    return any(finding.name == "mode collapse" for finding in diagnosis.findings())


@register_claim(
    "collapsed-digits",
    place=10.5,
    sentence="Mode collapse on digits: a generator that learns ten times as fast as a plain discriminator draws "
    "nearly the same image for every z, and another one a while later. With a faster discriminator it draws many.",
    source="Goodfellow et al. 2014, section 6; Metz et al. 2017 (arXiv:1611.02163), section 3.1",
    criteria={
        "collapsed: spread of the images / of real ones, second half": Criterion("near 0", high=0.35),
        "collapsed: move of the mean image / spread of the images": Criterion("more than 1", low=1.0),
        "collapsed: kinds of digits, of 10": Criterion("one or few", high=4.0),
        "collapsed: mode collapse is diagnosed (1: yes)": Criterion("1", low=1.0),
        "faster discriminator: spread of the images / of real ones": Criterion("about 1", low=0.6),
        "faster discriminator: kinds of digits, of 10": Criterion("most", low=6.0),
        "faster discriminator: mode collapse is diagnosed (1: yes)": Criterion("0", high=0.0),
    },
    lesson=Lesson(
        "What does a generator draw that is too fast for its discriminator?",
        "A generator of digits learns ten times as fast as its discriminator. What does it draw?",
        ["All digits, only sooner", "The same image for every z, and later another", "Nothing but noise"],
        1,
        "Whatever image the discriminator takes for real at the moment is the best answer to every z. By the time it "
        "has learnt to reject it, the generator has moved on to another. The images are no good digits, either: they "
        "please a discriminator that knows little.",
    ),
)
def _collapsed_digits(trial: ClaimTrial) -> Outcome:
    """The same networks, images and seed; only D's learning rate differs. 0.35 is the bound of the diagnosis, too."""
    pixels = some_digits(1000)
    features, last = lenet_features(pixels).features, trial.size(LAST, 800)
    every = max(last // TIMES, 5)
    trainings = {name: train(plain_dcgan(trial.seed, rate), last, every, features) for name, rate in RATES.items()}
    collapsed, control = trainings.values()
    late = [images for step, images in collapsed.items() if step > last // 2]
    real = (pixels / 127.5 - 1).std(0).mean().item()
    moves = [np.abs(mean_image(b) - mean_image(a)).mean() / b.spread for a, b in pairwise(late)]

    def draw(figure: Figure) -> None:
        shown = [step for step in collapsed if step > last // 2][::2]
        for panel, (name, training) in zip(panels(figure, 2, 1), trainings.items(), strict=True):
            panel.suptitle(f"D learns {name} as G: nine images at a time", color=RED if training is collapsed else BLUE)
            for axes, step in zip(panel.subplots(1, len(shown)), shown, strict=True):
                tiles = training[step].pixels[:9, :, :, 0].reshape(3, 3, 28, 28)
                axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(84, 84), cmap="gray", vmin=0, vmax=255)
                axes.set(xticks=[], yticks=[], xlabel=f"step {step:,}")

    figures = {
        "collapsed: spread of the images / of real ones, second half": max(images.spread for images in late) / real,
        "collapsed: move of the mean image / spread of the images": float(np.median(moves)),
        "collapsed: kinds of digits, of 10": float(np.median([kinds(images) for images in late])),
        "collapsed: mode collapse is diagnosed (1: yes)": float(names_collapse(collapsed, pixels)),
        "faster discriminator: spread of the images / of real ones": control[last].spread / real,
        "faster discriminator: kinds of digits, of 10": kinds(control[last]),
        "faster discriminator: mode collapse is diagnosed (1: yes)": float(names_collapse(control, pixels)),
    }
    return Outcome(figures, draw)
