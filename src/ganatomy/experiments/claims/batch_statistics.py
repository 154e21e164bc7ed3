"""Batch statistics that real and generated samples share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, BATCH = 32, 128


def normalised_discriminator() -> torch.nn.Module:
    """A discriminator with batch normalisation: points [B, 2] → raw scores [B]."""
    nn = torch.nn
    hidden = [
        layer for inputs in (2, WIDTH) for layer in (nn.Linear(inputs, WIDTH), nn.BatchNorm1d(WIDTH), nn.LeakyReLU(0.2))
    ]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, 1), nn.Flatten(0))


@register_claim(
    "shared-statistics",
    place=22,
    sentence="Batch statistics that real and generated samples share leak the answer: a sample that is recognised as "
    "generated in a batch with real ones passes as real when it is judged without them, as in the generator's step.",
    source="Salimans et al. 2016 (arXiv:1606.03498), section 3.5; Radford et al. 2015, the authors' code",
    criteria={
        "D(G(z)) in a batch with real points": Criterion("0", high=0.2),
        "D(G(z)) of the same points without them": Criterion("½", low=0.35),
    },
    lesson=Lesson(
        "A leak in the batch",
        "Batch normalisation sees real and generated samples in one batch. What does the discriminator learn?",
        ["Nothing wrong: normalisation is harmless", "To read the batch's statistics instead of the sample"],
        1,
        "In a mixed batch the statistics tell which half a sample belongs to. Judged without real samples, as in the "
        "generator's step, the same sample passes: so real and generated batches go through separately.",
    ),
)
def _shared_statistics(trial: ClaimTrial) -> Outcome:
    """D is trained on mixed batches; then it judges the same generated points with real ones and without them."""
    random = torch.Generator().manual_seed(trial.seed)

    def pair() -> tuple[torch.Tensor, torch.Tensor]:
        return torch.randn(BATCH, 2, generator=random), torch.randn(BATCH, 2, generator=random) + 2

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trial.seed)
        discriminator = normalised_discriminator()
    optimiser = torch.optim.Adam(discriminator.parameters(), 2e-3)
    for _ in range(trial.size(500, 300)):
        scores = discriminator(torch.cat(pair()))
        loss = OBJECTIVES["minimax"].losses(scores[:BATCH], scores[BATCH:]).discriminator
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        real, fake = pair()
        mixed = discriminator(torch.cat([real, fake]))[BATCH:].sigmoid()
        alone = discriminator(fake).sigmoid()

    def draw(figure: Figure) -> None:
        axes, bins = figure.subplots(), [i / 30 for i in range(31)]
        axes.hist(mixed, bins, alpha=0.6, label="in a batch with real points, as in D's step")
        axes.hist(alone, bins, alpha=0.6, label="without them, as in G's step")
        axes.set(xlabel="D of the same generated points", ylabel="points")
        axes.legend()

    figures = {
        "D(G(z)) in a batch with real points": mixed.mean().item(),
        "D(G(z)) of the same points without them": alone.mean().item(),
    }
    return Outcome(figures, draw)
