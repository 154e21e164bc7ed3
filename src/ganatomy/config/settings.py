"""Configurations read, written, changed by name, and explained when they are wrong."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ganatomy.config.options import Config, PenaltyOptions
from ganatomy.errors import UserError, unknown
from ganatomy.gan.penalties import PENALTIES
from ganatomy.networks.families import FAMILIES, NetworkOptions
from ganatomy.system.options import OneOf, Options
from ganatomy.system.registry import Registry


def from_dict(values: Mapping[str, Any], source: str = "configuration") -> Config:
    """A configuration from nested plain values. Raises UserError naming the option that is wrong."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise explain(error, source) from None


def read(path: str | Path) -> Config:
    """The configuration in a YAML file."""
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is not a configuration: it should hold named parts such as `training:`.")
    if "lab" in values:
        raise UserError(f"{path} is of a game of `ganatomy lab`, which has no images: see its report.html.")
    return from_dict(values, str(path))


def to_yaml(config: Options) -> str:
    """A configuration as YAML, every option written out."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def change(config: Config, changes: Mapping[str, Any]) -> Config:
    """A copy with options changed, each given by its dotted name: {"training.batch": 32}."""
    values = config.model_dump(mode="json")
    for name, value in changes.items():
        *parents, option = name.split(".")
        place: Any = values
        for parent in parents:
            if not isinstance(place, dict) or parent not in place:
                raise _no_such_option(name)
            if not isinstance(place[parent], dict):  # a number that becomes a schedule
                place[parent] = {}
            place = place[parent]
        if option == "family" and place.get("family") != value:  # another family has other options
            if parents and parents[0] in ROLES and "." not in str(value) and value not in _family_names(parents[0]):
                raise UserError(f"--set: {name} must be one of: {', '.join(_family_names(parents[0]))}.")
            place.clear()
        place[option] = value
    return from_dict(values, "--set")


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """["training.batch=32"] → {"training.batch": 32}; values are YAML."""
    changes: dict[str, Any] = {}
    texts = {name for name, field in options() if field.annotation is str}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UserError(f"--set {setting} needs the form part.option=value, for example training.batch=32.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UserError(f"--set {setting}: the value is not valid YAML.") from None
        if name.strip() in texts and value is not None:  # a folder may be called 2024
            value = text
        # YAML 1.1 takes 2e-4 for a word: people mean the number.
        elif value == text:
            with suppress(ValueError):
                value = float(value)
        changes[name.strip()] = value
    return changes


def options(part: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every option's dotted name with its pydantic field, in order."""
    for name, field in part.model_fields.items():
        if not prefix and name in ROLES:
            for kind in _families(name):
                yield from options(kind, f"{name}.")
        elif not prefix and isinstance(field.annotation, type) and issubclass(field.annotation, Options):
            yield from options(field.annotation, f"{name}.")
        else:
            yield prefix + name, field
    if part is PenaltyOptions:
        for name in PENALTIES:
            words = f"Weight of {PENALTIES.summary(name)}."
            yield prefix + name, FieldInfo(annotation=float, default=0.0, description=words)


ROLES = ("generator", "discriminator")


def describe(name: str) -> str:
    """The help text of an option, by its dotted name."""
    return _meaning(next(field for option, field in options() if option == name))


def _meaning(field: FieldInfo) -> str:
    """What an option means, with the names it may have where a registry has them."""
    registry = next(_registries(field), None)
    return str(field.description) if registry is None else f"{field.description} One of: {', '.join(registry)}."


def _registries(field: FieldInfo) -> Iterator[Registry[Any]]:
    marks = [*field.metadata, *(mark for inner in get_args(field.annotation) for mark in get_args(inner))]
    return (mark.registry for mark in marks if isinstance(mark, OneOf))


def _no_such_option(name: str) -> UserError:
    names = [option for option, _ in options()]
    if name in names:  # of another family of networks
        role, _, option = name.partition(".")
        family = next(part for part in _families(role) if option in part.model_fields).model_fields["family"].default
        return UserError(f"{name} is an option of {family} networks; choose them with {role}.family={family}.")
    return unknown("option", name, names)


def explain(error: ValidationError, source: str, within: str = "") -> UserError:
    """The first fault of a validation, as a sentence. within: the part of the configuration that was validated."""
    fault = error.errors()[0]
    place = [str(step) for step in fault["loc"] if step not in ("Schedule", "float")]
    name = within + ".".join(place)
    if fault["type"] == "network_options":
        return explain(fault["ctx"]["error"], source, f"{name}.")
    if fault["type"] == "extra_forbidden":
        return UserError(f"{source}: {_no_such_option(name)}")
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not message.startswith("must"):
        message = f"should be {message}" if fault["msg"].startswith("Input should be") else message
    return UserError(f"{source}: {name} = {fault['input']!r}: {message[0].lower()}{message[1:]}.")


def option_table() -> str:
    """Every option as a Markdown table: docs/OPTIONS.md and `ganatomy options`."""
    rows: dict[str, None] = {}  # in order, each once
    for name, field in options():
        default, meaning = field.get_default(), _meaning(field)
        shown = "" if default is None else str(list(default) if isinstance(default, tuple) else default)
        role, _, option = name.partition(".")
        if option == "family":
            shown, meaning = "dcgan", f"{meaning} One of: {_listed(_families(role))}."
        elif role in ROLES:
            meaning = f"{_listed([part for part in _families(role) if _same(part, option, field)])}: {meaning}"
        rows[f"| `{name}` | {shown} | {meaning} |"] = None
    return "\n".join(["| option | default | meaning |", "|---|---|---|", *rows])


def _families(role: str) -> list[type[Options]]:
    """The options of each kind of network that a player may be; none for other parts of a configuration."""
    return [FAMILIES[name].options(role) for name in _family_names(role)] if role in ROLES else []


def _family_names(role: str) -> list[str]:
    """Those with options of their own: a network that is passed to `train` is a family without any."""
    return [name for name, family in FAMILIES.items() if family.has(role) and family.options(role) != NetworkOptions]


def _same(part: type[Options], option: str, field: FieldInfo) -> bool:
    other = part.model_fields.get(option)
    same = ("description", "default", "default_factory")
    return other is not None and all(getattr(other, each) == getattr(field, each) for each in same)


def _listed(families: list[type[Options]]) -> str:
    return ", ".join(part.model_fields["family"].default for part in families)
