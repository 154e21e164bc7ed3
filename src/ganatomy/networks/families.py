"""The families of networks and the options of each, declared once. No torch here: networks are imported when built."""

from typing import Annotated, Literal

from pydantic import Field

from ganatomy.networks.registry import FAMILIES as FAMILIES
from ganatomy.networks.registry import FAMILY, NetworkOptions
from ganatomy.networks.registry import register_family as register_family
from ganatomy.system.options import OfSampling

Channels = Annotated[list[Annotated[int, Field(ge=2, le=4096)]], Field(min_length=1, max_length=8)]
Counts = Annotated[list[Annotated[int, Field(ge=1, le=512)]], Field(min_length=1, max_length=8)]


class MLPOptions(NetworkOptions):
    """Dense layers (Goodfellow et al. 2014)."""

    family: Literal["mlp"] = Field("mlp", description=FAMILY)
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [1200, 1200], min_length=1, description="Units of each hidden layer, the input's side first."
    )
    activation: Literal["relu", "leaky_relu", "maxout"] = Field(
        "relu", description="Activation function of the hidden layers."
    )
    pieces: int = Field(5, ge=2, le=16, description="Linear pieces of each maxout unit.")
    dropout_input: float = Field(0.0, ge=0, lt=1, description="Dropout of the input while training.")
    dropout_hidden: float = Field(0.0, ge=0, lt=1, description="Dropout of the hidden units while training.")
    spread: float = Field(
        0.0, ge=0, le=1, description="Weights start uniform in ±spread; 0: as torch initialises them."
    )


class MLPGeneratorOptions(MLPOptions):
    """Dense layers (Goodfellow et al. 2014)."""

    start_margin: float = Field(
        1e-3,
        ge=1e-7,
        lt=0.5,
        description="The output starts at the data's mean image, its pixels at least this far from 0 and 1: "
        "a pixel that is always black changes only if it starts above 0.",
    )


register_family("mlp", "ganatomy.networks.mlp", MLPGeneratorOptions, MLPOptions, methods=("adversarial", "vae"))


class DCGANOptions(NetworkOptions):
    """Strided convolutions with batch normalisation (Radford et al. 2015)."""

    family: Literal["dcgan"] = Field("dcgan", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the layer next to the image.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation between layers.")
    resampling: Literal["strided", "pooling"] = Field(
        "strided", description="How maps change size: by strided convolutions, or by pooling and repeated pixels."
    )
    dense: int = Field(0, ge=0, le=16384, description="Units of a fully connected hidden layer; 0: none.")


class DCGANDiscriminatorOptions(DCGANOptions):
    """Strided convolutions with batch or spectral normalisation (Radford et al. 2015)."""

    norm: Literal["batch", "spectral", "none"] = Field(  # type: ignore[assignment]
        "batch", description="Normalisation: batch, between layers; spectral, of each layer's weights; none."
    )


register_family(
    "dcgan",
    "ganatomy.networks.dcgan",
    DCGANOptions,
    DCGANDiscriminatorOptions,
    methods=("adversarial", "vae"),
)


class ResNetOptions(NetworkOptions):
    """Residual generators (Gulrajani et al. 2017; Miyato et al. 2018)."""

    family: Literal["resnet"] = Field("resnet", description=FAMILY)
    width: int = Field(128, ge=2, le=1024, description="Channels of the largest map's layers.")
    widest: int = Field(1, ge=1, le=64, description="Channels at most, in multiples of width: doubled at each halving.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation between layers.")


class ResNetDiscriminatorOptions(NetworkOptions):
    """Residual discriminators (Gulrajani et al. 2017; Miyato et al. 2018)."""

    family: Literal["resnet"] = Field("resnet", description=FAMILY)
    width: int = Field(128, ge=2, le=1024, description="Channels of the largest map's layers.")
    widest: int = Field(1, ge=1, le=64, description="Channels at most, in multiples of width: doubled at each halving.")
    norm: Literal["spectral", "layer", "none"] = Field(
        "spectral", description="spectral: of each layer's weights; layer: of its maps; none."
    )
    flat: Literal[1, 2] = Field(
        2, description="Last blocks, which keep the size: 2 end at twice the generator's smallest map, 1 at its size."
    )
    pooling: Literal["sum", "mean"] = Field(
        "sum", description="How the last map becomes one vector: by its sum or its mean."
    )


register_family("resnet", "ganatomy.networks.resnet", ResNetOptions, ResNetDiscriminatorOptions)


class ProjectedOptions(NetworkOptions):
    """Discriminators behind a fixed network that was trained on ImageNet (Sauer et al. 2021)."""

    family: Literal["projected"] = Field("projected", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the small discriminators, one for each map's size.")
    features: Literal["pretrained", "random", "none"] = Field(
        "pretrained", description="Weights of the fixed network; none: the pixels alone are judged."
    )
    resolution: int = Field(64, ge=32, le=256, description="Smaller images are enlarged to so many pixels a side.")
    pixels: int = Field(0, ge=0, le=1024, description="Width of one more discriminator, of the pixels; 0: none.")


register_family("projected", "ganatomy.networks.projected", ProjectedOptions, generates=False)


class R3Options(NetworkOptions):
    """Residual networks without normalisation (Huang et al. 2025)."""

    family: Literal["r3"] = Field("r3", description=FAMILY)
    widths: Channels = Field(
        [96], description="Channels of each stage, from the smallest map on, or one number for all."
    )
    blocks: Counts = Field([2], description="Residual blocks of each stage, or one number for all.")
    cardinality: Counts = Field([12], description="Groups of each stage's convolutions, or one number for all.")
    expansion: int = Field(2, ge=1, le=8, description="How many times wider a block is inside.")


register_family("r3", "ganatomy.networks.r3", R3Options)


class StyleGAN2Options(NetworkOptions):
    """Style-based generators (Karras et al. 2020)."""

    family: Literal["stylegan2"] = Field("stylegan2", description=FAMILY)
    channels_base: int = Field(32768, ge=16, le=131072, description="Channels of a map times its side, at most.")
    channels_most: int = Field(512, ge=2, le=4096, description="Channels of the widest map.")
    style: int = Field(512, ge=2, le=4096, description="Length of a style vector w.")
    mapping_layers: int = Field(8, ge=1, le=16, description="Dense layers from z to w.")
    mixing: float = Field(0.9, ge=0, le=1, description="Share of training batches whose images mix two styles.")


class StyleGAN2DiscriminatorOptions(NetworkOptions):
    """Residual discriminators with a minibatch standard deviation (Karras et al. 2020)."""

    family: Literal["stylegan2"] = Field("stylegan2", description=FAMILY)
    channels_base: int = Field(32768, ge=16, le=131072, description="Channels of a map times its side, at most.")
    channels_most: int = Field(512, ge=2, le=4096, description="Channels of the widest map.")
    mapping_layers: int = Field(8, ge=1, le=16, description="Dense layers after the embedding of the classes.")
    group: int = Field(
        4,
        ge=1,
        le=64,
        description="Images that share one minibatch standard deviation. training.batch is a multiple, or smaller.",
    )
    residual: bool = Field(True, description="Whether blocks have skip connections.")


register_family("stylegan2", "ganatomy.networks.stylegan2", StyleGAN2Options, StyleGAN2DiscriminatorOptions)


class RowsOptions(NetworkOptions):
    """Residual dense networks for the rows of a table (Xu et al. 2019)."""

    family: Literal["rows"] = Field("rows", description=FAMILY)
    latent: int = Field(
        128, ge=1, le=4096, description="Numbers of z that the layers read; the others are the noise of the choices."
    )
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [256, 256], min_length=1, description="Units of each hidden layer."
    )
    temperature: float = Field(
        0.2, gt=0, le=10, description="Of the Gumbel softmax; the smaller, the nearer is a choice to all or nothing."
    )


class RowsDiscriminatorOptions(NetworkOptions):
    """Dense networks for the rows of a table (Xu et al. 2019)."""

    family: Literal["rows"] = Field("rows", description=FAMILY)
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [256, 256], min_length=1, description="Units of each hidden layer, the input's side first."
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout of the hidden units while training.")


register_family("rows", "ganatomy.networks.rows", RowsOptions, RowsDiscriminatorOptions, modality="tables")


class ResidualCopulaOptions(NetworkOptions):
    """A Gaussian copula of the table's columns, and a network that corrects it."""

    family: Literal["residual_copula"] = Field("residual_copula", description=FAMILY)
    latent: int = Field(32, ge=1, le=4096, description="Numbers of z that the network reads beside the copula's.")
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [256, 256], min_length=1, description="Units of each hidden layer."
    )


register_family(
    "residual_copula",
    "ganatomy.networks.residual_copula",
    ResidualCopulaOptions,
    discriminates=False,
    modality="tables",
)


class EDSROptions(NetworkOptions):
    """Residual networks that enlarge images by pixel shuffle (Lim et al. 2017)."""

    family: Literal["edsr"] = Field("edsr", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of every layer.")
    blocks: int = Field(8, ge=1, le=128, description="Residual blocks.")


register_family(
    "edsr",
    "ganatomy.networks.edsr:Generator",
    EDSROptions,
    methods=("adversarial", "regression"),
    discriminates=False,
    modality="pairs",
)


class Pix2PixOptions(NetworkOptions):
    """U-Nets from an image to another of the same size (Isola et al. 2017)."""

    family: Literal["pix2pix"] = Field("pix2pix", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the first layer.")
    levels: int = Field(4, ge=1, le=8, description="How often maps are halved, and doubled again.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation between layers: batch or none.")


register_family(
    "pix2pix",
    "ganatomy.networks.pix2pix:Generator",
    Pix2PixOptions,
    methods=("adversarial", "regression"),
    discriminates=False,
    modality="pairs",
)


class CUTOptions(NetworkOptions):
    """Residual networks from an image to another of the same size, that compare patches (Park et al. 2020)."""

    family: Literal["cut"] = Field("cut", description=FAMILY)
    width: int = Field(32, ge=2, le=1024, description="Channels of the first layer.")
    levels: int = Field(2, ge=1, le=6, description="How often maps are halved, and doubled again.")
    blocks: int = Field(4, ge=2, le=64, description="Residual blocks at the smallest maps.")


register_family(
    "cut",
    "ganatomy.networks.cut:Generator",
    CUTOptions,
    methods=("adversarial", "regression"),
    discriminates=False,
    modality="pairs",
)


class PatchGANOptions(NetworkOptions):
    """Discriminators that score patches of an image beside the given one (Isola et al. 2017)."""

    family: Literal["patchgan"] = Field("patchgan", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the first layer.")
    layers: int = Field(
        3, ge=1, le=6, description="How many layers halve the map; a score sees 70x70 pixels with 3, 34x34 with 2."
    )
    norm: Literal["batch", "spectral", "none"] = Field(
        "spectral", description="Normalisation: batch, between layers; spectral, of each layer's weights; none."
    )
    given: bool = Field(True, description="Score the drawn image beside the given one; false: by itself.")


register_family(
    "patchgan",
    "ganatomy.networks.patchgan:Discriminator",
    PatchGANOptions,
    generates=False,
    modality="pairs",
)


class WaveOptions(NetworkOptions):
    """One-dimensional convolutions for sounds, WaveGAN (Donahue et al. 2019)."""

    family: Literal["wave"] = Field("wave", description=FAMILY)
    width: int = Field(64, ge=2, le=1024, description="Channels of the layer next to the sound.")


class WaveGeneratorOptions(WaveOptions):
    """One-dimensional convolutions for sounds, WaveGAN (Donahue et al. 2019)."""

    norm: Literal["batch", "none"] = Field("none", description="Normalisation between layers.")


class WaveDiscriminatorOptions(WaveOptions):
    """One-dimensional convolutions for sounds, WaveGAN (Donahue et al. 2019)."""

    shuffle: int = Field(
        2, ge=0, le=32, description="Phase shuffle: samples by which each layer's map is moved at random, at most."
    )
    norm: Literal["spectral", "none"] = Field("none", description="Normalisation: spectral, of each layer's weights.")


register_family("wave", "ganatomy.networks.wave", WaveGeneratorOptions, WaveDiscriminatorOptions, modality="sounds")


class UNetOptions(NetworkOptions):
    """U-Nets, the denoisers of diffusion models (Ho et al. 2020)."""

    family: Literal["unet"] = Field("unet", description=FAMILY)
    width: int = Field(32, ge=4, le=1024, description="Channels at the image's own resolution.")
    multipliers: list[Annotated[int, Field(ge=1, le=16)]] = Field(
        [1, 2, 2], min_length=1, max_length=6, description="Channels at each resolution, in multiples of width."
    )
    blocks: int = Field(1, ge=1, le=8, description="Residual blocks at each resolution.")
    attention: bool = Field(True, description="Attention at the lowest resolution.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout inside the residual blocks while training.")


register_family("unet", "ganatomy.networks.unet:UNet", UNetOptions, methods=("diffusion",))


class GSNOptions(NetworkOptions):
    """Noisy autoencoders, for generative stochastic networks (Bengio et al. 2014)."""

    family: Literal["gsn"] = Field("gsn", description=FAMILY)
    hidden: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [1500, 1500], min_length=1, description="Units of each hidden layer."
    )
    salt_and_pepper: float = Field(0.4, ge=0, lt=1, description="Share of pixels that noise sets to black or white.")
    hidden_noise: float = Field(
        2.0, ge=0, description="Standard deviation of the noise before and after each hidden layer's tanh."
    )
    walk_backs: int = Field(4, ge=1, le=100, description="Steps of the chain in each training step.")
    sampling_steps: Annotated[int, OfSampling()] = Field(
        50, ge=1, le=10_000, description="Steps of the chain to sample an image."
    )


register_family("gsn", "ganatomy.baselines.gsn:GSN", GSNOptions, methods=("gsn",))
