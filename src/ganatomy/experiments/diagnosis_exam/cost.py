"""What the diagnosis costs: two trainings of one recipe and seed, with and without it, in turns in one process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganatomy import build
from ganatomy.config.settings import change
from ganatomy.data.batches import RealBatches
from ganatomy.runs.run import Run
from ganatomy.system import runtime as runtimes
from ganatomy.system.runtime import Randomness
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training
from ganatomy.training.callbacks.diagnosis import RecordSignals, Verdicts
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Budget, Callback, State, fit
from ganatomy.training.prepare import Prepared, prepare_training, resolve
from ganatomy.training.standard import standard_callbacks

PAIRS = 120  # of blocks
BLOCK = 0.7  # seconds of a block: several steps, and shorter than what makes a machine slower for a while
WARM_UP = 3  # steps, twice, before the first block
STEPS = 10**6  # of the budget, which is never spent: no option may depend on how fast the machine is


@dataclass(frozen=True)
class Share:
    """What the diagnosis added to the time of the same steps, as a share of it; error: its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Cost:
    """What the diagnosis costs in one training.

    wall, processor   by the clock, and by the time that processors worked for it, which other processes hardly change
    prepared          seconds before the first step, which are in both
    recorded          the share of its training by the diagnosis' own clock, with which it limits itself
    probes, rounds    how many times it measured all signals, and only those that the last round shows
    pairs, steps      how many pairs of blocks, and steps in each block
    seconds           of the blocks without the diagnosis
    """

    recipe: str
    wall: Share
    processor: Share
    prepared: float
    recorded: float
    probes: int
    rounds: int
    pairs: int
    steps: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.recipe}: {self.wall.value:.2%} ± {self.wall.error:.2%} of the time, and "
            f"{self.processor.value:.2%} ± {self.processor.error:.2%} of the processors' time (standard errors; "
            f"{self.pairs} pairs of blocks of the same {self.steps} steps, with and without the diagnosis in turns, "
            f"{self.seconds:.0f} seconds without it). By its own clock {self.recorded:.2%}: {self.prepared:.2f} s of "
            f"preparation, {self.probes} probes, {self.rounds} looks at the last round."
        )


def measured(
    folder: Path,
    recipe: str = "digits",
    data: str = "digits",
    settings: Mapping[str, Any] | None = None,
    *,
    pairs: int = PAIRS,
    block: float = BLOCK,
) -> Cost:
    """What the diagnosis costs, by two trainings under `folder`: a block of one, then the same steps of the other.

    block: seconds, about. Which of them is first changes from pair to pair: what slows the machine for a while slows
    both. Raises RuntimeError where the weights of the two are not the same in the end.
    """
    console = Terminal(quiet=True)
    planned = training.plan(data, recipe=recipe, settings={"training.steps": STEPS, **(settings or {})})
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        prepared = resolve(prepare_training(planned, runtime, console), console)
        without, diagnosed = both = [_Training(folder, prepared, on) for on in (False, True)]
        # The shorter one counts, as the first steps are slow.
        step = min(each.block(WARM_UP)[0] for _ in range(2) for each in both) / WARM_UP
        steps, seconds = max(round(block / step), 1), np.zeros((pairs, 2, 2))
        for pair in range(pairs):
            for which in (pair % 2, 1 - pair % 2):
                seconds[pair, which] = both[which].block(steps)
    if not without.same_weights(diagnosed):
        raise RuntimeError(f"{recipe} has other weights with the diagnosis than without it.")
    added, whole = seconds[:, 1] - seconds[:, 0], seconds[:, 0].sum(0)
    prepared_in = diagnosed.began_in - without.began_in
    values, errors = (added.sum(0) + prepared_in) / whole, added.std(0, ddof=1) * np.sqrt(pairs) / whole
    recorder = next(each for each in diagnosed.callbacks if isinstance(each, RecordSignals))
    return Cost(
        recipe,
        Share(float(values[0]), float(errors[0])),
        Share(float(values[1]), float(errors[1])),
        float(prepared_in[0]),
        recorder.cost / diagnosed.state.seconds,
        recorder.probes.count,
        recorder.rounds.count,
        pairs,
        steps,
        float(whole[0]),
    )


class _Training(Callback):
    """A training in blocks of steps, as if it went on without a break. It writes records and nothing else."""

    def __init__(self, folder: Path, prepared: Prepared, diagnosed: bool) -> None:
        config, images = change(prepared.config, {"diagnosis.on": diagnosed}), prepared.images
        run = Run.create(f"cost-{'with' if diagnosed else 'without'}-{time.time_ns()}", config, folder)
        method = build.method(config, prepared.modality.shape, prepared.runtime)
        build.start_from_data(method, images.pixels)
        self.batches = RealBatches(
            images.pixels,
            config.training.batch,
            config.training.discriminator_steps,
            Randomness(config.training.seed),
            prepared.runtime,
            flip=config.data.flip,
            labels=images.labels if config.prior.conditional else None,
            classes=len(config.prior.classes),
        )
        self.state = State(method)
        standard = standard_callbacks(
            run, replace(prepared, config=config), Terminal(quiet=True), self.state, self.batches
        )
        self.callbacks = [each for each in standard if isinstance(each, (RecordSignals, Recorder, Verdicts))]
        began = _clocks()
        for callback in self.callbacks:
            callback.begin(self.state)
        self.began_in = _clocks() - began

    def block(self, steps: int) -> NDArray[np.float64]:
        """Train so many steps; the seconds that they took, by the clock and of processors, [2]."""
        began, method = _clocks(), self.state.method
        if fault := fit(method, self.batches, self.state, Budget(self.state.step + steps), [self]):
            raise RuntimeError(str(fault))
        method.runtime.wait()
        return _clocks() - began

    def after_step(self, state: State) -> None:
        """Tell the callbacks, whose session does not begin and end with a block."""
        for callback in self.callbacks:
            callback.after_step(state)

    def same_weights(self, other: "_Training") -> bool:
        """Whether all tensors that the next step depends on are the same, to the last bit."""
        mine, theirs = self.state.method.state(), other.state.method.state()
        return all(torch.equal(tensor, theirs[group][name]) for group in mine for name, tensor in mine[group].items())


def _clocks() -> NDArray[np.float64]:
    return np.array([time.perf_counter(), time.process_time()])
