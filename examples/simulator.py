"""Calibration of a simulator with the game as a component: which parameters explain an observation?

The simulator squares its parameter θ ~ N(0, 1) and adds noise: x = θ² + 0.3 ε. After x is seen, θ and −θ are equally
likely, and the posterior is known: p(θ | x) ∝ p(θ) p(x | θ). A generator (z, x) → θ learns it from simulations alone,
against an adversary that sees pairs (θ, x): Ramesh et al. 2022 (arXiv:2203.06481). Beside it: the prior, and a network
that learns the mean and variance of a Gaussian for each x.
"""

import argparse

import torch
from torch import Tensor, nn

import ganatomy

NOISE = 0.3
OBSERVED = (0.25, 1.0, 2.25)  # x, of θ = ±½, ±1, ±1½
BATCH, SAMPLES = 256, 4096


def simulate(count: int) -> tuple[Tensor, Tensor]:
    """Parameters θ of the prior and what the simulator makes of them, x, each [count, 1]."""
    theta = torch.randn(count, 1)
    return theta, theta.square() + NOISE * torch.randn_like(theta)


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Vectors [B, inputs] → [B, outputs]."""
    hidden = [nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2)]
    return nn.Sequential(*hidden, nn.Linear(64, outputs))


def played(steps: int) -> tuple[nn.Module, ganatomy.Adversary]:
    """The generator (z, x) → θ after the game, and its adversary."""
    generator = network(2, 1)
    optimiser = torch.optim.Adam(generator.parameters(), 1e-3, betas=(0.5, 0.99))
    discriminator = network(2, 1)
    adversary = ganatomy.Adversary(
        discriminator,
        "non_saturating",
        {"r1": 0.1},
        optimiser=torch.optim.Adam(discriminator.parameters(), 1e-3, betas=(0.5, 0.99)),
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        theta, x = simulate(BATCH)
        guess = generator(torch.cat([torch.randn(BATCH, 1), x], 1))
        optimiser.zero_grad()
        adversary(torch.cat([theta, x], 1), torch.cat([guess, x], 1)).backward()
        optimiser.step()
        schedule.step()
    return generator, adversary


def gaussian(steps: int) -> nn.Module:
    """x → mean and log σ of θ, by maximum likelihood."""
    found = network(1, 2)
    optimiser = torch.optim.Adam(found.parameters(), 1e-3)
    for _ in range(steps):
        theta, x = simulate(BATCH)
        mean, log_sigma = found(x).split(1, 1)
        optimiser.zero_grad()
        (log_sigma + ((theta - mean) / log_sigma.exp()).square() / 2).mean().backward()
        optimiser.step()
    return found


def posterior(x: float) -> Tensor:
    """Samples of p(θ | x), [SAMPLES], evenly through its cumulative distribution on a grid."""
    grid = torch.linspace(-4, 4, 20_001, dtype=torch.float64)
    density = torch.exp(-grid.square() / 2 - ((x - grid.square()) / NOISE).square() / 2)
    shares = (torch.arange(SAMPLES, dtype=torch.float64) + 0.5) / SAMPLES
    return grid[torch.searchsorted(density.cumsum(0) / density.sum(), shares)].float()


def distance(one: Tensor, other: Tensor) -> float:
    """Wasserstein-1 between equally many samples on the line, [N] each."""
    return float((one.sort().values - other.sort().values).abs().mean())


def main(seed: int = 0, steps: int = 3000) -> dict[str, float]:
    """Train both, print and return the mean distance to the posterior over the observed x."""
    torch.manual_seed(seed)
    generator, adversary = played(steps)
    regression = gaussian(steps)
    distances: dict[str, list[float]] = {"prior": [], "Gaussian": [], "game": []}
    with torch.no_grad():
        for x in OBSERVED:
            true, seen, noise = posterior(x), torch.full((SAMPLES, 1), x), torch.randn(SAMPLES, 1)
            mean, log_sigma = regression(seen).split(1, 1)
            drawn = {"prior": noise, "Gaussian": mean + log_sigma.exp() * noise}
            drawn["game"] = generator(torch.cat([noise, seen], 1))
            for name, theta in drawn.items():
                distances[name].append(distance(theta.flatten(), true))
    found = {name: sum(each) / len(each) for name, each in distances.items()}
    print("mean Wasserstein-1 distance to the posterior, over x = " + ", ".join(map(str, OBSERVED)))
    for name, mean_distance in found.items():
        print(f"{name:12}{mean_distance:6.3f}")
    print(f"diagnosis of the game: {adversary.verdict}")
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--steps", type=int, default=3000)
    main(**vars(options.parse_args()))
