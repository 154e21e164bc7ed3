"""Configurations read, written and changed by name; what is wrong with one, in a sentence."""

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ganatomy.config.options import Config
from ganatomy.config.reference import families, options
from ganatomy.config.schedules import Schedule
from ganatomy.errors import UserError, first_line, short, unknown
from ganatomy.system.options import Options

LONGEST = 400_000  # bytes of a configuration in YAML; ours have some 3,000
DEEPEST = 20  # levels of nesting


class _Loader(yaml.SafeLoader):
    """Plain values. No aliases: a few bytes of them are billions of values."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As its parent's. Raises YAMLError for an alias, and where values are nested too deeply."""
        if self.check_event(yaml.AliasEvent):  # type: ignore[no-untyped-call]
            raise yaml.YAMLError(f"aliases, *{short(self.peek_event().anchor)}, are not read: write the value out")  # type: ignore[no-untyped-call]
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {DEEPEST} levels deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _plain(text: str) -> Any:
    """The value in a YAML text. Raises YAMLError or ValueError where there is none."""
    return yaml.load(text, _Loader)


def from_dict(values: Mapping[str, Any], source: str = "configuration") -> Config:
    """A configuration from nested plain values. Raises UserError naming the option that is wrong."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise explain(error, source) from None


def read(path: str | Path) -> Config:
    """The configuration in a YAML file. Raises UserError where the file cannot be read or an option is wrong."""
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise UserError(f"{path} is not a configuration: it should hold named parts such as `training:`.")
    if "lab" in values:
        raise UserError(f"{path} belongs to a run of `ganatomy lab`, which trains on no images: see its report.html.")
    return from_dict(values, str(path))


def read_yaml(path: str | Path) -> Any:
    """The plain value in a YAML file. Raises UserError where the file cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise UserError(f"{path} is too long for a configuration: it has more than {LONGEST:,} bytes.")
        return _plain(content.decode())
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as YAML: {short(first_line(error))}.") from None


def to_yaml(config: Options) -> str:
    """A configuration as YAML, every option written out."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def by_name(config: Config) -> dict[str, Any]:
    """Every option by its dotted name, as JSON has it: {"training.batch": 32}."""
    named: dict[str, Any] = {}
    for part, value in config.model_dump(mode="json").items():
        within = value if isinstance(value, dict) else {}
        named |= {f"{part}.{option}": each for option, each in within.items()} or {part: value}
    return named


def change(config: Config, changes: Mapping[str, Any]) -> Config:
    """A copy with options changed, each given by its dotted name: {"training.batch": 32}.

    Raises UserError where there is no such option, or its value is wrong.
    """
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
            known = families(parents[0]) if parents else {}
            if known and "." not in str(value) and value not in known:
                raise UserError(f"--set: {name} must be one of: {', '.join(known)}.")
            place.clear()
        place[option] = deepcopy(value)  # which a later change may go into
    return from_dict(values, "--set")


def over_budget(config: Config) -> list[str]:
    """The dotted names of the options that follow a schedule over the whole budget."""
    parts = [(name, part) for name, part in config if isinstance(part, Options)]
    return [
        f"{name}.{option}"
        for name, part in parts
        for option, value in part
        if isinstance(value, Schedule) and value.over_budget
    ]


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """["training.batch=32"] → {"training.batch": 32}; values are YAML. Raises UserError for any other form."""
    changes: dict[str, Any] = {}
    texts = {name for name, field in options() if field.annotation is str}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UserError(f"--set {setting} needs the form part.option=value, for example training.batch=32.")
        try:
            value = _plain(text)
        except (ValueError, yaml.YAMLError):
            raise UserError(f"--set {short(setting)}: the value is not valid YAML.") from None
        if name.strip() in texts and value is not None:  # a folder may be called 2024
            value = text
        # YAML 1.1 reads 2e-4 as text: people mean the number.
        elif value == text:
            with suppress(ValueError):
                value = float(value)
        changes[name.strip()] = value
    return changes


def _no_such_option(name: str) -> UserError:
    names = [option for option, _ in options()]
    if name in names:  # of another family of networks
        role, _, option = name.partition(".")
        family = next(family for family, kind in families(role).items() if option in kind.model_fields)
        return UserError(f"{name} is an option of {family} networks; choose them with {role}.family={family}.")
    return unknown("option", name, names, "`ganatomy options`")


def explain(error: ValidationError, source: str, within: str = "") -> UserError:
    """The first error of a validation as a sentence. within: the part of the configuration that was validated."""
    fault = error.errors()[0]
    place = [short(str(step)) for step in fault["loc"] if step not in ("Schedule", "float")]
    name = within + ".".join(place)
    if fault["type"] == "network_options":
        return explain(fault["ctx"]["error"], source, f"{name}.")
    if fault["type"] == "extra_forbidden":
        return UserError(f"{source}: {_no_such_option(name)}")
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not message.startswith("must"):
        message = f"should be {message}" if fault["msg"].startswith("Input should be") else message
    return UserError(f"{source}: {name} = {short(repr(fault['input']))}: {message[0].lower()}{message[1:]}.")
