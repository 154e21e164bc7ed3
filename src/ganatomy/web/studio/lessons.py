"""The claims as lessons: a question before the experiment, and why its answer is right after. No torch.

A lesson is registered with its claim, in `experiments.claims`.
"""

from dataclasses import asdict
from importlib.resources import files
from math import inf
from typing import Any

from ganatomy.experiments.claims.claim import catalogue

# Groups of the page: the name of their picture in pictograms.js, and the place of a claim from which on they go.
THEMES = {
    "theory": (-inf, "The value of the game"),
    "gradients": (6, "What moves the generator"),
    "modes": (10, "Modes, and going in circles"),
    "distances": (13, "Distances, and smooth critics"),
    "training": (16, "One training, step by step"),
    "scores": (19, "Scores, and what things cost"),
}


def lessons() -> list[dict[str, Any]]:
    """Every lesson, in the order of the claims, as the page reads it: {claim, theme, picture, title, question, …}.

    picture: the name of its file among the studio's, made by `tools/lesson_pictures.py`; empty for a stranger's claim.
    """
    return [
        {"claim": name, "theme": _theme(claim.place), "picture": _picture(name), **asdict(claim.lesson)}
        for name, claim in catalogue().items()
        if claim.lesson
    ]


def _theme(place: float) -> str:
    """The last group that begins at or before a claim's place."""
    return [theme for theme, (begins, _) in THEMES.items() if begins <= place][-1]


def _picture(claim: str) -> str:
    name = f"lesson-{claim}.webp"
    return name if (files("ganatomy.web.studio") / "static" / name).is_file() else ""
