"""The claims as lessons: a question before the experiment, and why its answer is right after. No torch.

A lesson is registered with its claim, in `experiments.claims`.
"""

from dataclasses import asdict
from math import inf
from typing import Any

from ganatomy.experiments.claims.claim import catalogue

# Groups of the page: the name of their picture in pictograms.js, and the place of a claim from which on they go.
THEMES = {
    "theory": (-inf, "What the game is worth"),
    "gradients": (6, "What moves the generator"),
    "modes": (10, "Modes, and going in circles"),
    "distances": (13, "Distances, and smooth critics"),
    "training": (16, "One training, step by step"),
    "scores": (19, "Scores, and what things cost"),
}


def lessons() -> list[dict[str, Any]]:
    """Every lesson, in the order of the claims, as the page reads it: {claim, theme, title, question, answers, …}."""
    return [
        {"claim": name, "theme": _theme(claim.place), **asdict(claim.lesson)}
        for name, claim in catalogue().items()
        if claim.lesson
    ]


def _theme(place: float) -> str:
    """The last group that begins at or before a claim's place."""
    return [theme for theme, (begins, _) in THEMES.items() if begins <= place][-1]
