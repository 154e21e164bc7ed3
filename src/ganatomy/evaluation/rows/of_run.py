"""Measure the rows that a run's generator draws, beside baselines: `ganatomy evaluate RUN` of a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganatomy.data.rows import fingerprint
from ganatomy.errors import UserError
from ganatomy.evaluation.rows.api import RowComparison, evaluate
from ganatomy.generators.rows import RowSampler
from ganatomy.modalities.tables.files import read
from ganatomy.modalities.tables.schema import Schema
from ganatomy.report import page as report
from ganatomy.runs.images import located
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import keep, subject_of_run
from ganatomy.system.files import explained


def evaluate_run(
    run: Run,
    *,
    reference: str | Path | None = None,
    held_out: str | Path | None = None,
    target: str | int | None = None,
    metrics: Sequence[str] = (),
    n: int | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    first_seed: int = 0,
    device: str = "cpu",
    out: str | Path | None = None,
    page: str | Path | None = None,
) -> RowComparison:
    """Scores of a run on a table, and of two baselines; the run keeps its card in eval/.

    reference   the real rows; by default those that the run was trained on
    held_out    real rows that it was not trained on; by default those that data.first left, if it did
    n           how many rows to draw, one a seed from first_seed on; by default as many as real ones
    step, raw, truncation, device   as for `ganatomy.load`

    The other arguments: as for `evaluate`. Raises UserError for whatever the caller can mend.
    """
    sampler = RowSampler.of_run(run, step, raw, truncation, device)
    if reference is None:
        options = located(run, run.config().data, f"ganatomy evaluate {run.address} --reference PLACE")
        whole = read(options.path, options.leave_out)
        count = len(whole) if options.first is None else min(options.first, len(whole))
        real, rest = whole[:count], whole[count:].reset_index(drop=True)
        own = Schema.of(whole)  # the run's may have bounds that hold the rows of another table, too
        if fingerprint(own, own.numbers(real)) != (run.info().get("data") or {}).get("fingerprint"):
            raise UserError(
                f"{run.path} was trained on another table than {options.path} holds now: name it with --reference."
            )
        unseen = rest if held_out is None and len(rest) else held_out
    else:
        options, real, unseen = run.config().data, read(reference, run.config().data.leave_out), held_out
    n = len(real) if n is None else n
    if n < 2:
        raise UserError(f"--n {n}: no score can be measured on fewer than 2 rows.")
    made = sampler.frame(range(first_seed, first_seed + n))
    subject = subject_of_run(run, sampler.step, n, not raw, truncation, first_seed)
    name = str(options.path if reference is None else reference)
    compared = evaluate(
        made,
        real,
        held_out=unseen,
        target=target,
        metrics=metrics,
        out=out,
        page=page,
        subject=subject,
        reference_name=name,
    )
    with explained(run.path):
        keep(run, compared.cards[0])
        report.write(run)
    return compared
