"""The diagnosis of a training loop of one's own, in any framework whose arrays numpy can read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.reference import Motion, ReferenceSet
from ganatomy.diagnosis.signals import PREFIX
from ganatomy.diagnosis.watch import Finding, Watch
from ganatomy.errors import UserError, unknown
from ganatomy.gan.equilibrium import EQUILIBRIA

FEWEST = 64  # real images before generated ones are compared with them


class Diagnosis:
    """Watches a loop of one's own: `observe` now and then, say every 100 steps; `findings` say more than the verdict.

    objective: a name such as "hinge", for what depends on where the game rests; None: those rules stay silent.
    samples: images of a call, at most, that are looked at. What cannot be seen from outside is not asked: gradients,
    batch statistics, the training set.
    """

    def __init__(self, objective: str | None = None, samples: int = 128) -> None:
        if objective is not None and objective not in EQUILIBRIA:
            raise unknown("objective", objective, EQUILIBRIA)
        self.samples, self.watch = samples, Watch(Facts(objective))
        self.collected: list[np.ndarray] = []
        self.reals: ReferenceSet | None = None
        self.faults = 0

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
        """A look at a step, after which the verdict is returned.

        real, fake: images [N, C, H, W] in one range; scores: raw, [N] or [N, 1], of real images, of generated ones and
        of real ones that are not learnt from. Arrays or tensors. UserError for other shapes.
        """
        given = {"real": real, "fake": fake}
        images = {name: _images(each, name) for name, each in given.items() if each is not None}
        judged = {"real": real_scores, "fake": fake_scores, "unseen": unseen_scores}
        scores = {name: _scores(each) for name, each in judged.items() if each is not None}
        if not all(np.isfinite(each).all() for each in (*images.values(), *scores.values())):
            self.faults += 1
            self.watch.observe({"step": step, PREFIX + "roll_backs": float(self.faults)})
            return self.verdict

        found: signals.Signals = {"roll_backs": float(self.faults)} if self.faults else {}
        if "real" in images:
            self._collect(images["real"])
        if "fake" in images and self.reals is not None:
            drawn = images["fake"][: self.samples]
            found |= self.reals.compare(drawn) | self._moved(drawn)
        rest = 0.0 if self.watch.facts.equilibrium is None else self.watch.facts.equilibrium.score
        found |= _judged(scores, rest)
        self.watch.observe({"step": step, **{PREFIX + name: value for name, value in found.items()}})
        return self.verdict

    @property
    def verdict(self) -> str:
        """One line: `healthy`, or what is wrong now."""
        return self.watch.verdict

    def findings(self) -> Sequence[Finding]:
        """All that was found so far."""
        return self.watch.findings()

    def _collect(self, images: np.ndarray) -> None:
        """Real images of the first calls: later ones are compared with the same."""
        if self.reals is not None:
            return
        self.collected.append(images)
        together = np.concatenate(self.collected)
        if len(together) >= FEWEST:
            self.reals, self.collected = ReferenceSet(together, self.samples), []
            self.motion = Motion(self.reals)

    def _moved(self, images: np.ndarray) -> signals.Signals:
        """The way of the mean image alone: the latent vectors may be others each time."""
        assert self.reals is not None
        centre = self.reals.embed(images).mean(0, keepdims=True)
        return {name: value for name, value in self.motion.update(centre).items() if name != "movement"}


def _judged(scores: dict[str, np.ndarray], rest: float) -> signals.Signals:
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
