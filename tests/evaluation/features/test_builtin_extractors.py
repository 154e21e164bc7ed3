"""Extractors that need weights and an extra say so."""

import sys

import pytest
import safetensors.torch
import torch
from random_weights import sha256

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import dinov2, inception

EXTRA = pytest.mark.parametrize(
    ("name", "module", "file"), [("inception", "torch_fidelity", inception.FILE), ("dinov2", "timm", dinov2.FILE)]
)


@EXTRA
def test_the_error_says_where_the_weights_belong(name, module, file, tmp_path, monkeypatch):
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=f"{name} needs its weights in {tmp_path / 'weights' / file}.* is at https"):
        features.make(name)


@EXTRA
def test_the_error_says_which_extra_to_install(name, module, file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"one": torch.ones(1)}, path)
    package = module.replace("_", "-")
    with pytest.raises(UserError, match=rf"{name} needs {package}: pip install 'ganatomy\[vision\]'"):
        features.make(name, weights=path, sha256=sha256(path))


@EXTRA
def test_another_file_is_refused(name, module, file, tmp_path):
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"one": torch.ones(1)}, path)
    with pytest.raises(UserError, match=r"is not the file that was expected|no known sha256"):
        features.make(name, weights=path)
    with pytest.raises(UserError, match="is not the file that was expected"):
        features.make(name, weights=path, sha256="00" * 32)
