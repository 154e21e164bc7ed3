"""Images in memory: arrays, tensors and Datasets are the set that the same pixels in a file are."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from image_files import noise
from PIL import Image
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from ganatomy.data import from_memory, inspect, prepare
from ganatomy.errors import UserError

N, H, W = 12, 20, 24
LABELS = [i % 3 for i in range(N)]


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (N, H, W, 3), dtype=np.uint8)


class Images(Dataset):
    """A Dataset of whatever it is given; items are pairs where there are labels."""

    def __init__(self, images, labels=None, classes=None):
        self.images, self.labels = images, labels
        if classes:
            self.classes = classes

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        if isinstance(image, Exception):
            raise image
        return image if self.labels is None else (image, self.labels[i])


def channels_first(pixels):
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


SAME = {
    "array": lambda pixels: pixels,
    "array, channels first": lambda pixels: np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)),
    "array of fractions": lambda pixels: pixels / np.float32(255),
    "array from -1 to 1": lambda pixels: pixels / 127.5 - 1,
    "tensor": channels_first,
    "tensor of fractions": lambda pixels: channels_first(pixels) / 255,
    "tensor from -1 to 1": lambda pixels: (channels_first(pixels) / 127.5 - 1).requires_grad_(),
    "tensor, channels last": torch.from_numpy,
    "dataset of pictures": lambda pixels: Images([Image.fromarray(image) for image in pixels]),
    "dataset of arrays": Images,
    "dataset of tensors": lambda pixels: Images(channels_first(pixels)),
    "dataset of fractions": lambda pixels: Images(channels_first(pixels) / 255),
    "TensorDataset": lambda pixels: TensorDataset(channels_first(pixels).float() / 127.5 - 1),
    "list": list,
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_pixels_are_the_same_set_as_in_a_file(kind, pixels, tmp_path):
    np.save(tmp_path / "set.npy", pixels)
    images = prepare(SAME[kind](pixels))
    assert (images.pixels == pixels).all()
    assert images.fingerprint == prepare(tmp_path / "set.npy").fingerprint
    assert images.labels is None
    assert images.source == f"prepared:{images.fingerprint}"


@pytest.mark.parametrize("kind", ["array", "tensor", "dataset of pictures", "dataset of arrays"])
def test_grey_images(kind, pixels, tmp_path):
    grey = pixels[..., 0]
    np.save(tmp_path / "set.npy", grey)
    given = {
        "array": grey,
        "tensor": torch.from_numpy(grey)[:, None],
        "dataset of pictures": Images([Image.fromarray(image) for image in grey]),
        "dataset of arrays": Images(grey),
    }[kind]
    images = prepare(given)
    assert (images.pixels[..., 0] == grey).all()
    assert images.fingerprint == prepare(tmp_path / "set.npy").fingerprint


@pytest.mark.parametrize(
    "labels",
    [LABELS, np.array(LABELS), torch.tensor(LABELS), np.array(LABELS, float), np.array(LABELS)[:, None], None],
    ids=["list", "array", "tensor", "floats", "column", "dataset's own"],
)
def test_labels_are_those_of_a_file(labels, pixels, tmp_path):
    np.savez(tmp_path / "set.npz", images=pixels, labels=LABELS)
    images = prepare(Images(pixels, torch.tensor(LABELS)) if labels is None else pixels, labels=labels)
    assert images.labels.tolist() == LABELS
    assert images.classes == ["0", "1", "2"]
    assert images.fingerprint == prepare(tmp_path / "set.npz").fingerprint


def test_classes_have_names(pixels):
    names = ["cow", "cat", "dog"]
    for images in (
        prepare(pixels, labels=LABELS, classes=names),
        prepare(pixels, labels=[names[label] for label in LABELS], classes=names),
        prepare(Images(pixels, LABELS, names)),
        prepare(Images(pixels, LABELS), classes=names),
    ):
        assert images.classes == names
        assert images.labels.tolist() == LABELS
    assert prepare(pixels, labels=[names[label] for label in LABELS]).classes == ["cat", "cow", "dog"]


def test_labels_that_are_no_classes_are_left_out_and_named(pixels):
    boxes = Images(pixels, [(1, 2, 3, 4)] * N)
    assert prepare(boxes).labels is None
    note = "The dataset does not give one class for each image: labels are not used."
    assert inspect(boxes).notes == [note]
    assert inspect(Images(pixels, [0] * (N - 1) + [None])).notes == [note]


def test_a_prepared_set_is_found_by_its_name(pixels, tmp_path):
    images = prepare(pixels, labels=LABELS, classes=["x", "y", "z"], size=32, channels=1)
    again = prepare(images.source)
    for options in ({}, {"size": 32}, {"size": (32, 32), "channels": 1}, {"fit": "pad"}):
        again = prepare(images.source, **options)
        assert (again.pixels == images.pixels).all()
        assert (again.labels == images.labels).all()
        assert again.classes == ["x", "y", "z"]
        assert (again.fingerprint, again.source) == (images.fingerprint, images.source)
    smaller = prepare(images.source, size=16)
    assert smaller.pixels.shape == (N, 16, 16, 1)
    assert smaller.labels.tolist() == LABELS
    assert (prepare(images.source, first=5).pixels == images.pixels[:5]).all()
    assert inspect(images.source).images == N
    with pytest.raises(UserError, match="has no split called 'test'"):
        prepare(images.source, split="test")


def test_a_prepared_set_that_is_gone(pixels, cache):
    source = prepare(pixels).source
    shutil.rmtree(cache / "data")
    with pytest.raises(UserError, match=r"does not have prepared:.*: give the same images again\.$"):
        prepare(source)
    assert prepare(pixels).source == source
    assert len(prepare(source)) == N


def test_images_say_how_their_numbers_were_understood(pixels, tmp_path):
    fractions = pixels / np.float32(255)
    sentence = f"float32 from {fractions.min():g} to {fractions.max():g}, read as 0 (black) to 1 (white)"
    for given in (fractions, Images(fractions)):
        images = prepare(given)
        assert images.values == inspect(given).values == sentence
    np.save(tmp_path / "set.npy", fractions)
    assert [prepare(tmp_path / "set.npy").values for _ in range(2)] == [sentence] * 2
    assert prepare(pixels).values.startswith("uint8 from ")  # the same pixels, given in another way


def test_the_range_is_that_of_all_images(pixels):
    """One image between 0 and 1 does not make the others, from −1 to 1, fractions."""
    given = channels_first(pixels) / 127.5 - 1
    given[0] = given[0].abs()
    assert prepare(Images(given)).pixels[0].min() >= 127


def test_images_of_many_sizes_are_fitted(rng):
    given = Images([Image.fromarray(noise(rng, 40 + i, 60)) for i in range(4)])
    assert prepare(given, size=32).pixels.shape == (4, 32, 32, 3)
    assert prepare(given, size=32, fit="pad").fingerprint != prepare(given, size=32).fingerprint


def test_pictures_keep_what_only_they_say(rng):
    """EXIF's orientation, palettes, and transparency by a colour."""
    picture = Image.fromarray(noise(rng, 30, 20))
    turned = picture.copy()
    turned.getexif()[0x0112] = 6
    assert prepare(Images([turned, turned])).pixels.shape == (2, 20, 30, 3)
    palette = picture.convert("P")
    assert (prepare(Images([palette] * 2)).pixels[0] == np.asarray(palette.convert("RGB"))).all()


def test_items_that_cannot_be_read_are_set_aside(pixels):
    given = [*pixels]
    given[3] = OSError("gone")
    images = prepare(Images(given, LABELS))
    assert len(images) == N - 1
    assert images.skipped == [("image 3", "gone")]
    assert images.labels.tolist() == LABELS[:3] + LABELS[4:]


def test_nothing_is_copied_before_it_is_read(pixels):
    items = from_memory(pixels)
    pixels[4] = 7
    assert (items.read(4) == 7).all()
    tensor = channels_first(pixels)
    items = from_memory(tensor)
    tensor[5] = 9
    assert (items.read(5) == 9).all()


class Random(Images):
    def __getitem__(self, i):
        image = torch.from_numpy(np.array(self.images[i]))
        return image.flip(1) if torch.rand(()) < 0.5 else image


class Endless(IterableDataset):
    def __iter__(self):
        yield 1


NAN = np.full((3, 20, 20), np.nan, np.float32)
REFUSED = {
    "no images": (np.zeros(5, np.uint8), r"the array has shape \[5\]; images are \[N, H, W\]"),
    "five dimensions": (torch.zeros(2, 3, 4, 5, 6), r"the tensor has shape \[2, 3, 4, 5, 6\]; images are"),
    "two channels": (torch.zeros(2, 2, 20, 20), r"the tensor has shape \[2, 2, 20, 20\]; .* with C 1, 3 or 4"),
    "ambiguous": (np.zeros((2, 3, 20, 3), np.uint8), r"the array has shape .*: it may be \[N, H, W, C\] or"),
    "empty array": (np.zeros((0, 20, 20, 3), np.uint8), r"the array holds an empty array \(shape \[0, 20, 20, 3\]\)"),
    "objects": (np.array([[[{}]]]), "the array holds Python objects, not numbers"),
    "words": (np.full((2, 20, 20), "a"), "the array holds <U1 values; images are uint8"),
    "complex": (torch.zeros(2, 20, 20, dtype=torch.complex64), "the tensor holds complex64 values"),
    "out of range": (np.linspace(-2, 2, 800).reshape(2, 20, 20), r"the array holds float64 values from -2 to 2; scale"),
    "not finite": (NAN, "Image 0 of the array holds NaN or infinite values"),
    "empty dataset": (Images([]), "The dataset is empty; give at least two images"),
    "no length": (Endless(), "Endless is no set of images: give a path, an array, a tensor or a Dataset with a length"),
    "a number": (7, "int is no set of images"),
    "a dictionary": ({"images": 1}, "dict is no set of images"),
    "items of text": (Images(["x", "y"]), r"Item 0 of the dataset is a str; items are images or pairs"),
    "items of dictionaries": (Images([{}, {}]), r"Item 0 of the dataset is a dict"),
    "items of a wrong shape": (
        Images(np.zeros((2, 5, 20, 20), np.uint8)),
        r"Image 0 .* is uint8 \[5, 20, 20\]; images",
    ),
    "items of two types": (
        Images([*np.zeros((1, 20, 20)), *np.zeros((1, 20, 20), np.uint8)]),
        "of float64 and of uint8",
    ),
    "items out of range": (Images(np.full((2, 20, 20), 300.0)), "the dataset holds float64 values from 300 to 300"),
    "items not finite": (Images(NAN), "Image 0 of the dataset holds NaN"),
    "random items": (
        Random(np.arange(16 * 400).reshape(16, 20, 20) % 256),
        "is another at every reading: leave out random",
    ),
    "all broken": (
        Images([OSError("gone")] * 3),
        r"None of the 3 images of the dataset .* \(first: image 0, gone",
    ),
    "one image": (np.zeros((1, 20, 20), np.uint8), "the array has one readable image; training needs two"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_set_of_images_is_refused(case):
    given, sentence = REFUSED[case]
    with pytest.raises(UserError, match=sentence) as error:
        prepare(given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"labels": [0, 1]}, r"the array has 12 images and the labels have the shape \[2\]: give one an image"),
        ({"labels": np.zeros((N, 4))}, r"the labels have the shape \[12, 4\]"),
        ({"labels": [0.5] * N}, r"0\.5 is no label: labels are whole numbers or names"),
        ({"labels": [None] * N}, "None is no label"),
        ({"labels": LABELS, "classes": ["a", "b"]}, "The label 2 is none of the 2 classes, which are numbered from 0"),
        ({"labels": [-1] * N, "classes": ["a"]}, "The label -1 is none of the 1 classes"),
        ({"labels": ["x"] * N, "classes": ["a", "b"]}, "The label 'x' is none of the 2 classes"),
        ({"classes": ["a", "b"]}, "classes are the names of labels, and there are none: give labels too"),
        ({"split": "test"}, "the array has no split called 'test'; its images are not divided"),
    ],
)
def test_labels_that_do_not_fit_are_refused(options, sentence, pixels):
    with pytest.raises(UserError, match=sentence):
        prepare(pixels, **options)


def test_a_path_takes_no_labels(tmp_path: Path, pixels):
    np.save(tmp_path / "set.npy", pixels)
    for options in ({"labels": LABELS}, {"classes": ["a"]}):
        with pytest.raises(UserError, match="labels and classes go with images in memory; files have their own"):
            prepare(tmp_path / "set.npy", **options)
