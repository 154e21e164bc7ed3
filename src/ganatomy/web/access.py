"""The token that a server asks for: where it comes from, and how a browser gets it without anybody else seeing it.

Every account on a machine can send requests to 127.0.0.1 and read the arguments of all processes. So a server asks for
a token on a loopback address too, and no token is ever an argument of a command.
"""

import html
import os
import re
import secrets
import stat
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganatomy.errors import UserError
from ganatomy.system.files import reason

FORM = re.compile(r"[\w.~-]{16,128}", re.ASCII)
LONGEST = 1024  # bytes of a token file
PAGE = (
    '<!doctype html><meta name="referrer" content="no-referrer">'
    '<meta http-equiv="refresh" content="0; url={0}"><a href="{0}">Open</a>\n'
)


def token_for(given: str | None = None, file: Path | None = None, no_token: bool = False) -> str | None:
    """The token that clients must send: the given one, the one in a file, or a new one of 128 bits; None if `no_token`.

    Raises UserError for a token that is too short or has other characters, and where more than one of these is given.
    """
    if (given is not None) + (file is not None) + no_token > 1:
        raise UserError("Give one of these: a token, --token-file or --no-token.")
    if no_token:
        return None
    if given is not None and not FORM.fullmatch(given):
        raise UserError("A token has 16 to 128 letters, digits, dots, dashes, underscores or tildes.")
    return given or (token_in(file) if file else secrets.token_urlsafe(16))


def token_in(path: Path) -> str:
    """The token in a file; a new one is written there, readable by this account alone, if there is no such file.

    Raises UserError where the file cannot be read or written, belongs to another account, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise UserError(f"--token-file {path}: it cannot be written: {reason(error)}.") from None
    token = secrets.token_urlsafe(16)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    return token


def _read(path: Path) -> str:
    try:
        # Without waiting: a FIFO has no end.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UserError(f"--token-file {path}: it is not a file.")
            if os.name == "posix" and (found.st_mode & 0o077 or found.st_uid not in (os.geteuid(), 0)):
                raise UserError(f"--token-file {path}: other accounts can read it or own it; `chmod 600 {path}`.")
            text = file.read(LONGEST).decode(errors="replace").strip()
    except OSError as error:
        raise UserError(f"--token-file {path}: it cannot be read: {reason(error)}.") from None
    if not FORM.fullmatch(text):
        raise UserError(
            f"--token-file {path}: it should hold 16 to 128 letters, digits, dots, dashes, underscores or tildes."
        )
    return text


def with_token(address: str, token: str | None) -> str:
    """The address that a browser opens first: with the token, which the guard then moves to a cookie."""
    return f"{address}/?token={token}" if token else address


@contextmanager
def browsing(address: str, folder: Path) -> Iterator[None]:
    """Open an address in a browser, by a page in `folder` (or in the temporary one) that only this account can read.

    The browser's arguments, which every account can see, name the page and not the address.
    """
    try:
        descriptor, name = tempfile.mkstemp(".html", ".ganatomy-", folder)  # mode 0600
    except OSError:
        descriptor, name = tempfile.mkstemp(".html", "ganatomy-")
    page = Path(name).resolve()
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(PAGE.format(html.escape(address)))
        webbrowser.open(page.as_uri())
        yield
    finally:
        page.unlink(missing_ok=True)
