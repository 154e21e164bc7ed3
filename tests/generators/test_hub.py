"""Hugging Face's hub, as far as it goes without a network: what is sent, and what its cache holds."""

import sys
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants

import ganatomy
from ganatomy.errors import UserError
from ganatomy.generators.sampler import Sampler
from ganatomy.runs.run import Run

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of Hugging Face's, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_a_repository_in_the_cache_is_loaded(run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, repository = ganatomy.load(run), cache / "models--jane--pets"
    own.save_pretrained(repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    monkeypatch.chdir(run.path)
    for there in (ganatomy.load("hf:jane/pets"), Sampler.from_pretrained("jane/pets")):
        assert np.array_equal(there.sample([5, 6]), own.sample([5, 6]))
    assert Sampler.from_pretrained(repository / "snapshots" / COMMIT).metadata == own.metadata


def test_a_repository_that_cannot_be_had(cache: Path) -> None:
    with pytest.raises(UserError, match="hf:jane/nothing could not be loaded") as refusal:
        ganatomy.load("hf:jane/nothing")
    assert "\n" not in str(refusal.value)


def test_what_is_pushed_is_what_is_saved(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sent: dict = {}

    def create_repo(name: str, **given: object) -> str:
        sent.update(name=name, **given)
        return f"https://huggingface.co/{name}"

    def upload_folder(**given: object) -> None:
        folder = Path(str(given["folder_path"]))
        sent.update(given, files={path.name for path in folder.iterdir()}, card=(folder / "README.md").read_text())

    stand_in = SimpleNamespace(create_repo=create_repo, upload_folder=upload_folder)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stand_in)
    pushed = ganatomy.load(run).push_to_hub("jane/pets", private=True, licence="mit")
    assert pushed == "https://huggingface.co/jane/pets"
    assert (sent["repo_id"], sent["private"], sent["exist_ok"]) == ("jane/pets", True, True)
    assert sent["files"] == {"model.safetensors", "config.json", "README.md", "samples.png"}
    assert "license: mit\n" in sent["card"]
    assert "ganatomy.load('hf:jane/pets')" in sent["card"]

    def refused(name: str, **given: object) -> str:
        raise OSError("401: who are you?\nsecond line")

    stand_in.create_repo = refused
    with pytest.raises(UserError, match=r"hf:jane/pets could not be written \(401: who are you\?\)"):
        ganatomy.load(run).push_to_hub("jane/pets")


def test_the_extra_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"hf:jane/pets needs huggingface_hub: pip install 'ganatomy\[hub\]'"):
        ganatomy.load("hf:jane/pets")
