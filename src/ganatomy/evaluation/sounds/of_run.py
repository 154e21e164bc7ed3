"""Measure the sounds that a run's generator draws, beside baselines: `ganatomy evaluate RUN` of sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganatomy.data.sounds import prepare_sounds
from ganatomy.errors import UserError
from ganatomy.evaluation.sounds.api import SoundComparison, beside_baselines
from ganatomy.evaluation.sounds.evaluator import LEAST_MADE, MOST, SoundEvaluator
from ganatomy.generators.sounds import SoundSampler
from ganatomy.report import page as report
from ganatomy.runs import scorecard
from ganatomy.runs.images import located
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import keep, subject_of_run
from ganatomy.system.files import explained


def evaluate_run(
    run: Run,
    *,
    held_out: str | Path | None = None,
    metrics: Sequence[str] = (),
    n: int | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    first_seed: int = 0,
    device: str = "cpu",
    out: str | Path | None = None,
) -> SoundComparison:
    """Scores of a run on sounds, and of baselines; the run keeps its card in eval/.

    held_out  a folder of sounds that it was not trained on; by default those that data.first left, or those of the
              folder `test` beside `train`, where there are any
    metrics   names of SOUND_METRICS; none: all
    n         how many sounds to draw, one a seed from first_seed on; by default as many as real ones, 10,000 at most
    step, raw, truncation, device   as for `ganatomy.load`
    out       a file to write the card to

    Raises UserError for whatever the caller can mend.
    """
    sampler = SoundSampler.of_run(run, step, raw, truncation, device)
    options = located(run, run.config().data, f"give its sounds back their place: {run.config().data.path}")
    real, unseen = prepare_sounds(options.path, options.rate, options.seconds, options.first)
    if real.fingerprint != (run.info().get("data") or {}).get("fingerprint"):
        raise UserError(f"{run.path} was trained on other sounds than {options.path} holds now.")
    if held_out is not None:
        unseen, _ = prepare_sounds(str(held_out), options.rate, options.seconds)
    count = min(len(real), MOST) if n is None else n
    if count < LEAST_MADE:
        raise UserError(f"--n {count}: no score can be measured on fewer than {LEAST_MADE} sounds.")
    seeds = range(first_seed, first_seed + count)
    evaluator = SoundEvaluator(real, unseen, count, metrics)
    heard = evaluator.heard(sampler.stored(seeds), sampler.labels(seeds) if sampler.prior.classes else None)
    subject = subject_of_run(run, sampler.step, count, not raw, truncation, first_seed)
    found = beside_baselines(evaluator, subject, heard, sampler.modality, unseen is not None)
    with explained(run.path):
        keep(run, found.cards[0])
        report.write(run)
    scorecard.write(found.cards[0], out)
    return found
