"""Reading mobjects into flat arrays, once a frame, so that the rest of its work is NumPy's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from manim import CapStyleType, LineJointType, Mobject, VMobject

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# As Manim's camera has them: cairo's defaults where the mobject leaves it open.
JOINS = {
    LineJointType.AUTO: 0,
    LineJointType.MITER: 0,
    LineJointType.ROUND: 1,
    LineJointType.BEVEL: 2,
}
CAPS = {
    CapStyleType.AUTO: 0,
    CapStyleType.BUTT: 0,
    CapStyleType.ROUND: 1,
    CapStyleType.SQUARE: 2,
}

_read = attrgetter(
    "points",
    "fill_rgbas",
    "stroke_rgbas",
    "background_stroke_rgbas",
    "stroke_width",
    "background_stroke_width",
    "joint_type",
    "cap_style",
    "shade_in_3d",
    "tolerance_for_point_equality",
)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The vectorized mobjects of a frame, in the order in which they are drawn.

    `points`: (points, 3), in units of the scene, all mobjects' cubic curves one after another.
    `starts`, `counts`: (n,), where each mobject's points begin and how many there are. `fill`,
    `stroke`, `behind` (the background stroke): (n, 4) colours 0..1, the first of each gradient;
    `gradients` has the whole ones as (mobject's number, "fill", "stroke" or "behind", (k, 4)).
    `widths`: (n, 2) stroke and background stroke, in Manim's hundredths of a unit. `line`: (n, 2)
    numbers of `JOINS` and `CAPS`. `shaded`: (n,) whether Manim lights it. `tolerance`: (n,) the
    distance under which its points are one.
    """

    mobjects: Sequence[VMobject]
    points: Floats
    starts: Ints
    counts: Ints
    fill: Floats
    stroke: Floats
    behind: Floats
    gradients: list[tuple[int, str, Floats]]
    widths: Floats
    line: npt.NDArray[np.uint8]
    shaded: npt.NDArray[np.bool_]
    tolerance: Floats

    def owners(self) -> Ints:
        """(points,) the number of the mobject that each point belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


def family(mobjects: Iterable[Mobject], by_z_index: bool) -> list[Mobject]:
    """`mobjects` and all below them that have points, each once, in Manim's order of drawing."""
    found: dict[Mobject, None] = {}
    _collect(list(mobjects), found)
    ordered = [m for m in reversed(found) if len(m.points)]
    if by_z_index and any(m.z_index for m in ordered):
        ordered.sort(key=attrgetter("z_index"))
    return ordered


def _collect(mobjects: list[Mobject], found: dict[Mobject, None]) -> None:
    """Add the families, last first: a mobject that is met again counts where it comes last."""
    for mobject in reversed(mobjects):
        if mobject not in found:
            if mobject.submobjects:
                _collect(mobject.submobjects, found)
            found[mobject] = None


def read_shapes(mobjects: Sequence[VMobject]) -> Shapes:
    """Read vectorized mobjects, which all have points."""
    columns = list(zip(*map(_attributes, mobjects), strict=True))
    points, fills, strokes, behinds, widths, back_widths, joins, caps, shaded, tolerance = columns
    counts = np.array([len(p) for p in points])
    gradients: list[tuple[int, str, Floats]] = []
    return Shapes(
        mobjects=mobjects,
        points=np.concatenate(points),
        starts=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        counts=counts,
        fill=_colours(fills, "fill", gradients),
        stroke=_colours(strokes, "stroke", gradients),
        behind=_colours(behinds, "behind", gradients),
        gradients=gradients,
        widths=np.array([widths, back_widths], float).T.clip(0),
        line=np.array([[JOINS[j] for j in joins], [CAPS[c] for c in caps]], np.uint8).T,
        shaded=np.array(shaded, bool),
        tolerance=np.array(tolerance, float),
    )


def _attributes(mobject: VMobject) -> tuple[Any, ...]:
    try:
        return _read(mobject)
    except AttributeError:
        # A VMobject that never got its colours; Manim draws it without any.
        none = np.zeros((1, 4))
        for name in ("fill_rgbas", "stroke_rgbas", "background_stroke_rgbas"):
            if not hasattr(mobject, name):
                setattr(mobject, name, none)
        return _read(mobject)


def _colours(
    rgbas: Sequence[Floats], kind: str, gradients: list[tuple[int, str, Floats]]
) -> Floats:
    """(n, 4) the first colour of each; those with more are added to `gradients`."""
    flat = np.concatenate(rgbas)
    if len(flat) == len(rgbas):
        return flat
    gradients += [(i, kind, c) for i, c in enumerate(rgbas) if len(c) > 1]
    return np.array([c[0] for c in rgbas])
