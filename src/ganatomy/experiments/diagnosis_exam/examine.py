"""One training of the exam, and its result by scores that know nothing of the diagnosis."""

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.spatial.distance import pdist

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.data import Images
from ganatomy.data.preparation import prepare
from ganatomy.diagnosis.probe_images import held_out_images
from ganatomy.errors import UserError
from ganatomy.evaluation.features import extract, make
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.evaluation.metrics.memorisation import authenticity
from ganatomy.evaluation.metrics.neighbours import neighbour_scores
from ganatomy.experiments.diagnosis_exam.alterations import Alteration
from ganatomy.experiments.diagnosis_exam.results import ExamScores, ImageScores
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batches, Method
from ganatomy.modalities.images import Pixels, to_uint8
from ganatomy.runs.run import Run
from ganatomy.system import runtime as runtimes
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training
from ganatomy.training import session
from ganatomy.training.prepare import Prepared, prepare_training, resolve

MEASURED = 1000  # generated images, and as many real ones
RESULT = "result.json"


class Examined(Protocol):
    """A training of an exam: what its run folder is called, and what is trained."""

    @property
    def name(self) -> str:
        """The name of its run folder."""

    @property
    def recipe(self) -> str:
        """The recipe that its options start from."""

    @property
    def alteration(self) -> Alteration:
        """What is done to the game."""

    def settings(self) -> Mapping[str, Any]:
        """Its options, by name."""

    def images(self, folder: Path) -> str:
        """The path of its images, made in `folder` where they are not yet."""


def examine(chosen: Examined, folder: Path) -> ExamScores:
    """Train it, unless that was done before, and return its scores, which are kept in its run folder."""
    planned = training.plan(chosen.images(folder / "data"), recipe=chosen.recipe, settings=chosen.settings())
    return train_and_score(chosen.name, planned, chosen.alteration, folder)


def train_and_score(name: str, planned: Config, alter: Alteration, folder: Path) -> ExamScores:
    """The same of any options and alteration of the game: a run folder of this name under folder/runs."""
    kept = folder / "runs" / name / RESULT
    if kept.is_file():
        return read_scores(kept)
    shutil.rmtree(kept.parent, ignore_errors=True)  # of an exam that was stopped
    methods = list[Method]()
    start: list[Pixels] = []

    def altered(method: Method, batches: Batches) -> Batches:
        methods.append(method)
        changed = alter(method, batches) if isinstance(method, Adversarial) else batches
        start.append(_drawn(method, build.prior(prepared.config.prior).of_seeds))
        return changed

    console = Terminal(quiet=True)
    with runtimes.start("cpu", 1) as runtime:
        prepared = resolve(prepare_training(planned, runtime, console), console)
        prepared = replace(prepared, altered=altered)
        run = Run.create(name, prepared.config, folder / "runs")
        with suppress(UserError):  # some diverge, as they should
            session.train(run, prepared, console)
        if run.info()["status"] == "stopped":  # by a person: it has no result
            raise KeyboardInterrupt
        made = _drawn(methods[-1], build.prior(run.config().prior).of_seeds)
    found = scores(prepared.images, _held_out(prepared), start[0], made)
    seconds = run.records()[-1]["seconds"] if run.records() else 0.0
    found = replace(found, status=run.info()["status"], seconds=seconds)
    for heavy in ("checkpoints", "samples", "report.html", "walk.webp"):
        path = run.path / heavy
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    write_text(kept, json.dumps(asdict(found)))
    return found


def scores(images: Images, held_out: Pixels, start: Pixels, end: Pixels) -> ExamScores:
    """Scores of generated images before the first step and after the last, and the authenticity of the latter.

    images: the training set; held_out, start, end: uint8 [N, H, W, C].
    """
    extractor = make("random", channels=images.pixels.shape[-1], device="cpu")
    real = extract(extractor, [held_out]).features

    def beside_real(made: Pixels) -> ImageScores:
        features = extract(extractor, [made]).features
        near = neighbour_scores(real, features)
        variety = float(np.median(pdist(features)) / np.median(pdist(real)))
        return ImageScores(frechet_distance(real, features), near.precision, near.coverage, variety)

    flat = np.asarray(images.pixels).reshape(len(images), -1)
    return ExamScores(beside_real(start), beside_real(end), authenticity(flat, end.reshape(len(end), -1)).value)


def read_scores(path: Path) -> ExamScores:
    """The scores that a training of an exam left in its folder."""
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return ExamScores(**kept | {time: ImageScores(**kept[time]) for time in ("start", "end")})


def _held_out(prepared: Prepared) -> Pixels:
    """Real images that were not trained on; of a set that has no others, those that were."""
    others = held_out_images(prepared.config.data, prepared.images)
    if others is None:
        size, channels = prepared.config.data.size, prepared.config.data.channels
        others = prepare(prepared.config.data.path, size=size, channels=channels)
    return np.asarray(others.pixels[:MEASURED])


def _drawn(method: Method, of_seeds: Callable[[range], Any]) -> Pixels:
    """Images of the averaged generator, from latent vectors of the true prior, whatever it was trained on."""
    return np.concatenate([to_uint8(method.sample(of_seeds(range(i, i + 100)))) for i in range(0, MEASURED, 100)])
