"""Cubic curves in arrays to Skia paths, without a Python call for every curve.

Skia reads and writes a path as bytes: a header of four 32-bit numbers (version and fill rule, how
many points, conic weights and verbs), the points as float32, the verbs as one byte each, and
padding to four bytes. The bytes of all paths of a frame are made at once, by NumPy. Skia does not
promise this format; `tests/ngpt_film/test_paths.py` compares it with what Skia itself writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import skia
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ngpt_film.gather import Floats, Ints

Bools = npt.NDArray[np.bool_]

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
    """

    points: npt.NDArray[np.float32]
    verbs: npt.NDArray[np.uint8]
    pieces: Ints
    point_starts: Ints
    verb_starts: Ints


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
    curves, per_mobject = _curves(points, counts)
    owners = np.repeat(np.arange(len(counts)), per_mobject)
    begins, ends = _subpaths(curves, owners, tolerance[owners])
    closed = _close(curves[begins, 0], curves[ends, 3], tolerance[owners[ends]])
    pixels = _in_pixels(curves, to_pixels)
    owners, lengths = owners[begins], ends + 1 - begins
    groups = _groups(pixels, begins, owners, apart)
    if groups.any():
        order = np.lexsort((groups, owners))
        pixels = pixels[ranges(begins[order], lengths[order])]
        groups, lengths, closed = groups[order], lengths[order], closed[order]
    pieces = _breaks(groups, owners)
    made = _written(pixels, lengths, closed, pieces)
    owned = np.searchsorted(owners[pieces], np.arange(len(counts) + 1))
    return Outlines(made[0], made[1], owned, made[2], made[3])


def _groups(pixels: npt.NDArray[np.float32], begins: Ints, owners: Ints, apart: Bools) -> Ints:
    """A number for each subpath; those with the same one in a mobject are drawn as one path.

    Skia draws many small paths in less time than one path of many small outlines.
    """
    groups = np.zeros(len(begins), np.int64)
    many = np.bincount(owners, minlength=len(apart)) >= MANY
    chosen = np.flatnonzero((many & apart)[owners])
    if len(chosen):
        low, high = _boxes(pixels, begins)
        # Far apart, so that the boxes of different mobjects do not meet.
        away = np.stack([owners[chosen] * 1e7, np.zeros(len(chosen))], axis=1)
        groups[chosen] = _touching(low[chosen] + away, high[chosen] + away)
    return groups


def _boxes(curves: npt.NDArray[np.float32], begins: Ints) -> tuple[Floats, Floats]:
    """The least and the greatest x and y of the control points of each subpath."""
    a, b, c, d = (curves[:, i] for i in range(4))
    least = np.minimum(np.minimum(a, b), np.minimum(c, d))
    greatest = np.maximum(np.maximum(a, b), np.maximum(c, d))
    return np.minimum.reduceat(least, begins), np.maximum.reduceat(greatest, begins)


def _touching(low: Floats, high: Floats) -> Ints:
    """(n,) equal numbers for boxes that overlap, directly or through others."""
    by_left = np.argsort(low[:, 0], kind="stable")
    reach = np.searchsorted(low[by_left, 0], high[by_left, 0], side="right")
    counts = reach - np.arange(len(reach)) - 1
    one = by_left[np.repeat(np.arange(len(reach)), counts)]
    two = by_left[ranges(np.arange(len(reach)) + 1, counts)]
    meet = (low[one, 1] <= high[two, 1]) & (low[two, 1] <= high[one, 1])
    links = coo_array((np.ones(meet.sum(), bool), (one[meet], two[meet])), (len(low), len(low)))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _curves(points: Floats, counts: Ints) -> tuple[Floats, Ints]:
    """(curves, 4, 2) and the curves of each mobject; points left over from a curve are dropped."""
    per_mobject = counts // 4
    if np.any(counts % 4):
        starts = np.cumsum(counts) - counts
        within = np.arange(len(points)) - np.repeat(starts, counts)
        points = points[within < np.repeat(per_mobject * 4, counts)]
    return points[:, :2].reshape(-1, 4, 2), per_mobject


def _in_pixels(curves: Floats, to_pixels: Floats) -> npt.NDArray[np.float32]:
    (scale_x, scale_y), (offset_x, offset_y) = to_pixels
    pixels = np.empty(curves.shape, np.float32)
    # Column by column: NumPy is slow with rows of two.
    pixels[..., 0] = curves[..., 0] * scale_x + offset_x
    pixels[..., 1] = curves[..., 1] * scale_y + offset_y
    return pixels


def _subpaths(curves: Floats, owners: Ints, tolerance: Floats) -> tuple[Ints, Ints]:
    """The first and the last curve of every subpath."""
    if not len(curves):
        return np.empty(0, int), np.empty(0, int)
    parted = ~_close(curves[:-1, 3], curves[1:, 0], tolerance[1:])
    breaks = np.flatnonzero(parted | (owners[1:] != owners[:-1]))
    return np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(curves) - 1]])


def _close(a: Floats, b: Floats, tolerance: Floats) -> Bools:
    """Whether rows of `a` and `b`, (n, 2), are one point to Manim."""
    return _near(a[:, 0], b[:, 0], tolerance) & _near(a[:, 1], b[:, 1], tolerance)


def _near(a: Floats, b: Floats, tolerance: Floats) -> Bools:
    near: Bools = np.abs(a - b) <= tolerance + RELATIVE_TOLERANCE * np.abs(b)
    return near


def _breaks(*keys: Ints) -> Ints:
    """Where a run of equal rows begins."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    changed = np.any([k[1:] != k[:-1] for k in keys], axis=0)
    return np.concatenate([[0], np.flatnonzero(changed) + 1])


def _written(
    curves: npt.NDArray[np.float32], lengths: Ints, closed: Bools, pieces: Ints
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], Ints, Ints]:
    """Points and verbs of subpaths one after another, and where those of each piece begin.

    Args:
        curves: (curves, 4, 2) float32 pixels.
        lengths: curves of each subpath.
        closed: whether each subpath is closed.
        pieces: the first subpath of each piece.
    """
    ends = np.cumsum(lengths)
    first, last = np.zeros(len(curves), bool), np.zeros(len(curves), bool)
    first[ends - lengths] = True
    last[ends - 1] = closed
    line = _straight(curves)
    kept = np.stack([first, ~line, ~line, np.ones_like(line)], axis=1)
    written = np.stack([first, np.ones_like(line), last], axis=1)
    verbs = np.empty((len(line), 3), np.uint8)
    verbs[:, 0], verbs[:, 1], verbs[:, 2] = MOVE, np.where(line, LINE, CUBIC), CLOSE
    starts = np.append((ends - lengths)[pieces], len(curves))
    # A point is taken as one 64-bit number here, which is much faster to pick than two of 32.
    points = curves.reshape(-1, 2).view(np.uint64)[:, 0][kept.ravel()]
    return (
        points.view(np.float32).reshape(-1, 2),
        verbs[written],
        _offsets(1 + first + 2 * ~line)[starts],
        _offsets(1 + first + last)[starts],
    )


def _straight(curves: npt.NDArray[np.float32]) -> Bools:
    """Which curves are straight lines gone through evenly, as Manim draws lines."""
    straight = np.abs(3 * curves[:, 1, 0] - 2 * curves[:, 0, 0] - curves[:, 3, 0]) < STRAIGHT
    maybe = np.flatnonzero(straight)
    start, one, two, end = (curves[maybe, i] for i in range(4))
    off = np.maximum(np.abs(3 * one - 2 * start - end), np.abs(3 * two - start - 2 * end))
    straight[maybe] = (off[:, 0] < STRAIGHT) & (off[:, 1] < STRAIGHT)
    return straight


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)])


def skia_paths(made: Outlines, chosen: Ints) -> list[list[skia.Path]]:
    """Skia's paths of the mobjects whose numbers are `chosen`, in that order, in their pieces."""
    per_mobject = np.diff(made.pieces)[chosen]
    pieces = ranges(made.pieces[chosen], per_mobject)
    n_points = np.diff(made.point_starts)[pieces]
    n_verbs = np.diff(made.verb_starts)[pieces]
    points = made.points[ranges(made.point_starts[pieces], n_points)]
    verbs = made.verbs[ranges(made.verb_starts[pieces], n_verbs)]
    paths = iter([_path(data) for data in _serialized(points, verbs, n_points, n_verbs)])
    return [list(islice(paths, n)) for n in per_mobject.tolist()]


def _serialized(
    points: npt.NDArray[np.float32], verbs: npt.NDArray[np.uint8], n_points: Ints, n_verbs: Ints
) -> list[memoryview]:
    """The bytes of each path, in one buffer."""
    sizes = 16 + 8 * n_points + (n_verbs + 3) // 4 * 4
    ends = np.cumsum(sizes)
    begins = ends - sizes
    words = np.zeros(int(sizes.sum()) // 4, np.uint32)
    header = begins // 4
    words[header], words[header + 1], words[header + 3] = HEADER, n_points, n_verbs
    words[ranges(header + 4, 2 * n_points)] = points.view(np.uint32).ravel()
    data = words.view(np.uint8)
    data[ranges(begins + 16 + 8 * n_points, n_verbs)] = verbs
    whole = memoryview(data)  # type: ignore[arg-type]
    return [whole[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]


def ranges(begins: Ints, counts: Ints) -> Ints:
    """The indices in ranges that begin at `begins`, one range after another."""
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(begins - before, counts)


def _path(data: memoryview) -> skia.Path:
    path = skia.Path()
    path.readFromMemory(data)
    return path
