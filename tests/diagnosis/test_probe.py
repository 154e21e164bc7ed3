"""A probe leaves the training as it was, and measures the signals that the documentation lists."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe as named
from ganatomy.config.settings import change
from ganatomy.data import Images, prepare
from ganatomy.data.batches import RealBatches
from ganatomy.diagnosis.probe_images import held_out_images, probe_of
from ganatomy.diagnosis.signals import auc
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch, Batches, Method
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.training.loop import Budget, Callback, State, fit
from tiny import tiny, waves

STEPS = 5
Parts = tuple[Method, Batches, Images, Config]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "waves.npz"
    np.savez(path, images=waves(60, 16, 16), labels=np.arange(60) % 2)
    return path


def parts(data: Path, recipe: str, **changes: Any) -> Parts:
    """Method, batches, images and options of a tiny training."""
    settings = {**tiny(recipe), "data.path": str(data), "data.size": 16, "data.channels": 3, "data.first": 40}
    settings |= {"diagnosis.samples": 16, **changes}
    conditional = changes.get("prior.conditional", False)
    options = change(named(recipe), settings | ({"prior.classes": [20, 20]} if conditional else {}))
    images = prepare(str(data), size=16, first=40)
    method = build.method(options, (3, 16, 16), Runtime())
    turns = options.training.discriminator_steps
    labels, flip = images.labels if conditional else None, options.data.flip
    loader = RealBatches(images.pixels, 8, turns, Randomness(0), Runtime(), flip=flip, labels=labels, classes=2)
    return method, loader, images, options


def train(method: Method, batches: Batches, callbacks: list[Callback]) -> dict[str, dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    fit(method, batches, State(method), Budget(steps=STEPS), callbacks)
    return method.state()


RECIPES = [
    ("dcgan", {"data.flip": True, "training.share_fakes": True}),
    ("dcgan", {"prior.conditional": True}),
    ("dcgan", {"augmentation.policies": ["colour", "cutout"], "augmentation.target": 0.6}),
    ("wgan", {}),  # clipped weights
    ("sngan", {}),  # power iterations
    ("stylegan2", {}),  # noise and mixing, running means
    ("stylegan2", {"diagnosis.samples": 18}),  # not a multiple of its groups of 4
    ("goodfellow2014", {}),  # dropout, both at once
    ("vae", {}),
]


class Measure(Callback):
    """Probes after every step."""

    def __init__(self, batches: Batches, images: Images, options: Config) -> None:
        self.batches, self.images, self.options = batches, images, options
        self.measured: set[str] = set()

    def begin(self, state: State) -> None:
        held_out = held_out_images(self.options.data, self.images)
        assert held_out is not None
        assert len(held_out) == 20
        self.probe = probe_of(state.method, self.options, self.images, held_out, self.batches)

    def after_step(self, state: State) -> None:
        cheap, signals = self.probe.of_last_round(), self.probe.measure()
        assert cheap.keys() <= signals.keys()
        assert all(isinstance(value, float) for value in signals.values())
        self.measured.update(signals)


@pytest.mark.parametrize(("recipe", "changes"), RECIPES)
def test_the_weights_are_the_same_without_it(recipe: str, changes: dict[str, Any], data: Path) -> None:
    method, *others = parts(data, recipe, **changes)
    probe = Measure(*others)
    probed = train(method, others[0], [probe])
    assert "spread" in probe.measured
    plain = train(*parts(data, recipe, **changes)[:2], [])
    assert probed.keys() == plain.keys()
    for group, tensors in plain.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, probed[group][name]), f"{group}: {name}"


def test_copies_are_not_told_where_the_real_images_repeat(tmp_path: Path) -> None:
    images = waves(40, 16, 16)
    for name, shown in (("each", images), ("twice", np.repeat(images[:20], 2, axis=0))):
        np.savez(tmp_path / f"{name}.npz", images=shown, labels=np.arange(40) % 2)
        method, batches, prepared, options = parts(tmp_path / f"{name}.npz", "dcgan")
        found = probe_of(method, options, prepared, None, batches).measure()
        assert ("copies" in found) == (name == "each")
        assert all(abs(value) < 1e6 for value in found.values())


def test_held_out_images_are_compared_with_what_the_training_is_shown(tmp_path: Path) -> None:
    """As far as chance where the loader leaves them alone, mirrored ones too; far beyond it where it hides a third."""
    pixels = waves(800, 16, 16)
    pixels[:, :, :4] = 255  # on one side only
    np.savez(tmp_path / "some.npz", images=pixels, labels=np.arange(800) % 2)
    for flip in (False, True):
        settings = {"data.first": 600, "diagnosis.samples": 64, "data.flip": flip}
        method, batches, _, options = parts(tmp_path / "some.npz", "dcgan", **settings)
        images = prepare(str(tmp_path / "some.npz"), size=16, first=600)
        batches = RealBatches(images.pixels, 8, 1, Randomness(0), Runtime(), flip=flip)

        def hidden(step: int, turn: int = 0, batches: Batches = batches) -> Batch:
            batch = batches(step, turn)
            batch.images[:, :, :5] = 0.0
            return batch

        for shown, least, most in ((batches, -1.0, 2.0), (hidden, 10.0, 1e9)):
            held_out = held_out_images(options.data, images)
            found = probe_of(method, options, images, held_out, shown).measure()
            assert least < found["held_out_distance"] / found["held_out_distance_floor"] < most
    few = probe_of(method, options, images.some(np.arange(200)), held_out, batches).measure()
    assert "held_out_distance" not in few


def test_the_last_round_shows_what_the_discriminator_saw(data: Path) -> None:
    """With nothing updated in between, the same scores as forwards of the same batch give."""
    method, batches, images, options = parts(data, "dcgan", **{"training.batch": 32, "discriminator.norm": "none"})
    assert isinstance(method, Adversarial)
    probe = probe_of(method, options, images, None, batches)
    assert probe.of_last_round() == {}, "nothing was played yet"
    real = Batch(to_float(torch.from_numpy(np.array(images.pixels[:32]))))
    fake = method.generate(None, 0, 0)
    expected = [method.scores(batch, method._draws("augment", 0, 0)).detach() for batch in (real, fake)]
    method.discriminator_step(real, fake, 0)
    found = probe.of_last_round()
    assert found["auc"] == auc(*(scores.numpy() for scores in expected))
    assert found["score_size"] == pytest.approx(float(torch.cat(expected).abs().median()))
    # −log σ(s) has the slope σ(s) − 1.
    assert found["response"] == pytest.approx(float((1 - expected[1].sigmoid()).mean()), rel=1e-5)
    assert found["spread"] == probe.reference.compare(fake.images.detach().numpy()[:16])["spread"]


def test_it_leaves_the_processors_to_the_training(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's products run in one thread meanwhile, whose other ones would keep on spinning; then in all again."""

    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    method, batches, images, options = parts(data, "dcgan")
    train(method, batches, [])
    probe = probe_of(method, options, images, None, batches)
    embed, seen = probe.reference.embed, list[set[int]]()
    monkeypatch.setattr(probe.reference, "embed", lambda images: (seen.append(threads()), embed(images))[1])
    with threadpool_limits(2, "blas"):
        assert threads() == {2}
        assert "spread" in probe.measure()
        assert seen
        assert all(each == {1} for each in seen)
        assert threads() == {2}


def test_the_documentation_lists_the_signals(data: Path) -> None:
    """Each has its row, and no row is of a signal that is never measured."""
    measured = {"held_out_distance"}  # of larger sets: see above
    for recipe, changes in (("dcgan", {"prior.conditional": True}), ("wgan", {})):
        method, *others = parts(data, recipe, **changes)
        probe = Measure(*others)
        train(method, others[0], [probe])
        measured |= probe.measured
    page = (Path(__file__).parents[2] / "docs" / "DIAGNOSIS.md").read_text()
    table = page.partition("## Signals")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\|([^|]*)\|", table, re.M) for name in re.findall(r"`([^`]+)`", row)}
    floors = {name for name in measured if name.endswith(("_floor", "_real"))}
    assert listed - {"…_real", "…_floor", "roll_backs", "spent"} == measured - floors
