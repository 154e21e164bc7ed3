"""Tar shards in WebDataset's layout: which samples, which labels, which splits; and what is refused."""

import json
import os
import sys
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pytest
from image_files import encoded, noise, write_files, write_tar

from ganatomy.data import inspect, prepare
from ganatomy.data.shards import expanded
from ganatomy.data.sources import is_name
from ganatomy.errors import UserError
from ganatomy.runs.images import place_of


def shade(grey: int) -> np.ndarray:
    return np.full((20, 20), grey, np.uint8)


def shards(folder: Path, count: int = 3, each: int = 4, stem: str = "train-") -> Path:
    """`count` shards of `each` grey images, 0, 10, 20, …, of three classes."""
    for i in range(count):
        numbers = range(i * each, (i + 1) * each)
        files = {f"{n:04d}.png": shade(10 * n % 256) for n in numbers} | {
            f"{n:04d}.cls": b"%d\n" % (n % 3) for n in numbers
        }
        write_tar(folder / f"{stem}{i:03d}.tar", files)
    return folder


def greys(path: object, **options: object) -> list[int]:
    return [int(image[0, 0, 0]) for image in prepare(path, **options).pixels]


def test_folder_pattern_file_and_address_hold_the_same_samples(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set")
    wanted = [10 * n for n in range(12)]
    everywhere = [folder, folder / "train-{000..002}.tar", folder / "train-{000,001,002}.tar"]
    everywhere += [f"file://{folder}", f"file://{folder}/train-{{000..002}}.tar"]
    fingerprints = set()
    for place in everywhere:
        images = prepare(place)
        assert [int(image[0, 0, 0]) for image in images.pixels] == wanted
        assert images.labels is not None
        assert images.labels.tolist() == [n % 3 for n in range(12)]
        assert images.classes == ["0", "1", "2"]
        fingerprints.add(images.fingerprint)
    assert len(fingerprints) == 1
    assert greys(folder / "train-001.tar") == wanted[4:8]


def test_an_address_in_memory_is_read_through_fsspec(tmp_path: Path, cache: Path) -> None:
    folder = shards(tmp_path / "set")
    system = fsspec.filesystem("memory")
    system.put(str(folder), "/bucket/set", recursive=True)
    try:
        assert greys("memory://bucket/set/train-{000..002}.tar") == greys(folder)
        assert greys("memory://bucket/set") == greys(folder)
        with pytest.raises(UserError, match=r"^memory://bucket/set/train-.*\.tar: 7 of the 10 shards are not"):
            prepare("memory://bucket/set/train-{000..009}.tar")
        with pytest.raises(UserError, match=r"^memory://nowhere cannot be reached: there is nothing\.$"):
            prepare("memory://nowhere")
    finally:
        system.rm("/bucket", recursive=True)
    assert not list((cache / "data" / "shards").iterdir()), "copies are left"


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UserError, match=r"^s3://bucket/a\.tar cannot be opened: Install s3fs to access S3 \(.*\)\.$"):
        prepare("s3://bucket/a.tar")
    with pytest.raises(UserError, match=r"^nosuch://bucket/a\.tar cannot be opened: Protocol not known: nosuch"):
        prepare("nosuch://bucket/a.tar")


def test_braces() -> None:
    assert expanded("a-{08..11}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]
    assert expanded("{a,b}/{0..1}.tar") == ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar"]
    assert expanded("a.tar") == ["a.tar"]
    for bad in ("{5..3}.tar", "{0..9999999}.tar", "{000..999}{000..999}{0..1}.tar"):
        with pytest.raises(UserError, match="stands for no shards, or for more than"):
            expanded(bad)


def test_splits_by_folders_and_by_names(tmp_path: Path) -> None:
    shards(tmp_path / "names", stem="train-")
    shards(tmp_path / "names", count=1, stem="val-")
    shards(tmp_path / "folders" / "train", stem="")
    shards(tmp_path / "folders" / "test", count=1, stem="")
    for folder, other in ((tmp_path / "names", "valid"), (tmp_path / "folders", "test")):
        assert len(prepare(folder)) == 12
        assert len(prepare(folder, split=other)) == 4
        with pytest.raises(UserError, match=r"has no split called 'x'; choose one of: (test|train), (train|val)"):
            prepare(folder, split="x")
    assert inspect(tmp_path / "names").splits == ["train", "val"]
    shards(tmp_path / "plain", stem="cats-")
    with pytest.raises(UserError, match="are not divided into splits"):
        prepare(tmp_path / "plain", split="test")


def test_labels_of_json_of_folders_and_by_name(tmp_path: Path, rng: np.random.Generator) -> None:
    by_json = {f"{i}.png": noise(rng) for i in range(3)} | {
        f"{i}.json": json.dumps({"label": label}).encode() for i, label in enumerate(["dog", "cat", "dog"])
    }
    images = prepare(write_tar(tmp_path / "json.tar", by_json))
    assert images.labels is not None
    assert (images.labels.tolist(), images.classes) == ([1, 0, 1], ["cat", "dog"])
    images = prepare(write_tar(tmp_path / "folders.tar", {f"{name}/1.png": noise(rng) for name in ("b", "a")}))
    assert images.labels is not None
    assert (images.labels.tolist(), images.classes) == ([1, 0], ["a", "b"])
    write_files(tmp_path / "named", {"classes.txt": b"cat\ndog\ncow\n"})
    images = prepare(shards(tmp_path / "named"))
    assert images.classes == ["cat", "dog", "cow"]
    assert images.labels is not None
    assert images.labels.tolist() == [n % 3 for n in range(12)]


def test_bad_members_are_counted_and_named(tmp_path: Path, rng: np.random.Generator) -> None:
    files = {
        "0001.png": noise(rng),
        "0001.cls": b"0",
        "0002.png": b"no image",
        "0002.cls": b"1",
        "0003.cls": b"1",
        "0004.png": noise(rng),
        "0004.cls": b"1",
        "0004.seg.png": noise(rng),
        "0004.jpg": encoded(noise(rng), "JPEG"),
        "0004.pyd": b"cos\nsystem\n",
        "0004.pth": b"x",
        "0004.txt": b"a caption",
        ".hidden.png": b"x",
    }
    images = prepare(write_tar(tmp_path / "set" / "a.tar", files))
    assert len(images) == 2
    assert images.skipped == [("a.tar/0002.png", "not an image"), ("a.tar/0003", "has no image")]
    assert images.labels is not None
    assert images.labels.tolist() == [0, 1]
    notes = "\n".join(images.notes)
    assert "2 pickled files (.pyd .pkl .pickle .pth .pt) are not read: unpickling may run any code." in notes
    for each in ("1 .seg.png", "1 second .jpg", "1 .txt", "1 hidden"):
        assert each in notes
    assert inspect(tmp_path / "set").broken == images.skipped


def test_a_missing_label_is_named(tmp_path: Path, rng: np.random.Generator) -> None:
    images = prepare(write_tar(tmp_path / "a.tar", {"1.png": noise(rng), "2.png": noise(rng), "2.cls": b"1"}))
    assert images.labels is None
    assert images.unlabelled is not None
    assert "1 of 2 images have no label" in images.unlabelled
    assert "first: a.tar/1.png" in images.unlabelled


def test_a_damaged_shard_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set")
    whole = (folder / "train-001.tar").read_bytes()
    with tarfile.open(folder / "train-001.tar") as archive:
        third = archive.getmember("0006.png")
    (folder / "train-001.tar").write_bytes(whole[: third.offset_data + 20])
    (folder / "train-002.tar").write_bytes(b"no archive" * 200)
    images = prepare(folder)
    assert [int(image[0, 0, 0]) for image in images.pixels] == [0, 10, 20, 30, 40, 50]
    assert images.skipped == [
        ("train-001.tar/0006.png", "truncated"),
        ("train-001.tar", "cut short or no tar archive"),
        ("train-002.tar", "cut short or no tar archive"),
    ]


def test_links_and_devices_in_an_archive_are_not_followed(tmp_path: Path, rng: np.random.Generator) -> None:
    path = write_tar(tmp_path / "a.tar", {"1.png": noise(rng), "2.png": noise(rng)})
    with tarfile.open(path, "a") as archive:
        for name, kind in (("3.png", tarfile.SYMTYPE), ("4.png", tarfile.LNKTYPE), ("5.png", tarfile.FIFOTYPE)):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, "/etc/passwd"
            archive.addfile(link)
    images = prepare(path)
    assert len(images) == 2
    assert any("3 link or device" in note for note in images.notes)


def test_names_with_dots_are_images_each(tmp_path: Path, rng: np.random.Generator) -> None:
    assert len(prepare(write_tar(tmp_path / "a.tar", {f"img.v2.{i}.png": noise(rng) for i in range(5)}))) == 5


def test_a_changed_shard_is_another_set(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set")
    before = prepare(folder)
    write_tar(folder / "train-002.tar", {"1.png": shade(200), "2.png": shade(201)})
    after = prepare(folder)
    assert (len(before), len(after)) == (12, 10)
    assert before.fingerprint != after.fingerprint


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    shards(tmp_path / "set")
    with pytest.raises(UserError, match=r"1 of the 4 shards are not there \(first: .*train-003\.tar\)"):
        prepare(tmp_path / "set" / "train-{000..003}.tar")
    with pytest.raises(UserError, match="the first of these shards is not there"):
        prepare(tmp_path / "nowhere" / "train-{000..003}.tar")


def test_a_folder_of_images_beside_an_archive_stays_one(tmp_path: Path, rng: np.random.Generator) -> None:
    write_files(tmp_path, {"1.png": noise(rng), "2.png": noise(rng)})
    write_tar(tmp_path / "a.tar", {"3.png": noise(rng)})
    images = prepare(tmp_path)
    assert len(images) == 2
    assert any("1 .tar (give a folder of them alone, or unpack them)" in note for note in images.notes)


def test_runs_find_their_shards_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards(tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    assert place_of("set/train-{000..002}.tar") == os.path.join(tmp_path, "set/train-{000..002}.tar")
    assert place_of("none/train-{000..002}.tar") is None
    assert is_name("s3://bucket/a.tar")
    assert not is_name("set/train-{000..002}.tar")
