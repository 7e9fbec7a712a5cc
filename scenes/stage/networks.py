"""A small network: nodes in columns, a line for each weight, as strong as the weight is large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Recording
from scenes.stage.curves import disc_points, straight
from scenes.stage.plots import Box
from scenes.stage.style import COLOUR, LAYER, PIXEL, STROKE, Point, colour_of

STRENGTHS = (0.06, 0.15, 0.3, 0.55, 0.9)
"""Opacities of the lines, from a weight near zero to the largest."""

NODE = 30
"""Diameter of a node in pixels."""


class Network(VGroup):
    """Layers from left to right; `weights` are arrays (outputs, inputs) of one layer to the next.

    Lines of weights above zero are in the role's colour, others grey. `nodes` has one mobject a
    layer, `links` one for each strength and sign, however many weights there are.

    Args:
        fields: the recording's fields that the weights were taken from, for `ngpt where`.
        full: the weight drawn strongest; by default the largest given.
    """

    def __init__(
        self, box: Box, weights: Sequence[Point], role: str, fields: Sequence[str] = (),
        full: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.box, self.role, self.fields = box, role, tuple(fields)
        self.full = full or max(float(np.abs(w).max()) for w in weights)
        sizes = [weights[0].shape[1], *(w.shape[0] for w in weights)]
        self.places = [self._column(i, n, len(sizes)) for i, n in enumerate(sizes)]
        tones = [(c, s) for c in (colour_of(role), COLOUR.muted) for s in STRENGTHS]
        self.links = [
            VMobject(fill_opacity=0).set_stroke(colour, STROKE.axis, strength)
            for colour, strength in tones
        ]
        self.nodes = [self._nodes(places) for places in self.places]
        self.add(*self.links, *self.nodes)
        self.display(weights)

    def _column(self, layer: int, size: int, layers: int) -> Point:
        """The middles (size, 3) of a layer's nodes."""
        across = self.box.left + self.box.width * layer / (layers - 1)
        step = self.box.height / max(size, 2)
        up = self.box.bottom + self.box.height / 2 + step * ((size - 1) / 2 - np.arange(size))
        return np.stack([np.full(size, across), up, np.zeros(size)], axis=1)

    def _nodes(self, places: Point) -> VMobject:
        nodes = VMobject().set_fill(COLOUR.panel, 1)
        nodes.set_stroke(colour_of(self.role), STROKE.boundary)
        outline = disc_points(NODE * PIXEL / 2)
        nodes.set_points((places[:, None, :] + outline).reshape(-1, 3))
        nodes.set_z_index(LAYER.point)
        return nodes

    def display(self, weights: Sequence[Point]) -> None:
        """Show other weights of the same shapes."""
        size = len(STRENGTHS)
        ends, tones = [], []
        for weight, before, after in zip(weights, self.places, self.places[1:], strict=False):
            row, column = np.indices(weight.shape).reshape(2, -1)
            ends.append(np.stack([before[column], after[row]]))
            level = (np.abs(weight.ravel()) / self.full * size).astype(int)
            tones.append(np.clip(level, 0, size - 1) + size * (weight.ravel() < 0))
        start, end = np.concatenate(ends, axis=1)
        tone = np.concatenate(tones)
        for number, link in enumerate(self.links):
            link.set_points(straight(start[tone == number], end[tone == number]))


def weights_of(recording: Recording, *fields: str) -> list[Point]:
    """Recorded weight matrices (outputs, inputs) as a network takes them."""
    return [np.asarray(getattr(recording, field), dtype=float) for field in fields]
