"""What maximum likelihood minimises, and how an estimate of it by Parzen windows misleads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.experiments.claims.pictures import RED
from ganatomy.system.lazy import torch
from ganatomy.theory import divergences
from ganatomy.theory.densities import gaussians
from ganatomy.theory.grid import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = Grid([-12], [12], [1200])


@register_claim(
    "likelihood",
    place=1,
    sentence="Maximising likelihood is minimising the Kullback–Leibler divergence from the data to the model.",
    source="Goodfellow et al. 2014, section 1; Goodfellow 2016, section 1",
    criteria={
        "largest distance between the curves, nats": Criterion("0, up to sampling noise", high=0.03),
        "distance between the minima": Criterion("0", high=0.1 + 1e-6),  # one step of the grid of means
    },
    lesson=Lesson(
        "What does likelihood minimise?",
        "A model's mean moves across the data. Where is its likelihood greatest?",
        ["Where KL(data ‖ model) is least", "Where the model is narrowest", "Where the model's mode is a data point"],
        0,
        "The mean log-likelihood is −KL(p ‖ q) minus the entropy of the data, which no model can change: the two "
        "curves are mirror images, so they have their optimum in the same place.",
    ),
)
def _likelihood(trial: ClaimTrial) -> Outcome:
    """A normal q of variance 1.5² at every mean: its negative log-likelihood and its KL, from the same p."""
    real, means, deviation = gaussians(-1.0, 1.0, deviation=0.6), torch.linspace(-3, 3, 61), 1.5
    models = [gaussians(mean, deviation=deviation) for mean in means.tolist()]
    points = real.sample(trial.size(400_000, 50_000), torch.Generator().manual_seed(trial.seed)).double()
    p = LINE.masses(real)
    entropy = -torch.xlogy(p, p / LINE.widths).sum().item()
    likelihoods = np.array([-model.log_density(points).mean().item() for model in models])
    cross_entropies = np.array([divergences.kl(p, LINE.masses(model)).item() for model in models]) + entropy

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(means, cross_entropies, label="KL(p ‖ q), plus p's entropy, a constant", linewidth=4, alpha=0.4)
        axes.plot(means, likelihoods, ".", label="mean −log q(x) of points from p", color="black")
        least = likelihoods.argmin()
        axes.annotate(
            "least of both", (means[least], likelihoods[least]), (0, 14), textcoords="offset points", ha="center"
        )
        axes.set(xlabel="mean of the model q; the data's is 0", ylabel="nats")
        axes.legend(loc="upper center")

    figures = {
        "largest distance between the curves, nats": float(np.abs(likelihoods - cross_entropies).max()),
        "distance between the minima": abs(means[likelihoods.argmin()] - means[cross_entropies.argmin()]).item(),
    }
    return Outcome(figures, draw)


@register_claim(
    "parzen-misleads",
    place=19,
    sentence="Parzen window likelihoods mislead: k-means centroids outscore real images.",
    source="Theis et al. 2016 (arXiv:1511.01844), section 3.2, table 1",
    criteria={"k-means centroids minus real images, nats": Criterion("more than 0", low=1.0)},
    lesson=Lesson(
        "Real images or centroids: which score higher?",
        "Which has the higher Parzen window likelihood: real images, or the centroids of k-means?",
        ["Real images", "The centroids", "They are equal"],
        1,
        "Centroids lie in the middle of many images, so they are close to all of them. The window measures closeness; "
        "that does not make a good image.",
    ),
)
def _parzen(trial: ClaimTrial) -> Outcome:
    """Training images and as many k-means centroids, under the 2014 protocol."""
    from ganatomy.evaluation.metrics import parzen
    from ganatomy.evaluation.metrics.arrays import flat
    from ganatomy.experiments.claims.digits import shuffled_digits

    pixels, count = flat(shuffled_digits(trial.seed).pixels), trial.size(2000, 1000)
    train, validation, test = pixels[:4000], pixels[4000:4500], pixels[4500:]
    results = parzen.controls(train, validation, test, count, trial.seed)
    nats = {name: result.estimate.value for name, result in results.items()}
    images = {
        "training images": train[:16],
        "k-means centroids": parzen.centroids(train, count, trial.seed)[:16],
    }

    def draw(figure: Figure) -> None:
        *pictures, last = panels(figure, 1, 3)
        titles = {"training images": "real images", "k-means centroids": "centroids of k-means"}
        for panel, (name, examples) in zip(pictures, images.items(), strict=True):
            panel.suptitle(titles[name], fontsize=11)
            for axes, image in zip(panel.subplots(4, 4).flat, examples, strict=True):
                axes.imshow(image.reshape(28, 28), cmap="gray")
                axes.axis("off")
        axes = last.subplots()
        bars = axes.bar([title.replace(" of ", "\nof ") for title in titles.values()], [nats[name] for name in titles])
        axes.bar_label(bars, [f"{nats[name]:.0f} nats" for name in titles])
        bars[1].set_color(RED)
        axes.set(title="Parzen window likelihood\nof other real images", yticks=[])
        axes.margins(y=0.15)
        axes.spines["left"].set_visible(False)

    return Outcome(
        {"k-means centroids minus real images, nats": nats["k-means centroids"] - nats["training images"]}, draw
    )
