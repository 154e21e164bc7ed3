"""Generators to export: a run that learnt by class, and ones of every recipe that learnt nothing but are not blank."""

import numpy as np
import pytest
import torch

import ganatomy
from ganatomy import build
from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data import cache_folder
from ganatomy.errors import UserError
from ganatomy.generators.export import conversion, npm
from ganatomy.generators.export.api import Export
from ganatomy.generators.metadata import Metadata
from ganatomy.generators.pretrained import Pretrained
from ganatomy.generators.sampler import Sampler
from ganatomy.runs import scorecard
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard
from tiny import quick, tiny, waves

OWN_CACHE = cache_folder()  # before the tests are given another: packages are downloaded once, not once a test run
CLASSES = [3, 4, 5]
# Those that take classes in by layers of their own are exported with classes: the richer graph.
BY_CLASS = ("sngan", "r3gan", "stylegan2")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Dark cats and bright dogs, one dog for three cats; ten steps, from weights that draw images of contrast."""
    folder = tmp_path_factory.mktemp("exports")
    images = np.concatenate([waves(30, 16, 20) // 4, 192 + waves(10, 16, 20) // 4])
    np.savez(folder / "pets.npz", images=images, labels=np.repeat(["cat", "dog"], [30, 10]))
    rich = {"generator__norm": "none", "generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}
    return quick(folder / "pets.npz", folder / "runs", "pets", prior__conditional=True, log__keep=0, **rich)


@pytest.fixture(scope="session")
def measured(run: Run) -> Run:
    """The run with a score card of its generator, and with other files beside it."""
    features = {"name": "random", "sha256": "ab"}
    protocol = {"samples": 100, "features": features, "reference": {"images": 40, "fingerprint": "f"}}
    scores = {"fd_random": Score(17.64, 16.9, 18.4, 0.5, "lower")}
    for step in (5, 10):
        where = {"reference": "/home/jane/private/pets.npz"}
        scorecard.keep(
            run, ScoreCard(scorecard.subject_of_run(run, step, 100), protocol, scores if step == 10 else {}, where)
        )
    (run.path / "eval" / "notes.json").write_text("[]")
    return run


@pytest.fixture(scope="session")
def exported(measured: Run) -> Export:
    """The run's generator as an ONNX graph, which nobody changes."""
    return ganatomy.export(measured, "onnx", licence="cc-by-4.0")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory):
    """made(recipe, classes, settings) → a tiny generator of 16×20 images whose weights are drawn to keep the signal."""

    def make(name: str, classes: bool = False, **settings: object) -> Sampler:
        image = (3, 16, 20)
        by_class = {"prior.conditional": True, "prior.classes": CLASSES} if classes else {}
        data = {"data.size": image[1:], "data.channels": image[0]}
        config = change(recipe(name), {**tiny(name), **data, **by_class, **settings})
        if config.method in FROM_PIXELS:
            config = change(config, {"prior.dimension": 3 * 16 * 20})
        network = build.generator(config, image)
        random, style = torch.Generator().manual_seed(0), config.generator.family == "stylegan2"
        with torch.no_grad():
            for tensor in (*network.parameters(), *(network.buffers() if style else ())):
                if tensor.dim() > 1 or style:  # styles have their scales within the network
                    scale = 1.0 if style else (2 / max(1, tensor[0].numel())) ** 0.5
                    tensor.copy_(torch.randn(tensor.shape, generator=random) * scale)
        metadata = Metadata(
            name=name,
            recipe=config.recipe,
            step=1,
            average=True,
            truncation="styles" if style else "latent",
            prior=config.prior,
            classes=["a", "b", "c"] if classes else [],
            size=image[1:],
            channels=3,
        )
        return Sampler(Pretrained(network, metadata, tmp_path_factory.mktemp(name), config))

    return make


@pytest.fixture(scope="session")
def converted(made):
    """converted(recipe) → (sampler, ONNX file's content), each generator once: several recipes have the same."""
    there: dict[str, tuple[Sampler, bytes]] = {}

    def convert(name: str) -> tuple[Sampler, bytes]:
        sampler = made(name, name in BY_CLASS)
        config = sampler.config
        key = f"{config.method} {config.generator} {config.prior}"
        if key not in there:
            there[key] = (sampler, conversion.convert(sampler))
        return there[key]

    return convert


@pytest.fixture(scope="session")
def package(_own_cache: None) -> None:
    """onnxruntime-web in the tests' cache; a test that needs it is skipped where it cannot be had."""
    own, place = (folder / "npm" / npm.NAME for folder in (OWN_CACHE, cache_folder()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANATOMY_CACHE", str(OWN_CACHE))
        try:
            own.is_file() or npm.files([])
        except UserError as error:
            pytest.skip(str(error))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(own)
