"""Which options cannot act in a configuration, and what they would need: such an option is refused, or named.

Each condition below is of all options that its pattern matches. `tests/config/test_inactive.py` walks every option of
every recipe and compares this table with what a training does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ganatomy.config.options import OF_PAIRS, OF_SOUNDS, Config
from ganatomy.errors import UserError
from ganatomy.gan.penalties import DISTANCES
from ganatomy.networks.registry import NetworkOptions
from ganatomy.system.options import Options

FROM_PIXELS = ("diffusion", "gsn")  # methods whose latent vectors are noise of the images' own shape
FILLED_IN = ("recipe", "prior.classes", "prior.dimension")  # when a run starts: its config.yaml may have them


@dataclass(frozen=True)
class Condition:
    """When options act.

    pattern   of their dotted names
    acts      of a configuration and a name that the pattern matches
    why       what a person is told where they do not
    """

    pattern: str
    acts: Callable[[Config, str], bool]
    why: str


def _method(*names: str) -> Callable[[Config, str], bool]:
    return lambda config, name: config.method in names


def _of(*modalities: str) -> Callable[[Config, str], bool]:
    return lambda config, name: config.modality in modalities


def _game(pattern: str) -> Condition:
    return Condition(pattern, _method("adversarial"), "it needs method=adversarial")


def _own(option: str) -> Callable[[Config, str], Any]:
    """Another option of the same part: ("generator.pieces", activation) → generator.activation."""
    return lambda config, name: getattr(getattr(config, name.partition(".")[0]), option, None)


CONDITIONS = (
    Condition(
        "recipe",
        lambda config, name: False,
        "it is only the name of what the options started from, which --recipe loads",
    ),
    *(
        Condition(f"data.{option}", _of("images", "pairs"), "it is for images alone")
        for option in ("size", "channels", "fit", "padding", "range", "split", "classes_from", "flip")
    ),
    *(
        Condition(f"data.{option}", _of("pairs"), "it needs a generator that is given an image, such as edsr")
        for option in OF_PAIRS
    ),
    Condition("data.downscaling", lambda config, name: config.data.scale is not None, "it needs data.scale"),
    Condition("data.paired", lambda config, name: config.data.scale is None, "it needs data.given, not data.scale"),
    Condition(
        "penalties.nce",
        lambda config, name: config.generator.family == "cut",
        "it needs a generator that compares patches: generator.family=cut",
    ),
    *(Condition(f"data.{option}", _of("sounds"), "it is for sounds") for option in OF_SOUNDS),
    Condition("prior.*", _of("images", "tables", "sounds"), "this generator draws of the image that it is given"),
    *(
        Condition(f"penalties.{name}", _of("pairs"), "it needs a generator that is given an image, such as edsr")
        for name in DISTANCES
    ),
    Condition("evaluation.features", _of("images", "pairs"), "it is for images alone"),
    Condition("data.leave_out", _of("tables"), "it is for tables"),
    Condition(
        "augmentation.policies",
        lambda config, name: config.modality == "images" or config.data.form == "spectrogram",
        "it is for spectrograms, or for images alone, and not for pairs",
    ),
    Condition(
        "penalties.condition",
        lambda config, name: config.modality == "tables" and config.prior.conditional,
        "it needs a table and prior.conditional=true",
    ),
    Condition("data.padding", lambda config, name: config.data.fit == "pad", "it needs data.fit=pad"),
    Condition("prior.classes", lambda config, name: False, "the images decide it"),
    Condition(
        "prior.dimension",
        lambda config, name: config.method not in FROM_PIXELS,
        "latent vectors of this method have the size of the image",
    ),
    Condition(
        "prior.dimension",
        _of("images", "pairs", "sounds"),
        "latent vectors are as long as generator.latent and the table's choices",
    ),
    *(
        Condition(f"init.{option}", lambda config, name: bool(config.init.path), "it needs init.path (--init)")
        for option in ("step", "freeze")
    ),
    _game("init.freeze"),
    Condition("vae.*", _method("vae"), "it needs method=vae"),
    Condition("diffusion.*", _method("diffusion"), "it needs method=diffusion"),
    _game("objective.*"),
    Condition(
        "penalties.*",
        lambda config, name: (
            config.method == "adversarial"
            or (config.method == "regression" and name.removeprefix("penalties.") in DISTANCES)
        ),
        "it needs method=adversarial",
    ),
    _game("augmentation.*"),
    _game("privacy.*"),
    *(
        Condition(f"privacy.{option}", lambda config, name: config.privacy.noise > 0, "it needs privacy.noise")
        for option in ("clip", "delta")
    ),
    _game("discriminator_optimiser.*"),
    _game("training.discriminator_steps"),
    _game("training.share_fakes"),
    _game("training.simultaneous"),
    _game("training.pack"),
    Condition(
        "discriminator.*", _method("adversarial", "vae"), "it needs method=adversarial, or vae, whose encoder it is"
    ),
    Condition(
        "training.share_fakes",
        lambda config, name: not config.training.simultaneous,
        "it needs training.simultaneous=false: players that update at once share their fakes anyway",
    ),
    Condition(
        "training.share_fakes",
        _of("images", "tables", "sounds"),
        "of a given image the same is drawn again: such fakes are shared anyway",
    ),
    Condition(
        "penalties.every",
        lambda config, name: bool(config.penalties.weights()),
        "it needs a penalty of the discriminator, such as penalties.r1=10",
    ),
    Condition(
        "penalties.path_length_every",
        lambda config, name: bool(config.penalties.path_length),
        "it needs penalties.path_length greater than 0",
    ),
    *(
        Condition(
            f"augmentation.{option}",
            lambda config, name: bool(config.augmentation.policies),
            "it needs augmentation.policies, such as [colour, translation, cutout]",
        )
        for option in ("probability", "target")
    ),
    Condition(
        "*_optimiser.betas",
        lambda config, name: _own("name")(config, name) == "adam",
        "it needs that optimiser's name=adam",
    ),
    Condition(
        "*_optimiser.momentum",
        lambda config, name: _own("name")(config, name) != "adam",
        "it needs that optimiser's name=sgd or rmsprop",
    ),
    Condition(
        "average.warm_up", lambda config, name: config.average.decay > 0, "it needs average.decay greater than 0"
    ),
    Condition(
        "*.pieces",
        lambda config, name: _own("activation")(config, name) in (None, "maxout"),
        "it needs that network's activation=maxout",
    ),
    Condition(
        "discriminator.mapping_layers",
        lambda config, name: config.discriminator.family != "stylegan2" or config.prior.conditional,
        "it needs prior.conditional=true: these layers read the class",
    ),
    *(
        Condition(f"evaluation.{option}", lambda config, name: config.evaluation.every > 0, "it needs evaluation.every")
        for option in ("samples", "metrics", "features")
    ),
    *(
        Condition(f"diagnosis.{option}", lambda config, name: config.diagnosis.on, "it needs diagnosis.on=true")
        for option in ("every", "samples", "remedies")
    ),
    Condition(
        "runtime.convolution",
        lambda config, name: config.runtime.precision != "bfloat16",
        "it needs runtime.precision=float32: torch computes all convolutions in bfloat16",
    ),
)


AT_THE_START = (  # of a run that is resumed these change nothing
    Condition("*.spread", lambda config, name: False, "weights start so, and have started"),
    Condition("*.start_margin", lambda config, name: False, "the output starts so, and has started"),
    Condition(
        "augmentation.probability",
        lambda config, name: config.augmentation.target is None,
        "augmentation.target moves it on from where it is",
    ),
)


def why_not(config: Config, name: str, resumed: bool = False) -> str | None:
    """Why an option, by its dotted name, changes nothing in a training, new or resumed; None where it acts."""
    option = _option(name)
    for condition in (*CONDITIONS, *(AT_THE_START if resumed else ())):
        if fnmatchcase(option, condition.pattern) and not condition.acts(config, option):
            return condition.why
    return None


def check(config: Config, given: Iterable[str], resumed: bool = False) -> None:
    """Raises UserError where an option that a person gave, by dotted name, cannot act and is not at its default."""
    there = changed(config)
    for option in map(_option, given):
        if option in there and (why := why_not(config, option, resumed)):
            raise UserError(f"{option} would change nothing here: {why}.")


def sentences(config: Config) -> Iterator[str]:
    """A sentence on each option that is not at its default and cannot act; not on those that are filled in."""
    for option in changed(config):
        if option not in FILLED_IN and (why := why_not(config, option)):
            yield f"{option} changes nothing here: {why}."


def changed(config: Config) -> list[str]:
    """The dotted names of the options that are not at their defaults."""
    found = [] if config.recipe == Config().recipe else ["recipe"]
    for part, options in config:
        if isinstance(options, Options):
            named = {"family": options.family} if isinstance(options, NetworkOptions) else {}
            plain = dict(type(options).model_validate(named))
            found += [f"{part}.{name}" for name, value in options if value != plain.get(name)]
    return found


def _option(name: str) -> str:
    """The option that is meant: generator_optimiser.learning_rate of generator_optimiser.learning_rate.start."""
    return ".".join(name.split(".")[:2])
