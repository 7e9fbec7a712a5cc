"""What ThreeDCamera does to each mobject, done to all of them at once: view, light and depth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Mobject, ThreeDCamera

from ngpt_film.gather import Floats, Ints, Shapes


def seen(camera: ThreeDCamera, shapes: Shapes) -> Floats:
    """(points, 3) `shapes.points` as the camera sees them, in units of the frame.

    Mobjects fixed in the frame stay where they are; those fixed in orientation move as their
    centre does, and do not turn.
    """
    placed = camera.project_points(shapes.points)
    shifts = _fixed_shifts(camera, shapes.mobjects)
    if not shifts:
        return placed
    fixed = np.zeros(len(shapes.counts), bool)
    shift = np.zeros((len(shapes.counts), 3))
    for number, by in shifts:
        fixed[number] = True
        shift[number] = by
    owners = shapes.owners()
    return np.where(fixed[owners, None], shapes.points + shift[owners], placed)


def _fixed_shifts(
    camera: ThreeDCamera, mobjects: Sequence[Mobject]
) -> list[tuple[int, Floats | float]]:
    """The fixed mobjects' numbers, and by how much each is moved."""
    in_frame, turned = camera.fixed_in_frame_mobjects, camera.fixed_orientation_mobjects
    shifts: list[tuple[int, Floats | float]] = []
    if in_frame:
        shifts += [(i, 0.0) for i, m in enumerate(mobjects) if m in in_frame]
    if turned:
        moved: dict[object, Floats] = {}
        for i, mobject in enumerate(mobjects):
            if mobject in turned and mobject not in in_frame:
                follow = turned[mobject]
                if follow not in moved:
                    centre = follow()
                    moved[follow] = camera.project_point(centre) - centre
                shifts.append((i, moved[follow]))
    return shifts


def depth_order(camera: ThreeDCamera, shapes: Shapes) -> Ints | None:
    """The order in which to draw: lit mobjects from far to near, then the others; None: as is."""
    lit = np.flatnonzero(shapes.shaded)
    if not len(lit):
        return None
    depth = np.full(len(shapes.counts), np.inf)
    depth[lit] = (_centres(shapes, lit) @ camera.get_rotation_matrix().T)[:, 2]
    return np.argsort(depth, kind="stable")


def _centres(shapes: Shapes, chosen: Ints) -> Floats:
    """(len(chosen), 3) the points by which Manim orders mobjects in depth."""
    centres = np.empty((len(chosen), 3))
    simple = []
    for row, number in enumerate(chosen):
        mobject = shapes.mobjects[number]
        if mobject.submobjects or hasattr(mobject, "z_index_group"):
            centres[row] = mobject.get_z_index_reference_point()
        else:
            simple.append(row)
    if simple:
        centres[simple] = _box_centres(shapes, chosen[simple])
    return centres


def _box_centres(shapes: Shapes, chosen: Ints) -> Floats:
    """The middles of the boxes around each chosen mobject's anchors."""
    index, starts = _ranges(shapes.starts[chosen], shapes.counts[chosen])
    within = index - np.repeat(shapes.starts[chosen], shapes.counts[chosen])
    points = shapes.points[index]
    handle = (within % 4 == 1) | (within % 4 == 2)
    low = np.minimum.reduceat(np.where(handle[:, None], np.inf, points), starts)
    high = np.maximum.reduceat(np.where(handle[:, None], -np.inf, points), starts)
    return (low + high) / 2


def _ranges(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The indices in all ranges one after another, and where each range begins among them."""
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.arange(counts.sum()) + np.repeat(starts - begins, counts), begins


def corners(shapes: Shapes, chosen: Ints) -> tuple[Ints, Ints]:
    """The points of each chosen mobject between which Manim spreads its light, as indices."""
    starts, counts = shapes.starts[chosen], shapes.counts[chosen]
    return starts, starts + (counts - 1) // 6 * 3


def light(camera: ThreeDCamera, shapes: Shapes, chosen: Ints) -> tuple[Floats, Floats]:
    """(len(chosen),) twice: what the light adds to the colours at the two corners of each."""
    source = camera.light_source.points[0]
    added = []
    for corner in corners(shapes, chosen):
        normal = _normals(shapes, chosen, corner)
        to_sun = source - shapes.points[corner]
        to_sun /= np.maximum(np.linalg.norm(to_sun, axis=1, keepdims=True), 1e-300)
        value = 0.5 * np.einsum("ij,ij->i", normal, to_sun) ** 3
        added.append(np.where(value < 0, value / 2, value))
    return added[0], added[1]


def _normals(shapes: Shapes, chosen: Ints, corner: Ints) -> Floats:
    """Unit normals at a corner of each chosen mobject, by Manim's rule and its exceptions."""
    starts, counts = shapes.starts[chosen], shapes.counts[chosen]
    at = corner - starts
    before = starts + np.where(at > 2, at - 3, counts - 4)
    after = starts + np.where(at < counts - 3, at + 3, 3)
    few = counts < 8
    before, after = np.where(few, corner, before), np.where(few, corner, after)
    one = _scaled(shapes.points[after] - shapes.points[corner])
    two = _scaled(shapes.points[before] - shapes.points[corner])
    normal = np.cross(one, two)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    aligned = length[:, 0] <= 1e-6
    normal = np.where(
        aligned[:, None], _normal_of_line(one, two), normal / np.maximum(length, 1e-300)
    )
    return np.where(few[:, None], [0.0, 1.0, 0.0], normal)


def _scaled(vectors: Floats) -> Floats:
    """Each divided by its largest component, or zero."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.divide(vectors, largest, out=np.zeros_like(vectors), where=largest > 0)


def _normal_of_line(one: Floats, two: Floats) -> Floats:
    """Where two vectors span no plane: the one turned a quarter towards z, or down."""
    u = np.where(np.any(one, axis=1, keepdims=True), one, two)
    x, y, z = u.T
    turned = np.stack([-x * z, -y * z, x * x + y * y], axis=1)
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    upright = (np.abs(x) < 1e-6) & (np.abs(y) < 1e-6)
    down = np.broadcast_to([0.0, -1.0, 0.0], u.shape)
    return np.where(upright[:, None], down, turned / np.maximum(length, 1e-300))
