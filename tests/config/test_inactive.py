"""Options that cannot act: the table walks every option, and a training of two steps decides whether it is right."""

import hashlib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args, get_origin

import pytest

from ganatomy import build
from ganatomy.config import inactive
from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.options import Config
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.reference import sections
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.modalities.images import to_uint8
from ganatomy.networks.families import ResidualCopulaOptions, RowsOptions
from ganatomy.networks.pair_shape import PairShape
from ganatomy.networks.row_shape import ColumnBlock, RowShape
from ganatomy.system.options import OneOf
from ganatomy.system.runtime import Runtime
from ganatomy.training import autotune
from tiny import tiny

IMAGE = (3, 16, 16)
ROWS = RowShape([ColumnBlock(True, 2, False), ColumnBlock(False, 3, True)])
SCORES = RowShape([ColumnBlock(True, 0, False)] * 3)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in RECIPES if name != "auto"},
    # At 16 pixels a residual discriminator has a second, wider map only if it halves as far as it can.
    **{name: (name, {"discriminator.flat": 1}) for name in ("sngan", "wgan-gp")},
    "dcgan, augmented": ("dcgan", {"augmentation.policies": ["translation"], "augmentation.probability": 0.5}),
    "dcgan, penalised": ("dcgan", {"discriminator.norm": "none", "penalties.r1": 1.0}),
    "dcgan, no average": ("dcgan", {"average.decay": 0.0}),
    "stylegan2, by class": ("stylegan2", {"prior.conditional": True, "prior.classes": [3, 4]}),
}
FAST = {"dcgan", "gsn", "vae"}

# What an option acts on where no step of the training shows it; those with a condition have a test below.
ELSEWHERE = {
    "method": "another training",
    "*.family": "another network",
    "recipe": "a name",
    "data.*": "the images",
    "prior.conditional": "needs classes",
    "prior.classes": "filled in",
    "training.steps": "the budget",
    "training.images": "the budget",
    "training.minutes": "the budget",
    "training.retries": "roll-backs",
    "log.*": "what is written, and when",
    "evaluation.*": "scores",
    "diagnosis.*": "the diagnosis",
    "runtime.*": "the machine",
}
TELLING: dict[str, list[Any]] = {  # values whose effect two steps show
    "training.batch": [6],
    "augmentation.policies": [["cutout"]],
    "augmentation.target": [0.6],
    "objective.label_smoothing": [0.2],
    "generator.mixing": [0.0],
    "generator.channels_base": [128],
    "discriminator.channels_base": [128],
    "average.decay": [0.01],
    "penalties.clip": [1e-3],
    "discriminator.group": [2],
    "vae.likelihood": ["bernoulli"],
}


@pytest.mark.parametrize("case", [pytest.param(c, marks=() if c in FAST else pytest.mark.slow) for c in CASES])
def test_the_table_is_what_a_training_does(case: str) -> None:
    name, changes = CASES[case]
    config = change(recipe(name), {**tiny(name), **changes})
    before, walked, wrong = outcome(config), 0, []
    for option, field in options_of(config):
        if any(fnmatchcase(option, pattern) for pattern in ELSEWHERE):
            continue
        for value in TELLING.get(option) or others(field, current(config, option)):
            try:
                changed = change(config, {option: value})
                after = outcome(changed)
            except (UserError, ValueError):  # another value may do
                continue
            if (inactive.why_not(changed, option) is None) != (after != before):
                wrong.append(f"{option}={value} changes {'something' if after != before else 'nothing'}")
            walked += 1
            break
    assert wrong == []
    assert walked >= 25


def options_of(config: Config) -> Iterator[tuple[str, Any]]:
    """Every option that a configuration has, with its field."""
    for section in sections():
        part, _, family = section.name.partition(".family=")
        if not family or getattr(config, part).family == family:
            yield from section.fields.items()


def outcome(config: Config) -> str:
    """A digest of everything that two steps leave, and of an image."""
    if config.method in FROM_PIXELS:
        config = change(config, {"prior.dimension": 3 * 16 * 16})
    shape: tuple[int, ...] = IMAGE
    if isinstance(config.generator, RowsOptions):
        shape, changes = ROWS, {"prior.dimension": config.generator.latent + ROWS.choices, "prior.classes": [3, 4, 5]}
        config = change(config, changes)
    elif isinstance(config.generator, ResidualCopulaOptions):
        shape = SCORES
        config = change(config, {"prior.dimension": config.generator.latent + SCORES[0], "prior.classes": [3, 4, 5]})
    if config.modality == "sounds":
        shape = (1, 128) if config.data.form == "waveform" else (1, 16, 16)
    if config.modality == "pairs":
        shape = PairShape(*IMAGE, scale=config.data.scale or 1)
    method = build.method(config, shape, Runtime())
    real = autotune.noise(config, shape, Runtime())
    if shape is IMAGE:
        build.start_from_data(method, to_uint8(real.images))
    digest = hashlib.sha256()
    for step in range(2):
        method.step(step, lambda step, turn: real)
    state = method.state()
    if not config.augmentation.policies:
        state.pop("augmentation", None)  # a number that goes nowhere
    given = isinstance(shape, PairShape) and real.classes is not None
    codes = method.prior.of_given(real.classes[:1]) if given else method.prior.of_seeds([0])
    for tensors in (*state.values(), {"image": method.sample(codes)}):
        for key, tensor in sorted(tensors.items()):
            digest.update(key.encode() + tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def current(config: Config, option: str) -> Any:
    part, _, name = option.partition(".")
    return config.model_dump(mode="json")[part][name]


def others(field: Any, value: Any) -> Iterator[Any]:
    """Other values of an option."""
    registry = next((mark.registry for mark in field.metadata if isinstance(mark, OneOf)), None)
    names = registry or (get_args(field.annotation) if get_origin(field.annotation) is Literal else ())
    yield from (name for name in names if name != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value * 2, value // 2, value - 1)
    elif isinstance(value, float):
        yield from (value / 2 if value else 0.25, 0.5, 0.75)
    elif isinstance(value, dict):
        yield value["start"] * 0.7
    elif isinstance(value, list):
        yield from ([each / 2 if isinstance(each, float) else 2 * each for each in value], [*value, value[-1]])


def test_no_recipe_has_an_option_that_changes_nothing() -> None:
    for name in RECIPES:
        assert list(inactive.sentences(recipe(name))) == []


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"augmentation.target": 0.6}, "augmentation.target"),
        ({"data.padding": "border"}, "data.padding"),
        ({"init.step": 5}, "init.step"),
        ({"init.freeze": 2}, "init.freeze"),
        ({"evaluation.samples": 500}, "evaluation.samples"),
        ({"diagnosis.on": False, "diagnosis.every": 9}, "diagnosis.every"),
        ({"runtime.precision": "bfloat16", "runtime.convolution": "patches"}, "runtime.convolution"),
        ({"prior.classes": [3, 4]}, "prior.classes"),
        ({"recipe": "wgan"}, "recipe"),
        (
            {"generator_optimiser.name": "adam", "generator_optimiser.momentum.start": 0.5},
            "generator_optimiser.momentum",
        ),
    ],
)
def test_what_a_person_gives_is_refused_where_it_changes_nothing(changes: dict[str, Any], option: str) -> None:
    extra = {"generator_optimiser.momentum.end": 0.7, "generator_optimiser.momentum.steps": 9}
    config = change(recipe("dcgan"), changes | (extra if option.endswith("momentum") else {}))
    with pytest.raises(UserError, match=rf"^{option} would change nothing here: "):
        inactive.check(config, changes)
    inactive.check(config, ["training.batch"])
    assert [sentence.split()[0] for sentence in inactive.sentences(config)] == (
        [] if option in inactive.FILLED_IN else [option]
    )


def test_a_default_may_be_given_anywhere() -> None:
    for name, field in options_of(recipe("dcgan")):
        default = field.get_default(call_default_factory=True, validated_data={})
        if default is not None:
            inactive.check(change(recipe("dcgan"), {name: default}), [name])


def test_what_only_acts_at_the_start_is_refused_later() -> None:
    config = change(recipe("goodfellow2014"), {"generator.spread": 0.1})
    inactive.check(config, ["generator.spread"])
    with pytest.raises(UserError, match="weights start so"):
        inactive.check(config, ["generator.spread"], resumed=True)
