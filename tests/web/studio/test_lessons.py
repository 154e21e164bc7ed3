"""Lessons: a claim as a question, and its experiment."""

import io

import pytest
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.experiments.claims.api import ORDER
from ganatomy.web.studio import lesson_experiment
from ganatomy.web.studio.lessons import LESSONS


def test_every_claim_has_a_lesson_in_the_claims_order() -> None:
    assert tuple(lesson.claim for lesson in LESSONS) == ORDER
    for lesson in LESSONS:
        assert 0 <= lesson.right < len(lesson.answers)


def test_a_lesson_runs_its_claims_experiment() -> None:
    answer = lesson_experiment.answer({"claim": "minimum"})
    assert answer.content["holds"]
    assert [figure["must"] for figure in answer.content["figures"]] == ["-1e-09 to 1e-09", "at least 1e-05"]
    assert Image.open(io.BytesIO(answer.picture)).width > 900
    with pytest.raises(UserError, match="no claim"):
        lesson_experiment.answer({"claim": "minimal"})
