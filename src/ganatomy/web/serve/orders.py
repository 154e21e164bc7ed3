"""What is asked for, read from queries and JSON and checked: the generator only ever sees what it can draw."""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ganatomy.errors import UserError, unknown
from ganatomy.gan import latent
from ganatomy.generators.api import LAST_SEED
from ganatomy.web.serve.backend import Backend, Labels, Latents, of_seeds

FARTHEST = 100.0  # of a latent coordinate, far beyond what any prior draws
TRUNCATION = (0.01, 10.0)
STOPS = 64  # seeds of a walk
Format = Literal["png", "webp", "raw"]

# JSON knows one kind of number: 3.0 is as whole as 3.
Seed = Annotated[
    int, BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n), Field(ge=0, le=LAST_SEED)
]
Truncation = Annotated[float, Field(ge=TRUNCATION[0], le=TRUNCATION[1])]
Coordinate = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]


@dataclass(frozen=True)
class Order:
    """Images to draw: z [N, d], classes [N] if the generator knows any, ψ if it has styles."""

    z: Latents
    y: Labels | None
    truncation: float | None


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    label: str | int | None = Field(None, alias="class")
    truncation: Truncation | None = None


class Image(_Asked):
    """The query of /image.png; without a seed, any."""

    seed: Seed = Field(default_factory=lambda: secrets.randbelow(LAST_SEED + 1))


class Walk(_Asked):
    """The query of /walk.webp: an endless walk from seed to seed, 12 pictures a second."""

    seeds: list[Seed] = Field(min_length=2, max_length=STOPS)
    frames: int | None = Field(None, ge=2)


class Images(_Asked):
    """The body of /images: seeds, or latent vectors."""

    seeds: list[Seed] | None = Field(None, min_length=1)
    latents: list[list[Coordinate]] | None = Field(None, min_length=1)
    format: Format = "png"

    @model_validator(mode="after")
    def _one_of_both(self) -> "Images":
        if (self.seeds is None) == (self.latents is None):
            raise ValueError("give seeds or latents, one of them")
        return self


class Orders:
    """Reads what is asked of one generator. UserError says in one sentence what cannot be done."""

    def __init__(self, backend: Backend, most: int) -> None:
        """most: images of one request."""
        self.prior, self.classes, self.styled, self.most = backend.prior, backend.classes, backend.styled, most

    def image(self, query: Iterable[tuple[str, str]]) -> tuple[Order, Image]:
        """One image."""
        asked = _read(Image, _values(query))
        return self._of_seeds([asked.seed], asked), asked

    def images(self, body: bytes) -> tuple[Order, Format]:
        """Several, and how to send them."""
        asked = _read(Images, body)
        count = len(asked.seeds or asked.latents or ())
        if count > self.most:
            raise UserError(f"{count} images are too many: at most {self.most} in one request.")
        if asked.seeds is not None:
            return self._of_seeds(asked.seeds, asked), asked.format
        return self._of_latents(asked.latents or [], asked), asked.format

    def walk(self, query: Iterable[tuple[str, str]]) -> Order:
        """The pictures of a walk. It stays in one class, that of its first seed if none is given."""
        asked = _read(Walk, _values(query))
        frames = asked.frames or min(8 * len(asked.seeds), self.most)
        if frames > self.most:
            raise UserError(f"{frames} frames are too many: at most {self.most}.")
        first = of_seeds(self.prior, asked.seeds[:1])[1]
        label = self._label(asked.label) if asked.label is not None or first is None else int(first[0])
        path = latent.walk(self.prior, self.prior.of_seeds(asked.seeds, label), frames)
        z, weights = self.prior.split(path)
        return self._order(z.contiguous().numpy(), None if weights is None else weights.argmax(1).numpy(), asked)

    def _of_seeds(self, seeds: Sequence[int], asked: _Asked) -> Order:
        return self._order(*of_seeds(self.prior, seeds, self._label(asked.label)), asked)

    def _of_latents(self, latents: list[list[float]], asked: _Asked) -> Order:
        if any(len(each) != self.prior.dimension for each in latents):
            raise UserError(f"A latent vector of this generator has {self.prior.dimension} numbers.")
        label = self._label(asked.label)
        if label is None and self.prior.classes:
            raise UserError("Latent vectors say nothing of the class: give one.")
        y = None if label is None else np.full(len(latents), label, np.int64)
        return self._order(np.array(latents, np.float32), y, asked)

    def _order(self, z: Latents, y: Labels | None, asked: _Asked) -> Order:
        if asked.truncation is None or self.styled:
            return Order(z, y, asked.truncation)
        # One by one, as `ganatomy sample` does it: of the same bits whatever stands beside it.
        shorter = [self.prior.truncate(row, asked.truncation) for row in torch.from_numpy(z).split(1)]
        return Order(torch.cat(shorter).numpy(), y, None)

    def _label(self, label: str | int | None) -> int | None:
        if label is None:
            return None
        if not self.prior.classes:
            raise UserError("This generator knows no classes.")
        if label in self.classes:
            return self.classes.index(str(label))
        if re.fullmatch("[0-9]{1,6}", str(label)) and int(label) < len(self.prior.classes):
            return int(label)
        raise unknown("class", str(label)[:100], self.classes)


def _read(model: type[Any], given: bytes | dict[str, Any]) -> Any:
    try:
        return model.model_validate_json(given) if isinstance(given, bytes) else model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{place}: {text}." if place else f"{text}.") from None


def _values(query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A query's texts as the values they stand for; what they stand for is judged later."""
    values: dict[str, Any] = {}
    for name, text in query:
        if name not in READERS:
            raise unknown("parameter", name[:100], READERS)
        if name in values:
            raise UserError(f"{name} is given twice.")
        values[name] = READERS[name](name, text)
    return values


def _whole(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text):
        raise UserError(f"{name}: {text[:20]!r} is no whole number from 0 to {LAST_SEED:,}.")
    return int(text)


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", text, re.ASCII | re.IGNORECASE):
        raise UserError(f"{name}: {text[:20]!r} is no number.")
    return float(text)


READERS: dict[str, Callable[[str, str], Any]] = {
    "seed": _whole,
    "seeds": lambda name, text: [_whole(name, part) for part in text.split(",", STOPS)],
    "frames": _whole,
    "truncation": _number,
    "class": lambda name, text: text,
}
