"""The callbacks that every training has: they write the run folder, show progress and diagnose."""

from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console

from ganatomy.config import settings
from ganatomy.data import Images
from ganatomy.data.pairs import Pairs
from ganatomy.data.rows import Rows
from ganatomy.data.sounds import Sounds
from ganatomy.diagnosis.probe import Probe
from ganatomy.diagnosis.probe_images import probe_of
from ganatomy.diagnosis.probe_pairs import probe_of_pairs
from ganatomy.diagnosis.probe_rows import probe_of_rows
from ganatomy.diagnosis.probe_sounds import probe_of_sounds
from ganatomy.diagnosis.reading import context_of
from ganatomy.evaluation.evaluator import BATCH
from ganatomy.gan.method import Batches, Method
from ganatomy.generators.seed_blocks import BLOCK
from ganatomy.modalities.images import to_float
from ganatomy.modalities.pair_modality import PairModality
from ganatomy.runs.run import Run
from ganatomy.training import forecast
from ganatomy.training.callbacks.checkpoints import Checkpoints
from ganatomy.training.callbacks.control import Control
from ganatomy.training.callbacks.diagnosis import RecordSignals, Verdicts
from ganatomy.training.callbacks.evaluation import Scorer
from ganatomy.training.callbacks.forecast import ForecastAgain
from ganatomy.training.callbacks.mirror import Mirror
from ganatomy.training.callbacks.progress import ShowProgress
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.callbacks.snapshots import Snapshots
from ganatomy.training.callbacks.tracking import Track
from ganatomy.training.callbacks.walk import Walk
from ganatomy.training.loop import Callback, State
from ganatomy.training.prepare import Prepared
from ganatomy.training.trackers import TRACKERS, TrackedRun


def standard_callbacks(
    run: Run,
    prepared: Prepared,
    console: Console,
    state: State,
    batches: Batches,
    remedies: int = 0,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Callback]:
    """The callbacks of a session, in the order in which they see a step.

    batches: real images as the training sees them; remedies: how many more findings may be remedied; stopped: whether a
    signal asks to stop, which ends a pause.
    """
    options, log = prepared.config, prepared.config.log

    def say(words: str) -> None:
        console.print(words, highlight=False, markup=False)

    prior = state.method.prior
    recorder, verdicts = Recorder(run, log.every), None
    modality = prepared.modality
    if isinstance(modality, PairModality):
        previewed = prior.of_given(to_float(torch.from_numpy(modality.given)))
    else:
        previewed = prior.of_seeds(range(modality.previewed))  # sample s of every preview is seed s
    snapshots = Snapshots(run, previewed, log.snapshot, modality)
    # Signals before the recorder, which writes them.
    callbacks: list[Callback] = []
    if options.diagnosis.on:
        verdicts = Verdicts(run, context_of(run), recorder, remedies)
        callbacks.append(
            RecordSignals(
                lambda method: _probe(method, prepared, batches),
                options.diagnosis.every,
                log.every,
                roll_backs=state.attempt,
                budget=prepared.budget,
            )
        )
    callbacks.append(recorder)
    samples = "rows" if options.modality == "tables" else options.modality
    callbacks += [
        snapshots,
        Checkpoints(run, log.checkpoint, log.keep, state.attempt, lambda: _shards(prepared)),
        *([Mirror(run, log.mirror, say)] if log.mirror else []),
        ShowProgress(console, prepared.budget, lambda: verdicts.verdict if verdicts else "", samples),
    ]
    if options.modality == "images":
        callbacks += [
            ForecastAgain(console, lambda speed, state: forecast.again(prepared, speed, state.images, state.seconds)),
            Walk(run, prior),
        ]
    if verdicts:
        callbacks.append(verdicts)
    if prepared.evaluator:
        together = BATCH if options.modality == "images" else BLOCK  # as `evaluate` draws them
        every = options.evaluation.every
        callbacks.append(Scorer(run, prepared.evaluator, prior.of_seeds, modality.stored, together, every))
    known = TrackedRun(run.name, run.path, settings.by_name(options))
    callbacks += [Track(run, name, TRACKERS.find(name).open, known, say) for name in log.named]
    # The last, so that the others have seen the step when a request is carried out.
    return [*callbacks, Control(run, stopped, snapshots.draw, lambda rates: _keep_rates(run, rates))]


def _shards(prepared: Prepared) -> dict[str, Any]:
    """What is known of streamed shards, for a checkpoint's manifest: another machine need not read them to go on."""
    stream = prepared.samples.stream if isinstance(prepared.samples, Images) else None
    return {} if stream is None else {"shards": stream.known()}


def _probe(method: Method, prepared: Prepared, batches: Batches) -> Probe:
    options, held_out = prepared.config, prepared.held_out
    if isinstance(prepared.samples, Rows):
        assert held_out is None or isinstance(held_out, Rows)
        return probe_of_rows(method, options, prepared.samples, held_out)
    if isinstance(prepared.samples, Sounds):
        assert held_out is None or isinstance(held_out, Sounds)
        return probe_of_sounds(method, options, prepared.samples, held_out)
    if isinstance(prepared.samples, Pairs):
        assert held_out is None or isinstance(held_out, Pairs)
        return probe_of_pairs(method, options, prepared.samples, held_out)
    assert held_out is None or isinstance(held_out, Images)
    return probe_of(method, options, prepared.samples, held_out, batches)


def _keep_rates(run: Run, rates: dict[str, float]) -> None:
    """Write new learning rates, by player, to config.yaml, so that a resumed run has them."""
    changes = {f"{player}_optimiser.learning_rate": rate for player, rate in rates.items()}
    run.write_config(settings.change(run.config(), changes))
    run.event("changed", **changes)
