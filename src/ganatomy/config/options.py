"""The typed configuration: every option's type, default, bounds and help text, declared once.

The command line (`--set part.option=value`), the YAML file, `ganatomy train --help` and docs/OPTIONS.md follow from the
declarations below, by way of `settings`. No torch here: readers of a run folder use this too.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from ganatomy.config.families import DCGANOptions, DiscriminatorNetwork, GeneratorNetwork, Part


class Schedule(Part):
    """A number that changes with the step; `ganatomy.config.schedules.at` reads it."""

    kind: Literal["linear", "exponential", "cosine"] = Field(
        "linear", description="Shape of the way from start to end."
    )
    start: float = Field(description="Value at step 0.")
    end: float = Field(description="Value from the last step of the schedule on (a floor, when exponential).")
    steps: int = Field(0, ge=0, description="Length in generator steps (linear and cosine).")
    factor: float = Field(1.0, gt=0, le=1, description="Multiplier of every step (exponential).")

    @model_validator(mode="after")
    def _whole(self) -> "Schedule":
        if self.kind != "exponential" and self.steps == 0:
            raise ValueError(f"a {self.kind} schedule needs steps, its length")
        return self


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


class Data(Part):
    """Which images, and how they are prepared."""

    path: str = Field("digits", description="Folder, zip, .npy, .npz, IDX file or folder, or a named set.")
    size: Size | None = Field(None, description="Height x width in pixels, 16 to 256; empty: taken from the images.")
    channels: Literal[1, 3, 4] | None = Field(
        None, description="1 grey, 3 colour, 4 with alpha; empty: from the images."
    )
    fit: Literal["crop", "pad", "stretch"] = Field("crop", description="What to do with images of another shape.")
    split: str = Field("train", description="Which split, where the data has several.")
    first: int | None = Field(None, ge=2, description="Use at most so many images of the split, the first ones.")
    flip: bool = Field(False, description="Mirror half of the images at random.")


class Prior(Part):
    """p_z, where latent vectors come from."""

    name: str = Field("normal", description="normal or uniform.")
    dimension: int = Field(
        100, ge=1, le=262_144, description="Length of the latent vector (diffusion and gsn: the pixels' number)."
    )
    conditional: bool = Field(False, description="Learn to generate by class; the images need classes.")
    classes: list[Annotated[int, Field(ge=0)]] = Field(
        [], description="Images of each class: filled in from the data of a conditional run."
    )


class VAE(Part):
    """Of a variational autoencoder, whose decoder is `generator` and whose encoder is of `discriminator`'s kind."""

    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "gaussian", description="What a pixel is given z: bernoulli or gaussian."
    )
    beta: Weight = Field(1.0, description="Weight of the divergence from the prior (1: the evidence lower bound).")


class Diffusion(Part):
    """Of a diffusion model, whose denoiser is `generator`."""

    steps: int = Field(1000, ge=2, le=10_000, description="Noise levels.")
    schedule: Literal["linear", "cosine"] = Field("cosine", description="How the noise grows with the level.")
    sampler: Literal["ddim", "ancestral"] = Field("ddim", description="ddim (deterministic) or ancestral.")
    sampling_steps: int = Field(50, ge=1, le=10_000, description="Denoising steps that make an image.")


class Objective(Part):
    """What each player minimises."""

    name: str = Field(
        "non_saturating",
        description="minimax, non_saturating, least_squares, wasserstein, hinge or relativistic_pairing.",
    )
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="Real labels become 1 − this (one-sided).")


class Penalties(Part):
    """What keeps the discriminator smooth; a weight of 0 is off."""

    r1: Weight = Field(0.0, description="Weight γ of γ/2·‖∇D‖² at real images.")
    r2: Weight = Field(0.0, description="Weight γ of γ/2·‖∇D‖² at generated images.")
    wgan_gp: Weight = Field(0.0, description="Weight λ of λ(‖∇D‖ − 1)² between real and generated images.")
    dragan: Weight = Field(0.0, description="Weight λ of λ(‖∇D‖ − 1)² around real images.")
    every: int = Field(1, ge=1, description="Steps between two computations of a gradient's penalty (lazy: > 1).")
    clip: float = Field(0.0, ge=0, description="Discriminator weights are clipped to ±this after its step.")
    path_length: Weight = Field(0.0, description="Weight of E(‖∇_w G·y‖ − a)², stylegan2 generators only.")
    path_length_every: int = Field(4, ge=1, description="Steps between two computations of it.")


class Augmentation(Part):
    """What real and generated images go through before the discriminator sees them: for few images."""

    policies: list[Literal["colour", "translation", "cutout"]] = Field(
        [], description="colour, translation, cutout; empty: no augmentation."
    )
    probability: float = Field(1.0, ge=0, le=1, description="Share of the images that each of them changes.")
    target: float | None = Field(
        None, gt=0, lt=1, description="Adapt the probability until E[sign D(real)] is this (0.6); empty: keep it."
    )


class Optimiser(Part):
    """How a player descends: torch's own optimisers."""

    name: Literal["sgd", "adam", "rmsprop"] = Field("adam", description="sgd, adam or rmsprop.")
    learning_rate: Rate = Field(2e-4, description="Step size; a number or a schedule.")
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = Field(
        (0.5, 0.999), description="Adam's decay rates."
    )
    momentum: Share = Field(0.0, description="Momentum of sgd and rmsprop; a number or a schedule.")


class Average(Part):
    """The exponential moving average of the generator, which draws the samples."""

    decay: float = Field(0.999, ge=0, lt=1, description="Share of the old average kept at each step; 0: no average.")
    warm_up: bool = Field(True, description="Start with a short memory: decay is at most (1 + t)/(10 + t).")


class Training(Part):
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


class Log(Part):
    """What is written while training, and how often (in steps)."""

    every: int = Field(20, ge=1, description="A record of losses and scores; each is the mean since the last.")
    snapshot: int = Field(250, ge=1, description="A grid of samples from the same latent vectors.")
    checkpoint: int = Field(1000, ge=1, description="A checkpoint to resume from.")
    keep: int = Field(3, ge=0, description="Newest checkpoints kept; 0: all.")
    tensorboard: bool = Field(False, description="Write TensorBoard events too.")


class Evaluation(Part):
    """Scores while training: `ganatomy evaluate`, again and again."""

    every: int = Field(0, ge=0, description="Steps between evaluations; 0: none.")
    samples: int = Field(2000, ge=100, description="Generated images a score.")
    metrics: list[str] = Field(["fd"], min_length=1, description="What to measure: see `ganatomy evaluate --help`.")
    features: str = Field("auto", description="auto, lenet, classifier, random, pixels, inception or dinov2.")


class Diagnosis(Part):
    """What is wrong with the training, said while it goes on: see docs/DIAGNOSIS.md."""

    on: bool = Field(True, description="Look at the training now and then; its weights are the same without.")
    every: int = Field(0, ge=0, description="Steps between two looks; 0: as often as costs 2% of the time at most.")
    samples: int = Field(128, ge=16, le=1024, description="Generated, and as many real, images that are looked at.")
    remedies: int = Field(
        0, ge=0, le=100, description="How many remedies the training may apply by itself; 0: it only tells them."
    )


class Runtime(Part):
    """On what the run computes. `auto` is replaced by what was measured when the run starts."""

    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:N or mps.")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: the faster one that agrees.")
    convolution: Literal["auto", "native", "patches"] = Field("auto", description="How a CPU computes convolutions.")
    threads: int = Field(0, ge=0, le=1024, description="CPU threads of each process; 0: as many as there are cores.")


class Config(Part):
    """Everything that decides a run."""

    recipe: str = Field("dcgan", description="The recipe these options began as.")
    method: Literal["adversarial", "vae", "diffusion", "gsn"] = Field(
        "adversarial", description="How the generator learns: by the game, or as one of the baselines."
    )
    data: Data = Data()
    prior: Prior = Prior()
    generator: GeneratorNetwork = DCGANOptions()
    discriminator: DiscriminatorNetwork = DCGANOptions()
    objective: Objective = Objective()
    penalties: Penalties = Penalties()
    augmentation: Augmentation = Augmentation()
    vae: VAE = VAE()
    diffusion: Diffusion = Diffusion()
    generator_optimiser: Optimiser = Optimiser()
    discriminator_optimiser: Optimiser = Optimiser()
    average: Average = Average()
    training: Training = Training()
    log: Log = Log()
    evaluation: Evaluation = Evaluation()
    diagnosis: Diagnosis = Diagnosis()
    runtime: Runtime = Runtime()
