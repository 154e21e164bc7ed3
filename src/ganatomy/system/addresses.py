"""Files elsewhere, by address (s3://bucket/file, https://host/file): fsspec, with errors that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ganatomy.errors import UserError, first_line

ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]*(://|::)")


def is_address(text: str) -> bool:
    """Whether a text is an address, and no path of this machine's."""
    return bool(ADDRESS.match(text))


def filesystem(address: str) -> tuple[Any, str]:
    """fsspec's file system for an address or a path here, and the path in it.

    Raises UserError where its kind is not known, or the package for it is missing.
    """
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    kind = address.partition("://")[0].rpartition("::")[2]
    try:
        opened: tuple[Any, str] = url_to_fs(address)
    except ImportError as error:
        cure = known_implementations.get(kind, {}).get("err") or f"Install the package for {kind}://"
        raise UserError(f"{address} cannot be opened: {cure.rstrip('.')} ({first_line(error)}).") from error
    except ValueError as error:
        raise UserError(f"{address} cannot be opened: {first_line(error)}.") from error
    return opened


@contextmanager
def reached(address: str) -> Iterator[None]:
    """Work with files at an address. Raises UserError for whatever its file system raises: each kind has errors of
    its own, for a network that is down, a missing file, a wrong key.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        text = first_line(error)
        words = "there is nothing" if isinstance(error, FileNotFoundError) else text
        raise UserError(f"{address} cannot be reached: {words}.") from error
