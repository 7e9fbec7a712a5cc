"""Pictures of chapter 5, built from its recording: one head of each model in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Attention, Traced
from scenes.attention_pictures import ROLES, SCORES
from scenes.claims.tokens import in_tokens
from scenes.stage.cards import set_at
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.curves import straight
from scenes.stage.equations import Equation
from scenes.stage.layout import Explained, at_left
from scenes.stage.matrices import STRENGTHS, Matrix, kept
from scenes.stage.patterns import AttentionGrid, label_width, pattern_of
from scenes.stage.pieces import elided, row_px, shown_as, width_of, wrapped
from scenes.stage.plots import Box, Measure, measure
from scenes.stage.readouts import Readout, baseline_of, row_of
from scenes.stage.split import Half, SplitScreen
from scenes.stage.style import COLOUR, LAYER, PIXEL, SIZE, STROKE
from scenes.stage.text import Line

PREFIXES = ("gpt_", "")
"""Of each half of the split screen: how its fields of the recording begin."""
SCALED = "( Q dot.o {{ s_(q k) : scale_q }} ) dot "
ON_KEYS = {True: "( K dot.o {{ s_(q k) : scale_k }} )", False: "K"}
ROOT = " thin {{ times thin sqrt(d_k) : scale }}"
RIGHT, WIDE, FOOT = 2.85, 5.1, -2.92
"""Half the width of what stands in a half, and the width of its bars, and the lowest baseline."""
BARS, OVER_BARS = (-2.1, 2.05), 0.25
"""The foot and the height of a half's bars, and the baseline of what stands above them."""


def head_in_words(record: Attention, prefix: str) -> str:
    """Which model and which of its heads the numbers are of, and how that was chosen."""
    layers, heads = getattr(record, f"{prefix}entropies").shape
    layer, head = (int(getattr(record, f"{prefix}{name}")) for name in ("layer", "head"))
    place = f"layer {layer + 1} of {layers}, head {head + 1} of {heads}"
    other = record.sentence != record.gpt_sentence and prefix
    return f"our larger model, {place}: a typical one" + "; reads other tokens" * bool(other)


def whole_score(record: Attention) -> str:
    """Softmax of nGPT's scores, with every scale that is in them."""
    score = SCALED + ON_KEYS[bool(record.s_qk_on_keys)] + ROOT
    for name in "qk":
        term = f"{{{{ {name} : normalized_{name} }}}}"
        score = score.replace(name.upper(), f'"Norm" ( {term} )' if record.qk_norm else term)
    return f'"softmax" ( {score} )'


@dataclass(frozen=True)
class Side:
    """One model's half of the split screen, and where its numbers are."""

    record: Attention
    half: Half
    role: str
    prefix: str

    def row(self, name: str) -> tuple[Traced, ...]:
        """A row of numbers of this model."""
        return row_of(self.record, self.prefix + name)

    def one(self, name: str, *index: int) -> Traced:
        """A number of this model."""
        return self.record.traced(self.prefix + name, *index)

    def box(self, bottom: float, height: float) -> Box:
        """Where its bars stand."""
        return Box(float(self.half.at(RIGHT - WIDE, 0)[0]), bottom, WIDE, height)

    @property
    def sentence(self) -> tuple[str, ...]:
        """The tokens that this model reads."""
        found: tuple[str, ...] = getattr(self.record, f"{self.prefix}sentence")
        return found

    @property
    def query(self) -> int:
        """Which of them is followed."""
        return int(getattr(self.record, f"{self.prefix}query"))

    @property
    def seen(self) -> tuple[str, ...]:
        """The tokens that the followed one sees."""
        return self.sentence[: self.query + 1]

    @property
    def left(self) -> float:
        """Where its texts begin."""
        return float(self.half.at(-RIGHT, 0)[0])

    def flush_right(self, line: Line, baseline: float) -> Line:
        """Put a line where its texts end."""
        edge = float(self.half.at(RIGHT, 0)[0])
        return line.shift((edge - line.get_right()[0], baseline - line.baseline, 0))


class Sides:
    """Both models on a split screen, and the letters that the followed query sees."""

    def __init__(self, record: Attention, screen: SplitScreen) -> None:
        self.record, self.screen = record, screen
        self.both = [
            Side(record, half, role, prefix)
            for half, role, prefix in zip((screen.left, screen.right), ROLES, PREFIXES, strict=True)
        ]
        self.scores = [Equation(score) for score in SCORES]
        self.shares_rules = [Equation(f'"share" = "softmax" ( {score} )') for score in SCORES]
        self.whole = Equation(whole_score(record), px=SIZE.title * 1.2)
        self.whole.move_to((0, 0.6, 0))
        self.factors = [
            Readout(
                Equation(f"{{{{ {term} : scale }}}} =", px=SIZE.readout), side.one("scale"),
                role="scale",
            )
            for term, side in zip(("1 slash sqrt(d_k)", "sqrt(d_k)"), self.both, strict=True)
        ]  # fmt: skip
        self.sizes = [
            Readout(
                Explained("d_k", "entries of q and k:", px=SIZE.tick), side.one("head_dim"),
                places=0, px=SIZE.label,
            )
            for side in self.both
        ]  # fmt: skip
        self.products = [self._product(side) for side in self.both]
        self.chances = [
            Readout(Line("dashed: random q and k", px=SIZE.tick), side.row("chance"), px=SIZE.label)
            for side in self.both
        ]
        for side, chance in zip(self.both, self.chances, strict=True):
            chance.shift((side.left - chance.get_left()[0], 1.12 - baseline_of(chance.label), 0))
        self.softmax = [Equation('e^"score" slash sum e^"score"', px=SIZE.readout) for _ in ROLES]
        for side, rule in zip(self.both, self.softmax, strict=True):
            edge = float(side.half.at(RIGHT, 0)[0]) - rule.get_right()[0]
            rule.shift((edge, 0.62 - rule.baseline, 0))
        self.sources = [self.source(side) for side in self.both]
        for side, score, rule in zip(self.both, self.scores, self.shares_rules, strict=True):
            score.move_to(side.half.at(0, 1.72))
            rule.move_to(side.half.at(0, 1.72))
        for side, factor, size in zip(self.both, self.factors, self.sizes, strict=True):
            for readout, baseline in ((factor, OVER_BARS), (size, 1.12)):
                edge = float(side.half.at(RIGHT, 0)[0]) - readout.get_right()[0]
                readout.shift((edge, baseline - baseline_of(readout.label), 0))

    def _product(self, side: Side) -> VGroup:
        """What a dot product is made of, and how long the followed query is."""
        rule = Equation("q dot k = norm(q) thin norm(k) cos(q, k)", px=SIZE.body)
        words = "length of the query" if side.role == "traditional" else "its length, scaled"
        name = Explained("norm(q)", words, px=SIZE.tick)
        length = Readout(name, side.one("q_lengths", side.query), role=side.role, px=SIZE.label)
        edge = float(side.half.at(RIGHT, 0)[0])
        rule.shift((side.left - rule.get_left()[0], 1.12 - rule.baseline, 0))
        length.shift((edge - length.get_right()[0], 1.12 - baseline_of(length.label), 0))
        return VGroup(rule, length)

    def common(self, words: str, *names: str) -> Measure:
        """One axis for the numbers of both models."""
        return measure(words, [n for side in self.both for name in names for n in side.row(name)])

    def source(self, side: Side) -> Line:
        """Which model and which of its heads the numbers are of."""
        line = Line(head_in_words(self.record, side.prefix), role="muted", px=SIZE.least)
        return line.shift((side.left - line.get_left()[0], FOOT - line.baseline, 0))

    def levels(self, bars: Sequence[ChangingBars]) -> list[Level]:
        """What random q and k give, across the bars of both models."""
        return [
            Level(each, side.row("chance"))
            for each, side in zip(bars, self.both, strict=True)
        ]  # fmt: skip

    def bars(self, names: Sequence[str], y: Measure, places: int) -> list[ChangingBars]:
        """Bars of both models, one for each letter that the query sees."""
        return [
            ChangingBars(
                side.box(*BARS), y, [side.row(name) for name in names], side.seen, side.role,
                places=places, lit=side.query,
            )
            for side in self.both
        ]  # fmt: skip

    def renamed(self, bars: Sequence[ChangingBars], words: str) -> tuple[list[Line], list[Line]]:
        """What stands above the bars of both models, and what is to take its place.

        The former is no part of their axes any more, so that it can go alone.
        """
        now = [each.axis.heading for each in bars]
        for each in bars:
            each.axis.texts.remove(each.axis.heading)
        return now, [_in_place_of(name, words) for name in now]


def _in_place_of(name: Line, words: str) -> Line:
    line = Line(words, px=SIZE.tick, role="muted")
    return line.shift((name.get_left()[0] - line.get_left()[0], name.baseline - line.baseline, 0))


class Level(VMobject):
    """A dashed line across bars, at a number that changes with them.

    Its dashes stand between the bars, where they cross no bar's number.
    """

    LONGEST, SHORTEST = 0.4, 0.15  # of the way from bar to bar

    def __init__(self, bars: ChangingBars, numbers: Sequence[Traced]) -> None:
        super().__init__(fill_opacity=0)
        self.set_stroke(COLOUR.ink, STROKE.arc).set_z_index(LAYER.arc)
        box, count = bars.axis.box, len(bars.states[0])
        self.heights = [bars.axis.height_of(number.value) for number in numbers]
        room = max((number.room for number in bars.columns), default=0.0) * count / box.width
        half = max(self.SHORTEST, min(self.LONGEST, 1 - room)) / 2
        places = np.arange(count + 1)
        starts, ends = (np.clip(places + by, 0, count) for by in (-half, half))
        starts, ends = (
            np.outer(box.left + at * box.width / count, [1, 0, 0]) for at in (starts, ends)
        )
        self.outline = straight(starts, ends)
        self.show_row(0)

    def show_row(self, row: float) -> None:
        """Go to the height of one of the numbers, or between two of them."""
        up = float(np.interp(row, np.arange(len(self.heights)), self.heights))
        self.set_points(self.outline + np.array([0, up, 0]))


class Mixing:
    """Shares, values and their mix for the followed query, in both models."""

    def __init__(self, sides: Sides) -> None:
        self.rules = [
            Equation(f'"mix" = sum {{{{ "share" : scale }}}} dot {{{{ v : {side.role} }}}}')
            for side in sides.both
        ]
        self.parts = [Mixed(sides, side) for side in sides.both]
        all_heads = 'W_o ( "mixes of all heads, end to end" )'
        self.whole = [
            Equation(rule, px=SIZE.readout)
            for rule in (ADDED.replace("ANSWER", all_heads), SUGGESTED.replace("ANSWER", all_heads))
        ]
        for rules in (self.rules, self.whole):
            for side, rule in zip(sides.both, rules, strict=True):
                rule.move_to(side.half.at(0, 1.72))
        self.learned = [Explained("W_o", "a learned matrix", px=SIZE.tick) for _ in sides.both]
        for side, each in zip(sides.both, self.learned, strict=True):
            each.shift((side.left - each.get_left()[0], 1.22 - each.baseline, 0))


class Mixed:
    """One model's shares beside its values, and below them the mix."""

    MOST, HIGH, TOP = 7, 2.6, 0.7
    CELL, FOR_NAMES, AT_MOST = 64.0, 0.5, 1.4
    """How wide a cell is in pixels, what there is for a letter's name, and for a longer token's."""

    def __init__(self, sides: Sides, side: Side) -> None:
        self.side, self.seen = side, [shown_as(token) for token in side.seen]
        self.high = min(46.0, self.HIGH / len(side.seen) / PIXEL)
        self.px = min(SIZE.label, self.high * 0.9)
        wide = self._name_tokens()
        width = int(side.one("head_dim").value)
        fewer = int(np.ceil(wide / (self.CELL * PIXEL)))
        self.columns = [j for j in kept(width, self.MOST - fewer) if j is not None]
        self.gap = len(self.columns) - 1 if len(self.columns) < width else None
        values = [[side.one("v", i, j) for j in self.columns] for i in range(len(side.seen))]
        mix = [[side.one("mixed", side.query, j) for j in self.columns]]
        self.values = self._matrix(values)
        # In the same strengths of colour: no entry of a mix is larger than all it is mixed of.
        self.mix = self._matrix(mix, numbers=True, full=self.values.full)
        shares = [[share] for share in side.row("weights")]
        small = max(SIZE.least, min(SIZE.tick, self.high * 0.8))
        self.shares = Matrix(shares, "scale", cell=(84.0, self.high), px=small, full=1.0)
        left = side.left + 0.6 + wide
        at_left(self.shares, left, self.TOP)
        at_left(self.values, self.shares.get_right()[0] + 0.55, self.TOP)
        at_left(self.mix, self.values.get_left()[0], self.values.get_bottom()[1] - 0.2)
        best = int(np.argmax([share.value for (share,) in shares]))
        largest = Line("framed: largest share", px=SIZE.tick, role="muted")
        self.frames = [
            *(matrix.row_frame(best) for matrix in (self.shares, self.values)),
            side.flush_right(largest, self.TOP + 0.52),
        ]
        self.asked = VGroup(
            self._letters(left - 0.3 - wide / 2), self.shares, self._above("share", self.shares)
        )
        words = in_tokens(sides.record, "value of each letter; grey: below zero")
        self.given = VGroup(self.values, self._above(words, self.values))
        self.name = Line("mix", px=SIZE.label, weight="SEMIBOLD")
        middle = np.array([self.shares.get_center()[0], self.mix.get_center()[1], 0])
        self.name.shift(middle - self.name.get_center())

    def _matrix(
        self, cells: list[list[Traced]], *, numbers: bool = False, full: float | None = None
    ) -> Matrix:
        return Matrix(
            cells, self.side.role, cell=(self.CELL, self.high), numbers=numbers, px=SIZE.least,
            gaps=(None, self.gap), full=full,
        )  # fmt: skip

    def _name_tokens(self) -> float:
        """Find a size for the tokens seen; gives how much wider they are than letters."""
        if all(len(token) == 1 for token in self.seen):
            return 0.0
        rooms = [self.AT_MOST] * len(self.seen)
        self.px = row_px(self.seen, rooms, max(SIZE.least, self.px), "NORMAL")
        self.seen = [elided(token, self.AT_MOST, self.px) for token in self.seen]
        widest = max(width_of(token, self.px) for token in self.seen)
        return max(0.0, widest - self.FOR_NAMES)

    def _letters(self, middle: float) -> VGroup:
        """The letters seen, each beside its share."""
        px = self.px
        lines = [Line(letter, px=px) for letter in self.seen]
        for number, line in enumerate(lines):
            baseline = self.shares.middle_of(number, 0)[1] - 0.17 * px * PIXEL
            line.shift((middle - line.get_center()[0], baseline - line.baseline, 0))
        return VGroup(*lines)

    def _above(self, words: str, matrix: Matrix) -> Line:
        line = Line(words, px=SIZE.tick, role="muted")
        left = matrix.get_left()[0] - line.get_left()[0]
        return line.shift((left, self.TOP + 0.25 - line.baseline, 0))


ADDED = "{{ h : traditional }} <- {{ h : traditional_before }} + {{ ANSWER : transformation }}"
SUGGESTED = '{{ h_A : transformation }} = "Norm" ( {{ ANSWER : transformation_answer }} )'
"""What becomes of all heads' answers in each model."""

FULL = 0.3 * len(STRENGTHS) / (len(STRENGTHS) - 1)
"""So that the strongest colour begins at a share of 0.3: measured against 1, the shares of a spread
row would not be seen."""


class Patterns:
    """The whole pattern of each head, and how spread it is."""

    WIDE = 3.7
    """Of a grid with the names of its rows."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.grids = [self._grid(side) for side in sides.both]
        edges = [float(grid.get_right()[0]) + 0.35 for grid in self.grids]
        self.asked = [
            VGroup(
                set_at(Line("entropy: how spread", px=SIZE.tick), left, 1.4),
                set_at(Line("0 nat: one takes all", px=SIZE.tick, role="muted"), left, 1.05),
            )
            for left in edges
        ]
        self.frames = [
            grid.grid.row_frame(side.query)
            for grid, side in zip(self.grids, sides.both, strict=True)
        ]
        framed = in_tokens(sides.record, "rows ask columns; framed: the lit letter")
        said = (framed, "both: full colour from a share of 0.3 on")
        self.notes = [
            VGroup(*self._notes(grid, words)) for grid, words in zip(self.grids, said, strict=True)
        ]
        self.values = [
            self._entropies(side, left) for side, left in zip(sides.both, edges, strict=True)
        ]
        self.count = len(self.values[0])

    def _notes(self, grid: AttentionGrid, legend: str) -> list[Line]:
        """How both grids are read, half of it below each; why a corner is empty, in that."""
        left, right = float(grid.grid.corner[0]), float(grid.grid.get_right()[0])
        foot = float(grid.get_bottom()[1])
        lines = [
            set_at(Line(words, px=SIZE.tick, role="muted"), left, foot - 0.35 - 0.3 * number)
            for number, words in enumerate(wrapped(legend, right - left + 0.3, SIZE.tick))
        ]
        later = in_tokens(self.sides.record, "later letters")
        for words, down in ((later, 0.75), ("are not asked", 1.05)):
            line = Line(words, px=SIZE.tick, role="muted")
            line.shift((right - 0.2 - line.get_right()[0], 0, 0))
            lines.append(line.shift((0, float(grid.grid.corner[1]) - down - line.baseline, 0)))
        return lines

    def _grid(self, side: Side) -> AttentionGrid:
        letters = side.sentence
        cell = self.WIDE / (len(letters) + 1) / PIXEL
        px = max(SIZE.least, min(SIZE.tick, cell * 0.85))
        if any(len(letter) > 1 for letter in letters):  # longer names, of which a row has room
            wide = self.WIDE - label_width(letters, cell, px) - 0.14
            cell = min(cell, wide / len(letters) / PIXEL)
        cells = pattern_of(side.record, f"{side.prefix}pattern")
        grid = AttentionGrid(cells, letters, side.role, side=cell, px=px, full=FULL)
        at_left(grid, side.left, 1.75)
        return grid

    def _entropies(self, side: Side, left: float) -> list[Readout]:
        """This head's, the mean of all heads', and the largest possible, names above numbers."""
        place = (int(side.one("layer").value), int(side.one("head").value))
        numbers = (
            ("this head, mean row", side.one("entropies", *place), side.role),
            ("mean of all heads", side.one("entropies_mean"), side.role),
            ("if spread evenly", side.one("entropy_uniform"), "muted"),
        )
        column = []
        for down, (words, number, role) in enumerate(numbers):
            name = set_at(Line(words, role=role, px=SIZE.tick), left, 0.55 - down)
            readout = Readout(name, number, role=role, px=SIZE.label)
            readout.number.end_at(left + readout.number.room, 0.13 - down)
            column.append(readout)
        return column
