"""Packs of samples: what the discriminator scores together, and what its penalty is then of."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch
from ganatomy.gan.packing import packed, unpacked
from ganatomy.system.runtime import Runtime
from tiny import quick, tiny, waves

IMAGE = (3, 16, 16)


def game(**changes: object) -> Adversarial:
    """wgan-gp with packs of three."""
    chosen = {**tiny("wgan-gp"), "training.batch": 12, "training.pack": 3, **changes}
    method = build.method(change(recipe("wgan-gp"), chosen), IMAGE, Runtime())
    assert isinstance(method, Adversarial)
    return method


def test_neighbours_lie_side_by_side_and_come_apart_again() -> None:
    samples = torch.arange(24.0).view(6, 2, 2, 1)
    packs = packed(samples, 3)
    assert packs.shape == (2, 6, 2, 1)
    assert packs[1].flatten().tolist() == list(range(12, 24))
    assert torch.equal(unpacked(packs, 3), samples)
    assert packed(torch.tensor([[1.0], [2.0]]), 2).tolist() == [[1.0, 2.0]]


def test_a_pack_has_one_score_that_depends_on_each_of_its_samples() -> None:
    method = game()
    images = torch.rand(12, *IMAGE, requires_grad=True)
    scores = method.scores(Batch(images), lambda *shape: torch.rand(12, *shape))
    (gradients,) = torch.autograd.grad(scores[1], images)
    assert scores.shape == (4,)
    assert [bool(each.abs().sum() > 0) for each in gradients] == [False] * 3 + [True] * 3 + [False] * 6


def test_the_gradient_penalty_takes_one_share_and_one_norm_of_each_pack() -> None:
    method = game()
    real, fake = (Batch(torch.rand(12, *IMAGE, generator=torch.Generator().manual_seed(i))) for i in range(2))
    share = torch.rand(4, generator=method.random.at("penalty", 0, 0))[:, None, None, None]
    between = share * real.images.view(4, 9, 16, 16) + (1 - share) * fake.images.view(4, 9, 16, 16)
    scores = method.discriminator.network(between.requires_grad_(True), None)
    (gradients,) = torch.autograd.grad(scores.sum(), between)
    expected = (gradients.flatten(1).norm(dim=1) - 1).square().mean()
    record = method.discriminator_step(real, fake, 0)
    assert_close(record["penalty/wgan_gp"], expected)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training.batch": 10}, "training.batch=10 is no multiple of training.pack=3"),
        ({"discriminator.family": "stylegan2"}, "discriminator.group=1"),
    ],
)
def test_packs_that_do_not_fit_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        game(**changes)
    with pytest.raises(UserError, match="one process"):
        build.check(change(recipe("wgan-gp"), {"training.batch": 12, "training.pack": 3}), processes=2)


def test_a_game_in_packs_is_trained_and_diagnosed_by_class(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", images=waves(40, 16, 16), labels=np.repeat(["cat", "dog"], 20))
    run = quick(
        tmp_path / "set.npz",
        tmp_path,
        training__batch=12,
        training__pack=3,
        training__steps=4,
        prior__conditional=True,
        diagnosis__every=2,
        diagnosis__samples=16,
    )
    record = run.records()[-1]
    assert 0 <= record["signals/auc"] <= 1
    assert all(math.isfinite(value) for value in record.values())
