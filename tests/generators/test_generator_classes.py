"""A class goes by its name, or by its index, which is written :3."""

from pathlib import Path

import numpy as np
import pytest

import ganatomy
from ganatomy.errors import UserError
from ganatomy.generators.classes import class_index
from ganatomy.runs.run import Run
from tiny import quick, waves


@pytest.mark.parametrize(
    ("label", "index"),
    [("5", 0), ("1", 1), (1, 1), ("0", 2), ("cat", 3), (":3", 4), (":0", 0), (":1", 1), (":4", 4), (np.int64(5), 0)],
)
def test_a_number_is_a_name_and_an_index_has_a_colon(label: str | int, index: int) -> None:
    assert class_index(label, ["5", "1", "0", "cat", ":3"]) == index


@pytest.mark.parametrize("label", ["2", 2, "3", ":5", ":", "::1", "-1", ":-1", "", " 5", "Cat", "²", ":٣", ":1.0"])
def test_what_is_neither_is_refused(label: str | int) -> None:
    with pytest.raises(UserError, match="There is no class called"):
        class_index(label, ["5", "1", "0", "cat"])


def test_the_error_says_how_an_index_is_written() -> None:
    with pytest.raises(UserError) as error:
        class_index("7", ["dog", "cat"])
    assert str(error.value) == ("There is no class called '7'; valid: cat, dog. Classes have the indices :0 to :1.")


@pytest.fixture(scope="module")
def stars(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A generator of the classes 1, 3 and 5."""
    folder = tmp_path_factory.mktemp("stars")
    np.savez(folder / "stars.npz", images=waves(60, 16, 16), labels=np.repeat([1, 3, 5], 20))
    return quick(folder / "stars.npz", folder, "stars", prior__conditional=True)


def test_every_verb_reads_numbers_as_names(stars: Run, tmp_path: Path) -> None:
    sampler = ganatomy.load(stars)
    assert sampler.classes == ["1", "3", "5"]
    codes = [sampler.prior.of_seeds([0], index).tolist() for index in range(3)]
    assert [sampler.latents([0], label).tolist() for label in ("1", 3, "5", ":1")] == [*codes, codes[1]]
    for verb in (ganatomy.sample, ganatomy.walk, ganatomy.evaluate):
        with pytest.raises(UserError, match="There is no class called '2'"):
            verb(stars, label="2")
    features = {"n": 20, "metrics": ["fd"], "features": "random", "device": "cpu"}
    assert ganatomy.evaluate(stars, label=":1", **features).subject["how"] == {"class": "3"}
    assert ganatomy.evaluate(stars, label=1, **features).subject["how"] == {"class": "1"}
