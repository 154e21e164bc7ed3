"""The steps that train on the packaged digits, and look at what was trained."""

import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from importlib.util import find_spec
from math import nan
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ganatomy.diagnosis import wording
from ganatomy.diagnosis.reading import diagnose_run
from ganatomy.errors import UserError
from ganatomy.evaluation import api as evaluation
from ganatomy.experiments.claims.digits import grey_ink, halfway, some_digits
from ganatomy.generators import api as sampling
from ganatomy.generators.export import api as exporting
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, encoded, enlarge, grid, picture
from ganatomy.runs.run import Run, free_name
from ganatomy.system.files import cache_folder
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training
from ganatomy.web.studio.course.frame import Experiment, Finished, Picture, StepFrame, runs_step
from ganatomy.web.studio.course.trainings import DATA, DIFFUSION, FIRST, STRONG, VAE, CourseTraining

# One thread leaves the other core to the browser; and what is not measured at the start is the same every time.
RUNTIME = {"runtime.threads": 1, "runtime.precision": "float32", "runtime.convolution": "native"}
SIDE, WALK, PAIRS = 6, 25, 200  # images in a row, of a walk, and pairs halfway between which there is one
MEASURED, COMPARED = 2000, 16  # images for a score, and drawn by both programs


def folder() -> Path:
    """Where the course keeps its runs, so that no step trains twice."""
    return cache_folder() / "course"


def trained(chosen: CourseTraining, seed: int) -> Generator[StepFrame, None, Run]:
    """The run of a training of the course: kept from before, or trained now, shown while it learns.

    It trains in a thread, and stops when nobody asks for its frames any more. Raises UserError where it fails.
    """
    runs, name = folder(), chosen.folder(seed)
    kept = Run(runs / name)
    if kept.info().get("status") == "finished":
        return kept
    steps = chosen.settings["training.steps"]
    every = {"log.snapshot": max(steps // chosen.pictures, 1), "log.checkpoint": steps, "training.minutes": None}
    settings = {**RUNTIME, **every, **chosen.settings, "training.seed": seed}
    run = Run(runs / (free_name(name, runs) if kept.path.exists() else name))  # one that was stopped stays as it is
    errors = list[BaseException]()

    def train() -> None:
        try:
            quiet = Terminal(quiet=True)
            training.train(DATA, recipe=chosen.recipe, settings=settings, name=run.name, runs=runs, console=quiet)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    shown = -1
    try:
        while thread.is_alive():
            thread.join(0.2)
            newest = max(run.snapshots().items(), default=(-1, Path()))
            if newest[0] > shown:
                shown = newest[0]
                words = f"{chosen.recipe}: step {shown} of {steps}"
                yield StepFrame(words, pictures=(Picture(f"{chosen.recipe}, step {shown}", newest[1].read_bytes()),))
    finally:
        while thread.is_alive():  # a training forgets requests that it finds at its start
            run.request(stop=True)
            thread.join(1.0)
    for error in errors:
        raise error if isinstance(error, UserError) else UserError(f"The training failed: {error}.") from error
    return run


@runs_step("digits")
def digits(seed: int) -> Experiment:
    """Train on the digits, and read what D says in the end."""
    run = yield from trained(FIRST, seed)
    yield _drawn("What the generator draws now", sampling.load(run))
    records = [record for record in run.records() if "probability/real" in record][-5:]
    real, fake = (float(np.mean([record[f"probability/{kind}"] for record in records])) for kind in ("real", "fake"))
    return Finished({"real": real, "fake": fake}, wording.sentence(diagnose_run(run)))


@runs_step("strong")
def strong(seed: int) -> Experiment:
    """Train with a discriminator that is too strong for the minimax loss, and diagnose it."""
    run = yield from trained(STRONG, seed)
    yield _drawn("What the generator draws now", sampling.load(run))
    last = run.records()[-1]
    monitor = diagnose_run(run)
    figures = {
        "fake": last["probability/fake"],
        "gradient": monitor.records[-1]["response"],
        "ill": float(monitor.state == "ill"),
    }
    return Finished(figures, wording.sentence(monitor))


@runs_step("walk")
def walk(seed: int) -> Experiment:
    """From one seed to another in latent space, and in pixels; and how much of what is drawn halfway is grey."""
    run = yield from trained(FIRST, seed)
    sampler = sampling.load(run)
    a, b = sampler.latents([3, 9])
    between = sampler.images(sampler.prior.between(a, b, torch.linspace(0, 1, WALK)))
    for i, share in enumerate(np.linspace(0, 1, WALK)):
        mixed = ((1 - share) * between[0] + share * between[-1]).round().astype(np.uint8)
        pictures = (Picture("Latent space: G(z)", _png(between[i])), Picture("Pixels: one image fades", _png(mixed)))
        yield StepFrame(f"{share:.0%} of the way", pictures=pictures)
    return Finished({name: grey_ink(pixels) for name, pixels in halfway(sampler, PAIRS).items()})


@runs_step("measure")
def measure(seed: int) -> Experiment:
    """Score the generator, and real digits against real digits."""
    run = yield from trained(FIRST, seed)
    drawn = sampling.load(run).sample(range(SIDE**2))
    pictures = (_sheet("Generated", drawn), _sheet("Real", some_digits(SIDE**2)))
    yield StepFrame(f"Measuring {MEASURED} images …", pictures=pictures)
    card = evaluation.evaluate(run, metrics=["fd"], n=MEASURED)
    name, score = next(iter(card.scores.items()))
    low, high, floor = (nan if each is None else each for each in (score.low, score.high, score.floor))
    return Finished({"value": score.value, "low": low, "high": high, "floor": floor}, f"{name}: {score}")


@runs_step("others")
def others(seed: int) -> Experiment:
    """A GAN, a VAE and a diffusion model on the same digits; how many passes each takes to an image."""
    samplers = {}
    for name, chosen in (("gan", FIRST), ("vae", VAE), ("diffusion", DIFFUSION)):
        samplers[name] = sampling.load((yield from trained(chosen, seed)))
    titles = {"gan": "GAN", "vae": "VAE", "diffusion": "Diffusion model"}
    sheets = [_sheet(titles[name], sampler.sample(range(SIDE**2), batch=SIDE**2)) for name, sampler in samplers.items()]
    yield StepFrame("The same digits, three methods", pictures=tuple(sheets))
    return Finished({name: float(_passes(sampler)) for name, sampler in samplers.items()})


@runs_step("ship")
def ship(seed: int) -> Experiment:
    """Export the generator, draw with the file, and compare."""
    run = yield from trained(FIRST, seed)
    form = "onnx" if find_spec("onnxruntime") and find_spec("onnxscript") else "safetensors"
    yield StepFrame(f"Exporting to {form} …")
    with tempfile.TemporaryDirectory() as place:
        exported = exporting.export(run, form, out=Path(place) / "export")
        content = exported.file.read_bytes()
        there, here = sampling.load(exported.folder), sampling.load(run)
        drawn, torchs = there.sample(range(COMPARED)), here.sample(range(COMPARED))
    yield StepFrame("Drawn by both", pictures=(_sheet("By the file", drawn, 4), _sheet("By torch", torchs, 4)))
    difference = float(np.abs(drawn.astype(int) - torchs).max())
    figures = {"difference": difference, "kibibytes": len(content) / 1024}
    return Finished(figures, exported.message.splitlines()[0], exported.file.name, content)


def _drawn(title: str, sampler: Sampler) -> StepFrame:
    return StepFrame(title, pictures=(_sheet(title, sampler.sample(range(SIDE**2))),))


def _sheet(title: str, pixels: Pixels, columns: int = SIDE) -> Picture:
    return Picture(title, _png(grid(pixels, columns)))


def _png(pixels: Pixels) -> bytes:
    return encoded(picture(enlarge(pixels, 168)), "PNG")


def _passes(sampler: Sampler) -> int:
    """How often the learnt network runs to draw one image."""
    network = getattr(sampler.network, "unet", sampler.network)
    assert isinstance(network, nn.Module)
    passes = 0

    def count(*_: object) -> None:
        nonlocal passes
        passes += 1

    hook = network.register_forward_hook(count)
    with suppress(StopIteration):
        sampler.sample([0])
    hook.remove()
    return passes
