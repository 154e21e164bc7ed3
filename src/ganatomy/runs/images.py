"""The images that a run was trained on: where they were, where they are now, and what the cache still has of them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganatomy.config.options import DataOptions
from ganatomy.data import shards
from ganatomy.data.sources import is_name
from ganatomy.data.sources.prepared import PREFIX
from ganatomy.data.store import Images, kept
from ganatomy.errors import UserError
from ganatomy.modalities.tables.files import is_table
from ganatomy.runs.run import Run
from ganatomy.system.files import cache_folder


def place_of(path: str) -> str | None:
    """The absolute path of data that are files or folders here; None of others, such as a named set."""
    if is_name(path) or not (os.path.exists(Path(path).expanduser()) or shards.is_here(path)):
        return None
    return os.path.abspath(Path(path).expanduser())


def located(run: Run, options: DataOptions, command: str) -> DataOptions:
    """A run's data options with a path that leads to its images: that given, their place in training, or the cache.

    command: what the error advises, in which PLACE stands for their new place. Raises UserError where they are nowhere.
    """
    recorded = _data(run.info())
    if is_name(options.path) or place_of(options.path) or not recorded:
        return options
    was = recorded.get("path")
    if isinstance(was, str) and place_of(was):
        return options.model_copy(update={"path": was})
    if (images := cached(recorded, options)) is not None:
        return options.model_copy(update={"path": f"{PREFIX}{images[0]}", "split": "train"})
    table = is_table(options.path)
    data, were, they = ("The table", "was", "it is") if table else ("The images", "were", "they are")
    raise UserError(
        f"{data} that {run.path} was trained on {were} in {was or options.path}, where nothing is now. Say where "
        f"{they}: {command}"
    )


def cached(data: Mapping[str, Any], options: DataOptions) -> tuple[str, Images] | None:
    """The images in the cache with the fingerprint in a run's `data` record, and the whole set's; None if not there.

    Found by their fingerprint, never by a path, so that a run's folder cannot choose what is read.
    """
    for manifest in sorted((cache_folder() / "data").glob("*/manifest.json")):
        whole = kept(manifest.parent, options.path, check=False)
        if whole is None:
            continue
        found = whole if options.first is None else whole.first(options.first)
        if found.fingerprint == data.get("fingerprint") and kept(manifest.parent, options.path):
            return whole.fingerprint, found
    return None


def _data(info: Mapping[str, Any]) -> Mapping[str, Any]:
    found = info.get("data")
    return found if isinstance(found, dict) else {}
