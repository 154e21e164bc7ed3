"""How people name a class: by its name, or by its index, written :3."""

import re
from collections.abc import Sequence

from ganatomy.errors import UserError, unknown


def class_index(label: str | int, classes: Sequence[str], kind: str = "class") -> int:
    """The index of the class called `label`; :3 is the index itself, counted from 0. A number is a name like any other.

    kind: what the error calls it. Raises UserError where there is no such class.
    """
    text = str(label)
    if text in classes:
        return classes.index(text)
    if re.fullmatch(":[0-9]{1,9}", text) and int(text[1:]) < len(classes):
        return int(text[1:])
    error = unknown(kind, text[:100], classes)
    if re.fullmatch(":?[0-9]+", text):
        raise UserError(f"{error} Classes have the indices :0 to :{len(classes) - 1}.")
    raise error
