"""The typed configuration: every option's type, default, bounds and help text, declared once.

The command line (`--set part.option=value`), the YAML file, `ganatomy train --help` and docs/OPTIONS.md follow from the
declarations below, by way of `settings`. No torch here: readers of a run folder use this too.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializeAsAny,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ganatomy.config.schedules import Schedule
from ganatomy.gan.penalties import PENALTIES
from ganatomy.networks.families import FAMILIES, DCGANOptions, NetworkOptions
from ganatomy.system.options import OfSampling, OneOf, Options


def _bounded(low: float, high: float = float("inf"), *, exclusive: bool = False) -> AfterValidator:
    """Bounds for a number that may be a schedule: both ends must keep to them."""

    def check(value: "float | Schedule") -> "float | Schedule":
        for end in (value.start, value.end) if isinstance(value, Schedule) else (value,):
            if not (low < end <= high if exclusive else low <= end <= high):
                limit = f"must be {'greater than' if exclusive else 'at least'} {low:g}"
                raise ValueError(limit if high == float("inf") else f"{limit} and at most {high:g}")
        return value

    return AfterValidator(check)


def _number_or_schedule(value: Any) -> str:
    return "Schedule" if isinstance(value, (Mapping, Schedule)) else "float"


Number = Annotated[
    Annotated[float, Tag("float")] | Annotated[Schedule, Tag("Schedule")], Discriminator(_number_or_schedule)
]
Weight = Annotated[Number, _bounded(0)]
Rate = Annotated[Number, _bounded(0, 10, exclusive=True)]
Share = Annotated[Number, _bounded(0, 0.9999)]


def _height_and_width(value: Any) -> Any:
    """64 → (64, 64) and "48x64" → (48, 64), as people write sizes."""
    if isinstance(value, str):
        numbers = value.lower().replace("×", "x").split("x")
        if not all(number.strip().isdigit() for number in numbers) or len(numbers) > 2:
            raise ValueError(f"{value!r} is not a size; write 64, or 48x64 for height x width")
        value = [int(number) for number in numbers]
    if isinstance(value, int):
        value = [value]
    return [value[0], value[0]] if isinstance(value, (list, tuple)) and len(value) == 1 else value


Side = Annotated[int, Field(ge=16, le=256)]
Size = Annotated[tuple[Side, Side], BeforeValidator(_height_and_width)]


class DataOptions(Options):
    """Which images, and how they are prepared."""

    path: Annotated[str, OneOf("ganatomy.data.sources:SOURCES")] = Field(
        "digits", description="The images, by path or name."
    )
    size: Size | None = Field(None, description="Height x width in pixels, 16 to 256; empty: taken from the images.")
    channels: Literal[1, 3, 4] | None = Field(
        None, description="1 grey, 3 colour, 4 with alpha; empty: from the images."
    )
    fit: Literal["crop", "pad", "stretch"] = Field("crop", description="What to do with images of another shape.")
    split: str = Field("train", description="Which split, where the data has several.")
    first: int | None = Field(None, ge=2, description="Use at most so many images of the split, the first ones.")
    flip: bool = Field(False, description="Mirror half of the images at random.")


class PriorOptions(Options):
    """p_z, where latent vectors come from."""

    name: Annotated[str, OneOf("ganatomy.gan.priors:PRIORS")] = Field("normal", description="Distribution of z.")
    dimension: int = Field(
        100, ge=1, le=262_144, description="Length of the latent vector (diffusion and gsn: the pixels' number)."
    )
    conditional: bool = Field(False, description="Learn to generate by class; the images need classes.")
    classes: list[Annotated[int, Field(ge=0)]] = Field(
        [], description="Images of each class: filled in from the data of a conditional run."
    )


class VAEOptions(Options):
    """Of a variational autoencoder, whose decoder is `generator` and whose encoder is of `discriminator`'s kind."""

    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "gaussian", description="What a pixel is given z: bernoulli or gaussian."
    )
    beta: Weight = Field(1.0, description="Weight of the divergence from the prior (1: the evidence lower bound).")


class DiffusionOptions(Options):
    """Of a diffusion model, whose denoiser is `generator`."""

    steps: int = Field(1000, ge=2, le=10_000, description="Noise levels.")
    schedule: Literal["linear", "cosine"] = Field("cosine", description="How the noise grows with the level.")
    sampler: Annotated[Literal["ddim", "ancestral"], OfSampling()] = Field(
        "ddim", description="ddim (deterministic) or ancestral."
    )
    sampling_steps: Annotated[int, OfSampling()] = Field(
        50, ge=1, le=10_000, description="Denoising steps that make an image."
    )


class ObjectiveOptions(Options):
    """What each player minimises."""

    name: Annotated[str, OneOf("ganatomy.gan.objectives:OBJECTIVES")] = Field(
        "non_saturating", description="The losses of both players."
    )
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="Real labels become 1 − this (one-sided).")


class PenaltyOptions(Options):
    """What keeps the discriminator smooth; a weight of 0 is off."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]  # weights by the penalty's name

    every: int = Field(1, ge=1, description="Steps between two computations of a gradient's penalty (lazy: > 1).")
    clip: float = Field(0.0, ge=0, description="Discriminator weights are clipped to ±this after its step.")
    path_length: Weight = Field(0.0, description="Weight of E(‖∇_w G·y‖ − a)², stylegan2 generators only.")
    path_length_every: int = Field(4, ge=1, description="Steps between two computations of it.")

    @model_validator(mode="before")
    @classmethod
    def _all_named(cls, values: Any) -> Any:
        return {**dict.fromkeys(PENALTIES, 0.0), **values} if isinstance(values, Mapping) else values

    def weights(self) -> dict[str, float | Schedule]:
        """The weights of penalties that are on, by name."""
        return {name: weight for name, weight in (self.__pydantic_extra__ or {}).items() if weight}


class AugmentationOptions(Options):
    """What real and generated images go through before the discriminator sees them: for few images."""

    policies: list[Annotated[str, OneOf("ganatomy.gan.augment:POLICIES")]] = Field(
        [], description="What is done to them; empty: no augmentation."
    )
    probability: float = Field(1.0, ge=0, le=1, description="Share of the images that each of them changes.")
    target: float | None = Field(
        None, gt=0, lt=1, description="Adapt the probability until E[sign D(real)] is this (0.6); empty: keep it."
    )


class OptimiserOptions(Options):
    """How a player descends: torch's own optimisers."""

    name: Literal["sgd", "adam", "rmsprop"] = Field("adam", description="sgd, adam or rmsprop.")
    learning_rate: Rate = Field(2e-4, description="Step size; a number or a schedule.")
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = Field(
        (0.5, 0.999), description="Adam's decay rates."
    )
    momentum: Share = Field(0.0, description="Momentum of sgd and rmsprop; a number or a schedule.")


class AverageOptions(Options):
    """The exponential moving average of the generator, which draws the samples."""

    decay: float = Field(0.999, ge=0, lt=1, description="Share of the old average kept at each step; 0: no average.")
    warm_up: bool = Field(True, description="Start with a short memory: decay is at most (1 + t)/(10 + t).")


class TrainingOptions(Options):
    """Algorithm 1 and its budget."""

    batch: int = Field(64, ge=2, le=65536, description="Images a step, over all processes.")
    discriminator_steps: int = Field(1, ge=1, le=1000, description="k: discriminator steps a generator step.")
    share_fakes: bool = Field(
        False, description="The generator's step reuses the last fakes shown to the discriminator."
    )
    simultaneous: bool = Field(
        False, description="Both players move at once, on the same fakes, instead of the discriminator first."
    )
    steps: int | None = Field(None, ge=1, description="Stop after this many generator steps.")
    images: int | None = Field(None, ge=1, description="Stop after the discriminator has seen this many real images.")
    minutes: float | None = Field(None, gt=0, description="Stop after this many minutes of training.")
    seed: int = Field(0, ge=0, lt=2**63, description="All randomness follows from it.")
    retries: int = Field(
        3, ge=0, le=100, description="Roll-backs allowed after losses or gradients that are not finite."
    )


class LogOptions(Options):
    """What is written while training, and how often (in steps)."""

    every: int = Field(20, ge=1, description="A record of losses and scores; each is the mean since the last.")
    snapshot: int = Field(250, ge=1, description="A grid of samples from the same latent vectors.")
    checkpoint: int = Field(1000, ge=1, description="A checkpoint to resume from.")
    keep: int = Field(3, ge=0, description="Newest checkpoints kept; 0: all.")
    tensorboard: bool = Field(False, description="Write TensorBoard events too.")


class EvaluationOptions(Options):
    """Scores while training: `ganatomy evaluate`, again and again."""

    every: int = Field(0, ge=0, description="Steps between evaluations; 0: none.")
    samples: int = Field(2000, ge=100, description="Generated images a score.")
    metrics: list[Annotated[str, OneOf("ganatomy.evaluation.scoring:METRICS")]] = Field(
        ["fd"], min_length=1, description="What to measure."
    )
    features: Annotated[str, OneOf("ganatomy.evaluation.features:EXTRACTORS")] = Field(
        "auto", description="What the scores compare; auto: what fits the images."
    )


class DiagnosisOptions(Options):
    """What is wrong with the training, reported while it goes on: see docs/DIAGNOSIS.md."""

    on: bool = Field(True, description="Probe the training now and then; its weights are the same without.")
    every: int = Field(0, ge=0, description="Steps between two probes; 0: as often as costs 2% of the time at most.")
    samples: int = Field(128, ge=16, le=1024, description="Generated images, and as many real ones, of a probe.")
    remedies: int = Field(
        0, ge=0, le=100, description="How many remedies the training may apply by itself; 0: it only reports them."
    )


class RuntimeOptions(Options):
    """On what the run computes. `auto` is replaced by what was measured when the run starts."""

    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:N or mps.")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: the faster one that agrees.")
    convolution: Literal["auto", "native", "patches"] = Field("auto", description="How a CPU computes convolutions.")
    threads: int = Field(0, ge=0, le=1024, description="CPU threads of each process; 0: as many as there are cores.")


class UnknownOptions(NetworkOptions):
    """Options of a family that is not at hand: a stranger's, in a run that is only read here."""

    model_config = ConfigDict(extra="allow")


def _network(role: str) -> Any:
    """A validator: options of the family that they name; dcgan, where a file names none."""

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        family = FAMILIES.get(str(value.get("family", "dcgan")))
        kind = UnknownOptions if family is None else family.options(role)
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            raise PydanticCustomError("network_options", "wrong options", {"error": error}) from None

    return read


class Config(Options):
    """Everything that decides a run."""

    recipe: str = Field("dcgan", description="The recipe these options began as.")
    method: Literal["adversarial", "vae", "diffusion", "gsn"] = Field(
        "adversarial", description="How the generator learns: by the game, or as one of the baselines."
    )
    data: DataOptions = DataOptions()
    prior: PriorOptions = PriorOptions()
    generator: Annotated[SerializeAsAny[NetworkOptions], BeforeValidator(_network("generator"))] = DCGANOptions()
    discriminator: Annotated[SerializeAsAny[NetworkOptions], BeforeValidator(_network("discriminator"))] = (
        DCGANOptions()
    )
    objective: ObjectiveOptions = ObjectiveOptions()
    penalties: PenaltyOptions = Field(default_factory=PenaltyOptions)  # when made: parts may be loaded by then
    augmentation: AugmentationOptions = AugmentationOptions()
    vae: VAEOptions = VAEOptions()
    diffusion: DiffusionOptions = DiffusionOptions()
    generator_optimiser: OptimiserOptions = OptimiserOptions()
    discriminator_optimiser: OptimiserOptions = OptimiserOptions()
    average: AverageOptions = AverageOptions()
    training: TrainingOptions = TrainingOptions()
    log: LogOptions = LogOptions()
    evaluation: EvaluationOptions = EvaluationOptions()
    diagnosis: DiagnosisOptions = DiagnosisOptions()
    runtime: RuntimeOptions = RuntimeOptions()
