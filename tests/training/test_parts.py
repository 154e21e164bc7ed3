"""Parts of one's own: trained, recorded, resumed to the bit, loaded again, or refused in a sentence."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganatomy
from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.system import registry, runtime
from ganatomy.training.loop import Callback, State
from tiny import PLAIN, assert_same_tensors, waves

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_parts.py"
SHAPE = (3, 16, 16)
QUIET: dict[str, Any] = {"console": Console(quiet=True)}


class Painter(nn.Module):
    """z [B, 8] → images."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 768), nn.Tanh(), nn.Unflatten(1, SHAPE))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Critic(nn.Module):
    """Images → scores [B]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten()


def logistic(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()


def parts() -> dict[str, Any]:
    torch.manual_seed(0)
    return {"generator": Painter(), "discriminator": Critic(), "objective": logistic}


def trained(data: Any, runs: Path, name: str = "run", steps: int = 8, **given: Any) -> Run:
    return ganatomy.train(
        data,
        settings={**PLAIN, "log.keep": 0, "training.steps": steps},
        name=name,
        runs=runs,
        **QUIET,
        **{**parts(), **given},
    )


def test_they_train_as_they_were_given_and_are_resumed_to_the_bit(images: Path, tmp_path: Path) -> None:
    given = parts()
    before = {name: value.clone() for name, value in given["generator"].state_dict().items()}
    whole = trained(images, tmp_path, "whole", 12, **given)
    for name, value in given["generator"].state_dict().items():
        assert torch.equal(value, before[name])  # copied, not trained itself
    first = ganatomy.load(whole, step=0, raw=True).network.state_dict()
    assert {name.rpartition("layers.")[2] for name in first} == {"0.weight", "0.bias"}
    assert all(torch.equal(a, b) for a, b in zip(first.values(), before.values(), strict=True))
    part = trained(images, tmp_path, "part", 7)
    ganatomy.resume(part, settings={"training.steps": 12}, **QUIET)
    assert_same_tensors(whole, part, 12)


def test_the_loss_is_the_one_that_was_given(images: Path, tmp_path: Path) -> None:
    """The same game by its registered name gives the same records."""
    mine = trained(images, tmp_path, "mine").records()
    ours = trained(images, tmp_path, "ours", objective="non_saturating").records()
    for one, other in zip(mine, ours, strict=True):
        assert one["loss/discriminator"] == other["loss/discriminator"]
        assert one["loss/generator"] == other["loss/generator"]


def test_the_run_says_where_they_came_from(images: Path, tmp_path: Path) -> None:
    run = trained(images, tmp_path)
    info = run.info()
    assert [(part["kind"], part["name"].rpartition(".")[2]) for part in info["parts"]] == [
        ("network family", "Painter"),
        ("network family", "Critic"),
        ("objective", "logistic"),
    ]
    for part in info["parts"]:
        assert part["file"] == __file__
        assert len(part["sha256"]) == 64
    assert info["equilibrium"]["discriminator"] == pytest.approx(2 * torch.log(torch.tensor(2.0)).item())


def test_callbacks_see_every_step(images: Path, tmp_path: Path) -> None:
    class Steps(Callback):
        def begin(self, state: State) -> None:
            self.seen: list[int] = []

        def after_step(self, state: State) -> None:
            self.seen.append(state.step)

    steps = Steps()
    trained(images, tmp_path, callbacks=[steps])
    assert steps.seen == list(range(1, 9))


def test_images_in_memory_are_found_again(tmp_path: Path) -> None:
    pixels = waves(37, 16, 16)
    run = trained(pixels, tmp_path)
    tensor = trained(torch.from_numpy(pixels).permute(0, 3, 1, 2), tmp_path, "tensor")
    assert run.info()["data"]["fingerprint"] == tensor.info()["data"]["fingerprint"]
    ganatomy.resume(run, settings={"training.steps": 10}, **QUIET)
    assert run.info()["step"] == 10
    with pytest.raises(UserError, match="labels go with images in memory"):
        ganatomy.train("digits", labels=[1, 2])


def test_classes_of_images_in_memory_have_names(tmp_path: Path) -> None:
    labels, names = [i % 2 for i in range(37)], ["cat", "dog"]
    run = trained(waves(37, 16, 16), tmp_path, labels=labels, classes=names)
    assert run.info()["data"]["classes"] == names
    with pytest.raises(UserError, match="and so do classes"):
        ganatomy.train("digits", classes=names)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example as a file of somebody's, which is forgotten afterwards."""
    monkeypatch.setenv(registry.VARIABLE, "")
    path = tmp_path / "parts_of_somebody.py"
    path.write_text(EXAMPLE.read_text().replace('"two_layers"', '"theirs"').replace('"soft_hinge"', '"their_loss"'))
    path.write_text(path.read_text().replace('"score_drift"', '"their_drift"'))
    yield path
    forget(path)


def forget(path: Path) -> None:
    from ganatomy.gan.objectives import OBJECTIVES
    from ganatomy.gan.penalties import PENALTIES
    from ganatomy.networks.families import FAMILIES

    for known in (OBJECTIVES, PENALTIES, FAMILIES):
        known.forget(path.stem)
    registry.loaded.discard(path.stem)
    sys.modules.pop(path.stem, None)


THEIRS = {
    **PLAIN,
    "objective.name": "their_loss",
    "penalties.their_drift": 0.001,
    "generator.family": "theirs",
    "generator.width": 16,
    "discriminator.family": "theirs",
    "training.steps": 4,
}


def test_other_code_is_refused_or_accepted_with_an_event(module: Path, images: Path, tmp_path: Path) -> None:
    registry.load_parts(str(module))
    run = ganatomy.train(str(images), settings=THEIRS, name="run", runs=tmp_path, **QUIET)
    assert run.config().generator.model_dump() == {"family": "theirs", "width": 16}
    forget(module)
    missing = r"run was trained with the network family theirs of parts_of_somebody\.py: load it with --parts"
    with pytest.raises(UserError, match=missing):
        ganatomy.resume(run, settings={"training.steps": 6}, **QUIET)
    module.write_text(module.read_text() + "\n# another line\n")
    registry.load_parts(str(module))
    with pytest.raises(UserError, match=r"parts_of_somebody\.py has changed\. .* --allow-changed-parts"):
        ganatomy.resume(run, settings={"training.steps": 6}, **QUIET)
    assert run.info()["step"] == 4
    ganatomy.resume(run, settings={"training.steps": 6}, allow_changed_parts=True, **QUIET)
    (event,) = [event for event in run.events() if event["event"] == "parts changed" and event["part"] == "their_loss"]
    assert event["before"] != event["after"] == run.info()["parts"][-1]["sha256"]


def test_a_run_can_be_read_without_its_parts_and_drawn_from_with_them(
    module: Path, images: Path, tmp_path: Path
) -> None:
    registry.load_parts(str(module))
    run = ganatomy.train(str(images), settings=THEIRS, name="run", runs=tmp_path, **QUIET)
    pixels = ganatomy.load(run).sample(range(3))
    forget(module)
    assert run.config().objective.name == "their_loss"
    assert run.config().penalties.weights() == {"their_drift": 0.001}
    with pytest.raises(UserError, match=r"the network family theirs .* or import parts_of_somebody in Python"):
        ganatomy.load(run)
    registry.load_parts(str(module))
    assert (ganatomy.load(run).sample(range(3)) == pixels).all()


def test_a_class_is_found_in_its_file(module: Path, images: Path, tmp_path: Path) -> None:
    """A network that was passed to `train`, of a class that nobody registered."""
    registry.load_parts(str(module))
    theirs = sys.modules[module.stem]
    generator, discriminator = theirs.Generator(8, SHAPE), theirs.Discriminator(SHAPE)
    run = trained(images, tmp_path, generator=generator, discriminator=discriminator, objective=theirs.logistic)
    pixels = ganatomy.load(run).sample(range(3))
    forget(module)
    with pytest.raises(UserError, match=r"parts_of_somebody\.Generator .* --parts parts_of_somebody\.py"):
        ganatomy.load(run)
    registry.load_parts(str(module))
    assert (ganatomy.load(run).sample(range(3)) == pixels).all()


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runtime, "cores", lambda: 1)  # threads that wait for each other would take most of the time
    example = runpy.run_path(str(EXAMPLE))
    try:
        example["main"]()
    finally:
        from ganatomy.gan.objectives import OBJECTIVES
        from ganatomy.gan.penalties import PENALTIES
        from ganatomy.networks.families import FAMILIES

        for known in (OBJECTIVES, PENALTIES, FAMILIES):
            known.forget("<run_path>")
    assert "largest score" in capsys.readouterr().out
    assert json.loads((tmp_path / "runs" / "dcgan-001" / "run.json").read_text())["status"] == "finished"
