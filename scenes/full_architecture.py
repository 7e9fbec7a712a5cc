"""Chapter 7: the whole nGPT, its parts from near, and a prompt on its way through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from manim import Mobject

from ngpt_math.recordings import FullArchitecture as Recorded
from ngpt_math.recordings import Recording
from scenes.architecture_pictures import (
    ATTENDING,
    GATING,
    Counts,
    Guess,
    Halo,
    Logits,
    Recall,
    Sizes,
    Versus,
    behind_headings,
)
from scenes.architecture_plan import (
    ON_ATTENTION,
    ON_INPUT,
    ON_LAYER,
    ON_MLP,
    ON_OUTPUT,
    ON_UPDATE,
    WHOLE,
    Part,
    Whole,
    block_names,
    names_of,
    shapes_of,
)
from scenes.architecture_sphere_pictures import Letters, Update, Walk
from scenes.claims import Claims
from scenes.claims.full_architecture import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.equations import Equation
from scenes.stage.marks import Mark
from scenes.stage.motion import Appear, appear, dimmed, drawn, grown, leave, lit, swept
from scenes.stage.space import View
from scenes.stage.style import SIZE, TIME
from scenes.stage.text import Line
from scenes.stage.zoom import Name, Seen, Shot, hidden, named, unseen, zoomed

ATTENTION_STEPS = (
    "three matrices, rows of length 1, turn the state h into queries q, keys k, values v",
    "rotary (chapter 5): turn by the letter’s position; then Norm, then a learned scale",
    "compare queries and keys, times √ of a key’s number of entries; softmax makes weights",
    "each head mixes the values of all letters j so far; map all mixes back, normalize",
)
MLP_STEPS = (
    "two matrices, then learned scales; √d (d: entries of h) takes the gates to SiLU’s bend",
    "SiLU, a smooth switch; the circled dot multiplies each unit by its gate",
    "map back, normalize: a point of the sphere",
)
"""What each step inside a block does."""

FOOT = -2.45
"""Where a block’s step, and then its equation, stands."""


class FullArchitecture(Chapter):
    """The plan of the whole model, seen from afar and from near."""

    key: ClassVar[str] = "full_architecture"
    number: ClassVar[int] = 7
    heading: ClassVar[str] = "The complete architecture"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("09", "10")
    claimed: ClassVar[Claims] = CLAIMS

    def open_stage(self) -> None:
        """The plan that the chapter zooms into."""
        super().open_stage()
        self.band = behind_headings()
        self.add(self.band)
        self.whole = Whole(self.recording, View(25, 20))
        self.inside = {id(shape) for shape in self.whole.inside}
        unseen(*self.whole.inside)
        self.seen_names: list[Name] = []

    def clear_next(self, *kept: Mobject) -> None:
        """What lies behind the headings stays."""
        super().clear_next(self.band, *kept)

    def _others(self, parts: Sequence[Part]) -> list[Seen | Mark]:
        """The plan's shapes that do not belong to some parts."""
        kept = {id(shape) for shape in shapes_of(parts)}
        return [shape for shape in self.whole.shapes if id(shape) not in kept]

    def _afar(self, shapes: Sequence[Seen | Mark]) -> list[Seen | Mark]:
        """Those of some shapes that are seen from afar."""
        return [shape for shape in shapes if id(shape) not in self.inside]

    def _whole(self, parts: Sequence[Part]) -> None:
        """Back to the whole plan with its names; some parts of it are lit, the others dimmed."""
        whole = self.whole
        moving = zoomed(whole.zoom, whole.shapes, WHOLE) if whole.zoom.shot != WHOLE else []
        light = [
            *lit(*self._afar(shapes_of(parts))),
            *dimmed(*self._afar(self._others(parts))),
            *hidden(*whole.inside),
        ]
        self.play(*moving, *light)
        self.seen_names = [*whole.labels, *names_of(whole.layer.updates)]
        self.play(*named(*self.seen_names))

    def _zoom_in(self, parts: Sequence[Part], shot: Shot) -> None:
        """Go so near to some parts that they fill the frame; the others vanish."""
        moving = zoomed(self.whole.zoom, [*self.whole.shapes, *self.seen_names], shot)
        # What goes has gone before it reaches the title.
        away = leave(*self.seen_names, run_time=TIME.zoom / 4)
        self.play(*moving, *away, *hidden(*self._others(parts)), *lit(*shapes_of(parts)))
        self.seen_names = []

    @section(
        "So far: learned scales say how far, how sharp and how sure",
        says=(
            "So far: with everything at length one, a few learned scales set the strength.",
            "Training moved them: longer steps, sharper attention, a surer output.",
        ),
        covers=("0.1", "0.6"),
    )
    def recall(self) -> None:
        """Mean size of every kind of scale, before and after training."""
        past = Recall(self.recording)
        self.play(*appear(past.table.headings, past.source))
        for row in past.table.rows:
            self.play(Appear(row))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The whole nGPT: letters in, probabilities out",
        says=(
            "Here is our larger model. Letters come in, and become points of a sphere.",
            "Each layer moves them twice. Out come probabilities of the next letter.",
        ),
        pause=True,
        covers=("7.1", "0.3", "0.4"),
    )
    def overview(self) -> None:
        """The plan, part by part in the order of the flow, and the model in numbers."""
        whole, layer = self.whole, self.whole.layer
        cards, stream = [*shapes_of([layer.cards])], shapes_of([whole.stream, layer.stream])
        self.play(*appear(*shapes_of([whole.input]), whole.labels[0]))
        blocks = shapes_of([layer.attention[0], layer.mlp[0], *layer.updates])
        self.play(*appear(*cards, *stream))
        self.play(*appear(*blocks, *whole.labels[1:3], *names_of(layer.updates)))
        self.play(*appear(*shapes_of(whole.output[:1]), whole.labels[3]))
        self.seen_names = [*whole.labels, *names_of(layer.updates)]
        sizes = Sizes(self.recording)
        self.wait(TIME.rest)
        self.play(*appear(sizes.readouts, sizes.source))
        self.wait(TIME.read)
        self.go_next(sizes.readouts, sizes.source)

    @section(
        "Embeddings: every letter is a point of the sphere",
        says=(
            "To see the sphere, we switch to our toy nGPT, with three dimensions.",
            "Each letter has a learned point. The state of the lit letter starts at its own.",
        ),
        pause=True,
        covers=("7.1", "7.2", "0.2", "0.5"),
    )
    def embeddings(self) -> None:
        """Into the box of the embeddings: the toy model's letters on the sphere."""
        self.play(*dimmed(*self._others([self.whole.input])), run_time=TIME.quick)
        self._zoom_in([self.whole.input], ON_INPUT)
        letters = Letters(self.recording, self.whole)
        self.play(*appear(*letters.dots, letters.source))
        self.look(self.whole.space.view, letters.view, seconds=TIME.sweep / 2)
        tags = letters.tags()
        letters.here.redraw()
        self.play(*appear(*tags))
        self.wait(TIME.rest)
        self.play(*appear(*letters.texts[:3], letters.here))
        self.wait(TIME.read)
        self.go_next(*letters.dots, letters.here, *tags, *letters.texts)

    @section(
        "Attention: normalized queries meet normalized keys",
        says=(
            "Inside attention, normalized matrices turn h into queries, keys and values.",
            "Queries and keys are rotated by position, normalized, then scaled.",
            "In each head, products weigh values; all heads' mixes make the suggestion h A.",
        ),
        pause=True,
        covers=("7.1", "7.3", "0.2", "0.3", "0.4"),
    )
    def attention(self) -> None:
        """Into the attention block, step by step."""
        parts = self.whole.layer.attention
        self._whole(parts)
        self._zoom_in(parts, ON_ATTENTION)
        steps = [in_tokens(self.recording, words) for words in ATTENTION_STEPS]
        self._steps(parts, steps, Equation(ATTENDING, px=36))

    def _steps(self, parts: Sequence[Part], says: Sequence[str], rule: Equation) -> None:
        """Light the steps inside a block one after the other, then all, with the equation."""
        _, *steps = parts
        self.play(*dimmed(*shapes_of(steps)), run_time=TIME.quick)
        for step, words in zip(steps, says, strict=True):
            line = Line(words, px=SIZE.body).move_to((0, FOOT, 0))
            self.play(*lit(*step.shapes), *named(*step.names), Appear(line), run_time=TIME.fade)
            self.wait(TIME.rest)
            # The next words come where these have gone: they are never seen through each other.
            self.play(*dimmed(*step.shapes, *step.names), *leave(line), run_time=TIME.quick)
        everything = lit(*shapes_of(steps), *names_of(steps))
        self.play(*everything, Appear(rule.move_to((0, FOOT, 0))), run_time=TIME.fade)
        self.wait(TIME.read)
        self.go_next(*names_of(steps), rule)

    @section(
        "Feed-forward: one matrix gives units, another gives their gates",
        says=(
            "The feed-forward block works on each letter alone. Gates nu let its units u through.",
            "Root d takes the gates to SiLU's bend. The result, normalized, is h M.",
        ),
        covers=("7.1", "7.3", "0.2", "0.3"),
    )
    def feed_forward(self) -> None:
        """Into the MLP block, step by step."""
        parts = self.whole.layer.mlp
        self._whole(parts)
        self._zoom_in(parts, ON_MLP)
        block, project, scaled, *others = parts
        both = Part([*project.shapes, *scaled.shapes], [*project.names, *scaled.names])
        self._steps([block, both, *others], MLP_STEPS, Equation(GATING))

    @section(
        "The update: step towards the suggestion, return to the sphere",
        says=(
            "A block suggests another point. Alpha says how far to go, in each dimension.",
            "That step leaves the sphere; Norm, the dotted circle, returns the state to it.",
        ),
        pause=True,
        covers=("7.1", "7.2", "0.2", "0.5"),
    )
    def update(self) -> None:
        """Into the ring of the first update: the sphere, and the prompt's first step on it."""
        part = self.whole.layer.updates[0]
        self._whole([part])
        self._zoom_in([part], ON_UPDATE)
        step = Update(self.recording, self.whole)
        node = self.whole.layer.rings.get("h_mid")
        self.play(Appear(step.sphere), *hidden(*([node.cover] if node else [])))
        self.play(*appear(*step.dots, *step.names, step.source, step.terms[0]))
        self.play(drawn(step.way))
        self.play(*appear(step.rule, step.terms[1], step.off, step.moving))
        self.play(*swept(step.going(0), 0, 1), run_time=TIME.zoom)
        self.play(*appear(step.terms[2], step.short))
        self.play(*swept(step.going(1), 0, 1), run_time=TIME.zoom)
        self.play(*appear(step.back_name, step.moved))
        self.turn(step.view, 15, seconds=TIME.zoom)
        self.wait(TIME.rest)
        self.clear_next(*self.whole.shapes)

    @section(
        "A real prompt: its last state walks over the sphere",
        says=(
            "A line of Shakespeare, cut off. We follow the state of its last letter.",
            "Each update steps towards a suggestion, red, though not along the straight line.",
            "Each letter has a second point, for the output. How near do we end? Cosines tell.",
        ),
        pause=True,
        covers=("7.2", "0.3", "0.5", "0.6"),
    )
    def walk(self) -> None:
        """The prompt's states through all updates of the toy model."""
        self.play(*hidden(*self.whole.shapes))
        walk = Walk(self.recording)
        start = (walk.start, walk.first, walk.moving)
        self.play(*appear(walk.sphere, walk.prompt, walk.source, *start))
        self.play(*appear(*walk.others, *walk.legend))
        self.play(*appear(walk.way, walk.towards, walk.words, walk.moved))
        self.add(walk.trace)
        walking = swept(walk.going, 0, walk.updates)
        self.turn(walk.view, 25, *walking, seconds=TIME.sweep * 1.5)
        for dot in walk.ends:
            dot.redraw()
        away = (walk.way, walk.towards, *walk.others, *walk.legend[1:])
        self.play(*leave(*away), *appear(*walk.ends), run_time=TIME.quick)
        self.play(*appear(*walk.letters(), walk.close))
        self.wait(TIME.read)
        self.clear_next(*self.whole.shapes)

    @section(
        "Output: cosine, times a learned scale for each letter",
        says=(
            "The last state meets an output point for every letter. Again: cosines.",
            "Each letter has its own learned scale s z: i is nearest here, but o is likeliest.",
        ),
        pause=True,
        covers=("7.1", "7.2", "0.2"),
    )
    def output(self) -> None:
        """Into the output layer: how cosines become logits after the prompt."""
        whole = self.whole
        self._whole(whole.output)
        self._zoom_in(whole.output, ON_OUTPUT)
        logits, (_, *parts) = Logits(self.recording), whole.output
        self.play(*dimmed(*shapes_of(parts)), Appear(logits.source), run_time=TIME.quick)
        written: list[Appear] = []
        for part, bars in zip(parts, logits.bars, strict=True):
            coming = [*appear(bars.axis, bars.names), *written]
            self.play(*lit(*part.shapes), *named(*part.names), *coming, run_time=TIME.quick)
            self.play(grown(bars.rows[0]), run_time=TIME.quick)
            written = appear(bars.numbers)
        self.play(*written, *appear(logits.frames, *logits.marked))
        self.wait(TIME.read)
        self.clear_next(*whole.shapes)

    @section(
        "The next letter: our toy nGPT’s best guess is right",
        says=(
            "Softmax makes probabilities. Our toy nGPT bets on o, and o it is: world.",
            "The larger model bets on i here. One line does not tell which is the better one.",
        ),
        pause=True,
        covers=("7.2", "0.3", "0.6"),
    )
    def guess(self) -> None:
        """Probabilities of both models after the prompt, and the letter that follows."""
        self.play(*hidden(*self.whole.shapes))
        guess = Guess(self.recording)
        self.play(*appear(guess.prompt))
        for bars, head in zip(guess.bars, guess.heads, strict=True):
            self.play(*appear(bars.axis, bars.names, head))
            self.play(grown(bars.rows[0]))
            self.play(Appear(bars.numbers))
        self.play(*appear(guess.follows, *guess.frames))
        self.wait(TIME.read)
        self.clear_next(*self.whole.shapes)

    @section(
        "Count the dotted circles: six normalizations a layer",
        says=(
            "Count the circles: queries, keys, both suggestions, both updated states.",
            "And after every training step, all weight matrices are normalized as well.",
        ),
        pause=True,
        covers=("7.3", "0.3", "0.4", "0.6"),
    )
    def count(self) -> None:
        """All normalization points of a layer, one after the other; then the weights."""
        whole, layer, counts = self.whole, self.whole.layer, Counts(self.recording)
        parts = layer.parts[1:]
        moving = zoomed(whole.zoom, whole.shapes, ON_LAYER)
        self.play(*moving, *hidden(*self._others(parts)), *dimmed(*shapes_of(parts)))
        names = [*block_names(layer, 0.15), *names_of(layer.updates)]
        self.play(*named(*names), run_time=TIME.quick)
        for point, (halo, term) in zip(counts.points, counts.marks(layer), strict=True):
            self.play(*lit(layer.rings[point]), *appear(halo, term), run_time=TIME.quick)
        self.play(*appear(counts.each, counts.whole))
        self.wait(TIME.rest)
        inside = {id(shape) for shape in shapes_of(parts)}
        weights = [matrix for matrix in layer.matrices if id(matrix) in inside]
        self.play(*lit(*weights), *appear(*counts.weights, counts.source))
        self.wait(TIME.read)
        self.clear_next(*whole.shapes)

    @section(
        "A traditional layer normalizes twice, and only what goes in",
        says=(
            "Traditionally there are two RMSNorms a layer, before the blocks, and one at the end.",
            "The running state itself and the weights may take any length.",
        ),
        pause=True,
        covers=("7.3", "0.4"),
    )
    def versus(self) -> None:
        """The same layer in both models, side by side."""
        layer, versus = self.whole.layer, Versus(self.recording)
        kept = {id(shape) for shape in layer.outline}
        others = [shape for shape in self.whole.shapes if id(shape) not in kept]
        moving = zoomed(self.whole.zoom, self.whole.shapes, versus.shot)
        self.play(*moving, *hidden(*others), *lit(*layer.outline))
        theirs = versus.layer
        names = names_of([*layer.updates, *theirs.updates])
        self.play(*appear(*theirs.outline, versus.onward, versus.last))
        self.play(*appear(versus.screen), *named(*names, *versus.names(layer)))
        rings = [*theirs.rings.values(), versus.last], [*layer.rings.values()]
        beside = (versus.last_name,), ()
        for number, (side, line) in enumerate(zip(versus.sides, versus.weights, strict=True)):
            signs = versus.signs[number]
            self.play(*appear(*map(Halo, rings[number]), signs, side, *beside[number]))
            self.play(Appear(line), run_time=TIME.quick)
        self.wait(TIME.read)
        self.clear_next(*self.whole.shapes)

    @section(
        "To take away",
        says=(
            "In nGPT, the hidden state stays on the sphere, and blocks suggest points of it.",
            "Learned scales say how far and how sure. A prompt is a walk on the sphere.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        self.play(*hidden(*self.whole.shapes))
        points = Takeaways(
            (
                ("normalized", ("Embeddings, hidden states, suggestions, weights: length 1.",)),
                ("transformation", ("Attention and feed-forward suggest points of the sphere.",)),
                ("scale", ("Learned scales say how far to step, how sharp, how sure.",)),
                ("ink", ("A prompt walks over the sphere; its last point says what may follow.",)),
            )
        )
        books = self.take_away(points)
        self.go_next(*points, books)

    @section(
        "Does it pay off?",
        says=("That is the whole nGPT. Does it pay off? Next: what we measured.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to the closing card: the output, lit."""
        whole = self.whole
        whole.zoom.shot = Shot(0, 0, 0.8, (-0.4, 0.6))
        for shape in whole.shapes:
            shape.redraw()
        self.play(*lit(*self._afar(whole.shapes)))
        following = self.claimed.lines(self.recording, "Next", "What was measured")
        card = NextChapter(*following).shift((0, -2.05, 0))
        self.play(Appear(card))
        self.wait(TIME.read)
