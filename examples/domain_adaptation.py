"""Domain adaptation with the game as a component: a classifier of digits reads their negatives, unlabelled.

A classifier learns from labelled digits, white on black. It is to read such digits in black on white, of which no label
is known. A translator, one curve of tones for all pixels, is trained against an adversary that has seen only white on
black. Beside it: the classifier without a translator, and one that was trained on the labels nobody has.
"""

import argparse

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import ganatomy

LABELLED, UNLABELLED = 2000, 2000  # of the 5,000 digits; the others are to test on
BATCH = 64


def small_network(outputs: int) -> nn.Sequential:
    """Grey images [B, 1, 28, 28] → [B, outputs]."""
    convolutions = [nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(64 * 7 * 7, outputs))


def classifier(images: Tensor, labels: Tensor, steps: int) -> nn.Module:
    """Trained on images [N, 1, 28, 28] with their labels [N]."""
    network = small_network(10)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(steps):
        chosen = torch.randint(len(images), (BATCH,))
        optimiser.zero_grad()
        cross_entropy(network(images[chosen]), labels[chosen]).backward()
        optimiser.step()
    return network


def translator(source: Tensor, target: Tensor, steps: int) -> tuple[nn.Module, ganatomy.Adversary]:
    """Trained to make images of the target domain look like those of the source; both [N, 1, 28, 28], no labels."""
    tones = nn.Sequential(nn.Conv2d(1, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1), nn.Tanh())
    optimiser = torch.optim.Adam(tones.parameters(), 2e-3, betas=(0.5, 0.99))
    adversary = ganatomy.Adversary(small_network(1), "non_saturating", {"r1": 0.1})
    for _ in range(steps):
        real, other = (images[torch.randint(len(images), (BATCH,))] for images in (source, target))
        optimiser.zero_grad()
        adversary(real, tones(other)).backward()
        optimiser.step()
    return tones, adversary


def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images whose label it says."""
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())


def main(seed: int = 0, steps: int = 400) -> dict[str, float]:
    """Train all three, print and return the accuracy of each on the target domain's test images."""
    torch.manual_seed(seed)
    digits = ganatomy.prepare("digits")
    shuffled = torch.randperm(len(digits.pixels))
    images = torch.tensor(digits.pixels[:])[shuffled].permute(0, 3, 1, 2) / 127.5 - 1
    labels = torch.tensor(digits.labels)[shuffled].long()
    source, target, test = images.split([LABELLED, UNLABELLED, len(images) - LABELLED - UNLABELLED])
    target, test = -target, -test
    of_source, of_target, of_test = labels.split([len(source), len(target), len(test)])

    reads_source, reads_target = classifier(source, of_source, steps), classifier(target, of_target, steps)
    tones, adversary = translator(source, target, steps)
    with torch.no_grad():
        found = {
            "source only": accuracy(reads_source, test, of_test),
            "adapted": accuracy(reads_source, tones(test), of_test),
            "trained on the target's labels": accuracy(reads_target, test, of_test),
        }
    for name, share in found.items():
        print(f"{name:32}{share:7.1%}")
    print(f"diagnosis of the game: {adversary.verdict}")
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--steps", type=int, default=400)
    main(**vars(options.parse_args()))
