"""Chapter 2: what L2 normalization does to a real weight vector, to many, and within a shell."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import L2NormShell as Recorded
from ngpt_math.recordings import Recording
from scenes.claims import Claims
from scenes.claims.l2_norm_shell import CLAIMS
from scenes.l2_norm_pictures import (
    HALFTURN,
    TURN,
    AfterStep,
    Ending,
    Gradient,
    Many,
    OneVector,
    Pulled,
    Recall,
    Room,
)
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import (
    Appear,
    appear,
    dimmed,
    drawn,
    grown,
    leave,
    swept,
)
from scenes.stage.style import TIME


class L2NormShell(Chapter):
    """A length worked out, divided away, and, with norm_eps, left a little room."""

    key: ClassVar[str] = "l2_norm_shell"
    number: ClassVar[int] = 2
    heading: ClassVar[str] = "L2 normalization"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("01", "03")
    claimed: ClassVar[Claims] = CLAIMS

    def open_stage(self) -> None:
        """The vector and the vectors that the chapter is about."""
        super().open_stage()
        self.one = OneVector(self.recording)
        self.many = Many(self.recording)

    @section(
        "So far: free arrows stretch and shrink, normalized ones only turn",
        says=(
            "So far: in training, free weight vectors come to all kinds of lengths.",
            "Those of nGPT always have length one. How is that done?",
        ),
        covers=("0.1", "0.4", "0.5"),
    )
    def recall(self) -> None:
        """The same matrix of both trained toy models."""
        past = Recall(self.recording)
        self.play(*appear(past.screen, past.radius, *past.spheres))
        self.play(*appear(*past.arrows, *past.tips))
        self.turn(past.view, 20, seconds=TIME.sweep)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "A weight vector is a few numbers, and an arrow",
        says=(
            "The longest vector from before, a real one. It has three components.",
            "Go so far along each axis in turn: there the arrow ends.",
        ),
        covers=("2.1", "0.6"),
    )
    def components(self) -> None:
        """The vector farthest from length one, component by component."""
        one = self.one
        self.play(*appear(one.sphere, one.source, *one.axes))
        self.play(*appear(one.table.headings[0], *(row[0] for row in one.table.rows[:3])))
        for step, number in zip(one.steps, one.column(0), strict=True):
            self.play(Appear(number))
            self.play(drawn(step))
        self.play(*appear(one.arrow, one.name))
        self.wait(TIME.rest)
        self.go_next(*one.steps, *one.axes)

    @section(
        "Its length: square, add up, take the root",
        says=(
            "How long is it? Square each component, and add the squares up.",
            "The root of the sum is the length: the L two norm, two as in squares.",
        ),
        pause=True,
        covers=("2.1", "0.2", "0.3"),
    )
    def length(self) -> None:
        """Squares, sum and root, one after the other."""
        one = self.one
        self.play(Appear(one.length_rule))
        self.play(Appear(one.table.headings[1]))
        for number in one.column(1):
            self.play(Appear(number))
        self.play(Appear(one.rules[0]))
        for row, number in zip(one.table.rows[3:], one.below(0), strict=True):
            self.play(*appear(row[0], number))
            self.wait(TIME.rest)
        self.go_next(one.length_rule, one.source)

    @section(
        "Divide each component by the length",
        says=(
            "Now divide each component by that length: that is L two normalization.",
            "The arrow keeps its direction; its tip moves straight to the unit sphere.",
        ),
        pause=True,
        covers=("2.1", "0.2", "0.3"),
    )
    def divide(self) -> None:
        """The components over the length, and the arrow on its way to the sphere."""
        one = self.one
        self.play(Appear(one.unit_rule))
        self.play(Appear(one.table.headings[2]))
        for number in one.column(2):
            self.play(Appear(number))
        self.play(*dimmed(one.arrow), *appear(one.unit, one.length))
        self.wait(TIME.rest)
        self.play(*swept(one.dividing, 0, one.last), run_time=TIME.sweep)
        self.play(Appear(one.tip), run_time=TIME.quick)
        self.wait(TIME.read)

    @section(
        "The result has length one, and the same direction",
        says=(
            "Work it out again: square, add up, take the root. The length is one.",
            "Seen from any side, the tip lies on the sphere.",
        ),
        covers=("2.1", "0.5"),
    )
    def result(self) -> None:
        """The squares of the result add up to one."""
        one = self.one
        self.play(Appear(one.table.headings[3]))
        self.play(*appear(*one.column(3)))
        self.play(*appear(one.rules[1], *one.below(1)))
        self.turn(one.view, HALFTURN, seconds=TIME.sweep)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "Any vector but zero lands on the unit sphere",
        says=(
            "Do the same with many real vectors: long ones shrink, short ones grow.",
            "All end on the unit sphere. Each keeps its direction, and nothing else.",
        ),
        pause=True,
        covers=("2.2", "0.3", "0.6"),
    )
    def together(self) -> None:
        """All vectors normalized together, their lengths as bars."""
        many = self.many
        self.play(*appear(many.sphere, *many.before))
        self.play(*appear(many.bars.axis, many.rule, many.source))
        self.play(grown(many.bars.rows[0]))
        self.wait(TIME.rest)
        now, before = [*many.after, many.unit_bars.row], [*many.before, many.bars.rows[0]]
        for start in (0, 1):  # every other vector, so that no frame holds all of them twice
            self.play(*appear(*now[start::2]), run_time=TIME.quick / 2)
            self.play(*leave(*before[start::2]), run_time=TIME.quick / 2)
        self.play(Appear(many.outlines), run_time=TIME.quick)
        self.play(*swept(many.going, 0, 1), run_time=TIME.sweep / 2)
        self.play(*appear(*many.tips), run_time=TIME.quick)
        self.turn(many.view, TURN, seconds=TIME.sweep * 0.75)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "nGPT divides after each step: what is left is the turn",
        says=(
            "Gradient: the way in which the loss grows fastest. Here at w, a vector of nGPT.",
            "Learning steps against it. Here that turns w, and makes it longer.",
            "Then nGPT divides w by its length: what is left of the step is the turn.",
        ),
        pause=True,
        covers=("0.2", "0.3", "0.6"),
    )
    def after_step(self) -> None:
        """A vector of the nGPT, the gradient there, a step against it, and back to length 1."""
        picture = AfterStep(self.recording)
        self.play(*appear(picture.circle, picture.scale))
        self.play(*appear(picture.w, picture.name, picture.length))
        self.play(*appear(picture.gradient, picture.what))
        self.wait(TIME.rest)
        self.play(*appear(picture.step, picture.against))
        self.play(*swept(picture.stepping, 0, picture.back), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*dimmed(picture.gradient, picture.step), *appear(picture.rule, picture.when))
        self.play(
            *swept(picture.stepping, picture.back, len(picture.path) - 1), run_time=TIME.sweep / 2
        )
        self.play(drawn(picture.arc), run_time=TIME.quick)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "An aside: norm_eps leaves a shell around the sphere",
        says=(
            "An aside. One implementation has an option, norm eps, here epsilon.",
            "Lengths need not be exactly one: any in a shell around the sphere will do.",
            "Our toy nGPT leaves no such room: it uses zero.",
        ),
        pause=True,
        covers=("2.3", "0.2"),
    )
    def room(self) -> None:
        """The shell opens from nothing to the shown ε."""
        self.shell = room = Room(self.recording, self.many)
        self.play(*appear(room.sphere, room.radius))
        self.play(*appear(room.slider, room.rule, *room.terms))
        self.play(Appear(room.shell), run_time=TIME.quick)
        self.play(*appear(*room.edges))
        self.wait(TIME.rest)
        self.play(*swept(room.opening, 0, room.row), run_time=TIME.sweep)
        self.play(Appear(room.own))
        self.wait(TIME.read)
        self.clear_next(room.slider)

    @section(
        "Aside: in the shell unchanged, outside pulled to the edge",
        says=(
            "This option keeps vectors as trained, and normalizes them only when used.",
            "In the shell they are used as they are; outside, pulled to the nearer edge.",
            "The wider the shell, the more vectors pass through unchanged.",
        ),
        pause=True,
        covers=("2.3", "0.3"),
    )
    def pulled(self) -> None:
        """Real vectors before and in the shell, laid flat; then the slider to its end."""
        pulls, row = Pulled(self.recording, self.many, self.shell), self.shell.row
        stored, used = pulls.colours
        self.play(*appear(pulls.ring, pulls.flat))
        self.play(*appear(*pulls.before, stored))
        self.wait(TIME.rest)
        self.play(*dimmed(*pulls.before), *appear(*pulls.inside, used, pulls.kept, pulls.count))
        self.wait(TIME.rest)
        self.play(*appear(*pulls.outside, pulls.pull))
        self.play(*swept(pulls.pulling, 0, 1), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*leave(pulls.pull), run_time=TIME.quick)
        self.play(*swept(pulls.widening, row, len(self.shell.eps) - 1), run_time=TIME.sweep / 2)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Aside: in the shell, too, learning turns the vector",
        says=(
            "In the shell a longer vector is used longer, so the loss could pull along it.",
            "The option drops that part: the length used counts as fixed.",
            "What is left points across. It turns the vector.",
        ),
        pause=True,
        covers=("2.3", "0.2", "0.6"),
    )
    def gradient(self) -> None:
        """The gradient of a real loss at a vector inside the shell, along and across it."""
        picture = Gradient(self.recording, self.shell)
        self.play(*appear(picture.ring, picture.arrow, picture.name, picture.scale))
        self.play(*appear(picture.before, picture.what))
        self.wait(TIME.rest)
        self.play(*appear(picture.part, picture.after))
        self.play(*appear(*picture.reads))
        self.wait(TIME.rest)
        self.play(*appear(picture.rule, picture.held))
        self.play(*dimmed(picture.before, picture.part))
        self.play(*appear(picture.cross, picture.left))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "Dividing a vector by its length leaves its direction, at length one.",
            "nGPT divides after each step of training: learning only turns vectors.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = Takeaways(
            (
                ("traditional", ("Length: square the components, add up, take the root.",)),
                ("normalized", ("L2 normalization: a vector divided by its length.",)),
                ("transformation", ("nGPT divides after each step: learning only turns vectors.",)),
                ("scale", ("norm_eps, an option: lengths from 1 − ε to 1 + ε may stay.",)),
            )
        )
        self.take_away(points)
        self.clear_next()

    @section(
        "And a whole matrix of vectors?",
        says=("A layer is a whole matrix of such vectors. What does it do, normalized?",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 3: a matrix, one row lit."""
        ending = Ending(self.recording, self.many)
        card = NextChapter("Next", "3 · Normalized linear layers").shift((3.2, 0, 0))
        self.play(*appear(ending.matrix, card))
        self.wait(TIME.rest)
        self.play(Appear(ending.frame))
        self.wait(TIME.rest)
