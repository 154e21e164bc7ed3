"""`ganatomy directions`: principal directions in w and z, by class and between images; moving along them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA

import ganatomy
from command import ganatomy as command
from ganatomy.errors import UserError
from ganatomy.generators import directions, latents
from ganatomy.runs.run import Run


def test_in_w_they_are_the_principal_components_of_styles(made) -> None:
    sampler = made("stylegan2")
    found = directions.principal(sampler, 3, "w")
    styles = latents.of_seeds(sampler, range(directions.SAMPLES), space="w").values.double().numpy()
    pca = PCA(3, svd_solver="full").fit(styles)
    cosines = np.abs((found.values.numpy() * pca.components_).sum(1)) / np.linalg.norm(found.values.numpy(), axis=1)
    assert cosines == pytest.approx(1, abs=1e-4)
    assert found.shares == pytest.approx(pca.explained_variance_ratio_, rel=1e-3)
    deviations = ((styles - styles.mean(0)) @ pca.components_.T).std(0)
    assert np.linalg.norm(found.values.numpy(), axis=1) == pytest.approx(deviations, rel=1e-3)


def test_in_z_they_are_those_that_the_first_layer_stretches_most(made) -> None:
    """Its right singular vectors, where z is normal; the estimate from a thousand seeds is near them."""
    sampler = made("dcgan", classes=True)
    weight = sampler.network.layers[0].weight  # [inputs, channels, height, width]
    latent = sampler.prior.dimension
    random = torch.Generator().manual_seed(0)
    before = weight.clone()
    with torch.no_grad():
        left, _ = torch.linalg.qr(torch.randn(latent, latent, generator=random))
        right, _ = torch.linalg.qr(torch.randn(weight[0].numel(), latent, generator=random))
        stretched = left @ torch.diag(torch.tensor([2.0**-i for i in range(latent)])) @ right.T
        weight[:latent] = stretched.view(latent, *weight.shape[1:])
        weight[latent:] = 0
        found = directions.principal(sampler, 3, "z")
        weight.copy_(before)
    assert torch.equal(found.values[:, latent:], torch.zeros(3, len(sampler.classes)))
    z = found.values[:, :latent]
    assert ((z * left.T[:3]).sum(1).abs() / z.norm(dim=1) > 0.98).all()
    assert z.norm(dim=1) == pytest.approx(1, abs=0.1)
    assert found.shares == pytest.approx([0.75, 0.1875, 0.046875], rel=0.15)


def test_by_class_and_between_images(made) -> None:
    sampler = made("dcgan", classes=True)
    found = directions.by_class(sampler, "z")
    latent = sampler.prior.dimension
    assert found.names == ("a", "b", "c")
    shares = torch.tensor([3, 4, 5]) / 12
    assert torch.allclose(found.values, torch.cat([torch.zeros(3, latent), torch.eye(3) - shares], 1), atol=1e-6)
    styled = made("stylegan2", classes=True)
    means = [latents.of_seeds(styled, range(250), name, "w").values.mean(0) for name in "abc"]
    found = directions.by_class(styled, "w")
    assert torch.allclose(found.values[1] - found.values[0], means[1] - means[0], atol=1e-5)
    digits = made("dcgan", classes=True)
    digits.classes[:] = ["3", "with", "4 legs"]  # names that other directions have
    assert directions.by_class(digits, "z").names == ("class 3", "class with", "4 legs")
    (way,) = directions.between(sampler, "with", [1, 2], [3], "z").values
    one, two, three = sampler.latents([1, 2, 3])
    assert torch.allclose(way, three - (one + two) / 2)
    with pytest.raises(UserError, match="is unconditional"):
        directions.by_class(made("dcgan"), "z")


def test_the_command_writes_a_sheet_and_a_file_that_sample_moves_along(run: Run, tmp_path: Path) -> None:
    printed = command(
        "directions", run.path, "--count", 2, "--classes", "--with", "1-3", "--without", "4,5", "--out", tmp_path / "d"
    )
    names = [line.split()[0] for line in printed.splitlines()]
    assert names[:5] == ["1", "2", "cat", "dog", "with"]
    sampler, file = ganatomy.load(run), tmp_path / "d" / "directions.safetensors"
    height, width = (4 * 16, 4 * 20)  # of an image on the sheet
    sheet = np.asarray(Image.open(tmp_path / "d" / "directions.png"))
    assert sheet.shape[:2] == (5 * (height + 2) + 2, 7 * (width + 2) + 2)
    middle = sheet[2 : 2 + height, 2 + 3 * (width + 2) :][:, :width]
    assert np.array_equal(middle[::4, ::4], sampler.sample([0])[0])  # moved by nothing
    found = directions.read(file, sampler)
    assert found.names == ("1", "2", "cat", "dog", "with")
    assert found.step == sampler.metadata.step
    assert [f"{share:.1%}" for share in found.shares[:2]] == [line.split()[1] for line in printed.splitlines()[:2]]
    assert found.shares[2:] == (None, None, None)
    command("sample", run.path, "--seeds", 3, "--move", f"{file}:2=1.5", "--out", tmp_path / "s", "--device", "cpu")
    moved = sampler.images(sampler.latents([3]) + 1.5 * found.values[1])[0]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "s" / "seed-000003.png")), moved)


def test_what_is_no_direction_of_this_generator_is_refused(run: Run, made, tmp_path: Path) -> None:
    sampler, styled = ganatomy.load(run), made("stylegan2")
    directions.write(tmp_path / "w.safetensors", directions.principal(styled, 1, "w"))
    with pytest.raises(UserError, match="of a generator with styles"):
        directions.read(tmp_path / "w.safetensors", sampler)
    latents.write(tmp_path / "points.safetensors", latents.of_seeds(sampler, [1]), sampler)
    with pytest.raises(UserError, match="holds no directions"):
        directions.read(tmp_path / "points.safetensors", sampler)
    with pytest.raises(UserError, match="There is no direction called '2'"):
        directions.move(
            styled,
            latents.of_seeds(styled, [0], space="w"),
            [directions.Move(str(tmp_path / "w.safetensors"), "2", 1.0)],
        )
    for text in ("a.safetensors", "a.safetensors:1", "a.safetensors:1=far", ":1=2"):
        with pytest.raises(UserError, match="write FILE:NAME=UNITS"):
            directions.parse(text)
    assert directions.parse("a:b.safetensors:1=-2") == ("a:b.safetensors", "1", -2.0)
    with pytest.raises(UserError, match="give the seeds of both"):
        ganatomy.directions(run, some=[1])
    with pytest.raises(UserError, match="this generator has 1 to 8 directions"):
        ganatomy.directions(run, 9)
