"""The comparisons that articles make: one pass or many, sharp or blurred, DCGAN's rules kept or broken."""

from collections.abc import Iterator
from typing import Any

from ganatomy.metrics import spectrum
from ganatomy.reproduction import mnist
from ganatomy.reproduction.rows import both
from ganatomy.reproduction.workshop import BATCH, LEARNT, Figures, Workshop, generator_of, seconds_for, table
from ganatomy.scorecard import number

GAN, RIVAL, BLURRED = "dcgan", "diffusion", "vae"  # of the table on MNIST, trained with one budget
DENOISING = (50, 1000)
TIMED = 64  # images
MINUTES = 5  # of each of DCGAN's variants
RULES: dict[str, dict[str, Any]] = {
    "the paper's rules": {},
    "no batch normalisation": both(norm="none"),
    "pooling": both(resampling="pooling"),
    "dense hidden layers": both(dense=512),
}


def find(shop: Workshop) -> Iterator[Figures]:
    """The three comparisons."""
    yield {"speed": _speed(shop), "sharpness": _sharpness(shop), "rules": _rules(shop)}


def _speed(shop: Workshop) -> Figures:
    count = min(TIMED, shop.images or TIMED)
    one = generator_of(mnist.trained(shop, GAN))
    seconds = {"1": seconds_for(one, count) / count}
    for steps in DENOISING:
        rival = generator_of(mnist.trained(shop, RIVAL), changes={"diffusion.sampling_steps": steps})
        seconds[str(steps)] = seconds_for(rival, count) / count
    return seconds


def _sharpness(shop: Workshop) -> Figures:
    real = shop.digits.learnt
    found = {}
    for recipe in (GAN, BLURRED):
        estimate = spectrum.sharpness(real, shop.samples(generator_of(mnist.trained(shop, recipe))))
        found[recipe] = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return found


def _rules(shop: Workshop) -> Figures:
    found = {}
    for name, changes in RULES.items():
        settings = {"data.first": LEARNT, **both(width=32), **changes}
        place = f"rules-{name.replace(' ', '-').replace(chr(39), '')}"
        run = shop.trained(place, shop.digits.path, "dcgan", settings, minutes=MINUTES)
        card = shop.scores(run, ["fd", "prdc"])
        shop.picture(place, generator_of(run))
        found[name] = {
            "picture": f"{place}.png",
            "steps": run.info()["step"],
            **{
                score: [card.scores[score].value, card.scores[score].low, card.scores[score].high]
                for score in card.scores
            },
        }
    return found


def show(found: Figures) -> str:
    """Three tables."""
    speed, one = found["speed"], found["speed"]["1"]
    seconds = table(
        ["", "passes an image", "seconds an image", "ratio"],
        [
            [GAN if passes == "1" else RIVAL, passes, f"{value:.2g}", f"{value / one:,.0f}"]
            for passes, value in speed.items()
        ],
    )
    sharp = table(
        ["", "energy at high frequencies, real images = 1"],
        [[name, _interval(found["sharpness"][name].values())] for name in found["sharpness"]],
    )
    rules = table(
        ["DCGAN with", "fd_lenet", "precision", "recall", "steps"],
        [
            [
                name,
                *(_interval(row[f"{score}_lenet"]) for score in ("fd", "precision", "recall")),
                f"{row['steps']:,}",
            ]
            for name, row in found["rules"].items()
        ],
    )
    pictures = table(list(found["rules"]), [[f"![](reproduction/{row['picture']})" for row in found["rules"].values()]])
    return f"""### One forward pass against many denoising steps

The `{GAN}` and `{RIVAL}` of the table on MNIST, {TIMED} images in batches of {BATCH}.

{seconds}

### Sharpness

Mean energy of the images above half of the Nyquist frequency, over that of real images (1 is as sharp as real, less is
blurred).

{sharp}

### DCGAN's rules

`dcgan` at width 32 on MNIST, {MINUTES} minutes each, with one of its rules broken.

{rules}

{pictures}"""


def _interval(values: Any) -> str:
    value, low, high = values
    return f"{number(value)} [{number(low)}, {number(high)}]"
