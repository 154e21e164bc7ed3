"""The generator that a training starts from (`init.path`): another run's players, or an exported generator.

The new training has their networks, and takes over the weights whose shapes agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganatomy import build
from ganatomy.config.options import OF_SOUNDS, Config
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.settings import change, from_dict
from ganatomy.errors import UserError
from ganatomy.gan.method import Method
from ganatomy.generators import kinds, pretrained, weights
from ganatomy.generators.metadata import image_of
from ganatomy.modalities.modality import Modality
from ganatomy.networks import transfer
from ganatomy.runs import checkpoint
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import RUNS, Run
from ganatomy.training import parts

ROLES = ("generator", "discriminator")
SAME_GENERATOR = {"adversarial", "regression"}  # methods that train a generator alone, or beside a discriminator
OF_THE_GAME = ("data", "init", "log", "evaluation", "diagnosis", "runtime")  # all but these


@dataclass(frozen=True)
class WarmStart:
    """A generator whose weights a training starts from.

    path      for the configuration: of a run its folder, of an export what a person wrote
    config    of which networks the weights are
    image     channels, height, width of its images; of rows and sounds their shape
    step      of the run's checkpoint; None of an export
    run       the run; None of an export, which has a generator alone
    modality  of rows or sounds; None of images
    """

    path: str
    config: Config
    image: build.SampleShape
    step: int | None = None
    run: Run | None = None
    modality: Modality | None = None

    def __str__(self) -> str:
        return self.path if self.step is None else f"{self.path}, step {self.step:,}"

    @property
    def roles(self) -> tuple[str, ...]:
        """The players whose weights are there."""
        return ROLES if self.run is not None and self.config.method == "adversarial" else ROLES[:1]

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """Tensors of any shape, by role and name. Raises UserError where a file is damaged."""
        if self.run is not None:
            return checkpoint.load(self.run.checkpoint(self.step), *self.roles)
        found = pretrained.find(self.path)
        assert found is not None, "it was found before"
        kind = kinds.KINDS.get(self.config.modality)
        return {"generator": kind.read(found).tensors if kind else weights.read(found)[2]}


def find(place: str | Path, step: int | None = None, runs: str | Path = RUNS) -> WarmStart:
    """A run by path, name or `last`, an exported folder or file, or hf:owner/name; step: of a run, else its newest.

    Raises UserError where there is no such generator, and for an ONNX graph, which has no weights to train.
    """
    if found := pretrained.find(place):
        if found.suffix == ".onnx":
            raise UserError(f"{place}: an ONNX graph cannot be trained on; start from the run, or from its weights.")
        if step is not None:
            raise UserError(f"{place} holds one generator; init.step chooses among those of a run.")
        if kind := kinds.KINDS.get(weights.modality(found)):
            _, config, modality, _ = kind.read(found)
            return WarmStart(str(place), config, modality.shape, modality=modality)
        metadata, config, _ = weights.read(found)
        return WarmStart(str(place), config, metadata.image)
    run = Run.find(place, Path(runs))
    config = run.config()
    check_at_hand(run, parts.named(config))
    number = int(checkpoint.manifest(run.checkpoint(step))["step"])
    if kind := kinds.KINDS.get(config.modality):
        modality = kind.read_modality(run.path, config)
        return WarmStart(str(run.path), config, modality.shape, number, run, modality)
    return WarmStart(str(run.path), config, image_of(config, run.path / "config.yaml"), number, run)


def pinned(given: Mapping[str, Any], runs: str | Path = RUNS) -> dict[str, Any]:
    """Options in which a run to start from is named by its folder and step: `last` is another one later. As `find`."""
    if not given.get("init.path"):
        return dict(given)
    origin = find(given["init.path"], given.get("init.step"), runs)
    return {**given, "init.path": origin.path, "init.step": origin.step}


def base(origin: WarmStart) -> Config:
    """What a training starts from where no recipe is named: the game as the origin's was, but of tables unconditional.

    Of an exported generator only the networks are known, and the name of the recipe.
    """
    if origin.run is None:
        name, form = origin.config.recipe, origin.config.data.form
        usual = {"tables": "residual-copula", "sounds": "wavegan" if form == "waveform" else "specgan"}
        known = name if name in RECIPES else usual.get(origin.config.modality, "dcgan")
        return change(recipe(known), networks(origin, {}))
    values = {
        part: options for part, options in origin.config.model_dump(mode="json").items() if part not in OF_THE_GAME
    }
    values["prior"] |= {"classes": []} | ({"conditional": False} if origin.config.modality != "tables" else {})
    return from_dict(values, origin.path)


def networks(origin: WarmStart, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options, by dotted name, that a training has from what it starts from.

    given: options that a person chose, such as another family, whose own options are left alone. A discriminator is
    taken over with the objective and the penalties that it learnt by.
    """
    there = origin.config.model_dump(mode="json")
    same = [
        role for role in origin.roles if given.get(f"{role}.family", there[role]["family"]) == there[role]["family"]
    ]
    with_it = ["objective", "penalties"] if "discriminator" in same else []
    chosen = {f"{part}.{name}": value for part in [*same, *with_it] for name, value in there[part].items()}
    if origin.config.modality == "tables":  # whose columns decide the rest
        return {f"prior.{name}": there["prior"][name] for name in ("name", "conditional")} | chosen
    latent = {f"prior.{name}": there["prior"][name] for name in ("name", "dimension")}
    if origin.config.modality == "sounds":
        return {**latent, **chosen, **{f"data.{name}": there["data"][name] for name in OF_SOUNDS}}
    channels, *size = origin.image
    return {**latent, **chosen, "data.size": size, "data.channels": channels}


def describe(config: Config, image: build.SampleShape) -> str:
    """What a training of these options and images will take over, in one line; nothing is computed.

    Raises UserError where it cannot start from there.
    """
    with torch.device("meta"):
        made = {"generator": build.generator(config, image)}
        if config.method == "adversarial":
            made["discriminator"] = build.discriminator(config, image)
    return _take_over(made, config, image)


def start_from(method: Method, config: Config, image: build.SampleShape) -> str:
    """Give a training's players the weights that it starts from; returns what was taken over. Errors as `describe`."""
    words = _take_over({player.name: player.network for player in method.players}, config, image)
    method.average.module.load_state_dict(method.generator.network.state_dict())
    return words


def _take_over(made: dict[str, nn.Module], config: Config, image: build.SampleShape) -> str:
    origin = find(config.init.path, config.init.step)
    _check(origin, config, image)
    tensors = origin.weights()
    other_classes = origin.config.prior.classes != config.prior.classes
    latent = (
        config.prior.dimension if other_classes and config.prior.dimension == origin.config.prior.dimension else None
    )
    taken = {
        role: transfer.take_over(network, tensors[role], latent if role == "generator" else None)
        for role, network in made.items()
        if role in tensors
    }
    if not taken["generator"].whole:
        raise UserError(f"No layer of the generator of {origin} fits here: {_apart(origin, config, image)}.")
    frozen = _frozen(made.get("discriminator"))
    if anew := [name for name in frozen if name in taken["discriminator"].anew]:
        raise UserError(
            f"init.freeze={config.init.freeze} would hold {anew[0]} of the discriminator fixed, which begins anew: "
            f"{_apart(origin, config, image)}."
        )
    return _words(origin, config, image, taken, made, frozen)


def _check(origin: WarmStart, config: Config, image: build.SampleShape) -> None:
    """Raises UserError where another kind of network is trained than the origin is."""
    theirs, ours = origin.config, config
    if theirs.method != ours.method and not {theirs.method, ours.method} <= SAME_GENERATOR:
        raise UserError(f"{origin} was trained with method={theirs.method}: method={ours.method} cannot start from it.")
    if theirs.generator.family != ours.generator.family:
        raise UserError(
            f"{origin} has a generator of family {theirs.generator.family}: one of family {ours.generator.family} "
            "cannot start from it."
        )
    if ours.init.freeze and "discriminator" not in origin.roles:
        raise UserError(f"init.freeze needs a discriminator, and {origin} is a generator alone: start from a run.")
    for role in origin.roles:
        before, now = (getattr(each, role).model_dump() for each in (theirs, ours))
        if before["family"] == now["family"] and _shapes(theirs, theirs, role, origin.image) != _shapes(
            theirs, ours, role, origin.image
        ):
            name = next(name for name in before if before[name] != now[name])
            raise UserError(
                f"{origin} has {role}.{name}={before[name]}, and {role}.{name}={now[name]} makes other layers: leave "
                "that option out to train its networks."
            )


def _shapes(theirs: Config, ours: Config, role: str, image: build.SampleShape) -> list[Any]:
    """Names and shapes of the weights that our options make for their images and classes."""
    config = theirs.model_copy(update={role: getattr(ours, role)})
    with torch.device("meta"):
        network = build.generator(config, image) if role == "generator" else build.discriminator(config, image)
    return [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]


def _frozen(network: nn.Module | None) -> list[str]:
    """The names of the layers that are held fixed."""
    if network is None:
        return []
    parameters = transfer.layers(dict(network.named_parameters()))
    return [name for name, layer in parameters.items() if not any(each.requires_grad for each in layer.values())]


def _apart(origin: WarmStart, config: Config, image: build.SampleShape) -> str:
    """What is another than in the origin, in a few words."""
    sides: list[tuple[str, object, object]] = [
        ("classes", len(origin.config.prior.classes), len(config.prior.classes)),
        ("numbers in z", origin.config.prior.dimension, config.prior.dimension),
    ]
    match origin.config.modality:
        case "tables":
            sides += [("features", origin.image[0], image[0])]
        case "sounds":
            sides += [("s", f"{origin.config.data.seconds:g}", f"{config.data.seconds:g}")]
        case _:
            sides += [
                ("pixels", f"{origin.image[1]}×{origin.image[2]}", f"{image[1]}×{image[2]}"),
                ("channels", origin.image[0], image[0]),
            ]
    found = [f"{now} {what} instead of {before}" for what, before, now in sides if now != before]
    return ", ".join(found) or "the networks have other layers"


def _words(
    origin: WarmStart,
    config: Config,
    image: build.SampleShape,
    taken: Mapping[str, transfer.TakenOver],
    made: Mapping[str, nn.Module],
    frozen: list[str],
) -> str:
    counts = [
        f"all {each.of} layers of the {role}"
        if each.whole == each.of
        else f"{each.whole} of {each.of} layers of the {role}"
        for role, each in taken.items()
    ]
    found = [f"Starts from {origin}: {' and '.join(counts)} are taken over"]
    if anew := [f"{role} {name}" for role, each in taken.items() for name in each.anew]:
        found.append(f"anew begin {_list(anew)}, for {_apart(origin, config, image)}")
    if partly := [f"{role} {name}" for role, each in taken.items() for name in each.parts]:
        found.append(f"of {_list(partly)} what reads z is taken over")
    if missing := [role for role in made if role not in taken]:
        found.append(f"the {missing[0]} begins anew, for there is none")
    if frozen:
        found.append(f"held fixed in the discriminator: {_list(frozen)}")
    return "; ".join(found) + "."


def _list(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
