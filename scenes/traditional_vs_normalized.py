"""Chapter 1: where the lengths of weight vectors go in training, free and normalized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ngpt_math.recordings import Recording
from ngpt_math.recordings import TraditionalVsNormalized as Recorded
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.layout import at_left
from scenes.stage.motion import Appear, appear, dimmed, drawn, grown, swept
from scenes.stage.plots import Curve
from scenes.stage.style import SIZE, TIME
from scenes.stage.text import Line
from scenes.traditional_pictures import (
    ONWARD,
    TURN,
    Both,
    Conditions,
    Ending,
    Free,
    Gliding,
    Larger,
    Louder,
    Networks,
    OneUnit,
    Opening,
    Spread,
    Training,
)


class TraditionalVsNormalized(Chapter):
    """Two models learn the same: one’s weight vectors stretch and shrink, the other’s only turn."""

    key: ClassVar[str] = "traditional_vs_normalized"
    number: ClassVar[int] = 1
    heading: ClassVar[str] = "Traditional vs normalized learning"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("01", "02", "03")

    def open_stage(self) -> None:
        """Both trainings that the chapter follows."""
        super().open_stage()
        self.training = Training(self.recording)

    def _draw(self, curves: Sequence[Curve]) -> None:
        """Draw curves over the training, all at its pace."""
        steps = self.training.paced([(curve, curve.show_upto) for curve in curves])
        self.play(*swept(steps, 0, 0), *appear(*curves), run_time=TIME.quick)
        self.play(*swept(steps, 0, 1), run_time=TIME.sweep)

    @section(
        "A language model learns to guess what comes next",
        says=(
            "A language model reads a text and guesses what comes next: here, a letter.",
            "What it knows lies in its weights. Training changes them, step by step.",
        ),
        covers=("0.1", "0.6"),
    )
    def opening(self) -> None:
        """A real text, the model, and its real guesses."""
        picture = Opening(self.recording)
        self.play(Appear(picture.prompt))
        self.play(*appear(picture.ways[0], picture.model))
        self.play(Appear(picture.weights))
        self.wait(TIME.rest)
        self.play(*appear(picture.ways[1], picture.bars.axis, picture.bars.names))
        self.play(grown(picture.bars.rows[0]))
        self.play(Appear(picture.bars.numbers))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Two small models: same text, same seed, same steps",
        says=(
            "Here are two small models. Same text, same seed, same number of steps.",
            "A stronger line is a larger weight. Watch what training makes of them.",
        ),
        pause=True,
        covers=("1.1", "0.4"),
    )
    def networks(self) -> None:
        """The first weights of both toy models over their training."""
        pair = Networks(self.training)
        self.play(Appear(pair.screen))
        self.play(*appear(*pair.nets))
        self.play(*appear(pair.captions, *pair.seeds, *pair.progress, pair.text))
        self.wait(TIME.rest)
        self.play(*swept(self.training.paced(pair.going), 0, 1), run_time=TIME.sweep * 1.2)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The weights into one unit are an arrow",
        says=(
            "Take one unit. Three weights lead into it: three numbers.",
            "Three numbers are an arrow in space, with a direction and a length.",
        ),
        pause=True,
        covers=("1.2", "0.2"),
    )
    def one_unit(self) -> None:
        """The unit whose vector ends longest."""
        unit = OneUnit(self.training)
        self.play(Appear(unit.net))
        self.play(*dimmed(unit.net), *appear(unit.one, unit.name))
        self.wait(TIME.rest)
        self.play(*appear(unit.term, unit.numbers))
        self.wait(TIME.rest)
        self.play(*appear(unit.sphere, unit.radius))
        self.play(Appear(unit.arrow))
        self.turn(unit.space.view, ONWARD, seconds=TIME.sweep / 2)
        self.play(Appear(unit.length))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Traditional: each arrow grows and shrinks as it likes",
        says=(
            "The traditional model, from its first step on: each arrow for itself.",
            "Some shoot out, some shrink again, some stay tiny. Nothing holds their lengths.",
        ),
        pause=True,
        covers=("1.2", "0.3", "0.5"),
    )
    def free(self) -> None:
        """All vectors of the traditional model over its training."""
        free = Free(self.training)
        self.play(*appear(free.source, free.cloud.sphere, *free.cloud.arrows))
        self.play(*appear(free.rule, free.terms, free.radius))
        self.play(*appear(free.slider, *free.lengths))
        self.wait(TIME.rest)
        sweep = swept(self.training.paced(free.going), 0, 1)
        self.turn(free.view, TURN, *sweep, seconds=TIME.sweep * 1.5)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The lengths drift apart",
        says=("The same lengths, step by step. They begin together, and end far apart.",),
        covers=("1.2", "0.6"),
    )
    def spread(self) -> None:
        """One curve a vector."""
        spread = Spread(self.training)
        self.play(*appear(spread.plot, spread.count))
        self._draw(spread.curves)
        self.play(*appear(*spread.lengths))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "A long arrow is loud, whatever it says",
        says=(
            "A unit's output is the product of lengths and of the fit of directions.",
            "So a long arrow drowns out a short one, even if its direction fits worse.",
        ),
        pause=True,
        covers=("1.2", "0.2"),
    )
    def louder(self) -> None:
        """The output of a unit, and the length that multiplies it, for each unit."""
        louder = Louder(self.training)
        self.play(Appear(louder.equation))
        self.play(*appear(*louder.terms))
        self.wait(TIME.rest)
        self.play(*appear(louder.bars.axis, louder.bars.names))
        self.play(grown(louder.bars.rows[0]))
        self.play(Appear(louder.bars.numbers))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "nGPT: every step ends at length one, so arrows only turn",
        says=(
            "n G P T divides every vector by its length, after every step of training.",
            "Only the direction is left to learn: the tips glide over the unit sphere.",
        ),
        pause=True,
        covers=("1.3", "0.2", "0.5"),
    )
    def gliding(self) -> None:
        """The vectors of the nGPT and the ways of their tips."""
        gliding = Gliding(self.training)
        first = swept(gliding.going, 0, 0)
        self.play(*appear(gliding.cloud.sphere, *gliding.cloud.arrows))
        self.play(*appear(gliding.rule, *gliding.terms))
        self.play(*appear(gliding.slider, *gliding.lengths))
        self.play(*first, *appear(gliding.one, *gliding.cloud.traces), run_time=TIME.quick)
        self.play(Appear(gliding.path))
        self.wait(TIME.rest)
        sweep = swept(self.training.paced(gliding.going), 0, 1)
        self.turn(gliding.cloud.space.view, TURN, *sweep, seconds=TIME.sweep * 1.5)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Both models learn; only one keeps its lengths",
        says=(
            "Both at once, at the same scale. The losses fall to nearly the same level.",
            "Here, the lengths are what differs, not how much was learned.",
        ),
        pause=True,
        covers=("1.1", "1.2", "1.3", "1.4"),
    )
    def side_by_side(self) -> None:
        """Vectors and losses of both models over the same steps."""
        both = Both(self.training)
        first = swept(both.going, 0, 0)
        self.play(Appear(both.screen))
        self.play(*appear(*(cloud.sphere for cloud in both.clouds)))
        self.play(*appear(*both.plots, *both.lengths))
        marks = [mark for cloud in both.clouds for mark in (*cloud.traces, *cloud.arrows)]
        self.play(*first, *appear(*marks, *both.curves), run_time=TIME.quick)
        self.wait(TIME.rest)
        self.play(*swept(self.training.paced(both.going), 0, 1), run_time=TIME.sweep * 1.5)
        self.play(*appear(*both.ends))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "In a larger model the lengths spread, too",
        says=(
            "A larger model does the same: its lengths spread while it learns.",
            "Those of n G P T stay at one.",
        ),
        covers=("1.2", "1.3", "0.6"),
    )
    def larger(self) -> None:
        """Bands of row lengths of the larger models."""
        larger = Larger(self.recording)
        self.play(*appear(larger.plot, larger.source))
        self.play(*(drawn(c) for side in larger.curves for c in side), run_time=TIME.sweep / 2)
        self.play(*appear(larger.lines, *larger.names))
        self.wait(TIME.rest)
        self.play(*appear(*larger.lengths))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Length one alone does not keep a matrix balanced",
        says=(
            "How lopsided is a matrix? Largest over smallest stretch: its condition number.",
            "It climbs in both toy models, and leaps about in the traditional one.",
            "In our larger models it is n G P T's that climbs more. So lengths are not all.",
        ),
        pause=True,
        covers=("1.2", "0.6"),
    )
    def conditions(self) -> None:
        """Condition numbers of the same matrix of all four models."""
        conditions = Conditions(self.training)
        self.play(*appear(conditions.plot, conditions.law, conditions.what))
        self._draw(conditions.curves)
        self.play(*appear(conditions.table.headings, conditions.table.rows[0]))
        self.wait(TIME.rest)
        self.play(*appear(conditions.table.rows[1], conditions.paper))
        self.wait(TIME.read)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "Free weights learn directions and lengths; lengths drift apart.",
            "n G P T keeps every length at one: learning is turning on a sphere.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = Takeaways(
            (
                ("ink", ("The weights into a unit are a vector: direction and length.",)),
                ("traditional", ("Traditional: lengths drift apart, and long vectors are loud.",)),
                ("normalized", ("nGPT: length 1 after every step. Vectors only turn.",)),
                ("muted", ("Length 1 alone does not keep a matrix well-conditioned.",)),
            )
        )
        books = Line(f"Goes with notebooks {', '.join(self.notebooks)}", role="muted", px=SIZE.tick)
        at_left(books, points.get_left()[0], -2.6)
        for point in points:
            self.play(Appear(point))
            self.wait(TIME.rest)
        self.play(Appear(books))
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "How is a vector brought to length one?",
        says=("But how is a vector brought to length one? That comes next.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 2: the longest vector, and its direction at length one."""
        ending = Ending(self.training)
        card = NextChapter("Next", "2 · L2 normalization").shift((3.2, 0, 0))
        self.play(*appear(ending.sphere, ending.arrow, ending.name))
        self.turn(ending.space.view, 25, seconds=TIME.sweep / 2)
        self.play(Appear(card))
        self.wait(TIME.rest)
