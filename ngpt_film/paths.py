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
import skia

from ngpt_film.gather import Floats, Ints

# The serial format's version 5, winding fill.
HEADER = 5
MOVE, CUBIC, CLOSE = 0, 4, 5
# As np.isclose, by which Manim decides whether two points are one.
RELATIVE_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Outlines:
    """The paths of n mobjects. `points`: (p, 2) float32 pixels; `verbs`: (v,) uint8.

    `point_starts` and `verb_starts`: (n + 1,), where each path's points and verbs begin.
    """

    points: npt.NDArray[np.float32]
    verbs: npt.NDArray[np.uint8]
    point_starts: Ints
    verb_starts: Ints


def outlines(points: Floats, counts: Ints, tolerance: Floats, to_pixels: Floats) -> Outlines:
    """Cut each mobject's curves into subpaths as Manim does, and close those that end as they begin.

    Args:
        points: (points, 2) or more columns, in units of the frame; four to a curve.
        counts: (n,) points of each mobject.
        tolerance: (n,) distance in units under which two points are one.
        to_pixels: (2, 2) rows: scale and offset of x and of y.
    """
    curves, per_mobject = _curves(points, counts)
    owners = np.repeat(np.arange(len(counts)), per_mobject)
    begins, ends = _subpaths(curves, owners, tolerance[owners])
    closed = np.zeros(len(curves), bool)
    closed[ends] = _close(curves[begins, 0], curves[ends, 3], tolerance[owners[ends]])
    first = np.zeros(len(curves), bool)
    first[begins] = True
    pixels = (curves * to_pixels[0] + to_pixels[1]).astype(np.float32)
    return Outlines(
        points=pixels.reshape(-1, 2)[_kept_points(first)],
        verbs=_verbs(first, closed),
        point_starts=_offsets(np.bincount(owners, 3 + first, len(counts))),
        verb_starts=_offsets(np.bincount(owners, 1.0 + first + closed, len(counts))),
    )


def _curves(points: Floats, counts: Ints) -> tuple[Floats, Ints]:
    """(curves, 4, 2) and the curves of each mobject; points left over from a curve are dropped."""
    per_mobject = counts // 4
    if np.any(counts % 4):
        starts = np.cumsum(counts) - counts
        within = np.arange(len(points)) - np.repeat(starts, counts)
        points = points[within < np.repeat(per_mobject * 4, counts)]
    return points[:, :2].reshape(-1, 4, 2), per_mobject


def _subpaths(curves: Floats, owners: Ints, tolerance: Floats) -> tuple[Ints, Ints]:
    """The first and the last curve of every subpath."""
    if not len(curves):
        return np.empty(0, int), np.empty(0, int)
    apart = ~_close(curves[:-1, 3], curves[1:, 0], tolerance[1:])
    breaks = np.flatnonzero(apart | (owners[1:] != owners[:-1]))
    return np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(curves) - 1]])


def _close(a: Floats, b: Floats, tolerance: Floats) -> npt.NDArray[np.bool_]:
    """Whether rows of `a` and `b`, (n, 2), are one point to Manim."""
    near = np.abs(a - b) <= tolerance[:, None] + RELATIVE_TOLERANCE * np.abs(b)
    return near[:, 0] & near[:, 1]


def _kept_points(first: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the four points of each curve are written: the first only where a subpath begins."""
    kept = np.ones((len(first), 4), bool)
    kept[:, 0] = first
    return kept.ravel()


def _verbs(first: npt.NDArray[np.bool_], closed: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Move where a subpath begins, a cubic for each curve, close where it ends closed."""
    table = np.full((len(first), 3), CUBIC, np.uint8)
    table[:, 0], table[:, 2] = MOVE, CLOSE
    written = np.ones((len(first), 3), bool)
    written[:, 0], written[:, 2] = first, closed
    return table[written]


def _offsets(counts: Floats) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def skia_paths(made: Outlines, chosen: Ints) -> list[skia.Path]:
    """Skia's paths of the mobjects whose numbers are `chosen`, in that order."""
    n_points = np.diff(made.point_starts)[chosen]
    n_verbs = np.diff(made.verb_starts)[chosen]
    points = made.points[_spread(made.point_starts[chosen], n_points)]
    verbs = made.verbs[_spread(made.verb_starts[chosen], n_verbs)]
    return [_path(data) for data in _serialized(points, verbs, n_points, n_verbs)]


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
    words[_spread(header + 4, 2 * n_points)] = points.view(np.uint32).ravel()
    data = words.view(np.uint8)
    data[_spread(begins + 16 + 8 * n_points, n_verbs)] = verbs
    whole = memoryview(data)  # type: ignore[arg-type]
    return [whole[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]


def _spread(begins: Ints, counts: Ints) -> Ints:
    """The places of ranges that begin at `begins`, one range after another."""
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(begins - before, counts)


def _path(data: memoryview) -> skia.Path:
    path = skia.Path()
    path.readFromMemory(data)
    return path
