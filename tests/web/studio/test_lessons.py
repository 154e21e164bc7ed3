"""Lessons: a claim as a question, its experiment, and a game that the lab can play."""

import io
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.theory.lab.targets import TARGETS
from ganatomy.web.studio import lesson_experiment
from ganatomy.web.studio.lessons import THEMES, lessons


def test_every_claim_has_a_lesson_in_the_claims_order() -> None:
    assert [lesson["claim"] for lesson in lessons()] == list(catalogue())


def test_every_title_is_a_question_of_its_own() -> None:
    titles = [lesson["title"] for lesson in lessons()]
    assert all(title.endswith("?") for title in titles)
    assert len({*titles}) == len(titles)


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson["claim"])
def test_every_lesson_has_a_small_picture(lesson: dict[str, Any]) -> None:
    picture = files("ganatomy.web.studio") / "static" / lesson["picture"]
    content = picture.read_bytes()
    assert len(content) < 15 * 1024
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size) == ("WEBP", (360, 150))
    assert np.asarray(image.convert("L"), float).std() > 5  # something is drawn


def test_groups_keep_the_claims_order_and_none_is_empty() -> None:
    groups = [lesson["theme"] for lesson in lessons()]
    assert groups == sorted(groups, key=list(THEMES).index)
    assert set(groups) == set(THEMES)


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson["claim"])
def test_a_lesson_has_one_right_answer_and_a_game_of_existing_parts(lesson: dict[str, Any]) -> None:
    assert lesson["right"] in range(len(lesson["answers"]))
    assert len({*lesson["answers"]}) == len(lesson["answers"]) >= 2
    query = parse_qs(lesson["lab"], strict_parsing=bool(lesson["lab"]))
    assert {*query.get("target", [])} <= {*TARGETS}
    assert {*query.get("objective", []), *query.get("other", [])} <= {*OBJECTIVES}
    penalties = [each.split(":")[0] for text in query.get("penalty", []) for each in text.split(",")]
    assert {*penalties} <= {*PENALTIES}


def test_a_lesson_runs_its_claims_experiment() -> None:
    answer = lesson_experiment.answer({"claim": "minimum"})
    assert answer.content["holds"]
    assert [figure["must"] for figure in answer.content["figures"]] == ["-1e-09 to 1e-09", "at least 1e-05"]
    assert Image.open(io.BytesIO(answer.picture)).width > 900
    with pytest.raises(UserError, match="no claim"):
        lesson_experiment.answer({"claim": "minimal"})
