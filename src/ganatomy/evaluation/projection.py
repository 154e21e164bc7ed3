"""How near a generator comes to a picture: the function behind `ganatomy project`.

A distance alone tells nothing. Beside it stand that of an image of the generator's own, projected in the same way, and
that of a random one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.data.decode import decode, quiet
from ganatomy.data.items import ImageError
from ganatomy.errors import UserError
from ganatomy.evaluation.features.choice import AUTO
from ganatomy.evaluation.features.perceptual import distance_for
from ganatomy.generators import api as sampling
from ganatomy.generators import latents, projection
from ganatomy.generators.latents import Latents, Space
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import enlarge, grid, save_animation, save_png, to_float
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import distinct_stems, explained, inside, reason, write_text

Pixels = NDArray[np.uint8]
OWN = projection.CANDIDATES  # the seed whose image is projected back: the first that is no start of the search
FRAMES = 96
REACHED, MISSED = 0.9, 0.5  # of the way from a random image to one of the generator's own


@dataclass(frozen=True)
class Distances:
    """Of a projected picture: its own, that of random images in the median, and pixels' root mean square, of 255."""

    name: str
    distance: float
    random: float
    pixels: float


@dataclass(frozen=True)
class Projection:
    """What was found: the folder it was written to, each picture's distances, and those of an image of a known seed.

    protocol: all that decides the numbers.
    """

    folder: Path
    pictures: tuple[Distances, ...]
    own: Distances
    protocol: dict[str, Any]

    def reach(self, picture: Distances) -> float:
        """How far a picture was reached: 0 as near as a random image, 1 as near as one of the generator's own."""
        return (picture.random - picture.distance) / max(picture.random - self.own.distance, 1e-12)

    def lines(self) -> list[str]:
        """A table of the distances, and a sentence on each picture."""
        own = f"the image of seed {OWN}, projected back"
        rows = [(each.name, each.distance, f"{each.pixels:.0f}") for each in self.pictures]
        rows += [(own, self.own.distance, f"{self.own.pixels:.0f}")]
        rows += [(f"a random image beside {each.name}", each.random, "") for each in self.pictures]
        width = max(len(name) for name, _, _ in rows)
        return [
            f"{'':{width}}  distance  pixels off by, of 255   (features: {self.protocol['features']})",
            *(f"{name:{width}}  {distance:8.4f}  {pixels}".rstrip() for name, distance, pixels in rows),
            *(f"{each.name}: {self.verdict(each)}" for each in self.pictures),
        ]

    def verdict(self, picture: Distances) -> str:
        """Whether the generator can draw a picture."""
        reach = self.reach(picture)
        if reach >= REACHED:
            return "reached, as nearly as an image of the generator's own."
        if reach >= MISSED:
            return f"reached in part, {reach:.0%} of the way from a random image to one of the generator's own."
        return f"this generator cannot draw it: {max(reach, 0):.0%} of the way from a random image to one of its own."


def project(
    place: str | Path | Run,
    pictures: Sequence[str | Path],
    *,
    space: Space | None = None,
    steps: int = 300,
    starts: int = 4,
    label: str | int | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    features: str = AUTO,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Projection:
    """Find the latent vectors whose images are nearest to pictures; write images, vectors, and a walk between them.

    pictures: image files; space: z, or w of a generator with styles, which is the default there; steps: of the descent
    from each of so many starts; label: a class; features: the network of the distance; out: PLACE/projected, if not
    given. The other arguments: as for `ganatomy.load`. Raises UserError where there is no such generator, space, class
    or network, where no gradient leads from its images to latent vectors, where a picture cannot be read, and where
    nothing can be written.
    """
    if not pictures:
        raise UserError("Which picture? Give an image file: ganatomy project RUN photo.png")
    sampler = sampling.load_images(place, step, raw, truncation, None, runs, device)
    if sampler.config is None or sampler.config.method in FROM_PIXELS:
        kind = "an ONNX graph" if sampler.config is None else f"method={sampler.config.method}"
        raise UserError(f"{kind} passes no gradient from an image to its latent vector: project with a GAN or a VAE.")
    space = space or latents.spaces(sampler)[0]
    names = distinct_stems(pictures)
    photos = np.stack([_decoded(path, sampler) for path in pictures])
    own = latents.images(sampler, latents.of_seeds(sampler, [OWN], label, space))
    targets = np.concatenate([photos, own])

    distance = distance_for(sampler.classes, sampler.metadata.image, str(_device(sampler)), features)
    goals = to_float(torch.from_numpy(targets)).contiguous()
    found = projection.project(sampler, goals, distance, space=space, steps=steps, starts=starts, label=label)
    drawn = latents.images(sampler, found.points)
    rows = [*names, f"seed {OWN}"]
    measured = [
        Distances(name, d, random, float(np.sqrt(np.square(a.astype(float) - b).mean())))
        for name, d, random, a, b in zip(
            rows, found.distances.tolist(), found.random.tolist(), drawn, targets, strict=True
        )
    ]
    protocol = {
        **sampler.drawn_by(label),
        "space": space,
        "steps": steps,
        "starts": starts,
        "candidates": projection.CANDIDATES,
        "features": distance.name,
    }
    folder = Path(out) if out is not None else inside(sampler.home, "projected")
    made = Projection(folder, tuple(measured[:-1]), measured[-1], protocol)
    with explained(folder):
        _write(made, sampler, names, targets, drawn, found.points)
    return made


def _write(
    made: Projection, sampler: Sampler, names: Sequence[str], targets: Pixels, drawn: Pixels, points: Latents
) -> None:
    folder = made.folder
    for i, name in enumerate(names):
        save_png(folder / f"{name}.png", drawn[i], durable=False)
        latents.write(folder / f"{name}{latents.SUFFIX}", Latents(points.space, points.values[i : i + 1]), sampler)
    beside = np.stack([targets, drawn], 1).reshape(-1, *targets.shape[1:])
    save_png(folder / "beside.png", enlarge(grid(beside, columns=2), 480))
    if len(names) > 1:
        stops = Latents(points.space, points.values[: len(names)])
        frames = latents.images(sampler, latents.walk(sampler, stops, max(FRAMES, len(names))))
        save_animation(folder / "walk.webp", [enlarge(frame, 128) for frame in frames], FRAMES / sampling.RATE)
    content = {
        "protocol": made.protocol,
        "pictures": [{**asdict(each), "reach": made.reach(each)} for each in made.pictures],
        "own": asdict(made.own),
    }
    write_text(folder / "projection.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _decoded(path: str | Path, sampler: Sampler) -> Pixels:
    """A picture as the generator's training images were decoded, [H, W, C]."""
    known = sampler.metadata
    assert sampler.config is not None
    data = sampler.config.data
    try:
        if not Path(path).is_file():
            raise UserError(f"There is no file {path}.")
        with quiet():
            return decode(Path(path).read_bytes(), known.channels, known.size, data.fit, data.padding)
    except ImageError as error:
        raise UserError(f"{path} cannot be read: {error}.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason(error)}.") from None


def _device(sampler: Sampler) -> torch.device:
    return next(sampler.network.parameters()).device
