"""The description of routes that draw rows, as OpenAPI 3.1."""

from ganatomy.generators.seed_blocks import BLOCK
from ganatomy.modalities.tables.where import SIGNS
from ganatomy.web.serve import openapi
from ganatomy.web.serve.openapi import NULL, RATIO, SEED, Schema
from ganatomy.web.serve.tables.encoding import FORMATS, RowEncoding
from ganatomy.web.serve.tables.requests import LONGEST, MAX_QUERY_SEEDS, MAX_TERMS, RowParser

TERM: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
LISTED = 1000  # names of cells, at most
MEANINGS = {
    "n": "How many rows.",
    "seed": "Of the first row, or where the search for rows begins; random if not given.",
    "seeds": f"Of the rows, instead of n, seed and where; rows are drawn by {BLOCK} seeds side by side.",
    "where": "What each row must be: COLUMN SIGN VALUE, as in age > 60; several must all hold. "
    f"Signs: {' '.join(SIGNS)}; the value missing is a missing cell.",
    "truncation": "Smaller is more typical and less varied: the largest absolute value of a latent coordinate.",
    "class": "A cell to ask the generator for: COLUMN=VALUE, or :0, its index.",
}
TOO_FEW = openapi.refusal(404, "Too few of the rows that were drawn are such as `where` asks for.")


def page(parser: RowParser) -> Schema:
    """GET /"""
    operation = openapi.get("A page with other rows at every visit.", "text/html", parameters=_parameters(parser))
    for status in ("400", "404"):  # people read them there
        operation["responses"][status] = {
            "description": "The page, with one sentence on what is wrong.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        }
    return operation


def rows(parser: RowParser, encoding: RowEncoding) -> Schema:
    """GET /rows.json or /rows.csv"""
    first = {"First-Seed": openapi.header("Of the first row, or where the search began.", SEED)}
    operation = openapi.get(f"Rows: {encoding.meaning}.", encoding.media_type, first, _parameters(parser))
    operation["responses"]["404"] = TOO_FEW
    return operation


def several(parser: RowParser, max_body: int) -> Schema:
    """POST /rows"""
    values = _schemas(parser)
    values["seeds"] = openapi.array(SEED, 1, parser.max_rows)
    optional = {name: {"anyOf": [schema, NULL]} for name, schema in values.items()}
    form = {"format": {"enum": list(FORMATS)}}
    named = {**optional, "n": NULL, "seed": NULL, "where": NULL, "seeds": values["seeds"], **form}
    found = {**optional, "seeds": NULL, **form}
    bodies = [
        {"type": "object", "properties": named, "required": ["seeds"], "additionalProperties": False},
        {"type": "object", "properties": found, "additionalProperties": False},
    ]
    first = {"First-Seed": openapi.header("Of the first row, or where the search began.", SEED)}
    operation = openapi.get("Several rows.", FORMATS["json"].media_type, first)
    operation["responses"]["200"]["content"] |= {FORMATS["csv"].media_type: {"schema": {"type": "string"}}}
    operation["responses"] |= {"404": TOO_FEW, **openapi.of_body(max_body)}
    operation["description"] = " ".join(f"{name}: {each.meaning}." for name, each in FORMATS.items())
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"oneOf": bodies}}}}
    return operation


def _schemas(parser: RowParser) -> dict[str, Schema]:
    cells = list(dict.fromkeys([*parser.cells, *(f":{index}" for index in range(len(parser.cells)))]))
    named: Schema = {"type": "string", **({"enum": cells} if len(cells) <= LISTED else {})}
    return {
        "n": {"type": "integer", "minimum": 1, "maximum": parser.max_rows},
        "seed": SEED,
        "seeds": openapi.array(SEED, 1, min(parser.max_rows, MAX_QUERY_SEEDS)),
        "where": {"type": "array", "items": TERM, "maxItems": MAX_TERMS},
        "truncation": RATIO,
        **({"class": named} if cells else {}),
    }


def _parameters(parser: RowParser) -> list[Schema]:
    found = [openapi.parameter(name, schema, MEANINGS[name]) for name, schema in _schemas(parser).items()]
    return [{**each, "explode": False} if each["name"] == "seeds" else each for each in found]
