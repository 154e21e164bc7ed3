"""examples/triton: the folder that Triton's documentation asks for. Triton itself is not run here."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from ganatomy.generators.export.api import Export

SCRIPT = Path(__file__).parents[3] / "examples" / "triton_server" / "repository.py"


def test_the_repository_is_tritons(exported: Export, tmp_path: Path) -> None:
    names = runpy.run_path(str(SCRIPT))
    folder = names["write"](exported.file, tmp_path / "models", "pets")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == {"config.pbtxt", "1", "1/model.onnx"}
    assert (folder / "1" / "model.onnx").read_bytes() == exported.file.read_bytes()
    text = (folder / "config.pbtxt").read_text()
    for words in (
        'name: "pets"\n',
        'backend: "onnxruntime"\n',
        "max_batch_size: 64\n",
        '{ name: "z" data_type: TYPE_FP32 dims: [8] },',
        '{ name: "class" data_type: TYPE_INT64 dims: [1] reshape: { shape: [] } }\n',
        '{ name: "pixels" data_type: TYPE_UINT8 dims: [16, 20, 3] },',
        '{ name: "images" data_type: TYPE_FP32 dims: [3, 16, 20] }\n',
    ):
        assert words in text
    assert all(text.count(a) == text.count(b) for a, b in ("{}", "[]"))
    assert re.findall(r"^(\w+) ?[\[{:]", text, re.MULTILINE) == [
        "name",
        "backend",
        "max_batch_size",
        "dynamic_batching",
        "input",
        "output",
    ]


def test_the_script_refuses_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(tmp_path / "model.onnx"), str(tmp_path / "models")])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert exit_.value.code == 1
    assert "is not loaded" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["../up", "a b", ""])
def test_a_name_is_no_path(name: str, tmp_path: Path) -> None:
    from ganatomy.errors import UserError

    with pytest.raises(UserError, match="cannot name a model"):
        runpy.run_path(str(SCRIPT))["write"](tmp_path / "model.onnx", tmp_path, name)
