"""A slider: where a swept quantity stands between its first and its last recorded value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Traced
from scenes.stage.curves import disc_points, straight
from scenes.stage.readouts import Label, Number, baseline_of
from scenes.stage.style import COLOUR, LAYER, PIXEL, STROKE, Point, colour_of

KNOB = 26


class Slider(VGroup):
    """A name, a track with a knob, and the number at which the knob stands."""

    def __init__(
        self, label: Label, numbers: Sequence[Traced], width: float, role: str, *, places: int = 2
    ) -> None:
        super().__init__()
        self.numbers, self.width_of_track = tuple(numbers), width
        self.label = label
        self.number = Number(numbers[0], places=places, role=role, widest=numbers)
        self.track = VMobject(fill_opacity=0).set_stroke(COLOUR.line, STROKE.flow)
        self.done = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.flow)
        self.knob = VMobject().set_fill(colour_of(role), 1).set_stroke(COLOUR.ground, STROKE.rim)
        for part, layer in (
            (self.track, LAYER.far),
            (self.done, LAYER.arc),
            (self.knob, LAYER.point),
        ):
            part.set_z_index(layer)
        start = label.get_right() + np.array([0.35, 0, 0])
        self.track.set_points(straight(start[None], start[None] + np.array([width, 0, 0])))
        self.number.end_at(start[0] + width + 0.35 + self.number.room, baseline_of(label))
        self.add(label, self.track, self.done, self.knob, self.number)
        self.show_row(0)

    def place(self, row: float) -> Point:
        """Where on the track a row's value lies."""
        values = np.array([n.value for n in self.numbers])
        value = np.interp(row, np.arange(len(values)), values)
        share = (value - values[0]) / (values[-1] - values[0])
        start: Point = self.track.get_left()
        return start + np.array([share * self.width_of_track, 0, 0])

    def show_row(self, row: float) -> None:
        """Lead the knob to a row; the number is that of the nearest row."""
        place = self.place(row)
        self.knob.set_points(disc_points(KNOB * PIXEL / 2) + place)
        self.done.set_points(straight(self.track.get_left()[None], place[None]))
        self.number.display(self.numbers[int(np.clip(round(row), 0, len(self.numbers) - 1))])
