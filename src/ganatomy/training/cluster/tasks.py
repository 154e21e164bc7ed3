"""Functions of this package as Ray tasks, each on some machine of a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.system import extras
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import own_environment

T = TypeVar("T")


@contextmanager
def spread(
    engine: Engine, who: str, function: Callable[..., T], arguments: Sequence[Sequence[Any]], console: Console
) -> Iterator[Iterator[T]]:
    """What a function of a module of ours gives for each list of arguments, in their order, computed side by side.

    All machines need the same files in the current folder; who: as for `Engine.joined`. Raises UserError where Ray
    cannot be used, and what the function raises.
    """
    with engine.joined(who, 1, console) as reserved:
        ray = extras.needed("ray", "ray", who)
        options = {"num_cpus": reserved.get("CPU", 0), "num_gpus": reserved.get("GPU", 0)}
        task = ray.remote(_in_folder).options(**options, runtime_env={"env_vars": own_environment()})
        waiting = [task.remote(os.getcwd(), function, tuple(each)) for each in arguments]
        try:
            yield (ray.get(each) for each in waiting)
        finally:
            for each in waiting:
                ray.cancel(each)


def _in_folder(folder: str, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """In a worker of Ray's. Raises UserError where this machine has not that folder."""
    if not Path(folder).is_dir():
        raise UserError(f"A machine of the cluster has no folder {folder}: all need the same files.")
    os.chdir(folder)
    return function(*arguments)
