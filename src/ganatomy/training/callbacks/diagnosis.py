"""Looks at a training now and then, always at the same latent vectors and real images, and says what is wrong."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ganatomy.diagnosis import HEALTHY, Facts, Finding, Watch, signals
from ganatomy.diagnosis.signals import Signals
from ganatomy.diagnosis.watch import PREFIX
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch, Batches, Method
from ganatomy.modalities.images import to_float
from ganatomy.runs.run import Run
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Callback, State

SHARE = 0.02  # of the training time, at most
MOST_LEARNT = 5000  # a larger set is not learnt by heart
FEW = 32  # images, where each costs a gradient or a spectrum
STEADY = 3  # looks with the same verdict before a remedy


class Looks(Callback):
    """Adds `signals/…` to the record of a step every `every` steps; 0: as often as costs 2% of the time at most.

    Only at steps that the recorder writes, so it has to come before the recorder.
    """

    def __init__(self, make: Callable[[Method], "Probe"], every: int, recorded: int, roll_backs: int = 0) -> None:
        """make: the probe, made when the sitting begins; recorded: steps between records."""
        self.make, self.every, self.recorded, self.roll_backs = make, every, recorded, roll_backs
        self.cost, self.longest, self.last = 0.0, 0.0, 0

    def begin(self, state: State) -> None:
        began = time.perf_counter()
        self.probe = self.make(state.method)
        self.cost, self.last, self.first = time.perf_counter() - began, state.step, state.seconds

    def after_step(self, state: State) -> None:
        if state.step % self.recorded or not self._due(state):
            return
        state.method.runtime.wait()  # what a GPU still has to do is no part of the look
        began = time.perf_counter()
        found = self.probe.look() | ({"roll_backs": float(self.roll_backs)} if self.roll_backs else {})
        device = state.method.runtime.device
        state.record |= {
            PREFIX + name: torch.tensor(value, device=device) for name, value in found.items() if np.isfinite(value)
        }
        self.last = state.step
        seconds = time.perf_counter() - began
        self.cost, self.longest = self.cost + seconds, max(self.longest, seconds)

    def _due(self, state: State) -> bool:
        if self.every:
            return state.step - self.last >= self.every
        return self.cost + self.longest <= SHARE * (state.seconds - self.first)


class Unhealthy(Exception):  # noqa: N818 — no error: what a watcher was asked to say
    """A finding that is to be remedied: the sitting ends here."""

    def __init__(self, finding: Finding, step: int) -> None:
        super().__init__(str(finding))
        self.finding, self.step = finding, step


class Verdicts(Callback):
    """The verdict after each look, from what was recorded and nothing else; an event when it changes.

    remedies: how many findings may end the sitting by `Unhealthy`, for a remedy that options can bring.
    """

    def __init__(self, run: Run, facts: Facts, recorder: Recorder, remedies: int = 0) -> None:
        self.run, self.facts, self.recorder, self.remedies = run, facts, recorder, remedies
        self.watch = Watch(facts)

    @property
    def verdict(self) -> str:
        """One line: `healthy`, or what is wrong; nothing before the first look."""
        return self.watch.verdict if self.watch.looks or self.watch.present else ""

    def begin(self, state: State) -> None:
        self.watch = Watch(self.facts)
        for record in self.run.looks():  # of the sittings before this one
            self.watch.observe(record)
        self.seen, self.told, self.steady = state.step, self._name() if self.watch.looks else "", 0

    def after_step(self, state: State) -> None:
        record = self.recorder.latest
        if not record or record["step"] == self.seen:
            return
        self.seen = int(record["step"])
        self.watch.observe(record)
        self.steady += 1
        if self._name() != self.told:
            self.told, self.steady = self._name(), 0
            self.run.event("verdict", step=self.seen, verdict=self.verdict)
        # Effects may be said before their cause is; and where options cannot mend the cause, mending effects is no use.
        if self.remedies > 0 and self.steady >= STEADY and self.watch.present:
            finding = self.watch.present[0]
            if finding.settings and finding.sure != "suspected":
                raise Unhealthy(finding, self.seen)

    def _name(self) -> str:
        """The verdict without its details, which change from look to look; nothing before the first look."""
        return self.watch.present[0].name if self.watch.present else HEALTHY if self.watch.looks else ""


class Probe:
    """What is always looked at, and how. Leaves the training as it was, to the last bit."""

    def __init__(
        self,
        method: Method,
        codes: Tensor,
        real: Batch,
        unseen: Batch | None = None,
        learnt: np.ndarray | None = None,
        of_a_class: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        """codes: [n, …] of the prior; real: images of the training, the first n to be judged; unseen: others, n.

        learnt: all pixels of the training, uint8 [N, H, W, C], of a small set, to look for copies.
        of_a_class: codes and real images of one class, for a conditional generator.
        """
        self.method, self.codes, self.of_a_class = method, codes.to(method.runtime.device), of_a_class
        count = len(codes)
        self.real = Batch(real.images[:count], None if real.classes is None else real.classes[:count])
        self.unseen = unseen
        self.reals = signals.Reals(_array(real.images), count, ends=(-1.0, 1.0))
        self.learnt = None if learnt is None else np.concatenate([self.reals.seen(part) for part in _parts(learnt)])
        self.unseen_features = self.reals.seen(_array(unseen.images)) if unseen is not None else None
        self.motion = signals.Motion(self.reals)

    def look(self) -> Signals:
        """All signals that this method has."""
        with undisturbed(self.method):
            if not isinstance(self.method, Adversarial):
                return self._of_images(_array(self.method.sample(self.codes)))
            fake = self._draw(self.codes)
            self.method.generator.network.eval()
            calm = self._draw(self.codes)
            self.method.generator.network.train()
            # A grid that the average has not is never seen by those who draw samples.
            found = self._of_images(_array(fake.images), _array(self.method.sample(self.codes[: signals.SPECTRA])))
            found["gap"] = self._gap(fake, calm)
            return found | self._of_latents() | self._of_scores(self.method, fake) | self._of_weights(self.method)

    def _draw(self, codes: Tensor) -> Batch:
        z, classes = self.method.prior.split(codes)
        with torch.no_grad(), self.method.runtime.autocast():
            return Batch(self.method.generator.network(z, classes).float(), classes)

    def _of_images(self, fake: np.ndarray, shown: np.ndarray | None = None) -> Signals:
        features = self.reals.seen(fake)
        found = self.reals.look(fake, shown) | self.motion.next(features)
        if self.learnt is not None:
            found["copies"] = signals.copies(self.learnt, features, self.unseen_features)
        return found

    def _gap(self, fake: Batch, calm: Batch) -> float:
        """How far an image in evaluation is from the same latent vector's in training, over what is typical."""
        if not _normalised(self.method.generator.network):
            return 0.0
        ours, others = self.reals.seen(_array(fake.images)), self.reals.seen(_array(calm.images))
        return float(np.median(np.linalg.norm(ours - others, axis=1))) / self.reals.typical

    def _of_latents(self) -> Signals:
        if self.of_a_class is None:
            return {}
        codes, real = self.of_a_class
        fake = self._draw(codes.to(self.method.runtime.device))
        return {"latent": self.reals.spread_within(_array(real), _array(fake.images))}

    def _of_scores(self, method: Adversarial, fake: Batch) -> Signals:
        """How the discriminator judges, and what the generator hears of it."""
        draw = _draws(len(fake.images), method)
        images = fake.images.requires_grad_(True)
        fake_scores = method.scores(fake, draw)
        with torch.no_grad():
            real_scores = method.scores(self.real, _draws(len(self.real.images), method))
        count = min(len(real_scores), len(fake_scores))
        loss = method.objective.losses(real_scores[:count], fake_scores[:count]).generator
        answers, gradients = torch.autograd.grad(loss, (fake_scores, images))
        lengths = gradients.flatten(1).norm(dim=1)
        fake_scores, images = fake_scores.detach(), images.detach()
        found = {
            "auc": signals.auc(_array(real_scores), _array(fake_scores)),
            "score_size": float(torch.cat([real_scores, fake_scores]).abs().median()),
            "sign": float((real_scores - method.objective.balanced_score).sign().mean()),
            "response": float(answers.abs().mean()) * count,
            "push": float(lengths.median()) * count,
            "coherence": float(gradients.sum(0).norm() / lengths.sum().clamp_min(1e-30)),
            "slope": self._slope(method, Batch(images, fake.classes)),
        }
        if self.unseen is not None:
            with torch.no_grad():
                unseen = method.scores(self.unseen, _draws(len(self.unseen.images), method))
            found |= {
                "auc_memory": signals.auc(_array(real_scores), _array(unseen)),
                "auc_unseen": signals.auc(_array(unseen), _array(fake_scores)),
            }
        if _normalised(method.discriminator.network):
            found |= self._of_batches(method, Batch(images, fake.classes))
        return found

    def _of_batches(self, method: Adversarial, fake: Batch) -> Signals:
        """What the discriminator tells apart where real and generated images share a batch."""
        count = min(len(fake.images), len(self.real.images)) // 2
        images = torch.cat([self.real.images[:count], fake.images[:count]])
        classes = None
        if self.real.classes is not None and fake.classes is not None:
            classes = torch.cat([self.real.classes[:count], fake.classes[:count]])
        with torch.no_grad():
            mixed = _array(method.scores(Batch(images, classes), _draws(2 * count, method)))
        return {"auc_mixed": signals.auc(mixed[:count], mixed[count:])}

    def _slope(self, method: Adversarial, fake: Batch) -> float:
        """The median of ‖∇D‖ half-way between real and generated images: 1 for the critic of a distance."""
        count = min(FEW, len(fake.images), len(self.real.images))
        between = ((self.real.images[:count] + fake.images[:count]) / 2).requires_grad_(True)
        classes = None if self.real.classes is None else self.real.classes[:count]
        scores = method.scores(Batch(between, classes), _draws(count, method))
        (gradients,) = torch.autograd.grad(scores.sum(), between)
        return float(gradients.flatten(1).norm(dim=1).median())

    def _of_weights(self, method: Adversarial) -> Signals:
        if not method.clip:
            return {}
        weights = torch.cat([parameter.detach().abs().flatten() for parameter in method.discriminator.parameters])
        return {"at_clip": float((weights >= method.clip * (1 - 1e-6)).float().mean())}


@contextmanager
def undisturbed(method: Method) -> Iterator[None]:
    """Whatever happens inside leaves random numbers, running statistics and modes as they were."""
    networks = list(method.networks.values())
    modes = [(module, module.training) for network in networks for module in network.modules()]
    kept = [(buffer, buffer.clone()) for network in networks for buffer in network.buffers()]
    device = method.runtime.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            with torch.no_grad():
                for buffer, before in kept:
                    buffer.copy_(before)


def gathered(batches: Batches, count: int, turns: int = 1) -> Batch:
    """The first `count` real images of the training, as it sees them."""
    found: list[Batch] = []
    step = 0
    while sum(len(batch.images) for batch in found) < count:
        found.append(batches(step // turns, step % turns))
        step += 1
    classes = [batch.classes for batch in found if batch.classes is not None]
    return Batch(torch.cat([batch.images for batch in found])[:count], torch.cat(classes)[:count] if classes else None)


def _parts(pixels: np.ndarray, count: int = 256) -> Iterator[np.ndarray]:
    """Images of pixels, a few at a time."""
    for start in range(0, len(pixels), count):
        yield _array(to_float(torch.from_numpy(np.array(pixels[start : start + count]))))


def _normalised(network: nn.Module) -> bool:
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())


def _draws(count: int, method: Adversarial) -> Callable[..., Tensor]:
    """The same augmentation at every look."""
    random = torch.Generator().manual_seed(0)
    return lambda *shape: torch.rand(count, *shape, generator=random).to(method.runtime.device)


def _array(tensor: Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().float().cpu().numpy())
