"""The weights of a run's generator, out of its checkpoint."""

from typing import Any

from torch import Tensor

from ganatomy.gan.priors import PRIORS
from ganatomy.networks.families import FAMILIES
from ganatomy.runs import checkpoint
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import Run


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
