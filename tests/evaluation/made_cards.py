"""Score cards without an evaluation."""

from pathlib import Path

from ganatomy.config.options import Config
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, card_path, subject_of_run

PROTOCOL = {
    "version": 1,
    "samples": 10_000,
    "size": [28, 28, 1],
    "features": {"name": "lenet", "sha256": "46d3"},
    "reference": {"fingerprint": "abc", "images": 60_000},
}
FD = Score(17.61, 16.9, 18.42, 2.7, "lower", {"ddof": 1})
PRECISION = Score(0.71, 0.70, 0.72, 0.93, "higher", {"k": 3})


def make(runs: Path, name: str, step: int = 100, protocol: dict = PROTOCOL, **scores: Score) -> tuple[Run, ScoreCard]:
    """A run with a score card."""
    run = Run(runs / name) if (runs / name).exists() else Run.create(name, Config(), runs)
    run.update(status="finished")
    card = ScoreCard(
        subject_of_run(run, step, protocol["samples"]),
        protocol,
        scores or {"fd_lenet": FD, "precision_lenet": PRECISION},
        {"time": "2026-11-22T05:00:00+0000", "reference": "digits"},
    )
    card.save(card_path(run, card))
    return run, card
