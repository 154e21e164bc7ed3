"""Folders and archives: which images, which labels, which splits; and what is refused."""

import json
import os
import tracemalloc
import zipfile

import numpy as np
import pytest
from image_files import encoded, noise, write_files, write_zip

from ganatomy.data import inspect, kinds, labels, prepare
from ganatomy.data.items import MAX_BYTES
from ganatomy.data.sources import folder as reading
from ganatomy.errors import UserError


@pytest.fixture(params=["folder", "zip"])
def source(request, tmp_path):
    """Makes a folder or an archive of {name: content}."""

    def make(files, name="set"):
        if request.param == "zip":
            return write_zip(tmp_path / f"{name}.zip", files)
        return write_files(tmp_path / name, files)

    return make


def pictures(rng, *names):
    return {name: noise(rng) for name in names}


def shades(names):
    """One plain shade per name, so that the order shows."""
    return {name: np.full((20, 20), 10 * i, dtype=np.uint8) for i, name in enumerate(names)}


def test_only_images_in_order_of_names(source, rng):
    wanted = shades(["B.PNG", "a/1.JPeG.png", "a/2.png", "c.png"])
    other = dict.fromkeys((".hidden.png", "__MACOSX/a/._1.png", "a/.x/1.png", "notes.txt", "a/Thumbs.db"), b"x")
    images = prepare(source({**other, **dict(reversed(wanted.items()))}))
    assert images.pixels[:, 0, 0, 0].tolist() == [0, 10, 20, 30]
    assert images.labels is None
    assert images.classes is None
    assert images.skipped == []


def test_classes_from_folders(source, rng):
    images = prepare(source(pictures(rng, "dog/1.png", "cat/1.png", "cat/2.png", "deep/er/10/3.png")))
    assert images.classes == ["cat", "deep", "dog"]
    assert images.labels.tolist() == [0, 0, 1, 2]  # cat, cat, deep/er/10, dog
    assert images.labels.dtype == np.int64


def test_one_folder_is_no_class(source, rng):
    assert prepare(source(pictures(rng, "cats/1.png", "cats/2.png"))).classes is None


TINY = [f"train/n0{i}/images/{j}.png" for i in range(3) for j in range(2)] + ["val/images/1.png", "val/images/2.png"]


@pytest.mark.parametrize(
    ("names", "level", "classes", "of_each"),
    [
        (["cats/part1/1", "cats/part2/2", "dogs/part1/3", "dogs/part2/4"], None, ["cats", "dogs"], [0, 0, 1, 1]),
        (["cats/part1/1", "cats/part2/2", "dogs/part1/3", "dogs/part2/4"], 2, ["part1", "part2"], [0, 1, 0, 1]),
        (["cats/photos/1", "cats/photos/2", "dogs/pictures/3"], None, ["cats", "dogs"], [0, 0, 1]),
        (["x/cats/a/b/1", "x/dogs/c/d/2"], None, ["cats", "dogs"], [0, 1]),
        (["cats/1", "cats/kittens/2", "dogs/3"], None, ["cats", "dogs"], [0, 0, 1]),
        (["animals/cat/1", "animals/dog/2", "vehicles/car/3"], 1, ["animals", "vehicles"], [0, 0, 1]),
        (["animals/cat/1", "animals/dog/2", "vehicles/car/3"], 2, ["car", "cat", "dog"], [1, 2, 0]),
        (["part1/cats/1", "part1/dogs/2", "part2/cats/3"], 2, ["cats", "dogs"], [0, 1, 0]),
    ],
)
def test_the_level_of_the_classes(source, rng, names, level, classes, of_each):
    images = prepare(source(pictures(rng, *(f"{name}.png" for name in names))), classes_from=level)
    assert images.classes == classes
    assert images.labels.tolist() == of_each


def test_the_choice_of_the_level_is_said(source, rng):
    path = source(pictures(rng, "cats/part1/1.png", "cats/part2/2.png", "dogs/part1/3.png", "dogs/part2/4.png"))
    sentence = "The classes are the folders of level 1 (cats, dogs); --classes-from 2 for part1, part2."
    assert prepare(path).notes == (sentence,)
    assert prepare(path).notes == (sentence,)  # from the cache too
    assert inspect(path).notes == [sentence]
    assert inspect(path, classes_from=2).classes == {"part1": 2, "part2": 2}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["animals/cat/1.png", "animals/dog/2.png", "vehicles/car/3.png"],
            "level 1 (animals, vehicles) or of level 2 (car, cat, dog): choose by --classes-from 1 or --classes-from 2",
        ),
        (
            ["part1/cats/1.png", "part1/dogs/2.png", "part2/cats/3.png"],
            "level 1 (part1, part2) or of level 2 (cats, dogs)",
        ),
    ],
)
def test_trees_that_could_be_read_in_two_ways(source, rng, names, words):
    images = prepare(source(pictures(rng, *names)))
    assert images.labels is None
    assert words in images.unlabelled
    assert words in images.notes[0]


def test_tiny_imagenet(source, rng):
    path = source(pictures(rng, *TINY))
    images = prepare(path)
    assert images.classes == ["n00", "n01", "n02"]
    assert images.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert prepare(path, split="val").labels is None


def test_a_level_that_is_not_there(source, rng):
    files = pictures(rng, "a/1.png", "b/2.png")
    with pytest.raises(UserError, match="no level 3 of folders to take classes from; it is 1 to 1"):
        prepare(source(files), classes_from=3)
    with pytest.raises(UserError, match="there are no folders around the images"):
        prepare(source(pictures(rng, "1.png", "2.png"), "flat"), classes_from=1)
    with pytest.raises(UserError, match="these are in none"):
        prepare(np.zeros((2, 20, 20), np.uint8), classes_from=1)


def test_paths_of_windows(tmp_path, rng):
    path = write_zip(tmp_path / "set.zip", pictures(rng, "cats\\1.png", "dogs\\2.png"))
    assert prepare(path).classes == ["cats", "dogs"]
    files = {
        **pictures(rng, "a/1.png", "a/2.png", "b/3.png"),
        "labels.csv": b"file,label\r\na\\1.png,x\r\n.\\a\\2.png,y\r\nb\\3.png,x\r\n",
    }
    for root in (write_files(tmp_path / "set", files), write_zip(tmp_path / "labelled.zip", files)):
        assert prepare(root).labels.tolist() == [0, 1, 0]


def test_labels_that_name_no_image_are_counted(source, rng):
    path = source({**pictures(rng, "1.png", "2.png"), "labels.csv": b"1.jpg,a\n2.jpg,b\n"})
    images = prepare(path)
    assert images.labels is None
    assert images.unlabelled == (
        "2 entries of labels.csv name no image that is there (first: 1.jpg). "
        "Labels are not used: 2 of 2 images have no label in labels.csv (first: 1.png)."
    )
    inner = source({**pictures(rng, "a/1.png", "b/2.png"), "a/labels.csv": b"1.png,x\n"}, "inner")
    assert prepare(inner).classes == ["a", "b"]
    assert "a/labels.csv in " in prepare(inner).notes[0]
    assert "must lie in or around the top folder" in prepare(inner).notes[0]


def test_files_that_are_not_read_are_counted(source, rng, monkeypatch):
    monkeypatch.setattr(kinds, "reads_heic", lambda: False)
    other = ["1.HEIC", "2.heic", "a/3.svg", "a/4.tga", "icon.ico", "more.zip", "README", ".secret.png", "Thumbs.db"]
    path = source({**pictures(rng, "a/1.png", "b/2.png"), **dict.fromkeys([*other, "__MACOSX/a/._1.png"], b"x")})
    report = inspect(path)
    expected = {".heic": 2, ".svg": 1, ".tga": 1, ".ico": 1, ".zip": 1, "no ending": 1, "hidden": 1}
    assert report.unread == expected
    assert "2 .heic (pip install 'ganatomy[heic]' reads them)" in str(report)
    (note,) = prepare(path).notes
    assert note.startswith(f"{path}: not read are 2 .heic (pip install 'ganatomy[heic]' reads them), ")
    assert "1 .zip (unpack them)" in note
    assert prepare(path).notes == (note,)
    with pytest.raises(
        UserError, match=r"holds no images, only 1 \.heic \(pip install 'ganatomy\[heic\]' reads them\)"
    ):
        prepare(source({"1.heic": b"x"}, "telephone"))


def test_heic(source, rng):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    pixels = np.full((64, 48, 3), 200, np.uint8)
    path = source({"1.heic": encoded(pixels, "HEIF", quality=100), "2.HEIC": encoded(pixels // 2, "HEIF", quality=100)})
    images = prepare(path)
    assert images.pixels.shape == (2, 64, 48, 3)
    assert abs(images.pixels.astype(int) - np.array([200, 100])[:, None, None, None]).max() <= 3
    assert inspect(path).formats == {"HEIF": 2}


def test_the_last_of_two_members_of_one_name(tmp_path, rng):
    first, second, other = noise(rng), noise(rng), noise(rng)
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.png", encoded(first))
        archive.writestr("2.png", encoded(other))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("1.png", encoded(second))
    images = prepare(path)
    assert (images.pixels == np.stack([second, other])).all()
    assert images.notes == (f"The member 1.png of {path} is not read: a later one has the same name.",)


def test_numbers_as_classes_sort_by_value(source, rng):
    images = prepare(source(pictures(rng, "10/a.png", "9/a.png", "2/a.png")))
    assert images.classes == ["2", "9", "10"]
    assert images.labels.tolist() == [2, 0, 1]


def test_images_beside_class_folders_have_no_labels(source, rng):
    path = source(pictures(rng, "cat/1.png", "dog/1.png", "stray.png"))
    assert prepare(path).labels is None
    assert "1 of 3 images have no label in the folders (first: stray.png)" in str(inspect(path))


@pytest.mark.parametrize("wrapper", ["", "cifar/", "a/b/"])
def test_splits(source, rng, wrapper):
    names = [
        "train/cat/1.png",
        "train/dog/1.png",
        "Test/dog/1.png",
        "Test/dog/2.png",
        "valid/emu/1.png",
        "valid/emu/2.png",
    ]
    path = source(pictures(rng, *(wrapper + name for name in names)))
    train, test, valid = (prepare(path, split=split) for split in ("train", "test", "val"))
    assert train.classes == test.classes == valid.classes == ["cat", "dog", "emu"]  # numbered alike
    assert (train.labels.tolist(), test.labels.tolist(), valid.labels.tolist()) == ([0, 1], [1, 1], [2, 2])
    assert inspect(path, split="test").splits == ["Test", "train", "valid"]
    with pytest.raises(UserError, match=r"no split called 'trian'; choose one of: Test, train, valid"):
        prepare(path, split="trian")


def test_no_splits(source, rng):
    with pytest.raises(UserError, match="no split called 'test'; its images are not divided"):
        prepare(source(pictures(rng, "1.png", "2.png")), split="test")


@pytest.mark.parametrize("header", ["", "file,label\n", "\ufefffilename,class\n"])
@pytest.mark.parametrize("wrapper", ["", "set/"])
def test_labels_csv(source, rng, header, wrapper):
    files = {wrapper + name: content for name, content in pictures(rng, "x/1.png", "y/2.png", "y/3.png").items()}
    files[wrapper + "labels.csv"] = f'{header}y/2.png,"a, b"\n\nx/1.png, z \ny/3.png,"a, b"\ngone.png,q\n'.encode()
    images = prepare(source(files))
    assert images.classes == ["a, b", "z"]
    assert images.labels.tolist() == [1, 0, 0]


@pytest.mark.parametrize(("at", "prefix"), [("", "a/b/"), ("", ""), ("a/", "b/"), ("a/", ""), ("a/b/", "")])
def test_labels_outside_the_folder_of_images(source, rng, at, prefix):
    files = pictures(rng, "a/b/1.png", "a/b/2.png")
    files[f"{at}labels.csv"] = f"{prefix}1.png,y\n{prefix}2.png,x\n".encode()
    assert prepare(source(files)).labels.tolist() == [1, 0]


def test_dataset_json(source, rng):
    files = pictures(rng, "00000/1.png", "00000/2.png", "00001/3.png")
    files["dataset.json"] = json.dumps(
        {"labels": [["00000/1.png", 3], ["00000/2.png", 10], ["00001/3.png", 3]]}
    ).encode()
    images = prepare(source(files))
    assert images.classes == ["3", "10"]
    assert images.labels.tolist() == [0, 1, 0]
    files["dataset.json"] = b'{"labels": null}'
    assert prepare(source(files, "unlabelled")).labels is None


def test_some_labels_missing(source, rng):
    path = source({**pictures(rng, "1.png", "2.png", "3.png"), "labels.csv": b"1.png,a\n2.png,b\n"})
    assert prepare(path).labels is None
    assert inspect(path).notes == ["Labels are not used: 1 of 3 images have no label in labels.csv (first: 3.png)."]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels.csv", b"1.png,a\n2.png\n"),
        ("dataset.json", b"{"),
        ("dataset.json", b"[1, 2]"),
        ("dataset.json", b'{"labels": [["1.png", [0.5, 0.1]]]}'),
        ("dataset.json", b'{"labels": [3]}'),
        ("dataset.json", b'{"labels":' + b"[" * 100_000),
    ],
)
def test_malformed_labels(source, rng, file, content):
    with pytest.raises(UserError, match=f"{file} in .* cannot be read"):
        prepare(source({**pictures(rng, "1.png", "2.png"), file: content}))


def test_a_file_of_labels_is_read_within_bounds(source, rng, monkeypatch):
    files = pictures(rng, "1.png", "2.png")
    path = source({**files, "labels.csv": b"\n" * 10**6 + b"1.png,a\n2.png,b\n"}, "lines")
    tracemalloc.start()
    assert prepare(path).classes == ["a", "b"]
    assert tracemalloc.get_traced_memory()[1] < 20 * 10**6  # a million lines as a list would be 60 MB
    tracemalloc.stop()
    monkeypatch.setattr(reading, "MAX_LABELS", 1000)
    with pytest.raises(UserError, match=r"labels.csv in .* cannot be read \(larger than 0 MB"):
        prepare(source({**files, "labels.csv": b"\n" * 2000}, "long"))
    monkeypatch.setattr(labels, "MAX_ENTRIES", 1000)
    monkeypatch.setattr(reading, "MAX_LABELS", 2**20)
    many = json.dumps({"labels": [["1.png", 0]] * 500}).encode()
    with pytest.raises(UserError, match=r"dataset.json in .* cannot be read \(more than 0 million entries"):
        prepare(source({**files, "dataset.json": many}, "entries"))


def test_nothing_there(tmp_path, rng):
    write_files(tmp_path, {"cats.zip": b"", "empty/readme.txt": b"", "zips/inner.zip": b"", "one.png": noise(rng)})
    for path, sentence in {
        tmp_path / "cast.zip": r"no file, folder or set called '.*cast.zip'; did you mean .*cats.zip\?",
        "digit": r"did you mean .*digits\?",
        tmp_path / "no" / "such" / "thing": "give data of one of these kinds: folder, ",
        "nul\0byte": "There is no file",
        "x" * 5000: "There is no file",
        tmp_path / "empty": r"holds no images, only 1 \.txt; accepted are files ending in \.jpg \.jpeg .*\.avif",
        tmp_path / "zips": "holds no images but inner.zip; give that file itself",
        tmp_path / "one.png": "is a single image; training needs many",
        tmp_path / "empty" / "readme.txt": "is of no kind that can be read",
    }.items():
        with pytest.raises(UserError, match=sentence):
            prepare(path)


def test_archives_that_are_refused(tmp_path, rng):
    whole = write_zip(tmp_path / "whole.zip", pictures(rng, "1.png", "2.png")).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-40])
    (tmp_path / "text.zip").write_text("hello")
    # Bit 0 of the general purpose flags, in the local and the central headers.
    secret = bytearray(whole)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = secret.find(signature)
        while at >= 0:
            secret[at + offset] |= 1
            at = secret.find(signature, at + 1)
    (tmp_path / "secret.zip").write_bytes(secret)
    write_zip(tmp_path / "nested.zip", {"inner.zip": whole})
    write_zip(tmp_path / "none.zip", {"notes.txt": b""})
    for file, sentence in {
        "cut.zip": "cut short or is no zip",
        "text.zip": "cut short or is no zip",
        "secret.zip": "is encrypted; unpack it",
        "nested.zip": r"holds another archive \(inner.zip\) and no images",
        "none.zip": "holds no images, only 1 .txt; accepted are",
    }.items():
        with pytest.raises(UserError, match=sentence):
            prepare(tmp_path / file)


@pytest.mark.parametrize(
    "name", ["/etc/1.png", "../1.png", "a/../../1.png", "..\\1.png", "C:\\1.png", "c:/1.png", "\\1.png", ".."]
)
def test_members_that_climb_out_are_left_out(tmp_path, rng, name):
    path = write_zip(tmp_path / "bad.zip", {**pictures(rng, "1.png", "2.png"), name: b""})
    images = prepare(path)
    assert len(images) == 2
    assert images.notes == (f"The member {name} of {path} is not read: it points outside the archive.",)
    assert inspect(path).notes == list(images.notes)


def test_names_that_only_look_like_it(tmp_path, rng):
    assert (
        len(prepare(write_zip(tmp_path / "good.zip", pictures(rng, "a..b/1.png", "..c/x.png", "12:30.png", "d.png"))))
        == 3
    )


def test_bombs_are_set_aside_unread(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 100_000)
    assert MAX_BYTES == 256 * 2**20
    files = {**pictures(rng, "1.png", "2.png"), "bomb.png": encoded(noise(rng)) + b"\0" * 10**6}
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else encoded(content))
    assert (tmp_path / "set.zip").stat().st_size < 50_000
    for path in (tmp_path / "set.zip", write_files(tmp_path / "set", files)):
        images = prepare(path)
        assert len(images) == 2
        assert images.skipped == [("bomb.png", "larger than 0 MB")]


def test_a_lying_size_in_the_archive(tmp_path, rng):
    raw = bytearray(write_zip(tmp_path / "set.zip", pictures(rng, "1.png", "2.png", "3.png")).read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")  # 3.png: "10 bytes"
    (tmp_path / "set.zip").write_bytes(raw)
    images = prepare(tmp_path / "set.zip")
    assert len(images) == 2
    assert [member for member, _ in images.skipped] == ["3.png"]


def test_links(tmp_path, rng):
    root = write_files(tmp_path / "set", pictures(rng, "a/1.png", "b/2.png"))
    elsewhere = write_files(tmp_path / "elsewhere", pictures(rng, "3.png"))
    os.symlink(root, root / "a" / "loop")
    os.symlink("self.png", root / "self.png")
    os.symlink("nowhere.png", root / "dangling.png")
    os.symlink(elsewhere, root / "c")
    images = prepare(root)
    assert len(images) == 3
    assert images.classes == ["a", "b", "c"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_image(tmp_path, rng):
    root = write_files(tmp_path / "set", pictures(rng, "1.png", "2.png"))
    for name in ("3.png", "labels.csv", "train-images-idx3-ubyte", "samples.json"):
        os.mkfifo(root / name)
    os.symlink("/dev/zero", root / "4.png")
    os.symlink("loop.png", root / "loop.png")
    os.symlink(root, root / "again")
    images = prepare(root)
    assert len(images) == 2
    counted = inspect(root).unread
    assert counted == {"pipe or device": 5, "broken link": 1, "link to a folder above or beside": 1}


@pytest.mark.parametrize("name", ["x", "x.png", "x.zip", "x.npy", "x.npz", "x.mat", "train-images-idx3-ubyte"])
def test_a_pipe_is_no_data(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(UserError, match=r"is no file but a pipe or a device"):
        prepare(tmp_path / name)
