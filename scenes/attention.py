"""Chapter 5: attention, as the traditional model and nGPT compute it."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import Attention as Recorded
from ngpt_math.recordings import Recording
from scenes.attention_head_pictures import Mixing, Patterns, Sides
from scenes.attention_length_pictures import Lengths
from scenes.attention_pictures import LookBack, Pipelines, Recall
from scenes.attention_rotary_pictures import Bent, ByOffset, Turning
from scenes.claims import Claims
from scenes.claims.attention import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.stage.cards import NextChapter
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import Appear, appear, dimmed, drawn, grown, leave, lit, swept
from scenes.stage.style import TIME


class Attention(Chapter):
    """From hidden states to the mix of values in both models, and the rotary embedding."""

    key: ClassVar[str] = "attention"
    number: ClassVar[int] = 5
    heading: ClassVar[str] = "Attention"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("02", "06", "08")
    claimed: ClassVar[Claims] = CLAIMS

    def open_stage(self) -> None:
        """The split screen, and the letters that the followed query sees."""
        super().open_stage()
        self.ways = Pipelines(self.recording)
        self.sides = Sides(self.recording, self.ways.screen)

    @section(
        "So far: a block suggests, and h steps towards it",
        says=(
            "So far: a block suggests a point of the sphere. The state h steps towards it.",
            "One such block is attention. How does it find its suggestion?",
        ),
        covers=("0.1", "0.5"),
    )
    def recall(self) -> None:
        """The update of chapter 4: h, the suggestion, and where h went."""
        past = Recall(self.recording)
        past.view.turn -= 25
        self.play(*appear(past.sphere, past.rule, past.prompt, past.source))
        self.play(*appear(past.here, past.there, *past.names, past.meaning[0]))
        self.turn(past.view, 25, seconds=TIME.sweep * 0.7)
        self.play(drawn(past.between))
        self.play(Appear(past.values[0]))
        self.play(drawn(past.step))
        self.play(*appear(past.went, past.meaning[1], past.values[1]))
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "Attention: a letter asks all before it, and itself",
        says=(
            "The lit letter asks with a query. Every letter up to it answers with a key;",
            "no later one does. The better a key matches, the more of its value flows back.",
        ),
        pause=True,
        covers=("5.2", "0.2"),
    )
    def look_back(self) -> None:
        """The sentence, the letter whose query is followed, and what it sees."""
        look = LookBack(self.recording)
        self.play(Appear(look.letters))
        self.wait(TIME.rest)
        self.play(*appear(look.asks, look.meaning[0]))
        self.wait(TIME.rest)
        self.play(*appear(look.arcs, *look.keys, look.meaning[1]), *dimmed(*look.letters.later))
        self.wait(TIME.rest)
        self.play(*appear(*look.values, look.meaning[2]))
        self.wait(TIME.rest)
        self.play(*appear(look.rule, look.share))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The same way to a head’s answer; three steps differ",
        says=(
            "h becomes q, k, v; dot products compare; softmax makes shares; values mix.",
            "Left, RMSNorm divides h by its root mean square, then scales each entry.",
            "nGPT: one, no RMSNorm; two, Norm gives q and k length one: optional, used here;",
            "three, multiplied by the root, not divided. A layer has several such heads.",
        ),
        pause=True,
        covers=("5.1", "0.3", "0.4"),
    )
    def two_ways(self) -> None:
        """Both ways from h to the mix, step by step; then only what differs."""
        ways = self.ways
        self.play(Appear(ways.screen))
        for number in range(ways.steps):
            self.play(*appear(*ways.stage(number)))
            self.wait(TIME.rest if number else TIME.read)
        self.play(*dimmed(*ways.others))
        self.play(*appear(*ways.counts))
        self.wait(2 * TIME.read)
        self.clear_next(ways.screen)

    @section(
        "QK normalization: length one, then a learned scale for each entry",
        says=(
            "Left, lengths differ, and matter. Norm gives every key and query length one.",
            "Then s Q K scales each entry by its own number: lengths differ again.",
        ),
        pause=True,
        covers=("5.1", "0.3", "0.6"),
    )
    def norming(self) -> None:
        """Lengths of the keys in both heads; in nGPT as they come, normalized, scaled."""
        lengths = Lengths(self.sides)
        self.play(*appear(*lengths.rules, *self.sides.sources))
        self.play(*appear(*(thing for way in lengths.ways for thing in (way.bars, way.notes[0]))))
        self.wait(TIME.rest)
        for step in range(1, lengths.steps):
            going = lengths.going(step)
            bars = [(way.bars, way.bars.show_row) for way in going]
            self.play(*swept(bars, step - 1, step), *leave(*(w.notes[step - 1] for w in going)))
            last = [lengths.scale] * (step == lengths.steps - 1)
            self.play(*appear(*(way.notes[step] for way in going), *last))
            self.wait(TIME.rest)
        self.clear_next(self.ways.screen, *self.sides.sources)

    @section(
        "A dot product says how well a key answers",
        says=(
            "The lit letter’s query times each key: both lengths times their cosine.",
            "Long vectors make large products; nGPT’s short ones small products.",
        ),
        covers=("5.1", "0.2", "0.6"),
    )
    def dots(self) -> None:
        """q·k of the followed query with all keys up to it, in both models, on one axis."""
        sides = self.sides
        both = sides.common("q · k of each key", "dots", "scores")
        self.bars = sides.bars(("dots", "scores"), both, 1)
        self.names = sides.renamed(self.bars, "score of each key")
        self.play(*appear(*sides.scores))
        self.play(*dimmed(*(score.part("scale") for score in sides.scores)))
        stands = [part for each in self.bars for part in (each.axis, each.names)]
        self.play(*appear(*sides.products, *stands, *self.names[0]))
        self.play(*(grown(each.row) for each in self.bars), run_time=TIME.sweep / 2)
        self.play(*appear(*(each.numbers for each in self.bars)))
        self.wait(TIME.read)
        self.go_next(*sides.products)

    @section(
        "Opposite factors: one divides by a root, the other multiplies",
        says=(
            "Random q and k, entries near one: products near root d k. So divide by it.",
            "With both of length one: one over that root. So nGPT multiplies by it.",
            "Most scores are larger: q and k learned to match; nGPT’s scale adds to it.",
        ),
        pause=True,
        covers=("5.1", "0.2", "0.4"),
    )
    def scaling(self) -> None:
        """The same products with each model's own factor."""
        sides = self.sides
        levels = sides.levels(self.bars)
        factors = [*sides.sizes, *sides.chances, *sides.factors, *levels]
        self.play(*lit(*(score.part("scale") for score in sides.scores)))
        self.play(*appear(*sides.sizes, *sides.chances, *levels))
        self.wait(TIME.rest)
        self.play(*appear(*sides.factors))
        self.wait(TIME.read)
        both = [(each, each.show_row) for each in (*self.bars, *levels, *sides.chances)]
        now, then = self.names
        self.play(*swept(both, 0, 1), *leave(*now), run_time=TIME.sweep / 2)
        self.play(*appear(*then))
        self.wait(TIME.read)
        self.go_next(*self.bars, *then, *factors, *sides.scores)

    @section(
        "Softmax turns scores into shares of one",
        says=(
            "Softmax turns one letter’s scores into shares that add up to one.",
            "nGPT’s scores lie further apart here: so its best key takes more.",
        ),
        covers=("5.1", "5.2"),
    )
    def softmax(self) -> None:
        """The attention of the followed query in both models."""
        sides = self.sides
        named_row = in_tokens(self.recording, "the lit letter’s row: shares, together 1")
        shares = sides.bars(("weights",), sides.common(named_row, "weights"), 2)
        self.play(*appear(*sides.shares_rules, *sides.softmax))
        self.play(*appear(*(each.axis for each in shares), *(each.names for each in shares)))
        self.play(*(grown(each.row) for each in shares), run_time=TIME.sweep / 2)
        self.play(*appear(*(each.numbers for each in shares)))
        self.wait(TIME.read)
        self.clear_next(self.ways.screen, *sides.sources)

    @section(
        "Shares mix the values; all heads together answer",
        says=(
            "Each letter’s value, a row of numbers, times its share; then all rows are added.",
            "That is a head’s answer. A learned matrix joins all heads’: the block’s answer,",
            "traditionally added to h; in nGPT made length one: the suggestion h A.",
        ),
        pause=True,
        covers=("5.1", "0.6"),
    )
    def mixing(self) -> None:
        """Shares, values and their sum in both models."""
        mixing = Mixing(self.sides)
        parts = mixing.parts
        self.play(*appear(*mixing.rules))
        self.play(*appear(*(part.asked for part in parts)))
        self.wait(TIME.rest)
        self.play(*appear(*(part.given for part in parts)))
        self.wait(TIME.rest)
        self.play(*appear(*(frame for part in parts for frame in part.frames)))
        self.play(*appear(*(thing for part in parts for thing in (part.name, part.mix))))
        self.wait(TIME.rest)
        self.play(*leave(*mixing.rules))
        self.play(*appear(*mixing.whole, *mixing.learned))
        self.wait(TIME.read + TIME.rest)
        self.clear_next(self.ways.screen, *self.sides.sources)

    @section(
        "On this sentence, our nGPT’s heads spread their shares less",
        says=(
            "Every letter’s shares at once: rows ask, columns are asked; bright is a large share.",
            "Entropy says how spread they are; each head shown is the median one of its model.",
        ),
        pause=True,
        covers=("5.2", "0.6"),
    )
    def patterns(self) -> None:
        """The pattern of both heads on the sentence, and their entropies."""
        whole = Patterns(self.sides)
        self.play(*appear(*whole.grids))
        self.play(*appear(*whole.frames, *whole.notes))
        self.wait(TIME.rest)
        self.play(*appear(*whole.asked))
        self.wait(TIME.rest)
        for row in range(whole.count):
            self.play(*appear(*(column[row] for column in whole.values)))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Rotary embedding: a position is a rotation",
        says=(
            "Where does order come in? Before comparing, both models turn q and k, pair by pair,",
            "by an angle that grows with the position. A rotation keeps the length.",
        ),
        pause=True,
        covers=("5.3", "0.3"),
    )
    def rotary(self) -> None:
        """One pair of the followed query, turned to every position; its length stays."""
        self.turning = turning = Turning(self.recording)
        self.play(*appear(turning.circle, turning.which, turning.source, *turning.q.both))
        self.play(Appear(turning.spokes))
        self.play(*appear(turning.slots, turning.at_q))
        self.play(*appear(turning.rule, turning.values[0]))
        self.play(Appear(turning.values[1]))
        self.wait(TIME.rest)
        self.play(*swept(turning.alone, 0, turning.last), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.go_next(*turning.values, turning.rule, turning.which)

    @section(
        "So of position, a score knows the distance only",
        says=(
            "Move the query and its best key together: the angle between them stays.",
            "So does the score. Put at all places, they give each diagonal a single value.",
        ),
        pause=True,
        covers=("5.3", "0.2", "0.6"),
    )
    def offset(self) -> None:
        """Query and key led through the positions at one offset; the score stays."""
        turning = self.turning
        by = ByOffset(turning)
        end = turning.last - turning.offset
        self.play(*swept(turning.back, turning.last, turning.offset))
        self.play(*leave(turning.spokes))
        self.play(*appear(*turning.k.both, turning.at_k, turning.between))
        self.play(*swept(turning.together, 0, end), run_time=TIME.sweep * 0.6)
        self.play(*leave(turning.slots, turning.at_q, turning.at_k))
        self.play(*appear(by.rule, by.grid, *by.names, by.same))
        self.play(*appear(by.frame, by.score, *by.unscaled))
        self.play(*swept([*turning.hands, *by.steps], end, 0), run_time=TIME.sweep * 0.6)
        self.play(*appear(by.before, by.spread, by.rounding))
        self.wait(TIME.rest)
        self.clear_next()

    @section(
        "In truth, nGPT’s learned scale bends this rule a little",
        says=(
            "One honest correction: s Q K comes after the rotation, entry by entry.",
            "Pairs that turn fast got nearly equal numbers; the others hardly turn.",
        ),
        pause=True,
        covers=("5.3", "0.6"),
    )
    def bent(self) -> None:
        """s_qk of both entries of every pair, and the largest change of a score by it."""
        bent = Bent(self.recording)
        self.play(*appear(bent.rule, bent.source, bent.bars.axis, bent.legend))
        self.play(*(grown(row) for row in bent.bars.rows), run_time=TIME.sweep / 2)
        self.play(*appear(*bent.ends))
        self.wait(TIME.rest)
        self.play(*appear(*bent.values, bent.none))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "To take away",
        says=(
            "Both models compare, share and mix. With q and k made length one, nGPT",
            "multiplies by the root where the traditional model divides.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = self.to_remember(
            (
                "traditional",
                ("Traditional: q and k of any length; a root divides products.",),
            ),
            ("normalized", ("nGPT, as here: q, k made length 1, then scaled entry by entry.",)),
            ("scale", ("So learned scale and root make its scores larger again.",)),
            ("ink", ("Rotary embeddings keep lengths; of place, distance counts.",)),
        )
        self.take_away(points)
        self.clear_next()

    @section(
        "How large should all these scales be?",
        says=("But how large should such scales be, and who sets them? That comes next.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 6: the scale in the score, lit."""
        card = NextChapter("Next", "6 · Scale management").shift((0, -2.0, 0))
        score = self.sides.whole
        self.play(Appear(score))
        self.play(*dimmed(*(p for name, p in score.parts.items() if name[:5] != "scale")))
        self.play(Appear(card))
        self.wait(TIME.rest)
