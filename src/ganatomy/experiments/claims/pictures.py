"""What the pictures of claims have in common: colours, and curves that carry their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, RED, GREEN, GREY = "#2b6cb0", "#c05621", "#c53030", "#2f855a", "#4a5568"
STYLE: dict[Any, Any] = {"font.size": 11, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False}


def name_curve(axes: Axes, x: float, y: float, text: str, colour: str, va: str = "center") -> None:
    """Write a curve's name beside its last point (x, y), in its colour. va: "bottom" or "top" near another name."""
    axes.annotate(text, (x, y), (6, 0), textcoords="offset points", color=colour, va=va)
