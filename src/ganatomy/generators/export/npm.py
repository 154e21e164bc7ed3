"""Files of a package of npm: of one version, checked by its hash, kept in the cache."""

import base64
import hashlib
import io
import os
import tarfile
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path

from ganatomy.errors import UserError
from ganatomy.system.files import cache_folder, cached, write_bytes

REGISTRY = "https://registry.npmjs.org"
PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
NAME = f"{PACKAGE}-{VERSION}.tgz"
# `npm view onnxruntime-web@1.30.0 dist.integrity`: base64 of the SHA-512 of the package.
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
LARGEST = 2**27  # bytes of the package, which has 33 million
PATIENCE = 60  # seconds without an answer


def files(names: Sequence[str], sha512: str = SHA512) -> dict[str, bytes]:
    """Contents of the package's files, by their names in its folder dist/. Raises UserError if it cannot be had."""
    content = _package(sha512)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {member.name: member for member in archive}
        return {name: archive.extractfile(members[f"package/dist/{name}"]).read() for name in names}  # type: ignore[union-attr]


def registry(environment: Mapping[str, str] = os.environ) -> str:
    """$NPM_CONFIG_REGISTRY, which npm reads in either case, else npm's own."""
    set_by = (environment.get(name) for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"))
    return next((address for address in set_by if address), REGISTRY).rstrip("/")


def _package(sha512: str) -> bytes:
    """The package, out of the cache or the registry; its hash is checked either way."""
    place = cache_folder() / "npm" / NAME
    address = f"{registry()}/{PACKAGE}/-/{NAME}"
    content = place.read_bytes() if place.is_file() else _download(address, place)
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != sha512:
        source = f"Remove {place}" if place.is_file() else f"Try again, or another registry than {registry()}"
        raise UserError(f"{PACKAGE} {VERSION} is not the published package: its hash is another. {source}.")
    if not place.is_file():
        with cached(cache_folder()):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(place, content)
    return content


def _download(address: str, place: Path) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            content: bytes = answer.read(LARGEST)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"{address} could not be downloaded ({reason}); get that file by any other way, put it at {place}, "
            "and export again."
        ) from None
    return content
