"""The same outline in fewer curves: what is drawn a thousand times a frame pays for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from fontTools.qu2cu import quadratic_to_curves

from scenes.stage.style import Point

THIRDS = np.linspace(0, 1, 4)[:, None]
JOINED = 1e-9
"""How far apart two curves' ends are that are not joined."""


def fewer_curves(points: Point, most_off: float) -> Point:
    """An outline of quadratic curves, as TrueType has them, in fewer cubic ones.

    Args:
        points: (4·n, 3) control points of curves in a plane, each a quadratic raised to a cubic.
        most_off: how far the new outline may lie from the old one, in the points' unit.
    """
    made = [np.zeros((0, 2))]
    for run in _runs(points.reshape(-1, 4, 3)[:, :, :2]):
        made += _cubics(run, most_off)
    flat = np.concatenate(made)
    return np.column_stack([flat, np.zeros(len(flat))])


def _runs(curves: Point) -> Iterator[Point]:
    """The curves in runs without a gap."""
    gaps = np.flatnonzero(np.abs(curves[1:, 0] - curves[:-1, 3]).max(axis=1) > JOINED) + 1
    for start, stop in pairwise([0, *gaps.tolist(), len(curves)]):
        yield curves[start:stop]


def _cubics(run: Point, most_off: float) -> Iterator[Point]:
    """(4, 2) each: the curves of a run, straight ones left as they are."""
    straight = np.abs(np.diff(run, n=2, axis=1)).max(axis=(1, 2)) < JOINED
    start = 0
    for stop in [*np.flatnonzero(straight).tolist(), len(run)]:
        if stop > start:
            yield from _merged(run[start:stop], most_off)
        if stop < len(run):
            yield run[stop]
        start = stop + 1


def _merged(curves: Point, most_off: float) -> Iterator[Point]:
    middles = (3 * (curves[:, 1] + curves[:, 2]) - curves[:, 0] - curves[:, 3]) / 4
    # One pen position for two ends, or rounding would open the outline.
    ends = [*curves[:, 0].tolist(), curves[-1, 3].tolist()]
    quads = [[a, m, b] for (a, b), m in zip(pairwise(ends), middles.tolist(), strict=True)]
    tuples = [[tuple(point) for point in quad] for quad in quads]
    for curve in quadratic_to_curves(tuples, max_err=most_off, all_cubic=True):
        yield np.array(curve)
