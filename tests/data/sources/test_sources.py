"""The registry of kinds of data: a made-up kind is found everywhere, and read like ours."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from image_files import noise, write_files

from ganatomy.config.reference import describe, page
from ganatomy.data import inspect, prepare, sources
from ganatomy.errors import UserError
from ganatomy.system import registry

PAGE = Path(__file__).parents[3] / "docs" / "DATA.md"

MODULE = '''
from pathlib import Path
import numpy as np
from ganatomy.data.items import Items
from ganatomy.data.sources import Found, file_with, register_source, stamp

@register_source("{name}", example="waves{name}"{rank})
def waves(name, split, cache):
    """Images as lines of grey levels."""
    if (path := file_with(name, "{name}")) is None:
        return None

    def load():
        rows = np.loadtxt(path, dtype=np.uint8, delimiter=",")
        return Items([f"row {{i}}" for i in range(len(rows))], lambda i: rows[i].reshape(16, 16, 1))

    return Found(name, stamp(path, split), load)
'''


@pytest.fixture
def waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A kind of data in a module of a stranger's: lines of 256 grey levels, in a file that ends in .grey."""
    monkeypatch.setenv(registry.VARIABLE, "")
    (tmp_path / "kind_of_waves.py").write_text(MODULE.format(name=".grey", rank=""))
    registry.load_parts(str(tmp_path / "kind_of_waves.py"))
    yield ".grey"
    sources.SOURCES.remove(".grey")
    del sys.modules["kind_of_waves"]


def test_a_strangers_kind_is_listed_everywhere(waves: str, tmp_path: Path) -> None:
    assert waves in sources.SOURCES
    assert waves in describe("data.path")
    assert waves in page()
    assert "| Images as lines of grey levels | `ganatomy train waves.grey` |" in sources.table().splitlines()
    with pytest.raises(UserError, match=r"give data of one of these kinds: folder, .* or \.grey\."):
        prepare(tmp_path / "no" / "such" / "thing")
    (tmp_path / "notes.odd").write_text("")
    with pytest.raises(UserError, match=r"notes.odd is of no kind that can be read; .* or \.grey\."):
        prepare(tmp_path / "notes.odd")


@pytest.mark.usefixtures("waves")
def test_a_strangers_kind_is_inspected_and_prepared(tmp_path: Path, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (5, 256), dtype=np.uint8)
    np.savetxt(tmp_path / "set.grey", pixels, fmt="%d", delimiter=",")
    np.save(tmp_path / "set.npy", pixels.reshape(5, 16, 16))
    found = inspect(tmp_path / "set.grey")
    assert (found.images, found.sizes, found.modes) == (5, {"16×16": 5}, {"L": 5})
    images = prepare(tmp_path / "set.grey")
    assert (images.pixels == pixels.reshape(5, 16, 16, 1)).all()
    assert prepare(tmp_path / "set.grey", size=32).pixels.shape == (5, 32, 32, 1)


def test_a_strangers_folders_are_tried_before_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Ours takes any folder, so it comes last."""
    folder = write_files(tmp_path / "set", {"1.png": noise(rng), "2.png": noise(rng)})
    seen: list[str] = []

    def mine(name: str, split: str, cache: Path) -> None:
        """Nothing that is here."""
        seen.append(name)

    sources.register_source("mine", example="mine")(mine)
    try:
        assert len(prepare(folder)) == 2
    finally:
        sources.SOURCES.remove("mine")
    assert seen == [str(folder)]


def test_the_table_of_the_page_is_the_registrys() -> None:
    assert f"\n{sources.table()}\n" in PAGE.read_text()


def test_every_kind_has_an_example_and_a_description() -> None:
    for name in sources.SOURCES:
        assert sources.SOURCES[name].example
        assert re.match(r"[A-Z].{10}", sources.SOURCES.summary(name))


def test_names_come_before_files_and_any_folder_last() -> None:
    ranks = {name: source.rank for name, source in sources.SOURCES.items()}
    assert ranks.pop("folder") > max(ranks.values())
    assert ranks["digits"] == ranks["hf:owner/name"] == min(ranks.values())


def test_kinds_are_listed_without_torch_numpy_and_pillow() -> None:
    """Help texts list them, and must not wait for a second."""
    program = "import sys; from ganatomy.data import sources; sources.SOURCES.listed; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "ganatomy.data.sources.folder" in loaded
    assert not {"torch", "numpy", "PIL"} & set(loaded)


@pytest.mark.parametrize("name", ["prepared:", "prepared:x", "prepared:../../etc", f"prepared:{'0' * 64}"])
def test_a_prepared_set_that_the_cache_does_not_have(name: str) -> None:
    with pytest.raises(
        UserError, match=r"does not have prepared:.* \(any more, or not whole\): give the same images again\.$"
    ):
        prepare(name)
