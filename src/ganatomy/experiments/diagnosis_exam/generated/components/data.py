"""Faults of the data and of the loader."""

import numpy as np
import torch
from torch import Tensor

from ganatomy.config.options import Config
from ganatomy.diagnosis.rules import images, inputs, players
from ganatomy.experiments.diagnosis_exam import alterations
from ganatomy.experiments.diagnosis_exam.generated.components.component import Drawn, component
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch, Batches


@component("range", inputs.wrong_range)
def wrong_range(random: np.random.Generator, config: Config) -> Drawn:
    """Real images in [0, 1], [0, 255] or a dark part of the range."""
    low, high = [(0.0, 1.0), (0.0, 255.0), (-1.0, -0.4), (-2.0, 2.0)][random.integers(4)]

    return Drawn(f"real images in [{low:g}, {high:g}]", alter=alterations.ranged(low, high))


@component("repeats", inputs.real_images_repeat, players.discriminator_overfits, players.memorisation)
def repeats(random: np.random.Generator, config: Config) -> Drawn:
    """The first 1 to 8 real batches, again and again."""
    few = int(random.integers(1, 9))
    return Drawn(f"the same {few} batches", alter=alterations.repeated(few))


@component(
    "wrong labels",
    images.classes_are_not_obeyed,
    suits=lambda config: config.prior.conditional or config.generator.family == "dcgan",
)
def wrong_labels(random: np.random.Generator, config: Config) -> Drawn:
    """Each batch has the classes of another, by class."""
    return Drawn("labels of other images", {"prior.conditional": True}, alterations.wrong_labels)


@component("poison", inputs.not_finite)
def poison(random: np.random.Generator, config: Config) -> Drawn:
    """A pixel that is not a number, in some batches from some step on."""
    first, every = int(random.integers(20, 200)), int(random.integers(1, 20))
    about = f"a pixel that is not a number, every {every} steps from step {first}"
    return Drawn(about, alter=alterations.poisoned(first, every))


@component("half hidden", inputs.held_out_images_differ)
def half_hidden(random: np.random.Generator, config: Config) -> Drawn:
    """A side of every real image is grey: a third to three quarters of it."""
    share, side = float(random.uniform(0.33, 0.75)), int(random.integers(2))

    def change(images: Tensor, step: int, turn: int) -> Tensor:
        hidden = images.clone()
        hidden.movedim(2 + side, 0)[: round(share * images.shape[2 + side])] = 0.0
        return hidden

    return Drawn(f"{share:.0%} of each real image grey", alter=alterations.shown_otherwise(change))


@component("noise in the data", inputs.held_out_images_differ)
def noise_in_the_data(random: np.random.Generator, config: Config) -> Drawn:
    """Noise over the real images, within the range."""
    size = float(random.uniform(0.3, 1.0))

    def change(images: Tensor, step: int, turn: int) -> Tensor:
        noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(1000 * step + turn))
        return (images + size * noise.to(images)).clamp(-1, 1)

    return Drawn(f"noise of {size:.2f} over the real images", alter=alterations.shown_otherwise(change))


@component("generated among the real", inputs.held_out_images_differ)
def generated_among_real(random: np.random.Generator, config: Config) -> Drawn:
    """A share of each real batch is the generator's own images."""
    share = float(random.uniform(0.3, 0.8))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def mixed(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            few = round(share * len(batch.images))
            codes = method.prior.sample(len(batch.images), torch.Generator().manual_seed(1000 * step + turn))
            with torch.no_grad():
                made = method.generator.network(codes.to(batch.images.device), batch.classes)[:few]
            return batch._replace(images=torch.cat([made.to(batch.images), batch.images[few:]]))

        return mixed

    return Drawn(f"{share:.0%} of the real images are generated ones", alter=alter)


# It gives these batches again and again, out of a set that has more.
@component("sorted images", inputs.held_out_images_differ, inputs.real_images_repeat, images.oscillation)
def sorted_images(random: np.random.Generator, config: Config) -> Drawn:
    """The loader gives dark images first and bright ones last, over 20 to 100 batches, again and again."""
    number = int(random.integers(20, 101))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        some = [batches(step, 0) for step in range(number)]
        images = torch.cat([batch.images for batch in some])
        order = images.flatten(1).mean(1).argsort().chunk(number)
        classes = None if some[0].classes is None else torch.cat([b.classes for b in some if b.classes is not None])

        def in_order(step: int, turn: int) -> Batch:
            chosen = order[step % number]
            return Batch(images[chosen], None if classes is None else classes[chosen])

        return in_order

    return Drawn(f"images sorted by brightness over {number} batches", alter=alter)
