"""Checkpoints: what is saved is loaded, bit for bit, or refused in one sentence."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from ganatomy.errors import UserError
from ganatomy.runs import checkpoint
from ganatomy.system import files

GROUPS = {
    "generator": {"weight": torch.arange(6.0).reshape(2, 3).t(), "count": torch.tensor(3)},
    "optimisers": {"state": torch.tensor([float("nan"), 1e-45])},
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    checkpoint.save(tmp_path / "step-00000003", GROUPS, {"step": 3})
    return tmp_path / "step-00000003"


def test_tensors_come_back_bit_for_bit(saved: Path) -> None:
    loaded = checkpoint.load(saved)
    assert loaded.keys() == GROUPS.keys()
    for group, tensors in GROUPS.items():
        for name, tensor in tensors.items():
            assert loaded[group][name].dtype == tensor.dtype
            assert torch.equal(loaded[group][name].nan_to_num(7), tensor.nan_to_num(7))
    assert checkpoint.load(saved, "generator").keys() == {"generator"}
    assert checkpoint.manifest(saved)["step"] == 3
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def flipped(folder: Path) -> None:
    path = folder / "generator.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def rewritten(**changes: object):
    def change(folder: Path) -> None:
        entries = checkpoint.manifest(folder)  # without its checksum
        (folder / "manifest.json").write_text(json.dumps(entries | changes))

    return change


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (flipped, r"generator\.safetensors does not match its checksum\); remove that folder to use the checkpoint"),
        (lambda folder: (folder / "generator.safetensors").unlink(), r"generator\.safetensors is missing"),
        (lambda folder: (folder / "manifest.json").unlink(), r"manifest\.json cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), r"manifest\.json cannot be read"),
        (lambda folder: shutil.rmtree(folder), r"manifest\.json cannot be read"),
        (rewritten(format=2), "was written by a newer version of Ganatomy"),
        (rewritten(files={}), r"generator\.safetensors is missing"),
    ],
)
def test_damage_is_named_before_anything_is_loaded(saved: Path, damage, sentence: str) -> None:
    damage(saved)
    with pytest.raises(UserError, match=sentence):
        checkpoint.load(saved, "generator")


def test_a_file_that_is_no_safetensors_is_refused(saved: Path) -> None:
    content = b"\x80\x04cos\nsystem\n"
    (saved / "generator.safetensors").write_bytes(content)
    listed = {"generator.safetensors": {"sha256": files.checksum(saved / "generator.safetensors")}}
    rewritten(files=listed)(saved)
    with pytest.raises(UserError, match="is no safetensors file"):
        checkpoint.load(saved)


def test_a_checkpoint_without_a_format_is_an_old_one(saved: Path) -> None:
    entries = checkpoint.manifest(saved)
    del entries["format"]
    (saved / "manifest.json").write_text(json.dumps(entries))
    assert checkpoint.load(saved).keys() == GROUPS.keys()


def test_every_flipped_bit_of_a_manifest_is_noticed_or_changes_nothing(saved: Path) -> None:
    path = saved / "manifest.json"
    whole, entries = path.read_bytes(), checkpoint.manifest(saved)
    unnoticed, sentences = 0, set()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        try:
            found = checkpoint.manifest(saved)
        except UserError as error:
            sentences.add(str(error).replace(str(saved), "").partition("(")[0])
            continue
        unnoticed += 1
        assert {name: found[name] for name in entries} == entries
    assert sentences <= {" is damaged ", " was written by a newer version of Ganatomy "}
    assert unnoticed < len(whole) / 10  # spaces, and the name of the checksum itself


def test_a_checkpoint_without_a_checksum_is_an_old_one_whose_folder_says_its_step(saved: Path) -> None:
    entries = json.loads((saved / "manifest.json").read_text())
    del entries["sha256"]
    (saved / "manifest.json").write_text(json.dumps(entries))
    assert checkpoint.load(saved).keys() == GROUPS.keys()
    for wrong in ({"step": 1}, {"step": "3"}, {"attempt": -1}, {"seconds": "x"}, {"images": True}, {"files": [1]}):
        (saved / "manifest.json").write_text(json.dumps(entries | wrong))
        with pytest.raises(UserError, match="is damaged"):
            checkpoint.load(saved)
