"""Pictures of chapter 6, built from its recording: other values of the scales."""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import ScaleManagement
from scenes.claims.scale_management import CLAIMS, last_factor
from scenes.claims.tokens import in_tokens
from scenes.scale_pictures import (
    counted,
    letters_under,
    next_probability,
    prompt_of,
    quoted_prompt,
)
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, below, noted, stacked
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, baseline_of, column_of, row_of
from scenes.stage.style import GRID, SIZE, Point
from scenes.stage.sweeps import EvenSlider, SweptDots, SweptLine, ratios, rows_of
from scenes.stage.text import Line

TRACK = 6.5


class Turning:
    """A factor on a scale: its slider on top, bars on the left and a curve against it at right.

    `first` and `last` are the rows between which the factor runs, `trained` is where it is 1.
    """

    def __init__(
        self,
        record: ScaleManagement,
        term: str,
        bars: ChangingBars,
        curve: str,
        name: str,
        last: int,
    ) -> None:
        self.trained, self.first, self.last = int(record.trained), 0, last
        factors = row_of(record, "multiplier")[: last + 1]
        values = row_of(record, curve)[: last + 1]
        self.slider = EvenSlider(Equation(term), factors, TRACK, "scale")
        stacked([self.slider], GRID.left, 2.45)
        axis = ratios("factor", factors)
        self.mark = self.slider.marked(self.trained, "as trained", axis)
        self.bars = bars
        self.plot = Plot(Box(GRID.panel + 0.9, -1.5, 4.7, 2.5), axis, measure(name, values))
        # At the height of the bars' name, which leaves room for the bars' numbers.
        named, beside = self.plot.texts[len(self.plot.y.ticks)], bars.axis.texts[-1]
        named.shift((0, beside.get_bottom()[1] - named.get_bottom()[1], 0))
        self.curve = self.plot.curve(factors, values, "scale")
        self.spot = self.plot.spots(factors, values, "ink", px=26)
        self.learned = self.plot.upright(factors[self.trained], values[self.trained], "muted")
        self.factors, self.values = factors, values
        self.below: VMobject
        self.letters: VGroup
        for step in self.turning:
            step[1](self.trained)

    def _stand(self) -> None:
        """Put what the bars are of below them."""
        self.source = Line("our larger model", role="muted", px=SIZE.tick)
        stacked([self.below, self.source], GRID.left + 0.75, -2.3, gap=0.15)

    @property
    def turning(self) -> list[Step]:
        """Lead everything with the factor."""
        return [
            (self.slider, self.slider.show_row),
            (self.bars, self.bars.show_row),
            (self.spot, self.spot.show_row),
        ]


class Sharpness(Turning):
    """One letter's attention, and the mean entropy of all heads, with s_qk² multiplied."""

    def __init__(self, record: ScaleManagement) -> None:
        query, layer, head = (int(record.query), int(record.layer) + 1, int(record.head) + 1)
        name = in_tokens(record, f"attention of the lit letter (layer {layer}, head {head})")
        table = rows_of(record, "attention")
        bars = ChangingBars(
            Box(GRID.left + 0.75, -1.5, 5.2, 2.5),
            measure(name, [n for row in table for n in row]),
            table,
            [],
            "normalized",
        )
        term = "{{ s_(q k)^2 : scale }} times"
        over = f"entropy, how spread: all heads’ mean, {int(record.window)} letters"
        name = in_tokens(record, over)
        super().__init__(record, term, bars, "attention_entropy", name, len(table) - 1)
        self.letters = letters_under(bars, record.prompt[: query + 1])
        self.below = Prompt(prompt_of(record), query, "normalized")
        self._stand()
        uniform = record.traced("attention_entropy_uniform")
        self.level = self.plot.level(uniform, "ink")
        self.even = Readout(
            Line(in_tokens(record, "all letters alike"), px=SIZE.tick), uniform, px=SIZE.tick
        )
        box, under = self.plot.box, self.plot.height_of(uniform.value) - 0.12
        stacked([self.even], box.left + box.width - self.even.width, under)
        swap = Equation(r'1\/sqrt(d_k) thin "in place of" thin sqrt(d_k)', px=SIZE.readout)
        words = Line("the traditional factor, for longer q and k", role="traditional", px=SIZE.tick)
        self.traditional = stacked([swap, words], GRID.panel + 0.9, -2.36, gap=0.15)


class Confidence(Turning):
    """The next letter's probabilities, and the loss on unseen text, with s_z multiplied."""

    def __init__(self, record: ScaleManagement) -> None:
        table = rows_of(record, "probabilities")
        last = last_factor(record)
        bars = ChangingBars(
            Box(GRID.left + 0.75, -1.5, 5.2, 2.5),
            measure(next_probability(record), [n for row in table for n in row]),
            table[: last + 1],
            [],
            "normalized",
        )
        term = "{{ s_z : scale }} times"
        loss = CLAIMS.true(record, "loss on samples of unseen text")
        super().__init__(record, term, bars, "output_loss", loss, last)
        self.letters = letters_under(bars, record.next_tokens)
        self.sides = [Line(words, role="muted") for words in ("too unsure", "too sure")]
        box = self.plot.box
        places = (box.left + 0.25, box.left + box.width - 0.1 - self.sides[1].width)
        for line, left in zip(self.sides, places, strict=True):
            stacked([line], left, box.bottom + 0.55)
        self.best = int(np.argmin(record.output_loss))
        self.found = self.plot.spot(
            self.factors[self.best], self.values[self.best], "normalized", px=26
        )
        self.below = Line(f"after {quoted_prompt(record)}", role="muted")
        self._stand()
        losses = counted([self.values[row] for row in (self.trained, self.best)])
        self.losses = [
            Readout(Line(words, role=role), loss, places=3, px=SIZE.label, role=role)
            for words, loss, role in zip(
                ("loss as trained", "lowest loss"), losses, ("ink", "normalized"), strict=True
            )
        ]
        column_of(self.losses, GRID.panel + 0.9, -2.5, 0.4)


class LongLine(SweptLine):
    """A straight line through its places and on to the ends of the plot."""

    def draw(self, places: Point) -> None:
        """Draw it as far as it lies in the plot."""
        box = self.plot.box
        (x, y), (to_x, to_y) = places[0, :2], places[-1, :2]
        slope = (to_y - y) / (to_x - x)
        across = np.array([box.left, box.left + box.width])
        if slope:
            reach = np.sort(x + (np.array([box.bottom, box.bottom + box.height]) - y) / slope)
            across = np.clip(across, *reach)
        ends = np.stack([across, y + slope * (across - x), 0 * across], axis=1)
        super().draw(ends)


class Gate:
    """SiLU with the gate's real values on it, and the straight line nearest to it on them."""

    def __init__(self, record: ScaleManagement) -> None:
        x, silu = row_of(record, "gate_line"), row_of(record, "silu")
        dots, on, fit = (rows_of(record, f) for f in ("gate_swept", "silu_swept", "fit_swept"))
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 6.9, 4.2),
            measure("a gate’s value", x, most=10),
            measure("SiLU of a gate’s value", [*silu, *(n for row in fit for n in row)]),
        )
        self.curve = self.plot.curve(x, silu, "transformation")
        self.dots = SweptDots(self.plot, dots, on, "normalized")
        self.line = LongLine(self.plot, dots, fit, "ink")
        self.rows = len(dots)
        self.rule = Equation('"SiLU"( sqrt(d) thin {{ s_nu : scale_gate }} cos )', px=SIZE.equation)
        inner = 100 * float(record.share[-2] - record.share[1])
        self.dotted = noted(
            "dots: gates of the larger model,",
            f"the middle {inner:.0f} of every 100",
            role="normalized",
            px=SIZE.tick,
        )
        self.straight = Readout(
            Line("the best straight line fits to", px=SIZE.body),
            row_of(record, "fit_share"),
            places=0,
        )
        self.root = Readout(Equation("sqrt(d) ="), record.traced("root_d"), places=1)
        self.entries = Readout(
            Explained("d", "entries of h:", px=SIZE.tick), record.traced("d_model"),
            places=0, px=SIZE.label,
        )  # fmt: skip
        self.states = [Line("without √d", weight="SEMIBOLD"), Line("with √d", weight="SEMIBOLD")]
        self.of = noted(
            "of SiLU’s variance on all gates;", "100 %: SiLU would be this line",
            px=SIZE.tick,
        )  # fmt: skip
        self.what = noted(
            "gate: a number that opens or shuts a unit", "SiLU: a smooth switch, the red curve",
            role="ink", px=SIZE.tick,
        )  # fmt: skip
        stacked(
            [self.rule, self.what, self.root, self.states[0], self.straight], 1.95, 2.3, gap=0.38
        )
        up = baseline_of(self.root.label) - baseline_of(self.entries.label)
        self.entries.shift((GRID.right - self.entries.get_right()[0], up, 0))
        below(self.straight, self.of, 0.15)
        below(self.of, self.dotted, 0.4)
        stacked([self.states[1]], 1.95, self.states[0].get_top()[1])

    @property
    def growing(self) -> list[Step]:
        """Lead ν from without √d (0) to with it."""
        return [
            (self.dots, self.dots.show_row),
            (self.line, self.line.show_row),
            (self.straight, self.straight.show_row),
        ]
