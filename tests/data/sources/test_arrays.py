"""Arrays: layouts, ranges, .npy, .npz, IDX; and what is refused."""

import gzip
import io
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
from image_files import noise

from ganatomy.data import inspect, prepare
from ganatomy.data.sources import arrays as arrays_room
from ganatomy.errors import UserError


def saved(tmp_path, array, name="set.npy"):
    np.save(tmp_path / name, array)
    return tmp_path / name


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((6, 20, 30), None),
        ((6, 20, 30, 1), None),
        ((6, 20, 30, 3), None),
        ((6, 4, 20, 30), (0, 2, 3, 1)),
        ((6, 3, 20, 30), (0, 2, 3, 1)),
    ],
)
def test_layouts(tmp_path, rng, shape, axes):
    array = rng.integers(0, 256, shape, dtype=np.uint8)
    last = array.transpose(axes) if axes else array.reshape(6, 20, 30, -1)
    if last.shape[3] == 4:  # colours that nobody sees are white
        last = np.where((last[..., 3:] == 0) & (np.arange(4) < 3), 255, last)
    assert (prepare(saved(tmp_path, array), channels=last.shape[3]).pixels == last).all()
    assert (prepare(saved(tmp_path, np.asfortranarray(array)), channels=last.shape[3]).pixels == last).all()


@pytest.mark.parametrize(
    ("low", "high", "dtype", "words"),
    [
        (0, 255, np.uint8, "read as 0 (black) to 255 (white)"),
        (0, 65535, np.uint16, "read as 0 (black) to 65535 (white)"),
        (0, 65535, ">u2", "read as 0 (black) to 65535 (white)"),
        (0, 255, np.int64, "read as 0 (black) to 255 (white)"),
        (0, 1, np.float32, "read as 0 (black) to 1 (white)"),
        (-1, 1, np.float16, "read as -1 (black) to 1 (white)"),
        (-1, 1, np.float64, "read as -1 (black) to 1 (white)"),
        (0, 255, np.float32, "read as 0 (black) to 255 (white)"),
    ],
)
def test_ranges(tmp_path, low, high, dtype, words):
    ramp = np.linspace(low, high, 256).reshape(16, 16)
    path = saved(tmp_path, np.stack([ramp, ramp[::-1]]).astype(dtype))
    difference = np.int_(prepare(path).pixels[0, :, :, 0].ravel()) - np.arange(256)
    assert np.abs(difference).max() <= (1 if dtype == np.float16 else 0)
    assert words in str(inspect(path))


def test_one_dark_image_is_scaled_like_the_others(tmp_path):
    array = np.zeros((2, 16, 16), dtype=np.float32)
    array[0], array[1] = 0.5, 200
    assert prepare(saved(tmp_path, array)).pixels[:, 0, 0, 0].tolist() == [0, 200]


def test_truth_values(tmp_path):
    array = np.zeros((2, 16, 16), dtype=bool)
    array[1] = True
    assert prepare(saved(tmp_path, array)).pixels[:, 0, 0, 0].tolist() == [0, 255]


def test_alpha_is_laid_on_white(tmp_path):
    array = np.zeros((2, 16, 16, 4), dtype=np.uint8)
    array[1, ..., 3] = 255
    assert prepare(saved(tmp_path, array)).pixels[:, 0, 0].tolist() == [[255] * 3, [0] * 3]
    assert prepare(saved(tmp_path, array), channels=4).pixels[:, 0, 0, 3].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((5, 784), np.uint8), r"shape \[5, 784\]; images are"),
        (np.zeros(5, np.uint8), "images are"),
        (np.zeros((2, 2, 8, 8, 3), np.uint8), "images are"),
        (np.zeros((5, 20, 30, 2), np.uint8), "images are"),
        (np.zeros((32, 32, 3), np.uint8), "images are"),
        (np.zeros((5, 3, 20, 3), np.uint8), r"may be \[N, H, W, C\] or \[N, C, H, W\]"),
        (np.zeros((0, 20, 20), np.uint8), "empty array"),
        (np.zeros((2, 0, 20), np.uint8), "empty array"),
        (np.full((2, 20, 20), 300), "int64 values from 300 to 300; scale them"),
        (np.full((2, 20, 20), -7.0), "float64 values from -7 to -7; scale them"),
        (np.zeros((2, 20, 20), np.complex64), "holds complex64 values"),
        (np.zeros((2, 20, 20), "U3"), "holds <U3 values"),
        (np.zeros((1, 20, 20), np.uint8), "one readable image; training needs two"),
    ],
)
def test_arrays_that_are_refused(tmp_path, array, sentence):
    with pytest.raises(UserError, match=sentence):
        prepare(saved(tmp_path, array))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_image_with_nan_is_named(tmp_path, value, monkeypatch):
    monkeypatch.setattr(arrays_room, "BLOCK", 3 * 400)  # several blocks
    array = np.zeros((20, 20, 20), np.float32)
    array[17, 3, 3] = array[19, 0, 0] = value
    with pytest.raises(UserError, match=r"Image 17 of .* holds NaN"):
        prepare(saved(tmp_path, array))


def test_objects_are_not_unpickled(tmp_path):
    objects = np.empty(2, dtype=object)
    np.save(tmp_path / "set.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "set.npz", images=objects)
    np.savez(tmp_path / "labels.npz", images=np.zeros((2, 20, 20), np.uint8), labels=objects)
    for name in ("set.npy", "set.npz", "labels.npz"):
        with pytest.raises(UserError, match="holds Python objects"):
            prepare(tmp_path / name)


@pytest.mark.parametrize("name", ["set.npy", "set.npz"])
def test_cut_short(tmp_path, rng, name):
    path = tmp_path / name
    (np.save if name.endswith("npy") else np.savez)(path, noise(rng, 40, 40).repeat(4, 0))
    whole = path.read_bytes()
    for length in (0, 5, 60, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="cut short or damaged"):
            prepare(path)


def test_a_lying_header_takes_no_memory(tmp_path):
    buffer = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 64, 64)}
    np.lib.format.write_array_header_1_0(buffer, header)
    (tmp_path / "set.npy").write_bytes(buffer.getvalue())
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", buffer.getvalue())
    for name in ("set.npy", "set.npz"):
        with pytest.raises(UserError, match="cut short or damaged: 128 of 4,096,000,000,128 bytes"):
            prepare(tmp_path / name)


@pytest.mark.parametrize("shape", [(-3, 20, 20), (3, -20, -20)])
def test_a_negative_shape(tmp_path, shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    raw = buffer.getvalue() + bytes(1200)
    (tmp_path / "set.npy").write_bytes(raw)
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", raw)
    for name in ("set.npy", "set.npz"):
        with pytest.raises(UserError, match="with a negative side; make or download it again"):
            prepare(tmp_path / name)


@pytest.mark.parametrize(
    "header", [b"{" * 5000, b"(" * 5000, b"{'descr': [1], 'fortran_order': False, 'shape': ()}", b"\0"]
)
def test_headers_that_are_none(tmp_path, header):
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1200)
    (tmp_path / "set.npy").write_bytes(raw)
    with pytest.raises(UserError, match="cut short or damaged"):
        prepare(tmp_path / "set.npy")


ZEROS = """
    import zipfile
    import numpy as np
    from ganatomy.data import prepare
    from ganatomy.errors import UserError

    def zeros(archive, name, descr, shape, size):
        with archive.open(name, "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, dict(descr=descr, fortran_order=False, shape=shape))
            for _ in range(size >> 20):
                file.write(bytes(2**20))

    with zipfile.ZipFile({path!r}, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        zeros(archive, "images.npy", "|u1", {images}, {images_size})
        zeros(archive, "labels.npy", {descr!r}, {labels}, {labels_size})
    try:
        print(prepare({path!r}).labels)
    except UserError as error:
        print(error)
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize(
    ("images", "images_size", "descr", "labels", "labels_size", "sentence"),
    [
        ((4, 512, 512), 2**20, "<i8", (2**25,), 2**28, "has 4 images but 33,554,432 labels"),
        ((4, 512, 512), 2**20, "<U16777216", (4,), 2**28, "None"),  # one label of 64 MiB an image is none
        ((1024, 512, 512), 2**28, "<i8", (2**17,), 2**20, "at most 64 MiB are read: save it as a .npy"),
    ],
)
def test_memory_from_small_files(tmp_path, images, images_size, descr, labels, labels_size, sentence):
    """256 MiB of zeros are 1 MiB of file: what would unpack to far more than images do is not unpacked."""
    path = str(tmp_path / "set.npz")
    script = ZEROS.format(
        path=path, images=images, images_size=images_size, descr=descr, labels=labels, labels_size=labels_size
    )
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=True
    )
    *said, peak = run.stdout.splitlines()
    assert sentence in said[-1]
    assert int(peak) < 150 * 1024  # kilobytes


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["images", "labels"], True),
        (["x", "y"], True),
        (["x_train", "y_train"], True),
        (["data", "labels"], True),
        (["arr_0", "other"], False),
        (["whatever", "labels"], True),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, rng, keys, found, save):
    array, labels = rng.integers(0, 256, (3, 20, 20, 3), dtype=np.uint8), np.array([7, 2, 7])
    save(tmp_path / "set.npz", **dict(zip(keys, (array, labels), strict=True)))
    images = prepare(tmp_path / "set.npz")
    assert (images.pixels == array).all()
    assert images.classes == (["2", "7"] if found else None)
    assert not found or images.labels.tolist() == [1, 0, 1]


def test_npz_splits(tmp_path, rng):
    parts = {f"x_{split}": np.full((2, 20, 20), i, np.uint8) for i, split in enumerate(("train", "test"))}
    np.savez(tmp_path / "set.npz", **parts, y_test=np.array([[1.0], [0.0]]))  # Keras keeps labels as a column
    assert (prepare(tmp_path / "set.npz").pixels == 0).all()
    test = prepare(tmp_path / "set.npz", split="test")
    assert (test.pixels == 1).all()
    assert test.labels.tolist() == [1, 0]
    with pytest.raises(UserError, match="choose one of: test, train"):
        prepare(tmp_path / "set.npz", split="val")
    with pytest.raises(UserError, match="not divided into splits"):
        prepare(saved(tmp_path, np.zeros((2, 20, 20), np.uint8)), split="test")


def test_npz_with_unclear_or_unfit_content(tmp_path):
    array = np.zeros((3, 20, 20), np.uint8)
    np.savez(tmp_path / "two.npz", a=array, b=array)
    with pytest.raises(UserError, match="It has a, b; name it images"):
        prepare(tmp_path / "two.npz")
    np.savez(tmp_path / "short.npz", images=array, labels=np.zeros(2))
    with pytest.raises(UserError, match="3 images but 2 labels"):
        prepare(tmp_path / "short.npz")
    np.savez(tmp_path / "vectors.npz", images=array, labels=np.zeros((3, 10)))
    assert prepare(tmp_path / "vectors.npz").labels is None
    assert "not one class per image" in inspect(tmp_path / "vectors.npz").notes[0]
    np.savez(tmp_path / "names.npz", images=array, labels=np.array(["b", "a", "b"]))
    assert prepare(tmp_path / "names.npz").classes == ["a", "b"]


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.fixture
def mnist(tmp_path, rng):
    """A folder as torchvision leaves it: raw/ with the four files, some of them compressed."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for split, count in (("train", 5), ("t10k", 3)):
        pixels, labels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), np.arange(count, dtype=np.uint8)
        np.save(tmp_path / f"{split}.npy", pixels)
        (raw / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path / "MNIST"


def test_idx(mnist):
    train, test = prepare(mnist), prepare(mnist / "raw", split="test")
    assert (train.pixels[..., 0] == np.load(mnist.parent / "train.npy")).all()
    assert (test.pixels[..., 0] == np.load(mnist.parent / "t10k.npy")).all()
    assert train.labels.tolist() == [0, 1, 2, 3, 4]
    assert test.labels.tolist() == [0, 1, 2]
    single = prepare(mnist / "raw" / "t10k-images-idx3-ubyte.gz")
    assert single.fingerprint == test.fingerprint
    with pytest.raises(UserError, match="no split called 'val'; choose one of: t10k, train"):
        prepare(mnist, split="val")


def test_idx_without_labels(mnist):
    (mnist / "raw" / "train-labels-idx1-ubyte").unlink()
    assert prepare(mnist).labels is None


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"])
def test_damaged_idx(mnist, name):
    path = mnist / "raw" / name
    whole = idx(np.load(mnist.parent / "train.npy"))
    (mnist / "raw" / "train-images-idx3-ubyte.gz").unlink()
    for content in (whole[:-1], whole[:10], whole[:2], b"", b"\0\0\x0d" + whole[3:]):
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        with pytest.raises(UserError, match=r"cut short|no IDX file"):
            prepare(mnist)
    huge = whole[:4] + np.array([2**31 - 1, 2**31 - 1, 28], ">i4").tobytes()
    path.write_bytes(gzip.compress(huge) if name.endswith("gz") else huge)
    with pytest.raises(UserError, match=r"cut short: 0 of 129,127,208,395,707,777,052 values|at most 64 MiB are read"):
        prepare(mnist)
    if name.endswith("gz"):
        path.write_bytes(gzip.compress(whole)[:-100])
        with pytest.raises(UserError, match="cut short or damaged"):
            prepare(mnist)
