"""What options there are, with their defaults, values and meaning: `ganatomy options` and docs/OPTIONS.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from ganatomy.config.options import Config, PenaltyOptions, Weight
from ganatomy.errors import unknown
from ganatomy.gan.penalties import PENALTIES
from ganatomy.networks.families import FAMILIES
from ganatomy.system.options import OneOf, Options
from ganatomy.system.registry import Registry

ROLES = {
    "generator": "The network that makes images.",
    "discriminator": "The network that scores images, real or generated.",
}


@dataclass(frozen=True)
class Section:
    """A part of the configuration (training) or a family of networks (generator.family=r3).

    fields: pydantic's, by the option's dotted name.
    """

    name: str
    summary: str
    fields: Mapping[str, FieldInfo]

    @property
    def names(self) -> tuple[str, str, str]:
        """What people may call it: generator.family=r3, generator or r3."""
        return self.name, self.name.partition(".")[0], self.name.partition("=")[2]


def sections() -> Iterator[Section]:
    """All options, by the part that they belong to, in order."""
    parts = {name: kind for name, field in Config.model_fields.items() if (kind := _part(field)) is not None}
    yield Section("", "", {name: field for name, field in Config.model_fields.items() if name not in parts})
    for part, kind in parts.items():
        if part not in ROLES:
            yield Section(part, _summary(kind), dict(_fields(part, kind)))
            continue
        yield Section(part, ROLES[part], {f"{part}.family": _family(part)})
        for family, own in families(part).items():
            fields = {name: field for name, field in _fields(part, own) if name != f"{part}.family"}
            yield Section(f"{part}.family={family}", _summary(own), fields)


def options() -> Iterator[tuple[str, FieldInfo]]:
    """Every option's dotted name with its field; those of several families of networks once for each."""
    for section in sections():
        yield from section.fields.items()


def describe(name: str) -> str:
    """The help text of an option, by its dotted name, with the names that it takes."""
    field = next(field for option, field in options() if option == name)
    registry = _registry(field)
    if registry is None:
        return str(field.description)
    several = get_origin(field.annotation) is list
    return f"{field.description} {'Any' if several else 'One'} of: {', '.join(registry)}."


def families(role: str) -> dict[str, type[Options]]:
    """The options of each kind of network that a player may be, by its name; none for other parts."""
    if role not in ROLES:
        return {}
    return {name: family.options(role) for name, family in FAMILIES.items() if family.has(role)}


def find(name: str) -> list[Section]:
    """The sections of a part (training), of a family (generator.family=r3, or r3), or of one option (training.batch).

    Raises UserError with the nearest names if there is no such thing.
    """
    named = [section for section in sections() if section.name]
    found = [section for section in named if name in section.names]
    found = found or [Section("", "", {name: field}) for option, field in options() if option == name]
    if not found:
        names = {*(each.name for each in named), *(option for option, _ in options())}
        raise unknown("part or option", name, names, "`ganatomy options`")
    return found


def text(name: str | None = None) -> str:
    """What `ganatomy options` prints: every option, or those of a part with the names that each takes.

    Raises UserError if there is no such part.
    """
    lines = []
    for section in sections() if name is None else find(name):
        lines.append(f"{section.name}: {section.summary}" if section.name else "")
        for option, field in section.fields.items():
            lines += [f"  {option} = {_default(field)}".rstrip() + f"  ({values(field)})", f"      {field.description}"]
            if name is not None and (registry := _registry(field)) is not None:
                lines += [f"      {each}: {registry.summary(each)}" for each in registry]
        lines.append("")
    return "\n".join(lines).strip("\n")


def page() -> str:
    """Every option as Markdown, a table for each part: docs/OPTIONS.md."""
    lines = []
    for section in sections():
        lines += [f"## {section.name}", "", section.summary, ""] if section.name else []
        lines += ["| option | default | values | meaning |", "|---|---|---|---|"]
        for option, field in section.fields.items():
            lines.append(f"| `{option}` | {_default(field)} | {values(field)} | {field.description} |")
        lines.append("")
    return "\n".join(lines).strip("\n")


def values(field: FieldInfo) -> str:
    """What an option takes, in words."""
    try:
        kind: Any = Annotated[field.annotation, field]
        schema = TypeAdapter(kind).json_schema()
    except PydanticUserError:  # of a stranger's network: whatever its constructor takes
        return "any value"
    return _words(schema, _registry(field))


def _part(field: FieldInfo) -> type[Options] | None:
    """What a part of the configuration is made of; None for an option that stands alone."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Options) else None


def _fields(part: str, kind: type[Options]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in kind.model_fields.items():
        yield f"{part}.{name}", field
    if kind is PenaltyOptions:
        weight: Any = Weight
        for name in PENALTIES:
            description = f"Weight of {PENALTIES.summary(name)}."
            yield f"{part}.{name}", FieldInfo(annotation=weight, default=0.0, description=description)


def _family(role: str) -> FieldInfo:
    kind: Any = Literal[tuple(families(role))]
    default = Config().model_dump()[role]["family"]
    return FieldInfo(annotation=kind, default=default, description="Kind of network; each has options of its own.")


def _registry(field: FieldInfo) -> Registry[Any] | None:
    marks = [*field.metadata, *(mark for inner in get_args(field.annotation) for mark in get_args(inner))]
    return next((mark.registry for mark in marks if isinstance(mark, OneOf)), None)


def _summary(kind: type[Options]) -> str:
    return (getdoc(kind) or "").partition("\n")[0]


def _default(field: FieldInfo) -> str:
    """As it is written after --set; empty where there is none."""
    return _written(field.get_default(call_default_factory=True, validated_data={}))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    return "" if value is None else str(value)


def _words(schema: Mapping[str, Any], registry: Registry[Any] | None, plural: str = "") -> str:
    """A JSON schema as people read it. plural: an s, where there are several of it."""
    if words := schema.get("words"):
        return str(words)
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_words(each, registry) for each in several if each.get("type") != "null")
    if reference := schema.get("$ref"):
        return str(reference).rpartition("/")[2].lower()
    if names := schema.get("enum"):
        return _listed(names)
    kind = schema.get("type")
    if kind == "array":
        inner = schema.get("items") or schema["prefixItems"][0]
        return f"list of {_words(inner, registry, 's')}"
    if kind == "string":
        return "text" if registry is None else registry.listed
    kinds = {"boolean": "true or false", "integer": f"whole number{plural}", "number": f"number{plural}"}
    return ", ".join([kinds.get(str(kind), "any value"), *_bounds(schema)])


def _bounds(schema: Mapping[str, Any]) -> list[str]:
    low, above, high, below = (
        schema.get(bound) for bound in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    )
    if low is not None and high is not None:
        return [f"{low} to {high}"]
    words = {"at least": low, "greater than": above, "at most": high, "less than": below}
    return [f"{word} {bound:,}" for word, bound in words.items() if bound is not None]


def _listed(names: Sequence[Any]) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} or {last}" if first else last
