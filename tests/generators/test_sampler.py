"""Drawing from a run: a seed's image depends on nothing but the seed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.gan.latent import walk
from ganatomy.generators import api as sampling
from ganatomy.modalities.images import enlarge, grid
from ganatomy.runs.run import Run
from tiny import OF_IMAGES, go_on, quick


@pytest.fixture(scope="module")
def run(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}  # images that differ after ten steps
    return quick(images, tmp_path_factory.mktemp("runs"), training__steps=10, log__keep=0, **fast)


def drawn(run: Run, seeds: list[int], folder: Path, **options: object) -> dict[int, np.ndarray]:
    """Pixels by seed, read back from the files."""
    sampling.sample(run, seeds, out=folder, **options)
    return {int(path.stem[5:]): np.asarray(Image.open(path)) for path in folder.glob("seed-*.png")}


def test_a_seeds_image_is_the_same_whatever_else_is_asked_for(run: Run, tmp_path: Path) -> None:
    alone = drawn(run, [17], tmp_path / "alone")[17]
    together = drawn(run, [5, 17, 2**32 - 1, *range(40)], tmp_path / "together")
    assert np.array_equal(alone, together[17])
    assert len({image.tobytes() for image in together.values()}) == len(together)


def test_the_grid_holds_the_images_in_order(run: Run, tmp_path: Path) -> None:
    images = drawn(run, [3, 1, 2], tmp_path)
    expected = enlarge(grid(np.stack([images[seed] for seed in (3, 1, 2)])), 480)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "grid.png")), expected)


def test_step_raw_and_truncation_change_the_image(run: Run, tmp_path: Path) -> None:
    options = {"plain": {}, "raw": {"raw": True}, "step": {"step": 5}, "truncated": {"truncation": 0.5}}
    images = [drawn(run, [0], tmp_path / name, **option)[0].tobytes() for name, option in options.items()]
    assert len(set(images)) == 4


def test_the_snapshots_tile_is_the_seeds_image(run: Run) -> None:
    """Tile s of a training snapshot and `sample --seeds s` are one image, to the rounding of a batch."""
    sampler = sampling.load(run)
    own = sampler.images(sampler.latents(range(64)))
    shown = np.asarray(Image.open(run.path / "samples" / "000010.png")).astype(int)
    expected = enlarge(grid(own), 480)
    assert np.abs(shown - expected).max() <= 1


@pytest.mark.parametrize(("prior", "straight"), [("normal", False), ("uniform", True)])
def test_a_walk_follows_the_prior(made, prior: str, straight: bool) -> None:
    sampler = made("dcgan", **{"prior.name": prior})
    stops = sampler.latents([3, 9])
    middle = walk(sampler.prior, stops, 4)[1]
    assert np.allclose(middle, (stops[0] + stops[1]) / 2, atol=1e-6) == straight


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_sampler_follows_its_precision(made, name: str) -> None:
    if name == "auto":
        pytest.skip("auto becomes another recipe's networks")
    sampler = made(name, classes=True)
    expected = sampler.sample(range(2), truncation=0.9).astype(int)
    drawn = sampler.double()(*sampler.prior.split(sampler.latents(range(2))))
    assert drawn.dtype == torch.float64
    assert np.abs(sampler.sample(range(2), truncation=0.9).astype(int) - expected).max() <= 1
    assert sampler.bfloat16().sample([0]).shape == (1, 16, 20, 3)


def test_a_sampler_follows_its_device(made) -> None:
    sampler = made("dcgan", classes=True).to("meta")
    assert sampler(*sampler.prior.split(sampler.latents([0]))).device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_draws_the_same_images(run: Run, tmp_path: Path) -> None:
    cpu, gpu = (drawn(run, [0, 7], tmp_path / name, device=name) for name in ("cpu", "cuda"))
    assert all(np.abs(cpu[seed].astype(int) - gpu[seed]).max() <= 2 for seed in cpu)


def test_sampling_refuses_what_it_cannot_do(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint of step 3"):
        sampling.sample(run, step=3)
    with pytest.raises(UserError, match="no seed -1"):
        sampling.sample(run, [-1])
    with pytest.raises(UserError, match="no seed 4294967296"):
        sampling.sample(run, [2**32])
    with pytest.raises(UserError, match="no CUDA GPU" if not torch.cuda.is_available() else "no cuda:99"):
        sampling.sample(run, device="cuda:99")
    with pytest.raises(UserError, match="at least two"):
        sampling.walk(run, [4])


def test_resuming_draws_the_snapshots_that_an_uninterrupted_run_draws(images: Path, tmp_path: Path) -> None:
    whole = quick(images, tmp_path, "whole", training__steps=4, log__snapshot=2)
    parts = quick(images, tmp_path, "parts", training__steps=2, log__snapshot=2)
    go_on(parts, training__steps=4)
    assert list(whole.snapshots()) == list(parts.snapshots()) == [0, 2, 4]
    for step, path in whole.snapshots().items():
        assert path.read_bytes() == parts.snapshots()[step].read_bytes()
