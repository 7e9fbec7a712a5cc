"""Pictures of chapter 6, built from its recording: the scales, and how they learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from manim import VGroup

from ngpt_math.recordings import ScaleManagement, Traced
from scenes.claims.scale_management import CLAIMS
from scenes.stage.bars import Bars
from scenes.stage.blocks import Block, Connection, NormPoint
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.marks import Dot, Tag, arc, tag, term_of
from scenes.stage.motion import Change
from scenes.stage.patterns import AttentionGrid, pattern_of
from scenes.stage.plots import Box, Curve, Measure, Plot, measure
from scenes.stage.readouts import Label, Number, Readout, baseline_of, column_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE, STROKE, Point
from scenes.stage.tables import Column, Table
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

UNSEEN = {"␣": ("space", "·"), "⏎": ("↲", "↲")}
"""What stands in a recording for a letter that cannot be seen: its name, and a shorter sign."""

INIT, SCALE = 's_"init"', 's_"scale"'
"""The two settings of a scale as they stand in equations, named as in the paper."""

KINDS = {
    "α_A": Kind("alpha_A", "alpha", "step after attention"),
    "α_M": Kind("alpha_M", "alpha", "step after the MLP"),
    "s_qk": Kind("s_(q k)", "s_qk", "attention, q and k"),
    "s_u": Kind("s_u", "s_hidden", "MLP, the units"),
    "s_ν": Kind("s_nu", "s_gate", "MLP, the gates"),
    "s_z": Kind("s_z", "s_logit", "logits"),
}
"""By the paper's name, as recordings list them."""


def kinds_of(record: ScaleManagement) -> list[Kind]:
    """The recorded kinds in order."""
    return [KINDS[name] for name in record.kinds.split(",")]


def place_of(record: ScaleManagement, name: str) -> int:
    """Which of the recorded kinds is called so."""
    return record.kinds.split(",").index(name)


def prompt_of(record: ScaleManagement) -> str:
    """The prompt as it was read by the model."""
    return record.prompt.translate({ord("␣"): " ", ord("⏎"): "\n"})


class Recall:
    """Chapter 5 in one picture: one head's attention, and the scale that was in its formula."""

    def __init__(self, record: ScaleManagement) -> None:
        cells, query = pattern_of(record, "recall_pattern"), int(record.query)
        self.grid = AttentionGrid(cells, prompt_of(record), "normalized", side=34)
        self.grid.move_to((GRID.picture, GRID.middle, 0))
        self.frame = self.grid.grid.row_frame(query)
        self.rule = Equation('"softmax" ( sqrt(d_k) {{ s_(q k)^2 : scale }} cos(q, k) )')
        self.terms = [
            Explained("cos(q, k)", "how well query and key agree"),
            Explained("{{ s_(q k) : scale }}", "learned, on q and on k; written as one number"),
        ]
        source = noted(
            "one head of our larger model:",
            f"layer {int(record.layer) + 1}, head {int(record.head) + 1};",
            f"framed: where {_called(record.prompt[query])} looks",
            px=SIZE.tick,
        )
        self.source = source
        stacked([self.rule, *self.terms, source], GRID.panel, 1.6, gap=0.55)


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
            Explained("{{ h : ink }}", f"the state after “{prompt_of(record)}”"),
            Explained("{{ e : normalized }}", "a letter’s direction: a row of E_out"),
        ]
        self.values = [
            Readout(Line(f"{fit} fit, {_called(record.toy_letters[letter])}", role=role), cosine)
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


def _called(letter: str) -> str:
    return UNSEEN[letter][0] if letter in UNSEEN else f"“{letter}”"


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
            measure("cosine of h with each letter", cosines),
            [cosines],
            [],
            "normalized",
        )
        self.right = ChangingBars(
            Box(GRID.panel + 0.6, bottom, width, height),
            measure("probability of the next letter", [*table[0], *table[1]]),
            table,
            [],
            "normalized",
        )
        # Both plots' names at one height: that of the bars with numbers above them.
        name = self.left.axis.texts[-1]
        name.shift((0, self.right.axis.texts[-1].get_bottom()[1] - name.get_bottom()[1], 0))
        self.names = [letters_under(bars, letters) for bars in (self.left, self.right)]
        self.scales = self._scales(record)
        after = prompt_of(record)
        self.prompt = Line(
            f"our larger model, after “{after}”: what comes next? The likeliest first", role="muted"
        )
        self.prompt.move_to((0, 2.35, 0)).align_to((GRID.left, 0, 0), np.array([-1.0, 0, 0]))
        self.bounds = Line("between −1 and 1, always", role="normalized")
        self.rules = [
            Equation('"softmax"( cos )'),
            Equation('"softmax"( {{ s_z : scale }} cos )'),
        ]
        self.count = Readout(Line("tokens to choose from"), record.traced("vocab"), places=0)
        self.best = Readout(
            Line(f"probability of {_called(letters[0])}", px=SIZE.label), [row[0] for row in table],
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
        numbers = [Number(n, places=0, px=SIZE.tick, role="scale") for n in row_of(record, "s_z")]
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
    ("feed-forward MLP", "ink", ("s_u", "s_ν"), ("how much units", "and gates count")),
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

    def __init__(self) -> None:
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


class Named(Explained):
    """A kind's term, where it works, and below that its name in settings."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"{{{{ {kind.term} : scale }}}}", kind.block, px=SIZE.tick)
        setting = Line(kind.setting, px=SIZE.least, role="muted")
        left = self.words.get_left()[0] - setting.get_left()[0]
        setting.shift((left, self.words.baseline - 0.26 - setting.baseline, 0))
        self.words = VGroup(self.words, setting)
        self.add(self.words)

    @property
    def baseline(self) -> float:
        """The height of the common baseline."""
        first: Line = self.words[0]
        return first.baseline


class TwoNumbers:
    """Every kind of scale with its init, its scale, and their quotient."""

    def __init__(self, record: ScaleManagement) -> None:
        kinds = kinds_of(record)
        names = [Named(kind) for kind in kinds]
        _align(names)
        columns = [
            Column(heading, row_of(record, field), places=3)
            for heading, field in (
                (Equation(INIT, px=SIZE.readout), "init"),
                (Equation(SCALE, px=SIZE.readout), "scale"),
                (Line("ratio", px=SIZE.label, role="muted"), "factor"),
            )
        ]
        self.table = Table(names, columns, GRID.left + 0.2, 2.05, spacing=0.72)
        self.rule = Equation(
            f'{{{{ s : scale }}}} = {{{{ s_"stored" : scale_stored }}}} dot frac({INIT}, {SCALE})'
        )
        self.terms = [
            Explained("{{ s : scale }}", "what the model multiplies by"),
            Explained('{{ s_"stored" : scale }}', "what the optimizer moves"),
            Explained(INIT, "s when training starts"),
            Explained(SCALE, "what is stored at that moment"),
            noted(*self._about(record)),
        ]
        stacked([self.rule, *self.terms], GRID.panel + 0.3, 2.3, gap=0.42)

    def _about(self, record: ScaleManagement) -> Iterator[str]:
        """What else there is to know; the last line only where it is true of all kinds."""
        yield "each s is many numbers:"
        yield "one for each entry, unit or token"
        root = 1 / float(record.root_d)
        if all(np.isclose(scale, 1) or np.isclose(scale, root) for scale in record.scale):
            yield "s_scale is 1 or 1/√d"


def _align(names: Sequence[Explained]) -> None:
    """Let the words of explained terms begin at one place."""
    ends = [name.words.get_left()[0] - name.get_left()[0] for name in names]
    for name, end in zip(names, ends, strict=True):
        name.words.shift((max(ends) - end, 0, 0))


class Ruler(Slider):
    """A slider along an axis from zero, so that several on the same axis can be compared."""

    def __init__(
        self, label: Line, numbers: Sequence[Traced], axis: Measure, width: float, *, places: int
    ) -> None:
        self.axis = axis
        super().__init__(label, numbers, width, "scale", places=places)

    def place(self, row: float) -> Point:
        """Where on the axis a row's value lies."""
        values = [n.value for n in self.numbers]
        share = self.axis.share(float(np.interp(row, np.arange(len(values)), values)))
        start: Point = self.track.get_left()
        return start + np.array([share * self.width_of_track, 0, 0])

    def ticks(self) -> VGroup:
        """The axis' values below the track."""
        group, start = VGroup(), self.track.get_left()
        for tick in self.axis.ticks:
            line = Line(self.axis.label(tick), px=SIZE.tick, role="muted")
            place = start + np.array([self.axis.share(tick) * self.width_of_track, -0.2, 0])
            group.add(line.shift(place - line.get_top()))
        return group


class Rulers:
    """The stored s_z and the one in effect, led through the recorded training together.

    Both are means over the tokens that occur in the training text.
    """

    def __init__(self, record: ScaleManagement) -> None:
        place = place_of(record, "s_z")
        self.record, self.last = record, float(record.steps[-1])
        rows = [row_of(record, field, place) for field in ("stored", "effective")]
        axis = measure("", [*rows[0], *rows[1]])
        self.sliders = [
            Ruler(Line(words, px=SIZE.body), row, axis, 7.0, places=1)
            for words, row in zip(("stored", "in effect"), rows, strict=True)
        ]
        for slider, up in zip(self.sliders, (1.2, -0.85), strict=True):
            slider.shift((-3.7 - slider.track.get_left()[0], up - slider.label.get_center()[1], 0))
        edge = max(s.number.pen[0] + s.number.room for s in self.sliders)
        for slider in self.sliders:
            slider.number.end_at(edge, baseline_of(slider.label))
        self.ticks = [slider.ticks() for slider in self.sliders]
        self.owners = [
            Line("the optimizer moves this one", role="muted"),
            Line("the model multiplies by this one", role="muted"),
        ]
        for line, slider in zip(self.owners, self.sliders, strict=True):
            line.shift(
                (-3.7 - line.get_left()[0], slider.track.get_center()[1] + 0.5 - line.baseline, 0)
            )
        down = np.array([[-0.2, 0.6, 0], [-0.2, -0.2, 0]])
        self.arrow = Connection(down, "flow", "scale")
        self.factor = Readout(
            Equation(f"times thin frac({INIT}, {SCALE}) ="),
            record.traced("factor", place), places=1,
        )  # fmt: skip
        stacked([self.factor], 0.2, 0.6)
        self.step = Readout(Line("optimizer steps"), counted(row_of(record, "steps")), places=0)
        of = ("our larger model; mean of the tokens", "that occur in its training text")
        self.of = noted(*of, px=SIZE.tick)
        letter = _called(record.next_tokens[0])
        self.one = Readout(
            Line(f"{letter} alone, in effect"), record.traced("s_z", 0), places=1, role="scale"
        )
        stacked([self.step, self.one], -3.7, -1.75, gap=0.25)
        stacked([self.of], 1.2, -1.75)
        self.named = Explained("{{ s_z : scale }}", "the scale of the logits", px=SIZE.body)
        stacked([self.named], GRID.left, 2.5)

    @property
    def training(self) -> list[Step]:
        """Lead both through the steps of the training."""
        led = (*self.sliders, self.step)
        return [(each, by_step(self.record, each.show_row)) for each in led]


def letters_under(bars: Bars | ChangingBars, letters: Sequence[str]) -> VGroup:
    """The letter or token of each bar, large enough for a comma to be seen."""
    room = 0.95 * bars.axis.box.width / len(letters)
    return under_groups(bars, [_letter(letter, room) for letter in letters], 0.42)


def _letter(letter: str, room: float) -> Line:
    """A letter as it can be seen; a space is named if there is room for the word."""
    if letter not in UNSEEN:
        return Line(letter, px=SIZE.readout)
    word, sign = (Line(words, px=SIZE.tick) for words in UNSEEN[letter])
    return word if word.width <= room else sign


def by_step(record: ScaleManagement, show: Change) -> Change:
    """What shows a snapshot, called with optimizer steps: early snapshots lie close together."""
    steps = record.steps.astype(float)
    return lambda step: show(float(np.interp(step, steps, np.arange(len(steps)))))


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


def scales_under(bars: Bars, numbers: Sequence[Traced], drop: float, *, places: int) -> VGroup:
    """Numbers of the scales below the groups of bars."""
    written = [Number(n, places=places, px=SIZE.label) for n in numbers]
    for number in written:
        number.shift(-number.pen)
    return under_groups(bars, written, drop)


def _source() -> Line:
    return Line("our larger model", role="muted", px=SIZE.tick)


class OneStep:
    """How far the first optimizer step moved each kind: stored, and in effect."""

    def __init__(self, record: ScaleManagement) -> None:
        rows = [row_of(record, "one_step_stored"), row_of(record, "one_step")]
        self.bars = Bars(
            Box(GRID.left + 1.1, -1.75, 8.7, 3.75),
            measure(CLAIMS.true(record, "moved by the first step (mean)"), [*rows[0], *rows[1]]),
            rows,
            [],
            "scale",
            places=3,
        )
        self.names = under_groups(self.bars, [k.equation() for k in kinds_of(record)], 0.5)
        self.factors = self._factors(record)
        count = len(rows[0])
        numbers = list(self.bars.numbers)
        self.numbers = [VGroup(*numbers[:count]), VGroup(*numbers[count:])]
        self.legend = self.bars.legend([Line("stored"), Line("in effect")])
        self.rate = Readout(
            Line("learning rate"), record.traced("learning_rate"), px=SIZE.label, places=3
        )
        self.source = _source()
        stacked([self.legend, self.rate, self.source], 3.7, 1.8, gap=0.8)

    def _factors(self, record: ScaleManagement) -> VGroup:
        """By what each step is multiplied, below the kinds."""
        group = scales_under(self.bars, row_of(record, "factor"), 1.02, places=1)
        ratio = Line("× ratio", role="muted")
        up = self.bars.axis.box.bottom - 1.02 - ratio.baseline
        return group.add(ratio.shift((GRID.left - ratio.get_left()[0], up, 0)))


class Relative:
    """The first step as a share of the value, and the scales that decide it."""

    def __init__(self, record: ScaleManagement) -> None:
        shares = row_of(record, "one_step_share")
        name = CLAIMS.true(record, "first step, as a share of the value in effect")
        self.bars = Bars(
            Box(GRID.left + 1.2, -1.6, 7.6, 3.6),
            measure(name, shares),
            [shares],
            [],
            "scale",
            places=1,
        )
        kinds = kinds_of(record)
        self.names = under_groups(self.bars, [kind.equation() for kind in kinds], 0.5)
        self.scales = scales_under(self.bars, row_of(record, "scale"), 1.1, places=3)
        self.label = Equation(SCALE, px=SIZE.readout)
        up = self.bars.axis.box.bottom - 1.1 - self.label.baseline
        self.label.shift((GRID.left - self.label.get_left()[0], up, 0))
        self.rule = Equation(f'frac("step", "value") approx frac(eta, {SCALE})')
        self.terms = [
            Explained("eta", "the learning rate"),
            noted("small: learns fast", "large: learns slowly", role="ink"),
        ]
        self.source = _source()
        stacked([self.rule, *self.terms, self.source], 3.2, 1.6, gap=0.55)


class Small(Plot):
    """A plot with only the first and the last tick below its axis, one of several."""

    def _below(self) -> Iterator[Line]:
        for tick in (self.x.ticks[0], self.x.ticks[-1]):
            line = Line(self.x.label(tick), px=SIZE.tick, role="muted")
            place = self.at([tick], [self.y.ticks[0]])[0]
            yield line.shift(place - line.get_top() - np.array([0, 0.1, 0]))


class Trend:
    """One kind of scale over training: its mean in effect, and between what most of it lies."""

    def __init__(self, record: ScaleManagement, number: int, box: Box) -> None:
        kinds, steps = kinds_of(record), row_of(record, "steps")
        kind, alike = kinds[number], [k.setting == kinds[number].setting for k in kinds]
        bounds = ("effective_low", "effective_high")
        mean, low, high = (row_of(record, name, number) for name in ("effective", *bounds))
        # Kinds with the same settings on the same axis.
        all_of = [
            n for i in np.flatnonzero(alike) for b in bounds for n in row_of(record, b, int(i))
        ]
        self.plot = Small(box, measure("", steps), measure(kind.block, all_of, most=2))
        self.curve = self.plot.curve(steps, mean, "scale")
        self.bounds = [
            self.plot.curve(steps, each, "scale", STROKE.auxiliary) for each in (low, high)
        ]
        for bound in self.bounds:
            bound.set_stroke(opacity=0.6)
        self.name = kind.equation()
        up = box.bottom + box.height + 0.26 - self.name.baseline
        self.name.shift((box.left - 0.2 - self.name.get_right()[0], up, 0))
        end = Number(mean[-1], role="scale", px=SIZE.label)
        end.end_at(box.left + box.width + 0.2 + end.room, self.curve.places[-1][1] - 0.1)
        self.end = end

    @property
    def lines(self) -> list[Curve]:
        """All that is drawn by and by."""
        return [self.curve, *self.bounds]


class Trends:
    """All kinds over training, in two rows."""

    def __init__(self, record: ScaleManagement) -> None:
        self.record, self.last = record, float(record.steps[-1])
        kinds = len(kinds_of(record))
        across = -(-kinds // 2)
        width = (GRID.right - GRID.left) / across
        self.all = [
            Trend(
                record,
                number,
                Box(
                    GRID.left + 0.6 + number % across * width,
                    0.62 - number // across * 2.42,
                    width - 1.65,
                    1.45,
                ),
            )
            for number in range(kinds)
        ]
        self.steps = Readout(
            Line("optimizer steps", px=SIZE.label),
            counted(row_of(record, "steps")),
            px=SIZE.label,
            places=0,
        )
        self.key = noted(
            "our larger model · thick: the mean · between the thin ones: eight of ten values;",
            "of the logits: of the tokens that occur in the training text",
            px=SIZE.tick,
        )
        stacked([self.steps], GRID.left, -2.45)
        stacked([self.key], GRID.left + 4.2, -2.4)

    @property
    def drawing(self) -> list[Step]:
        """Draw all curves, and count the steps."""
        lines: list[Step] = [(line, line.show_upto) for trend in self.all for line in trend.lines]
        led: list[Step] = [*lines, (self.steps, self.steps.show_row)]
        return [(mobject, by_step(self.record, show)) for mobject, show in led]
