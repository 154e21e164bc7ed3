"""The Toronto Face Database: splits, folds, orientation, labels; and what is refused."""

import struct
import zlib

import numpy as np
import pytest
from scipy import io
from scipy.sparse import coo_array

from ganatomy.data import sources
from ganatomy.errors import UserError

COUNT, HEIGHT, WIDTH = 60, 20, 18
UNLABELLED = 25


@pytest.fixture
def content(rng):
    """Arrays of the database's structure: unlabelled images first, five folds that divide the others differently."""
    labelled = COUNT - UNLABELLED
    labels = np.full((COUNT, 1), -1, np.int16)
    labels[UNLABELLED:, 0] = 1 + np.arange(labelled) % 7
    folds = np.zeros((COUNT, 5), np.uint8)
    for fold in range(5):
        folds[UNLABELLED:, fold] = np.roll([1] * 21 + [2] * 6 + [3] * 8, 7 * fold)
    images = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH), dtype=np.uint8)
    return {"images": images, "labs_ex": labels, "labs_id": labels, "folds": folds}


@pytest.fixture
def saved(tmp_path):
    def save(content, **options):
        io.savemat(tmp_path / "TFD_48x48.mat", content, **options)
        return tmp_path / "TFD_48x48.mat"

    return save


def opened(path, split):
    return sources.find(path, split, path.parent).load()


def read(path, split):
    items = opened(path, split)
    return items, np.stack([items.read(i) for i in range(len(items.names))])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("split", "kind", "column"),
    [
        ("train", 0, 0),
        ("unlabelled", 0, 0),
        ("labelled", 1, 0),
        ("valid", 2, 0),
        ("validation", 2, 0),
        ("test", 3, 0),
        ("test-1", 3, 0),
        ("test-3", 3, 2),
        ("val-5", 2, 4),
        ("labelled-2", 1, 1),
    ],
)
def test_splits_are_those_of_the_folds(content, saved, split, kind, column, compressed):
    chosen = content["folds"][:, column] == kind
    items, images = read(saved(content, do_compression=compressed), split)
    assert images.shape == (chosen.sum(), HEIGHT, WIDTH, 1)
    assert (images[..., 0] == content["images"][chosen]).all()
    assert items.splits == ["train", "unlabelled", "labelled", "valid", "test"]
    if kind:
        assert items.classes == list("1234567")
        assert (items.labels == content["labs_ex"][chosen, 0] - 1).all()
    else:
        assert (items.labels, items.classes) == (None, None)


def test_the_folds_of_this_file_differ(content):
    assert all((content["folds"][:, 0] != content["folds"][:, fold]).any() for fold in range(1, 5))


def test_a_picture_stands_as_matlab_shows_it(content, saved):
    """images(n, row, column), as in MATLAB: a bright first row stays the first row."""
    content["images"][:] = 0
    content["images"][:, 0, :] = 255
    _, images = read(saved(content), "train")
    assert (images[:, 0] == 255).all()
    assert (images[:, 1:] == 0).all()


def test_classes_are_numbered_alike_in_every_split(content, saved):
    """A test split that lacks an expression keeps the numbers of the others."""
    content["labs_ex"][(content["folds"][:, 0] == 3) & (content["labs_ex"][:, 0] == 2)] = 5
    items, _ = read(saved(content), "test")
    assert items.classes == list("1234567")
    assert set(items.labels.tolist()) == {0, 2, 3, 4, 5, 6}


def test_labels_and_folds_of_other_types_and_a_row_of_labels(content, saved):
    expected, _ = read(saved(content), "test-2")
    other = {
        **content,
        "labs_ex": content["labs_ex"].astype(np.float64).T,
        "folds": content["folds"].astype(np.float64),
    }
    items, _ = read(saved(other), "test-2")
    assert items.classes == expected.classes
    assert (items.labels == expected.labels).all()


@pytest.mark.parametrize("split", ["full", "test-6", "test-0", "test-", "test-12", "test-x", "Test", ""])
def test_a_split_that_is_not_there(content, saved, split):
    known = "choose one of: train, unlabelled, labelled, valid, test"
    with pytest.raises(UserError, match=rf"has no split called '{split}'; {known}\.$"):
        opened(saved(content), split)


def test_a_file_without_the_images_of_a_split(content, saved):
    content["folds"][:] = 1
    with pytest.raises(UserError, match=r"^\S*\.mat has no images in the split 'train'"):
        opened(saved(content), "train")


@pytest.mark.parametrize(("names", "words"), [(["folds"], "folds"), (["images", "labs_ex"], "images nor labs_ex")])
def test_missing_arrays(content, saved, names, words):
    for name in names:
        del content[name]
    with pytest.raises(
        UserError, match=rf"^\S*\.mat has no array of numbers called {words}: .* save other images as a \.npy\.$"
    ):
        opened(saved(content), "train")


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("images", lambda array: array.reshape(COUNT, -1), r"uint8 \[60, 360\]"),
        ("images", lambda array: array[:50], r"uint8 \[50, 20, 18\]"),
        ("images", lambda array: array / 255, r"float64 \[60, 20, 18\]"),
        ("labs_ex", lambda array: array[:50], r"int16 \[50, 1\]"),
        ("folds", lambda array: array[:, :4], r"uint8 \[60, 4\]"),
        ("folds", lambda array: array.T, r"uint8 \[5, 60\]"),
    ],
)
def test_arrays_of_the_wrong_shape_or_type(content, saved, name, change, words):
    content[name] = change(content[name])
    with pytest.raises(UserError, match=rf"^\S*\.mat is not the Toronto Face Database: .* are .*{words}"):
        opened(saved(content), "train")


@pytest.mark.parametrize("other", ["text", {"field": 1.0}, np.array([["a"], [1]], object)])
def test_an_array_that_is_no_numbers(content, saved, other):
    content["labs_ex"] = other
    with pytest.raises(UserError, match=r"^\S*\.mat has no array of numbers called labs_ex: "):
        opened(saved(content), "train")


def test_arrays_beside_those_that_are_wanted(content, saved):
    """Numbers, texts, structures, cells, logicals, sparse and complex ones before, after and between."""
    others = {
        "a": 3.5,
        "b": "face",
        "c": {"field": np.arange(3)},
        "d": np.array([["x"], [1]], object),
        "e": coo_array(np.eye(3)),
        "f": np.ones((2, 2)) * 1j,
        "g": np.array([True]),
        "h": np.zeros((0, 3)),
    }
    names = list(content)
    mixed = dict(zip([*others, *names], [*others.values(), *content.values()], strict=True))
    for order in (sorted(mixed), sorted(mixed, reverse=True), names + list(others)):
        _, images = read(saved({name: mixed[name] for name in order}, do_compression=len(order) % 2 == 0), "test")
        assert (images[..., 0] == content["images"][content["folds"][:, 0] == 3]).all()


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_numbers_of_every_type(content, saved, dtype):
    content["folds"] = content["folds"].astype(dtype)
    _, images = read(saved(content), "test-4")
    assert (images[..., 0] == content["images"][content["folds"][:, 3] == 3]).all()


def test_a_file_from_a_machine_of_the_other_byte_order(content, tmp_path):
    """Written here by hand: MATLAB on a SPARC."""

    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)

    def matrix(name, array, kind, cls):
        flags = element(6, struct.pack(">II", cls, 0))
        sides = element(5, struct.pack(f">{array.ndim}i", *array.shape))
        return element(14, flags + sides + element(1, name.encode()) + element(kind, array.tobytes(order="F")))

    path = tmp_path / "faces.mat"
    path.write_bytes(
        b"MATLAB 5.0 MAT-file".ljust(124)
        + b"\x01\x00MI"
        + matrix("images", content["images"], 2, 9)
        + matrix("labs_ex", content["labs_ex"].astype(">i2"), 3, 10)
        + matrix("folds", content["folds"].astype(">f8"), 9, 6)
    )
    items, images = read(path, "valid")
    chosen = content["folds"][:, 0] == 2
    assert (images[..., 0] == content["images"][chosen]).all()
    assert (items.labels == content["labs_ex"][chosen, 0] - 1).all()


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(content, saved):
    content["images"] = np.zeros((COUNT, 1100, 1100), np.uint8)  # 69 MiB, packed into a thousandth
    with pytest.raises(
        UserError, match=r"^images in \S*\.mat would unpack from 0.1 to 69 MiB; at most 64 MiB are read"
    ):
        opened(saved(content, do_compression=True), "train")


def test_other_arrays_are_not_unpacked(content, saved):
    content["another"] = np.zeros((COUNT, 1100, 1100), np.uint8)
    assert len(opened(saved(content, do_compression=True), "train").names) == UNLABELLED


@pytest.mark.parametrize("element", [struct.pack("<II", 14, 0), struct.pack("<II", 15, 8) + zlib.compress(b"")])
def test_an_empty_element(tmp_path, element):
    path = tmp_path / "faces.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + element)
    with pytest.raises(UserError, match=r"^\S*\.mat (has no array of numbers|is damaged)"):
        opened(path, "train")


def test_a_file_that_is_no_matlab_file(tmp_path):
    path = tmp_path / "faces.mat"
    for data in (b"", b"PK\x03\x04", b"a,b\n1,2\n" * 100, bytes(500)):
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"^\S*\.mat is damaged or no MATLAB file"):
            opened(path, "train")


def test_the_newest_format_is_named(tmp_path):
    """Format 7.3 is HDF5 behind MATLAB's header."""
    path = tmp_path / "faces.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384))
    with pytest.raises(UserError, match=r"^\S*\.mat is damaged .*\(it is of format 7\.3\); .* with -v7, again\.$"):
        opened(path, "train")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_damaged_file_gives_a_sentence_or_the_images(content, saved, rng, compressed):
    """Cut short anywhere, or with bytes overwritten: never a traceback."""
    path = saved(content, do_compression=compressed)
    data = path.read_bytes()
    refused = 0
    for cut in rng.integers(0, len(data) - 20, 60):
        path.write_bytes(data[:cut])
        with pytest.raises(UserError):
            opened(path, "test")
    for _ in range(300):
        broken = bytearray(data)
        for place in rng.integers(0, 400, 4):
            broken[place] = rng.integers(0, 256)
        path.write_bytes(broken)
        try:
            opened(path, "test")
        except UserError:
            refused += 1
    assert refused > 100
