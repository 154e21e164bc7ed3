"""Our scores against torch-fidelity's, in one environment: see parity.py."""

import argparse
import datetime
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch_fidelity
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganatomy.evaluation import features
from ganatomy.evaluation.metrics import frechet, inception_score, kernel, neighbours
from ganatomy.system import machine
from ganatomy.system.files import checksum

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "evaluation" / "metrics"))
import golden_arrays  # noqa: E402

TOLERANCE = 1e-5  # of a score's scale: see `scales`
SUBSETS, SIZE, SPLITS, NEIGHBOURS = 20, 20, 10, 3
SHAPES = ((64, 64), (32, 48))  # never the network's own 299: the resizing is compared too
REALS, FAKES, FEW = 100, 84, 40


@dataclass
class Row:
    images: str
    score: str
    torch_fidelity: float
    ours: float
    scale: float

    @property
    def difference(self) -> float:
        """In units of the score's scale."""
        return abs(self.ours - self.torch_fidelity) / self.scale


class Waves(Dataset):
    """Smooth seeded images, uint8 [3, H, W] each."""

    def __init__(self, count: int, height: int, width: int, seed: int, pitch: float) -> None:
        random = np.random.RandomState(seed)
        y, x = np.mgrid[:height, :width][..., None]
        slope, phase = random.uniform(0, pitch, (2, count, 1, 1, 3)), random.uniform(0, 7, (count, 1, 1, 3))
        contrast = random.uniform(40, 127, (count, 1, 1, 3))
        self.pixels = (np.sin(phase + slope[0] * y + slope[1] * x) * contrast + 127.5).astype(np.uint8)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, i: int) -> Tensor:
        return torch.from_numpy(self.pixels[i]).permute(2, 0, 1)


class Untrained(torch_fidelity.FeatureExtractorInceptionV3):
    """The network before any weights are loaded."""

    def load_state_dict(self, *_: Any, **__: Any) -> None:
        pass


def random_weights(path: Path) -> str:
    """Write an untrained network that distinguishes images; returns its SHA-256."""
    empty = BytesIO()
    torch.save({}, empty)  # noqa: TID251
    empty.seek(0)
    network = Untrained("untrained", ["2048", "logits_unbiased"], empty)
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # statistics of all that it sees: without them every image gets the same features
    network.train()
    with torch.no_grad():
        mixed = [Waves(16, *SHAPES[0], seed=5, pitch=pitch).pixels for pitch in (0.2, 0.9)]
        outputs = network(torch.from_numpy(np.concatenate(mixed)).permute(0, 3, 1, 2))
        network.fc.weight *= 3 / outputs[1].std()  # neither the same class for all nor all classes alike
    torch.save(network.state_dict(), path)  # noqa: TID251
    return checksum(path)


def sets() -> Iterator[tuple[str, Waves, Waves]]:
    """Real and generated images; and few that are nearly equal, where most digits of a difference are lost."""
    for height, width in SHAPES:
        yield f"{height}×{width}", Waves(REALS, height, width, 1, 0.25), Waves(FAKES, height, width, 2, 0.35)
    real, fake = (Waves(FEW, *SHAPES[0], 1, 0.25) for _ in range(2))
    noise = np.random.RandomState(3).randint(-1, 2, fake.pixels.shape)
    fake.pixels = np.clip(fake.pixels.astype(int) + noise, 0, 255).astype(np.uint8)
    yield f"{FEW} nearly equal", real, fake


def of_images(path: Path, sha256: str, images: str, real: Waves, fake: Waves) -> Iterator[Row]:
    """Both toolkits from the same images to the scores, and from the same features in double precision."""
    theirs = torch_fidelity.calculate_metrics(
        input1=fake,
        input2=real,
        cuda=False,
        fid=True,
        kid=True,
        isc=True,
        prc=True,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(path),
        kid_subsets=SUBSETS,
        kid_subset_size=SIZE,
        isc_splits=SPLITS,
        prc_neighborhood=NEIGHBOURS,
        save_cpu_ram=True,  # without: processes that load images
        cache=False,
        verbose=False,
    )
    extractor = features.make("inception", weights=path, sha256=sha256)
    x, y = (features.extract(extractor, [images.pixels], len(images)) for images in (real, fake))
    scale = scales(x.features, y.features)
    own = ours(x.features, y.features, y.probabilities, SUBSETS, SIZE)
    yield from compared(images, theirs, own, scale)
    doubles = [torch.from_numpy(each.features.astype(np.float64)) for each in (y, x)]
    again = {
        **fid_statistics_to_metric(*map(fid_features_to_statistics, doubles), verbose=False),
        **kid_features_to_metric(*doubles, kid_subsets=SUBSETS, kid_subset_size=SIZE, verbose=False),
    }
    yield from compared(f"{images}, doubles", again, {name: own[name] for name in again if name in own}, scale)


def scales(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """What a score is a small difference of: FID of ‖μ₁ − μ₂‖² + Tr Σ₁ + Tr Σ₂, KID of the mean kernel."""
    both = np.concatenate([real, fake]).astype(np.float64)
    offset = np.square(real.mean(0) - fake.mean(0)).sum()
    return {
        "frechet_inception_distance": float(offset + real.var(0, ddof=1).sum() + fake.var(0, ddof=1).sum()),
        "kernel_inception_distance_mean": float(np.mean((both @ both.T / both.shape[1] + 1) ** 3)),
    }


def of_arrays() -> dict[str, float]:
    """torch-fidelity's own functions of the golden arrays."""
    real, fake = map(torch.from_numpy, golden_arrays.features())
    statistics = [fid_features_to_statistics(x) for x in (fake, real)]
    return {
        **fid_statistics_to_metric(*statistics, verbose=False),
        **kid_features_to_metric(
            fake, real, kid_subsets=golden_arrays.SUBSETS, kid_subset_size=golden_arrays.SIZE, verbose=False
        ),
        **isc_features_to_metric(torch.from_numpy(golden_arrays.logits()), golden_arrays.SPLITS),
        **prc_features_to_metric(fake, real, prc_neighborhood=golden_arrays.NEIGHBOURS, verbose=False),
    }


def ours(real: np.ndarray, fake: np.ndarray, probabilities: np.ndarray, subsets: int, size: int) -> dict[str, float]:
    """Our scores, under torch-fidelity's names."""
    near = neighbours.neighbour_scores(real, fake, k=NEIGHBOURS)
    return {
        "frechet_inception_distance": frechet.frechet_distance(real, fake),
        "kernel_inception_distance_mean": kernel.kernel_distance(real, fake, subsets=subsets, size=size, seed=2020),
        "inception_score_mean": inception_score.inception_score(probabilities, splits=SPLITS),
        "precision": near.precision,
        "recall": near.recall,
    }


def compared(images: str, theirs: dict[str, float], own: dict[str, float], scale: dict[str, float]) -> list[Row]:
    return [
        Row(images, score, float(theirs[score]), float(value), scale.get(score) or max(abs(theirs[score]), 1e-12))
        for score, value in own.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "tools" / "results" / "parity.json")
    parser.add_argument("--golden", type=Path, default=ROOT / "tests" / "golden" / "fidelity.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random-inception.pth"
        sha256 = random_weights(path)
        rows = [row for each in sets() for row in of_images(path, sha256, *each)]
    golden = of_arrays()
    softmax = torch.from_numpy(golden_arrays.logits()).softmax(1).numpy()
    rows += compared(
        "none: arrays",
        golden,
        ours(*golden_arrays.features(), softmax, golden_arrays.SUBSETS, golden_arrays.SIZE),
        scales(*golden_arrays.features()),
    )
    print(f"{'images':<26}{'score':<32}{'torch-fidelity':>18}{'ours':>18}{'difference':>14}")
    for row in rows:
        print(f"{row.images:<26}{row.score:<32}{row.torch_fidelity:>18.10g}{row.ours:>18.10g}{row.difference:>14.1e}")
    result = {
        "date": datetime.date.today().isoformat(),
        "versions": {name: version(name) for name in ("torch", "torchvision", "torch-fidelity", "numpy", "scipy")},
        "machine": machine.describe(),
        "tolerance": TOLERANCE,
        "rows": [{**asdict(row), "difference": row.difference} for row in rows],
    }
    for place, content in (
        (options.results, result),
        (options.golden, {"torch-fidelity": version("torch-fidelity"), **golden}),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    worst = max(rows, key=lambda row: row.difference)
    agree = worst.difference <= TOLERANCE
    print(f"{'They agree' if agree else 'They differ'}: by {worst.difference:.1e} at most ({worst.score}).")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
