"""Chapter 4: the residual update of nGPT, on the sphere on which its hidden states live."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import Recording
from ngpt_math.recordings import SlerpVsLerp as Recorded
from scenes.claims import Claims
from scenes.claims.slerp_vs_lerp import CLAIMS
from scenes.slerp_alpha_pictures import LearnedAlpha, OtherSteps, OwnAlpha, Rates, RatioPlot
from scenes.slerp_pictures import (
    HALFWAY,
    OPEN,
    AllUpdates,
    AnglePlot,
    Halves,
    OneUpdate,
    Points,
    Recall,
    Update,
    Ways,
)
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import (
    Appear,
    appear,
    dimmed,
    drawn,
    grown,
    looked,
    placed,
    swept,
)
from scenes.stage.style import TIME


class SlerpVsLerp(Chapter):
    """Two ways to follow a block's suggestion, the chord and the arc, and the learned α."""

    key: ClassVar[str] = "slerp_vs_lerp"
    number: ClassVar[int] = 4
    heading: ClassVar[str] = "Residual connections: SLERP vs LERP"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("03", "05")
    claimed: ClassVar[Claims] = CLAIMS

    def open_stage(self) -> None:
        """The update that the chapter explains."""
        super().open_stage()
        self.update = Update(self.recording)

    @section(
        "So far: in nGPT, a layer that reads h answers with cosines",
        says=(
            "So far: in a layer that reads, rows became directions of length one.",
            "Its output is a cosine: how far the hidden state h agrees with it.",
            "In only three dimensions, cosines run large.",
        ),
        covers=("0.1", "0.5"),
    )
    def recall(self) -> None:
        """Rows of W_q of the toy model as directions, and their cosines with h."""
        past = Recall(self.recording)
        self.play(Appear(past.sphere))
        self.play(*appear(past.weights, *past.arrows))
        self.play(*appear(past.state, past.name))
        self.turn(past.space.view, 30, seconds=TIME.sweep / 2)
        self.play(*appear(past.column, past.given))
        self.play(*appear(past.equals, past.cosines, past.source))
        self.play(*dimmed(*past.others), *appear(*past.frames))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Two ways to take in what a block found",
        says=(
            "A block, such as attention, answers. A residual connection adds that to h.",
            "nGPT steps towards a suggested point, each dimension by its own alpha.",
            "Here nearly only one moves: the step leaves the line.",
            "Then Norm: divided by its length, it is back at one.",
        ),
        pause=True,
        covers=("4.1", "0.2", "0.3", "0.4"),
    )
    def two_ways(self) -> None:
        """One real update of both toy models, side by side."""
        now = self.update.now
        self.halves = halves = Halves(self.update)
        one = OneUpdate(halves)
        self.play(*appear(halves.screen, *halves.rules, *halves.legends))
        self.play(*appear(*halves.spheres, *halves.lengths, *halves.radii))
        self.play(*appear(*one.states, *one.before))
        self.play(*appear(one.found, one.suggested, *one.names))
        self.wait(TIME.rest)
        self.play(*appear(one.straight, one.step, one.by_alpha, one.why))
        self.wait(TIME.rest)
        self.add(one.sum, one.moved)
        lengths = [(length, length.show_row) for length in halves.lengths]
        self.play(*swept(one.going, 0, 1), *swept(lengths, now, now + 1), run_time=TIME.sweep / 2)
        self.play(*swept(one.going, 1, 2))
        self.play(*appear(*one.after), *dimmed(*one.states))
        self.wait(TIME.read)
        self.go_next(*one.all, one.why, *halves.legends)

    @section(
        "Update after update, nGPT’s state keeps its length",
        says=(
            "Each layer has two blocks: attention mixes letters, feed-forward takes each alone.",
            "Update after update, the traditional state’s length goes up and down.",
            "nGPT’s state only turns.",
        ),
        covers=("4.1",),
    )
    def every_update(self) -> None:
        """The path of both hidden states through all updates."""
        halves = self.halves
        every = AllUpdates(halves)
        lengths = [(length, length.show_row) for length in halves.lengths]
        moves = []
        for sphere, view, centre in zip(halves.spheres, every.views, every.centres, strict=True):
            moves += placed(sphere.space, [sphere], centre, every.radius)
            moves += looked(sphere.space.view, [sphere], view)
        self.play(*moves, *swept(lengths, self.update.now + 1, 0))
        self.play(*appear(*halves.counts), run_time=TIME.quick)
        coming = appear(every.drift, every.walk, *every.ends)
        self.play(*swept(every.going, 0, 0), *coming, run_time=TIME.quick)
        self.play(*swept([*every.going, *lengths], 0, every.rows), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Two points, one block’s suggestion apart",
        says=(
            "Take one real update. h is the hidden state at the lit letter.",
            "The block suggests another point of the sphere. The angle between is theta.",
        ),
        pause=True,
        covers=("4.2", "0.5", "0.6"),
    )
    def two_points(self) -> None:
        """h and the suggestion, both read from the toy model, and the angle between them."""
        self.points = points = Points(self.update)
        aside = 35
        points.view.turn -= aside
        self.play(*appear(points.sphere, points.prompt, points.source))
        self.play(*appear(points.dots[0], points.names[0], points.meaning[0]))
        self.play(*appear(points.dots[1], points.names[1], points.meaning[1]))
        self.turn(points.view, aside, seconds=TIME.sweep / 2)
        self.play(drawn(points.between))
        self.play(Appear(points.theta))
        self.wait(TIME.read)
        self.go_next(points.texts, points.between)

    @section(
        "LERP: straight through the sphere, then back to length one",
        says=(
            "First with one alpha for all dimensions. LERP is linear interpolation:",
            "a mix: one minus alpha of h, alpha of the suggestion.",
            "The chord runs inside: the mix is too short. Norm puts it back on the sphere.",
        ),
        pause=True,
        covers=("4.2", "0.2"),
    )
    def lerp(self) -> None:
        """The chord swept by α, the length of the mix, and the mix put back on the sphere."""
        self.ways = ways = Ways(self.update, self.points.space)
        read = [(ways.slider, ways.slider.show_row), (ways.length, ways.length.show_row)]
        self.play(*appear(ways.slider, ways.one, ways.rule, ways.same))
        self.play(drawn(ways.chord))
        self.play(*appear(ways.mix, ways.spoke, ways.length))
        self.play(*swept([*ways.chord_steps, *read], 0, ways.middle), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*appear(ways.lerp, ways.ray), *swept(ways.put_back(ways.middle), 0, 1))
        self.play(*appear(ways.norm, ways.done))
        self.wait(TIME.read)
        self.go_next(ways.one, ways.rule, ways.same, ways.length, ways.norm, ways.done)

    @section(
        "SLERP: along the arc, at an even pace",
        says=(
            "SLERP, spherical linear interpolation, walks on the surface, at an even pace.",
            "With the same alpha, LERP lags up to halfway, then leads. Both arrive.",
            "But LERP is cheaper: it needs no angle and no sines.",
        ),
        pause=True,
        covers=("4.2", "0.3"),
    )
    def slerp(self) -> None:
        """Both points swept by the same α, the angle of each read out."""
        ways, view = self.ways, self.points.view
        lerp = [*ways.lerp_steps, (ways.slider, ways.slider.show_row)]
        self.play(*swept(lerp, ways.middle, 0))
        self.play(drawn(ways.arc))
        self.play(*appear(ways.slerp, *ways.readouts))
        steps = [*ways.both, *((readout, readout.show_row) for readout in ways.readouts)]
        sweep = swept(steps, 0, ways.last)
        self.look(view, self.update.seen_from(HALFWAY), *sweep, seconds=TIME.sweep)
        self.wait(TIME.rest)
        self.play(*swept(steps, ways.last, ways.ahead))
        self.play(*appear(ways.sines, ways.cheaper))
        self.wait(TIME.read)
        self.go_next(*ways.readouts, ways.sines, ways.cheaper)

    @section(
        "They agree at the ends and halfway, nowhere else",
        says=(
            "Angle against alpha: SLERP is a straight line, LERP bends around it.",
            "They meet at zero, at one half and at one.",
            "nGPT takes the cheaper LERP: its alpha is learned for just that way.",
        ),
        pause=True,
        covers=("4.3",),
    )
    def agree(self) -> None:
        """Both angles against α, drawn while the points move."""
        ways = self.ways
        angles = AnglePlot(ways)
        self.play(*swept(ways.both, ways.ahead, 0))
        self.play(Appear(angles.plot))
        self.play(*swept(angles.drawing, 0, 0), *appear(*angles.lines), run_time=TIME.quick)
        self.play(*swept([*ways.both, *angles.drawing], 0, ways.last), run_time=TIME.sweep)
        self.play(*appear(*angles.names))
        self.play(*swept(ways.both, ways.last, ways.middle))
        self.play(*appear(*angles.meet, angles.taken))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "For small steps, LERP goes sin θ over θ of SLERP’s way",
        says=(
            "As alpha goes to zero, LERP goes sine theta over theta of SLERP's angle.",
            "Lines on the axis: angles in our larger nGPT. Its mean alphas are not near zero.",
            "In our update, LERP makes up for it as alpha grows.",
        ),
        pause=True,
        covers=("4.3", "0.6"),
    )
    def ratio(self) -> None:
        """The ratio of the two ways as α → 0, the models' own angles, and larger α."""
        picture = RatioPlot(self.update, self.ways)
        self.play(*appear(picture.plot, picture.law, picture.radians))
        self.play(drawn(picture.curve))
        self.play(*appear(picture.own, picture.many, picture.beside))
        self.wait(TIME.rest)
        self.play(*appear(*picture.here, picture.limit, picture.slider, *picture.values))
        self.wait(TIME.rest)
        self.play(*swept(picture.making_up, 0, self.ways.ahead), run_time=TIME.sweep / 2)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "How far to step is learned",
        says=(
            "Each block learns how far to move h: alpha A in attention, alpha M in feed-forward.",
            "All began at the dashed line. The model uses alpha’s size, not its sign.",
        ),
        pause=True,
        covers=("4.4", "0.6"),
    )
    def learned(self) -> None:
        """Mean |α_A| and |α_M| by layer of the larger model, and where they began."""
        alpha = LearnedAlpha(self.recording)
        self.play(*appear(alpha.bars.axis, alpha.bars.names, alpha.legend))
        learning = [row.change_from(alpha.start) for row in alpha.bars.rows]
        for change in learning:
            change(0)
        self.play(*appear(alpha.began, alpha.before, alpha.source, *alpha.bars.rows))
        self.wait(TIME.rest)
        steps = list(zip(alpha.bars.rows, learning, strict=True))
        self.play(*swept(steps, 0, 1), run_time=TIME.sweep / 2)
        self.play(*appear(alpha.bars.numbers, alpha.sign))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The same update, timid or bold",
        says=(
            "The same update with other step sizes. As before training: barely a move.",
            "Then with the smallest and the largest mean that the larger model learned.",
        ),
        covers=("4.4",),
    )
    def different(self) -> None:
        """The chosen update with α as initialized, and with two of the larger model's means."""
        ways, points = self.ways, self.points
        ways.slider.show_row(0)
        other = OtherSteps(self.recording, ways, points.space)
        self.play(*appear(points.sphere, points.dots[1], *points.names, other.arc, other.here))
        self.play(*appear(ways.slider, other.table.headings, other.rule, other.runner))
        before = 0
        for stop, dot, row in zip(other.stops, other.dots, other.table.rows, strict=True):
            self.play(*swept(other.going, before, stop))
            self.add(dot)
            self.play(Appear(row))
            self.wait(TIME.rest)
            before = stop
        steps = (other.here, other.runner, *other.dots, other.arc)
        self.go_next(*steps, other.table, other.rule, ways.slider)

    @section(
        "Back to the real step: every dimension has its own α",
        says=(
            "So far one alpha for all. But in the model, every dimension has its own.",
            "So the real step leaves the arc. It ends on the sphere, but beside the way.",
        ),
        pause=True,
        covers=("4.4", "0.6"),
    )
    def own_alpha(self) -> None:
        """The state that the model really went to, beside the great circle through both points."""
        own = OwnAlpha(self.update, self.points.space)
        self.play(*appear(own.rule, own.product, own.bars, own.mostly, self.points.dots[0]))
        self.wait(TIME.rest)
        self.play(drawn(own.way))
        self.play(*appear(own.new, own.name, own.values[0]))
        self.play(drawn(own.gap))
        self.play(Appear(own.values[1]))
        self.look(self.points.view, own.view, seconds=TIME.sweep / 2)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "α is a step size: an eigen learning rate",
        says=(
            "With a minus, the update reads like descent: h minus h A in the gradient’s place.",
            "Alpha is then its learning rate, one a dimension: an eigen learning rate.",
        ),
        pause=True,
        covers=("4.4", "0.2"),
    )
    def eigen_rate(self) -> None:
        """The update beside a step of gradient descent, and one layer's rates, all of them."""
        rates = Rates(self.update)
        self.play(*appear(rates.sides[0], rates.bars.axis, rates.count))
        self.wait(TIME.rest)
        self.play(Appear(rates.sides[1]))
        self.wait(TIME.rest)
        self.play(grown(rates.bars.rows[0]))
        self.play(Appear(rates.eigen))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "The traditional update adds. nGPT steps to a suggestion and returns to length one.",
            "It takes LERP, cheaper than SLERP, then Norm. How far to step is learned.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        mix = (
            "nGPT computes LERP, then Norm: cheaper than SLERP,",
            "as far at α = 0, ½ and 1, a shorter step near 0.",
        )
        points = Takeaways(
            (
                ("traditional", ("Adding leaves nothing to hold the length of the hidden state.",)),
                ("normalized", ("nGPT steps towards a suggestion, then normalizes: length 1.",)),
                ("ink", mix),
                ("scale", ("α says how far. It is learned, one for each dimension.",)),
            )
        )
        self.take_away(points)
        self.clear_next()

    @section(
        "Where does the suggestion come from?",
        says=("But where does the suggestion come from? From attention, which comes next.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 5: the suggestion, lit."""
        card = NextChapter("Next", "5 · Attention").shift((3.2, 0, 0))
        points = self.points
        self.play(*appear(*points.all, card))
        self.play(*dimmed(points.dots[0], points.names[0]))
        self.look(points.view, self.update.seen_from(OPEN), seconds=TIME.sweep / 2)
        self.wait(TIME.rest)
