"""The walk through latent space: the plane of seeds, paths, principal directions."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.generators import api as sampling
from ganatomy.runs.run import Run
from ganatomy.web.studio.latent_walk import IMAGES, SIDE, LatentExplorer


class Explorer:
    """Requests images of a run."""

    def __init__(self, run: Run) -> None:
        self.explorer, self.run = LatentExplorer(), str(run.path)

    def png(self, **step: Any) -> bytes:
        return self.explorer.answer({"action": "draw", "run": self.run, **step}).picture

    def image(self, **step: Any) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(self.png(**step))))


def test_at_a_seed_the_plane_has_the_image_of_that_seed(trained: Run) -> None:
    explorer, sampler = Explorer(trained), sampling.load(trained)
    for x, y in ((0, 0), (3, 2), (7, 7)):
        expected = sampler.images(sampler.latents([SIDE * y + x]))[0]
        np.testing.assert_array_equal(explorer.image(at=[x, y]), expected)


def test_between_seeds_it_changes_gradually(trained: Run) -> None:
    explorer = Explorer(trained)
    frames = [explorer.image(at=[1 + share / 20, 2.5]).astype(float) for share in range(21)]
    steps = [np.abs(after - before).mean() for before, after in pairwise(frames)]
    assert 0 < max(steps) < np.abs(frames[-1] - frames[0]).mean()


def test_a_path_leads_through_its_seeds(trained: Run) -> None:
    explorer, sampler = Explorer(trained), sampling.load(trained)
    for place, seed in enumerate((3, 9, 4)):
        found = explorer.image(path=[3, 9, 4], share=place / 3).astype(int)
        np.testing.assert_allclose(found, sampler.images(sampler.latents([seed]))[0], atol=1)


def test_directions_of_a_linear_generator_are_its_singular_vectors() -> None:
    random = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(n, n, generator=random)).Q for n in (12, 6))
    sizes = torch.tensor([8.0, 5.0, 3.0, 1.0, 0.5, 0.1])
    z = torch.randn(4000, 6, generator=random)
    images = z @ right @ torch.diag(sizes) @ left[:6] + 7
    directions, shares = latent.principal_directions(z, images, 3)
    cosines = torch.cosine_similarity(directions, right.T[:3]).abs()
    assert cosines.min() > 0.99
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(3), atol=0.1, rtol=0)
    torch.testing.assert_close(shares.float(), sizes[:3] ** 2 / (sizes**2).sum(), atol=0.03, rtol=0)


def test_shifts_and_truncation_change_the_image(trained: Run) -> None:
    explorer = Explorer(trained)
    plain = explorer.png(at=[1, 1])
    shares = explorer.explorer.answer({"action": "directions", "run": explorer.run}).content["shares"]
    assert 0.2 < sum(shares) <= 1
    assert shares == sorted(shares, reverse=True)
    assert explorer.png(at=[1, 1], shifts=[0, 0]) == plain
    assert explorer.png(at=[1, 1], shifts=[2.0, 0]) != plain
    assert explorer.png(at=[1, 1], truncation=0.3) != plain
    assert explorer.png(at=[1, 1], truncation=None) == plain


def test_a_generator_is_described(trained: Run) -> None:
    description = LatentExplorer().answer({"action": "describe", "run": str(trained.path)}).content
    sampler = sampling.load(trained)
    assert description == {
        "dimension": sampler.prior.dimension,
        "classes": [],
        "styled": False,
        "side": SIDE,
        "directions_from": IMAGES,
    }


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"path": [3]}, "at least two seeds"),
        ({"path": [-1, 2]}, "no seed -1"),
        ({"at": "nowhere"}, "at"),
        ({"at": [1]}, "at"),
        ({"truncation": -1}, "truncation"),
        ({"shifts": [0] * 100}, "shifts"),
        ({"label": "cat"}, "class"),
        ({"action": "fly"}, "action"),
    ],
)
def test_an_invalid_step_is_refused(trained: Run, step: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Explorer(trained).png(**step)
