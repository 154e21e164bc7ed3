"""Claims about images: latent spaces, scores, speed, batch statistics."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy import ndimage
from scipy.stats import spearmanr
from torch import Generator, Tensor, nn

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.evaluation.features import lenet
from ganatomy.evaluation.features.extractor import Extracted, extract
from ganatomy.evaluation.metrics import parzen
from ganatomy.evaluation.metrics.arrays import flat
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.evaluation.metrics.inception_score import inception_score
from ganatomy.evaluation.metrics.neighbours import neighbour_scores
from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial, parts
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.generators.api import Sampler, load
from ganatomy.modalities.images import Pixels
from ganatomy.system.runtime import Runtime
from ganatomy.training import api as training

DIGITS = "digits"  # 5,000 of MNIST's, with the extra `demo`


def shuffled(trial: Trial) -> datasets.Images:
    """The digits in an order of this trial's own."""
    images = datasets.prepare(DIGITS)
    order = np.random.default_rng(trial.seed).permutation(len(images))
    assert images.labels is not None
    return replace(images, pixels=images.pixels[order], labels=images.labels[order])


def features(pixels: Pixels) -> Extracted:
    """Of the digit network."""
    return extract(lenet.make(1, "cpu"), [pixels])


# --- latent space -----------------------------------------------------------------------------------------------------

STEPS = (1.0, 0.1, 0.01, 0.001)


def generator(trial: Trial) -> Sampler:
    """A small DCGAN, trained on the digits for a minute or less."""
    settings = {
        "generator.width": 16,
        "discriminator.width": 16,
        "training.minutes": None,
        "training.batch": 32,
        "training.steps": trial.size(2000, 600),
        "training.seed": trial.seed,
        "runtime.precision": "float32",
        "runtime.convolution": "native",
        "log.snapshot": 10**6,
        "log.checkpoint": 10**6,
    }
    with tempfile.TemporaryDirectory() as folder:
        run = training.train(DIGITS, recipe="digits", settings=settings, name="latent", runs=Path(folder))
        if run.info()["status"] != "finished":
            raise UserError("The training was stopped, and with it the claim's trial.")
        return load(run)


def _latent(trial: Trial) -> Evidence:
    """How far images move for ever smaller steps of z; and whether what lies between two images is plausible too."""
    sampler, random = generator(trial), Generator().manual_seed(trial.seed)
    z = torch.randn(256, sampler.prior.dimension, generator=random)
    direction = torch.nn.functional.normalize(torch.randn(z.shape, generator=random), dim=1)
    moved = [
        (sampler.network(z + step * direction) - sampler.network(z)).flatten(1).norm(dim=1).mean().item()
        for step in STEPS
    ]

    count = trial.size(1500, 1000)
    codes = sampler.latents(range(2 * count))
    ends = sampler.images(codes, 64)
    middles = torch.stack(
        [sampler.prior.between(a, b, torch.tensor([0.5]))[0] for a, b in zip(codes[:count], codes[count:], strict=True)]
    )
    mixed = ((ends[:count].astype(float) + ends[count:]) / 2).round().astype(np.uint8)
    real = features(datasets.prepare(DIGITS).pixels[: trial.size(3000, 1000)]).features
    sets = {"samples": ends[:count], "halfway in latent space": sampler.images(middles, 64), "halfway in pixels": mixed}
    precision = {
        name: neighbour_scores(real, features(pixels).features, k=5).precision for name, pixels in sets.items()
    }
    path = torch.cat([sampler.prior.between(codes[0], codes[1], torch.linspace(0, 1, 9))])
    return Evidence(
        {
            "images' step for a tenth of z's, largest ratio": max(b / a for a, b in pairwise(moved[1:])),
            "precision halfway in latent space over that of samples": precision["halfway in latent space"]
            / precision["samples"],
            "precision halfway in pixels over that of samples": precision["halfway in pixels"] / precision["samples"],
        },
        {
            "moved": moved,
            "precision": precision,
            "walk": sampler.images(path),
            "mixed": [(ends[0] * (1 - share) + ends[1] * share).astype(np.uint8) for share in np.linspace(0, 1, 9)],
        },
    )


def _draw_latent(figure: Figure, evidence: Evidence) -> None:
    left, right = parts(figure, 1, 2, width_ratios=[1, 2])
    place = left.subplots()
    place.loglog(STEPS, evidence.seen["moved"], "o-")
    place.set(xlabel="step of z", ylabel="step of the image")
    rows = {
        "walk through latent space": evidence.seen["walk"],
        "the same ends, mixed pixel by pixel": evidence.seen["mixed"],
    }
    for places, (name, images) in zip(right.subplots(2, 9), rows.items(), strict=True):
        for place, image in zip(places, images, strict=True):
            place.imshow(image[..., 0], cmap="gray")
            place.axis("off")
        places[4].set_title(name)


# --- Parzen windows ---------------------------------------------------------------------------------------------------


def _parzen(trial: Trial) -> Evidence:
    """Training images and k-means centroids, as many, under the 2014 protocol."""
    pixels = flat(shuffled(trial).pixels)
    train, validation, test = pixels[:4000], pixels[4000:4500], pixels[4500:]
    found = parzen.controls(train, validation, test, trial.size(2000, 1000), trial.seed)
    nats = {name: result.estimate.value for name, result in found.items()}
    return Evidence(
        {"k-means centroids less real images, nats": nats["k-means centroids"] - nats["training images"]},
        {
            "nats": nats,
            "real": train[:16],
            "centroids": parzen.centroids(train, trial.size(2000, 1000), trial.seed)[:16],
        },
    )


def _draw_parzen(figure: Figure, evidence: Evidence) -> None:
    names = {"training images": evidence.seen["real"], "k-means centroids": evidence.seen["centroids"]}
    for part, (name, images) in zip(parts(figure, 1, 2), names.items(), strict=True):
        part.suptitle(f"{name}: {evidence.seen['nats'][name]:.1f} nats")
        for place, image in zip(part.subplots(4, 4).flat, images, strict=True):
            place.imshow(image.reshape(28, 28), cmap="gray")
            place.axis("off")


# --- what the Fréchet distance notices --------------------------------------------------------------------------------

BLURS, NOISES, DROPPED = (0.0, 0.5, 1.0, 1.5, 2.0), (0, 20, 40, 60, 80), (0, 2, 4, 6, 8)
REPEATED = 20  # images of each class, over and over: variety within the class is lost


def _notices(trial: Trial) -> Evidence:
    images, random = shuffled(trial), np.random.default_rng(trial.seed)
    half = len(images) // 2
    real, fresh = features(images.pixels[:half]).features, images.pixels[half:]
    labels = np.asarray(images.labels)[half:]
    few = np.concatenate(
        [np.resize(np.flatnonzero(labels == label)[:REPEATED], (labels == label).sum()) for label in range(10)]
    )

    def distance(pixels: Pixels) -> float:
        return frechet_distance(real, features(pixels).features)

    curves = {
        "blur": [distance(ndimage.gaussian_filter(fresh, blur, axes=(1, 2))) for blur in BLURS],
        "noise": [
            distance(np.clip(fresh + noise * random.standard_normal(fresh.shape), 0, 255).astype(np.uint8))
            for noise in NOISES
        ],
        "lost classes": [distance(fresh[labels >= lost]) for lost in DROPPED],
    }
    scores = {
        "all": inception_score(np.asarray(features(fresh).probabilities)),
        "few": inception_score(np.asarray(features(fresh[few]).probabilities)),
    }
    distances = {"all": distance(fresh), "few": distance(fresh[few])}
    return Evidence(
        {
            **{
                f"FD against {name}: rank correlation": float(spearmanr(range(len(curve)), curve).statistic)
                for name, curve in curves.items()
            },
            "variety within classes lost: Inception-style score over before": scores["few"] / scores["all"],
            "variety within classes lost: FD over before": distances["few"] / distances["all"],
        },
        {"curves": curves, "scores": scores, "distances": distances},
    )


def _draw_notices(figure: Figure, evidence: Evidence) -> None:
    seen = evidence.seen
    left, middle, right = figure.subplots(1, 3)
    for name, curve in seen["curves"].items():
        left.plot(curve, "o-", label=name)
    left.set(xlabel="severity", ylabel="fd_lenet", yscale="log")
    left.legend()
    words = ["all images", f"{REPEATED} a class,\nrepeated"]
    middle.bar(words, list(seen["scores"].values()), color="#2b6cb0")
    middle.set(title="Inception-style score: blind")
    right.bar(words, list(seen["distances"].values()), color="#dd6b20")
    right.set(title="Fréchet distance: not blind")


# --- one pass against many --------------------------------------------------------------------------------------------


def _passes(trial: Trial) -> Evidence:
    """Seconds an image of untrained networks, which are as fast as trained ones: a DCGAN's and a denoiser as large."""
    image, count = (1, 28, 28), 4
    gan = build.method(change(recipe("dcgan"), {"generator.width": 24, "discriminator.width": 24}), image, Runtime())
    small = {"prior.dimension": 28 * 28, "generator.width": 16}
    seconds, sizes = {}, {"GAN": _parameters(gan.generator.network)}
    codes = gan.prior.of_seeds(range(count))
    seconds[1] = median(_seconds(lambda: gan.sample(codes)) for _ in range(20)) / count
    for passes in (50, 1000):
        rival = build.method(
            change(recipe("diffusion"), {**small, "diffusion.sampling_steps": passes}), image, Runtime()
        )
        noise = rival.prior.of_seeds(range(count))
        seconds[passes] = _seconds(partial(rival.sample, noise)) / count
        sizes["denoiser"] = _parameters(rival.generator.network)
    return Evidence(
        {
            "1,000 steps over one pass, seconds an image": seconds[1000] / seconds[1],
            "50 steps over one pass, seconds an image": seconds[50] / seconds[1],
            "denoiser's parameters over the generator's": sizes["denoiser"] / sizes["GAN"],
        },
        {"seconds": seconds},
    )


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _draw_passes(figure: Figure, evidence: Evidence) -> None:
    place, seconds = figure.subplots(), evidence.seen["seconds"]
    names = ["GAN, 1 pass" if passes == 1 else f"diffusion, {passes:,} passes" for passes in seconds]
    bars = place.barh(names, list(seconds.values()), color=["#2b6cb0", "#dd6b20", "#dd6b20"])
    place.bar_label(bars, [f"{value:.2g} s" for value in seconds.values()], padding=4)
    place.set(xlabel="seconds an image", xscale="log")


# --- shared batch statistics ------------------------------------------------------------------------------------------


class Normalised(nn.Module):
    """A discriminator of points with batch normalisation."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, width),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


def _shared(trial: Trial) -> Evidence:
    """Trained on batches of both kinds; then the same generated points are judged beside real ones, and alone."""
    torch.manual_seed(trial.seed)
    network, random = Normalised(), Generator().manual_seed(trial.seed)
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    objective = OBJECTIVES["minimax"]

    def pair() -> tuple[Tensor, Tensor]:
        return torch.randn(128, 2, generator=random), torch.randn(128, 2, generator=random) + 2

    for _ in range(trial.size(500, 300)):
        real, fake = pair()
        scores = network(torch.cat([real, fake]))
        loss = objective.losses(scores[:128], scores[128:]).discriminator
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        real, fake = pair()
        beside = network(torch.cat([real, fake]))[128:].sigmoid()
        alone = network(fake).sigmoid()
    return Evidence(
        {"D(G(z)) beside real points": beside.mean().item(), "D(G(z)) of the same points alone": alone.mean().item()},
        {"beside": beside, "alone": alone},
    )


def _draw_shared(figure: Figure, evidence: Evidence) -> None:
    place, bins = figure.subplots(), [i / 30 for i in range(31)]
    place.hist(evidence.seen["beside"], bins, alpha=0.6, label="beside real points, as in D's step")
    place.hist(evidence.seen["alone"], bins, alpha=0.6, label="alone, as in G's step")
    place.set(xlabel="D of the same generated points", ylabel="points")
    place.legend()


CLAIMS: list[Claim] = [
    Claim(
        "continuous-latent-space",
        "The latent space is continuous: small steps in z are small steps in the image, and walks pass through "
        "plausible images.",
        "Radford et al. 2015 (arXiv:1511.06434), section 6.1",
        _latent,
        {
            "images' step for a tenth of z's, largest ratio": Criterion("0.1", high=0.15),
            "precision halfway in latent space over that of samples": Criterion("1", low=0.85),
            "precision halfway in pixels over that of samples": Criterion("less", high=0.7),
        },
        _draw_latent,
    ),
    Claim(
        "parzen-misleads",
        "Parzen window likelihoods mislead: k-means centroids outscore real images.",
        "Theis et al. 2016 (arXiv:1511.01844), section 3.2, table 1",
        _parzen,
        {"k-means centroids less real images, nats": Criterion("more than 0", low=1.0)},
        _draw_parzen,
    ),
    Claim(
        "frechet-notices",
        "The Fréchet distance grows with blur, noise and lost modes; an Inception-style score is blind to lost variety "
        "within a class.",
        "Heusel et al. 2017 (arXiv:1706.08500), section 4; Barratt & Sharma 2018 (arXiv:1801.01973)",
        _notices,
        {
            **{
                f"FD against {name}: rank correlation": Criterion("1", low=0.999)
                for name in ("blur", "noise", "lost classes")
            },
            "variety within classes lost: Inception-style score over before": Criterion("1", low=0.97),
            "variety within classes lost: FD over before": Criterion("far above 1", low=2.0),
        },
        _draw_notices,
    ),
    Claim(
        "one-pass",
        "A GAN draws an image in one pass, where a diffusion model of the same size takes tens to a thousand.",
        "Ho et al. 2020 (arXiv:2006.11239), section 4; Xiao et al. 2022 (arXiv:2112.07804)",
        _passes,
        {
            "1,000 steps over one pass, seconds an image": Criterion("about 1,000 or more", low=500.0),
            "50 steps over one pass, seconds an image": Criterion("about 50 or more", low=25.0),
            "denoiser's parameters over the generator's": Criterion("about 1", low=0.5, high=2.0),
        },
        _draw_passes,
    ),
    Claim(
        "shared-statistics",
        "Batch statistics that real and generated samples share leak the answer: what is found out beside real samples "
        "passes when it is judged alone, as in the generator's step.",
        "Salimans et al. 2016 (arXiv:1606.03498), section 3.5; Radford et al. 2015, the authors' code",
        _shared,
        {
            "D(G(z)) beside real points": Criterion("0", high=0.2),
            "D(G(z)) of the same points alone": Criterion("½", low=0.35),
        },
        _draw_shared,
    ),
]
