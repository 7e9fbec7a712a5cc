"""Cubic curves in arrays to Skia paths, without a Python call for every curve.

Skia reads and writes a path as bytes: a header of four 32-bit numbers (version and fill rule, how
many points, conic weights and verbs), the points as float32, the verbs as one byte each, and
padding to four bytes. The bytes of all paths of a frame are made at once, by NumPy. Skia does not
promise this format; `tests/ngpt_film/test_paths.py` compares it with what Skia itself writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ngpt_film.gather import Floats, Ints

Bools = npt.NDArray[np.bool_]
Floats32 = npt.NDArray[np.float32]

# The serial format's version 5, winding fill.
HEADER = 5
MOVE, LINE, CUBIC, CLOSE = 0, 1, 4, 5
# As np.isclose, by which Manim decides whether two points are one.
RELATIVE_TOLERANCE = 1e-5
# Three times the pixels by which a curve that is drawn as a line may miss it.
STRAIGHT = 0.01
# From so many subpaths on it is worth looking which of them may be drawn one by one.
MANY = 12


@dataclass(frozen=True, slots=True)
class Outlines:
    """The paths of n mobjects. `points`: (p, 2) float32 pixels; `verbs`: (v,) uint8.

    A mobject's path is drawn in pieces. `pieces`: (n + 1,), where each mobject's pieces begin;
    `point_starts` and `verb_starts`: where each piece's points and verbs begin, and the end.
    `low` and `high`: (pieces, 2), the corners of the box around each piece.
    """

    points: Floats32
    verbs: npt.NDArray[np.uint8]
    pieces: Ints
    point_starts: Ints
    verb_starts: Ints
    low: Floats32
    high: Floats32


@dataclass(frozen=True, slots=True)
class _Subpaths:
    """Runs of curves without a gap. `x`, `y`: (curves, 4) pixels of the curves' control points.

    By subpath: the `first` curve, the `length` in curves, whether it is `closed`, the mobject
    that is its `owner`, and the corners of its box.
    """

    x: Floats32
    y: Floats32
    first: Ints
    length: Ints
    closed: Bools
    owner: Ints
    low: Floats32
    high: Floats32


def outlines(
    points: Floats, counts: Ints, tolerance: Floats, to_pixels: Floats, apart: Bools
) -> Outlines:
    """Cut each mobject's curves into subpaths as Manim does; close those that end as they begin.

    Args:
        points: (points, 2) or more columns, in units of the frame; four to a curve.
        counts: (n,) points of each mobject.
        tolerance: (n,) distance in units under which two points are one.
        to_pixels: (2, 2) rows: scale and offset of x and of y.
        apart: (n,) mobjects whose subpaths may be drawn one by one where their boxes do not meet.
    """
    x, y, per_mobject = _curves(points, counts)
    owners = np.repeat(np.arange(len(counts)), per_mobject)
    found = _subpaths(x, y, owners, tolerance, to_pixels)
    groups = _groups(found, apart)
    order = np.lexsort((groups, found.owner))
    if np.any(order[1:] < order[:-1]):
        found, groups = _in_order(found, order), groups[order]
    return _written(found, _breaks(groups, found.owner), len(counts))


def _curves(points: Floats, counts: Ints) -> tuple[Floats, Floats, Ints]:
    """x and y, (curves, 4), and the curves of each mobject; what is left of four is dropped."""
    per_mobject = counts // 4
    if np.any(counts % 4):
        points = points[ranges(np.cumsum(counts) - counts, per_mobject * 4)]
    return points[:, 0].reshape(-1, 4), points[:, 1].reshape(-1, 4), per_mobject


def _subpaths(
    x: Floats, y: Floats, owners: Ints, tolerance: Floats, to_pixels: Floats
) -> _Subpaths:
    """Cut where a curve does not begin where the one before it ends."""
    near = tolerance[owners]
    joined = _near(x[:-1, 3], x[1:, 0], near[1:]) & _near(y[:-1, 3], y[1:, 0], near[1:])
    joined &= owners[1:] == owners[:-1]
    first = np.flatnonzero(np.append(np.ones(min(1, len(x)), bool), ~joined))
    last = np.append(first[1:], len(x))[: len(first)] - 1
    closed = _near(x[first, 0], x[last, 3], near[last]) & _near(y[first, 0], y[last, 3], near[last])
    (scale_x, scale_y), (offset_x, offset_y) = to_pixels
    px = (x * scale_x + offset_x).astype(np.float32)
    py = (y * scale_y + offset_y).astype(np.float32)
    low, high = (_extremes(f, px, py, 4 * first) for f in (np.minimum, np.maximum))
    return _Subpaths(px, py, first, last + 1 - first, closed, owners[first], low, high)


def _extremes(f: np.ufunc, x: Floats32, y: Floats32, starts: Ints) -> Floats32:
    """(len(starts), 2) the least or greatest x and y of each run of points."""
    if not len(starts):
        return np.empty((0, 2), np.float32)
    return np.stack([f.reduceat(x.ravel(), starts), f.reduceat(y.ravel(), starts)], axis=1)


def _near(a: Floats, b: Floats, tolerance: Floats) -> Bools:
    """Which numbers Manim takes to be equal."""
    near: Bools = np.abs(a - b) <= tolerance + RELATIVE_TOLERANCE * np.abs(b)
    return near


def _groups(found: _Subpaths, apart: Bools) -> Ints:
    """A number for each subpath; those with the same one in a mobject are drawn as one path.

    Skia draws many small paths in less time than one path of many small outlines.
    """
    groups = np.zeros(len(found.first), np.int64)
    many = np.bincount(found.owner, minlength=len(apart)) >= MANY
    chosen = np.flatnonzero((many & apart)[found.owner])
    if len(chosen):
        # Far apart, so that the boxes of different mobjects do not meet.
        away = found.owner[chosen] * 1e7
        left, right = found.low[chosen, 0] + away, found.high[chosen, 0] + away
        groups[chosen] = _touching(left, right, found.low[chosen, 1], found.high[chosen, 1])
    return groups


def _touching(left: Floats, right: Floats, top: Floats32, bottom: Floats32) -> Ints:
    """(n,) equal numbers for boxes that overlap, directly or through others."""
    by_left = np.argsort(left, kind="stable")
    number = np.arange(len(left))
    counts = np.searchsorted(left[by_left], right[by_left], side="right") - number - 1
    one, two = by_left[np.repeat(number, counts)], by_left[ranges(number + 1, counts)]
    meet = (top[one] <= bottom[two]) & (top[two] <= bottom[one])
    links = coo_array((np.ones(meet.sum(), bool), (one[meet], two[meet])), (len(left), len(left)))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _in_order(found: _Subpaths, order: Ints) -> _Subpaths:
    """The subpaths in another order, and their curves with them."""
    length = found.length[order]
    curves = ranges(found.first[order], length)
    return _Subpaths(
        found.x[curves],
        found.y[curves],
        np.cumsum(length) - length,
        length,
        found.closed[order],
        found.owner[order],
        found.low[order],
        found.high[order],
    )


def _breaks(*keys: Ints) -> Ints:
    """Where a run of equal rows begins."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    changed = np.any([k[1:] != k[:-1] for k in keys], axis=0)
    return np.concatenate([[0], np.flatnonzero(changed) + 1])


def _written(found: _Subpaths, pieces: Ints, n: int) -> Outlines:
    """Points and verbs of the subpaths; `pieces`: the first subpath of each of them."""
    number = len(found.x)
    first, last = np.zeros(number, bool), np.zeros(number, bool)
    first[found.first] = True
    last[found.first + found.length - 1] = found.closed
    line = _straight(found.x, found.y)
    starts = np.append(found.first[pieces], number)
    empty = np.empty((0, 2), np.float32)
    return Outlines(
        _points(found, first, line),
        _verbs(first, line, last),
        np.searchsorted(found.owner[pieces], np.arange(n + 1)),
        _offsets(1 + first + 2 * ~line)[starts],
        _offsets(1 + first + last)[starts],
        np.minimum.reduceat(found.low, pieces) if len(pieces) else empty,
        np.maximum.reduceat(found.high, pieces) if len(pieces) else empty,
    )


def _points(found: _Subpaths, first: Bools, line: Bools) -> Floats32:
    """The written points: a curve's first where a subpath begins, its handles if it is curved."""
    points = np.empty((*found.x.shape, 2), np.float32)
    points[..., 0], points[..., 1] = found.x, found.y
    kept = np.empty(found.x.shape, bool)
    kept[:, 0], kept[:, 1], kept[:, 2], kept[:, 3] = first, ~line, ~line, True
    # A point is taken as one 64-bit number here, which is much faster to pick than two of 32.
    picked = points.reshape(-1, 2).view(np.uint64)[:, 0][kept.ravel()]
    return picked.view(np.float32).reshape(-1, 2)


def _verbs(first: Bools, line: Bools, last: Bools) -> npt.NDArray[np.uint8]:
    """Move where a subpath begins, a line or a cubic for each curve, close where it closes."""
    verbs = np.empty((len(line), 3), np.uint8)
    verbs[:, 0], verbs[:, 1], verbs[:, 2] = MOVE, np.where(line, LINE, CUBIC), CLOSE
    written = np.empty((len(line), 3), bool)
    written[:, 0], written[:, 1], written[:, 2] = first, True, last
    return verbs[written]


def _straight(x: Floats32, y: Floats32) -> Bools:
    """Which curves are straight lines gone through evenly, as Manim draws lines."""
    straight: Bools = np.abs(3 * x[:, 1] - 2 * x[:, 0] - x[:, 3]) < STRAIGHT
    maybe = np.flatnonzero(straight)
    if len(maybe):
        x, y = x[maybe], y[maybe]
        rest = np.abs(3 * x[:, 2] - x[:, 0] - 2 * x[:, 3]) < STRAIGHT
        rest &= np.abs(3 * y[:, 1] - 2 * y[:, 0] - y[:, 3]) < STRAIGHT
        straight[maybe] = rest & (np.abs(3 * y[:, 2] - y[:, 0] - 2 * y[:, 3]) < STRAIGHT)
    return straight


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)])


def serialized(made: Outlines, pieces: Ints) -> list[memoryview]:
    """The bytes of the paths of these pieces, for `skia.Path.readFromMemory`."""
    n_points = np.diff(made.point_starts)[pieces]
    n_verbs = np.diff(made.verb_starts)[pieces]
    sizes = 16 + 8 * n_points + (n_verbs + 3) // 4 * 4
    # All begin at a multiple of eight bytes: a point is put as one number of 64 bits, which is
    # much faster than two of 32.
    room = (sizes + 7) // 8 * 8
    begins = np.cumsum(room) - room
    points = np.zeros(int(room.sum()) // 8, np.uint64)
    numbers, verbs = points.view(np.uint32), points.view(np.uint8)
    header = begins // 4
    numbers[header], numbers[header + 1], numbers[header + 3] = HEADER, n_points, n_verbs
    points[ranges(begins // 8 + 2, n_points)] = made.points.view(np.uint64)[
        ranges(made.point_starts[pieces], n_points), 0
    ]
    verbs[ranges(begins + 16 + 8 * n_points, n_verbs)] = made.verbs[
        ranges(made.verb_starts[pieces], n_verbs)
    ]
    whole = memoryview(verbs)  # type: ignore[arg-type]
    return [whole[a:b] for a, b in zip(begins.tolist(), (begins + sizes).tolist(), strict=True)]


def ranges(begins: Ints, counts: Ints) -> Ints:
    """The indices in ranges that begin at `begins`, one range after another."""
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(begins - before, counts)
