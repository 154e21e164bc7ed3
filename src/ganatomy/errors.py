"""Errors that are meant for a person."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something the user can put right. The message is one sentence: what is wrong, and what to do about it.

    The command prints it without a traceback and exits with status 1.
    """


def first_line(error: BaseException) -> str:
    """The first line of an error's message, without its full stop; the error's kind where it has no message."""
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def short(text: str, most: int = 100) -> str:
    """A text that a message can quote: cut where it is long."""
    return text if len(text) <= most else f"{text[:most]}…"


def unknown(kind: str, name: str, valid: Iterable[str], listing: str = "") -> UserError:
    """The error for a name that does not exist: the nearest valid ones, or all, or the command that lists them."""
    names, name = sorted(valid), short(name)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    every = f"{listing} lists them all." if listing else f"valid: {', '.join(names)}."
    hint = f"did you mean {' or '.join(near)}?" if near else every
    return UserError(f"There is no {kind} called {name!r}; {hint}")
