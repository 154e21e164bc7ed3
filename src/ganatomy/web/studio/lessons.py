"""The claims as lessons: a question before the experiment, and why its answer is right after. No torch.

A lesson is registered with its claim, in `experiments.claims`.
"""

from dataclasses import asdict
from typing import Any

from ganatomy.experiments.claims.claim import catalogue


def lessons() -> list[dict[str, Any]]:
    """Every lesson, in the order of the claims, as the page reads it: {claim, title, question, answers, right, …}."""
    return [{"claim": name, **asdict(claim.lesson)} for name, claim in catalogue().items() if claim.lesson]
