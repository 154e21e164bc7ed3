"""One sitting of a training: images and machine made ready, then the loop with everybody who watches it."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from rich.console import Console

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config import options as config
from ganatomy.config import settings
from ganatomy.data.batches import RealBatches
from ganatomy.diagnosis import Finding, diagnose_run, divergence_record
from ganatomy.diagnosis.data import problems
from ganatomy.diagnosis.probe_images import held_out_images
from ganatomy.errors import UserError
from ganatomy.evaluation.evaluator import Evaluator
from ganatomy.evaluation.features.choice import extractor_for
from ganatomy.gan.method import Batches, Method
from ganatomy.gan.player import NonFiniteError
from ganatomy.modalities.images import enlarge, grid, save_png
from ganatomy.report import page
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.system import machine, stopping
from ganatomy.system.files import reason
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.training import autotune as tuning
from ganatomy.training.callbacks.control import Control
from ganatomy.training.callbacks.diagnosis import Unhealthy
from ganatomy.training.callbacks.evaluation import Scorer
from ganatomy.training.callbacks.snapshots import Snapshots
from ganatomy.training.loop import Budget, Callback, State, fit
from ganatomy.training.watching import SNAPSHOT_SEEDS, signal_recorder, watchers


@dataclass(frozen=True)
class Prepared:
    """What a sitting begins with: options, images, and this process's place on the machine."""

    config: config.Config
    images: datasets.Images
    runtime: Runtime
    evaluator: Evaluator | None = None  # of scores while training, if they are wanted
    unseen: datasets.Images | None = None  # real images that are not learnt from, for the diagnosis
    altered: Callable[[Method, Batches], Batches] | None = None  # what an exam does to the game before it begins

    @property
    def image_shape(self) -> build.ImageShape:
        """Channels, height, width."""
        _, height, width, channels = self.images.pixels.shape
        return channels, height, width


def prepare(planned: config.Config, runtime: Runtime, console: Console) -> Prepared:
    """Decode the images, or find them decoded: the first process before the others."""
    options = planned.data.model_dump(include={"size", "channels", "fit", "split", "first"})
    with console.status(f"Preparing {planned.data.path} …") as status:

        def tell(done: int, total: int) -> None:
            status.update(f"Preparing {planned.data.path}: {done:,} of {total:,} images")

        images = datasets.prepare(planned.data.path, **options, progress=tell) if runtime.leads else None
        runtime.any(False)  # the others wait here
        images = images or datasets.prepare(planned.data.path, **options)
    if images.warning:
        console.print(images.warning, style="yellow", highlight=False)
    count, height, width, channels = images.pixels.shape
    kind = {1: "grey", 3: "colour", 4: "colour with alpha"}[channels]
    console.print(f"Data: {count:,} images, {height}×{width}, {kind}", highlight=False)
    settled = settings.change(
        planned, {"data.size": [height, width], "data.channels": channels, **_prior(planned, images)}
    )
    evaluator = None
    if planned.evaluation.every and runtime.leads:
        with console.status("Making ready to measure generated images against real ones …"):
            evaluator = _evaluator(settled.evaluation, images, str(runtime.device))
    unseen = None
    if planned.diagnosis.on and runtime.leads:
        for problem in _problems(settled, images):
            console.print(f"This data cannot work: {problem}.", style="yellow", highlight=False)
        unseen = held_out_images(planned.data, images) if planned.method == "adversarial" else None
    return Prepared(settled, images, replace(runtime, precision=settled.runtime.precision), evaluator, unseen)


def _problems(options: config.Config, images: datasets.Images) -> list[str]:
    return problems(images.pixels, images.labels if options.prior.conditional else None)


def _prior(planned: config.Config, images: datasets.Images) -> dict[str, Any]:
    """What the images decide of the prior: its classes, and its dimension where latent vectors are images of noise."""
    found: dict[str, Any] = {}
    if planned.method in build.FROM_PIXELS:
        found["prior.dimension"] = int(images.pixels[0].size)
    if planned.prior.conditional:
        if images.labels is None or images.classes is None:
            raise UserError(
                f"{planned.data.path} has no classes to generate by (prior.conditional): put the images of each class "
                "into a folder of its own, or add a labels.csv."
            )
        found["prior.classes"] = np.bincount(images.labels, minlength=len(images.classes)).tolist()
    return found


def _evaluator(options: config.EvaluationOptions, images: datasets.Images, device: str) -> Evaluator:
    extractor = extractor_for(options.features, images, device)
    return Evaluator(images, extractor, options.samples, options.metrics)


def resolve(prepared: Prepared, console: Console) -> Prepared:
    """The same with nothing left open: precision and convolutions measured, device and threads as they are."""
    runtime = prepared.runtime
    with console.status("Measuring how this machine computes fastest …"):
        settled, trials = tuning.choose(prepared.config, prepared.image_shape, runtime)
    for trial in trials:
        console.print(f"  {trial}", style="dim", highlight=False)
    chosen, why = settled.runtime, "the fastest that agrees" if trials else "as asked"
    console.print(
        f"Computing on {runtime.device}: {chosen.precision}, {chosen.convolution} convolutions ({why})", highlight=False
    )
    threads = chosen.threads or torch.get_num_threads()
    settled = settings.change(settled, {"runtime.device": runtime.device.type, "runtime.threads": threads})
    return replace(prepared, config=settled, runtime=replace(runtime, precision=chosen.precision))


def train(run: Run, prepared: Prepared, console: Console, changed: Mapping[str, Any] | None = None) -> None:
    """Train a run until its budget is spent or somebody stops it. changed: the options that a resumed run changes.

    A run with checkpoints goes on from the newest. Raises UserError, with the run's status and log saying the same.
    """
    leads = prepared.runtime.leads
    with contextlib.ExitStack() as stack:
        if leads:
            stack.enter_context(run.lock())
        if changed is not None:  # what is refused here leaves the run as it was
            _check_same_data(run, prepared)
            checkpoint.verify(run.checkpoint())
        try:
            if leads:
                _warn_of_another_torch(run, console)
                _open(run, prepared, changed)
            stopped = stack.enter_context(
                stopping.requests(lambda: console.print(_STOPPING), lambda: _abandon(run, console, leads))
            )
            state = _play(run, prepared, console, stopped)
            if leads:
                _close(run, prepared, console, state)
        except (UserError, OSError) as error:
            sentence = _sentence(error, run)
            if leads:
                with contextlib.suppress(OSError):  # a disk that is full cannot take the message either
                    run.update(status="failed", error=sentence)
                    run.event("error", message=sentence)
                    page.write(run)
            raise UserError(sentence) from error


_STOPPING = "\n[yellow]Stopping: finishing this step and saving. Press Ctrl-C again to stop at once.[/]"


def _abandon(run: Run, console: Console, leads: bool) -> None:
    """The last words of a process that is told to stop at once."""
    sentence = f"Stopped at once.{_saved(run)}"
    console.show_cursor(True)
    if leads:
        print(f"ganatomy: {sentence}", file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            run.update(status="stopped", error=sentence)
            run.event("stopped", message=sentence)


def resume_command(run: Run) -> str:
    """What to type to go on with a run."""
    return f"ganatomy train --resume {run.address}"


def _check_same_data(run: Run, prepared: Prepared) -> None:
    recorded = run.info().get("data", {}).get("fingerprint")
    if recorded and recorded != prepared.images.fingerprint:
        raise UserError(
            f"{run.path} was trained on other images than {prepared.config.data.path} gives now: "
            "resume it with the same data, or start a new run."
        )


def _warn_of_another_torch(run: Run, console: Console) -> None:
    before = run.info().get("versions", {}).get("torch", torch.__version__)
    if before != torch.__version__:
        console.print(
            f"Begun with torch {before}, going on with {torch.__version__}: the numbers will differ from those of an "
            "uninterrupted run by rounding.",
            style="yellow",
            highlight=False,
        )


def _open(run: Run, prepared: Prepared, changed: Mapping[str, Any] | None) -> None:
    run.clean()
    if run.config() != prepared.config:
        run.event("changed", **changed or {})
        run.write_text("config.yaml", settings.to_yaml(prepared.config))
    images = prepared.images
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
        data={
            "source": images.source,
            "fingerprint": images.fingerprint,
            "images": len(images),
            "classes": images.classes,
            "problems": _problems(prepared.config, images) if prepared.config.diagnosis.on else [],
        },
    )
    # Evenly chosen: many sets are sorted by class.
    some = np.linspace(0, len(images) - 1, min(len(images), len(SNAPSHOT_SEEDS))).astype(int)
    save_png(run.path / "reals.png", enlarge(grid(images.pixels[some]), 480))


def _play(run: Run, prepared: Prepared, console: Console, stopped: Callable[[], bool]) -> State:
    """The loop, rolled back when a number is not finite or a remedy is applied, each a bounded number of times."""
    retries, retry = prepared.config.training.retries, 0
    while True:
        try:
            return _sit(run, prepared, console, stopped, retry)
        except Unhealthy as fault:
            prepared = _remedied(run, prepared, console, fault)
        except NonFiniteError as fault:
            if prepared.runtime.leads:
                run.event("not finite", network=fault.network, step=fault.step, retry=retry)
            console.print(f"{str(fault).capitalize()}; nothing was updated by it.", style="yellow", highlight=False)
            if prepared.runtime.world == 1:
                prepared = replace(prepared, config=run.config())  # a person may have changed the rates
            if retry == retries:
                finding = _last_finding(run, prepared, fault)
                if finding is not None:
                    prepared, retry = _remedied(run, prepared, console, Unhealthy(finding, fault.step)), 0
                    continue
                raise UserError(
                    f"The training diverged: {fault}, and {retries} roll-backs did not help; try a lower learning "
                    "rate, or a penalty such as penalties.r1=10 with discriminator.norm=none."
                ) from None
            retry += 1
            back = max(run.checkpoints(), default=0)
            console.print(f"Going back to step {back:,} with other random numbers.", style="yellow", highlight=False)


def _last_finding(run: Run, prepared: Prepared, fault: NonFiniteError) -> Finding | None:
    """Say that numbers which are not finite end a training; the finding, if it may still be remedied."""
    if not (prepared.config.diagnosis.on and prepared.runtime.leads):
        return None
    monitor = diagnose_run(run)
    monitor.observe(divergence_record(run, fault.step))
    run.event("verdict", step=monitor.step, verdict=monitor.verdict)
    return monitor.present[0] if _remedies_left(run, prepared.config) > 0 and monitor.present[0].settings else None


def _remedies_left(run: Run, options: config.Config) -> int:
    return options.diagnosis.remedies - sum(event["event"] == "remedy" for event in run.events())


def _remedied(run: Run, prepared: Prepared, console: Console, fault: Unhealthy) -> Prepared:
    """Back to the last checkpoint before it began, or to the first step where networks change; then other options."""
    finding = fault.finding
    changed = settings.change(run.config(), finding.settings)  # a person may have changed the rates
    rebuilt = any(getattr(changed, role) != getattr(prepared.config, role) for role in ("generator", "discriminator"))
    healthy = [] if rebuilt else [step for step in run.checkpoints() if step <= finding.began]
    back = max(healthy, default=0)
    for step, folder in run.checkpoints().items():
        if step > back or not healthy:
            shutil.rmtree(folder)
    run.forget_after(back)
    run.event("remedy", step=fault.step, finding=str(finding), back=back, **finding.settings)
    run.write_text("config.yaml", settings.to_yaml(changed))
    console.print(
        f"{str(finding).capitalize()}: back to step {back:,}, to {finding.remedy}.", style="yellow", highlight=False
    )
    return replace(prepared, config=changed)


def _sit(run: Run, prepared: Prepared, console: Console, stopped: Callable[[], bool], retry: int) -> State:
    options, runtime = prepared.config, prepared.runtime
    saved = max(run.checkpoints().items(), default=None)
    facts: dict[str, Any] = checkpoint.facts(saved[1]) if saved else {"step": 0, "seconds": 0.0, "attempt": 0}
    attempt = facts["attempt"] + retry

    method = build.method(options, prepared.image_shape, runtime, attempt)
    if saved:
        method.load(checkpoint.load(saved[1]))
    else:
        build.start_from_data(method, prepared.images.pixels)
    state = State(method, facts["step"], facts["seconds"])
    batches: Batches = RealBatches(
        prepared.images.pixels,
        options.training.batch,
        options.training.discriminator_steps,
        Randomness(options.training.seed, attempt),
        runtime,
        flip=options.data.flip,
        labels=prepared.images.labels if options.prior.conditional else None,
        classes=len(options.prior.classes),
    )
    if prepared.altered:
        batches = prepared.altered(method, batches)
    budget = _budget(options)
    callbacks: list[Callback] = []
    if runtime.leads:
        if saved:
            run.forget_after(state.step)
        run.event("resumed" if saved else "started", step=state.step, attempt=attempt)
        signals = None
        if options.diagnosis.on:
            signals = signal_recorder(options, prepared.images, prepared.unseen, batches, attempt)
        callbacks = watchers(run, options, budget, attempt, console, signals, _remedies_left(run, options))
        if prepared.evaluator:
            latents = build.prior(options.prior).of_seeds
            callbacks.append(Scorer(run, prepared.evaluator, latents, options.evaluation.every))
        control = _control(run, stopped, callbacks)
        callbacks, stopped = [*callbacks, control], control.asks_to_stop
    fit(method, batches, state, budget, callbacks, stopped)
    return state


def _control(run: Run, stopped: Callable[[], bool], callbacks: list[Callback]) -> Control:
    """The last of the callbacks: what it orders happens after the others have seen the step."""

    def keep_rates(rates: dict[str, float]) -> None:
        changes = {f"{player}_optimiser.learning_rate": rate for player, rate in rates.items()}
        run.write_text("config.yaml", settings.to_yaml(settings.change(run.config(), changes)))
        run.event("changed", **changes)

    snapshot = next(callback.draw for callback in callbacks if isinstance(callback, Snapshots))
    return Control(run, stopped, snapshot, keep_rates)


def _budget(options: config.Config) -> Budget:
    return Budget(options.training.steps, options.training.images, options.training.minutes)


def _close(run: Run, prepared: Prepared, console: Console, state: State) -> None:
    finished = _budget(prepared.config).spent(state) >= 1
    status = "finished" if finished else "stopped"
    run.update(status=status, step=state.step, images=state.images, seconds=round(state.seconds, 1), pid=None)
    run.event(status, step=state.step)
    page.write(run)
    if not finished:
        console.print(f"Stopped at step {state.step:,}; everything is saved. To go on: [bold]{resume_command(run)}[/]")


def _saved(run: Run) -> str:
    steps = run.checkpoints()
    return f" Step {max(steps):,} is saved; to go on from there: {resume_command(run)}" if steps else ""


def _sentence(error: UserError | OSError, run: Run) -> str:
    """What went wrong, for a person."""
    if isinstance(error, UserError):
        return str(error)
    return f"{run.path} cannot be written: {reason(error)}.{_saved(run)}"


def farewell(run: Run, console: Console) -> None:
    """Where the results are, and what to try next."""
    if not run.snapshots():
        return
    grid_path = list(run.snapshots().values())[-1]
    console.print(
        f"\n[bold]{run.path}[/] holds the results:\n"
        f"  sample grid   {grid_path}\n"
        f"  latent walk   {run.path / 'walk.webp'}\n"
        f"  loss chart    in the report: open it in a browser; it needs no network\n"
        f"  report        {run.path / 'report.html'}\n"
        "\nThree things to try next:\n"
        f"  ganatomy sample {run.address} --seeds 0-99\n"
        f"  ganatomy walk {run.address} --seeds 3,9,4\n"
        f"  ganatomy train FOLDER_OF_IMAGES",
        highlight=False,
        soft_wrap=True,
    )
