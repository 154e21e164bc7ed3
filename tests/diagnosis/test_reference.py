"""Generated images beside real ones, and beside those of the probe before."""

import numpy as np
import pytest

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.reference import ClassPrediction, DrawnImages, Motion, ReferenceSet
from ganatomy.experiments.diagnosis_exam.shapes import shapes


def images(count: int, seed: int = 0) -> np.ndarray:
    """Coloured shapes as networks see them, [N, 3, 16, 16] in [−1, 1]."""
    return shapes(count, seed)[0].transpose(0, 3, 1, 2) / 127.5 - 1


@pytest.fixture(scope="module")
def reference() -> ReferenceSet:
    return ReferenceSet(images(512))


def test_real_images_score_as_real_ones_do(reference: ReferenceSet) -> None:
    random = [reference.compare(images(128, seed)) for seed in range(1, 9)]
    for found in random:
        assert found["spread"] == pytest.approx(1, abs=0.1)
        assert found["twins"] == pytest.approx(1, abs=0.2)
        assert found["distance"] < 2 * found["distance_floor"]
        assert found["kinds"] >= found["kinds_floor"] - 1
        assert abs(found["saturated"] - found["saturated_real"]) < 0.01
    assert all(reference.checkerboard(images(128, seed))["checkerboard"] < 4 for seed in range(1, 9))
    assert sum(found["spread"] >= found["spread_floor"] for found in random) >= 7


def test_collapse_is_measured(reference: ReferenceSet) -> None:
    one = np.repeat(images(1, 5), 128, axis=0)
    found = reference.compare(one)
    assert (found["spread"], found["twins"], found["kinds"]) == (0, 0, 1)
    assert found["distance"] > 10 * found["distance_floor"]
    four = np.repeat(images(4, 5), 32, axis=0)
    assert reference.compare(four)["twins"] == pytest.approx(0, abs=1e-9)
    assert reference.compare(four)["kinds"] <= 4


def test_where_real_images_repeat_twins_are_measured_by_those_that_differ(reference: ReferenceSet) -> None:
    """Every image is there twice: the nearest other is the same one, at no distance."""
    twice = ReferenceSet(np.repeat(images(256), 2, axis=0))
    for seed in (1, 2):
        found = twice.compare(images(128, seed))
        assert found["twins"] == pytest.approx(reference.compare(images(128, seed))["twins"], rel=0.3)
        assert found["twins_floor"] < 1
    repeated = np.repeat(images(64, 5), 2, axis=0)
    assert twice.compare(repeated)["twins"] == pytest.approx(0, abs=1e-9)


def test_real_images_that_are_all_the_same_give_finite_signals() -> None:
    one = np.repeat(images(1), 64, axis=0)
    found = ReferenceSet(one).compare(images(32, 1))
    assert all(abs(value) < 1e3 for value in found.values())
    assert ReferenceSet(images(64)).spread_within(one, images(32, 1)) == 1


def test_the_nearest_other_may_have_to_differ() -> None:
    points = np.array([[0.0], [0.0], [3.0], [10.0]])
    among = np.abs(points - points.T)
    assert signals.nearest_other(among) == np.median([0, 0, 3, 7])
    assert signals.nearest_other(among, beyond=0.0) == np.median([3, 3, 3, 7])
    assert signals.nearest_other(np.zeros((4, 4)), beyond=0.0) == 0


def test_a_kind_that_is_left_out_is_missed(reference: ReferenceSet) -> None:
    kept = reference.cluster != reference.cluster[0]
    some = images(512)[kept][:128]
    assert reference.compare(some)["kinds"] == len(reference.centres) - 1


def test_a_grid_stands_out(reference: ReferenceSet) -> None:
    rows = np.arange(16) % 2 * 2 - 1
    for grid in (rows[:, None] * rows, np.broadcast_to(rows, (16, 16)), np.broadcast_to(rows[:, None], (16, 16))):
        assert reference.checkerboard(images(128, 1) + 0.1 * grid)["checkerboard"] > 10
    noise = 0.1 * np.random.default_rng(0).standard_normal((128, 3, 16, 16))
    assert reference.checkerboard(images(128, 1) + noise)["checkerboard"] < 10


def test_motion(reference: ReferenceSet) -> None:
    motion, here = Motion(reference), reference.features[:50]
    assert "sway" not in motion.update(here)
    step = np.zeros(here.shape[1])
    step[0] = reference.typical
    there = motion.update(here + step)
    assert (there["movement"], there["sway"]) == (pytest.approx(1), pytest.approx(1))
    assert motion.update(here)["turn"] == pytest.approx(-1)
    assert motion.update(here)["movement"] == 0


def test_real_images_need_not_be_many_nor_different() -> None:
    for few in (images(6), np.zeros((20, 1, 16, 16))):
        found = ReferenceSet(few).compare(few[:3])
        assert all(np.isfinite(value) for value in found.values())


def test_fewer_images_have_wider_floors(reference: ReferenceSet) -> None:
    few, many = reference.floors(16), reference.floors(128)
    assert few["distance_floor"] > many["distance_floor"]
    assert few["spread_floor"] < many["spread_floor"]
    assert reference.floors(1000) == reference.floors(256)  # half of the real images play the generated ones


def test_classes_are_predicted_from_real_images(reference: ReferenceSet) -> None:
    labels = shapes(512, 0)[1]
    prediction = ClassPrediction(reference.features, labels)
    features, asked = reference.embed(images(128, 3)), shapes(128, 3)[1]
    obeyed = prediction.accuracies(features, asked)
    assert obeyed["class_accuracy_chance"] == np.bincount(labels).max() / 512
    assert obeyed["class_accuracy_real"] > 0.7
    assert obeyed["class_accuracy"] == pytest.approx(obeyed["class_accuracy_real"], abs=0.15)
    others = prediction.accuracies(features, np.random.default_rng(0).permutation(asked))
    assert others["class_accuracy"] == pytest.approx(0.1, abs=0.08)


def test_real_images_that_repeat_are_counted() -> None:
    whole = images(512)
    honest, stuck = DrawnImages(whole, 512), DrawnImages(whole, 512)
    random = np.random.default_rng(0)
    drawn = [honest.variety(whole[random.integers(512, size=64)]) for _ in range(16)]
    assert drawn[-1] == pytest.approx(1, abs=0.05)
    repeated = [stuck.variety(whole[:64]) for _ in range(16)]
    assert repeated[-1] == pytest.approx(64 / (512 * (1 - (1 - 1 / 512) ** 1024)))
    small = DrawnImages(whole[:24], 24)  # a small set repeats by itself
    assert [small.variety(whole[:24]) for _ in range(9)][-1] == pytest.approx(1, abs=0.01)
    resumed = DrawnImages(whole, 512)
    resumed.load(stuck.state())
    assert resumed.variety(whole[64:128]) == stuck.variety(whole[64:128])
    same = DrawnImages(np.repeat(whole[:8], 4, axis=0), 512)  # and so does one with copies in it
    assert same.size == 128
