"""The options of each family of networks, declared once. No torch here."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class Part(BaseModel):
    """A group of options. Unknown names are errors; values do not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


FAMILY = "Kind of network; each has options of its own."
Channels = Annotated[list[Annotated[int, Field(ge=2, le=4096)]], Field(min_length=1, max_length=8)]
Counts = Annotated[list[Annotated[int, Field(ge=1, le=512)]], Field(min_length=1, max_length=8)]


class MLPOptions(Part):
    """Dense layers (Goodfellow et al. 2014)."""

    family: Literal["mlp"] = Field("mlp", description=FAMILY)
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [1200, 1200], min_length=1, description="Units of each hidden layer."
    )
    activation: Literal["relu", "leaky_relu", "maxout"] = Field("relu", description="What follows each hidden layer.")
    pieces: int = Field(5, ge=2, le=16, description="Linear pieces of a maxout unit.")
    dropout_input: float = Field(0.0, ge=0, lt=1, description="Share of the input dropped while training.")
    dropout_hidden: float = Field(0.0, ge=0, lt=1, description="Share of the hidden units dropped while training.")
    spread: float = Field(
        0.0, ge=0, le=1, description="Weights start uniform in ±spread; 0: torch's own initialisation."
    )


class DCGANOptions(Part):
    """Strided convolutions with batch normalisation (Radford et al. 2015)."""

    family: Literal["dcgan"] = Field("dcgan", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the layer next to the image.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation between layers: batch or none.")
    resampling: Literal["strided", "pooling"] = Field(
        "strided", description="How maps halve and double: strided convolutions, or pooling and repeated pixels."
    )
    dense: int = Field(0, ge=0, le=16384, description="Units of a fully connected hidden layer; 0: none.")


class ResNetOptions(Part):
    """Residual generators (Gulrajani et al. 2017; Miyato et al. 2018)."""

    family: Literal["resnet"] = Field("resnet", description=FAMILY)
    width: int = Field(128, ge=2, le=1024, description="Channels of every layer.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation between layers: batch or none.")


class ResNetJudgeOptions(Part):
    """Their discriminators."""

    family: Literal["resnet"] = Field("resnet", description=FAMILY)
    width: int = Field(128, ge=2, le=1024, description="Channels of every layer.")
    norm: Literal["spectral", "layer", "none"] = Field(
        "spectral", description="spectral: of every layer's weights; layer: of its maps; or none."
    )
    pooling: Literal["sum", "mean"] = Field("sum", description="How the last maps become one vector: sum or mean.")


class R3Options(Part):
    """Residual networks without normalisation (Huang et al. 2025)."""

    family: Literal["r3"] = Field("r3", description=FAMILY)
    widths: Channels = Field([96], description="Channels of each stage from the smallest map on; one for all: [96].")
    blocks: Counts = Field([2], description="Residual blocks of each stage; one for all: [2].")
    cardinality: Counts = Field([12], description="Groups of each stage's convolutions; one for all: [12].")
    expansion: int = Field(2, ge=1, le=8, description="Widening inside a block.")


class StyleGAN2Options(Part):
    """Style-based generators (Karras et al. 2020)."""

    family: Literal["stylegan2"] = Field("stylegan2", description=FAMILY)
    channels_base: int = Field(32768, ge=16, le=131072, description="Channels of a map times its side, at most.")
    channels_most: int = Field(512, ge=2, le=4096, description="Channels of the widest map.")
    style: int = Field(512, ge=2, le=4096, description="Length of a style vector w.")
    mapping_layers: int = Field(8, ge=1, le=16, description="Dense layers from z to w.")
    mixing: float = Field(0.9, ge=0, le=1, description="Share of training batches made of two styles.")


class StyleGAN2JudgeOptions(Part):
    """Their discriminators."""

    family: Literal["stylegan2"] = Field("stylegan2", description=FAMILY)
    channels_base: int = Field(32768, ge=16, le=131072, description="Channels of a map times its side, at most.")
    channels_most: int = Field(512, ge=2, le=4096, description="Channels of the widest map.")
    mapping_layers: int = Field(8, ge=1, le=16, description="Dense layers behind the classes.")
    group: int = Field(4, ge=1, le=64, description="Images that share a minibatch standard deviation.")
    residual: bool = Field(True, description="Skip connections around each block.")


class UNetOptions(Part):
    """The denoiser of a diffusion model (Ho et al. 2020)."""

    family: Literal["unet"] = Field("unet", description=FAMILY)
    width: int = Field(32, ge=4, le=1024, description="Channels at the image's own resolution.")
    multipliers: list[Annotated[int, Field(ge=1, le=16)]] = Field(
        [1, 2, 2], min_length=1, max_length=6, description="Channels at each resolution, in multiples of width."
    )
    blocks: int = Field(1, ge=1, le=8, description="Residual blocks at each resolution.")
    attention: bool = Field(True, description="Attention at the lowest resolution.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of the maps dropped while training.")


class GSNOptions(Part):
    """The noisy autoencoder of a generative stochastic network (Bengio et al. 2014)."""

    family: Literal["gsn"] = Field("gsn", description=FAMILY)
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [1500, 1500], min_length=1, description="Units of each hidden layer."
    )
    salt_and_pepper: float = Field(0.4, ge=0, lt=1, description="Share of pixels replaced by black or white.")
    hidden_noise: float = Field(2.0, ge=0, description="Deviation of the noise before and after the hidden units.")
    walk_backs: int = Field(4, ge=1, le=100, description="Steps of the chain that each training step walks back from.")
    sampling_steps: int = Field(50, ge=1, le=10_000, description="Steps of the chain that makes an image.")


def _family(value: Any) -> Any:
    """dcgan, where a file names no family."""
    return value.get("family", "dcgan") if isinstance(value, Mapping) else getattr(value, "family", None)


Plain = Annotated[MLPOptions, Tag("mlp")] | Annotated[DCGANOptions, Tag("dcgan")] | Annotated[R3Options, Tag("r3")]
GeneratorNetwork = Annotated[
    Plain
    | Annotated[ResNetOptions, Tag("resnet")]
    | Annotated[StyleGAN2Options, Tag("stylegan2")]
    | Annotated[UNetOptions, Tag("unet")]
    | Annotated[GSNOptions, Tag("gsn")],
    Discriminator(_family),
]
DiscriminatorNetwork = Annotated[
    Plain | Annotated[ResNetJudgeOptions, Tag("resnet")] | Annotated[StyleGAN2JudgeOptions, Tag("stylegan2")],
    Discriminator(_family),
]
