"""A probe: signals of a training's players, always at the same latent vectors and real images. Needs torch."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.reference import SPECTRA, ClassPrediction, DrawnImages, Motion, ReferenceSet
from ganatomy.diagnosis.signals import Array, Signals
from ganatomy.gan.adversarial import Adversarial, Round
from ganatomy.gan.method import Batch, Method
from ganatomy.gan.packing import packed
from ganatomy.modalities.images import Pixels
from ganatomy.networks.protocols import GroupsImages, has_batch_norm
from ganatomy.system import blas
from ganatomy.system.runtime import random_kept

SCORED = 64  # images that the discriminator scores, of each kind: real, held out, generated
SLOPES = 16  # images at which its gradient is taken
EVALUATED = 32  # latent vectors whose images in evaluation are compared with those in training
SEARCHED_FOR = 64  # generated images that are looked for in the training set
FEWEST = 16  # images of a batch that say something about the generator
ENOUGH = 256  # real images whose principal components describe other real ones as well
REPEATED = 1e-4  # a smaller ratio of distances is 0 but for rounding


@dataclass(frozen=True)
class ProbeImages:
    """The real images that a probe uses.

    real       training images as the training sees them; the discriminator scores the first of them
    held_out   real images that are not trained on, if there are any
    training   all training images uint8 [N, H, W, C], where they are few enough to search for copies
    of_class   codes [M, …] and real images [N, C, H, W] of one class, for a conditional generator
    extremes   the darkest and the brightest value of images of the prepared set, as `extremes` finds them, in [−1, 1]
    view       how images are compared: networks' floats [N, …] → images [N, C, H, W] or rows [N, W]
    """

    real: Batch
    held_out: Batch | None = None
    training: Pixels | None = None
    of_class: tuple[Tensor, Tensor] | None = None
    extremes: tuple[float, float] | None = None
    view: Callable[[Tensor], np.ndarray] = lambda tensor: _array(tensor)


class Probe:
    """Measures signals of a method. Leaves the training as it was, to the last bit."""

    @blas.one_thread()
    def __init__(self, method: Method, codes: Tensor, images: ProbeImages, size: int) -> None:
        """codes: [N, …] of the prior; the first N real images are scored beside theirs. size: of the training set."""
        count, real = _most(method, len(codes)), images.real
        self.view = images.view
        self.method, self.codes = method, codes[:count].to(method.runtime.device)
        scored, held_out = min(SCORED, count), images.held_out
        self.real, self.of_class = _first(real, _most(method, min(scored, len(real.images)))), images.of_class
        self.held_out = None if held_out is None else _first(held_out, _most(method, min(SCORED, len(held_out.images))))
        self.reference = ReferenceSet(self.view(real.images), ends=(-1.0, 1.0))
        self.motion = Motion(self.reference)
        for drawn in (count, min(count, method.batch // method.runtime.world), min(count, SPECTRA)):
            self.reference.floors(drawn)  # now, so that no measurement takes longer than the next
        self.training = None if images.training is None else self._embedded(images.training)
        known = None
        # A row has more classes than the one it is drawn for, and a pair has none.
        if real.classes is not None and real.classes.dim() == 2 and self.reference.pictures:
            known = _classes(real.classes)[: len(self.reference.features)]
        self.real_classes = None if known is None else ClassPrediction(self.reference.features, known)
        self.drawn = DrawnImages(self.view(real.images), size)
        self.real_signals = self._of_real(images)
        self.real_nearness = 0.0 if self.training is None else self._real_nearness(self.training, held_out)

    def state(self) -> dict[str, np.ndarray]:
        """What the next measurement is compared with, by name: `Motion.state` and `DrawnImages.state`."""
        return {**self.motion.state(), **self.drawn.state()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from an earlier `state`, shapes as there."""
        self.motion.load(state)
        self.drawn.load(state)

    @blas.one_thread()
    def of_last_round(self) -> Signals:
        """Signals of what the discriminator saw in the last step: no network runs for them.

        Empty where there is no game, or where a batch is too small to say something.
        """
        method = self.method
        if not isinstance(method, Adversarial) or (seen := method.last_round) is None or len(seen.fake.images) < FEWEST:
            return {}
        if not self.reference.pictures:  # rare conditions are drawn more often in training
            return _of_scores(method, seen.real_scores, seen.fake_scores)
        found = self.reference.compare(self.view(seen.fake.images[: len(self.codes)]))
        return found | self._of_batch(seen, found["spread"]) | _of_scores(method, seen.real_scores, seen.fake_scores)

    @blas.one_thread()
    def measure(self) -> Signals:
        """All signals that this method has, by name."""
        with undisturbed(self.method):
            if not isinstance(self.method, Adversarial):
                sampled = self.view(self.method.sample(self.codes))
                return self._of_images(sampled, self.reference.embed(sampled))
            fake = self._generate(self.codes)
            images = self.view(fake.images)
            features = self.reference.embed(images)
            # A grid that the average does not have is never seen by those who draw samples.
            averaged = self.view(self.method.sample(self.codes[:SPECTRA]))
            found = self._of_images(images, features, averaged) | self._of_average(averaged)
            found["gap"] = self._gap(features)
            if self.real_classes is not None and fake.classes is not None:
                found |= self.real_classes.accuracies(features, _classes(fake.classes))
            if (seen := self.method.last_round) is not None and self.reference.pictures:
                drawn = self.reference.embed(self.view(seen.fake.images[: len(self.codes)]))
                found |= self._of_batch(seen, self.reference.spread(drawn))
            return found | self._of_latents() | self._of_players(self.method, fake) | self._of_weights(self.method)

    def _generate(self, codes: Tensor) -> Batch:
        z, classes = self.method.prior.split(codes)
        with torch.no_grad(), self.method.runtime.autocast():
            return Batch(self.method.generator.network(z, classes).float(), classes)

    def _embedded(self, pixels: Pixels, count: int = 256) -> Array:
        """Features [N, D] of images uint8 [N, H, W, C], `count` at a time."""
        parts = (np.array(pixels[start : start + count]) for start in range(0, len(pixels), count))
        # The mean of scaled pixels is the scaled mean of pixels, of which there are fewer.
        small = [signals.downsampled(torch.from_numpy(part).permute(0, 3, 1, 2).contiguous().numpy()) for part in parts]
        return self.reference.project(np.concatenate(small) / 127.5 - 1)

    def _real_nearness(self, training: Array, held_out: Batch | None) -> float:
        """How near held-out real images are to training images; without them, training images to the others."""
        if held_out is None:
            return signals.nearness(training, training[: len(self.codes)], skip_same=True)
        return signals.nearness(training, self.reference.embed(self.view(held_out.images)))

    def _of_real(self, images: ProbeImages) -> Signals:
        """How the real images that the training is shown differ from those of the prepared set, and from others."""
        found: Signals = {}
        if images.extremes is not None:
            (darkest, brightest), (low, high) = extremes(self.view(images.real.images)), images.extremes
            found["range_lost"] = max(darkest - low, high - brightest) / 2
        if images.held_out is not None and len(self.reference.features) >= ENOUGH:
            count = min(len(images.held_out.images), len(self.reference.features) // 2)
            features = self.reference.embed(self.view(images.held_out.images[:count]))
            found["held_out_distance"] = self.reference.compare_features(features)["distance"]
            found["held_out_distance_floor"] = self.reference.floors(count)["distance_floor"]
        return found

    def _of_images(self, fake: np.ndarray, features: Array, displayed: np.ndarray | None = None) -> Signals:
        """Signals of images [N, C, H, W] with their features [N, D].

        displayed: the averaged generator's images, which people see, where it has one.
        """
        found = self.real_signals | self.reference.compare(fake, features) | self.motion.update(features)
        found |= self.reference.checkerboard(fake if displayed is None else displayed)
        # Where the real images that they are compared with repeat training images, copies cannot be told from them.
        if self.training is not None and self.real_nearness > REPEATED:
            found["copies"] = signals.nearness(self.training, features[:SEARCHED_FOR]) / self.real_nearness
        return found

    def _of_batch(self, seen: Round, spread: float) -> Signals:
        """Whether the images of a training batch differ: the generated ones, and the real ones from earlier batches."""
        return {"batch_spread": spread, "real_variety": self.drawn.variety(self.view(seen.real.images))}

    def _of_average(self, averaged: np.ndarray) -> Signals:
        distance = self.reference.compare_features(self.reference.embed(averaged))["distance"]
        floor = self.reference.floors(len(averaged))["distance_floor"]
        return {"average_distance": distance, "average_distance_floor": floor}

    def _gap(self, training: Array) -> float:
        """The median distance of an image in evaluation from the same latent vector's in training, over the typical.

        training: the latter's features [N, D].
        """
        network = self.method.generator.network
        if not has_batch_norm(network):
            return 0.0
        network.eval()
        evaluation = self.reference.embed(self.view(self._generate(self.codes[:EVALUATED]).images))
        network.train()
        return float(np.median(np.linalg.norm(training[:EVALUATED] - evaluation, axis=1))) / self.reference.typical

    def _of_latents(self) -> Signals:
        if self.of_class is None:
            return {}
        codes, real = self.of_class
        fake = self._generate(codes.to(self.method.runtime.device))
        return {"latent": self.reference.spread_within(self.view(real), self.view(fake.images))}

    def _of_players(self, method: Adversarial, fake: Batch) -> Signals:
        """How the discriminator scores, and which gradients reach the generator's images."""
        fake = _first(fake, _most(method, min(SCORED, len(fake.images))))
        images = fake.images.requires_grad_(True)
        fake_scores = method.scores(fake, _draws(len(images), method))
        with torch.no_grad():
            real_scores = method.scores(self.real, _draws(len(self.real.images), method))
        count = min(len(real_scores), len(fake_scores))
        loss = method.objective.losses(real_scores[:count], fake_scores[:count]).generator
        (gradients,) = torch.autograd.grad(loss, images)
        lengths = gradients.flatten(1).norm(dim=1)
        fake_scores, fake = fake_scores.detach(), Batch(images.detach(), fake.classes)
        found = _of_scores(method, real_scores, fake_scores) | {
            "push": float(lengths.median()) * count,
            "coherence": float(gradients.sum(0).norm() / lengths.sum().clamp_min(1e-30)),
            "slope": self._slope(method, fake),
        }
        if self.held_out is not None:
            with torch.no_grad():
                held_out = method.scores(self.held_out, _draws(len(self.held_out.images), method))
            found |= {
                "auc_memory": signals.auc(_array(real_scores), _array(held_out)),
                "auc_unseen": signals.auc(_array(held_out), _array(fake_scores)),
            }
        if has_batch_norm(method.discriminator.network):
            found |= self._of_mixed_batches(method, fake)
        return found

    def _of_mixed_batches(self, method: Adversarial, fake: Batch) -> Signals:
        """What the discriminator tells apart where real and generated images share a batch."""
        count = _most(method, min(len(fake.images), len(self.real.images)) // 2)
        images = torch.cat([self.real.images[:count], fake.images[:count]])
        classes = None
        if self.real.classes is not None and fake.classes is not None:
            classes = torch.cat([self.real.classes[:count], fake.classes[:count]])
        with torch.no_grad():
            mixed = _array(method.scores(Batch(images, classes), _draws(2 * count, method)))
        real_scores, fake_scores = np.split(mixed, 2)
        return {"auc_mixed": signals.auc(real_scores, fake_scores)}

    def _slope(self, method: Adversarial, fake: Batch) -> float:
        """The median of ‖∇D‖ half-way between real and generated images: 1 for the critic of a distance."""
        count = _most(method, min(SLOPES, len(fake.images), len(self.real.images)))
        between = ((self.real.images[:count] + fake.images[:count]) / 2).requires_grad_(True)
        classes = None if self.real.classes is None else self.real.classes[:count]
        scores = method.scores(Batch(between, classes), _draws(count, method))
        (gradients,) = torch.autograd.grad(scores.sum(), between)
        return float(packed(gradients, method.pack).flatten(1).norm(dim=1).median())

    def _of_weights(self, method: Adversarial) -> Signals:
        if not method.clip:
            return {}
        weights = torch.cat([parameter.detach().abs().flatten() for parameter in method.discriminator.parameters])
        return {"at_clip": float((weights >= method.clip * (1 - 1e-6)).float().mean())}


def _of_scores(method: Adversarial, real: Tensor, fake: Tensor) -> Signals:
    """Signals of raw scores [N] and [M], whatever the networks."""
    count = min(len(real), len(fake))
    leaf = fake[:count].detach().requires_grad_(True)
    loss = method.objective.losses(real[:count], leaf).generator
    (gradients,) = torch.autograd.grad(loss, leaf)
    return {
        "auc": signals.auc(_array(real), _array(fake)),
        "score_size": float(torch.cat([real, fake]).abs().median()),
        "sign": float((real - method.objective.equilibrium.score).sign().mean()),
        "response": float(gradients.abs().mean()) * count,
        "pull": -float(gradients.sum() / gradients.abs().sum().clamp_min(1e-30)),
    }


def extremes(images: np.ndarray) -> tuple[float, float]:
    """The darkest and the brightest value of images [N, C, H, W], as nine in ten of them do not go beyond it.

    Stable, unlike extremes, and the same where other images are among them.
    """
    flat = images.reshape(len(images), -1)
    return float(np.quantile(flat.min(1), 0.1)), float(np.quantile(flat.max(1), 0.9))


@contextmanager
def undisturbed(method: Method) -> Iterator[None]:
    """Whatever happens inside leaves random numbers, running statistics and modes as they were."""
    networks = list(method.networks.values())
    modes = [(module, module.training) for network in networks for module in network.modules()]
    kept = [(buffer, buffer.clone()) for network in networks for buffer in network.buffers()]
    with random_kept(method.runtime.device):
        method.runtime.seed(0)
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            with torch.no_grad():
                for buffer, before in kept:
                    buffer.copy_(before)


def _most(method: Method, count: int) -> int:
    """How many of so many images the discriminator takes as one batch."""
    if not isinstance(method, Adversarial):
        return count
    network = method.discriminator.network
    group = network.images_per_group if isinstance(network, GroupsImages) else method.pack
    return count - count % group if count > group else count


def _first(batch: Batch, count: int) -> Batch:
    return Batch(batch.images[:count], None if batch.classes is None else batch.classes[:count])


def _draws(count: int, method: Adversarial) -> Callable[..., Tensor]:
    """The same augmentation at every probe."""
    random = torch.Generator().manual_seed(0)
    return lambda *shape: torch.rand(count, *shape, generator=random).to(method.runtime.device)


def _classes(one_hot: Tensor) -> np.ndarray:
    """Class numbers [N] of one-hot classes [N, K]."""
    return np.asarray(one_hot.argmax(1).cpu().numpy())


def _array(tensor: Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().float().cpu().contiguous().numpy())
