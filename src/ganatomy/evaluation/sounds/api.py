"""Measure generated sounds beside baselines that are no GAN: `ganatomy evaluate` of a folder of sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.data.sounds import prepare_sounds, rate_and_seconds
from ganatomy.errors import UserError
from ganatomy.evaluation.comparison import Comparison
from ganatomy.evaluation.sounds.evaluator import MOST, SoundEvaluator
from ganatomy.evaluation.sounds.registry import Heard
from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.runs import scorecard
from ganatomy.runs.scorecard import ScoreCard


@dataclass(frozen=True)
class SoundComparison:
    """Generated sounds and baselines side by side.

    cards  score cards: of the generated sounds, of random phases, of copies, and of these in the generator's form
    notes  sentences on how they were measured
    """

    cards: tuple[ScoreCard, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        compared, made = Comparison(self.cards), self.cards[0]
        lines = [f"  {name}  {score}" for name, score in made.scores.items() if name not in compared.scores]
        lines += [f"  not measured: {sentence}" for sentence in made.made["not_taken"]]
        return "\n".join([compared.text(), *lines, *self.notes])


def evaluate(
    generated: str | Path,
    reference: str | Path,
    *,
    held_out: str | Path | None = None,
    metrics: Sequence[str] = (),
    n: int | None = None,
    out: str | Path | None = None,
) -> SoundComparison:
    """Scores of the sounds in a folder and of baselines, each with its interval and its floor.

    generated  the folder. Its first file says at how many samples per second all are measured, and for how long.
               Where its folders are called as the reference's, they say which class each sound shall be.
    reference  a folder of the real sounds that they shall be like, or `notes`
    held_out   a folder of real sounds that the generator did not learn from; by default a folder `test` beside the
               reference's `train`, or a third of the reference, at random
    metrics    names of SOUND_METRICS; none: all
    n          of how many generated sounds, drawn at random; none: of all, 10,000 at most
    out        a file to write the card to

    Raises UserError for whatever the caller can mend.
    """
    rate, seconds = rate_and_seconds(generated)
    made, _ = prepare_sounds(str(generated), rate, seconds)
    real, unseen = prepare_sounds(str(reference), rate, seconds)
    if held_out is not None:
        unseen, _ = prepare_sounds(str(held_out), rate, seconds)
    if n is not None and n > len(made):
        raise UserError(f"--n {n:,}: {generated} holds {len(made):,} sounds.")
    chosen = np.random.default_rng(0).permutation(len(made))[: min(len(made), MOST) if n is None else n]
    evaluator = SoundEvaluator(real, unseen, len(chosen), metrics)
    heard = evaluator.heard_of(made).some(chosen)
    found = beside_baselines(evaluator, {"sounds": str(generated)}, heard, made.modality, unseen is not None)
    scorecard.write(found.cards[0], out)
    read = [note for each in (made, real, unseen) if each is not None for note in each.notes]
    return replace(found, notes=(*dict.fromkeys(read), *found.notes))


def beside_baselines(
    evaluator: SoundEvaluator, subject: dict[str, Any], heard: Heard, form: SoundModality, given: bool
) -> SoundComparison:
    """Generated sounds beside baselines; form: the generator's, given: whether the unseen sounds were.

    Raises UserError as `SoundEvaluator.card_of`.
    """
    card, baselines = evaluator.card_of(subject, heard), evaluator.baselines(len(heard), form)
    beside = {each.name: {name: score.value for name, score in each.scores.items()} for each in baselines}
    card = replace(card, made={**card.made, "baselines": beside})
    return SoundComparison((card, *baselines), _notes(evaluator, given))


def _notes(evaluator: SoundEvaluator, given: bool) -> tuple[str, ...]:
    baselines = (
        "Random phase is noise with the mean spectrum of the training sounds; copies score as such, and in the form in "
        "which this generator draws, where that loses something."
    )
    if given:
        return (baselines,)
    known, unseen = len(evaluator.known), len(evaluator.unseen)
    return (
        baselines,
        f"{unseen:,} of {known + unseen:,} training sounds, drawn at random, were put aside as unseen ones. A "
        "generator that learnt from them too looks better than it is: --held-out FOLDER names others.",
    )
