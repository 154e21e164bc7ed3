"""Which real rows a probe of a table's training uses. Needs torch."""

from dataclasses import replace

from ganatomy.config.options import Config
from ganatomy.data.row_batches import RowBatches
from ganatomy.data.rows import Rows
from ganatomy.diagnosis.probe import Probe, ProbeImages
from ganatomy.diagnosis.reference import MOST
from ganatomy.gan.method import Batch, Method
from ganatomy.system.runtime import Randomness


def probe_of_rows(method: Method, options: Config, rows: Rows, held_out: Rows | None) -> Probe:
    """The probe of a training: `diagnosis.samples` latent vectors, and as many real rows.

    held_out: rows that are not trained on, or None. Conditions of real rows and of latent vectors alike are as frequent
    as they are in the table, not as the training draws them.
    """
    alone = replace(method.runtime, world=1, rank=0)

    def drawn(some: Rows, count: int) -> Batch:
        return RowBatches(some, count, Randomness(0), alone, options.prior.conditional, balanced=False)(0)

    count = options.diagnosis.samples
    images = ProbeImages(drawn(rows, min(len(rows), MOST)), None if held_out is None else drawn(held_out, count))
    return Probe(method, method.prior.of_seeds(range(min(count, len(rows)))), images, len(rows))
