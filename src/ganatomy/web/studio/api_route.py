"""A route that pages ask for data: the fields of its query are known, and nothing else is accepted."""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganatomy.web.validation import fields

Responder = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


class ApiRoute(Route):
    """A route, and the names that its query may have."""

    def __init__(self, path: str, answer: Responder, *, query: tuple[str, ...] = (), method: str = "GET") -> None:
        """answer: may raise UserError, which becomes the sentence of a refusal."""
        self.query = query

        async def checked_async(request: Request) -> Any:
            fields(request.query_params.multi_items(), query)
            return await answer(request)  # type: ignore[misc]

        def checked(request: Request) -> Any:
            fields(request.query_params.multi_items(), query)
            return answer(request)

        super().__init__(path, checked_async if iscoroutinefunction(answer) else checked, methods=[method])
