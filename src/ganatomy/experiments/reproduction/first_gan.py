"""The 2014 paper's headline: the Parzen window log-likelihood of its MNIST generator, over the epochs."""

from collections.abc import Iterator
from functools import partial

from ganatomy.config.recipes.goodfellow2014 import EPOCH
from ganatomy.evaluation.metrics.parzen import WARNING
from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import SAMPLES, Likelihood, ReproductionContext, table
from ganatomy.generators.api import load
from ganatomy.runs.run import Run

PUBLISHED = "225 ± 2"  # nats: table 1 of the paper
# Trainings: name → seed, epochs, and epochs from one point of the curve to the next.
TRAININGS = {
    "goodfellow2014-0": (0, 1_000, 25),
    "goodfellow2014-1": (1, 250, 25),
    "goodfellow2014-2": (2, 250, 25),
}


def find(context: ReproductionContext) -> Iterator[Figures]:
    """The curve of each training, of the generator as it is and of its average, and the controls.

    Raises UserError where MNIST is missing or a training is stopped.
    """
    controls = context.digits.controls(min(context.images or SAMPLES, len(context.digits.training)))
    curves: Figures = {}
    for name in TRAININGS:
        for curve in _curve(context, name):
            curves[name] = curve
            yield {"curves": curves, "controls": controls}


def parts(context: ReproductionContext) -> list[Parts]:
    """The trainings, each with its curve."""
    return [{name: partial(list, _curve(context, name)) for name in TRAININGS}]


def _curve(context: ReproductionContext, name: str) -> Iterator[Figures]:
    """A training, point by point."""
    seed, epochs, between = TRAININGS[name]
    run = Run(context.runs / name)
    settings = {
        "training.seed": seed,
        "runtime.threads": 1,
        "diagnosis.on": False,
        "log.checkpoint": between * EPOCH,
        "log.keep": 0,
        "log.snapshot": between * EPOCH,
        "log.every": EPOCH,
    }
    # From point to point, which is the same training to the bit: what is stopped leaves the curve so far.
    for epoch in range(between, epochs + 1, between):
        if epoch * EPOCH not in run.checkpoints():
            context.trained(name, context.digits.path, "goodfellow2014", settings, steps=epoch * EPOCH)
        points = [_point(context, run, step) for step in run.checkpoints() if step]
        info = run.info()
        core_seconds = info["seconds"] * (run.config().runtime.threads or info["machine"]["cores"])
        yield {"seed": seed, "core_seconds": core_seconds, "points": points}
    context.picture(name, load(run, raw=True))


def _point(context: ReproductionContext, run: Run, step: int) -> Figures:
    """The estimates at one checkpoint."""

    def make() -> Figures:
        context.console.print(f"{run.name}, epoch {step / EPOCH:g}: the Parzen window …", highlight=False)
        found = {
            kind: context.digits.likelihood(context.samples(load(run, step=step, raw=kind == "raw")))
            for kind in ("raw", "averaged")
        }
        return {"epoch": step / EPOCH, **found}

    return context.kept(run, "curve", make, step)


def show(found: Figures) -> str:
    """Where each training ended, the controls, and the curves, as Markdown."""
    curves = found["curves"]
    summary = table(
        ["training", "published", "epochs", "nats", "σ", "its averaged generator", "core hours"],
        [
            [
                f"`goodfellow2014`, seed {curve['seed']}",
                PUBLISHED,
                f"{curve['points'][-1]['epoch']:g}",
                f"**{_nats(curve['points'][-1]['raw'])}**",
                f"{curve['points'][-1]['raw']['sigma']:.3f}",
                _nats(curve["points"][-1]["averaged"]),
                f"{curve['core_seconds'] / 3600:.1f}",
            ]
            for curve in curves.values()
        ],
    )
    by_epoch = {name: {point["epoch"]: point for point in curve["points"]} for name, curve in curves.items()}
    epochs = sorted({epoch for points in by_epoch.values() for epoch in points})
    curve = table(
        ["epoch", *(f"`{name}`" for name in curves)],
        [
            [f"{epoch:g}", *(_nats(points[epoch]["raw"]) if epoch in points else "" for points in by_epoch.values())]
            for epoch in epochs
        ],
    )
    controls = "; ".join(f"{name}: {_nats(control)} nats" for name, control in found["controls"].items())
    pictures = table([f"`{name}`" for name in curves], [[f"![](reproduction/{name}.png)" for name in curves]])
    return f"""The published data split, hyperparameters and estimate (Goodfellow et al. 2014, table 1): 10,000 samples,
σ chosen on training images 50,000–51,000, mean and standard error over the 10,000 test images. The generator as it is;
beside it, its moving average, which the paper does not have. Trainings ended when their time was up, before the curve
was flat; core hours include the cost of other work that ran beside them.

The paper compares with a Deep GSN (published: 214 ± 1.1). Here it is a row of the table on MNIST, after ten minutes of
training; its authors trained it for 1,000 epochs. Their samples are 10,000 consecutive states of one chain that starts
at a test image; ours are 10,000 chains that start from noise, which is harder.

{summary}

Controls, of as many images as there are samples: {controls}.
{WARNING}

{curve}

{pictures}"""


def _nats(figures: Likelihood) -> str:
    return f"{figures['nats']:.1f} ± {figures['error']:.1f}"
