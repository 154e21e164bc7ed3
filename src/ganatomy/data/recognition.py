"""What kind of samples data are, by a look at their name or their files."""

import os
from pathlib import Path

from ganatomy.data.sounds import are_sounds
from ganatomy.data.sources import is_name
from ganatomy.modalities.tables.files import is_table


def modality_of(path: str) -> str | None:
    """tables, sounds or images, of which pairs are made too; None where nothing is there."""
    if is_table(path):
        return "tables"
    if are_sounds(path):
        return "sounds"
    return "images" if is_name(path) or os.path.exists(Path(path).expanduser()) else None
