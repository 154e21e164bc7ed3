"""A lesson's experiment: one quick trial of a claim, its figures and its picture."""

import io
import time
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ganatomy.errors import unknown
from ganatomy.experiments.claims.api import CLAIMS
from ganatomy.experiments.claims.claim import Trial


def answer(order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """{"claim": NAME, "seed": …} → what was found, and its picture as PNG."""
    name = order["claim"]
    if name not in CLAIMS:
        raise unknown("claim", name, CLAIMS)
    claim, began = CLAIMS[name], time.perf_counter()
    evidence = claim.experiment(Trial(int(order.get("seed", 0)), quick=True))
    figures = [
        {
            "name": figure,
            "predicted": criterion.predicted,
            "must": criterion.words,
            "value": evidence.figures[figure],
            "holds": criterion.holds(evidence.figures[figure]),
        }
        for figure, criterion in claim.criteria.items()
    ]
    figure = Figure((11, 4.2), 90, layout="constrained")
    FigureCanvasAgg(figure)
    claim.draw(figure, evidence)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    told = {
        "sentence": claim.sentence,
        "source": claim.source,
        "figures": figures,
        "holds": all(each["holds"] for each in figures),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return told, picture.getvalue()
