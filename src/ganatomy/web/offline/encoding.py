"""Snapshots of a game as few bytes: the arrays that a page draws, rounded to what can be seen.

`static/recorded.js` reads them. Arrays follow each other, each of all frames:

    discriminator, optimal, q   a byte a cell; of the discriminator, the difference from the cell before it, and of
                                that the difference from the row before it, modulo 256
    fakes, mesh, descent        two bytes a number: all low bytes, then all high bytes; of the mesh, the difference
                                from the knot before it
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ganatomy.system.sealed import finite
from ganatomy.theory.lab.arrows import arrow_scale
from ganatomy.theory.lab.picture import optimum_of_masses
from ganatomy.theory.lab.snapshot import ARROWS, LabSnapshot
from ganatomy.theory.lab.targets import Target

LEVELS, NOTHING = 254, 255  # of a byte: its largest level, and what stands for no number
PARTS = 1000  # positions are rounded to so many parts of the interval, gradients to so many of the longest arrow
FAKES = 400  # generated points that are kept
COARSE = {1: 1, 2: 2}  # cells along an axis that become one, by dimension
EVERY = 2  # of the latent lines in the plane, and of their knots, one in so many is kept


@dataclass(frozen=True)
class Coarse:
    """Cells of a target's grid, joined: masses add up, other values are averaged."""

    target: Target

    @property
    def times(self) -> int:
        """Cells along an axis that become one."""
        return COARSE[self.target.dimension]

    @property
    def cells(self) -> int:
        """Cells along an axis that are left."""
        return self.target.grid.counts[0] // self.times

    def masses(self, values: ArrayLike) -> NDArray[np.float64]:
        """The masses [N] of a grid → those of the joined cells, [N / times^d]."""
        return self._joined(values).sum((1, 3)).ravel()

    def means(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values [N] in the cells of a grid → their means in the joined cells, [N / times^d]."""
        return self._joined(values).mean((1, 3)).ravel()

    def _joined(self, values: ArrayLike) -> NDArray[np.float64]:
        across = (self.cells, self.times) if self.target.dimension == 2 else (1, 1)
        return np.asarray(values, float).reshape(*across, self.cells, self.times)


def described(target: Target) -> dict[str, Any]:
    """What is the same for all games on a target, as a page reads it."""
    grid, scale = target.grid, arrow_scale(target)
    return {
        "dimension": target.dimension,
        "low": grid.low[0],
        "high": grid.high[0],
        "cells": Coarse(target).cells,
        "p": [float(f"{mass:.4g}") for mass in Coarse(target).masses(target.masses)],
        "arrows": {"per_gradient": scale.per_gradient, "longest": scale.longest, "example": scale.example},
        "fakes": FAKES,
        "pushed": ARROWS,
        "levels": LEVELS,
        "parts": PARTS,
    }


def measured(target: Target, snapshots: Sequence[LabSnapshot], probabilistic: bool) -> dict[str, Any]:
    """The figures of a game, a list each with one of every snapshot; and the bounds of what `encoded` rounds."""
    scores = [np.asarray(each.scores) for each in snapshots]
    modes = [each.modes for each in snapshots]
    return {
        "probabilistic": probabilistic,
        "value": [_short(each.value) for each in snapshots],
        "best": [_short(each.best_value.value) for each in snapshots],
        "best_words": [str(each.best_value) for each in snapshots],
        "divergence": [_short(each.divergence.value) for each in snapshots],
        "error": [_short(each.divergence.error) for each in snapshots],
        "divergence_words": [str(each.divergence) for each in snapshots],
        "distance": [None if each.distance is None else _short(each.distance) for each in snapshots],
        "gradient": [_short(each.gradient) for each in snapshots],
        "covered": [each and int(each.covered.value) for each in modes],
        "near": [each and _short(each.high_quality.value) for each in modes],
        "of": len(target.modes.centres) if target.modes else None,
        "low": [0 if probabilistic else float(each.min()) for each in scores],
        "high": [1 if probabilistic else float(each.max()) for each in scores],
        "most": [float(Coarse(target).masses(each.q).max()) for each in snapshots],
        "lines": len(_mesh(snapshots[0])),
    }


def encoded(target: Target, snapshots: Sequence[LabSnapshot], probabilistic: bool) -> bytes:
    """The arrays of a game's snapshots, compressed (RFC 1950)."""
    coarse, low, interval = Coarse(target), target.grid.low[0], target.grid.high[0] - target.grid.low[0]
    p, largest = coarse.masses(target.masses), arrow_scale(target).largest
    bounds, scores, best, shares = measured(target, snapshots, probabilistic), [], [], []
    for i, each in enumerate(snapshots):
        output = coarse.means(each.scores.sigmoid() if probabilistic else each.scores)
        scores.append(_levels(output, bounds["low"][i], bounds["high"][i]))
        q = coarse.masses(each.q)
        best.append(_levels(optimum_of_masses(torch.from_numpy(p), torch.from_numpy(q)), 0, 1))
        shares.append(_levels(np.sqrt(q / q.max()), 0, 1))  # small masses are kept, too
    fakes = _parts((np.stack([each.fakes[:FAKES].numpy() for each in snapshots]) - low) / interval)
    mesh = _parts((np.stack([_mesh(each) for each in snapshots]) - low) / interval)
    gradients = np.stack([each.descent.numpy() for each in snapshots])
    sizes = np.linalg.norm(gradients, axis=2, keepdims=True)
    descent = _parts(gradients / np.maximum(sizes, largest))
    along = np.diff(mesh, axis=2, prepend=np.int16(0))  # small numbers take less
    cells = [_unlike(np.stack(scores).reshape(len(scores), -1, coarse.cells)), np.stack(best), np.stack(shares)]
    numbers = [_two_bytes(each) for each in (fakes, along, descent)]
    return zlib.compress(b"".join([*(each.tobytes() for each in cells), *numbers]), 9)


def _mesh(snapshot: LabSnapshot) -> NDArray[np.float32]:
    """The lines that are kept, [lines, knots, d]; in the plane as many of each direction."""
    mesh: NDArray[np.float32] = snapshot.mesh.numpy()
    if len(mesh) == 1:
        return mesh
    both = mesh.reshape(2, -1, *mesh.shape[1:])[:, ::EVERY, ::EVERY]
    return both.reshape(-1, *both.shape[2:])


def _unlike(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of a smooth function in rows of cells, [frames, rows, cells], what does not go on as before: small numbers."""
    zero = np.uint8(0)
    return np.diff(np.diff(levels, axis=2, prepend=zero), axis=1, prepend=zero)


def _levels(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    shares = np.nan_to_num((values - low) / max(high - low, 1e-30))
    return np.where(np.isnan(values), NOTHING, np.rint(LEVELS * np.clip(shares, 0, 1))).astype(np.uint8)


def _parts(shares: NDArray) -> NDArray[np.int16]:
    return np.clip(np.rint(PARTS * shares), -15_000, 15_000).astype(np.int16)  # so that no difference overflows


def _two_bytes(numbers: NDArray[np.int16]) -> bytes:
    unsigned = numbers.astype("<i2").view("<u2")
    return (unsigned & 255).astype(np.uint8).tobytes() + (unsigned >> 8).astype(np.uint8).tobytes()


def _short(figure: float) -> float | None:
    """Five digits, as a page has them."""
    known = finite(float(figure))
    return None if known is None else float(f"{known:.5g}")
