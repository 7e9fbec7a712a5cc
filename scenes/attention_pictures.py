"""Pictures of chapter 5: who asks whom, and the way from hidden states to the mix of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Attention
from scenes.claims.attention import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.stage.blocks import Block, Connection
from scenes.stage.cards import set_at
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.marks import Dot, arc, term_of
from scenes.stage.pieces import row_px, shown_as, width_of
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of
from scenes.stage.space import Space, View
from scenes.stage.split import Half, SplitScreen
from scenes.stage.style import COLOUR, GRID, LAYER, PIXEL, SIZE, STROKE, Point
from scenes.stage.text import Line

RADIUS = 2.35
ROLES = ("traditional", "normalized")
"""Of each half of the split screen."""

STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }}'
    " dot.o ( {{ NAME : transformation }} - {{ h : normalized }} ))"
)
SCORES = (
    "{{ q : traditional_q }} dot {{ k : traditional_k }} thin {{ slash thin sqrt(d_k) : scale }}",
    "{{ q : normalized_q }} dot {{ k : normalized_k }} thin {{ times thin sqrt(d_k) : scale }}",
)
TURNED = "turned by position"
STATE = '"state of a letter:" h'


class Recall:
    """Chapter 4 in one picture: h, the suggestion, and the step towards it."""

    def __init__(self, record: Attention) -> None:
        here, there, went = (
            np.asarray(getattr(record, f"recall_{name}"), dtype=float)
            for name in ("h", "suggestion", "next")
        )
        name = "h_M" if int(record.recall_update) % 2 else "h_A"
        term = f"{{{{ {name} : transformation }}}}"
        self.view = View.onto_arc(here, there, 40)
        self.space = Space(self.view, (GRID.picture, GRID.middle), RADIUS)
        self.sphere = Hypersphere(self.space)
        self.here = Dot(self.space, here, "normalized", px=28)
        self.there = Dot(self.space, there, "transformation", px=28)
        self.between = arc(self.space, here, there, "muted", STROKE.axis)
        self.step = arc(self.space, here, went, "normalized", STROKE.flow)
        self.names = [
            term_of(self.space, here, there, "{{ h : normalized }}"),
            term_of(self.space, there, here, term),
        ]
        self.rule = Equation(STEPPING.replace("NAME", name))
        self.went = Dot(self.space, went, "normalized", px=20)
        self.meaning = [
            Explained(term, "the block’s suggestion"),
            Explained("{{ alpha : scale }} dot.o", "each dimension by its own step size α:"),
        ]
        self.values = [
            Readout(
                Line("angle to the suggestion"), record.traced("recall_angle").degrees, places=1
            ),
            Readout(
                Line("h moves by"), record.traced("recall_moved").degrees, places=1,
                role="normalized",
            ),
        ]  # fmt: skip
        position, number = int(record.recall_position), int(record.recall_update) + 1
        self.prompt = Prompt(record.recall_prompt, position, "normalized", px=SIZE.readout)
        words = f"our toy nGPT, update {number} of the lit letter’s state"
        self.source = set_at(Line(words, role="muted", px=SIZE.tick), GRID.panel, -2.85)
        stacked([self.prompt, self.rule, *self.meaning], GRID.panel, 2.3, gap=0.45)
        aside = Line("so h may leave the white line", px=SIZE.label)
        set_at(aside, self.meaning[1].words.get_left()[0], self.meaning[1].baseline - 0.42)
        self.meaning[1].add(aside)
        column_of(self.values, GRID.panel, -1.3, 0.75)


class Letters(VGroup):
    """A sentence, letter by letter, one of them lit; `arcs` lead from it back to those it sees.

    Longer tokens stand as far apart as they are wide.
    """

    BETWEEN = 0.35
    """Between two tokens that are longer than a letter."""

    def __init__(self, sentence: Sequence[str], query: int, up: float, width: float) -> None:
        super().__init__()
        spacing = min(0.8, width / len(sentence))
        px = min(SIZE.title * 1.2, spacing / PIXEL * 0.9)
        across = spacing * (np.arange(len(sentence)) - (len(sentence) - 1) / 2)
        if any(len(token) > 1 for token in sentence):
            across, px = self._by_width(sentence, width)
        self.places = np.stack([across, 0 * across + up, 0 * across], axis=1)
        self.query, self.spacing = query, spacing
        for number, letter in enumerate(sentence):
            lit = number == query
            line = Line(shown_as(letter), px=px, role="ink" if lit else "muted", weight="SEMIBOLD")
            line.shift((across[number] - line.get_center()[0], up - line.baseline, 0))
            self.add(line)

    def _by_width(self, sentence: Sequence[str], width: float) -> tuple[np.ndarray, float]:
        """The middles of tokens that are as far apart as they are wide, and their size."""
        words, between = [shown_as(token) for token in sentence], self.BETWEEN * len(sentence)
        px = row_px(["".join(words)], [width - between], SIZE.title * 1.2, "SEMIBOLD")
        widths = [width_of(word, px, "SEMIBOLD") + self.BETWEEN for word in words]
        ends = np.cumsum(widths)
        return ends - np.array(widths) / 2 - ends[-1] / 2, px

    def arcs(self) -> VMobject:
        """Thin arcs from the query above the lit letter to each letter before it, and a loop."""
        tops = self.places[: self.query + 1] + np.array([0, 0.62, 0])
        start, ends = tops[-1] + np.array([0, 0.45, 0]), tops[:-1]
        line = VMobject(fill_opacity=0).set_stroke(COLOUR.ink, STROKE.axis, 0.8)
        rise = 0.2 + min(0.1, 1.2 / len(tops)) * np.arange(len(ends), 0, -1)
        up = np.array([[0, 1, 0]]) * rise[:, None]
        starts = np.repeat(start[None], len(ends), axis=0)
        pieces = np.stack([starts, starts + up, ends + up, ends], axis=1)
        pieces = np.concatenate([pieces, self._loop(start, tops[-1])[None]])
        return line.set_points(pieces.reshape(-1, 3)).set_z_index(LAYER.arc)

    def _loop(self, start: Point, end: Point) -> Point:
        """From the query round it to its own letter: a letter asks itself too [4, 3]."""
        out = np.array([0.85 * self.spacing, 0, 0])
        return np.stack([start, start + out, end + out, end])

    @property
    def later(self) -> list[VMobject]:
        """The letters after the lit one, which it does not see."""
        return list(self)[self.query + 1 :]

    def under(self, number: int, term: str, down: float) -> Equation:
        """A term below a letter."""
        return Equation(term, px=SIZE.readout).move_to(self.places[number] - np.array([0, down, 0]))


class LookBack:
    """One letter asks, those up to it are asked: query, keys and values."""

    def __init__(self, record: Attention) -> None:
        query = int(record.query)
        self.letters = letters = Letters(record.sentence, query, 0.55, GRID.right - GRID.left - 1)
        self.arcs = letters.arcs()
        self.asks = letters.under(query, "q", -0.8)
        self.keys = [letters.under(number, "k", 0.5) for number in range(query + 1)]
        self.values = [letters.under(number, "v", 1.0) for number in range(query + 1)]
        self.meaning = [
            Explained("q", in_tokens(record, "query: what the lit letter looks for")),
            Explained("k", in_tokens(record, "key: what a letter can be found by")),
            Explained("v", "value: what it hands over when found"),
        ]
        stacked(self.meaning, GRID.left + 0.6, -1.15, gap=0.4)
        self.rule = Equation('"mix" = sum {{ "share" : scale }} dot v')
        self.share = noted("share: how well q and k match,", "all shares together make one")
        stacked([self.rule, self.share], GRID.panel, -1.05, gap=0.4)


class TermBlock(Block):
    """A block with an equation for its name."""

    def __init__(
        self, term: str, role: str, size: tuple[float, float], *, optional: bool = False
    ) -> None:
        super().__init__("x", role, size, optional=optional)
        self.remove(self.label)
        self.term = Equation(term, px=SIZE.body).move_to(self.area)
        self.add(self.term)


BLOCK, NARROW, BROAD = 0.44, 1.45, 2.5
COLUMNS = (-2.05, -0.5, 2.1)
MIDDLE = (COLUMNS[0] + COLUMNS[1]) / 2
WIDTH_QK = COLUMNS[1] - COLUMNS[0] + NARROW
TOP, LOW = 1.86, -2.72
STEPS = ("h", "rms", "qkv", "turn", "norm", "dot", "softmax", "mix")
NORM_FIRST = ("h", "rms", "qkv", "norm", "turn", "dot", "softmax", "mix")
"""Where q, k and v stand in a half, what q and k lead to, and how wide is what holds both; the
steps from the top down, in nGPT and in a baseline that normalizes q and k."""

SIZED = ("h divided by its", "root mean square,", "times learned gains")
"""What RMSNorm does."""


@dataclass(frozen=True)
class QKNorm:
    """The step that normalizes q and k in a model: its name, and what is said beside it."""

    term: str
    said: tuple[str, str]
    optional: bool


def qk_norms(record: Attention) -> tuple[QKNorm | None, QKNorm]:
    """That of the baseline, if it has one, and nGPT's."""
    has = CLAIMS.true(record, "in nGPT; ours has it")
    scaled = '"learned"' if record.s_qk_on_keys else "q"
    own = QKNorm(f'"Norm, then" dot.o {scaled} s_(q k)', ("2 Norm is optional", has), optional=True)
    if not record.gpt_qk_norm:
        return None, own
    return QKNorm('"RMSNorm of" q "and of" k', ("2 QK-norm", "of this model"), optional=False), own


class Pipeline:
    """Attention of one model from the hidden state to the mix of values, from the top down.

    `parts` are shown one after the other; `own` are the blocks that the other model has otherwise.
    """

    def __init__(
        self,
        half: Half,
        role: str,
        score: str,
        qk_norm: QKNorm | None,
        turned: str,
        state: str,
    ) -> None:
        self.half, self.normed, self.qk_norm = half, role == "normalized", qk_norm
        normed = self.normed
        self.steps = STEPS if normed or qk_norm is None else NORM_FIRST
        q, k, v = COLUMNS
        start = self._term(state, role, BROAD, k, "h")
        into: list[VMobject] = (
            [start] if normed else [start, self._word("x = RMSNorm(h)", role, k, "rms")]
        )
        taken = "h" if normed else "x"
        projected = [
            self._term(f"{n} = W_{n} {taken}", role, NARROW, x, "qkv")
            for n, x in zip("qkv", COLUMNS, strict=True)
        ]
        self.score = self._term(score, "scale", BROAD, MIDDLE, "dot")
        self.norm = None if qk_norm is None else self._norming(qk_norm)
        levels = [at for at in self.steps[2:6] if at != "norm" or qk_norm is not None]
        lower = [self._down(x, *ends) for x in (q, k) for ends in pairwise(levels)]
        turn = self._word(turned, "muted", MIDDLE, "turn", wide=WIDTH_QK)
        side = [(v, "qkv", -BLOCK / 2), (v, "mix", 0.0), (MIDDLE + BROAD / 2, "mix", 0.0)]
        values = Connection(
            np.array([self._at(x, at) + np.array([0, up, 0]) for x, at, up in side])
        )
        self.parts = (
            VGroup(*into, *self._fork(), *projected),
            VGroup(*lower, turn, *([self.norm] if self.norm else []), self.score),
            VGroup(
                self._down(MIDDLE, "dot", "softmax"),
                self._word("softmax", role, MIDDLE, "softmax"),
            ),
            VGroup(
                self._down(MIDDLE, "softmax", "mix"),
                values,
                self._word("mix: a head’s answer", role, MIDDLE, "mix"),
            ),
        )
        notes = self._notes(role, k)
        self.parts[0].add(*notes, self._matrices())
        entries = self._entries()
        self.parts[1].add(entries)
        notes.append(entries)
        self.counts = self._counts(k)
        self.own = [
            *into[1:], *into[:normed], *notes, *([self.norm] if self.norm else []), self.score
        ]  # fmt: skip

    def _notes(self, role: str, k: float) -> list[VMobject]:
        """Beside the state: that its length is 1 already, or what RMSNorm makes of it."""
        if self.normed:
            note = Line("length 1 already", px=SIZE.tick, role=role)
            place = self._at(k + BROAD / 2 + 0.2, "h")
            return [note.shift(place - note.get_left())]
        left, up, _ = self._at(k + BROAD / 2 + 0.45, "rms")
        return [
            set_at(Line(words, px=SIZE.tick, role=role), left, up + 0.43 - 0.31 * number)
            for number, words in enumerate(SIZED)
        ]

    def _matrices(self) -> Line:
        """Between the boxes of k and v: what W stands for in all three."""
        said = Line("W: learned", px=SIZE.tick, role="muted")
        middle = self._at((COLUMNS[1] + COLUMNS[2]) / 2, "qkv")
        return said.shift(middle - said.get_center())

    def _entries(self) -> Explained:
        """Under the number of the factor: what d_k is."""
        said = Explained("d_k", "entries of q and k", px=SIZE.tick)
        said.words.shift((-0.15, 0, 0))  # closer: it is small, and in a diagram
        left, up, _ = self._at(MIDDLE + BROAD / 2 + 0.12, "dot")
        return said.shift((left - said.get_left()[0], up - 0.42 - said.baseline, 0))

    def _counts(self, k: float) -> VGroup:
        """The three differences, numbered where they are."""
        first, norm = k + BROAD / 2, MIDDLE + WIDTH_QK / 2
        places = {"1": (first, "rms"), "3": (MIDDLE + BROAD / 2, "dot")}
        if self.normed:
            places = {"1 no RMSNorm": (k + 0.05, "rms"), "3": places["3"]}
        if self.qk_norm is not None:
            places[self.qk_norm.said[0]] = (norm, "norm")
        group = VGroup()
        for words, (across, level) in places.items():
            line = Line(words, px=SIZE.tick, weight="SEMIBOLD")
            place = self._at(across + 0.12, level)
            group.add(set_at(line, place[0], place[1] - 0.34 * SIZE.tick * PIXEL))
            if level == "norm" and self.qk_norm is not None:
                ours = Line(self.qk_norm.said[1], px=SIZE.tick, role="muted")
                group.add(set_at(ours, line.get_left()[0], line.baseline - 0.3))
        return group

    def _at(self, across: float, level: str) -> Point:
        down = (TOP - LOW) / (len(STEPS) - 1)
        return self.half.at(across, TOP - self.steps.index(level) * down)

    def _term(self, term: str, role: str, width: float, across: float, level: str) -> Block:
        return TermBlock(term, role, (width, BLOCK)).move_to(self._at(across, level))

    def _word(self, words: str, role: str, across: float, level: str, wide: float = BROAD) -> Block:
        return Block(words, role, (wide, BLOCK), px=SIZE.tick).move_to(self._at(across, level))

    def _norming(self, norm: QKNorm) -> Block:
        block = TermBlock(norm.term, "scale", (WIDTH_QK, BLOCK), optional=norm.optional)
        return block.move_to(self._at(MIDDLE, "norm"))

    def _down(self, across: float, upper: str, lower: str) -> Connection:
        edge = np.array([0, BLOCK / 2, 0])
        return Connection(
            np.array([self._at(across, upper) - edge, self._at(across, lower) + edge])
        )

    def _fork(self) -> list[Connection]:
        """From h, through RMSNorm if there is one, and apart to the three projections."""
        edge = np.array([0, BLOCK / 2, 0])
        q, k, v = COLUMNS
        middle = self._down(k, "h" if self.normed else "rms", "qkv")
        through = [] if self.normed else [self._down(k, "h", "rms")]
        height = (self._at(k, "rms")[1] + self._at(k, "qkv")[1]) / 2 - 0.02
        sides = []
        for x in (q, v):
            end = self._at(x, "qkv") + edge
            corner = np.array([end[0], height, 0])
            start = np.array([self._at(k, "qkv")[0], height, 0])
            sides.append(Connection(np.array([start, corner, end])))
        return [*through, middle, *sides]


class Pipelines:
    """Both models' ways side by side, alike but for what differs."""

    def __init__(self, record: Attention) -> None:
        self.screen = SplitScreen()
        self.halves = (self.screen.left, self.screen.right)
        state = in_tokens(record, STATE)
        turns = (TURNED, CLAIMS.true(record, TURNED))
        self.ways = [
            Pipeline(*way, state)
            for way in zip(self.halves, ROLES, SCORES, qk_norms(record), turns, strict=True)
        ]

    @property
    def steps(self) -> int:
        """How many steps they are shown in."""
        return len(self.ways[0].parts)

    def stage(self, number: int) -> list[VGroup]:
        """The same step of both."""
        return [way.parts[number] for way in self.ways]

    @property
    def counts(self) -> list[VGroup]:
        """The numbers beside what differs."""
        return [way.counts for way in self.ways]

    @property
    def others(self) -> list[VMobject]:
        """What is alike in both, to be dimmed."""
        own = {id(part) for way in self.ways for block in way.own for part in block.get_family()}
        parts = [p for way in self.ways for group in way.parts for p in group]
        return [part for part in parts if id(part) not in own]
