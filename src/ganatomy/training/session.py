"""A session: one start of a training, from its newest checkpoint on, recorded in the run folder."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from rich.console import Console

from ganatomy import build
from ganatomy.data import Images
from ganatomy.data.batches import RealBatches
from ganatomy.data.pair_batches import PairBatches, UnpairedBatches
from ganatomy.data.pairs import Pairs
from ganatomy.data.row_batches import RowBatches
from ganatomy.data.rows import Rows
from ganatomy.data.shard_batches import ShardBatches
from ganatomy.data.sound_batches import SoundBatches
from ganatomy.data.sounds import Sounds
from ganatomy.errors import UserError, first_line
from ganatomy.gan.method import Batches, Method
from ganatomy.networks.protocols import has_batch_norm
from ganatomy.report import page
from ganatomy.runs import checkpoint
from ganatomy.runs.images import place_of
from ganatomy.runs.problems import problems
from ganatomy.runs.run import Run
from ganatomy.system import machine, stopping
from ganatomy.system.files import reason
from ganatomy.system.runtime import Randomness
from ganatomy.system.terminal import show
from ganatomy.training import contract, initial, parts, privacy
from ganatomy.training.callbacks.mirror import Mirror
from ganatomy.training.loop import Callback, State, fit
from ganatomy.training.prepare import Prepared
from ganatomy.training.recovery import Recovery, remedies_left
from ganatomy.training.results import resume_command
from ganatomy.training.standard import standard_callbacks


def train(
    run: Run,
    prepared: Prepared,
    console: Console,
    changed: Mapping[str, Any] | None = None,
    *,
    callbacks: Sequence[Callback] = (),
    allow_changed_parts: bool = False,
) -> None:
    """Train a run until its budget is spent or somebody stops it; a run with checkpoints continues from the newest.

    changed: the options that a resumed run changes; None for a new run. callbacks: a person's own, before the standard
    ones, which write what these add to the record. Raises UserError, with the run's status and log saying the same.
    """
    with _session(run, prepared, console, changed, allow_changed_parts) as stopped:
        recovery = Recovery(run, console)
        while True:
            state, batches = _start(run, prepared, recovery.retry)
            _say_what_streams_skip(run, prepared, console)
            _warn_of_batch_norm(state.method, console)
            standard = _callbacks(run, prepared, console, state, batches, stopped)
            console.print(
                f"Training goes on at step {state.step:,}." if state.step else "Training begins.", highlight=False
            )
            ended = fit(state.method, batches, state, prepared.budget, [*callbacks, *standard], stopped)
            if ended is None:
                break
            prepared = recovery.after(ended, prepared)
        if prepared.runtime.leads:
            _close(run, console, state, finished=state.spent(prepared.budget) >= 1)
            if address := prepared.config.log.mirror:  # now run.json says how it ended
                Mirror(run, address, lambda words: console.print(words, style="yellow", markup=False)).end(state)


@contextlib.contextmanager
def _session(
    run: Run, prepared: Prepared, console: Console, changed: Mapping[str, Any] | None, allow_changed_parts: bool
) -> Iterator[Callable[[], bool]]:
    """Locks and opens the run folder, handles signals and records errors; yields a function: whether to stop."""
    leads = prepared.runtime.leads
    with contextlib.ExitStack() as stack:
        if leads:
            stack.enter_context(run.lock())
        if changed is not None:  # what is refused here leaves the run as it was
            run.check()
            checkpoint.verify(run.checkpoint())
            _check_loads(run, prepared)
            parts.check_same(run, prepared.config, allow_changed_parts)
        try:
            if leads:
                _warn_of_another_torch(run, console)
                for problem in problems(run):
                    console.print(f"{run.path}: {problem}", style="yellow", highlight=False, markup=False)
                _open(run, prepared, changed)
            yield stack.enter_context(
                stopping.stop_requests(
                    lambda: console.print(_STOPPING, style="yellow"), lambda: _abandon(run, console, leads)
                )
            )
        except Exception as error:
            sentence = _sentence(error, run)
            if leads:
                with contextlib.suppress(OSError, UserError):  # a disk that is full cannot take the message either
                    run.update(status="failed", error=sentence)
                    run.event("error", message=sentence)
                    page.write(run)
            if isinstance(error, (UserError, OSError)):
                raise UserError(sentence) from error
            raise


_STOPPING = "\nStopping: finishing this step and saving. Press Ctrl-C again to stop at once."


_AT_FIRST = {"step": 0, "images": 0, "seconds": 0.0, "attempt": 0}


def _start(run: Run, prepared: Prepared, retry: int) -> tuple[State, Batches]:
    """The method, new or from the newest checkpoint, and the batches that it continues with."""
    options, runtime, samples = prepared.config, prepared.runtime, prepared.samples
    saved = max(run.checkpoints().items(), default=None)
    facts: dict[str, Any] = checkpoint.manifest(saved[1]) if saved else _AT_FIRST
    attempt = facts["attempt"] + retry

    secret = privacy.secret(run, create=not saved) if options.private else None
    method = build.method(options, prepared.modality.shape, runtime, attempt, secret)
    groups = checkpoint.load(saved[1]) if saved else {}
    window, probe = groups.pop(checkpoint.WINDOW, {}), groups.pop(checkpoint.PROBE, {})
    if groups:
        method.load(groups)
    else:
        contract.check(method, options, prepared.modality.shape)
        if isinstance(samples, Images) and secret is None:  # the mean of the training images is not private
            build.start_from_data(method, samples.pixels)
        elif isinstance(samples, Rows):
            build.start_from_rows(method, samples)
        if options.init.path:
            words = initial.start_from(method, options, prepared.modality.shape)
            if runtime.leads:
                run.event("initialised", words=words)
    if isinstance(samples, Images) and samples.stream is not None:
        samples.stream.learn(facts.get("shards", {}))
    coins = None if secret is None else Randomness(secret, attempt)
    batches = _batches(prepared, Randomness(options.training.seed, attempt), coins)
    if prepared.altered:
        batches = prepared.altered(method, batches)
    state = State(method, facts["step"], facts["images"], facts["seconds"], attempt, probe=probe)
    state.window = {name: list(values.to(runtime.device)) for name, values in window.items()}
    return state, batches


def _say_what_streams_skip(run: Run, prepared: Prepared, console: Console) -> None:
    """Print and record which images of streamed shards cannot be read; other processes only print it."""
    if not (isinstance(prepared.samples, Images) and prepared.samples.stream and prepared.runtime.leads):
        return

    def say(sentence: str) -> None:
        console.print(sentence, style="yellow", highlight=False, markup=False)
        run.event("unreadable", message=sentence)

    prepared.samples.stream.say = say


def _batches(prepared: Prepared, random: Randomness, coins: Randomness | None) -> Batches:
    options, runtime, samples = prepared.config, prepared.runtime, prepared.samples
    batch, conditional = options.training.batch, options.prior.conditional
    turns = options.training.discriminator_steps
    if isinstance(samples, Rows):
        return RowBatches(samples, batch, random, runtime, conditional)
    if isinstance(samples, Sounds):
        return SoundBatches(samples, batch, turns, random, runtime, conditional=conditional)
    if isinstance(samples, Pairs):
        kind = PairBatches if samples.paired else UnpairedBatches
        return kind(samples, batch, turns, random, runtime, flip=options.data.flip)
    if samples.stream is not None:
        flip = options.data.flip
        return ShardBatches(samples, batch, turns, random, runtime, flip=flip, conditional=conditional)
    return RealBatches(
        samples.pixels,
        batch,
        turns,
        random,
        runtime,
        flip=options.data.flip,
        labels=samples.labels if conditional else None,
        classes=len(options.prior.classes),
        coins=coins,
    )


def _callbacks(
    run: Run, prepared: Prepared, console: Console, state: State, batches: Batches, stopped: Callable[[], bool]
) -> list[Callback]:
    """The standard callbacks of a session, whose beginning is recorded; only the first process has any."""
    if not prepared.runtime.leads:
        return []
    saved = bool(run.checkpoints())
    if saved:
        run.forget_after(state.step)
    run.event("resumed" if saved else "started", step=state.step, attempt=state.attempt)
    remedies = remedies_left(run, prepared.config)
    return standard_callbacks(run, prepared, console, state, batches, remedies, stopped)


def _check_loads(run: Run, prepared: Prepared) -> None:
    """Raise UserError where options were changed that the checkpoint's tensors depend on."""
    before, now = run.config(), prepared.config
    if before.init != now.init:
        raise UserError("init.* is what a run starts from, and this one has started: it cannot change.")
    for player in ("generator_optimiser", "discriminator_optimiser"):
        if getattr(before, player).name != getattr(now, player).name:
            raise UserError(f"{player}.name cannot change when a run is resumed: its state is the other optimiser's.")
    if all(getattr(before, part) == getattr(now, part) for part in ("method", "prior", "generator", "discriminator")):
        return
    try:
        alone = replace(prepared.runtime, world=1, rank=0)
        build.method(now, prepared.modality.shape, alone).load(checkpoint.load(run.checkpoint()))
    except (RuntimeError, KeyError):
        raise UserError(
            f"With these options {run.path} would have other networks than in its checkpoint: start a new run with "
            "them, or resume it without."
        ) from None


def _warn_of_another_torch(run: Run, console: Console) -> None:
    before = run.info().get("versions", {}).get("torch", torch.__version__)
    if before != torch.__version__:
        console.print(
            f"This run was started with torch {before} and continues with {torch.__version__}: its numbers will differ "
            "by rounding from those of an uninterrupted run.",
            style="yellow",
            highlight=False,
        )


def _warn_of_batch_norm(method: Method, console: Console) -> None:
    processes = method.runtime.world
    if processes > 1 and any(has_batch_norm(player.network) for player in method.players):
        console.print(
            f"These networks have batch normalisation: each of the {processes} processes normalises its own images, so "
            "the numbers are not those of one process.",
            style="yellow",
            highlight=False,
        )


def _open(run: Run, prepared: Prepared, changed: Mapping[str, Any] | None) -> None:
    """Record what is trained, on which machine, and by which code."""
    run.clean()
    options, samples, modality = prepared.config, prepared.samples, prepared.modality
    if run.config() != options:
        run.event("changed", **changed or {})
        run.write_config(options)
    objective = build.objective(options.objective) if options.method == "adversarial" else None
    run.update(
        status="running",
        error=None,
        pid=os.getpid(),
        processes=prepared.runtime.world,
        command=machine.command(),
        started=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        versions=machine.versions(),
        machine=machine.describe(),
        git_commit=machine.git_commit(),
        parts=parts.origins_of(options),
        equilibrium=None if objective is None else asdict(objective.equilibrium),
        critic=objective is not None and objective.critic,
        data={
            "source": options.data.path,
            "path": place_of(options.data.path) or (run.info().get("data") or {}).get("path"),
            "fingerprint": samples.fingerprint,
            "images": samples.total if isinstance(samples, Images) else len(samples),
            "values": samples.values or (run.info().get("data") or {}).get("values"),
            "classes": samples.classes,
            "problems": prepared.problems,
        },
    )
    # Evenly chosen: many sets are sorted by class.
    some = np.linspace(0, len(samples) - 1, min(len(samples), modality.previewed)).astype(int)
    modality.preview_real(run.at("reals.png"), samples.stored[some])
    modality.write(run.path)


def _close(run: Run, console: Console, state: State, finished: bool) -> None:
    status = "finished" if finished else "stopped"
    run.update(status=status, step=state.step, images=state.images, seconds=round(state.seconds, 1), pid=None)
    privacy.record(run, state.attempt)
    run.event(status, step=state.step)  # after all but the page, which lists it: see `Run.ended`
    page.write(run)
    if not finished:
        console.print(f"Stopped at step {state.step:,}; everything is saved. To resume: {resume_command(run)}")


def _abandon(run: Run, console: Console, leads: bool) -> None:
    """Record that the process stops at once, and print where it can be resumed."""
    sentence = f"Stopped at once.{_saved(run)}"
    console.show_cursor(True)
    if leads:
        show(f"ganatomy: {sentence}", error=True)
        with contextlib.suppress(OSError):
            run.update(status="stopped", error=sentence)
            run.event("stopped", message=sentence)


def _saved(run: Run) -> str:
    steps = run.checkpoints()
    return f" Step {max(steps):,} is saved; to resume from there: {resume_command(run)}" if steps else ""


def _sentence(error: Exception, run: Run) -> str:
    """What went wrong, in a sentence."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):
        return f"{run.path} cannot be written: {reason(error)}.{_saved(run)}"
    return f"{type(error).__name__}: {first_line(error)}."
