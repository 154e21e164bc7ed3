"""The evaluator: real images are read once, and the cut of the stream of generated ones changes nothing."""

from pathlib import Path

import numpy as np
import pytest

from ganatomy import data as datasets
from ganatomy.evaluation.evaluator import Evaluator
from ganatomy.evaluation.features.choice import extractor_for
from ganatomy.system.files import cache_folder
from tiny import waves


def test_real_features_are_computed_once(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = datasets.prepare(many)
    extractor = extractor_for("random", real)
    first = Evaluator(real, extractor, 50, ["fd"])
    monkeypatch.setattr("ganatomy.evaluation.features.cache.extract", lambda *_: pytest.fail("extracted again"))
    assert np.array_equal(Evaluator(real, extractor, 50, ["fd"]).real.features, first.real.features)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short", b"no archive"])
def test_damaged_features_in_the_cache_are_computed_again(many: Path, damage: bytes, blocks: str) -> None:
    real = datasets.prepare(many)
    extractor = extractor_for(blocks, real)
    first = Evaluator(real, extractor, 50, ["fd"])
    for path in (cache_folder() / "features").glob("*.npz"):
        path.write_bytes(damage)
    assert np.array_equal(Evaluator(real, extractor, 50, ["fd"]).real.features, first.real.features)


def test_the_cut_of_the_stream_changes_nothing(many: Path) -> None:
    real, fake = datasets.prepare(many), waves(150, 16, 16)[50:] // 2
    evaluator = Evaluator(real, extractor_for("random", real), 100, ["fd", "kd", "ms_ssim"])
    whole = evaluator.measure([fake])
    assert evaluator.measure([fake[:1], fake[1:70], fake[70:]]) == whole
    assert evaluator.measure(iter(np.split(fake, 10))) == whole
