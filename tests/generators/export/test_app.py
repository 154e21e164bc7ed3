"""The Gradio demo beside an export: what it draws is what `ganatomy sample` draws, and its folder is a Space."""

import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml

import ganatomy
from exported import module_of
from ganatomy.gan.priors import normal, truncated_normal, truncated_uniform, uniform
from ganatomy.generators import directions
from ganatomy.generators.export import conversion
from ganatomy.generators.export.api import Export
from ganatomy.runs.run import DIRECTIONS, Run

LAST_SEED = 2**32 - 1


@pytest.fixture(scope="module")
def home(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run with two principal directions, and those to its classes."""
    home = tmp_path_factory.mktemp("demo") / "pets"
    shutil.copytree(run.path, home, ignore=shutil.ignore_patterns("exports"))
    ganatomy.directions(home, 2, classes=True)
    return home


@pytest.fixture(scope="module")
def written(home: Path, exported: Export) -> Export:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            conversion, "convert", lambda sampler: exported.file.read_bytes()
        )  # it takes long, and is the same
        return ganatomy.export(home, "gradio", title="These: pets", licence="mit")


@pytest.fixture(scope="module")
def app(written: Export) -> ModuleType:
    """app.py, from the folder that it was written to."""
    return module_of(written.file)


@pytest.fixture(scope="module")
def demo(app: ModuleType, written: Export) -> Any:
    return app.Demo(written.folder)


def test_a_seeds_image_is_the_librarys(demo: Any, home: Path) -> None:
    sampler = ganatomy.load(home)
    for seed in (0, 17, 123_456_789, LAST_SEED):
        for given, expected in (
            ({}, {}),
            ({"label": "dog"}, {"labels": "dog"}),
            ({"truncation": 0.5}, {"truncation": 0.5}),
            ({"label": "cat", "truncation": 0.05}, {"labels": "cat", "truncation": 0.05}),
        ):
            pixels = demo.generate(seed, **given)
            assert pixels.dtype == np.uint8
            assert np.abs(pixels.astype(int) - sampler.sample([seed], **expected)[0]).max() <= 2
    assert np.abs(demo.generate(0).astype(int) - demo.generate(17)).mean() > 10


def test_it_moves_along_the_runs_directions(demo: Any, home: Path) -> None:
    sampler = ganatomy.load(home)
    found = directions.read(home.joinpath(*DIRECTIONS), sampler)
    assert demo.directions["names"] == ["1", "2"]
    for truncation in (None, 0.5):
        code = sampler.latents([3]) - 2.5 * found.values[0] + found.values[1]
        expected = sampler.images(code, truncation=truncation)[0].astype(int)
        assert np.abs(demo.generate(3, None, truncation, [-2.5, 1.0]) - expected).max() <= 2
    assert np.abs(demo.generate(3, None, None, [-2.5, 1.0]).astype(int) - demo.generate(3)).max() > 10


def test_styles_are_truncated_as_in_the_library(converted: Any, app: ModuleType, tmp_path: Path) -> None:
    sampler, content = converted("stylegan2")
    (tmp_path / "model.onnx").write_bytes(content)
    (tmp_path / "metadata.json").write_text(sampler.metadata.model_dump_json())
    demo = app.Demo(tmp_path)
    for truncation in (None, 0.3):
        expected = sampler.sample([5], truncation)[0].astype(int)
        assert np.abs(demo.generate(5, None, truncation) - expected).max() <= 2


@pytest.mark.parametrize(("prior", "draw"), [("normal", normal), ("uniform", uniform)])
def test_latent_vectors_are_torchs(app: ModuleType, prior: str, draw: Any) -> None:
    for seed in (0, 1, 2**31, LAST_SEED):
        for dimension in (1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 100, 700):  # around the blocks of sixteen
            expected = draw(1, dimension, torch.Generator().manual_seed(seed))[0]
            own = app.latent(seed, prior, dimension)
            assert own.dtype == np.float32
            np.testing.assert_allclose(own, expected, rtol=0, atol=2e-6)
    with pytest.raises(ValueError, match="the prior mine"):
        app.latent(0, "mine", 8)


@pytest.mark.parametrize(("prior", "cut"), [("normal", truncated_normal), ("uniform", truncated_uniform)])
def test_truncation_is_the_librarys(app: ModuleType, prior: str, cut: Any) -> None:
    z = 3 * normal(1, 512, torch.Generator().manual_seed(5))[0]  # far out too, as directions lead
    for bound in (0.05, 0.5, 1.5, 3.0):
        np.testing.assert_allclose(app.truncated(z.numpy(), prior, bound), cut(z, bound), rtol=0, atol=3e-6)


def test_the_folder_is_a_space_and_says_how_to_use_it(written: Export) -> None:
    assert {path.name for path in written.folder.iterdir()} == {
        *("app.py", "requirements.txt", "model.onnx", "metadata.json", "README.md", "samples.png"),
    }
    card = (written.folder / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header.items() >= {"title": "These: pets", "sdk": "gradio", "app_file": "app.py", "license": "mit"}.items()
    requirements = dict(line.split(">=") for line in (written.folder / "requirements.txt").read_text().splitlines())
    assert requirements.keys() == {"gradio", "numpy", "onnxruntime"}
    assert requirements["gradio"].split(",")[0] == header["sdk_version"]
    assert "    pip install -r requirements.txt\n    python app.py\n" in card
    assert f"hf upload OWNER/NAME {written.folder} . --repo-type space" in written.message
    assert json.loads((written.folder / "metadata.json").read_text())["title"] == "These: pets"


def test_the_page_has_a_field_for_everything(demo: Any) -> None:
    """Runs where Gradio is installed."""
    pytest.importorskip("gradio", reason="pip install gradio lets this test run.")
    components = demo.page().config["components"]
    labels = [component["props"].get("label") for component in components]
    for label in ("Seed", "Class", "Truncation (3: none)", "Direction 1", "Direction 2"):
        assert label in labels
    assert {"Another one", "Reset directions"} <= {
        component["props"].get("value") for component in components if component["type"] == "button"
    }
