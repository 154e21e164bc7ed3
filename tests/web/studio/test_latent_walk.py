"""The walk through latent space: the plane of seeds, paths, principal directions."""

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ganatomy
from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.generators import api as sampling
from ganatomy.generators import latents
from ganatomy.runs.run import DIRECTIONS, Run
from ganatomy.web.studio.latent_walk import IMAGES, SIDE, LatentExplorer
from tiny import quick


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


def test_the_runs_own_directions_move_the_image_by_name(trained: Run, tmp_path: Path) -> None:
    found = ganatomy.directions(trained, 3, some=[1, 2], others=[3], out=tmp_path)[1]
    explorer, sampler = Explorer(trained), sampling.load(trained)
    file = str(tmp_path / "directions.safetensors")
    code = sampler.latents([SIDE * 2 + 1])
    for moves, expected in (
        ({}, code),
        ({"2": 1.5}, code + 1.5 * found.values[1]),
        ({"with": 1.0, "1": -2.0}, code + found.values[3] - 2 * found.values[0]),
    ):
        image = explorer.image(at=[1, 2], moves=moves, directions=file)
        np.testing.assert_allclose(image.astype(int), sampler.images(expected)[0].astype(int), atol=1)
    assert not np.array_equal(image, sampler.images(code)[0])
    truncated = explorer.image(at=[1, 2], moves={"1": 1.0}, directions=file, truncation=0.3)
    np.testing.assert_array_equal(truncated, sampler.images(code + found.values[0], truncation=0.3)[0])
    with pytest.raises(UserError, match="no direction called '9'"):
        explorer.png(moves={"9": 1.0}, directions=file)
    with pytest.raises(UserError, match="no directions any more"):
        explorer.png(moves={"1": 1.0})
    ganatomy.directions(trained, 1, out=tmp_path)  # the page still has the sliders of before
    with pytest.raises(UserError, match="no direction called 'with'"):
        explorer.png(moves={"with": 1.0}, directions=file)


def test_directions_among_styles_move_styles(tmp_path: Path, images: Path) -> None:
    styled = quick(images, tmp_path / "runs", "styled", recipe="stylegan2")
    found = ganatomy.directions(styled, 2)[1]
    assert found.space == "w"
    explorer, sampler = Explorer(styled), sampling.load(styled, truncation=0.7)
    start = latents.of_seeds(sampler, [0], space="w")
    expected = latents.images(sampler, latents.Latents("w", start.values + 2.5 * found.values[1]))[0]
    file = str(styled.path.joinpath(*DIRECTIONS))
    moved = explorer.image(at=[0, 0], moves={"2": 2.5}, directions=file, truncation=0.7)
    np.testing.assert_array_equal(moved, expected)


def test_directions_that_cannot_be_read_are_told_and_the_walk_goes_on(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "directions.safetensors").write_bytes(b"nonsense")
    explorer, file = Explorer(trained), str(tmp_path / "directions.safetensors")
    request = {"action": "describe", "run": explorer.run, "directions": file}
    described = explorer.explorer.answer(request).content["directions"]
    assert described["names"] == []
    assert "is no safetensors file" in described["problem"]
    assert explorer.png(at=[1, 1], directions=file) == explorer.png(at=[1, 1])


def test_a_generator_is_described(trained: Run, tmp_path: Path) -> None:
    described = {"action": "describe", "run": str(trained.path)}
    description = LatentExplorer().answer(described).content
    sampler = sampling.load(trained)
    assert description == {
        "dimension": sampler.prior.dimension,
        "classes": [],
        "styled": False,
        "side": SIDE,
        "directions_from": IMAGES,
        "directions": {"names": []},
    }
    found = ganatomy.directions(trained, 2, some=[1], others=[3], out=tmp_path)[1]
    described["directions"] = str(tmp_path / "directions.safetensors")
    named = LatentExplorer().answer(described).content["directions"]
    assert named["shares"] == [pytest.approx(found.shares[0]), pytest.approx(found.shares[1]), None]
    del named["shares"]
    assert named == {"names": ["1", "2", "with"], "all": 3, "step": sampler.metadata.step, "reach": 3.0}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"path": [3]}, "at least two seeds"),
        ({"path": [-1, 2]}, "no seed -1"),
        ({"at": "nowhere"}, "at"),
        ({"at": [1]}, "at"),
        ({"truncation": -1}, "truncation"),
        ({"shifts": [0] * 100}, "shifts"),
        ({"moves": {"1": "far"}}, "moves"),
        ({"moves": {"1": float("inf")}}, "moves"),
        ({"label": "cat"}, "class"),
        ({"action": "fly"}, "action"),
    ],
)
def test_an_invalid_step_is_refused(trained: Run, step: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Explorer(trained).png(**step)
