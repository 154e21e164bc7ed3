"""Points of a latent space: z, the prior's, or w, that of a generator's styles; and the files that keep them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.gan.priors import linear
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels, to_uint8
from ganatomy.networks.protocols import HasStyles
from ganatomy.system.files import explained, write_bytes

Space = Literal["z", "w"]
SUFFIX = ".safetensors"
LARGEST = 2**28  # bytes of a file


@dataclass(frozen=True)
class Latents:
    """Points [N, D]: of z codes, latent vectors with the weights of classes behind them; of w styles, one an image."""

    space: Space
    values: Tensor

    def __len__(self) -> int:
        return len(self.values)


def spaces(sampler: Sampler) -> tuple[Space, ...]:
    """The spaces that a generator has, the best one to search in first."""
    return ("w", "z") if isinstance(sampler.network, HasStyles) else ("z",)


def of_seeds(sampler: Sampler, seeds: Sequence[int], label: str | int | None = None, space: Space = "z") -> Latents:
    """The points of seeds, of a class if one is given. Raises UserError where the generator has no such space."""
    return of_codes(sampler, sampler.latents(seeds, label), space)


def of_codes(sampler: Sampler, codes: Tensor, space: Space) -> Latents:
    """The points of codes [N, latent_dim + K]. Raises UserError where the generator has no such space."""
    if space == "z":
        return Latents("z", codes)
    network = sampler.network
    if not isinstance(network, HasStyles):
        raise UserError("Only a generator with styles, such as stylegan2, has a space w; this one has z alone.")
    device = network.w_avg.device
    with torch.no_grad():
        styles = [
            network.styles(z.to(device), None if y is None else y.to(device))[:, 0]
            for z, y in map(sampler.prior.split, codes.split(1))
        ]
    return Latents("w", torch.cat(styles).cpu())


def draw(sampler: Sampler, points: Latents) -> Tensor:
    """Images [N, C, H, W], about in [−1, 1], of points; differentiable."""
    if points.space == "z":
        images: Tensor = sampler(*sampler.prior.split(points.values))
        return images
    network = sampler.network
    assert isinstance(network, HasStyles), "a file of another generator is refused when it is read"
    w = points.values.to(network.w_avg)
    if sampler.truncation is not None:
        w = network.w_avg.lerp(w, sampler.truncation)
    return network.synthesise(w[:, None].repeat(1, network.layers, 1))


@torch.no_grad()
def images(sampler: Sampler, points: Latents) -> Pixels:
    """Pixels [N, H, W, C] of points, drawn one at a time, as by `Sampler.images`."""
    return np.concatenate([to_uint8(draw(sampler, Latents(points.space, row))) for row in points.values.split(1)])


def walk(sampler: Sampler, stops: Latents, frames: int) -> Latents:
    """A closed path of so many points through the stops: as the prior interpolates in z, straight in w.

    Raises UserError for fewer frames than stops.
    """
    prior = sampler.prior
    if stops.space == "w":
        prior = replace(prior, interpolate=linear, dimension=stops.values.shape[1], classes=())
    return Latents(stops.space, latent.walk(prior, stops.values, frames))


def write(path: Path, points: Latents, sampler: Sampler) -> None:
    """Write points as safetensors, one tensor named by their space. Raises UserError where that cannot be done."""
    known = sampler.metadata
    made_by = {"format": "1", "generator": known.name, "step": str(known.step)}
    content = safetensors.torch.save({points.space: points.values.contiguous()}, made_by)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)


def read(path: str | Path, sampler: Sampler) -> Latents:
    """The points in a file. Raises UserError where it has none, or such as this generator cannot draw."""
    found, _ = tensors(path)
    if len(found) != 1 or not found.keys() & {"z", "w"}:
        raise UserError(f"{path} holds no latent vectors: `ganatomy project` writes such files.")
    space: Space = "z" if "z" in found else "w"
    return Latents(space, checked(found[space], space, path, sampler))


def tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors in a safetensors file, of any shape, by name, and its metadata. Raises UserError for another file."""
    try:
        if not Path(path).is_file():
            raise UserError(f"There is no file {path}.")
        if Path(path).stat().st_size > LARGEST:
            raise UserError(f"{path} is too large for latent vectors: it has more than {LARGEST:,} bytes.")
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    except SafetensorError as error:
        raise UserError(f"{path} is no safetensors file: {error}.") from None


def checked(values: Tensor, space: Space, path: str | Path, sampler: Sampler) -> Tensor:
    """Points or directions [N, D] of a file. Raises UserError where they are not of this generator's space."""
    if space not in spaces(sampler):
        raise UserError(f"{path} is of a generator with styles, and this one has none.")
    expected = of_seeds(sampler, [0], space=space).values.shape[1]
    if values.dim() != 2 or not len(values) or values.shape[1] != expected or not values.is_floating_point():
        raise UserError(f"{path} is of another generator: points of this one are {expected} numbers each.")
    if not values.isfinite().all():
        raise UserError(f"{path} has numbers that are not finite.")
    return values.float()


def read_all(paths: Sequence[str | Path], sampler: Sampler) -> Latents:
    """The points of several files, one behind the other, all of one space. Errors as `read`.

    Raises UserError where some are in z and others in w.
    """
    parts = [read(path, sampler) for path in paths]
    if len({part.space for part in parts}) > 1:
        raise UserError("Some of these files hold points in z and others in w: give files of one kind.")
    return Latents(parts[0].space, torch.cat([part.values for part in parts]))
