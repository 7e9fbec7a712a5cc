"""Scenes to measure rendering with. They show no result: their numbers are made up by formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import (
    ORIGIN,
    UP,
    Arrow3D,
    FadeIn,
    FadeOut,
    Scene,
    Sphere,
    Square,
    Text,
    ThreeDScene,
    VGroup,
    Write,
    linear,
)

from ngpt_math.recordings import Traced
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.marks import Arrow
from scenes.stage.matrices import Matrix
from scenes.stage.motion import Become, turned
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, Point
from scenes.stage.text import Line, paragraph

RADIUS = 2.6
ARROWS = 8
TURN = 6.0
"""Degrees a second by which spheres turn."""


def tips() -> Point:
    """(ARROWS, 3) unit vectors spread over the sphere on a spiral."""
    height = np.linspace(0.9, -0.9, ARROWS)
    angle = 2.4 * np.arange(ARROWS)
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), height], axis=1)


class TurningSphere(Scene):
    """A hypersphere with grid and axes and eight flat arrows, seen from a turning eye."""

    seconds = 2.0

    def construct(self) -> None:
        """Turn the view."""
        view = View(turn=30, lift=20)
        space = Space(view, (0.0, 0.0), RADIUS)
        sphere = Hypersphere(space)
        arrows = [Arrow(space, np.zeros(3), tip, "normalized") for tip in tips()]
        self.add(Line("The turning sphere").to_edge(UP), sphere, *arrows)
        turning = turned(view, [sphere, *arrows], TURN * self.seconds)
        self.play(*turning, run_time=self.seconds, rate_func=linear)


class ClassicSphere(ThreeDScene):
    """The same picture as Manim's users draw it: a surface of 24×48 faces and solid arrows."""

    seconds = 2.0

    def construct(self) -> None:
        """Turn the camera."""
        self.set_camera_orientation(phi=70 * np.pi / 180, theta=30 * np.pi / 180)
        sphere = Sphere(radius=RADIUS, resolution=(24, 48), fill_opacity=0.3)
        arrows = [Arrow3D(ORIGIN, RADIUS * tip, color=COLOUR.normalized) for tip in tips()]
        title = Text("The turning sphere").to_edge(UP)
        self.add_fixed_in_frame_mobjects(title)
        self.add(sphere, *arrows)
        turn = self.camera.theta_tracker.animate.increment_value(TURN * self.seconds * np.pi / 180)
        self.play(turn, run_time=self.seconds, rate_func=linear)


def wave(phase: float) -> list[list[Traced]]:
    """16 rows of 16 numbers between -1 and 1 that move with `phase`."""
    i, j = np.indices((16, 16))
    values = np.sin(0.7 * i + 0.4 * j + phase) * np.cos(0.3 * i * j + 0.5 * phase)
    return [[_made_up(float(v), r, c) for c, v in enumerate(row)] for r, row in enumerate(values)]


def _made_up(value: float, row: int, column: int) -> Traced:
    return Traced(value, "bench", "wave", (row, column), "", "none")


class MovingMatrix(Scene):
    """A matrix of 16×16 values, all of which change in every frame."""

    seconds = 2.0

    def construct(self) -> None:
        """Let the values move."""
        # As from a recording, the numbers are there before they are shown.
        rows = [wave(phase) for phase in np.linspace(0, 6, round(60 * self.seconds))]
        matrix = Matrix(rows[0], "normalized", cell=(76, 42)).center()
        self.add(Line("256 moving values").to_edge(UP), matrix)
        last = len(rows) - 1
        change: Any = lambda share: matrix.display(rows[round(share * last)])  # noqa: E731
        self.play(Become(matrix, change), run_time=self.seconds, rate_func=linear)


class ClassicMatrix(Scene):
    """The same picture as Manim's users draw it: 256 squares and 256 texts."""

    seconds = 2.0

    def construct(self) -> None:
        """Let the values move."""
        cells = VGroup(*(Square(0.45, stroke_width=1) for _ in range(256))).arrange_in_grid(
            16, 16, 0
        )
        digits = {c: Text(c, font_size=20) for c in "-.0123456789"}

        def written(phase: float) -> None:
            for cell, number in zip(cells, (n for row in wave(phase) for n in row), strict=True):
                cell.set_fill(COLOUR.normalized, abs(number.value))
                word = VGroup(*(digits[c].copy() for c in f"{number.value:.2f}"))
                cell.submobjects = [word.arrange(buff=0.02).move_to(cell)]

        written(0.0)
        self.add(cells)
        change: Any = lambda share: written(6 * share)  # noqa: E731
        self.play(Become(cells, change), run_time=self.seconds, rate_func=linear)


class Words(Scene):
    """Lines of text and an equation that come, stay and go."""

    seconds = 2.0

    def construct(self) -> None:
        """Write, wait and fade."""
        words = paragraph(
            "Every vector has length one.", "What moves is the angle.", "The update stays on it."
        )
        equation = Equation(
            "h arrow.l (h + {{ alpha : scale }} (h_A - h)) / norm(h + alpha (h_A - h))"
        )
        VGroup(words, equation).arrange(UP, buff=0.8)
        self.play(FadeIn(words), Write(equation), run_time=self.seconds / 2)
        self.wait(self.seconds / 4)
        self.play(FadeOut(words), run_time=self.seconds / 4)
