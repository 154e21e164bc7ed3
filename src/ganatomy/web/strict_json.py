"""JSON that every browser can read, whatever it is made of: runs may be damaged, or made by strangers."""

import json
from typing import Any

from starlette.responses import JSONResponse

from ganatomy.system.sealed import finite


def dump(content: object) -> bytes:
    """Content as JSON: null for numbers that JSON cannot express, � for text that is not Unicode."""
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
    except ValueError:
        text = json.dumps(finite(content), allow_nan=False, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, as in the name of a file that is not UTF-8
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class StrictJSONResponse(JSONResponse):
    """A response of JSON that every browser can read."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return dump(content)
