"""The game as a component: the adversarial loss of a training loop that is not ours."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from ganatomy.diagnosis.finding import Finding
from ganatomy.diagnosis.loop import Diagnosis
from ganatomy.errors import UserError
from ganatomy.gan.adversarial import of_images
from ganatomy.gan.objectives import OBJECTIVES, objective_of
from ganatomy.gan.penalties import PENALTIES
from ganatomy.gan.player import Player
from ganatomy.networks.protocols import has_batch_norm
from ganatomy.system.precision import at_least_float32
from ganatomy.system.runtime import Randomness, Runtime

RATE, BETAS = 2e-4, (0.5, 0.999)  # of Adam, as in DCGAN: Radford et al. 2016 (arXiv:1511.06434), section 4


class Adversary:
    """A discriminator that learns to tell two kinds of samples apart, and the loss of whatever makes one of them.

    adversary = ganatomy.Adversary(discriminator, "hinge", {"r1": 0.1})
    for real in batches:
        loss = my_loss(…) + 0.1 * adversary(real, fake)  # a step of the discriminator, then the loss of `fake`
        …  # the step of your optimiser
    print(adversary.verdict)
    """

    def __init__(
        self,
        discriminator: nn.Module,
        objective: str | Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = "non_saturating",
        penalties: Mapping[str, float] | None = None,
        *,
        optimiser: torch.optim.Optimizer | None = None,
        seed: int = 0,
        observe: int = 20,
    ) -> None:
        """The game before its first step.

        discriminator  samples [B, …] → raw scores, one or several for each sample; it learns in place
        objective      a registered name, or a function of scores: real, fake → D's loss, the generator's loss
        penalties      registered names and their weights, for a discriminator without batch normalisation
        optimiser      of the discriminator's parameters; Adam with a rate of 2e-4 if not given
        seed           of the penalties' random numbers
        observe        every so many steps, samples and scores are shown to the diagnosis

        Raises UserError for an unknown objective or penalty, and where a penalty meets batch normalisation.
        """
        self.objective = OBJECTIVES.find(objective) if isinstance(objective, str) else objective_of(objective)
        self.penalties = [(PENALTIES.find(name), weight) for name, weight in (penalties or {}).items()]
        if self.penalties and has_batch_norm(discriminator):
            names = ", ".join(penalties or {})
            raise UserError(f"Penalties ({names}) need a discriminator without batch normalisation.")
        optimiser = optimiser or torch.optim.Adam(discriminator.parameters(), RATE, BETAS)
        device = next(discriminator.parameters()).device
        self.player = Player("discriminator", discriminator, optimiser, {}, Runtime(device))
        self.random, self.every = Randomness(seed), observe
        self.diagnosis = Diagnosis(objective if isinstance(objective, str) else None)
        self.step = 0

    def __call__(self, real: Tensor, fake: Tensor) -> Tensor:
        """One step of the discriminator, then the loss of what made `fake`: a scalar. Errors as `update`."""
        self.update(real, fake)
        return self.loss(real, fake)

    def update(self, real: Tensor, fake: Tensor) -> Tensor:
        """One step of the discriminator on samples [B, …], from which no gradient flows back; its loss, a scalar.

        Raises NonFiniteError, and leaves the discriminator as it was, where loss or gradient is not finite.
        """
        real, fake = real.detach(), fake.detach()
        real_scores, fake_scores = self._scores(real), self._scores(fake)
        loss = self.objective.losses(real_scores, fake_scores).discriminator
        random = self.random.at("penalty", self.step)
        for penalty, weight in self.penalties:
            loss = loss + weight * penalty(
                lambda samples: of_images(self._scores(samples)),
                real,
                fake,
                lambda *shape: torch.rand(len(real), *shape, generator=random).to(real.device),
            )
        self.player.update(loss, self.step)
        self.step += 1
        if self.step % self.every == 0:
            shown = {"real": real, "fake": fake} if _images(real) else {}
            self.diagnosis.observe(self.step, **shown, real_scores=real_scores, fake_scores=fake_scores)
        return loss.detach()

    def loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """The loss of what made `fake`, samples [B, …]: a scalar whose gradient reaches `fake` alone.

        real: the samples beside them, for objectives that compare the two.
        """
        parameters = self.player.parameters
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            fake_scores = self._scores(fake)
            with torch.no_grad():
                real_scores = self._scores(real) if self.objective.paired else torch.zeros_like(fake_scores)
            return self.objective.losses(real_scores, fake_scores).generator
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)

    @property
    def verdict(self) -> str:
        """One line: `healthy`, or what is wrong now."""
        return self.diagnosis.verdict

    def findings(self) -> Sequence[Finding]:
        """All that was found so far."""
        return self.diagnosis.findings()

    def _scores(self, samples: Tensor) -> Tensor:
        """Raw scores of samples [B, …], in float32."""
        scores: Tensor = self.player.network(samples)
        return at_least_float32(scores)


def _images(samples: Tensor) -> bool:
    """Whether the diagnosis knows how to look at such samples: images [B, C, H, W], of at most four channels."""
    return samples.dim() == 4 and samples.shape[1] <= 4
