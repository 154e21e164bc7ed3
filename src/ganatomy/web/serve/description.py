"""What the server answers to what, as OpenAPI 3.1: /openapi.json."""

from typing import Any

from ganatomy import __version__
from ganatomy.generators.api import LAST_SEED
from ganatomy.web.serve.orders import FARTHEST, STOPS, TRUNCATION, Orders

Schema = dict[str, Any]

SEED: Schema = {"type": "integer", "minimum": 0, "maximum": LAST_SEED}
RATIO: Schema = {"type": "number", "minimum": TRUNCATION[0], "maximum": TRUNCATION[1]}
PIXELS: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
REFUSALS = {
    400: "Something of it cannot be done.",
    403: "The request comes by a name, or from a page, that this server does not know.",
    429: "Too much is waiting already.",
    503: "It could not be drawn in time.",
}
LATER = {"Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}


def describe(orders: Orders, token: bool, body: int) -> Schema:
    """The description of a server; token: whether it wants one; body: the most bytes of a request's body."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Images drawn by a generator",
            "version": __version__,
            "description": "The same seed, class and truncation give the same bytes, whoever else asks for what.",
        },
        **({"security": [{"token": []}]} if token else {}),
        "paths": {
            "/": {"get": _get("A page with a new image at every visit.", _ok("text/html"))},
            "/image.png": {
                "get": _get(
                    "One image.",
                    _ok("image/png", {"Image-Seed": _header("Of which seed it is.", SEED)}),
                    [_parameter("seed", SEED, "Any, if not given."), *_look(orders)],
                )
            },
            "/images": {"post": _post(orders, body)},
            "/walk.webp": {
                "get": _get(
                    "An endless walk through latent space, from seed to seed and back to the first.",
                    _ok("image/webp"),
                    [
                        {
                            **_parameter("seeds", _many(SEED, 2, STOPS), "With commas between them."),
                            "required": True,
                            "explode": False,
                        },
                        _parameter("frames", {"type": "integer", "minimum": 2, "maximum": orders.most}, "Pictures."),
                        *_look(orders),
                    ],
                )
            },
            "/healthz": {"get": _get("Whether the server is there.", _ok("text/plain"))},
            "/metrics": {"get": _get("Its figures, for Prometheus.", _ok("text/plain"))},
            "/openapi.json": {"get": _get("This description.", _ok("application/json"))},
        },
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


def _get(summary: str, ok: Schema, parameters: list[Schema] | None = None) -> Schema:
    answers = {"200": ok, **{str(status): _refusal(status, text) for status, text in REFUSALS.items()}}
    return {"summary": summary, **({"parameters": parameters} if parameters else {}), "responses": answers}


def _post(orders: Orders, body: int) -> Schema:
    """Seeds or latent vectors; these say nothing of the class, so that they need one where there are any."""
    common = {**{each["name"]: each["schema"] for each in _look(orders)}, "format": {"enum": ["png", "webp", "raw"]}}
    coordinate = {"type": "number", "minimum": -FARTHEST, "maximum": FARTHEST}
    vector = _many(coordinate, orders.prior.dimension, orders.prior.dimension)
    ways = {"seeds": _many(SEED, 1, orders.most), "latents": _many(vector, 1, orders.most)}
    schemas = [
        {
            "type": "object",
            "properties": {name: way, **common},
            "required": [name, *(["class"] if name == "latents" and orders.prior.classes else [])],
            "additionalProperties": False,
        }
        for name, way in ways.items()
    ]
    shape = _header("N,H,W,C; of the format raw.", {"type": "string"}, required=False)
    operation = _get("Several images.", _ok("application/zip", {"Image-Shape": shape}))
    operation["responses"]["200"]["content"]["application/octet-stream"] = {"schema": PIXELS}
    operation["responses"] |= {
        "408": _refusal(408, "The body takes too long."),
        "413": _refusal(413, f"The body has more than {body:,} bytes."),
        "415": _refusal(415, "The body is not said to be JSON."),
    }
    operation["description"] = (
        "png, webp: a zip of 0000.png, 0001.png, … in the order in which they were asked for. "
        "raw: the bytes of a uint8 array [N, H, W, C]."
    )
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"oneOf": schemas}}}}
    return operation


def _look(orders: Orders) -> list[Schema]:
    """What all images have in common: how typical they are, and of which class."""
    meaning = "ψ" if orders.styled else "the largest size of a latent coordinate"
    truncation = _parameter("truncation", RATIO, f"Less is more typical and less varied: {meaning}.")
    if not orders.prior.classes:
        return [truncation]
    names = [*orders.classes, *(str(number) for number in range(len(orders.prior.classes)))]
    named = {"type": "string", "enum": list(dict.fromkeys(names))}
    return [truncation, _parameter("class", named, "By name or number; the seed's own, if not given.")]


def _parameter(name: str, schema: Schema, meaning: str) -> Schema:
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


def _header(meaning: str, schema: Schema, required: bool = True) -> Schema:
    return {"required": required, "description": meaning, "schema": schema}


def _many(schema: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": schema, "minItems": least, "maxItems": most}


def _ok(media_type: str, headers: Schema | None = None) -> Schema:
    binary = media_type.startswith(("image/", "application/zip"))
    schema = PIXELS if binary else {"type": "string"} if media_type.startswith("text/") else {"type": "object"}
    return {"description": "Done.", "headers": headers or {}, "content": {media_type: {"schema": schema}}}


def _refusal(status: int, meaning: str) -> Schema:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": meaning, "content": error, "headers": LATER if status in (429, 503) else {}}
