"""Chapter 4: the residual update of nGPT, on the sphere on which its hidden states live."""

from __future__ import annotations

from typing import ClassVar

from manim import FadeIn

from ngpt_math.recordings import Recording
from ngpt_math.recordings import SlerpVsLerp as Recorded
from scenes.stage.chapter import Chapter, section
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.marks import Dot, Trace, tag
from scenes.stage.motion import swept
from scenes.stage.readouts import Readout, column_of, row_of
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE, STROKE, TIME
from scenes.stage.text import Line


class SlerpVsLerp(Chapter):
    """Two real hidden states, the chord between them, the arc between them, and the learned α."""

    key: ClassVar[str] = "slerp_vs_lerp"
    number: ClassVar[int] = 4
    heading: ClassVar[str] = "Residual connections with SLERP"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("03", "05")

    def open_stage(self) -> None:
        """The sphere of the toy model and the update that the chapter explains."""
        super().open_stage()
        record = self.recording
        self.update = int(record.update)
        self.view = View(turn=20, lift=22)
        self.space = Space(self.view, (-3.2, GRID.middle), 2.3)
        self.sphere = Hypersphere(self.space)
        self.here = record.states[self.update]
        self.there = record.suggestions[self.update]

    @section("Two points on the sphere", says=("Two real points.",), covers=("4.2",))
    def two_points(self) -> None:
        """h and h_A of the toy model."""
        self.play(FadeIn(self.sphere))
        h = Dot(self.space, self.here, "normalized")
        ha = Dot(self.space, self.there, "transformation")
        self.tags = [
            tag(self.space, self.here, "h", "normalized", (14, 14), SIZE.body),
            tag(self.space, self.there, "hA", "transformation", (14, 14), SIZE.body),
        ]
        self.play(FadeIn(h), FadeIn(ha), *map(FadeIn, self.tags))
        self.turn(self.view, 30)
        self.wait(TIME.rest)

    @section("A chord and an arc", says=("A chord and an arc.",), pause=True, covers=("4.2",))
    def chord_and_arc(self) -> None:
        """LERP and SLERP swept by α together."""
        record = self.recording
        chord = Trace(self.space, record.sweep_chord, "traditional", STROKE.chord, on_sphere=False)
        arc = Trace(self.space, record.sweep_slerp, "normalized", STROKE.arc)
        self.play(FadeIn(chord), FadeIn(arc))
        lerp = Dot(self.space, record.sweep_lerp[0], "traditional")
        slerp = Dot(self.space, record.sweep_slerp[0], "normalized")
        degrees = [n.degrees for n in row_of(record, "sweep_slerp_angle")]
        angle = Readout(Line("SLERP"), degrees, places=1, column=6)
        alpha = Readout(Line("α", role="scale"), row_of(record, "sweep_alpha"))
        column_of([alpha, angle], 1.0, 0.0, 0.6)
        self.play(FadeIn(lerp), FadeIn(slerp), FadeIn(alpha), FadeIn(angle))
        last = len(record.sweep_alpha) - 1
        steps = [
            (lerp, lambda row: lerp.move_to_row(record.sweep_lerp, row)),
            (slerp, lambda row: slerp.move_to_row(record.sweep_slerp, row)),
            (alpha, alpha.show_row),
            (angle, angle.show_row),
        ]
        self.play(*swept(steps, 0, last), run_time=TIME.sweep)
        self.wait(TIME.rest)

    @section("The update of nGPT", says=("The update.",), pause=True, covers=("4.1",))
    def update_rule(self) -> None:
        """The equation beside the picture."""
        rule = Equation(
            '{{h : normalized}} <- "Norm" lr(( {{h : normalized}} + {{alpha : scale}}'
            " ( {{h_A : transformation}} - {{h : normalized}} )))"
        )
        rule.move_to((3.4, 1.5, 0))
        self.play(FadeIn(rule))
        self.wait(TIME.rest)
