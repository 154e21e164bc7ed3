"""The experiment of a lesson: one quick trial of a claim, its figures and its picture. Runs in a worker process."""

import io
import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ganatomy.errors import unknown
from ganatomy.experiments.claims.api import draw
from ganatomy.experiments.claims.claim import ClaimTrial, catalogue, number
from ganatomy.web.studio.worker_client import Answer
from ganatomy.web.studio.worker_process import Handler
from ganatomy.web.validation import read


class LessonRequest(BaseModel):
    """A claim by name, and the seed of the trial."""

    model_config = ConfigDict(extra="forbid")

    claim: str
    seed: int = Field(0, ge=0, lt=2**32)


def answer(request: dict[str, Any]) -> Answer:
    """A `LessonRequest` → the figures, and a picture as PNG. Raises UserError where there is no such claim."""
    lesson, claims = read(LessonRequest, request), catalogue()
    if lesson.claim not in claims:
        raise unknown("claim", lesson.claim, claims)
    claim, began = claims[lesson.claim], time.perf_counter()
    outcome = claim.experiment(ClaimTrial(lesson.seed, quick=True))
    figures = [
        {
            "name": figure,
            "predicted": criterion.predicted,
            "must": criterion.bounds,
            "value": number(outcome.figures[figure]),
            "holds": criterion.holds(outcome.figures[figure]),
        }
        for figure, criterion in claim.criteria.items()
    ]
    picture = io.BytesIO()
    draw(outcome, picture)
    content = {
        "sentence": claim.sentence,
        "source": claim.source,
        "figures": figures,
        "holds": all(each["holds"] for each in figures),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return Answer(content, picture.getvalue())


def handler() -> Handler:
    """What a worker process answers with."""
    return answer
