"""The Gradio demo of generators that are given pictures: it draws what `ganatomy apply` draws."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ganatomy
from exported import module_of
from ganatomy.generators.export import conversion
from ganatomy.generators.export.api import Export
from ganatomy.runs.run import Run
from tiny import waves


@pytest.fixture(scope="module")
def written(given_run: Callable[[str], Run], graph_of: Callable[[str], Path], tmp_path_factory: Any) -> Export:
    """Of pix2pix, whose pictures have to be filled up."""
    folder = tmp_path_factory.mktemp("demo")
    content = graph_of("pix2pix").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "convert", lambda sampler: content)  # it takes long, and is the same
        return ganatomy.export(given_run("pix2pix"), "gradio", out=folder / "demo")


@pytest.mark.parametrize("recipe", ["pix2pix", "edsr"])  # colour and as large; grey and larger
def test_it_draws_what_apply_draws(
    recipe: str, written: Export, graph_of: Callable[[str], Path], given_run: Callable[[str], Run], tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(written.folder, folder)
    for name in ("model.onnx", "metadata.json"):
        shutil.copy(graph_of(recipe).parent / name, folder / name)
    demo = module_of(folder / "app.py").PictureDemo(folder)
    transparent = np.concatenate([waves(1, 13, 22)[0], waves(1, 13, 22, 1)[0]], axis=2)
    pictures = {"plain": waves(1, 13, 22)[0], "transparent": transparent, "grey": waves(1, 40, 17, 1)[0, ..., 0]}
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        ganatomy.apply(given_run(recipe), tmp_path / f"{name}.png", out=tmp_path / "own")
        with Image.open(tmp_path / f"{name}.png") as picture, Image.open(tmp_path / "own" / f"{name}.png") as own:
            drawn = demo.apply(picture)
            assert (drawn.size, drawn.mode) == (own.size, own.mode)
            assert np.abs(np.asarray(drawn).astype(int) - np.asarray(own)).max() <= 1


def test_too_large_a_picture_is_refused(written: Export) -> None:
    demo = module_of(written.file).PictureDemo(written.folder)
    with pytest.raises(ValueError, match="too large: it may have 4,000,000 pixels"):
        demo.apply(Image.new("RGB", (2001, 2000)))


def test_the_folder_is_a_space_and_says_how_to_use_it(written: Export) -> None:
    assert {path.name for path in written.folder.iterdir()} == {
        *("app.py", "requirements.txt", "model.onnx", "metadata.json", "README.md"),
    }
    card = (written.folder / "README.md").read_text()
    for words in ("title: Translate a picture", "sdk: gradio", "    python app.py\n"):
        assert words in card
    assert "pillow" in (written.folder / "requirements.txt").read_text()


def test_the_page_has_both_pictures(written: Export) -> None:
    """Runs where Gradio is installed."""
    pytest.importorskip("gradio", reason="pip install gradio lets this test run.")
    page = module_of(written.file).PictureDemo(written.folder).page()
    labels = [component["props"].get("label") for component in page.config["components"]]
    assert {"Given", "Drawn"} <= set(labels)
