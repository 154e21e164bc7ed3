"""Data sets drawn by code: what they promise, over many seeds."""

from collections.abc import Iterator

import numpy as np
import pytest

from ganatomy.experiments.diagnosis_exam.drawn_sets import HELD_OUT, DrawnSet, drawn_set, drawn_style
from ganatomy.experiments.diagnosis_exam.drawn_sets.drawn import CLASSES, FAMILIES, PALETTES, SIZES

STYLES = [drawn_style(seed) for seed in range(100)]
COUNT = 100


@pytest.fixture(scope="module")
def some() -> list[DrawnSet]:
    return [drawn_set(seed, COUNT) for seed in range(40)]


def of_family(family: str, palette: str = "") -> Iterator[int]:
    """Seeds of sets of a family, small ones."""
    for style in STYLES:
        if style.family == family and style.size <= 32 and palette in ("", style.palette):
            yield style.seed


def test_shapes_and_ranges(some: list[DrawnSet]) -> None:
    assert len({each.name for each in some}) == len(some)
    for each in some:
        style = each.style
        assert each.pixels.shape == (COUNT, style.size, style.size, style.channels)
        assert each.pixels.dtype == np.uint8
        assert each.labels.dtype == np.int64
        assert set(each.labels) <= set(range(style.classes))
        assert 2 <= style.classes <= 12
        assert 300 <= style.first <= 5000
        assert style.channels in (1, 3)
        assert (each.family, each.about) == (style.family, style.about)


def test_a_seed_is_a_set() -> None:
    for family in FAMILIES:
        seed = next(of_family(family))
        once, again = drawn_set(seed, 50), drawn_set(seed, 50)
        assert once.style == again.style == drawn_style(seed)
        assert np.array_equal(once.pixels, again.pixels)
        assert np.array_equal(once.labels, again.labels)


def test_a_set_has_its_images_and_those_held_out() -> None:
    style = min((each for each in STYLES if each.size == 16), key=lambda each: each.first)
    whole = drawn_set(style.seed)
    assert len(whole.pixels) == len(whole.labels) == style.first + HELD_OUT
    shares = [np.bincount(part, minlength=style.classes) / len(part) for part in np.split(whole.labels, [style.first])]
    assert np.abs(shares[0] - shares[1]).max() < 0.1, "in random order"
    middle = [part.mean() for part in np.split(whole.pixels, [style.first])]
    assert middle[0] == pytest.approx(middle[1], abs=5)


def test_all_families_sizes_palettes_and_numbers_of_classes_occur() -> None:
    first = STYLES[:60]
    assert {each.family for each in first} == set(FAMILIES)
    assert {each.size for each in first} == set(SIZES)
    assert {each.palette for each in first} == set(PALETTES)
    assert {each.classes for each in first} == set(CLASSES)
    assert {(each.family, each.palette) for each in STYLES} == {(f, p) for f in FAMILIES for p in PALETTES}


@pytest.mark.parametrize(
    "words", ["only", "alike", "binary", "two-coloured", "3 classes", "noisy", "faint", "light", "black and white"]
)
def test_special_sets_occur_and_say_so(words: str) -> None:
    assert 3 <= sum(words in each.about for each in STYLES) <= 50


def test_images_are_neither_empty_nor_the_same(some: list[DrawnSet]) -> None:
    for each in some:
        flat = each.pixels.reshape(COUNT, -1)
        assert (np.ptp(flat, axis=1) > 20).mean() > 0.95, each.about
        for label in np.unique(each.labels):
            own = flat[each.labels == label]
            assert len(np.unique(own, axis=0)) > 0.6 * len(own), each.about


def test_images_much_alike_are_nearer_to_each_other() -> None:
    def spread(made: DrawnSet) -> float:
        flat = made.pixels.reshape(len(made.pixels), -1) / 255.0
        within = [flat[made.labels == label].var(0).mean() for label in range(made.style.classes)]
        return float(np.mean(within) / flat.var())

    few = {alike: [each for each in STYLES if ("alike" in each.about) == alike][:12] for alike in (True, False)}
    spreads = {alike: [spread(drawn_set(each.seed, COUNT)) for each in styles] for alike, styles in few.items()}
    assert np.median(spreads[True]) < 0.6 * np.median(spreads[False])


def test_palettes_are_what_they_are_called(some: list[DrawnSet]) -> None:
    for each in some:
        colours = each.pixels.reshape(-1, each.style.channels).astype(float)
        if each.style.palette == "binary":
            assert set(np.unique(each.pixels)) == {0, 255}
        elif each.style.palette == "grey":
            assert np.ptp(colours, axis=1).max() == 0
        elif each.style.palette == "two-coloured" and not each.style.noise:
            of_line = np.linalg.svd(colours - colours.mean(0), compute_uv=False)
            assert of_line[1] < 0.05 * of_line[0], "all pixels lie between two colours"
        else:
            assert np.ptp(colours, axis=1).max() > 10


def accuracy(made: DrawnSet) -> float:
    """Of the nearest mean of a class, by brightness and by the strength of its frequencies, on images held out."""
    grey = made.pixels.mean(-1) / 255.0
    waves = np.abs(np.fft.rfft2(grey - grey.mean((1, 2), keepdims=True)))
    features = np.concatenate([made.pixels.reshape(len(grey), -1) / 255.0, waves.reshape(len(grey), -1) ** 0.5], 1)
    learnt, held_out = np.split(np.arange(len(grey)), [len(grey) // 2])
    means = np.stack([features[learnt][made.labels[learnt] == label].mean(0) for label in range(made.style.classes)])
    nearest = ((features[held_out][:, None] - means) ** 2).sum(-1).argmin(1)
    return float((nearest == made.labels[held_out]).mean())


@pytest.mark.parametrize("family", FAMILIES)
def test_classes_differ(family: str) -> None:
    for seed in list(of_family(family))[:6]:
        made = drawn_set(seed, 800)
        chance = np.bincount(made.labels).max() / len(made.labels)
        assert accuracy(made) > chance + 0.3 * (1 - chance), made.about
