"""The typed configuration: every option's type, default, bounds and help text, declared once.

The command line (`--set part.option=value`), the YAML file, `ganatomy train --help` and docs/OPTIONS.md follow from the
declarations below, by way of `settings`. No torch here: readers of a run folder use this too.
"""

from collections.abc import Mapping
from math import inf
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
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ganatomy.config.schedules import Schedule
from ganatomy.gan.penalties import PENALTIES
from ganatomy.networks.families import FAMILIES, DCGANDiscriminatorOptions, DCGANOptions
from ganatomy.networks.registry import NetworkOptions
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
    if isinstance(value, (list, tuple)):
        value = [value[0], value[0]] if len(value) == 1 else value
        if not all(SMALLEST <= side <= LARGEST for side in value if isinstance(side, int)):
            raise ValueError(f"must be {SMALLEST} to {LARGEST} pixels a side")
    return value


SMALLEST, LARGEST = 16, 256  # pixels a side
BUFFER, CACHE_GB = 10_000, 20.0  # of streamed shards: images shuffled together, decoded ones on disk
Side = Annotated[int, Field(ge=SMALLEST, le=LARGEST)]
Size = Annotated[
    tuple[Side, Side], BeforeValidator(_height_and_width), WithJsonSchema({"words": "64, or 48x64 for height x width"})
]


def _low_and_high(value: Any) -> Any:
    """ "0,4095" → (0, 4095)."""
    if isinstance(value, str):
        try:
            value = [float(number) for number in value.split(",")]
        except ValueError:
            value = []
        if len(value) != 2:
            raise ValueError("write the values of black and white as LOW,HIGH, for example 0,4095")
    return value


def _upwards(value: tuple[float, float]) -> tuple[float, float]:
    if not -inf < value[0] < value[1] < inf:
        raise ValueError("must be two numbers, black's and white's, the smaller one first")
    return value


ValueRange = Annotated[
    tuple[float, float],
    BeforeValidator(_low_and_high),
    AfterValidator(_upwards),
    WithJsonSchema({"words": "two numbers: LOW,HIGH"}),
]


class DataOptions(Options):
    """Which images, table or sounds to train on, and how they are prepared."""

    path: Annotated[str, OneOf("ganatomy.data.sources:SOURCES")] = Field(
        "digits", description="The images or sounds, by path or name, or a table's file."
    )
    size: Size | None = Field(None, description="Height x width in pixels, 16 to 256; empty: that of the images.")
    channels: Literal[1, 3, 4] | None = Field(
        None, description="1: grey, 3: colour, 4: colour with alpha; empty: that of the images."
    )
    fit: Literal["crop", "pad", "stretch"] = Field("crop", description="How images of another shape are made to fit.")
    padding: Literal["background", "border"] = Field(
        "background",
        description="Colour of the bars of fit=pad; background: transparent with 4 channels, else white; border: the "
        "median colour of the image's border.",
    )
    range: ValueRange | None = Field(
        None,
        description="Values of black and white in all images; empty: as their type has them, or all of them suggest.",
    )
    split: str = Field("train", description="Which split to train on, where the data has several.")
    classes_from: int | None = Field(
        None,
        ge=1,
        description="Level of folders whose names are the classes, 1 the outermost; empty: the one that is clear.",
    )
    first: int | None = Field(
        None, ge=2, description="Train on the first N images of the split, or rows, only; empty: on all."
    )
    leave_out: list[str] = Field([], description="Columns of a table that are not learnt.")
    rate: int = Field(8000, ge=8000, le=16000, description="Samples per second of sounds; others are resampled.")
    seconds: float = Field(
        0.5, ge=0.1, le=1, description="Length of sounds; longer ones are cut, silence follows shorter ones."
    )
    form: Literal["waveform", "spectrogram"] = Field(
        "waveform",
        description="How networks see sounds; spectrogram: as images of log-magnitudes, drawn by families for images.",
    )
    stream: bool | None = Field(
        None,
        description="Decode tar shards as the training needs them, not before it; empty: where they are larger than "
        "cache_gb.",
    )
    buffer: int = Field(BUFFER, ge=2, description="Images that are shuffled together, of streamed shards.")
    cache_gb: float = Field(
        CACHE_GB,
        ge=0,
        description="Gigabytes of decoded shards that stay on disk, where they are streamed; the least recently used "
        "go first.",
    )
    flip: bool = Field(False, description="Mirror images left to right, each with probability ½.")
    given: str | None = Field(
        None,
        description="Of image translation: where the given images are. left or right: that half of each image; else a "
        "folder or an archive with images of the same names.",
    )
    paired: bool = Field(
        True,
        description="The given images and those that are drawn belong together by their names; false: two sets.",
    )
    scale: Literal[2, 4, 8] | None = Field(
        None, description="Of super-resolution: how many times smaller the given images are made from these."
    )
    downscaling: Literal["bicubic", "area"] = Field(
        "bicubic", description="How they are made smaller: by a bicubic filter, or as the mean of each block of pixels."
    )


OF_PAIRS = ("given", "paired", "scale", "downscaling")  # options of the data that say how pairs are made of images
OF_SOUNDS = ("rate", "seconds", "form")  # those of sounds


class PriorOptions(Options):
    """The prior p_z, from which latent vectors z are drawn."""

    name: Annotated[str, OneOf("ganatomy.gan.priors:PRIORS")] = Field(
        "normal", description="Distribution of the latent vectors."
    )
    dimension: int = Field(
        100, ge=1, le=262_144, description="Length of z; for diffusion and gsn always the number of values of an image."
    )
    conditional: bool = Field(False, description="Generate by class; the images must have classes.")
    classes: list[Annotated[int, Field(ge=0)]] = Field(
        [], description="Images of each class in the data; filled in when a conditional run starts."
    )


class InitOptions(Options):
    """The generator that a training starts from, instead of random weights: see docs/TRAINING.md."""

    path: str = Field("", description="A run, an exported folder or file, or hf:owner/name; empty: random weights.")
    step: int | None = Field(None, ge=0, description="The checkpoint of that run to start from; empty: the newest.")
    freeze: int = Field(
        0,
        ge=0,
        le=1000,
        description="FreezeD: how many of the discriminator's layers, counted from the image on, keep their weights.",
    )


class VAEOptions(Options):
    """The variational autoencoder (method=vae): `generator` is its decoder, `discriminator` the kind of its encoder."""

    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "gaussian", description="Distribution of a pixel given z; bernoulli is for black and white images."
    )
    beta: Weight = Field(1.0, description="Weight of the KL divergence from the prior; 1: the evidence lower bound.")


class DiffusionOptions(Options):
    """The diffusion model (method=diffusion): `generator` is its denoiser."""

    steps: int = Field(1000, ge=2, le=10_000, description="Noise levels in training.")
    schedule: Literal["linear", "cosine"] = Field("cosine", description="How noise grows from level to level.")
    sampler: Annotated[Literal["ddim", "ancestral"], OfSampling()] = Field(
        "ddim", description="How images are sampled: ddim adds no noise on the way."
    )
    sampling_steps: Annotated[int, OfSampling()] = Field(
        50, ge=1, le=10_000, description="Denoising steps to sample an image."
    )


class ObjectiveOptions(Options):
    """What each player minimises."""

    name: Annotated[str, OneOf("ganatomy.gan.objectives:OBJECTIVES")] = Field(
        "non_saturating", description="The loss functions of both players."
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=0.5, description="One-sided label smoothing: real labels are 1 − this."
    )


class PenaltyOptions(Options):
    """Terms that keep the discriminator smooth, by their weight; 0: off."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]  # weights by the penalty's name

    every: int = Field(1, ge=1, description="Compute penalties at every N-th step only, with N times the weight.")
    clip: float = Field(0.0, ge=0, description="Clip the discriminator's weights to ±this after each update; 0: off.")
    path_length: Weight = Field(
        0.0, description="Weight of the path length penalty E(‖∇_w G·y‖ − a)²; for stylegan2 generators."
    )
    path_length_every: int = Field(
        4, ge=1, description="Compute the path length penalty at every N-th step only, with N times the weight."
    )

    @model_validator(mode="before")
    @classmethod
    def _all_named(cls, values: Any) -> Any:
        return {**dict.fromkeys(PENALTIES, 0.0), **values} if isinstance(values, Mapping) else values

    condition: Weight = Field(
        0.0, description="Weight of E[−log P(the asked category)] in the loss of a table's generator."
    )
    l1: Weight = Field(
        0.0, description="Weight of the mean absolute error in the loss of a generator of a given image with a target."
    )
    l2: Weight = Field(0.0, description="Weight of the mean squared error in that loss.")
    nce: Weight = Field(
        0.0, description="Weight of CUT's contrastive loss of patches, in the loss of a generator that compares them."
    )

    def weights(self) -> dict[str, float | Schedule]:
        """The weights of penalties that are on, by name."""
        return {name: weight for name, weight in (self.__pydantic_extra__ or {}).items() if weight}


class AugmentationOptions(Options):
    """Differentiable augmentation of all images, real or generated, that the discriminator sees: for small sets."""

    policies: list[Annotated[str, OneOf("ganatomy.gan.augment:POLICIES")]] = Field(
        [], description="Transformations to apply; empty: none."
    )
    probability: float = Field(1.0, ge=0, le=1, description="Probability of each transformation of each image.")
    target: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Adapt the probability until E[sign D(real)] is this, as ADA does with 0.6; empty: keep it.",
    )


class PrivacyOptions(Options):
    """Differential privacy of the training images: see docs/PRIVACY.md."""

    noise: float = Field(
        0.0,
        ge=0,
        description="Standard deviation σ of the noise on the discriminator's gradients, in units of privacy.clip; "
        "0: no privacy.",
    )
    clip: float = Field(1.0, gt=0, description="The longest gradient that one training image may contribute.")
    delta: float | None = Field(
        None, gt=0, lt=1, description="δ, for which ε is told; empty: a tenth of 1 / the number of training images."
    )


class OptimiserOptions(Options):
    """The optimiser of a player: torch's own."""

    name: Literal["sgd", "adam", "rmsprop"] = Field("adam", description="Kind of optimiser.")
    learning_rate: Rate = Field(2e-4, description="Learning rate.")
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = Field(
        (0.5, 0.999), description="Decay rates of Adam's two averages, β₁ and β₂."
    )
    momentum: Share = Field(0.0, description="Momentum, of sgd and rmsprop.")


class AverageOptions(Options):
    """The exponential moving average of the generator's weights, which makes all samples."""

    decay: float = Field(0.999, ge=0, lt=1, description="Share of the average that each step keeps; 0: no averaging.")
    warm_up: bool = Field(
        True, description="Average over fewer steps at first: decay at step t is at most (1 + t)/(10 + t)."
    )


class TrainingOptions(Options):
    """The training loop and its budget: the first limit that is reached ends it."""

    batch: int = Field(64, ge=2, le=65536, description="Real images in a batch, over all processes.")
    discriminator_steps: int = Field(
        1, ge=1, le=1000, description="k: updates of the discriminator for each of the generator."
    )
    share_fakes: bool = Field(
        False, description="The generator's update reuses the discriminator's last fakes instead of new ones."
    )
    simultaneous: bool = Field(
        False, description="Update both players from the same weights, on the same fakes; not the discriminator first."
    )
    pack: int = Field(
        1,
        ge=1,
        le=64,
        description="How many samples the discriminator scores together (PacGAN); training.batch is a multiple.",
    )
    steps: int | None = Field(
        None, ge=1, description="Stop at this step, counted from the beginning; a step is one update of the generator."
    )
    images: int | None = Field(
        None,
        ge=1,
        description="Stop when the discriminator has seen this many real images, counted from the beginning.",
    )
    minutes: float | None = Field(None, gt=0, description="Stop after this many minutes of training in all.")
    seed: int = Field(0, ge=0, lt=2**63, description="Decides all random numbers.")
    retries: int = Field(3, ge=0, le=100, description="How often to roll back when losses or gradients are not finite.")


class LogOptions(Options):
    """What is written while training, and after how many steps each time."""

    every: int = Field(
        20, ge=1, description="Steps between two records, each the mean of losses and scores since the last."
    )
    snapshot: int = Field(250, ge=1, description="Steps between two grids of samples, of the same latent vectors.")
    checkpoint: int = Field(1000, ge=1, description="Steps between two checkpoints.")
    keep: int = Field(3, ge=0, description="How many of the newest checkpoints to keep; 0: all.")
    mirror: str = Field(
        "",
        description="Address (s3://…, file://…) to which each checkpoint is copied, for another machine to go on with; "
        "empty: none.",
    )
    trackers: list[Annotated[str, OneOf("ganatomy.training.trackers:TRACKERS")]] = Field(
        [], description="Experiment trackers that are told what is written, too: see docs/TRACKING.md."
    )
    tensorboard: bool = Field(False, description="The same as `tensorboard` among `log.trackers`.")

    @property
    def named(self) -> list[str]:
        """All trackers, each once."""
        return list(dict.fromkeys([*self.trackers, *(["tensorboard"] if self.tensorboard else [])]))


class EvaluationOptions(Options):
    """Scores while training, as `ganatomy evaluate` measures them."""

    every: int = Field(0, ge=0, description="Steps between two evaluations; 0: never.")
    samples: int = Field(2000, ge=100, description="Generated images or rows for each evaluation.")
    metrics: list[Annotated[str, OneOf("ganatomy.evaluation.scoring:METRICS")]] = Field(
        [], description="Metrics to measure; if none is named fd, and of a table columns and association."
    )
    features: Annotated[str, OneOf("ganatomy.evaluation.features:EXTRACTORS")] = Field(
        "auto", description="Features that the metrics compare; auto: chosen for the images."
    )


class DiagnosisOptions(Options):
    """The diagnosis, which finds out while training what goes wrong: see docs/DIAGNOSIS.md."""

    on: bool = Field(True, description="Diagnose the training; its weights are the same either way.")
    every: int = Field(0, ge=0, description="Steps between two probes; 0: as often as 2% of the time allows.")
    samples: int = Field(
        128, ge=16, le=1024, description="Generated images that a probe draws; the discriminator scores the first 64."
    )
    remedies: int = Field(
        0, ge=0, le=100, description="How many remedies the training may apply by itself; 0: only report."
    )


class RuntimeOptions(Options):
    """What the run computes on. When it starts, `auto` is replaced by what is there or was measured to be fastest."""

    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="cpu, cuda, cuda:N or mps; auto: a GPU if there is one.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Of matrix products and convolutions; auto: the fastest that agrees with float32."
    )
    convolution: Literal["auto", "native", "patches"] = Field(
        "auto",
        description="How a CPU computes float32 convolutions, and the dense layers of mlp; native: by torch, "
        "patches: by ours; auto: the faster.",
    )
    threads: int = Field(0, ge=0, le=1024, description="CPU threads of each process; 0: one for each core.")


class UnknownOptions(NetworkOptions):
    """Options of a family that is not loaded: someone's own, in a run that is only read here."""

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

    recipe: str = Field("dcgan", description="The recipe that these options started from.")
    method: Literal["adversarial", "vae", "diffusion", "gsn", "regression"] = Field(
        "adversarial", description="How the generator learns: in the game (adversarial), or as a baseline."
    )
    data: DataOptions = DataOptions()
    init: InitOptions = InitOptions()
    prior: PriorOptions = PriorOptions()
    generator: Annotated[SerializeAsAny[NetworkOptions], BeforeValidator(_network("generator"))] = DCGANOptions()
    discriminator: Annotated[SerializeAsAny[NetworkOptions], BeforeValidator(_network("discriminator"))] = (
        DCGANDiscriminatorOptions()
    )
    objective: ObjectiveOptions = ObjectiveOptions()
    penalties: PenaltyOptions = Field(default_factory=PenaltyOptions)  # when made: parts may be loaded by then
    augmentation: AugmentationOptions = AugmentationOptions()
    privacy: PrivacyOptions = PrivacyOptions()
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

    @property
    def private(self) -> bool:
        """Whether the discriminator's updates are differentially private."""
        return self.method == "adversarial" and self.privacy.noise > 0

    @property
    def modality(self) -> str:
        """What the generator draws, by its family: images, tables, sounds, or images of images, which are pairs.

        Images of spectrograms are sounds.
        """
        family = FAMILIES.get(self.generator.family)
        drawn = "images" if family is None else family.modality
        return "sounds" if drawn == "images" and self.data.form == "spectrogram" else drawn
