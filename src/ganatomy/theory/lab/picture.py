"""A picture of a game of the lab: six panels of its latest snapshot, one of them the curves of all."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from ganatomy.modalities.images import Pixels
from ganatomy.theory.lab.arrows import arrow_scale
from ganatomy.theory.lab.snapshot import ARROWS, LabSnapshot
from ganatomy.theory.lab.targets import Target
from ganatomy.theory.optimum import optimal_scores

INCHES, DOTS = (12.0, 7.4), 80  # of the picture, and its dots an inch
REAL, FAKE, DISCRIMINATOR, OPTIMAL = "#4a5568", "#dd6b20", "#2b6cb0", "#2f855a"
SPARSE = 0.15  # of a cell's mean mass: where p and q both have less, D* is not drawn


def draw(target: Target, snapshots: Sequence[LabSnapshot], probabilistic: bool, steps: int, title: str) -> Pixels:
    """The last snapshot, with the curves of all of them: [H, W, 3], uint8.

    probabilistic: the discriminator's scores are logits of probabilities. steps: where the curves' axis ends.
    """
    figure = Figure(INCHES, DOTS, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    snapshot = snapshots[-1]
    figure.suptitle(f"{title} · step {snapshot.step:,}", fontsize=13)
    panels = figure.subplots(2, 3)
    panel = _line if target.dimension == 1 else _plane
    panel(target, snapshot, probabilistic, panels)
    _curves(panels[1, 1], snapshots, probabilistic, steps)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def optimal_discriminator(target: Target, snapshot: LabSnapshot) -> NDArray[np.float64]:
    """D* = p/(p + q) in the cells, [N]; not a number where hardly any point, real or generated, lies."""
    return optimum_of_masses(target.masses, snapshot.q)


def optimum_of_masses(p: Tensor, q: Tensor) -> NDArray[np.float64]:
    """D* = p/(p + q) of masses in equal cells, all [N]; not a number where both are sparse."""
    best = optimal_scores(p.log(), q.log()).sigmoid().numpy()
    return np.where((p + q).numpy() > SPARSE * 2 / len(p), best, np.nan)


# --- in the plane -----------------------------------------------------------------------------------------------------


def _plane(target: Target, snapshot: LabSnapshot, probabilistic: bool, panels: NDArray) -> None:
    (low, _), (high, _) = target.grid.low, target.grid.high
    figure = panels[0, 0].figure
    fakes, descent = snapshot.fakes.numpy(), snapshot.descent.numpy()
    best = optimal_discriminator(target, snapshot)
    output = snapshot.scores.sigmoid().numpy() if probabilistic else snapshot.scores.numpy()

    def heat(panel: Axes, values: NDArray, **colours: Any) -> None:
        side = target.grid.counts[0]
        box = (low, high, low, high)
        # Cells are listed row by row along the first axis, which is drawn to the right.
        image = panel.imshow(values.reshape(side, side).T, origin="lower", extent=box, **colours)
        if colours["cmap"] != "Greys":
            figure.colorbar(image, ax=panel, shrink=0.8)

    reached = snapshot.modes
    caption = (
        f"{reached.covered.value:g} of {len(target.modes.centres)} modes, {reached.high_quality.value:.0%} near one"
        if reached and target.modes
        else _divergence(snapshot)
    )
    heat(panels[0, 0], target.masses.sqrt().numpy(), cmap="Greys", vmax=target.masses.max().sqrt().item() * 1.4)
    panels[0, 0].scatter(fakes[:, 0], fakes[:, 1], s=3, color=FAKE, linewidths=0)
    panels[0, 0].set_title(f"Generated points on the target\n{caption}", fontsize=10)

    limits: dict[str, Any] = {"vmin": 0, "vmax": 1} if probabilistic else {}
    heat(panels[0, 1], output, cmap="RdYlBu", **limits)
    panels[0, 1].scatter(*fakes[:ARROWS].T, s=6, color="black", linewidths=0)
    arrows(panels[0, 1], target, fakes[:ARROWS], descent)
    name = "D(x)" if probabilistic else "score of x"
    panels[0, 1].set_title(f"The discriminator: {name}\nand where it pushes generated points", fontsize=10, pad=18)

    heat(panels[0, 2], best, cmap="RdYlBu", vmin=0, vmax=1)
    panels[0, 2].set_title("The optimal discriminator, p/(p + q)\n(white: no points)", fontsize=10)

    for line in snapshot.mesh.numpy():
        panels[1, 0].plot(*line.T, color=FAKE, linewidth=0.7)
    panels[1, 0].set_title("The latent space as the generator bends it:\nequal probability between lines", fontsize=10)

    if probabilistic:
        heat(panels[1, 2], output - best, cmap="PuOr", vmin=-1, vmax=1)
        panels[1, 2].set_title(_distance(snapshot.distance or 0.0), fontsize=10)
    else:
        _no_probability(panels[1, 2])
    for panel in (*panels[0], panels[1, 0], *([panels[1, 2]] if probabilistic else [])):
        panel.set(xlim=(low, high), ylim=(low, high), aspect="equal", xticks=[], yticks=[])


def arrows(panel: Axes, target: Target, points: NDArray, gradients: NDArray) -> None:
    """Draw gradients [M, 2] at points [M, 2] as arrows on the target's scale, and its legend above the panel."""
    scale = arrow_scale(target)
    sizes = np.linalg.norm(gradients, axis=1, keepdims=True)
    shown = gradients * np.minimum(1, scale.largest / np.maximum(sizes, 1e-30))
    quiver = panel.quiver(
        *points.T, *shown.T, angles="xy", scale_units="xy", scale=1 / scale.per_gradient, width=0.004, minlength=0
    )
    words = f"gradient {scale.example:g} (the longest: {scale.largest:.2g} or more)"
    panel.quiverkey(quiver, 0.06, 1.04, scale.example, words, labelpos="E", fontproperties={"size": 8})


# --- on the line ------------------------------------------------------------------------------------------------------


def _line(target: Target, snapshot: LabSnapshot, probabilistic: bool, panels: NDArray) -> None:
    low, high = target.grid.low[0], target.grid.high[0]
    x, width = target.grid.points().squeeze(1).numpy(), target.grid.widths.item()
    p, q, best = target.masses.numpy() / width, snapshot.q.numpy() / width, optimal_discriminator(target, snapshot)
    probabilities = snapshot.scores.sigmoid().numpy()

    panel = panels[0, 0]
    panel.plot(x, p, color=REAL, linestyle=":", label="p, real")
    panel.fill_between(x, q, color=FAKE, alpha=0.4, linewidth=0, label="q, generated")
    panel.set(ylim=(0, 1.6 * p.max()))
    panel.legend(fontsize=8, loc="upper right")
    panel.set_title(_divergence(snapshot), fontsize=10)

    panel = panels[0, 1]
    if probabilistic:
        panel.plot(x, probabilities, color=DISCRIMINATOR, label="D(x)")
        panel.set(ylim=(-0.03, 1.03))
    else:
        panel.plot(x, snapshot.scores.numpy(), color=DISCRIMINATOR, label="score")
    points, gradients = snapshot.fakes[:25].numpy(), snapshot.descent[:25].numpy()
    heights = panel.get_ylim()[0] + np.linspace(0.05, 0.4, len(points))[:, None] * np.ptp(panel.get_ylim())
    panel.scatter(points, heights, s=6, color=FAKE, linewidths=0)
    arrows(panel, target, np.hstack([points, heights]), np.hstack([gradients, 0 * gradients]))
    panel.legend(fontsize=8, loc="upper right")
    panel.set_title("The discriminator, and where it\npushes generated points", fontsize=10, pad=18)

    panels[0, 2].plot(x, best, color=OPTIMAL, label="p/(p + q)")
    if probabilistic:
        panels[0, 2].plot(x, probabilities, color=DISCRIMINATOR, linewidth=0.8, label="D(x)")
    panels[0, 2].set(ylim=(-0.03, 1.03))
    panels[0, 2].legend(fontsize=8, loc="upper right")
    panels[0, 2].set_title("The optimal discriminator", fontsize=10)

    panel, quantiles = panels[1, 0], snapshot.mesh[0].squeeze(1).numpy()
    evenly = np.linspace(low, high, len(quantiles))
    for z, end in zip(evenly, quantiles, strict=True):
        panel.plot([z, end], [1, 0], color=FAKE, linewidth=0.7)
    panel.set(yticks=[0, 1], yticklabels=["x = G(z)", "z"])
    panel.set_title("Where the generator maps equally probable z", fontsize=10)

    if probabilistic:
        panels[1, 2].plot(x, probabilities - best, color=DISCRIMINATOR)
        panels[1, 2].axhline(0, color=REAL, linewidth=0.5)
        panels[1, 2].set(ylim=(-1, 1))
        panels[1, 2].set_title(_distance(snapshot.distance or 0.0), fontsize=10)
    else:
        _no_probability(panels[1, 2])
    for panel in (*panels[0], panels[1, 0], *([panels[1, 2]] if probabilistic else [])):
        panel.set(xlim=(low, high))


# --- both -------------------------------------------------------------------------------------------------------------


def _curves(panel: Axes, snapshots: Sequence[LabSnapshot], probabilistic: bool, steps: int) -> None:
    at = [snapshot.step for snapshot in snapshots]
    if probabilistic:
        panel.plot(at, [snapshot.value for snapshot in snapshots], color=DISCRIMINATOR, label="V(D, G)")
        panel.plot(at, [snapshot.best_value.value for snapshot in snapshots], color=OPTIMAL, label="−log 4 + 2·JSD")
        panel.axhline(-log(4), color=REAL, linewidth=0.7, linestyle=":", label="−log 4")
        panel.plot(at, [snapshot.distance or 0.0 for snapshot in snapshots], color=FAKE, label="mean |D − D*|")
        panel.axhline(0, color=REAL, linewidth=0.5)
        panel.set(ylim=(-1.6, 1.3))
        panel.set_title("The value of the game", fontsize=10)
    else:
        divergences = [snapshot.divergence.value for snapshot in snapshots]
        panel.plot(at, divergences, color=OPTIMAL, label="JSD of p and q")
        panel.axhline(log(2), color=REAL, linewidth=0.7, linestyle=":", label="log 2: no overlap")
        panel.set(ylim=(-0.02, 0.8))
        panel.set_title("How far apart real and generated are", fontsize=10)
    panel.set(xlim=(0, steps), xlabel="step")
    panel.legend(fontsize=8, loc="upper right")


def _divergence(snapshot: LabSnapshot) -> str:
    return f"JSD {snapshot.divergence} nats"


def _distance(mean: float) -> str:
    size = "below 0.01" if mean < 0.005 else f"{mean:.2f}"
    return f"Distance from the optimum: D − p/(p + q)\nmean size over points: {size}"


def _no_probability(panel: Axes) -> None:
    panel.axis("off")
    words = "With this objective the discriminator\ngives scores, not probabilities:\nit need not be p/(p + q)."
    panel.text(0.5, 0.5, words, ha="center", va="center", transform=panel.transAxes)
