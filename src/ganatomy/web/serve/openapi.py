"""The description of the server as OpenAPI 3.1: /openapi.json."""

from collections.abc import Mapping
from typing import Any

from ganatomy import __version__
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.web.serve.encoding import FORMATS
from ganatomy.web.serve.requests import MAX_COORDINATE, MAX_STOPS, TRUNCATION, RequestParser

Schema = dict[str, Any]

SEED: Schema = {"type": "integer", "minimum": 0, "maximum": LAST_SEED}
RATIO: Schema = {"type": "number", "minimum": TRUNCATION[0], "maximum": TRUNCATION[1]}
SAME_SEED = "The same seed, class and truncation give the same bytes, whatever else is requested."
NULL: Schema = {"type": "null"}
BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
REFUSALS = {
    400: "The request is invalid.",
    401: "The token is missing or wrong, if the server asks for one.",
    403: "The Host header is unknown, or the request comes from a page of another site.",
    429: "Too much is waiting.",
    503: "It could not be drawn in time.",
}
LATER = {"Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}


def document(title: str, operations: Mapping[str, Mapping[str, Schema]], token: bool, same: str) -> Schema:
    """The whole description. operations: by path, then by method in lower case; token: whether clients need one.

    same: a sentence on what gives the same bytes.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": same,
        },
        **({"security": [{"token": []}]} if token else {}),
        "paths": operations,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"error": {"type": "string", "description": "One sentence."}},
                    "required": ["error"],
                    "additionalProperties": False,
                }
            },
            **({"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if token else {}),
        },
    }


def get(summary: str, media_type: str, headers: Schema | None = None, parameters: list[Schema] | None = None) -> Schema:
    """An operation that is answered with one media type."""
    answers = {
        "200": _ok(media_type, headers),
        **{str(status): refusal(status, text) for status, text in REFUSALS.items()},
    }
    return {"summary": summary, **({"parameters": parameters} if parameters else {}), "responses": answers}


def image(parser: RequestParser) -> Schema:
    """GET /image.png."""
    seed = parameter("seed", SEED, "Random if not given.")
    headers = {"Image-Seed": header("The seed of the image.", SEED)}
    return get("One image.", "image/png", headers, [seed, *_common(parser)])


def walk(parser: RequestParser) -> Schema:
    """GET /walk.webp."""
    seeds = parameter("seeds", array(SEED, 2, MAX_STOPS), "Separated by commas.")
    frames = parameter(
        "frames",
        {"type": "integer", "minimum": 2, "maximum": parser.max_images},
        "Number of frames: one for each seed, or more.",
    )
    return get(
        "An endless animation through latent space, from seed to seed and back to the first.",
        "image/webp",
        parameters=[{**seeds, "required": True, "explode": False}, frames, *_common(parser)],
    )


def images(parser: RequestParser, max_body: int) -> Schema:
    """POST /images. A latent vector has no class of its own, so a conditional generator needs one with it."""
    common = {each["name"]: each["schema"] for each in _common(parser)}
    coordinate = {"type": "number", "minimum": -MAX_COORDINATE, "maximum": MAX_COORDINATE}
    vector = array(coordinate, parser.prior.dimension, parser.prior.dimension)
    ways = {"seeds": array(SEED, 1, parser.max_images), "latents": array(vector, 1, parser.max_images)}
    bodies = []
    for name, way in ways.items():
        required = [name, *(["class"] if name == "latents" and parser.prior.classes else [])]
        optional = {key: {"anyOf": [schema, NULL]} for key, schema in common.items()}  # null: as if left out
        values = dict.fromkeys(ways, NULL) | optional | {key: common[key] for key in required[1:]} | {name: way}
        values["format"] = {"enum": list(FORMATS)}
        bodies.append({"type": "object", "properties": values, "required": required, "additionalProperties": False})
    shape = header("N,H,W,C; of the format raw.", {"type": "string"}, required=False)
    operation = get("Several images.", "application/zip", {"Image-Shape": shape})
    operation["responses"]["200"]["content"] |= {
        each.media_type: {"schema": content(each.media_type)} for each in FORMATS.values()
    }
    operation["responses"] |= of_body(max_body)
    operation["description"] = " ".join(f"{name}: {each.meaning}." for name, each in FORMATS.items())
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"oneOf": bodies}}}}
    return operation


def of_body(max_body: int, types: str = "application/json") -> Schema:
    """The refusals of a request's body, which may have so many bytes and has to be of these types."""
    return {
        "408": refusal(408, "The body takes too long to arrive."),
        "413": refusal(413, f"The body has more than {max_body:,} bytes."),
        "415": refusal(415, f"The Content-Type is not {types}."),
    }


def _common(parser: RequestParser) -> list[Schema]:
    """The parameters that all requests for images have: truncation and class."""
    meaning = "ψ" if parser.styled else "the largest absolute value of a latent coordinate"
    truncation = parameter("truncation", RATIO, f"Smaller is more typical and less varied: {meaning}.")
    if not parser.prior.classes:
        return [truncation]
    names = [*parser.labels, *(f":{index}" for index in range(len(parser.labels)))]
    named = {"type": "string", "enum": list(dict.fromkeys(names))}
    return [truncation, parameter("class", named, "By name, or as :0, its index; if not given, chosen by the seed.")]


def parameter(name: str, schema: Schema, meaning: str) -> Schema:
    """A parameter of a query."""
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


def header(meaning: str, schema: Schema, required: bool = True) -> Schema:
    """A header of an answer."""
    return {"required": required, "description": meaning, "schema": schema}


def array(schema: Schema, least: int, most: int) -> Schema:
    """A list of so many values."""
    return {"type": "array", "items": schema, "minItems": least, "maxItems": most}


def _ok(media_type: str, headers: Schema | None) -> Schema:
    return {
        "description": "Success.",
        "headers": headers or {},
        "content": {media_type: {"schema": content(media_type)}},
    }


def content(media_type: str) -> Schema:
    """Of what an answer holds."""
    if media_type.startswith("text/"):
        return {"type": "string"}
    return {"type": "object"} if media_type == "application/json" else BINARY


def refusal(status: int, meaning: str) -> Schema:
    """An answer that refuses, in one sentence."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": meaning, "content": error, "headers": LATER if status in (429, 503) else {}}
