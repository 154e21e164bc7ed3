"""Who watches a training: those who write the run folder, talk to the person, and say what is wrong."""

from rich.console import Console

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config import options as config
from ganatomy.diagnosis.probe_images import probe_of
from ganatomy.diagnosis.reading import context_of
from ganatomy.gan.method import Batches
from ganatomy.runs.run import Run
from ganatomy.training.callbacks.checkpoints import Checkpoints
from ganatomy.training.callbacks.diagnosis import RecordSignals, Verdicts
from ganatomy.training.callbacks.progress import ShowProgress
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.callbacks.snapshots import Snapshots
from ganatomy.training.callbacks.tensorboard import TensorBoard
from ganatomy.training.callbacks.walk import Walk
from ganatomy.training.loop import Budget, Callback

SNAPSHOT_SEEDS = list(range(64))  # tile s of every grid is seed s


def watchers(
    run: Run,
    options: config.Config,
    budget: Budget,
    attempt: int,
    console: Console,
    signals: RecordSignals | None = None,
    remedies: int = 0,
) -> list[Callback]:
    """Everybody who watches a training, in the order in which they are told of a step.

    signals: records those of the diagnosis, or None for a training without one; remedies: how many may be applied.
    """
    log, prior = options.log, build.prior(options.prior)
    recorder = Recorder(run, log.every)
    tensorboard = [TensorBoard(run, recorder)] if log.tensorboard else []
    checkpoints = Checkpoints(run, log.checkpoint, log.keep, attempt)
    watched: list[Callback] = [recorder, *tensorboard, Snapshots(run, prior.of_seeds(SNAPSHOT_SEEDS), log.snapshot)]
    if signals is None:
        return [*watched, checkpoints, ShowProgress(console, budget), Walk(run, prior)]
    verdicts = Verdicts(run, context_of(run), recorder, remedies)
    progress = ShowProgress(console, budget, lambda: verdicts.verdict)
    # Signals before the recorder, which writes them; verdicts last: one may end the session.
    return [signals, *watched, checkpoints, progress, Walk(run, prior), verdicts]


def signal_recorder(
    options: config.Config, images: datasets.Images, held_out: datasets.Images | None, batches: Batches, attempt: int
) -> RecordSignals:
    """Measures the signals of the diagnosis, on real images as the training sees them."""
    return RecordSignals(
        lambda method: probe_of(method, options, images, held_out, batches),
        options.diagnosis.every,
        options.log.every,
        roll_backs=attempt,
    )
