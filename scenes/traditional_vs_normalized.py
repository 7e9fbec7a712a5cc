"""Chapter 1: where the lengths of weight vectors go in training, free and normalized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ngpt_math.recordings import Recording
from ngpt_math.recordings import TraditionalVsNormalized as Recorded
from scenes.claims import Claims
from scenes.claims.traditional_vs_normalized import CLAIMS
from scenes.stage.cards import NextChapter
from scenes.stage.chapter import Chapter, section
from scenes.stage.interpolation import Step
from scenes.stage.motion import Appear, appear, dimmed, drawn, grown, leave, swept
from scenes.stage.plots import Curve
from scenes.stage.style import TIME
from scenes.traditional_pictures import (
    EARLY,
    ONWARD,
    TURN,
    Both,
    Ending,
    Free,
    Gliding,
    Networks,
    OneUnit,
    Opening,
    Training,
)
from scenes.traditional_plots import Conditions, Larger, Louder, Spread, Stretched


class TraditionalVsNormalized(Chapter):
    """Two models learn the same: one’s weight vectors stretch and shrink, the other’s only turn."""

    key: ClassVar[str] = "traditional_vs_normalized"
    number: ClassVar[int] = 1
    heading: ClassVar[str] = "Traditional vs normalized learning"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("01", "02", "03")
    claimed: ClassVar[Claims] = CLAIMS

    def open_stage(self) -> None:
        """Both trainings that the chapter follows."""
        super().open_stage()
        self.training = Training(self.recording)

    def _draw(self, curves: Sequence[Curve], *along: Step) -> None:
        """Draw curves over the training, all at its pace, and lead others along."""
        steps = self.training.paced([*((curve, curve.show_upto) for curve in curves), *along])
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
            "Two small models learn the same text: one of the usual, traditional kind,",
            "and one nGPT: the normalized Transformer.",
            "From a letter's three numbers, weights lead to units of the first layer.",
        ),
        pause=True,
        covers=("1.1", "0.4"),
    )
    def networks(self) -> None:
        """The first weights of both toy models over their training."""
        pair = Networks(self.training)
        self.play(Appear(pair.screen))
        self.play(*appear(*pair.nets))
        self.play(*appear(pair.captions, *pair.seeds, *pair.progress, pair.text, pair.paper))
        self.wait(TIME.rest)
        self.play(*swept(self.training.paced(pair.going), 0, 1), run_time=TIME.sweep)
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
        self.play(*appear(unit.net, unit.source))
        self.play(*dimmed(unit.net), *appear(unit.one, unit.name))
        self.wait(TIME.rest)
        self.play(*appear(unit.term, unit.numbers))
        self.wait(TIME.rest)
        self.play(*appear(unit.sphere, unit.radius))
        self.play(*appear(unit.arrow, unit.tag))
        self.turn(unit.space.view, ONWARD, seconds=TIME.sweep / 2)
        self.play(Appear(unit.length))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Traditional: each arrow grows and shrinks as it likes",
        says=(
            "The traditional model, from its first step on: each arrow for itself.",
            "First all shoot out. Then most shrink, some to almost nothing. No length is fixed.",
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
        going = self.training.paced(free.going)
        self.turn(free.view, TURN / 3, *swept(going, 0, EARLY), seconds=TIME.sweep / 2)
        self.turn(free.view, TURN * 2 / 3, *swept(going, EARLY, 1), seconds=TIME.sweep)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The lengths shoot apart, and stay apart",
        says=(
            "The same lengths, step by step: together at first, then far apart.",
            "One that had all but shrunk away grows again, and ends longest.",
        ),
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
        "A long arrow gives more than one that fits better",
        says=(
            "For a real input x: a unit gives its length, times how well its direction fits.",
            "The input's length counts for all alike. So the longer arrow gives more,",
            "even though the shorter one fits better.",
        ),
        pause=True,
        covers=("1.2", "0.2"),
    )
    def louder(self) -> None:
        """Two units and a real input: what each gives, factor by factor."""
        self.pair = louder = Louder(self.training)
        self.play(Appear(louder.source))
        for part, more in (
            (louder.length, louder.signs[:1]),
            (louder.fit, [louder.input, *louder.signs[1:]]),
            (louder.output, []),
        ):
            self.play(*appear(part.term, part.bars.axis, part.bars.names))
            self.play(grown(part.bars.rows[0]), run_time=TIME.quick)
            self.play(*appear(part.bars.numbers, *more))
        self.wait(TIME.read)

    @section(
        "At length one, the better fit gives more",
        says=(
            "Now make both arrows one long. Each keeps its direction, so each fits as before.",
            "The order turns round: the better fit gives more.",
        ),
        covers=("1.2", "0.2"),
    )
    def equal(self) -> None:
        """The same two units, divided by their lengths."""
        parts = self.pair.changing
        alike = [part.alike for part in parts if part.alike]
        before = [part.bars for part in parts]
        self.play(*appear(*(bars.row for bars in alike)), run_time=TIME.quick)
        self.play(*leave(*(m for b in before for m in (b.rows[0], b.numbers))), run_time=TIME.quick)
        self.play(*swept(self.pair.going, 0, 1), run_time=TIME.sweep / 2)
        # A number stands only above a bar that has come to rest: it is recorded, the way is not.
        self.play(*appear(*(bars.numbers for bars in alike)), run_time=TIME.quick)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "nGPT: every step ends at length one, so arrows only turn",
        says=(
            "nGPT divides every weight vector by its length, after every step of training.",
            "Only the direction is left to learn: the tips wander over the unit sphere.",
            "The hope: as good guesses after fewer steps. The film's end measures that.",
        ),
        pause=True,
        covers=("1.3", "0.2", "0.5"),
    )
    def gliding(self) -> None:
        """The vectors of the nGPT and the ways of their tips."""
        gliding = Gliding(self.training)
        first = swept(gliding.going, 0, 0)
        self.play(*appear(gliding.cloud.sphere, *gliding.cloud.arrows, *gliding.cloud.dots))
        self.play(*appear(gliding.rule, *gliding.terms))
        self.play(*appear(gliding.slider, *gliding.lengths))
        self.play(*first, *appear(gliding.one, *gliding.cloud.traces), run_time=TIME.quick)
        self.play(Appear(gliding.path))
        self.wait(TIME.rest)
        sweep = swept(self.training.paced(gliding.going), 0, 1)
        self.turn(gliding.cloud.space.view, TURN, *sweep, seconds=TIME.sweep * 1.25)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Both models learn; only one keeps its lengths",
        says=(
            "On the left the lengths part, on the right each tip stays on the sphere.",
            "Both learn. The loss of the tiny nGPT ends slightly higher.",
        ),
        pause=True,
        covers=("1.1", "1.2", "1.3", "1.4"),
    )
    def side_by_side(self) -> None:
        """Vectors and losses of both models over the same steps."""
        both = Both(self.training)
        first = swept(both.going, 0, 0)
        self.play(Appear(both.screen))
        self.play(*appear(*(cloud.sphere for cloud in both.clouds), both.plot))
        self.play(*appear(both.loss, *(length for pair in both.lengths for length in pair)))
        marks = [mark for cloud in both.clouds for mark in cloud.marks if mark is not cloud.sphere]
        self.play(*first, *appear(*marks, *both.curves), run_time=TIME.quick)
        self.wait(TIME.rest)
        self.play(*swept(self.training.paced(both.going), 0, 1), run_time=TIME.sweep * 1.25)
        self.play(Appear(both.ends))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "In a larger model the lengths spread, too",
        says=(
            "Larger models: traditional lengths spread, too, though less. nGPT's stay at one.",
            "nGPT's loss ends lower with one seed, hardly with another: no clear gain.",
        ),
        covers=("1.2", "1.3", "0.6"),
    )
    def larger(self) -> None:
        """Bands of row lengths of the larger models."""
        larger = Larger(self.recording)
        self.play(*appear(larger.plot, larger.source))
        self.play(*(drawn(c) for side in larger.curves for c in side), run_time=TIME.sweep / 2)
        self.play(*appear(*larger.names, *larger.lengths))
        self.wait(TIME.rest)
        self.play(*appear(larger.measured, larger.losses))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "A matrix stretches some directions more than others",
        says=(
            "All units' weights form a matrix. It turns a circle of inputs into an ellipse.",
            "How long to how wide is its condition number. One is round, a large one is flat:",
            "a flat matrix all but loses some directions of its input.",
        ),
        pause=True,
        covers=("1.2", "0.2", "0.3"),
    )
    def stretch(self) -> None:
        """The ellipse of the shown matrix of both toy models over training."""
        stretched = Stretched(self.training)
        self.play(*appear(*stretched.circles, *stretched.names))
        self.play(*appear(stretched.what, stretched.law, stretched.slider))
        self.play(*appear(*stretched.ellipses, *(r for pair in stretched.reads for r in pair)))
        self.play(*appear(*stretched.numbers))
        self.wait(TIME.rest)
        self.play(*swept(self.training.paced(stretched.going), 0, 1), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Length one alone does not keep a matrix round",
        says=(
            "Both toy models end flatter than they began, one after an early spike.",
            "Of our larger ones nGPT's ends flatter: length one does not keep it round.",
            "The paper on nGPT finds its matrices rounder, in far larger models.",
        ),
        pause=True,
        covers=("1.2", "0.6"),
    )
    def conditions(self) -> None:
        """Condition numbers of the same matrix of all four models."""
        conditions = Conditions(self.training)
        toys, others = conditions.curves
        self.play(*appear(conditions.plots[0], *conditions.ends[0]))
        self._draw(toys, *conditions.along_toys)
        self.play(*appear(conditions.plots[1], *conditions.ends[1]))
        reads = swept(conditions.along_others, 0, 1)
        self.play(*map(drawn, others), *reads, run_time=TIME.sweep / 2)
        self.play(Appear(conditions.paper))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "Free lengths come apart, and a long vector wins by length.",
            "nGPT keeps every length at one: only the direction can win.",
            "Our losses: no clear gain. Fewer steps? The film's end measures that.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = self.to_remember(
            (
                "traditional",
                ("Traditional: lengths come apart; a long vector wins by length.",),
            ),
            ("normalized", ("nGPT: length 1 after every step. Only the direction can win.",)),
            ("ink", ("A flat matrix all but loses directions; length 1 does not prevent it.",)),
            ("muted", ("Loss, no clear gain: lower with one seed, hardly with another.",)),
        )
        self.take_away(points)
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
        self.play(*appear(ending.sphere, ending.arrow, ending.name, card))
        self.turn(ending.space.view, 25, seconds=TIME.sweep / 2)
        self.wait(TIME.rest)
