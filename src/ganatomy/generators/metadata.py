"""What is known of a generator outside of its run: what drawing from it takes, and what its card shows."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError
from torch import nn

from ganatomy import __version__
from ganatomy.config.options import Config, PriorOptions, Size
from ganatomy.data import sources
from ganatomy.diagnosis import diagnose_run, wording
from ganatomy.errors import UserError
from ganatomy.networks.pair_shape import PairShape
from ganatomy.networks.protocols import PadsImages, Truncating
from ganatomy.runs import scorecard
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system.files import check_format
from ganatomy.system.options import Options

FORMAT = 1
LICENCE = r"[\w.+-]{1,40}"


class TrainingData(Options):
    """What a generator was trained on; images: how many samples, rows and sounds too."""

    name: str = "unknown"
    images: int | None = None
    fingerprint: str | None = None


class TrainingCost(Options):
    """What the training took: samples seen, seconds, on which processor; how private it was (ε, δ), if it was."""

    images: int | None = None
    seconds: float | None = None
    processor: str | None = None
    epsilon: float | None = None
    delta: float | None = None


class Scores(Options):
    """Scores, and the protocol by which they were measured."""

    terms: str
    protocol: dict[str, Any]
    scores: dict[str, Score]


class GeneratorMetadata(Options):
    """What is known of a generator of any kind of sample.

    diagnosis    what is known of the training up to this step: the verdict, then a sentence for each finding
    """

    format: int = FORMAT
    made_with: str = f"ganatomy {__version__}"
    name: str = Field(max_length=200)
    recipe: str = Field(max_length=200)
    step: int = Field(ge=0)
    average: bool
    data: TrainingData = TrainingData()
    training: TrainingCost = TrainingCost()
    diagnosis: tuple[str, ...] = ()
    measured: tuple[Scores, ...] = ()
    licence: str | None = Field(None, pattern=f"^{LICENCE}$")

    def licensed(self, licence: str | None) -> Self:
        """The same under a licence; None changes nothing. Raises UserError where that is no short name."""
        if licence is None:
            return self
        if not re.fullmatch(LICENCE, licence):
            raise UserError(f"--licence {licence}: give its short name, such as mit, cc-by-4.0 or other.")
        return self.model_copy(update={"licence": licence})

    @classmethod
    def parse(cls, values: Any, source: str | Path) -> Self:
        """Metadata out of a file that anyone may have written. Raises UserError where they are not that."""
        if isinstance(values, dict) and isinstance(values.get("format"), int):
            check_format(values["format"], FORMAT, source)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"])) or "it"
            raise UserError(f"{source} does not describe a generator: {place}: {fault['msg'].lower()}.") from None


class GivenImage(Options):
    """What a generator takes of the image that it is given.

    scale      how many times larger the drawn image is
    multiple   of what the height and width are in the network: others are filled up, which a graph leaves to its caller
    """

    scale: Literal[1, 2, 4, 8]
    multiple: int = Field(1, ge=1, le=2**10)


class Metadata(GeneratorMetadata):
    """A generator of images in JSON: in config.json beside its weights, in the metadata of an ONNX graph.

    truncation   what it shrinks: coordinates of the latent vector, or the way from the mean style (ψ)
    classes      names of the classes, in the order of `prior.classes`, which counts their training images
    size         of the images that it learnt to draw
    given        of one that is given an image, which may have any size; None: it draws of seeds
    """

    truncation: Literal["latent", "styles"]
    prior: PriorOptions
    classes: list[str]
    size: Size
    channels: Literal[1, 3, 4]
    given: GivenImage | None = None

    @property
    def image(self) -> tuple[int, ...]:
        """Channels, height, width; of one that is given images a `PairShape`."""
        return _shape(self.channels, self.size, self.given.scale if self.given else None)

    @classmethod
    def of_run(
        cls, run: Run, config: Config, checkpoint: dict[str, Any], network: nn.Module, average: bool
    ) -> "Metadata":
        """The metadata of a run's generator; checkpoint: the manifest of its checkpoint; errors as for `image_of`."""
        channels, *size = image = image_of(config, run.path / "config.yaml")
        multiple = network.multiple if isinstance(network, PadsImages) else 1
        return cls(
            **_of_training(run, config, checkpoint, average),
            truncation="styles" if isinstance(network, Truncating) else "latent",
            prior=config.prior,
            classes=_classes(run, config),
            size=size,
            channels=channels,
            given=GivenImage(scale=image.scale, multiple=multiple) if isinstance(image, PairShape) else None,
        )

    @classmethod
    def parse(cls, values: Any, source: str | Path) -> Self:
        """Metadata out of a file that anyone may have written. Raises UserError where they are not that."""
        metadata = super().parse(values, source)
        if len(metadata.classes) != len(metadata.prior.classes):
            raise UserError(f"{source} names {len(metadata.classes)} classes and counts {len(metadata.prior.classes)}.")
        try:
            _ = metadata.image
        except ValueError as error:
            raise UserError(f"{source} contradicts itself: {error}.") from None
        if metadata.given and metadata.channels == 4:
            raise UserError(f"{source} contradicts itself: images of pairs have no transparency.")
        return metadata


class RowMetadata(GeneratorMetadata):
    """A generator of rows in JSON, in config.json beside its weights; schema.json beside it has the columns."""

    @classmethod
    def of_run(cls, run: Run, config: Config, checkpoint: dict[str, Any], average: bool) -> "RowMetadata":
        """The metadata of a run's generator; checkpoint: the manifest of its checkpoint."""
        return cls(**_of_training(run, config, checkpoint, average))


class SoundMetadata(GeneratorMetadata):
    """A generator of sounds in JSON, in config.json beside its weights.

    classes   names of the classes, in the order of `prior.classes`, which counts their training sounds
    """

    classes: list[str]

    @classmethod
    def of_run(cls, run: Run, config: Config, checkpoint: dict[str, Any], average: bool) -> "SoundMetadata":
        """The metadata of a run's generator; checkpoint: the manifest of its checkpoint."""
        return cls(**_of_training(run, config, checkpoint, average), classes=_classes(run, config))


def _classes(run: Run, config: Config) -> list[str]:
    """The names of the classes that a run's generator draws by, or their numbers; none of an unconditional one."""
    names = run.info().get("data", {}).get("classes") or [str(i) for i in range(len(config.prior.classes))]
    return names if config.prior.conditional else []


def _of_training(run: Run, config: Config, checkpoint: dict[str, Any], average: bool) -> dict[str, Any]:
    """What is known of any run's generator, by the fields of `GeneratorMetadata`."""
    info = run.info()
    data = info.get("data", {})
    step, cost = int(checkpoint["step"]), {name: checkpoint.get(name) for name in ("images", "seconds")}
    cost |= {name: info.get("privacy", {}).get(name) for name in ("epsilon", "delta")}
    known = TrainingData(
        name=_name(str(data.get("source", "unknown"))),
        images=data.get("images"),
        fingerprint=data.get("fingerprint"),
    )
    return {
        "name": run.name,
        "recipe": config.recipe,
        "step": step,
        "average": average,
        "data": known,
        "training": TrainingCost(**cost, processor=info.get("machine", {}).get("processor")),
        "diagnosis": _diagnosis(run, step),
        "measured": tuple(_scores(card, known.name) for card in _cards(run) if _is_of(card, step, average)),
    }


def image_of(config: Config, source: Path) -> tuple[int, ...]:
    """Channels, height and width of a run's images, of pairs a `PairShape`; source: the file of the configuration.

    Raises UserError where the configuration has none.
    """
    if config.data.size is None or config.data.channels is None:
        raise UserError(f"{source} does not have the images' size and channels, as a run's own has.")
    return _shape(config.data.channels, config.data.size, scale_of(config))


def scale_of(config: Config) -> int | None:
    """How many times larger images are drawn than the given ones; None where none are given."""
    return config.data.scale or 1 if config.modality == "pairs" else None


def _shape(channels: int, size: tuple[int, int], scale: int | None) -> tuple[int, ...]:
    """Channels, height, width. Raises ValueError where an image cannot be made that many times smaller."""
    return (channels, *size) if scale is None else PairShape(channels, *size, scale=scale)


def _diagnosis(run: Run, step: int) -> tuple[str, ...]:
    """The verdict at a step and what each finding means, in sentences; () of a run whose records cannot be read."""
    with suppress(UserError):
        monitor = diagnose_run(run, until=step)
        return (wording.sentence(monitor), *(f"{finding}. {finding.meaning}" for finding in monitor.present))
    return ()


def _cards(run: Run) -> Iterator[ScoreCard]:
    """The score cards of a run; other files may lie beside them."""
    for path in scorecard.files_of(run):
        with suppress(UserError):
            yield scorecard.read(path)


def _is_of(card: ScoreCard, step: int, average: bool) -> bool:
    """Whether a card's scores are of this generator, neither truncated nor sampled in another way."""
    subject = card.subject
    found = (subject.get("step"), subject.get("average"), subject.get("truncation"), subject.get("how"))
    return found == (step, average, None, None)


def _scores(card: ScoreCard, source: str) -> Scores:
    """A card without where and when it was made: that may be private, and decides nothing."""
    terms = ScoreCard(card.subject, card.protocol, {}, {"reference": source}).terms
    return Scores(terms=terms, protocol=card.protocol, scores=card.scores)


def _name(source: str) -> str:
    """What the data are called: a path is private."""
    if sources.is_name(source):
        return source
    return re.split(r"[\\/]", source.rstrip("\\/"))[-1]
