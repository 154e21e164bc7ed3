"""A moment of a game as a picture."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganatomy.modalities.images import Pixels
from ganatomy.theory.lab.moment import PULLED, Moment
from ganatomy.theory.lab.targets import Ground
from ganatomy.theory.optimum import optimal_scores

INCHES, DOTS = (12.0, 7.4), 80  # of the picture, and its dots an inch
REAL, FAKE, JUDGE, BEST = "#4a5568", "#dd6b20", "#2b6cb0", "#2f855a"
SPARSE = 0.15  # of the mean mass of a cell: where p and q both have less, D* is nobody's concern
REACH = 0.12  # of the picture's side: the longest arrow


def draw(ground: Ground, moments: Sequence[Moment], probabilistic: bool, steps: int, title: str) -> Pixels:
    """The last of the moments, with the curves of all of them: [H, W, 3]. steps: where the curves' axis ends."""
    figure = Figure(INCHES, DOTS, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    moment = moments[-1]
    figure.suptitle(f"{title} · step {moment.step:,}", fontsize=13)
    places = figure.subplots(2, 3)
    if ground.dimension == 1:
        _on_the_line(ground, moment, probabilistic, places)
    else:
        _in_the_plane(ground, moment, probabilistic, places)
    _curves(places[1, 1], moments, probabilistic, steps)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def best_discriminator(ground: Ground, moment: Moment) -> NDArray[np.float64]:
    """D* = p/(p + q) in the cells, [N]; not a number where hardly any point, real or generated, lies."""
    p, q = ground.masses, moment.q
    best = optimal_scores(p.log(), q.log()).sigmoid().numpy()
    return np.where((p + q).numpy() > SPARSE * 2 / len(p), best, np.nan)


# --- in the plane -----------------------------------------------------------------------------------------------------


def _in_the_plane(ground: Ground, moment: Moment, probabilistic: bool, places: NDArray) -> None:
    (low, _), (high, _) = ground.cells.low, ground.cells.high
    figure = places[0, 0].figure
    fakes, pulls = moment.fakes.numpy(), moment.pulls.numpy()
    best = best_discriminator(ground, moment)
    judged = moment.scores.sigmoid().numpy() if probabilistic else moment.scores.numpy()

    def heat(place: Axes, values: NDArray, **colours: Any) -> None:
        side = ground.cells.counts[0]
        box = (low, high, low, high)
        # Cells lie row by row along the first axis, which is drawn to the right.
        seen = place.imshow(values.reshape(side, side).T, origin="lower", extent=box, **colours)
        if colours["cmap"] != "Greys":
            figure.colorbar(seen, ax=place, shrink=0.8)

    reached = moment.modes
    words = (
        f"{reached.covered.value:g} of {len(ground.modes.centres)} modes, {reached.high_quality.value:.0%} near one"
        if reached and ground.modes
        else f"JSD {moment.divergence.value:.3f} ± {moment.divergence.error:.1g} nats"
    )
    heat(places[0, 0], ground.masses.sqrt().numpy(), cmap="Greys", vmax=ground.masses.max().sqrt().item() * 1.4)
    places[0, 0].scatter(fakes[:, 0], fakes[:, 1], s=3, color=FAKE, linewidths=0)
    places[0, 0].set_title(f"Generated points on the target\n{words}", fontsize=10)

    limits: dict[str, Any] = {"vmin": 0, "vmax": 1} if probabilistic else {}
    heat(places[0, 1], judged, cmap="RdYlBu", **limits)
    _arrows(places[0, 1], fakes[:PULLED], pulls, high - low)
    name = "D(x)" if probabilistic else "score of x"
    places[0, 1].set_title(f"The discriminator: {name}\nand where it sends generated points", fontsize=10)

    heat(places[0, 2], best, cmap="RdYlBu", vmin=0, vmax=1)
    places[0, 2].set_title("The best discriminator, p/(p + q)\n(white: no points)", fontsize=10)

    for line in moment.mesh.numpy():
        places[1, 0].plot(*line.T, color=FAKE, linewidth=0.7)
    places[1, 0].set_title(
        "The latent space as the generator bends it:\nbetween lines lies equal probability", fontsize=10
    )

    if probabilistic:
        heat(places[1, 2], judged - best, cmap="PuOr", vmin=-1, vmax=1)
        places[1, 2].set_title("How far it is from the best: D − p/(p + q)", fontsize=10)
    else:
        _no_probability(places[1, 2])
    for place in (*places[0], places[1, 0], *([places[1, 2]] if probabilistic else [])):
        place.set(xlim=(low, high), ylim=(low, high), aspect="equal", xticks=[], yticks=[])


def _arrows(place: Axes, points: NDArray, pulls: NDArray, side: float) -> None:
    """Points, with arrows along their pulls; the longest is REACH of the picture, if any pulls at all."""
    place.scatter(points[:, 0], points[:, 1], s=6, color="black", linewidths=0)
    longest = np.linalg.norm(pulls, axis=1).max()
    if longest > 0:
        place.quiver(*points.T, *pulls.T, angles="xy", scale_units="xy", scale=longest / (REACH * side), width=0.004)


# --- on the line ------------------------------------------------------------------------------------------------------


def _on_the_line(ground: Ground, moment: Moment, probabilistic: bool, places: NDArray) -> None:
    low, high = ground.cells.low[0], ground.cells.high[0]
    x, width = ground.cells.points().squeeze(1).numpy(), ground.cells.widths.item()
    p, q, best = ground.masses.numpy() / width, moment.q.numpy() / width, best_discriminator(ground, moment)
    judged = moment.scores.sigmoid().numpy()

    place = places[0, 0]
    place.plot(x, p, color=REAL, linestyle=":", label="p, real")
    place.fill_between(x, q, color=FAKE, alpha=0.4, linewidth=0, label="q, generated")
    place.set(ylim=(0, 1.6 * p.max()))
    place.legend(fontsize=8, loc="upper right")
    place.set_title(f"JSD {moment.divergence.value:.3f} ± {moment.divergence.error:.1g} nats", fontsize=10)

    place = places[0, 1]
    if probabilistic:
        place.plot(x, judged, color=JUDGE, label="D(x)")
        place.set(ylim=(-0.03, 1.03))
    else:
        place.plot(x, moment.scores.numpy(), color=JUDGE, label="score")
    points, pulls = moment.fakes[:25].squeeze(1).numpy(), moment.pulls[:25].squeeze(1).numpy()
    longest = max(np.abs(pulls).max(), 1e-30)
    ends = points + pulls / longest * REACH * (high - low)
    height = place.get_ylim()[0] + 0.06 * np.ptp(place.get_ylim())
    for start, end in zip(points, ends, strict=True):
        place.annotate("", (end, height), (start, height), arrowprops={"arrowstyle": "->", "color": FAKE})
    place.legend(fontsize=8, loc="upper right")
    place.set_title("The discriminator, and where it\nsends generated points", fontsize=10)

    places[0, 2].plot(x, best, color=BEST, label="p/(p + q)")
    if probabilistic:
        places[0, 2].plot(x, judged, color=JUDGE, linewidth=0.8, label="D(x)")
    places[0, 2].set(ylim=(-0.03, 1.03))
    places[0, 2].legend(fontsize=8, loc="upper right")
    places[0, 2].set_title("The best discriminator", fontsize=10)

    place, quantiles = places[1, 0], moment.mesh[0].squeeze(1).numpy()
    evenly = np.linspace(low, high, len(quantiles))
    for z, end in zip(evenly, quantiles, strict=True):
        place.plot([z, end], [1, 0], color=FAKE, linewidth=0.7)
    place.set(yticks=[0, 1], yticklabels=["x = G(z)", "z"])
    place.set_title("Where the generator sends evenly probable z", fontsize=10)

    if probabilistic:
        places[1, 2].plot(x, judged - best, color=JUDGE)
        places[1, 2].axhline(0, color=REAL, linewidth=0.5)
        places[1, 2].set(ylim=(-1, 1))
        places[1, 2].set_title("How far it is from the best: D − p/(p + q)", fontsize=10)
    else:
        _no_probability(places[1, 2])
    for place in (*places[0], places[1, 0], *([places[1, 2]] if probabilistic else [])):
        place.set(xlim=(low, high))


# --- both -------------------------------------------------------------------------------------------------------------


def _curves(place: Axes, moments: Sequence[Moment], probabilistic: bool, steps: int) -> None:
    at = [moment.step for moment in moments]
    if probabilistic:
        place.plot(at, [moment.value for moment in moments], color=JUDGE, label="V(D, G)")
        place.plot(at, [moment.best_value for moment in moments], color=BEST, label="−log 4 + 2·JSD")
        place.axhline(-log(4), color=REAL, linewidth=0.7, linestyle=":", label="−log 4")
        place.set(ylim=(-1.9, 0.1))
        place.set_title("What the game is worth to the discriminator", fontsize=10)
    else:
        place.plot(at, [moment.divergence.value for moment in moments], color=BEST, label="JSD of p and q")
        place.axhline(log(2), color=REAL, linewidth=0.7, linestyle=":", label="log 2: nothing in common")
        place.set(ylim=(-0.02, 0.8))
        place.set_title("How far apart real and generated are", fontsize=10)
    place.set(xlim=(0, steps), xlabel="step")
    place.legend(fontsize=8, loc="upper right")


def _no_probability(place: Axes) -> None:
    place.axis("off")
    words = "With this objective the discriminator\ngives scores, not probabilities:\nit need not be p/(p + q)."
    place.text(0.5, 0.5, words, ha="center", va="center", transform=place.transAxes)
