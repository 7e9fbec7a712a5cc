"""Pictures of chapter 6, built from its recording: the two settings, and how scales learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from manim import VGroup

from ngpt_math.recordings import ScaleManagement, Traced
from scenes.claims.scale_management import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.scale_pictures import Kind, called, counted, kinds_of, place_of, under_groups
from scenes.stage.bars import Bars
from scenes.stage.blocks import Connection
from scenes.stage.cards import set_at
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.motion import Change
from scenes.stage.plots import Box, Curve, Measure, Plot, measure
from scenes.stage.readouts import Number, Readout, baseline_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.style import GRID, SIZE, STROKE, Point
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

INIT, SCALE = 's_"init"', 's_"scale"'
"""The two settings of a scale as they stand in equations, named as in the paper."""

EXACT, RATIO = 4, 2
"""Decimal places of s_scale and of the ratio: what is shown can be worked out by hand."""


class Named(VGroup):
    """A kind's term, where it works, and below that its name in settings."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.first = Explained(f"{{{{ {kind.term} : scale }}}}", kind.block, px=SIZE.tick)
        setting = Line(kind.setting, px=SIZE.tick, role="muted")
        left = self.first.words.get_left()[0]
        self.words = VGroup(self.first.words, set_at(setting, left, self.baseline - 0.27))
        self.add(self.first, setting)

    @property
    def baseline(self) -> float:
        """The height of the first line's baseline."""
        return self.first.baseline


class TwoNumbers:
    """Every kind of scale with its init, its scale, and their quotient."""

    def __init__(self, record: ScaleManagement) -> None:
        kinds = kinds_of(record)
        names = [Named(kind) for kind in kinds]
        _align(names)
        columns = [
            Column(heading, row_of(record, field), places=places)
            for heading, field, places in (
                (Equation(INIT, px=SIZE.readout), "init", 2),
                (Equation(SCALE, px=SIZE.readout), "scale", EXACT),
                (Line("ratio", px=SIZE.label, role="muted"), "factor", RATIO),
            )
        ]
        self.table = Table(names, columns, GRID.left + 0.2, 2.05, spacing=0.72)
        self.rule = Equation(
            f'{{{{ s : scale }}}} = {{{{ s_"stored" : scale_stored }}}} dot frac({INIT}, {SCALE})'
        )
        self.terms = [
            Explained("{{ s : scale }}", "what the model multiplies by"),
            Explained('{{ s_"stored" : scale }}', "what training’s optimizer moves"),
            Explained(INIT, "s when training starts"),
            Explained(SCALE, "what is stored at that moment"),
            noted(*self._about(record)),
        ]
        stacked([self.rule, *self.terms], GRID.panel + 0.3, 2.3, gap=0.42)

    def _about(self, record: ScaleManagement) -> Iterator[str]:
        """What else there is to know; the last line only where it is true of all kinds."""
        yield "each s is many numbers:"
        yield in_tokens(record, "one for each entry, unit or letter")
        yield "grey: its name in the settings"
        root = 1 / float(record.root_d)
        if all(np.isclose(scale, 1) or np.isclose(scale, root) for scale in record.scale):
            yield "s_scale is 1 or 1/√d (d: entries of h)"


def _align(names: Sequence[Named]) -> None:
    """Let the words beside the terms begin at one place."""
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
            Ruler(Line(words, px=SIZE.body), row, axis, 7.0, places=places)
            for words, row, places in zip(("stored", "in effect"), rows, (3, 1), strict=True)
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
            record.traced("factor", place), places=RATIO,
        )  # fmt: skip
        stacked([self.factor], 0.2, 0.6)
        self.step = Readout(Line("optimizer steps"), counted(row_of(record, "steps")), places=0)
        said = ("our larger model; mean of the letters", "that occur in its training text")
        of = [in_tokens(record, line) for line in CLAIMS.lines(record, *said)]
        self.of = noted(*of, px=SIZE.tick)
        letter = called(record.next_tokens[0])
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


def by_step(record: ScaleManagement, show: Change) -> Change:
    """What shows a snapshot, called with optimizer steps: early snapshots lie close together."""
    steps = record.steps.astype(float)
    return lambda step: show(float(np.interp(step, steps, np.arange(len(steps)))))


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
        group = scales_under(self.bars, row_of(record, "factor"), 1.02, places=RATIO)
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
        self.scales = scales_under(self.bars, row_of(record, "scale"), 1.1, places=EXACT)
        self.label = Equation(SCALE, px=SIZE.readout)
        up = self.bars.axis.box.bottom - 1.1 - self.label.baseline
        self.label.shift((GRID.left - self.label.get_left()[0], up, 0))
        self.rule = Equation(f'frac("step", "value") approx frac(eta, {SCALE})')
        rate = Explained("eta", "the learning rate:")
        self.rate = Readout(rate, record.traced("learning_rate"), px=SIZE.label, places=3, gap=0.2)
        self.speeds = noted("small: learns fast", "large: learns slowly", role="ink")
        self.source = _source()
        stacked([self.rule, self.rate, self.speeds, self.source], 3.2, 1.6, gap=0.55)


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
            CLAIMS.said(record, "of the logits: of the letters that occur in the training text"),
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
