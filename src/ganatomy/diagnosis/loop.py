"""The diagnosis of a training loop of your own, in any framework whose arrays numpy can read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import Finding
from ganatomy.diagnosis.monitor import Monitor
from ganatomy.diagnosis.reference import Motion, ReferenceSet
from ganatomy.diagnosis.signals import PREFIX, Signals
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system import blas

FEWEST = 64  # real images before generated ones are compared with them


class Diagnosis:
    """Diagnoses a training loop of your own: call `observe` now and then, say every 100 steps; read `findings()`.

    Gradients, batch statistics and the training set cannot be seen from outside, so their findings stay silent.
    """

    def __init__(self, objective: str | None = None, samples: int = 128) -> None:
        """objective: a registered name such as "hinge", whose equilibrium some rules need; None: those stay silent.

        samples: generated images of a call that are used, at most. Raises UserError for an unknown objective.
        """
        if objective is not None:
            OBJECTIVES.find(objective)
        self.samples, self.monitor = samples, Monitor(TrainingContext.of_objective(objective))
        self.collected: list[np.ndarray] = []
        self.reference: ReferenceSet | None = None
        self.not_finite = 0

    @blas.one_thread()
    def observe(
        self,
        step: int,
        *,
        real: Any = None,
        fake: Any = None,
        real_scores: Any = None,
        fake_scores: Any = None,
        unseen_scores: Any = None,
    ) -> str:
        """Measure what is given at a step, and return the verdict.

        real, fake: images [N, C, H, W] in one range; scores: raw, [N] or [N, 1], of real images, of generated ones and
        of real ones that are not trained on. Arrays or tensors. Raises UserError for images of another shape.
        """
        given = {"real": real, "fake": fake}
        images = {name: _images(each, name) for name, each in given.items() if each is not None}
        scored = {"real": real_scores, "fake": fake_scores, "unseen": unseen_scores}
        scores = {name: _scores(each) for name, each in scored.items() if each is not None}
        if not all(np.isfinite(each).all() for each in (*images.values(), *scores.values())):
            self.not_finite += 1
            return self._record(step, {"roll_backs": float(self.not_finite)})

        found: Signals = {"roll_backs": float(self.not_finite)} if self.not_finite else {}
        if "real" in images:
            self._collect(images["real"])
        if "fake" in images and self.reference is not None:
            drawn = images["fake"][: self.samples]
            found |= self.reference.compare(drawn) | self._motion(self.reference, drawn)
            found |= self.reference.checkerboard(drawn)
        rest = self.monitor.context.equilibrium
        return self._record(step, found | _of_scores(scores, 0.0 if rest is None else rest.score))

    @property
    def verdict(self) -> str:
        """One line: `healthy`, or what is wrong now."""
        return self.monitor.verdict

    def findings(self) -> Sequence[Finding]:
        """All that was found so far."""
        return self.monitor.findings()

    def _record(self, step: int, found: Signals) -> str:
        self.monitor.observe({"step": step, **{PREFIX + name: value for name, value in found.items()}})
        return self.verdict

    def _collect(self, images: np.ndarray) -> None:
        """Real images of the first calls: later generated ones are all compared with the same."""
        if self.reference is not None:
            return
        self.collected.append(images)
        together = np.concatenate(self.collected)
        if len(together) >= FEWEST:
            self.reference, self.collected = ReferenceSet(together), []
            self.motion = Motion(self.reference)

    def _motion(self, reference: ReferenceSet, images: np.ndarray) -> Signals:
        """Of the mean image alone: the latent vectors may be others each time."""
        centre = reference.embed(images).mean(0, keepdims=True)
        return {name: value for name, value in self.motion.update(centre).items() if name != "movement"}


def _of_scores(scores: Mapping[str, np.ndarray], rest: float) -> Signals:
    """Signals of scores; rest: the score of every image at equilibrium."""
    if not {"real", "fake"} <= scores.keys():
        return {}
    real, fake = scores["real"], scores["fake"]
    found = {
        "auc": signals.auc(real, fake),
        "sign": float(np.sign(real - rest).mean()),
        "score_size": float(np.median(np.abs(np.concatenate([real, fake])))),
    }
    return found | ({"auc_memory": signals.auc(real, scores["unseen"])} if "unseen" in scores else {})


def _images(images: Any, which: str) -> np.ndarray:
    array = _array(images)
    if array.ndim != 4 or array.shape[1] > 4:
        raise UserError(f"The {which} images have the shape {array.shape}; they should be [images, channels, H, W].")
    return array


def _scores(scores: Any) -> np.ndarray:
    return _array(scores).reshape(-1).astype(np.float64)


def _array(values: Any) -> np.ndarray:
    """A numpy array of an array, or of a tensor wherever it is."""
    if hasattr(values, "detach"):
        values = values.detach().float().cpu()
    return np.asarray(values)
