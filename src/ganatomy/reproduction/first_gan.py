"""The 2014 paper's headline: the Parzen window log-likelihood of its MNIST generator, over the epochs."""

import json

from ganatomy.metrics.parzen import WARNING
from ganatomy.recipes.goodfellow2014 import EPOCH
from ganatomy.reproduction.workshop import SAMPLES, Figures, Workshop, generator_of, table
from ganatomy.run import Run

BETWEEN = 25  # epochs from one point of the curve to the next
SEEDS = {0: 600, 1: 100, 2: 100}  # epochs of each seed


def find(shop: Workshop) -> Figures:
    """The curve of each seed, of the generator as it is and of its average, and the controls."""
    curves = {}
    for seed, epochs in SEEDS.items():
        every = {"log.checkpoint": BETWEEN * EPOCH, "log.keep": 0, "log.snapshot": BETWEEN * EPOCH, "log.every": EPOCH}
        settings = {**every, "training.seed": seed}
        name = f"goodfellow2014-{seed}"
        run = shop.trained(name, shop.digits.path, "goodfellow2014", settings, steps=epochs * EPOCH)
        curves[str(seed)] = [_point(shop, run, step) for step in sorted(run.checkpoints())]
        shop.picture(name, generator_of(run, raw=True))
    return {"curves": curves, "controls": shop.digits.controls(min(shop.images or SAMPLES, len(shop.digits.learnt)))}


def _point(shop: Workshop, run: Run, step: int) -> Figures:
    """The estimates at one checkpoint, kept in the run: they are the same ever after."""
    path = run.path / "eval" / f"parzen-{step:08d}-{shop.images or SAMPLES}.json"
    if not path.is_file():
        shop.console.print(f"{run.name}, epoch {step / EPOCH:g}: the Parzen window …", highlight=False)
        found = {
            kind: shop.digits.likelihood(shop.samples(generator_of(run, step=step, raw=kind == "raw")))
            for kind in ("raw", "averaged")
        }
        path.parent.mkdir(exist_ok=True)
        run.write_text(f"eval/{path.name}", json.dumps({"epoch": step / EPOCH, **found}))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def show(found: Figures) -> str:
    """The curve as a table, the last point of each seed first."""
    last = [(seed, points[-1]) for seed, points in found["curves"].items()]
    summary = table(
        ["seed", "epochs", "nats", "σ", "averaged generator"],
        [
            [seed, f"{point['epoch']:g}", _nats(point["raw"]), f"{point['raw']['sigma']:.3f}", _nats(point["averaged"])]
            for seed, point in last
        ],
    )
    epochs = sorted({point["epoch"] for points in found["curves"].values() for point in points})
    by_seed = {seed: {point["epoch"]: point for point in points} for seed, points in found["curves"].items()}
    curve = table(
        ["epoch", *(f"seed {seed}" for seed in by_seed)],
        [
            [f"{epoch:g}", *(_nats(points[epoch]["raw"]) if epoch in points else "" for points in by_seed.values())]
            for epoch in epochs
        ],
    )
    controls = "; ".join(f"{name}: {_nats(control)} nats" for name, control in found["controls"].items())
    pictures = " ".join(f"![seed {seed}](reproduction/goodfellow2014-{seed}.png)" for seed in by_seed)
    return f"""Published: **225 ± 2** nats (Goodfellow et al. 2014, table 1). The same data split, hyperparameters and
estimate: 10,000 samples, σ chosen on training images 50,000–51,000, mean and standard error over the 10,000 test
images. The generator as it is, not its average.

{summary}

Controls, of as many images as there are samples: {controls}.
{WARNING}

{curve}

{pictures}"""


def _nats(figures: Figures) -> str:
    return f"{figures['nats']:.1f} ± {figures['error']:.1f}"
