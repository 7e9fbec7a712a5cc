"""Chapter 3: a linear layer whose weight vectors lie on the sphere, so that it gives cosines."""

from __future__ import annotations

from typing import ClassVar

from manim import DOWN, VGroup

from ngpt_math.recordings import NormlinearGroups as Recorded
from ngpt_math.recordings import Recording
from scenes.claims import Claims
from scenes.claims.normlinear_groups import CLAIMS
from scenes.normlinear_outputs import BothLayers, BothOutputs, Cosines, Groups, Shadow
from scenes.normlinear_pictures import Columns, EveryRow, Recall, Rows
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import Appear, appear, grown, leave, placed, swept
from scenes.stage.style import TIME
from scenes.stage.text import Line


class NormlinearGroups(Chapter):
    """Rows, columns and groups of a real matrix at length one, and what the layer then answers."""

    key: ClassVar[str] = "normlinear_groups"
    number: ClassVar[int] = 3
    heading: ClassVar[str] = "Normalized linear layers"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("04",)
    claimed: ClassVar[Claims] = CLAIMS

    @section(
        "So far: divided by its length, a vector lands on the sphere",
        says=(
            "So far: a vector divided by its length has length one.",
            "Its direction stays. All such vectors lie on the unit sphere.",
        ),
        covers=("0.1", "0.5"),
    )
    def recall(self) -> None:
        """Vectors of the toy baseline, from their own lengths to length 1."""
        past = Recall(self.recording)
        self.play(*appear(past.sphere, past.source))
        self.play(*appear(*past.dots, past.arrow, past.name, past.length))
        self.turn(past.space.view, -40, seconds=TIME.sweep / 2)
        self.play(*appear(past.rule))
        self.play(*leave(past.name, past.length), run_time=TIME.quick)
        self.play(*swept(past.landing, 0, 1), run_time=TIME.sweep / 2)
        self.play(*appear(*past.units, past.unit, past.done))
        self.remove(*past.dots, past.arrow)
        self.play(Appear(past.nearer))
        marks = [past.sphere, past.unit, *past.units]
        self.play(*placed(past.space, marks, past.space.centre, past.closer))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Each row of a weight matrix is a vector with its own length",
        says=(
            "The hidden state h is a vector: the model’s notes on one letter.",
            "Rescaled, it meets this matrix of query weights: chapter 5.",
            "Each row is a vector. Training left every row with another length.",
        ),
        pause=True,
        covers=("3.1", "0.6"),
    )
    def rows(self) -> None:
        """The window of W_q of the larger baseline, and the lengths of its rows."""
        self.window = window = Rows(self.recording)
        self.play(Appear(window.matrix))
        self.play(*appear(window.name, window.state, window.size, window.source))
        self.play(Appear(window.colours))
        self.wait(TIME.rest)
        self.play(Appear(window.frame))
        self.play(*appear(window.lengths, window.one))
        self.wait(TIME.rest)
        self.wait(TIME.rest)
        self.wait(TIME.read)
        self.go_next(window.panel)

    @section(
        "Divide each row by its length: every row gets length 1",
        says=(
            "Divide every entry of a row by the row's length. The length becomes one.",
            "All rows here are shorter, and grow. Row after row lands on the sphere.",
            "Green here: divided by us, after training. nGPT itself comes later.",
        ),
        pause=True,
        covers=("3.1", "0.2", "0.3"),
    )
    def normalize(self) -> None:
        """Row after row turns, its length counted to 1 beside it."""
        window = self.window
        self.play(*appear(window.rule, window.same, window.ours))
        self.wait(TIME.rest)
        self.play(*swept(window.turning, 0, 1), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*leave(window.frame), run_time=TIME.quick)
        self.play(*swept(window.turning, 1, window.rows), run_time=TIME.sweep * 0.75)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Of the whole matrix, only directions are left",
        says=(
            "The same for all rows of the matrix: in blue their lengths as trained.",
            "Divided, each has length one: no row can shout louder than another.",
        ),
        pause=True,
        covers=("3.1",),
    )
    def every_row(self) -> None:
        """The lengths of all rows before and after."""
        every = EveryRow(self.recording)
        before, after = every.bars
        self.play(*appear(before.axis, every.names[0]))
        self.play(grown(before.rows[0]))
        self.wait(TIME.rest)
        self.play(*appear(after.axis, every.names[1], after.rows[0]))
        self.play(*swept(every.dividing, 0, 1))
        self.play(Appear(every.table))
        self.wait(TIME.rest)
        self.play(Appear(every.left))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "A matrix that writes into h gets columns of length 1",
        says=(
            "Query weights read: each row meets the layer’s input.",
            "An output projection goes the other way: it writes into h.",
            "It adds up its columns, each a direction to move h in. They get length one.",
        ),
        pause=True,
        covers=("3.1", "0.2"),
    )
    def columns(self) -> None:
        """The window of W_o, its columns normalized, their lengths counted below."""
        window = Columns(self.recording)
        self.play(Appear(window.matrix))
        self.play(*appear(window.size, window.source))
        self.play(Appear(window.reading))
        self.wait(TIME.rest)
        self.play(*appear(window.writing, window.sum, window.terms))
        self.play(*appear(window.lengths, window.one, window.frame))
        self.wait(TIME.rest)
        self.play(*swept(window.turning, 0, 1), run_time=TIME.sweep / 2)
        self.play(*leave(window.frame), run_time=TIME.quick)
        self.play(*swept(window.turning, 1, window.columns), run_time=TIME.sweep * 0.75)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "One input, one matrix: as trained, and divided by its lengths",
        says=(
            "A traditional layer reads x: h over its root mean square, times learned gains.",
            "Left, one as it was trained, with a real x.",
            "Right, the same rows and the same x, divided by their lengths.",
        ),
        covers=("3.2", "0.4"),
    )
    def both_layers(self) -> None:
        """W x as it is, and with rows and x at length 1."""
        self.both = both = BothLayers(self.recording)
        products = both.products
        self.play(Appear(both.screen))
        self.play(*appear(both.prompt, both.reading, both.later, both.part))
        self.play(*(Appear(part) for p in products for part in (p.weight, p.given, *p.names)))
        self.play(*appear(*both.lengths))
        self.wait(TIME.rest)
        self.play(*(Appear(part) for p in products for part in (p.equals, p.result)))
        self.wait(TIME.rest)
        self.play(*(Appear(frame) for p in products for frame in p.frames), *appear(*both.framed))
        self.wait(TIME.read)
        self.clear_next(both.screen)

    @section(
        "Divided by the lengths, no output leaves the band from −1 to 1",
        says=(
            "All outputs on one axis. Dashed: plus one and minus one.",
            "Left, each carries the row’s length and the input’s; the long input drives some out.",
            "Right, none leaves the band.",
        ),
        pause=True,
        covers=("3.2",),
    )
    def both_outputs(self) -> None:
        """All outputs of both, on one axis."""
        outputs = BothOutputs(self.recording, self.both.screen)
        self.play(*(Appear(bars.axis) for bars in outputs.bars), *appear(*outputs.below))
        self.play(*appear(*outputs.levels))
        self.play(*(Appear(bars.rows[0]) for bars in outputs.bars))
        self.wait(TIME.rest)
        for product in outputs.products:
            self.play(Appear(product))
            self.wait(TIME.rest)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "Why: with both lengths 1, an output is the cosine of an angle",
        says=(
            "nGPT reads h itself. Any two vectors lie in one plane: here, h and each row.",
            "Their product is both lengths times the cosine of their angle.",
            "Both are one; the cosine remains: the row’s shadow on h.",
            "It never passes one, the same direction, or minus one, the opposite.",
        ),
        pause=True,
        covers=("3.2", "0.2", "0.3", "0.5"),
    )
    def why(self) -> None:
        """Every row of nGPT's layer at its true angle to h, with its shadow on h."""
        self.shadow = shadow = Shadow(self.recording)
        self.play(*appear(shadow.sphere, shadow.state, shadow.names[0], shadow.plane))
        self.play(*appear(shadow.row, shadow.names[1]))
        self.play(*appear(shadow.rule))
        self.wait(TIME.rest)
        self.play(*appear(shadow.lengths, shadow.simple))
        self.wait(TIME.rest)
        lines = (shadow.angle, shadow.fall, shadow.shadow)
        self.play(*appear(*lines, shadow.theta, *shadow.values))
        self.play(*appear(*shadow.ticks))
        self.play(*swept(shadow.sweeping, 0, shadow.last), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "A layer of nGPT that reads h answers with cosines only",
        says=(
            "This layer of n G P T was trained with lengths one.",
            "Each output says how well a row fits h; below zero, it fits the opposite.",
            "Random directions would fit less. Yet all cosines stay far below one.",
            "Scales will enlarge them.",
        ),
        pause=True,
        covers=("3.2", "0.6"),
    )
    def cosines(self) -> None:
        """All outputs of nGPT's own layer."""
        answers = Cosines(self.recording)
        largest, *typical = answers.values
        self.play(*appear(answers.bars.axis, answers.count))
        self.play(*appear(*answers.bounds))
        self.play(grown(answers.bars.rows[0]), run_time=TIME.sweep / 2)
        self.play(Appear(largest))
        self.wait(TIME.rest)
        self.play(*appear(*typical, answers.chance))
        self.wait(TIME.rest)
        self.play(Appear(answers.larger))
        self.play(Appear(answers.small))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Aside, an option: cut each row into groups",
        says=(
            "Some implementations offer one more option: each row is cut into groups.",
            "Each part is a shorter vector, with a length of its own.",
            "The paper does without. But you may meet it, so here is what it does.",
        ),
        pause=True,
        covers=("3.3",),
    )
    def split(self) -> None:
        """The matrix splits into groups; the length of each group appears beside it."""
        self.groups = groups = Groups(self.recording)
        self.play(*appear(groups.matrix, groups.cut, groups.size))
        self.wait(TIME.rest)
        self.play(*swept([(groups.matrix, groups.spread)], 0, 1), run_time=TIME.sweep / 2)
        self.play(*appear(*groups.lengths, *groups.ones))
        self.play(*appear(groups.row, groups.framed))
        self.wait(TIME.rest)
        self.play(Appear(groups.option))
        self.wait(TIME.read)
        self.go_next(groups.option)

    @section(
        "Aside: each group is divided by its own length",
        says=(
            "Each group is divided by its own length: now no part can outweigh another.",
            "A row of G such parts is root G long, and so is an input cut likewise.",
            "So the layer divides its output by G: it is a mean of G cosines.",
        ),
        pause=True,
        covers=("3.3", "0.2"),
    )
    def grouped(self) -> None:
        """Group after group turns, its lengths counted to 1."""
        groups = self.groups
        self.play(*appear(groups.rule, groups.part))
        self.wait(TIME.rest)
        self.play(*swept(groups.turning, 0, groups.count), run_time=TIME.sweep)
        self.wait(TIME.rest)
        self.play(Appear(groups.whole))
        self.wait(TIME.rest)
        self.play(*appear(groups.sum, groups.mean))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "Traditional outputs carry the row’s length and the input’s.",
            "At length one, outputs are cosines, never beyond one.",
            "What writes into h has columns of length one instead.",
            "The paper does without groups of a row.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember."""
        points = Takeaways(
            (
                ("traditional", ("Traditional outputs carry the row’s and the input’s length.",)),
                ("normalized", ("Rows and input at length 1: outputs are cosines in [−1, 1].",)),
                ("normalized", ("What writes into h has columns of length 1 instead.",)),
                ("ink", ("Groups: parts of a row at length 1. The paper has one group.",)),
            )
        )
        self.take_away(points)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "How does the hidden state h take an answer in?",
        says=(
            "A layer has answered. How does h take it in and stay on the sphere?",
            "By a step: along the sphere, or straight and then back to it.",
        ),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 4: h, lit, on its sphere."""
        shadow = self.shadow
        card = NextChapter("Next", "4 · Residual connections: SLERP vs LERP").shift((3.2, 0, 0))
        ways = VGroup(
            Line("SLERP: a step along the sphere;", role="muted"),
            Line("LERP: straight, then back to it", role="muted"),
        ).arrange(DOWN, buff=0.15)
        ways.next_to(card, DOWN, buff=0.35)
        self.play(*appear(shadow.sphere, shadow.state, shadow.tip, shadow.names[0], card))
        self.turn(shadow.space.view, 40, seconds=TIME.sweep / 2)
        self.play(Appear(ways))
        self.wait(TIME.read)
