"""Folders of samples are read without their sheets and without images of earlier calls."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ganatomy.data import inspect, prepare, samples
from ganatomy.modalities.images import enlarge, grid, save_png
from tiny import waves

IMAGES = waves(30, 16, 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seeds 0 to 19 of one call, then 16 to 29 of another."""
    folder = tmp_path / "generated"
    for seeds in (range(20), range(16, 30)):
        for seed in seeds:
            save_png(folder / samples.name(seed), IMAGES[seed])
        save_png(folder / samples.SHEET, enlarge(grid(IMAGES[list(seeds)]), 480))
        samples.write(folder, {samples.name(seed): seed for seed in seeds}, {"generator": "cats", "step": 7})
    return folder


def test_the_images_are_those_of_the_last_call(folder: Path, tmp_path: Path) -> None:
    assert np.array_equal(prepare(folder).pixels, IMAGES[16:])
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "generated")
    assert np.array_equal(prepare(zipped).pixels, IMAGES[16:])
    for place in (folder, zipped):
        words = "left out are 1 contact sheet and 16 images that the last `ganatomy sample` did not make"
        assert any(words in note for note in inspect(place).notes)


def test_a_folder_without_a_list_is_read_without_its_sheet(folder: Path) -> None:
    (folder / samples.LIST).unlink()
    assert np.array_equal(prepare(folder).pixels, IMAGES)
    assert samples.left_out(folder) == [f"{folder}: left out are 1 contact sheet."]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"images": 3}', '{"images": []}', "[" * 100_000, "\udcff"])
def test_a_damaged_list_counts_as_none(folder: Path, text: str) -> None:
    (folder / samples.LIST).write_bytes(text.encode(errors="surrogateescape"))
    assert np.array_equal(prepare(folder).pixels, IMAGES)


def test_other_folders_are_read_whole(tmp_path: Path) -> None:
    for name in ("grid.png", "a.png", "seed-000000.png"):
        save_png(tmp_path / name, IMAGES[0])
    assert len(prepare(tmp_path)) == 3
    assert samples.left_out(tmp_path) == []


def test_the_list_says_what_drew_the_images(folder: Path) -> None:
    content = json.loads((folder / samples.LIST).read_text())
    assert content["images"] == {f"seed-{seed:06d}.png": seed for seed in range(16, 30)}
    assert (content["generator"], content["step"]) == ("cats", 7)
