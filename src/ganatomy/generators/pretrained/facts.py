"""What is said of a generator that has left its run: what it takes to draw from it, and what people ask first."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ganatomy import __version__
from ganatomy.config.options import Config, PriorOptions, Size
from ganatomy.errors import UserError
from ganatomy.runs import scorecard
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system.files import check_format
from ganatomy.system.options import Options

FORMAT = 1


class Source(Options):
    """The images that a generator learnt from."""

    name: str = "unknown"
    images: int | None = None
    fingerprint: str | None = None


class Spent(Options):
    """What the training took: images seen, seconds, on which processor."""

    images: int | None = None
    seconds: float | None = None
    processor: str | None = None


class Measured(Options):
    """Scores, and the protocol that they were taken by."""

    terms: str
    protocol: dict[str, Any]
    scores: dict[str, Score]


class Facts(Options):
    """A generator in JSON: in config.json beside its weights, in the metadata of an ONNX graph.

    truncation   what is made smaller: coordinates of the latent vector, or the way from the mean style (ψ)
    classes      names of the classes, in the order of `prior.classes`, which counts their training images
    """

    format: int = FORMAT
    made_with: str = f"ganatomy {__version__}"
    name: str = Field(max_length=200)
    recipe: str = Field(max_length=200)
    step: int = Field(ge=0)
    average: bool
    truncation: Literal["latent", "styles"]
    prior: PriorOptions
    classes: list[str]
    size: Size
    channels: Literal[1, 3, 4]
    data: Source = Source()
    training: Spent = Spent()
    measured: tuple[Measured, ...] = ()
    licence: str | None = Field(None, pattern=r"^[\w.+-]{1,40}$")

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (self.channels, *self.size)


def of_run(run: Run, config: Config, checkpoint: dict[str, Any], average: bool) -> Facts:
    """The facts of a run's generator; checkpoint: what the manifest of its checkpoint says."""
    if config.data.size is None or config.data.channels is None:
        raise UserError(f"{run.path / 'config.yaml'} does not say the images' size and channels, as a run's own does.")
    info = run.info()
    data = info.get("data", {})
    names = data.get("classes") or [str(number) for number in range(len(config.prior.classes))]
    step, spent = int(checkpoint["step"]), {name: checkpoint.get(name) for name in ("images", "seconds")}
    source = Source(
        name=_name(str(data.get("source", "unknown"))), images=data.get("images"), fingerprint=data.get("fingerprint")
    )
    return Facts(
        name=run.name,
        recipe=config.recipe,
        step=step,
        average=average,
        truncation="styles" if config.generator.family == "stylegan2" else "latent",
        prior=config.prior,
        classes=names if config.prior.conditional else [],
        size=config.data.size,
        channels=config.data.channels,
        data=source,
        training=Spent(**spent, processor=info.get("machine", {}).get("processor")),
        measured=tuple(_measured(card, source.name) for card in _cards(run) if _is_of(card, step, average)),
    )


def read(values: Any, source: str | Path) -> Facts:
    """Facts out of a file that anyone may have written; UserError if they are not that."""
    if isinstance(values, dict) and isinstance(values.get("format"), int):
        check_format(values["format"], FORMAT, source)
    try:
        facts = Facts.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "it"
        raise UserError(f"{source} does not describe a generator: {place}: {fault['msg'].lower()}.") from None
    if len(facts.classes) != len(facts.prior.classes):
        raise UserError(f"{source} names {len(facts.classes)} classes and counts {len(facts.prior.classes)}.")
    return facts


def _cards(run: Run) -> Iterator[ScoreCard]:
    """The score cards of a run. Other files may lie there too: no reason not to draw."""
    for path in sorted((run.path / "eval").glob("*.json")):
        with suppress(UserError):
            yield scorecard.read(path)


def _is_of(card: ScoreCard, step: int, average: bool) -> bool:
    """Whether a card's scores are this generator's, left as it was learnt."""
    subject = card.subject
    whose = (subject.get("step"), subject.get("average"), subject.get("truncation"), subject.get("how"))
    return whose == (step, average, None, None)


def _measured(card: ScoreCard, source: str) -> Measured:
    """A card without what says where and when it was made: that may be private, and decides nothing."""
    terms = ScoreCard(card.subject, card.protocol, {}, {"reference": source}).terms
    return Measured(terms=terms, protocol=card.protocol, scores=card.scores)


def _name(source: str) -> str:
    """What the data are called: a path is nobody's business."""
    if source.startswith(("torchvision:", "hf:")):
        return source
    return re.split(r"[\\/]", source.rstrip("\\/"))[-1]
