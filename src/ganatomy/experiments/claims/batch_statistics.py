"""Batch statistics that real and generated samples share."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import BLUE, ORANGE
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, BATCH, SHIFT = 32, 128, 2.0


def small_discriminator(normalised: bool) -> torch.nn.Module:
    """Points [B, 2] → raw scores [B], with batch normalisation or without."""
    nn, layers = torch.nn, []
    for inputs in (2, WIDTH):
        layers += [nn.Linear(inputs, WIDTH), *([nn.BatchNorm1d(WIDTH)] if normalised else []), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 1), nn.Flatten(0))


def pair(random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Real points [BATCH, 2] around 0, and generated ones around (2, 2), of variance 1."""
    return torch.randn(BATCH, 2, generator=random), torch.randn(BATCH, 2, generator=random) + SHIFT


def best_accuracy() -> float:
    """Of any D that sees one point at a time: Φ(d/2), d the distance of the two centres, here 2√2."""
    return torch.special.ndtr(torch.tensor(SHIFT * sqrt(2) / 2).double()).item()


def train_on_mixed_batches(normalised: bool, trial: ClaimTrial) -> torch.nn.Module:
    """A discriminator whose batches hold real and generated points together."""
    random = torch.Generator().manual_seed(trial.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trial.seed)
        discriminator = small_discriminator(normalised)
    optimiser = torch.optim.Adam(discriminator.parameters(), 2e-3)
    for _ in range(trial.size(500, 300)):
        scores = discriminator(torch.cat(pair(random)))
        loss = OBJECTIVES["minimax"].losses(scores[:BATCH], scores[BATCH:]).discriminator
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return discriminator


def accuracy(discriminator: torch.nn.Module, seed: int, batches: int = 100) -> float:
    """The share of fresh points in mixed batches, half of them real, that are put on the right side of D = ½."""
    random, right = torch.Generator().manual_seed(10_000 + seed), 0.0
    with torch.no_grad():
        for _ in range(batches):
            scores = discriminator(torch.cat(pair(random)))
            right += ((scores[:BATCH] > 0).double().mean() + (scores[BATCH:] < 0).double().mean()).item() / 2
    return right / batches


@register_claim(
    "shared-statistics",
    place=22,
    sentence="With batch normalisation, what the discriminator says of generated samples depends on their company: "
    "among real ones nearly all are recognised; without them, as in the generator's step, half of them pass as real. "
    "Without batch normalisation nothing changes. The discriminator itself gains nothing by it.",
    source="Salimans et al. 2016 (arXiv:1606.03498), section 3.5; Radford et al. 2015, the authors' code",
    criteria={
        "batch norm: D(G(z)) among real points": Criterion("0", high=0.2),
        "batch norm: D(G(z)) of the same points without them": Criterion("½", low=0.35),
        "no batch norm: largest change of D(G(z)) by the company": Criterion("exactly 0", high=1e-6),
        "accuracy with batch norm, above the best possible for single points": Criterion("0 or less", high=0.02),
        "accuracy with batch norm minus accuracy without": Criterion("0", low=-0.03, high=0.03),
    },
    lesson=Lesson(
        "Does a sample's company matter?",
        "A discriminator with batch normalisation was trained on batches of real and generated samples together. The "
        "same generated samples are judged without the real ones. Then …",
        ["… it says the same as before", "… half of them pass as real", "… it is surer that they are generated"],
        1,
        "Normalisation measures a sample against its batch: among real ones it stands out, among its like it does not. "
        "In the generator's step there are no real ones, so D's gradient is that of another question: real and "
        "generated batches go through separately.",
    ),
)
def _shared_statistics(trial: ClaimTrial) -> Outcome:
    """Two discriminators, trained on mixed batches, judge the same generated points with real ones and without."""
    names = {"with batch normalisation": True, "without": False}
    discriminators = {name: train_on_mixed_batches(normalised, trial) for name, normalised in names.items()}
    real, fake = pair(torch.Generator().manual_seed(20_000 + trial.seed))
    with torch.no_grad():
        mixed = {name: each(torch.cat([real, fake]))[BATCH:].sigmoid() for name, each in discriminators.items()}
        alone = {name: each(fake).sigmoid() for name, each in discriminators.items()}
    right = {name: accuracy(each, trial.seed) for name, each in discriminators.items()}

    def draw(figure: Figure) -> None:
        row, bins = figure.subplots(1, 2, sharey=True), [i / 20 for i in range(21)]
        for axes, name in zip(row, names, strict=True):
            axes.hist(
                [mixed[name], alone[name]], bins, color=[BLUE, ORANGE], label=["among real points", "without them"]
            )
            axes.set(title=f"a discriminator {name}", xlabel="D(G(z)): 0 generated, 1 real", xlim=(0, 1))
        row[0].set_ylabel(f"of the same {BATCH} generated points")
        row[0].legend(title="judged …", frameon=False)

    with_it, without = names
    figures = {
        "batch norm: D(G(z)) among real points": mixed[with_it].mean().item(),
        "batch norm: D(G(z)) of the same points without them": alone[with_it].mean().item(),
        "no batch norm: largest change of D(G(z)) by the company": (mixed[without] - alone[without]).abs().max().item(),
        "accuracy with batch norm, above the best possible for single points": right[with_it] - best_accuracy(),
        "accuracy with batch norm minus accuracy without": right[with_it] - right[without],
    }
    return Outcome(figures, draw)
