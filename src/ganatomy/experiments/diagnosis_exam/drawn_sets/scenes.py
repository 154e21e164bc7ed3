"""Small landscapes: a sky, a ground and a few things of random colours; of many modes, as natural images are."""

import numpy as np
from matplotlib.colors import hsv_to_rgb

from ganatomy.experiments.diagnosis_exam.drawn_sets.forms import FORMS, inked, per_image, plane
from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Draw, Floats, Labels, SetStyle

THINGS = ("disc", "polygon of 4", "polygon of 3", "bar")
MOST = 4  # things in an image


def scenes(style: SetStyle, random: np.random.Generator) -> Draw:
    """Draws landscapes: classes [N] → colours [N, H, W, 3].

    A class has a horizon, a hue and brightness of sky and ground, a number of things and the form that most have.
    """
    classes = style.classes
    horizons = random.uniform(-0.45, 0.45, classes)
    hues = (random.random(2) + random.permuted(np.tile(np.arange(classes) / classes, (2, 1)), axis=1).T) % 1
    lightness = np.where(random.random(classes) < 0.7, 1, -1)  # of the sky over the ground
    forms, things = random.integers(len(THINGS), size=classes), random.integers(1, MOST + 1, classes)

    def draw(labels: Labels, random: np.random.Generator) -> Floats:
        count = len(labels)

        def own(spread: float, *more: int) -> np.ndarray:
            return style.variety * random.uniform(-spread, spread, (count, *more))

        def colour(hue: np.ndarray, value: np.ndarray) -> Floats:
            saturation = np.clip(0.5 + own(0.4), 0, 1)
            return hsv_to_rgb(np.stack([hue % 1, saturation, np.clip(value, 0, 1)], -1))[:, None, None].astype(
                np.float32
            )

        x, y = plane(style.size)
        horizon, height, waves, phase = per_image(horizons[labels] + own(0.2), own(0.12), 2 + own(1.5), own(np.pi))
        below = y - horizon - height * np.sin(np.pi * waves * x / 2 + phase)
        ground = np.clip(0.5 + below * style.size / 2, 0, 1)[..., None]
        light = 0.22 * lightness[labels]
        sky, haze = (colour(hues[labels, 0] + own(0.1), 0.6 + light + own(0.2)) for _ in range(2))
        near, far = (colour(hues[labels, 1] + own(0.1), 0.45 - light + own(0.2)) for _ in range(2))
        depth = np.broadcast_to((y[..., None] + 1) / 2, (style.size, style.size, 1))
        pixels = (1 - ground) * (sky + depth * (haze - sky)) + ground * (far + depth * (near - far))
        for number in range(MOST):
            form = np.where(random.random(count) < 0.8, forms[labels], random.integers(len(THINGS), size=count))
            place, radius = ((number + 0.5) / MOST * 2 - 1) + own(0.25), 0.22 + own(0.12)
            stands = horizons[labels] + 0.1 + own(0.4)
            paint = colour(random.random(count), 0.5 + own(0.5))
            present = number < things[labels] + random.integers(-1, 2, count)
            for each, name in enumerate(THINGS):
                here = np.flatnonzero(present & (form == each))
                turn = np.full(len(here), {"polygon of 4": np.pi / 4, "polygon of 3": np.pi}.get(name, 0.0))
                ink = inked(FORMS[name], style.size, place[here], stands[here], radius[here], turn)[..., None]
                pixels[here] += ink * (paint[here] - pixels[here])
        return pixels

    return draw
