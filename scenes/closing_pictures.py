"""Pictures of the closing card, built from its recording: what was measured, and what is cited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Closing, Traced
from scenes.claims.closing import CLAIMS
from scenes.stage.bars import Bars
from scenes.stage.curves import first_rows, rectangles, straight
from scenes.stage.layout import at_left, noted, stacked
from scenes.stage.plots import Box, Curve, Measure, Plot, measure
from scenes.stage.readouts import Number, Readout, baseline_of, row_of
from scenes.stage.style import COLOUR, GRID, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

PANEL = 2.9


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three models: its fields' prefix, its name, and how its curves are drawn."""

    prefix: str
    name: str
    role: str
    dashed: bool = False


KINDS = (
    Kind("gpt_", "baseline", "traditional"),
    Kind("qknorm_", "baseline with QK-norm", "traditional", dashed=True),
    Kind("", "nGPT", "normalized"),
)
WIDTH = STROKE.arc * 1.25
DASH, DOT = 15, 4
"""Lengths in pixels: of the dashes of a curve, and of the dots of a level."""


def in_dashes(line: Point, px: float) -> Point:
    """Control points of a line through points (n, 3) in dashes; dash and gap are `px` long."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    dash = px * PIXEL
    cuts = np.union1d(along, np.arange(0.0, along[-1], dash))
    places = np.stack([np.interp(cuts, along, line[:, axis]) for axis in range(3)], axis=1)
    kept = ((cuts[:-1] + cuts[1:]) / 2 // dash) % 2 == 0
    return straight(places[:-1][kept], places[1:][kept])


class Dashed(Curve):
    """A curve in dashes."""

    def show_upto(self, row: float) -> None:
        """Show the curve up to a row, the last piece in part."""
        self.set_points(in_dashes(first_rows(self.places, row), DASH))


def curve_of(plot: Plot, kind: Kind, xs: Sequence[Traced], ys: Sequence[Traced]) -> Curve:
    """A model's curve in a plot."""
    curve = plot.curve(xs, ys, kind.role, WIDTH)
    return Dashed(curve.places, curve.traced, kind.role, WIDTH) if kind.dashed else curve


def dotted(plot: Plot, y: Traced, role: str) -> VMobject:
    """A dotted line across at a value."""
    left = np.array([[plot.box.left, plot.height_of(y.value), 0.0]])
    ends = np.concatenate([left, left + np.array([plot.box.width, 0, 0])])
    line = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.axis)
    line.set_z_index(LAYER.inside)
    return line.set_points(in_dashes(ends, DOT))


def key(kind: Kind, meaning: str = "") -> VGroup:
    """A model's name behind a piece of its curve, and what the name means."""
    name = Line(kind.name + meaning, role=kind.role)
    line = VMobject(fill_opacity=0).set_stroke(colour_of(kind.role), WIDTH)
    height = name.baseline + 0.3 * SIZE.label * PIXEL
    ends = np.array([[-0.75, height, 0], [-0.2, height, 0]])
    piece = in_dashes(ends, DASH) if kind.dashed else straight(ends[:1], ends[1:])
    return VGroup(line.set_points(piece), name)


def keys() -> list[VGroup]:
    """The names of all three models."""
    return [key(kind) for kind in KINDS]


def size_of(record: Closing) -> str:
    """How large the models are."""
    millions = float(record.parameters) / 1e6
    return f"{millions:.1f} million parameters"


class Training:
    """Validation loss against tokens, and when the nGPT was as good as each baseline at its end."""

    def __init__(self, record: Closing) -> None:
        tokens = [self.late(record, f"{kind.prefix}tokens") for kind in KINDS]
        losses = [self.late(record, f"{kind.prefix}loss") for kind in KINDS]
        self.plot = Plot(
            Box(GRID.left + 0.8, -2.05, 7.6, 3.9),
            measure("tokens learned from, here letters and signs", tokens[0], most=8, zero=False),
            measure("loss on samples of unseen text", sum(losses, ()), zero=False),
        )
        self.curves = [
            curve_of(self.plot, kind, x, y)
            for kind, x, y in zip(KINDS, tokens, losses, strict=True)
        ]
        meanings = (": the traditional model", "", "")
        self.keys = [key(kind, said) for kind, said in zip(KINDS, meanings, strict=True)]
        self.source = noted(
            "chapter 1 takes all the unseen text,",
            "chapter 6 other samples: so other losses;",
            "the first quarter of training is left out.",
            "seed: fixes all that is left to chance", px=SIZE.tick,
        )  # fmt: skip
        steps = (
            f"{int(record.steps):,} steps of {1e6 * record.tokens[-1] / record.steps:,.0f} tokens"
        )
        each = f"{size_of(record)}, {steps}, each at the best learning rate tried"
        self.about = Line(f"{each}; text: {record.corpus}", role="muted", px=SIZE.tick)
        at_left(self.about, GRID.left, 2.62)
        self.level, self.marks = VGroup(), list(self.reached(record))
        self.equal = [
            self.until(record, "", "To the baseline’s last loss (dotted)"),
            self.until(record, "qknorm_", "to that with QK-norm (q, k normalized)"),
        ]
        for prefix in ("equal_", "equal_qknorm_"):
            if getattr(record, f"{prefix}reached"):
                loss = record.traced(f"{prefix}loss")
                self.level.add(dotted(self.plot, loss, "traditional"))
        stacked(self.keys, PANEL, 2.1, gap=0.2)
        stacked([*self.equal, self.source], PANEL, 0.85, gap=0.3)
        found = [line for lines in self.equal for line in lines if isinstance(line, Readout)]
        edge = max((line.get_right()[0] for line in found), default=0.0)
        for line in found:
            line.number.end_at(edge, baseline_of(line.label))

    def late(self, record: Closing, name: str) -> tuple[Traced, ...]:
        """A curve without its first quarter, beside which the rest would look flat."""
        numbers = row_of(record, name)
        return numbers[len(numbers) // 4 :]

    def reached(self, record: Closing) -> Iterator[VMobject]:
        """Where the nGPT is as good as each baseline at its end, as far as it came to it."""
        for prefix in ("equal_", "equal_qknorm_"):
            if getattr(record, f"{prefix}reached"):
                loss, at = (record.traced(f"{prefix}{name}") for name in ("loss", "tokens"))
                yield self.plot.upright(at, loss, "normalized")
                yield self.plot.spot(at, loss, "normalized")

    def until(self, record: Closing, other: str, words: str) -> VGroup:
        """How many times fewer tokens, or that it never came to it; and from other seeds."""
        again = [
            self.times(f"both models from seed {int(seed)}:", record, f"again_{other}ratio", place)
            for place, seed in enumerate(record.again_seed)
        ]
        here = self.times("times fewer:", record, f"equal_{other}ratio")
        rows = [*self.after(record, other), here, *again]
        return stacked([Line(words, role="normalized"), *rows], 0, 0, gap=0.14)

    def after(self, record: Closing, other: str) -> list[Readout]:
        """After how many tokens it came to that loss, as the axis counts them."""
        if not getattr(record, f"equal_{other}reached"):
            return []
        at = record.traced(f"equal_{other}tokens")
        words = Line(f"{at.unit} tokens:", role="normalized")
        return [Readout(words, replace(at, unit="1"), role="normalized")]

    def times(self, words: str, record: Closing, name: str, *index: int) -> VGroup | Line:
        """A ratio with its name; where it is 0, nGPT never came to that loss."""
        ratio = record.traced(name, *index)
        if ratio.value == 0:
            return Line(f"{words} never reached", role="normalized")
        return Readout(Line(words, role="normalized"), ratio, role="normalized")


class Conditions:
    """Condition numbers of W_q of both models by layer."""

    def __init__(self, record: Closing) -> None:
        rows = [row_of(record, "gpt_condition"), row_of(record, "condition")]
        self.bars = Bars(
            Box(GRID.left + 0.8, -2.3, 7.6, 4.3),
            roomy(measure("condition number", [*rows[0], *rows[1]])),
            rows,
            [f"layer {number + 1}" for number in range(len(rows[0]))],
            ("traditional", "normalized"),
            places=1,
        )
        models = (("baseline", "traditional"), ("nGPT", "normalized"))
        self.legend = self.bars.legend([Line(name, role=role) for name, role in models])
        self.what = noted(
            "How unevenly the query weights",
            "stretch: the most over the",
            "least, median over heads.",
            "1: even. Large: some directions",
            "of h hardly count.",
            role="ink",
        )
        paper = ("The paper reports the opposite,", "at 0.5 and 1 billion parameters.")
        self.paper = noted(*CLAIMS.lines(record, *paper), role="ink")
        self.why = noted(*CLAIMS.lines(record, "We have not found out why."), role="ink")
        self.source = noted(size_of(record), "after training, one seed", px=SIZE.tick)
        parts = [self.legend, self.what, self.paper, self.why, self.source]
        stacked(parts, PANEL, 2.0, gap=0.45)


def roomy(axis: Measure) -> Measure:
    """The same axis with another tick above: numbers on bars stay below it."""
    before, last = axis.ticks[-2:]
    return replace(axis, ticks=(*axis.ticks, 2 * last - before))


class Beyond:
    """Loss by position on two novels, farther than the context of training.

    Losses are means over as many tokens as the context has: the curves are steps.
    """

    def __init__(self, record: Closing) -> None:
        titles = str(record.novels).split("|")
        rows = [
            [row_of(record, f"{kind.prefix}length_loss", n) for kind in KINDS]
            for n in range(len(titles))
        ]
        edges = row_of(record, "edges")
        # Each bucket from where it begins to where it ends, at its mean.
        at = [edge for pair in pairwise(edges) for edge in pair]
        across = measure("position in the text", edges, most=6)
        every = [number for novel in rows for row in novel for number in row]
        self.plots, self.curves, self.ends, self.learned = [], [], VGroup(), []
        width = (GRID.right - GRID.left) / len(titles)
        for n, (title, novel) in enumerate(zip(titles, rows, strict=True)):
            box = Box(GRID.left + n * width + 0.7, -1.05, width - 1.9, 2.9)
            plot = Plot(box, across, measure(f"loss on “{title}”", every, zero=False))
            self.plots.append(plot)
            self.curves += [
                curve_of(plot, kind, at, [loss for loss in row for _ in range(2)])
                for kind, row in zip(KINDS, novel, strict=True)
            ]
            self.learned.append(self._learned(plot, record))
            self.ends.add(*ends_of(self.curves[-len(KINDS) :], novel, box.left + box.width))
        self.keys = VGroup(*keys()).arrange(buff=0.9)
        at_left(self.keys, GRID.left, -2.05)
        each = int(record.edges[1] - record.edges[0])
        self.buckets = Line(
            f"each step: mean of {each} tokens, here letters", role="muted", px=SIZE.tick
        )
        self.buckets.move_to((GRID.right - self.buckets.width / 2, self.keys.get_center()[1], 0))
        self.source = Line(
            f"{size_of(record)}; learned from: {record.corpus}; never saw these novels",
            role="muted", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.source, GRID.left, 2.62)
        self.why = [
            Line(words)
            for words in CLAIMS.lines(
                record, "QK-norm alone goes part of the way; the rest of the cause is open."
            )
            + CLAIMS.lines(record, "From another seed it is the same, on all long texts tried.")
        ]
        stacked(self.why, GRID.left, -2.5, gap=0.12)

    def _learned(self, plot: Plot, record: Closing) -> VGroup:
        """The part of a plot as far as the context of training, with its name."""
        box, context = plot.box, float(record.context)
        right = float(plot.at([context], [plot.y.ticks[0]])[0, 0])
        area = VMobject(stroke_width=0).set_fill(COLOUR.line, 0.3).set_z_index(LAYER.panel)
        middle = np.array([[(box.left + right) / 2, box.bottom + box.height / 2, 0]])
        area.set_points(rectangles(middle, np.array([right - box.left, box.height])))
        name = noted("as long as", "in training", px=SIZE.tick)
        at_left(name, box.left + 0.08, box.bottom + box.height - 0.1)
        return VGroup(area, name)


def ends_of(
    curves: Sequence[Curve], rows: Sequence[Sequence[Traced]], right: float
) -> list[Number]:
    """The last number of each curve, right of the plot, moved apart where they would overlap.

    The axis says the unit.
    """
    order = sorted(range(len(curves)), key=lambda n: curves[n].places[-1][1])
    numbers: list[Number] = []
    floor = -np.inf
    for n in order:
        number = Number(replace(rows[n][-1], unit="1"), px=SIZE.label, role=curves[n].role)
        _, up, _ = curves[n].places[-1]
        baseline = max(up - 0.35 * SIZE.label * PIXEL, floor)
        number.end_at(right + 0.12 + number.room, baseline)
        floor = baseline + 1.1 * SIZE.label * PIXEL
        numbers.append(number)
    return numbers


@dataclass(frozen=True, slots=True)
class Ratio:
    """Who says how many times fewer tokens, and how it is drawn."""

    name: str
    rows: Sequence[Sequence[Traced]]
    names: Sequence[str]
    role: str
    places: int
    about: Sequence[str]


SHARES, BETWEEN = (0.32, 0.37, 0.31), 0.6
"""Of the width that bars take: each one's share; and the room between them."""


class Ratios:
    """Times fewer tokens to the same loss: here, in the paper, in an independent reproduction."""

    def __init__(self, record: Closing) -> None:
        kinds = (self.here(record), self.paper(record), self.reproduction(record))
        every = [number for kind in kinds for row in kind.rows for number in row]
        left = GRID.left + 0.7
        room = GRID.right - left - (len(kinds) - 1) * BETWEEN
        self.parts: list[Bars] = []
        self.about: list[VGroup] = []
        for kind, share in zip(kinds, SHARES, strict=True):
            axis = measure(
                f"{kind.name}: times fewer tokens" if not self.parts else kind.name, every
            )
            box = Box(left, -1.25, share * room, 3.3)
            bars = Bars(box, axis, kind.rows, kind.names, kind.role, places=kind.places)
            if self.parts:
                without_ticks(bars)
            self.parts.append(bars)
            self.about.append(noted(*kind.about, px=SIZE.tick))
            at_left(self.about[-1], left, -1.95)
            left += share * room + BETWEEN
        once(self.parts[-1])

    def here(self, record: Closing) -> Ratio:
        """This project's, as far as nGPT came to the others' losses."""
        found = [("baseline", record.traced("equal_ratio"))]
        found.append(("QK-norm", record.traced("equal_qknorm_ratio")))
        for place, seed in enumerate(record.again_seed):
            found.append((f"seed {int(seed)}", record.traced("again_ratio", place)))
        shown = [(name, ratio) for name, ratio in found if ratio.value > 0] or found[:1]
        names, ratios = zip(*shown, strict=True)
        about = [f"context (tokens read at once): {int(record.context)};"]
        about.append(f"{size_of(record)}; to each one’s last loss;")
        if len(record.again_seed):
            seeds = ", ".join(f"seed {int(seed)}" for seed in record.again_seed)
            about.append(f"{seeds}: nGPT and baseline, both from it;")
        for seed, ratio in zip(
            record.again_seed, row_of(record, "again_qknorm_ratio"), strict=True
        ):
            found.append((f"QK-norm’s of seed {int(seed)}", ratio))
        never = [name for name, ratio in found if ratio.value == 0]
        if never:
            about.append(f"never reached: {', '.join(never)}")
        return Ratio("here", [ratios], names, "normalized", 2, about)

    def paper(self, record: Closing) -> Ratio:
        """The paper's."""
        names = [f"context {int(context)}k" for context in record.paper_context]
        about = ("0.5 and 1 billion parameters;", "tokens: pieces of words;", "arXiv 2410.01131")
        return Ratio("the paper", [row_of(record, "paper_ratio")], names, "ink", 0, about)

    def reproduction(self, record: Closing) -> Ratio:
        """An independent reproduction's, from at least to at most."""
        names = [f"context {int(context)}k" for context in record.other_context]
        rows = [row_of(record, f"other_ratio_{end}") for end in ("low", "high")]
        about = [
            "0.5 billion parameters; graphs read by eye;",
            "filled: at least, outlined: at most;",
            *self.read_once(record),
            "github.com/JoeLi12345/nGPT",
        ]
        return Ratio("an independent reproduction", rows, names, "muted", 1, about)

    def read_once(self, record: Closing) -> Iterator[str]:
        """Where the reproduction gives one figure, not two bounds."""
        ends = zip(
            record.other_context, record.other_ratio_low, record.other_ratio_high, strict=True
        )
        for context, low, high in ends:
            if low == high:
                yield f"at {int(context)}k one reading, about {low:g};"


def without_ticks(bars: Bars) -> None:
    """Leave the ticks' numbers to the axis on the left."""
    *ticks, _ = bars.axis.texts
    bars.axis.texts.remove(*ticks)


def once(bars: Bars) -> None:
    """Where the second row's number is the first's, draw one bar, in the middle."""
    low, high = bars.rows
    same = np.array([a.value == b.value for a, b in zip(low.traced, high.traced, strict=True)])
    middle = np.where(same, (high.lefts - low.lefts) / 2, 0.0)
    numbers = list(bars.numbers)
    for number, shift in zip(numbers[: len(same)], middle, strict=False):
        number.shift((float(shift), 0, 0))
    gone = [n for n, twice in zip(numbers[len(same) :], same, strict=False) if twice]
    bars.numbers.remove(*gone)
    low.lefts = low.lefts + middle
    kept = [n for n, twice in zip(high.traced, same, strict=True) if not twice]
    if not kept:
        bars.rows = (low,)
        bars.remove(high)
    else:
        high.lefts, high.traced = high.lefts[~same], tuple(kept)
    for row in bars.rows:
        row.grow(1.0)
