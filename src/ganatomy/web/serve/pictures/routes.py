"""The routes that draw of pictures."""

import base64
import hashlib
import importlib.resources
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ganatomy.generators.export import pictures
from ganatomy.web.serve import openapi
from ganatomy.web.serve.app import Endpoint, Routes
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.openapi import BINARY, Schema
from ganatomy.web.serve.pictures.dispatcher import MAX_BODY, TYPES, PictureDispatcher

SCRIPT = importlib.resources.files(__package__).joinpath("page.js").read_text(encoding="utf-8")
SAME = "The same picture gives the same bytes, those of `ganatomy apply`, whatever else is requested."


class PictureRoutes(Routes):
    """Routes that draw of pictures."""

    def __init__(self, dispatcher: PictureDispatcher, metrics: ServerMetrics, token: bool) -> None:
        """token: whether clients need one."""
        self.dispatcher, metadata = dispatcher, dispatcher.sampler.metadata
        scale = dispatcher.sampler.scale
        script = pictures.script(SCRIPT)
        self.html = pictures.page(
            metadata,
            pictures.title(metadata),
            "This server does the work.",
            escape("Pictures go to this server alone, which keeps none."),
            script,
            dispatcher.most * scale**2,
        )
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self.policy = (
            f"default-src 'none'; script-src 'sha256-{digest}'; connect-src 'self'; img-src data: blob:; "
            "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        page = openapi.get("A page that takes a picture and shows what is drawn of it.", "text/html")
        own = [
            Endpoint("GET", "/", self.page, page),
            Endpoint("POST", "/apply", self.apply, _operation(dispatcher.most, scale)),
        ]
        super().__init__(own, "Pictures from a generator", dispatcher, metrics, token, SAME)

    async def page(self, request: Request) -> Response:
        """A picture is dropped, chosen or drawn, and what the generator draws of it stands beside it."""
        return HTMLResponse(self.html, headers={"content-security-policy": self.policy})

    async def apply(self, request: Request) -> Response:
        """One PNG."""
        return await self.dispatcher.answer(request)


def _operation(most: int, scale: int) -> Schema:
    """POST /apply"""
    larger = f", {scale} times as high and wide" if scale > 1 else ""
    operation = openapi.get(f"What the generator draws of a picture{larger}.", "image/png")
    operation["responses"] |= openapi.of_body(MAX_BODY, " or ".join(TYPES))
    operation["responses"]["413"]["description"] += f" Or the picture has more than {most:,} pixels."
    operation["requestBody"] = {"required": True, "content": {name: {"schema": BINARY} for name in TYPES}}
    return operation
