"""One form a class, once in an image or several times."""

import numpy as np

from ganatomy.experiments.diagnosis_exam.drawn_sets.forms import FORMS, inked
from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Draw, Floats, Labels, SetStyle


def shapes(style: SetStyle, random: np.random.Generator) -> Draw:
    """Draws shapes: classes [N] → ink [N, H, W].

    Each class has a form; all have one object, or several, or each class its own number.
    """
    forms = [list(FORMS.values())[each] for each in random.permutation(len(FORMS))[: style.classes]]
    how = random.choice(["one", "several", "by class"], p=[0.6, 0.2, 0.2])
    objects = {
        "one": np.ones(style.classes, int),
        "several": np.full(style.classes, random.integers(2, 5)),
        "by class": 1 + np.arange(style.classes) % 4,
    }[how]
    upright = random.random() < 0.5
    turns = style.variety * (0.35 if upright else np.pi)

    def draw(labels: Labels, random: np.random.Generator) -> Floats:
        def own(spread: float, centre: float = 0) -> np.ndarray:
            return centre + style.variety * random.uniform(-spread, spread, len(labels))

        start, found = own(np.pi, 0.5), np.zeros((len(labels), style.size, style.size), np.float32)
        for number in range(objects.max()):
            several = objects[labels] > 1
            angle = start + 2 * np.pi * number / objects[labels]
            away = np.where(several, own(0.08, 0.52), 0)
            x, y = away * np.cos(angle) + own(0.15), away * np.sin(angle) + own(0.15)
            radius = np.where(several, own(0.08, 0.38), own(0.2, 0.62))
            turn = random.uniform(-turns, turns, len(labels))
            for each, form in enumerate(forms):
                here = np.flatnonzero((labels == each) & (number < objects[labels]))
                ink = inked(form, style.size, x[here], y[here], radius[here], turn[here])
                found[here] = np.maximum(found[here], ink)
        return found

    return draw
