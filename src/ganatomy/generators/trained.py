"""The weights of a run's generator, out of its checkpoint."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan.priors import PRIORS
from ganatomy.networks.families import FAMILIES
from ganatomy.runs import checkpoint
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import RUNS, Run


def of_modality(place: str | Path | Run, modality: str, runs: Path = RUNS) -> Run | None:
    """The run that is meant, of samples of that kind; None where it is something else."""
    with suppress(UserError):
        run = place if isinstance(place, Run) else Run.find(place, runs)
        return run if run.config().modality == modality else None
    return None


def read(run: Run, step: int | None, raw: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a run's generator, each of its parameter's shape, and the manifest of their checkpoint.

    step: of the checkpoint, None for the newest; raw: as it was trained, not averaged. Raises UserError where there is
    none, and where the run's parts are not loaded.
    """
    config, folder, name = run.config(), run.checkpoint(step), "generator" if raw else "average"
    check_at_hand(run, [(FAMILIES, config.generator.family), (PRIORS, config.prior.name)])
    tensors = checkpoint.load(folder, name)[name]
    tensors.pop("n_averaged", None)
    return tensors, checkpoint.manifest(folder)
