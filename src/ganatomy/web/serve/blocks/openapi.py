"""The description of routes that draw samples of seeds, as OpenAPI 3.1."""

from collections.abc import Mapping

from ganatomy.generators.seed_blocks import BLOCK
from ganatomy.web.serve import openapi
from ganatomy.web.serve.blocks.encoding import BlockEncoding
from ganatomy.web.serve.blocks.requests import MAX_QUERY_SEEDS, BlockParser
from ganatomy.web.serve.openapi import NULL, RATIO, SEED, Schema

LISTED = 1000  # names to ask for, at most


def page(parser: BlockParser) -> Schema:
    """GET /"""
    plural = parser.sampler.PLURAL
    operation = openapi.get(f"A page with other {plural} at every visit.", "text/html", parameters=parameters(parser))
    for status in ("400", *parser.REFUSALS):  # people read them there
        operation["responses"][status] = {
            "description": "The page, with one sentence on what is wrong.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        }
    return operation


def drawn(parser: BlockParser, encoding: BlockEncoding, only: tuple[str, ...] | None = None) -> Schema:
    """GET /rows.json and the like; only: the names of the parameters, if not all."""
    known = [each for each in parameters(parser) if only is None or each["name"] in only]
    summary = f"{parser.sampler.PLURAL.capitalize()}: {encoding.meaning}."
    operation = openapi.get(summary, encoding.media_type, _first(), known)
    operation["responses"] |= parser.REFUSALS
    return operation


def several(parser: BlockParser, formats: Mapping[str, BlockEncoding], max_body: int) -> Schema:
    """POST /rows and the like."""
    values = {name: schema for name, (schema, _) in _described(parser).items()}
    values["seeds"] = openapi.array(SEED, 1, parser.max_count)
    optional = {name: {"anyOf": [schema, NULL]} for name, schema in values.items()}
    form = {"format": {"anyOf": [{"enum": list(formats)}, NULL]}}
    without = dict.fromkeys(parser.QUERY.WITHOUT_SEEDS, NULL)
    named = {**optional, **without, "seeds": values["seeds"], **form}
    following = {**optional, "seeds": NULL, **form}
    bodies = [
        {"type": "object", "properties": named, "required": ["seeds"], "additionalProperties": False},
        {"type": "object", "properties": following, "additionalProperties": False},
    ]
    usual, *others = formats.values()
    operation = openapi.get(f"Several {parser.sampler.PLURAL}.", usual.media_type, _first())
    operation["responses"]["200"]["content"] |= {
        each.media_type: {"schema": openapi.content(each.media_type)} for each in others
    }
    operation["responses"] |= {**parser.REFUSALS, **openapi.of_body(max_body)}
    operation["description"] = " ".join(f"{name}: {each.meaning}." for name, each in formats.items())
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"oneOf": bodies}}}}
    return operation


def _first() -> Schema:
    return {"First-Seed": openapi.header("Of the first of them, or where the search began.", SEED)}


def _described(parser: BlockParser) -> dict[str, tuple[Schema, str]]:
    """The parameters of a query, by name, and what each means."""
    names, kind, plural = parser.sampler.names, parser.sampler.CONDITION, parser.sampler.PLURAL
    listed = list(dict.fromkeys([*names, *(f":{index}" for index in range(len(names)))]))
    named: Schema = {"type": "string", **({"enum": listed} if len(listed) <= LISTED else {})}
    searched = ", or where the search begins" if parser.OWN else ""
    truncated = "Smaller is more typical and less varied: the largest absolute value of a latent coordinate."
    alone = ", ".join(parser.QUERY.WITHOUT_SEEDS)
    seeds = (
        f"Of the {plural}, instead of {alone}; {plural} are drawn by {BLOCK} seeds side by side, and these may be of "
        f"{parser.max_drawn // BLOCK:,} such blocks at most."
    )
    asked = f"A {kind} to ask for, by name, or as :0, its index; if not given, each seed has its own."
    return {
        "n": ({"type": "integer", "minimum": 1, "maximum": parser.max_count}, f"How many {plural}."),
        "seed": (SEED, f"Of the first of them{searched}; random if not given."),
        "seeds": (openapi.array(SEED, 1, min(parser.max_count, MAX_QUERY_SEEDS)), seeds),
        **parser.OWN,
        "truncation": (RATIO, truncated),
        **({"class": (named, asked)} if names else {}),
    }


def parameters(parser: BlockParser) -> list[Schema]:
    """Those of a query."""
    found = [openapi.parameter(name, schema, meaning) for name, (schema, meaning) in _described(parser).items()]
    return [{**each, "explode": False} if each["name"] == "seeds" else each for each in found]
