"""`ganatomy project`: the point of a known image is found again, and what cannot be reached is said to be so."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import ganatomy
from command import ganatomy as command
from command import outcome
from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.evaluation.features.perceptual import PerceptualDistance, distance_for
from ganatomy.evaluation.projection import project
from ganatomy.generators import latents
from ganatomy.generators.latents import Latents, Space
from ganatomy.generators.metadata import Metadata
from ganatomy.generators.pretrained import Pretrained
from ganatomy.generators.projection import CANDIDATES, Region
from ganatomy.generators.projection import project as search
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import save_png
from ganatomy.runs.run import Run
from tiny import quick, tiny, waves

IMAGE = (3, 16, 16)
RICH = {"generator__norm": "none", "generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ten steps, from weights that draw images of contrast."""
    folder = tmp_path_factory.mktemp("projection")
    np.save(folder / "waves.npy", waves(20, 16, 16))
    return quick(folder / "waves.npy", folder / "runs", diagnosis__on=False, **RICH)


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    """A tiny generator with styles, whose weights draw images of contrast."""
    config = change(recipe("stylegan2"), {**tiny("stylegan2"), "data.size": IMAGE[1:], "data.channels": 3})
    network = build.generator(config, IMAGE)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.copy_(torch.randn(tensor.shape, generator=random))
    facts = {"name": "styled", "recipe": "stylegan2", "step": 1, "average": True, "truncation": "styles", "classes": []}
    metadata = Metadata(**facts, prior=config.prior, size=IMAGE[1:], channels=3)
    return Sampler(Pretrained(network, metadata, tmp_path_factory.mktemp("styled"), config))


def images_of(sampler: Sampler, points: Latents) -> Tensor:
    with torch.no_grad():
        return latents.draw(sampler, points)


@pytest.mark.parametrize("space", ["z", "w"])
def test_the_point_of_a_known_image_is_found_again(run: Run, styled: Sampler, space: Space) -> None:
    sampler = styled if space == "w" else ganatomy.load(run)
    own = latents.of_seeds(sampler, [CANDIDATES, CANDIDATES + 1], space=space)
    targets = images_of(sampler, own)
    found = search(sampler, targets, distance_for(None, IMAGE), space=space, steps=150)
    assert (found.distances < 0.02 * found.random).all()
    again = images_of(sampler, found.points)
    far = (images_of(sampler, latents.of_seeds(sampler, [0, 1], space=space)) - targets).square().mean()
    assert (again - targets).square().mean() < 0.02 * far
    assert torch.allclose(distance_for(None, IMAGE)(again, targets), found.distances, rtol=1e-3, atol=1e-6)


def test_the_search_stays_where_seeds_lie() -> None:
    points = torch.tensor([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    region = Region.of(points, "z")
    assert torch.equal(region.nearest(points), points)
    assert torch.allclose(
        region.nearest(torch.tensor([[6.0, 8.0], [0.0, 9.0]])), torch.tensor([[2.4, 3.2], [0.0, 4.0]])
    )
    around = Region.of(points, "w")
    (moved,) = around.nearest(points.mean(0) + torch.tensor([[30.0, 40.0]]))
    offset = moved - points.mean(0)
    assert torch.allclose(offset, around.radius * torch.tensor([0.6, 0.8]))


def test_a_distance_of_pixels_and_maps() -> None:
    """Against its closed form: maps of two channels, whose directions are 90° apart at one place of four."""
    one = torch.zeros(1, 1, 2, 2)
    other = one.clone()
    other[0, 0, 0, 0] = 0.5
    along = PerceptualDistance("made up", lambda x: [torch.cat([(x == 0).float(), (x != 0).float()], 1)])
    assert along(one, other).item() == pytest.approx(0.25 / 4 + 2 / 4)
    assert along(other, other).item() == 0


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cache_with_mobilenet(fetched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetches 13 MB, into a cache of its own: with these weights at hand, `auto` chooses otherwise in other tests."""
    monkeypatch.setenv("GANATOMY_CACHE", str(fetched))


@pytest.mark.parametrize(
    ("classes", "image", "name", "features"),
    [
        (None, (3, 16, 16), "random", "auto"),
        (list("0123456789"), (1, 28, 28), "lenet", "auto"),
        pytest.param(None, (3, 32, 32), "mobilenetv2", "mobilenetv2", marks=pytest.mark.slow),
    ],
)
def test_its_gradient_is_that_of_finite_differences(
    classes: list[str] | None,
    image: tuple[int, int, int],
    name: str,
    features: str,
    request: pytest.FixtureRequest,
) -> None:
    if features == "mobilenetv2":
        request.getfixturevalue("cache_with_mobilenet")
    distance = distance_for(classes, image, features=features)
    assert distance.name == name
    random = torch.Generator().manual_seed(0)
    images, others = (torch.rand(1, *image, generator=random) * 2 - 1 for _ in range(2))
    step = others - images  # downhill
    images.requires_grad_()
    (slope,) = torch.autograd.grad(distance(images, others).sum(), images)
    with torch.no_grad():
        ends = [distance(images + sign * 1e-2 * step, others).item() for sign in (1, -1)]
    assert (slope * step).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=0.05, abs=1e-4)


def test_a_network_for_other_images_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match="lenet is for digits"):
        distance_for(None, (3, 16, 16), features="lenet")
    with pytest.raises(UserError, match="did you mean mobilenetv2"):
        distance_for(None, (3, 16, 16), features="mobilenet2")


@pytest.mark.slow
@pytest.mark.usefixtures("cache_with_mobilenet")
def test_a_trained_network_sees_what_pixels_do_not() -> None:
    """Of two changes as large in pixels, a blur is farther off than a shift by a pixel."""
    pixels = torch.from_numpy(waves(16, 32, 32)).permute(0, 3, 1, 2) / 127.5 - 1
    sharp = (pixels * 4).clamp(-1, 1)
    moved, blurred = sharp.roll(1, 3), torch.nn.functional.avg_pool2d(sharp, 5, 1, 2, count_include_pad=False)
    off = [(each - sharp).square().mean((1, 2, 3), keepdim=True).sqrt() for each in (moved, blurred)]
    blurred = sharp + (blurred - sharp) * off[0] / off[1]
    distance = distance_for(None, (3, 32, 32), features="mobilenetv2")
    assert (distance(moved, sharp) < distance(blurred, sharp)).float().mean() > 0.8


def test_pictures_become_images_points_and_a_walk(run: Run, tmp_path: Path) -> None:
    sampler = ganatomy.load(run)
    for i, image in enumerate(sampler.sample([CANDIDATES + 2, CANDIDATES + 3])):
        save_png(tmp_path / f"{i}" / "photo.png", image)
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    pictures = [tmp_path / "0" / "photo.png", tmp_path / "1" / "photo.png", tmp_path / "noise.png"]
    printed = command("project", run.path, *pictures, "--steps", 100, "--out", tmp_path / "out", "--device", "cpu")
    assert "photo: reached" in printed
    assert "noise: this generator cannot draw it" in printed
    written = json.loads((tmp_path / "out" / "projection.json").read_text())
    assert [each["name"] for each in written["pictures"]] == ["photo", "photo-2", "noise"]
    assert written["pictures"][0]["distance"] < 0.1 * written["pictures"][2]["distance"]

    drawn = (tmp_path / "out" / "photo-2.png").read_bytes()
    command(
        "sample",
        run.path,
        "--latents",
        tmp_path / "out" / "photo-2.safetensors",
        "--out",
        tmp_path / "s",
        "--device",
        "cpu",
    )
    assert (tmp_path / "s" / "latent-000000.png").read_bytes() == drawn
    assert json.loads((tmp_path / "s" / "samples.json").read_text())["images"] == {"latent-000000.png": 0}
    files = [argument for i in ("", "-2") for argument in ("--latents", tmp_path / "out" / f"photo{i}.safetensors")]
    command("walk", run.path, *files, "--frames", 6, "--out", tmp_path / "w.gif")
    for path, frames in ((tmp_path / "w.gif", 6), (tmp_path / "out" / "walk.webp", 96)):
        with Image.open(path) as animation:
            assert animation.n_frames == frames


def test_points_in_w_are_drawn_and_walked(styled: Sampler, tmp_path: Path) -> None:
    stops = latents.of_seeds(styled, [1, 2], space="w")
    latents.write(tmp_path / "w.safetensors", stops, styled)
    again = latents.read(tmp_path / "w.safetensors", styled)
    assert again.space == "w"
    assert torch.equal(again.values, stops.values)
    assert np.array_equal(latents.images(styled, again), styled.sample([1, 2]))
    way = latents.walk(styled, again, 4).values
    assert torch.allclose(way[1], (stops.values[0] + stops.values[1]) / 2)
    styled.truncation = 0.5
    try:
        assert np.array_equal(latents.images(styled, again), styled.sample([1, 2]))
    finally:
        styled.truncation = None


def test_what_is_no_point_of_this_generator_is_refused(run: Run, styled: Sampler, tmp_path: Path) -> None:
    sampler, path = ganatomy.load(run), tmp_path / "points.safetensors"
    latents.write(path, latents.of_seeds(styled, [1], space="w"), styled)
    with pytest.raises(UserError, match="of a generator with styles, and this one has none"):
        latents.read(path, sampler)
    for values, words in ((torch.zeros(1, 9), "8 numbers each"), (torch.full((1, 8), torch.nan), "not finite")):
        latents.write(path, Latents("z", values), sampler)
        with pytest.raises(UserError, match=words):
            latents.read(path, sampler)
    path.write_bytes(b"no")
    with pytest.raises(UserError, match="no safetensors file"):
        latents.read(path, sampler)
    with pytest.raises(UserError, match="There is no file"):
        latents.read(tmp_path / "none", sampler)


def test_seeds_are_not_dropped_beside_points(run: Run, tmp_path: Path) -> None:
    for verb in ("sample", "walk"):
        status, _, error = outcome(verb, run.path, "--latents", tmp_path / "a.safetensors", "--seeds", "3")
        assert status == 1
        assert "--latents draws points instead of seeds" in error


def test_what_cannot_be_projected_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(UserError, match=r"text.png cannot be read: not an image\."):
        project(run, [tmp_path / "text.png"])
    with pytest.raises(UserError, match="There is no file"):
        project(run, [tmp_path / "none.png"])
    with pytest.raises(UserError, match="Only a generator with styles"):
        latents.of_seeds(ganatomy.load(run), [0], space="w")
    with pytest.raises(UserError, match="Which picture"):
        project(run, [])
