"""Requests for images, read from queries and JSON and checked: the generator never sees what it cannot draw."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.generators.classes import class_index
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.web.serve.backend import Backend, Labels, Latents, of_seeds
from ganatomy.web.serve.encoding import FORMATS, Encoding
from ganatomy.web.validation import fields, number, read, whole

MAX_COORDINATE = 100.0  # of a latent vector; far beyond what any prior draws
TRUNCATION = (0.01, 10.0)
MAX_STOPS = 64  # seeds of a walk


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"choose {', '.join(FORMATS)}")
    return name


# JSON has one kind of number: 3.0 is the same as 3.
Seed = Annotated[
    int, BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n), Field(ge=0, le=LAST_SEED)
]
Truncation = Annotated[float, Field(ge=TRUNCATION[0], le=TRUNCATION[1])]
Coordinate = Annotated[float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE, allow_inf_nan=False)]
Format = Annotated[str, AfterValidator(_known_format)]


@dataclass(frozen=True)
class LatentBatch:
    """Images to draw: z [N, d], classes y [N] if the generator has any, truncation ψ if it has styles."""

    z: Latents
    y: Labels | None
    truncation: float | None


class _Request(BaseModel):
    """What all requests have in common."""

    model_config = ConfigDict(extra="forbid", strict=True)

    label: str | int | None = Field(None, alias="class")
    truncation: Truncation | None = None


class ImageRequest(_Request):
    """The query of /image.png; without a seed, a random one."""

    seed: Seed = Field(default_factory=lambda: secrets.randbelow(LAST_SEED + 1))


class WalkRequest(_Request):
    """The query of /walk.webp: an endless animation from seed to seed."""

    seeds: list[Seed] = Field(min_length=2, max_length=MAX_STOPS)
    frames: int | None = Field(None, ge=2)


class BatchRequest(_Request):
    """The body of /images: seeds, or latent vectors."""

    seeds: list[Seed] | None = Field(None, min_length=1)
    latents: list[list[Coordinate]] | None = Field(None, min_length=1)
    format: Format = next(iter(FORMATS))

    @model_validator(mode="after")
    def _one_of_both(self) -> "BatchRequest":
        if (self.seeds is None) == (self.latents is None):
            raise ValueError("give either seeds or latents")
        return self


class RequestParser:
    """Reads requests for one generator. Each method raises UserError with one sentence on what cannot be drawn."""

    def __init__(self, backend: Backend, max_images: int) -> None:
        """max_images: of one request."""
        self.prior, self.classes, self.styled = backend.prior, backend.classes, backend.styled
        self.max_images = max_images

    @property
    def labels(self) -> list[str]:
        """The names of the classes, or their numbers where they have no names; empty if the generator has none."""
        return list(self.classes) or [str(number) for number in range(len(self.prior.classes))]

    def image(self, query: Iterable[tuple[str, str]]) -> tuple[LatentBatch, ImageRequest]:
        """The query of /image.png."""
        request = read(ImageRequest, _values(query))
        return self._of_seeds([request.seed], request), request

    def images(self, body: bytes) -> tuple[LatentBatch, Encoding]:
        """The body of /images, and how to send the images. Raises UserError for too many of them."""
        request = read(BatchRequest, body)
        count = len(request.seeds or request.latents or ())
        if count > self.max_images:
            raise UserError(f"{count} images are too many: one request may ask for at most {self.max_images}.")
        encoding = FORMATS[request.format]
        if request.seeds is not None:
            return self._of_seeds(request.seeds, request), encoding
        return self._of_latents(request.latents or [], request), encoding

    def walk(self, query: Iterable[tuple[str, str]]) -> LatentBatch:
        """The frames of a walk, in one class: the one given, or that of its first seed.

        Raises UserError for too many frames, and for fewer than seeds.
        """
        request = read(WalkRequest, _values(query))
        frames = request.frames or min(8 * len(request.seeds), self.max_images)
        if frames > self.max_images:
            raise UserError(f"{frames} frames are too many: one walk may have at most {self.max_images}.")
        first = of_seeds(self.prior, request.seeds[:1])[1]
        label = self._label(request.label) if request.label is not None or first is None else int(first[0])
        path = latent.walk(self.prior, self.prior.of_seeds(request.seeds, label), frames)
        z, weights = self.prior.split(path)
        return self._batch(z.contiguous().numpy(), None if weights is None else weights.argmax(1).numpy(), request)

    def _of_seeds(self, seeds: Sequence[int], request: _Request) -> LatentBatch:
        return self._batch(*of_seeds(self.prior, seeds, self._label(request.label)), request)

    def _of_latents(self, latents: list[list[float]], request: _Request) -> LatentBatch:
        if any(len(each) != self.prior.dimension for each in latents):
            raise UserError(f"A latent vector of this generator has {self.prior.dimension} numbers.")
        label = self._label(request.label)
        if label is None and self.prior.classes:
            raise UserError("This generator is conditional: give a class with the latent vectors.")
        y = None if label is None else np.full(len(latents), label, np.int64)
        return self._batch(np.array(latents, np.float32), y, request)

    def _batch(self, z: Latents, y: Labels | None, request: _Request) -> LatentBatch:
        if request.truncation is None or self.styled:
            return LatentBatch(z, y, request.truncation)
        # One row at a time, as `ganatomy sample` does it: the same bits in every batch.
        truncated = [self.prior.truncate(row, request.truncation) for row in torch.from_numpy(z).split(1)]
        return LatentBatch(torch.cat(truncated).numpy(), y, None)

    def _label(self, label: str | int | None) -> int | None:
        if label is None:
            return None
        if not self.prior.classes:
            raise UserError("This generator is unconditional: leave the class out.")
        return class_index(label, self.labels)


def _values(query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values that the texts of a query stand for; the models check them."""
    return {name: READERS[name](name, text) for name, text in fields(query, READERS).items()}


READERS: dict[str, Callable[[str, str], Any]] = {
    "seed": whole,
    "seeds": lambda name, text: [whole(name, part) for part in text.split(",", MAX_STOPS)],
    "frames": whole,
    "truncation": number,
    "class": lambda name, text: text,
}
