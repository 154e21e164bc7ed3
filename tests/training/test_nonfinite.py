"""Numbers that are not finite stop the update before it happens, and the run goes back to its last good checkpoint."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.diagnosis import diagnose_run, wording
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES, Losses, non_saturating
from ganatomy.gan.player import NonFiniteError, Player
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.system.runtime import Runtime
from ganatomy.training.callbacks.checkpoints import Checkpoints
from ganatomy.training.loop import State
from tiny import go_on, quick


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD])
@pytest.mark.parametrize("poison", [torch.nan, torch.inf])
def test_a_player_refuses_the_update(kind: type[torch.optim.Optimizer], poison: float) -> None:
    network = torch.nn.Linear(3, 1)
    before = [parameter.clone() for parameter in network.parameters()]
    player = Player("critic", network, kind(network.parameters(), lr=0.1, fused=True), {}, Runtime())
    with pytest.raises(NonFiniteError, match="critic's loss or gradient was not finite at step 7"):
        player.update(network(torch.ones(2, 3)).sum() * poison, step=7)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert not player.state()


def test_where_waiting_would_stall_the_kernel_skips_and_check_raises_later() -> None:
    """As on a CUDA device; its tensors are on the CPU here, whose kernel skips alike."""
    network, runtime = torch.nn.Linear(3, 1), Runtime(torch.device("cuda"))
    player = Player("critic", network, torch.optim.Adam(network.parameters(), lr=0.1, fused=True), {}, runtime)
    player.update(network(torch.ones(2, 3)).sum(), step=0)
    player.check()
    before = {name: value.clone() for name, value in {**network.state_dict(), **player.state()}.items()}
    for step in (1, 2):
        player.update(network(torch.ones(2, 3)).sum() * torch.nan, step)
    after = {**network.state_dict(), **player.state()}
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(NonFiniteError, match="step 1"):
        player.check()
    player.check()  # said once


def test_nothing_is_saved_after_an_update_that_was_skipped(tmp_path: Path) -> None:
    """Batch norm's running statistics may not be finite then, and a run would go back to them again and again."""
    network, runtime = torch.nn.Linear(3, 1), Runtime(torch.device("cuda"))
    player = Player("critic", network, torch.optim.Adam(network.parameters(), lr=0.1, fused=True), {}, runtime)
    method = SimpleNamespace(check=player.check, state=lambda: {"generator": network.state_dict()})
    run = Run.create("run", recipe("dcgan"), tmp_path)
    callback = Checkpoints(run, every=5, keep=3)
    player.update(network(torch.ones(2, 3)).sum(), step=4)
    callback.after_step(State(method, step=5))
    player.update(network(torch.ones(2, 3)).sum() * torch.nan, step=7)
    with pytest.raises(NonFiniteError, match="step 7"):
        callback.after_step(State(method, step=10))
    assert list(run.checkpoints()) == [5]


class FailingOnce:
    """The non-saturating game, except that its `call`-th discriminator loss is not a number."""

    def __init__(self, call: int) -> None:
        self.calls, self.call = 0, call

    def __call__(self, real: torch.Tensor, fake: torch.Tensor) -> Losses:
        self.calls += 1
        losses = non_saturating(real, fake)
        return losses if self.calls != self.call else Losses(losses.discriminator * torch.nan, losses.generator)


def test_a_run_rolls_back_and_finishes(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two losses a step, the discriminator's first: call 15 is its loss at step 7; the checkpoint before is of step 5.
    failing = replace(OBJECTIVES["non_saturating"], losses=FailingOnce(call=15))
    monkeypatch.setattr(build, "objective", lambda config: failing)
    run = quick(images, tmp_path, training__steps=12)
    assert run.info()["status"] == "finished"
    (fault,) = [event for event in run.events() if event["event"] == "not finite"]
    assert (fault["network"], fault["step"]) == ("discriminator", 7)
    assert [event["step"] for event in run.events() if event["event"] == "resumed"] == [5]
    assert [record["step"] for record in run.records()] == [2, 4, 6, 8, 10, 12]
    assert checkpoint.manifest(run.checkpoint())["attempt"] == 1

    monkeypatch.undo()
    plain = quick(images, tmp_path, "plain", training__steps=12)
    assert weights(plain, 5) == weights(run, 5)
    assert weights(plain, 12) != weights(run, 12)  # other random numbers since the roll-back
    go_on(run, training__steps=15)  # and a later session keeps to them
    assert checkpoint.manifest(run.checkpoint())["attempt"] == 1


def test_a_run_that_keeps_failing_gives_up_with_everything_saved(images: Path, tmp_path: Path) -> None:
    hopeless = {
        "objective__name": "wasserstein",
        "generator_optimiser__name": "sgd",
        "discriminator_optimiser__name": "sgd",
        "discriminator_optimiser__learning_rate": 10.0,
        "discriminator__norm": "none",
        "training__retries": 2,
        "training__steps": 4000,
        "log__checkpoint": 1000,
    }
    with pytest.raises(UserError, match=r"diverged: the (discriminator|generator)'s .* 2 roll-backs did not help"):
        quick(images, tmp_path, **hopeless)
    run = Run(tmp_path / "run")
    assert run.info()["status"] == "failed"
    after = wording.next_step(diagnose_run(run), "failed")
    assert after is not None
    assert after.words == "lower both learning rates and the momentum"
    assert run.info()["error"].endswith(f"did not help; lower both learning rates and the momentum: {after.command}")
    assert sum(event["event"] == "not finite" for event in run.events()) == 3
    for tensors in checkpoint.load(run.checkpoint()).values():
        assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert "diverged" in (run.path / "report.html").read_text()


def weights(run: Run, step: int) -> list[float]:
    return [tensor.double().sum().item() for tensor in checkpoint.load(run.checkpoint(step))["generator"].values()]
