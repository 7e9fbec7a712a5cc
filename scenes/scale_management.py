"""Chapter 6: the learned scales of nGPT, what each decides, and how fast each may learn."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import Recording
from ngpt_math.recordings import ScaleManagement as Recorded
from scenes.claims import Claims
from scenes.claims.scale_management import CLAIMS
from scenes.scale_learning_pictures import OneStep, Relative, Rulers, Trends, TwoNumbers
from scenes.scale_pictures import OnSphere, Places, Recall, Unsure
from scenes.scale_sweep_pictures import Confidence, Gate, Sharpness, Turning
from scenes.stage.cards import NextChapter
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import Appear, appear, dimmed, drawn, grown, leave, swept
from scenes.stage.style import TIME


class ScaleManagement(Chapter):
    """Where the scales are, their two numbers, how they learned, and what other values would do."""

    key: ClassVar[str] = "scale_management"
    number: ClassVar[int] = 6
    heading: ClassVar[str] = "Scale management"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("07",)
    claimed: ClassVar[Claims] = CLAIMS

    @section(
        "So far: cosines decide where a letter looks",
        says=(
            "So far: each letter looks back at others. Cosines decide at which ones.",
            "One factor in the formula was learned: a scale.",
        ),
        covers=("0.1", "0.2"),
    )
    def recall(self) -> None:
        """One head's attention from the chapter before, and the scale in its formula."""
        past = Recall(self.recording)
        self.play(*appear(past.grid, past.source))
        *met, scale = past.terms
        self.play(*appear(past.rule, *met))
        self.play(Appear(past.frame))
        self.wait(TIME.rest)
        self.play(Appear(scale))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "A cosine is never larger than one",
        says=(
            "The output is a cosine too: of the state h with the direction of each letter.",
            "No cosine is more than one, however well a letter fits.",
        ),
        covers=("0.5", "0.2", "0.6"),
    )
    def on_sphere(self) -> None:
        """The toy's h among its letters, and the cosines of the best and the worst of them."""
        fits = OnSphere(self.recording)
        aside = 30
        fits.view.turn -= aside
        self.play(*appear(fits.sphere, fits.source))
        self.play(*appear(*fits.state, *fits.dots, fits.rule, *fits.terms))
        self.turn(fits.view, aside, seconds=TIME.sweep / 2)
        self.play(*(drawn(way) for way in fits.arcs))
        self.play(*appear(*fits.values, *fits.ends))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Cosines alone make no clear choice",
        says=(
            "A cosine lies between minus one and one. Among many letters that decides nothing.",
            "Times a learned scale, one for each letter, they are logits, and choose clearly.",
        ),
        pause=True,
        covers=("6.3", "0.2", "0.6"),
    )
    def unsure(self) -> None:
        """The likeliest letters: their cosines, and probabilities without and with s_z."""
        picture = Unsure(self.recording)
        self.play(*appear(picture.prompt, picture.left.axis, picture.names[0], picture.bounds))
        self.play(grown(picture.left.rows[0]))
        self.play(*appear(picture.left.numbers, picture.count))
        self.wait(TIME.rest)
        self.play(*appear(picture.right.axis, picture.names[1], picture.rules[0], picture.best))
        self.play(grown(picture.right.row))
        self.play(Appear(picture.right.numbers))
        self.wait(TIME.rest)
        self.play(*leave(picture.rules[0]), run_time=TIME.quick)
        self.play(*appear(picture.rules[1], picture.scales))
        self.play(*swept(picture.scaling, 0, 1), run_time=TIME.sweep / 2)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Six learned scales say how much",
        says=(
            "Directions alone say where to. How much is learned, by six kinds of scales:",
            "how sharply to look, how far to step, how much units and gates count, how sure.",
        ),
        pause=True,
        covers=("6.1", "0.3", "0.4"),
    )
    def places(self) -> None:
        """The way of h through the model, with each scale where it is."""
        self.map = places = Places(self.recording)
        boxes = [station.box for station in places.stations]
        self.play(*appear(places.state, places.flow, *places.past, *boxes))
        for station in places.stations:
            self.play(Appear(station.scale_part))
        self.play(*appear(places.layers, places.once, places.about))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Each learned scale has two settings: s_init and s_scale",
        says=(
            "Each has two settings. The first, init, is its value when training starts.",
            "The second is itself called scale: the number that is stored at that moment.",
        ),
        pause=True,
        covers=("6.1", "0.2", "0.6"),
    )
    def two_numbers(self) -> None:
        """All kinds with init, scale and their ratio."""
        numbers = TwoNumbers(self.recording)
        self.play(*appear(numbers.rule, *numbers.terms[:2]))
        self.wait(TIME.rest)
        self.play(*appear(numbers.table.headings, *numbers.terms[2:]))
        for row in numbers.table.rows:
            self.play(Appear(row, run_time=TIME.quick))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The optimizer moves one number, the model uses another",
        says=(
            "Watch the logits' scale in training. The optimizer moves the stored number.",
            "The one in effect goes farther: init over scale times as far.",
        ),
        covers=("6.2", "0.3"),
    )
    def rulers(self) -> None:
        """s_z over the recorded training, stored and in effect."""
        rulers = Rulers(self.recording)
        self.play(*appear(rulers.named, rulers.sliders[0], rulers.owners[0], rulers.of))
        self.play(*appear(rulers.arrow, rulers.factor))
        self.play(*appear(rulers.sliders[1], rulers.owners[1], *rulers.ticks, rulers.step))
        self.play(*swept(rulers.training, 0, rulers.last), run_time=TIME.sweep)
        self.play(Appear(rulers.one))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "One step: equal where stored, unequal in effect",
        says=(
            "Adam, the optimizer, first moves every stored number alike, whatever its gradient.",
            "In effect the steps differ: each is multiplied by its init over scale.",
        ),
        pause=True,
        covers=("6.2", "0.6"),
    )
    def one_step(self) -> None:
        """The first optimizer step, stored and in effect."""
        step = OneStep(self.recording)
        self.play(*appear(step.bars.axis, step.names, step.legend, step.rate, step.source))
        self.play(grown(step.bars.rows[0]))
        self.play(Appear(step.numbers[0]))
        self.wait(TIME.rest)
        self.play(Appear(step.factors))
        self.play(grown(step.bars.rows[1]))
        self.play(Appear(step.numbers[1]))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "s_init says where a scale starts, s_scale how fast it learns",
        says=(
            "What counts is the step as a share of the value: there only scale is left.",
            "Why two settings? One learning rate, two speeds: units and gates learn slowly.",
        ),
        pause=True,
        covers=("6.2", "0.2"),
    )
    def relative(self) -> None:
        """The first step as a share of the value."""
        rates = Relative(self.recording)
        self.play(*appear(rates.bars.axis, rates.names, rates.rule, rates.rate, rates.source))
        self.play(grown(rates.bars.rows[0]))
        self.play(Appear(rates.bars.numbers))
        self.wait(TIME.read)
        self.play(*appear(rates.label, rates.scales, rates.speeds))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Trained, every scale has found its own size",
        says=(
            "In training all of one kind start alike; then each finds its own size.",
            "On average the logits' scale grows most, steps grow too; the units' hardly.",
            "Some of attention's end near zero: switched off.",
        ),
        pause=True,
        covers=("6.2", "0.6"),
    )
    def trends(self) -> None:
        """All kinds over the recorded training."""
        trends = Trends(self.recording)
        for trend in trends.all:
            for line in trend.lines:
                line.show_upto(0)
        self.play(*appear(*(t.plot for t in trends.all), *(t.name for t in trends.all)))
        self.play(*appear(trends.steps, trends.key))
        self.play(*appear(*(line for t in trends.all for line in t.lines)), run_time=TIME.quick)
        self.play(*swept(trends.drawing, 0, trends.last), run_time=TIME.sweep)
        self.play(*appear(*(trend.end for trend in trends.all)))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The scale of queries and keys decides how sharply to look",
        says=(
            "Turn one scale by hand. Small: the letter looks everywhere alike.",
            "Large: it stares at one. Training has settled in between.",
        ),
        pause=True,
        covers=("6.3", "0.3"),
    )
    def sharpness(self) -> None:
        """One letter's attention with other factors on s_qk²."""
        sharp = Sharpness(self.recording)
        self._place(sharp)
        self.play(*appear(sharp.level, sharp.even))
        self.play(*swept(sharp.turning, sharp.trained, 0), run_time=TIME.sweep / 2)
        self.play(Appear(sharp.traditional))
        self.wait(TIME.read)
        self.play(*leave(sharp.traditional), run_time=TIME.quick)
        self.play(*swept(sharp.turning, 0, sharp.last), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*swept(sharp.turning, sharp.last, sharp.trained), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "Without √d, SiLU would be almost a straight line",
        says=(
            "Cosines alone are too small: on them SiLU is nearly a line, and hardly a switch.",
            "Times root d they spread along the whole bend: no straight line fits any more.",
        ),
        pause=True,
        covers=("6.3", "0.2", "0.6"),
    )
    def gate(self) -> None:
        """The gate's values on SiLU, without √d and with it."""
        gate = Gate(self.recording)
        self.play(*appear(gate.plot, gate.rule, gate.what, gate.root, gate.entries))
        self.play(drawn(gate.curve))
        self.play(*appear(gate.dots, gate.dotted, gate.states[0]))
        self.play(*appear(gate.line, gate.straight, gate.of))
        self.wait(TIME.rest)
        self.play(*leave(gate.states[0]), run_time=TIME.quick)
        self.play(Appear(gate.states[1]))
        self.play(*swept(gate.growing, 0, gate.rows - 1), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The scale of the logits decides how sure to be",
        says=(
            "The last scale: small, and every letter seems possible. Large, and one takes all.",
            "On unseen text the best factor is a little below one: training came close.",
        ),
        pause=True,
        covers=("6.3", "0.3", "0.6"),
    )
    def confidence(self) -> None:
        """The next letter's probabilities and the loss with other factors on s_z."""
        sure = Confidence(self.recording)
        self._place(sure)
        self.play(*appear(*sure.sides))
        self.play(*swept(sure.turning, sure.trained, 0), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*swept(sure.turning, 0, sure.last), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*swept(sure.turning, sure.last, sure.best), run_time=TIME.sweep / 2)
        self.play(*appear(sure.found, *sure.losses))
        self.wait(TIME.read)
        self.clear_next()

    def _place(self, picture: Turning) -> None:
        """Bring on a factor with its bars and its curve, as trained."""
        bars = (picture.bars, picture.letters, picture.below, picture.source)
        self.play(*appear(picture.slider, picture.mark, *bars, picture.plot, picture.learned))
        self.play(drawn(picture.curve))
        self.play(Appear(picture.spot))

    @section(
        "To take away",
        says=(
            "Unit vectors carry directions. Learned scales say how much each one counts.",
            "Init sets the start, scale the speed. Root d brings SiLU to its bend.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebook to go on with."""
        points = self.to_remember(
            ("normalized", ("Unit vectors only say where to; a cosine is at most one.",)),
            ("scale", ("Six learned scales say how much: how sharply, how far, how surely.",)),
            ("scale", ("s_init is where a scale starts; s_scale sets how fast it learns.",)),
            ("transformation", ("Without √d on the gate, SiLU would hardly bend.",)),
        )
        self.take_away(points)
        self.clear_next()

    @section(
        "How do all the parts work together?",
        says=("All parts are on the table. How they work together comes next, in full.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 7: the map of this chapter, the scales dimmed."""
        card = NextChapter("Next", "7 · The complete architecture").shift((0, -2.0, 0))
        self.play(*appear(*self.map.stations, self.map.flow, *self.map.past, self.map.state))
        self.play(*dimmed(*(station.scale_part for station in self.map.stations)))
        self.play(Appear(card))
        self.wait(TIME.rest)
