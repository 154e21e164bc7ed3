"""A page of a table's columns, real and generated side by side, with some rows of each. No torch."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from itertools import pairwise
from string import Template

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import short
from ganatomy.modalities.tables.columns import AnyColumn, Category, Numbers
from ganatomy.modalities.tables.schema import Schema

BARS = 24  # intervals of a column of numbers
CATEGORIES = 16  # the most frequent real ones; all others are one more bar
CENTRE = (0.005, 0.995)  # quantiles of the real numbers between which intervals are equally wide
ROWS = 12
WIDTH, HEIGHT, GAP = 320, 120, 2  # of a drawing


def page(name: str, words: str, schema: Schema, real: Numbers, fake: Numbers, distances: NDArray[np.float64]) -> str:
    """The page as text: real rows [N, D] and generated ones [M, D] of a schema; distances: of each column, [D]."""
    order = np.argsort(-distances, kind="stable")
    figures = [_figure(schema.columns[i], real[:, i], fake[:, i], float(distances[i])) for i in order]
    template, *styles = (
        files(__package__).joinpath(file).read_text(encoding="utf-8")
        for file in ("table.html", "colours.css", "page.css")
    )
    return Template(template).substitute(
        name=escape(name),
        words=escape(words),
        columns="".join(figures),
        generated=_rows(schema, fake),
        rows=_rows(schema, real),
        style="".join(styles),
    )


def shares(column: AnyColumn, real: Numbers, fake: Numbers) -> list[tuple[str, float, float]]:
    """The bars of a column: what each stands for, its share of the real cells [N] and of the generated ones [M].

    Categories, the most frequent real ones first, and all others; or intervals of numbers, of which the first and last
    hold what lies beyond. Missing cells come last. The shares of each side add up to 1.
    """
    if isinstance(column, Category):
        groups, labels = _by_category(column, real, fake)
    else:
        groups, labels = _by_interval(column, real, fake)
    return [(label, float(one.mean()), float(other.mean())) for label, (one, other) in zip(labels, groups, strict=True)]


Groups = list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]


def _by_category(column: Category, real: Numbers, fake: Numbers) -> tuple[Groups, list[str]]:
    codes = np.arange(len(column.values))
    counts = np.array([(real == code).sum() for code in codes])
    shown = np.argsort(-counts, kind="stable")[:CATEGORIES]
    groups = [(real == code, fake == code) for code in shown]
    labels = [short(str(column.values[code]), 40) for code in shown]
    if others := len(codes) - len(shown):
        groups.append(tuple(~np.isnan(side) & ~np.isin(side, shown) for side in (real, fake)))  # type: ignore[arg-type]
        labels.append(f"{others:,} others")
    return _and_missing(groups, labels, real, fake)


def _by_interval(column: AnyColumn, real: Numbers, fake: Numbers) -> tuple[Groups, list[str]]:
    there = real[~np.isnan(real)]
    low, high = np.quantile(there, CENTRE) if len(there) else (0.0, 0.0)
    edges = np.unique(np.linspace(low, high, BARS + 1)[1:-1])
    texts = [f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in column.cells(edges)]
    labels = [f"up to {texts[0]}", *(f"{one} to {other}" for one, other in pairwise(texts)), f"from {texts[-1]}"]
    places = [np.where(np.isnan(side), -1, np.searchsorted(edges, side, "right")) for side in (real, fake)]
    groups = [(places[0] == i, places[1] == i) for i in range(len(labels))]
    return _and_missing(groups, labels, real, fake)


def _and_missing(groups: Groups, labels: list[str], real: Numbers, fake: Numbers) -> tuple[Groups, list[str]]:
    missing = (np.isnan(real), np.isnan(fake))
    if missing[0].any() or missing[1].any():
        return [*groups, missing], [*labels, "missing"]
    return groups, labels


def _figure(column: AnyColumn, real: Numbers, fake: Numbers, distance: float) -> str:
    bars = shares(column, real, fake)
    highest = max(max(one, other) for _, one, other in bars)
    step = WIDTH / len(bars)
    width = max((step - GAP) / 2, 0.5)
    drawn = []
    for i, (label, *both) in enumerate(bars):
        title = escape(f"{label}: real {both[0]:.1%}, generated {both[1]:.1%}")
        rectangles = "".join(
            f'<rect class="{side}" x="{i * step + k * width + GAP / 2:.1f}" y="{HEIGHT - tall:.1f}" '
            f'width="{width:.1f}" height="{tall:.1f}"/>'
            for k, (side, share) in enumerate(zip(("real", "fake"), both, strict=True))
            for tall in [(HEIGHT - 4) * share / highest]
        )
        drawn.append(f"<g><title>{title}</title>{rectangles}</g>")
    name = escape(str(column.name))
    return (
        f'<figure><h3>{name}</h3><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{name}">{"".join(drawn)}</svg><div class="ends"><span>{escape(bars[0][0])}</span>'
        f"<span>{escape(bars[-1][0])}</span></div><figcaption>distance {distance:.3f}</figcaption></figure>"
    )


def _rows(schema: Schema, numbers: Numbers) -> str:
    """The first rows as a table."""
    frame = schema.frame(numbers[:ROWS])
    head = "".join(f"<th>{escape(str(name))}</th>" for name in frame.columns)
    cells = frame.astype(object).where(frame.notna(), "")
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(short(str(cell), 60))}</td>" for cell in row) + "</tr>"
        for row in cells.itertuples(index=False, name=None)
    )
    return f"<table><tr>{head}</tr>{body}</table>"
