"""Pictures of chapter 6, built from its recording: cosines, and where the scales are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from manim import VGroup

from ngpt_math.recordings import ScaleManagement, Traced
from scenes.claims.scale_management import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.stage.bars import Bars
from scenes.stage.blocks import Block, Connection, NormPoint
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.marks import Dot, Tag, arc, tag, term_of
from scenes.stage.patterns import AttentionGrid, pattern_of
from scenes.stage.pieces import elided, row_px, shown_as, text_of
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Label, Number, Readout, baseline_of, column_of, row_of
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE, STROKE, Point
from scenes.stage.text import Line


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scale: its term in Typst, its name in settings, and the block that it is in."""

    term: str
    setting: str
    block: str

    def equation(self, px: float = SIZE.readout) -> Equation:
        """The term in its role."""
        return Equation(f"{{{{ {self.term} : scale }}}}", px=px)


MOST_LETTERS = 30
"""Directions of letters drawn on the sphere, about."""

RADIUS = 2.35

LONGEST = 1.6
"""Room for a token in a line of words, in Manim's units."""

UNSEEN = {"␣": ("space", "·"), "⏎": ("↲", "↲")}
"""What stands in a recording for a letter that cannot be seen: its name, and a shorter sign."""

KINDS = {
    "α_A": Kind("alpha_A", "alpha", "step after attention"),
    "α_M": Kind("alpha_M", "alpha", "step after feed-forward"),
    "s_qk": Kind("s_(q k)", "s_qk", "attention, q and k"),
    "s_u": Kind("s_u", "s_hidden", "feed-forward, units"),
    "s_ν": Kind("s_nu", "s_gate", "feed-forward, gates"),
    "s_z": Kind("s_z", "s_logit", "logits"),
}
"""By the paper's name, as recordings list them."""


def kinds_of(record: ScaleManagement) -> list[Kind]:
    """The recorded kinds in order."""
    return [KINDS[name] for name in record.kinds.split(",")]


def place_of(record: ScaleManagement, name: str) -> int:
    """Which of the recorded kinds is called so."""
    return record.kinds.split(",").index(name)


def prompt_of(record: ScaleManagement) -> list[str]:
    """The prompt as it was read by the model, token by token."""
    return [text_of([piece]) for piece in record.prompt]


def quoted_prompt(record: ScaleManagement) -> str:
    """The prompt in quotation marks."""
    return f"“{''.join(prompt_of(record))}”"


class Recall:
    """Chapter 5 in one picture: one head's attention, and the scale that was in its formula."""

    def __init__(self, record: ScaleManagement) -> None:
        cells, query = pattern_of(record, "recall_pattern"), int(record.query)
        self.grid = AttentionGrid(cells, record.prompt, "normalized", side=34)
        self.grid.move_to((GRID.picture, GRID.middle, 0))
        self.frame = self.grid.grid.row_frame(query)
        self.rule = Equation('"softmax" ( sqrt(d_k) {{ s_(q k)^2 : scale }} cos(q, k) )')
        self.terms = [
            Explained("cos(q, k)", "how well query and key agree"),
            Explained("d_k", "how many entries a query or a key has"),
            Explained("{{ s_(q k) : scale }}", "learned, on q and on k: here in short"),
        ]
        source = noted(
            "one head of our larger model:",
            f"layer {int(record.layer) + 1}, head {int(record.head) + 1};",
            f"framed: where {called(record.prompt[query])} looks;",
            "full colour: a share of 1",
            px=SIZE.tick,
        )
        self.source = source
        stacked([self.rule, *self.terms, source], GRID.panel, 1.8, gap=0.5)


class OnSphere:
    """The toy's h among the directions of its letters, with the best and the worst fit."""

    def __init__(self, record: ScaleManagement) -> None:
        order = np.argsort(-record.toy_cosines)
        best, worst = int(order[0]), int(order[-1])
        shown = [*order[: -1 : max(1, len(order) // MOST_LETTERS)], worst]
        h, directions = record.toy_h.astype(float), record.toy_directions.astype(float)
        self.view = View.onto_arc(directions[best], directions[worst], 50)
        self.space = Space(self.view, (GRID.picture, GRID.middle), RADIUS)
        self.sphere = Hypersphere(self.space)
        self.dots = [Dot(self.space, directions[letter], "normalized", px=18) for letter in shown]
        self.state = [
            Dot(self.space, h, "ink", px=26),
            term_of(self.space, h, directions[best], "{{ h : ink }}"),
        ]
        self.arcs = [
            arc(self.space, h, directions[best], "normalized"),
            arc(self.space, h, directions[worst], "muted", STROKE.axis),
        ]
        self.ends = [
            self._end(directions[letter], record.toy_letters[letter], role)
            for letter, role in ((best, "normalized"), (worst, "muted"))
        ]
        self.rule = Equation("cos( {{ h : ink }}, {{ e : normalized }} )")
        self.terms = [
            Explained("{{ h : ink }}", f"the state after “{text_of(record.toy_prompt)}”"),
            Explained("{{ e : normalized }}", "a letter’s direction, for the output"),
        ]
        self.values = [
            Readout(Line(f"{fit} fit, {called(record.toy_letters[letter])}", role=role), cosine)
            for fit, letter, cosine, role in (
                ("best", best, record.traced("toy_cosines", best), "normalized"),
                ("worst", worst, record.traced("toy_cosines", worst), "muted"),
            )
        ]
        whose = CLAIMS.true(record, "a model with three dimensions, trained here")
        source = Line(whose, role="muted", px=SIZE.tick)
        self.source = source
        stacked([self.rule, *self.terms], GRID.panel, 1.9, gap=0.5)
        column_of(self.values, GRID.panel, -0.6, 0.65)
        stacked([source], GRID.panel, -2.0)

    def _end(self, at: Point, letter: str, role: str) -> Tag:
        """A letter's name beside its dot, on the side away from the sphere."""
        away = self.space.drawn(at) - self.space.centre
        across, up, _ = away / np.linalg.norm(away) * 20
        words = UNSEEN[letter][0] if letter in UNSEEN else letter
        return tag(self.space, at, words, role, (float(across), float(up)), SIZE.label)


def called(letter: str) -> str:
    """A letter or longer token in words."""
    return UNSEEN[letter][0] if letter in UNSEEN else f"“{shortened(shown_as(letter))}”"


def shortened(words: str) -> str:
    """A long token without its middle."""
    return elided(words, LONGEST, SIZE.label)


class Unsure:
    """The cosines of the likeliest letters; their probabilities without and with s_z."""

    def __init__(self, record: ScaleManagement) -> None:
        cosines, letters = row_of(record, "cosines"), list(record.next_tokens)
        table = [
            row_of(record, "unscaled"),
            row_of(record, "probabilities", int(record.trained)),
        ]
        bottom, width, height = -1.35, 5.0, 2.6
        self.left = Bars(
            Box(GRID.left + 0.75, bottom, width, height),
            measure(in_tokens(record, "cosine of h with each letter"), cosines),
            [cosines],
            [],
            "normalized",
        )
        self.right = ChangingBars(
            Box(GRID.panel + 0.6, bottom, width, height),
            measure(next_probability(record), [*table[0], *table[1]]),
            table,
            [],
            "normalized",
        )
        # Both plots' names at one height: that of the bars with numbers above them.
        name = self.left.axis.texts[-1]
        name.shift((0, self.right.axis.texts[-1].get_bottom()[1] - name.get_bottom()[1], 0))
        self.names = [letters_under(bars, letters) for bars in (self.left, self.right)]
        self.scales = self._scales(record)
        asked = in_tokens(record, "which letter or sign comes next?")
        self.prompt = Line(
            f"our larger model, after {quoted_prompt(record)}: {asked}", role="muted"
        )
        self.prompt.move_to((0, 2.35, 0)).align_to((GRID.left, 0, 0), np.array([-1.0, 0, 0]))
        self.bounds = Line("between −1 and 1, always", role="normalized")
        self.rules = [
            Equation('"softmax"( cos )'),
            Equation('"softmax"( {{ s_z : scale }} cos )'),
        ]
        self.count = Readout(
            Line(in_tokens(record, "letters and signs to choose from")), record.traced("vocab"),
            places=0,
        )  # fmt: skip
        self.best = Readout(
            Line(f"probability of {called(letters[0])}", px=SIZE.label), [row[0] for row in table],
            places=3, px=SIZE.label,
        )  # fmt: skip
        stacked([self.bounds, self.count], GRID.left + 0.75, -2.2, gap=0.2)
        for rule in self.rules:
            stacked([rule], GRID.panel + 0.6, -2.5)
        # The last line of both halves at one height, the right one's end at the axis'.
        base = self.rules[1].baseline
        drop = base - baseline_of(self.count.label)
        VGroup(self.bounds, self.count).shift((0, drop, 0))
        box = self.right.axis.box
        across = box.left + box.width - self.best.get_right()[0]
        self.best.shift((across, base - baseline_of(self.best.label), 0))

    def _scales(self, record: ScaleManagement) -> VGroup:
        """The s_z of each letter in a row below its bar."""
        numbers = [Number(n, places=1, px=SIZE.tick, role="scale") for n in row_of(record, "s_z")]
        for number in numbers:
            number.shift(-number.pen)
        row = under_groups(self.right, numbers, 0.8)
        term = Equation("{{ s_z : scale }}", px=SIZE.label)
        left = self.right.axis.box.left - 0.2
        term.shift((left - term.get_right()[0], numbers[0].pen[1] - term.baseline, 0))
        return row.add(term)

    @property
    def scaling(self) -> list[Step]:
        """Lead from the unscaled probabilities (0) to those of the model (1)."""
        return [
            (self.right, self.right.show_row),
            (self.best, self.best.show_row),
        ]


STATIONS: tuple[tuple[str, str, tuple[str, ...], tuple[str, str]], ...] = (
    ("attention", "ink", ("s_qk",), ("how sharply", "to look")),
    ("step", "normalized", ("α_A",), ("how far", "to step")),
    ("feed-forward", "ink", ("s_u", "s_ν"), ("how much units u", "and gates ν (nu) count")),
    ("step", "normalized", ("α_M",), ("how far", "to step")),
    ("logits", "ink", ("s_z",), ("how sure", "to be")),
)
"""What h passes on its way: the name, its role, the scales in it and what these decide."""


class Station(VGroup):
    """A part of the model with its scales above and what they decide below."""

    UP = 0.55

    def __init__(
        self, name: str, role: str, scales: Sequence[str], decides: Sequence[str], across: float
    ) -> None:
        super().__init__()
        place = np.array([across, self.UP, 0])
        self.is_step = role == "normalized"
        self.box = self._round(name, place) if self.is_step else _block(name, role)
        self.box.move_to(place)
        terms = ", quad ".join(
            f"{{{{ {KINDS[s].term} : scale_{i} }}}}" for i, s in enumerate(scales)
        )
        self.term = Equation(terms).move_to(place + np.array([0, 1.4, 0]))
        foot = self.box.get_top()[1] - place[1] + 0.08
        head = place + np.array([[0, 1.0, 0], [0, foot, 0]])
        self.arrow = Connection(head, "auxiliary", "scale")
        self.decides = noted(*decides, role="ink")
        for line in self.decides:
            line.shift((across - line.get_center()[0], 0, 0))
        self.decides.shift((0, place[1] - 1.05 - self.decides.get_top()[1], 0))
        self.scale_part = VGroup(self.term, self.arrow, self.decides)
        self.add(self.box, self.scale_part)

    def _round(self, name: str, place: np.ndarray) -> VGroup:
        words = Line(name).move_to(place)
        return VGroup(NormPoint(place, 0.52), words)


def _block(name: str, role: str) -> Block:
    """A box with its name, which is smaller if it is a long one."""
    return Block(name, role, (1.95, 0.95), px=SIZE.label if len(name) < 12 else SIZE.tick)


class Places:
    """The way of h through the model, with the six scales where they are."""

    def __init__(self, record: ScaleManagement) -> None:
        across = np.linspace(-5.1, 5.1, len(STATIONS))
        self.stations = [
            Station(*station, float(x)) for station, x in zip(STATIONS, across, strict=True)
        ]
        self.flow = VGroup(*self._flow())
        self.past = [self._past(*pair) for pair in pairwise(self.stations) if pair[1].is_step]
        self.state = Equation("{{ h : normalized }}").move_to((-6.25, Station.UP + 0.4, 0))
        ends = [self.stations[0].box.get_left()[0], self.stations[3].box.get_right()[0]]
        self.layers = _span(ends, "in every layer")
        last = self.stations[-1].box
        self.once = _span([last.get_left()[0], last.get_right()[0]], "once")
        self.about = noted(
            in_tokens(
                record, "feed-forward (also MLP) works on each letter alone: its units are numbers,"
            ),
            "each let through by a gate, more or less", px=SIZE.tick,
        )  # fmt: skip
        stacked([self.about], GRID.left, -2.5, gap=0.1)

    def _flow(self) -> Iterator[Connection]:
        edge = GRID.left
        for station in self.stations:
            left = station.box.get_left()[0]
            places = np.array([[edge, Station.UP, 0], [left - 0.05, Station.UP, 0]])
            yield Connection(places, "flow", "normalized")
            edge = station.box.get_right()[0] + 0.05

    def _past(self, block: Station, step: Station) -> Connection:
        """Thin, h's way past a block to the step, which leads from h to what the block suggests."""
        start, end = block.box.get_left()[0] - 0.28, step.box.get_center()[0]
        under = Station.UP - 0.82
        route = [(start, Station.UP), (start, under), (end, under), (end, Station.UP - 0.52)]
        return Connection(np.array([(*place, 0) for place in route]), "auxiliary", "normalized")

    @property
    def all(self) -> tuple[VGroup, ...]:
        """The whole diagram."""
        return (*self.stations, self.flow, *self.past, self.state, self.layers, self.once)


def _span(ends: Sequence[float], words: str) -> VGroup:
    """A thin double arrow with words below it: from where to where something holds."""
    up, middle = -1.75, (ends[0] + ends[1]) / 2
    line = Line(words, role="muted")
    line.move_to((middle, up - 0.4, 0))
    arms = [
        Connection(np.array([[middle, up, 0], [end, up, 0]]), "auxiliary", "muted") for end in ends
    ]
    return VGroup(*arms, line)


def letters_under(bars: Bars | ChangingBars, letters: Sequence[str]) -> VGroup:
    """The letter of each bar, large enough for a comma to be seen; a longer token if it is one."""
    room = 0.95 * bars.axis.box.width / len(letters)
    longer = [shown_as(letter) for letter in letters if letter not in UNSEEN]
    px = row_px(longer, [room] * len(longer), SIZE.readout, "NORMAL")
    return under_groups(bars, [_letter(letter, room, px) for letter in letters], 0.42)


def next_probability(record: ScaleManagement) -> str:
    """What the bars of the next tokens are."""
    return in_tokens(record, "probability of the next letter")


def _letter(letter: str, room: float, px: float) -> Line:
    """A letter as it can be seen; a space is named if there is room for the word."""
    if letter not in UNSEEN:
        return Line(elided(shown_as(letter), room, px), px=px)
    word, sign = (Line(words, px=SIZE.tick) for words in UNSEEN[letter])
    return word if word.width <= room else sign


def counted(numbers: Sequence[Traced]) -> list[Traced]:
    """Numbers without their unit, for a label that says what is counted."""
    return [replace(number, unit="1") for number in numbers]


def under_groups(bars: Bars | ChangingBars, labels: Sequence[Label], drop: float) -> VGroup:
    """Labels below the groups of bars, their baselines at one height."""
    box, group = bars.axis.box, VGroup()
    for number, label in enumerate(labels):
        middle = box.left + box.width * (number + 0.5) / len(labels)
        baseline = getattr(label, "baseline", label.get_bottom()[1])
        label.shift((middle - label.get_center()[0], box.bottom - drop - baseline, 0))
        group.add(label)
    return group
