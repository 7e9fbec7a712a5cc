"""Pictures of the closing card, built from its recording: what was measured, and what is cited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Closing, Traced
from scenes.claims.closing import CLAIMS
from scenes.stage.bars import Bars
from scenes.stage.curves import straight
from scenes.stage.layout import at_left, noted, stacked
from scenes.stage.plots import Box, Curve, Plot, measure
from scenes.stage.readouts import Number, Readout, row_of
from scenes.stage.style import GRID, PIXEL, SIZE, STROKE, colour_of
from scenes.stage.text import Line

PANEL = 2.9


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three models: its fields' prefix, its name, and how its curves are drawn."""

    prefix: str
    name: str
    role: str
    width: float


KINDS = (
    Kind("gpt_", "baseline", "traditional", STROKE.arc * 1.25),
    Kind("qknorm_", "baseline with QK-norm", "traditional", STROKE.axis),
    Kind("", "nGPT", "normalized", STROKE.arc * 1.25),
)


def key(kind: Kind) -> VGroup:
    """A model's name behind a piece of its curve."""
    name = Line(kind.name, role=kind.role)
    line = VMobject(fill_opacity=0).set_stroke(colour_of(kind.role), kind.width)
    height = name.baseline + 0.3 * SIZE.label * PIXEL
    ends = np.array([[-0.75, height, 0], [-0.2, height, 0]])
    return VGroup(line.set_points(straight(ends[:1], ends[1:])), name)


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
            measure("tokens learned from", tokens[0], most=8, zero=False),
            measure("validation loss", [n for row in losses for n in row], zero=False),
        )
        self.curves = [
            self.plot.curve(x, y, kind.role, kind.width)
            for kind, x, y in zip(KINDS, tokens, losses, strict=True)
        ]
        self.keys = keys()
        self.source = noted(
            f"{size_of(record)}, {int(record.steps):,} steps,",
            "each at the best rate tried; one seed;",
            str(record.corpus).split(" as ")[0], px=SIZE.tick,
        )  # fmt: skip
        self.level, self.marks = VGroup(), list(self.reached(record))
        self.equal = [
            self.until(record, "equal_", "to the baseline’s last loss (dashed):"),
            self.until(record, "equal_qknorm_", "to the last loss with QK-norm:"),
        ]
        if record.equal_reached:
            self.level.add(self.plot.level(record.traced("equal_loss"), "traditional"))
        stacked(self.keys, PANEL, 2.2, gap=0.22)
        stacked([*self.equal, self.source], PANEL, 0.45, gap=0.4)

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

    def until(self, record: Closing, prefix: str, words: str) -> VGroup:
        """How many times fewer tokens, or that it never came to it."""
        if not getattr(record, f"{prefix}reached"):
            return noted("nGPT never came", words.rstrip(":"), role="normalized")
        ratio = record.traced(f"{prefix}ratio")
        words_before = Line("fewer tokens, by a factor of", role="normalized")
        fewer = Readout(words_before, ratio, role="normalized")
        return stacked([Line(words, role="normalized"), fewer], 0, 0, gap=0.15)


class Conditions:
    """Condition numbers of W_q of both models by layer."""

    def __init__(self, record: Closing) -> None:
        rows = [row_of(record, "gpt_condition"), row_of(record, "condition")]
        self.bars = Bars(
            Box(GRID.left + 0.8, -2.3, 7.6, 4.3),
            measure("condition number", [*rows[0], *rows[1]]),
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
            "1 would be even.",
        )
        paper = ("The paper reports the opposite,", "at 0.5B and 1B parameters.")
        self.paper = noted(*CLAIMS.lines(record, *paper), role="ink")
        self.why = noted(*CLAIMS.lines(record, "We have not found out why."))
        self.source = noted(size_of(record), "after training, one seed", px=SIZE.tick)
        parts = [self.legend, self.what, self.paper, self.why, self.source]
        stacked(parts, PANEL, 2.0, gap=0.45)


class Beyond:
    """Loss by position on two novels, farther than the context of training."""

    def __init__(self, record: Closing) -> None:
        titles = str(record.novels).split("|")
        rows = [
            [row_of(record, f"{kind.prefix}length_loss", n) for kind in KINDS]
            for n in range(len(titles))
        ]
        at = row_of(record, "positions")
        across = measure("position in the text", at)
        every = [number for novel in rows for row in novel for number in row]
        self.plots, self.curves, self.ends, self.edges = [], [], VGroup(), []
        width = (GRID.right - GRID.left) / len(titles)
        for n, (title, novel) in enumerate(zip(titles, rows, strict=True)):
            box = Box(GRID.left + n * width + 0.7, -1.55, width - 1.9, 3.3)
            plot = Plot(box, across, measure(f"loss on “{title}”", every, zero=False))
            self.plots.append(plot)
            self.curves += [
                plot.curve(at, row, kind.role, kind.width)
                for kind, row in zip(KINDS, novel, strict=True)
            ]
            self.edges.append(plot.upright(record.traced("context"), max_of(every), "muted"))
            self.ends.add(*ends_of(self.curves[-len(KINDS) :], novel))
        self.keys = VGroup(*keys()).arrange(buff=0.9)
        at_left(self.keys, GRID.left, -2.62)
        words = f"trained up to {int(record.context)} tokens"
        self.context = [Line(words, role="muted", px=SIZE.tick) for _ in self.plots]
        for plot, line in zip(self.plots, self.context, strict=True):
            top = plot.at([float(record.context)], [max_of(every).value])[0]
            at_left(line, top[0] + 0.1, top[1] + 0.2)
        each = int(record.positions[1] - record.positions[0])
        self.buckets = Line(f"each corner: mean of {each} tokens", role="muted", px=SIZE.tick)
        self.buckets.move_to((GRID.right - self.buckets.width / 2, self.keys.get_center()[1], 0))


def max_of(numbers: Sequence[Traced]) -> Traced:
    """The largest of recorded numbers."""
    return max(numbers, key=lambda number: number.value)


def ends_of(curves: Sequence[Curve], rows: Sequence[Sequence[Traced]]) -> list[Number]:
    """The last number of each curve behind its end, moved apart where they would overlap.

    The axis says the unit.
    """
    order = sorted(range(len(curves)), key=lambda n: curves[n].places[-1][1])
    numbers: list[Number] = []
    floor = -np.inf
    for n in order:
        number = Number(replace(rows[n][-1], unit="1"), px=SIZE.label, role=curves[n].role)
        across, up, _ = curves[n].places[-1]
        baseline = max(up - 0.35 * SIZE.label * PIXEL, floor)
        number.end_at(across + 0.2 + number.room, baseline)
        floor = baseline + 1.1 * SIZE.label * PIXEL
        numbers.append(number)
    return numbers


@dataclass(frozen=True, slots=True)
class Ratio:
    """Who says how many times fewer tokens, and how it is drawn."""

    name: str
    rows: Sequence[Sequence[Traced]]
    role: str
    width: float
    places: int


class Ratios:
    """Times fewer tokens to the same loss: here, in the paper, in an independent reproduction."""

    def __init__(self, record: Closing) -> None:
        ours = [record.traced("equal_ratio")]
        paper = row_of(record, "paper_ratio")
        others = [row_of(record, f"other_ratio_{end}") for end in ("low", "high")]
        every = [*ours, *paper, *others[0], *others[1]]
        contexts = [
            [f"context {int(record.context)}"],
            [f"context {int(context)}k" for context in record.paper_context],
            [f"context {int(context)}k" for context in record.other_context],
        ]
        kinds = (
            Ratio("here", [ours], "normalized", 2.0, 2),
            Ratio("the paper", [paper], "ink", 4.1, 0),
            Ratio("an independent reproduction", others, "muted", 3.3, 1),
        )
        self.parts, left = [], GRID.left + 0.7
        for kind, names in zip(kinds, contexts, strict=True):
            axis = measure(kind.name, every)
            box = Box(left, -1.35, kind.width, 3.4)
            self.parts.append(Bars(box, axis, kind.rows, names, kind.role, places=kind.places))
            left += kind.width + 1.15
        about = (
            (size_of(record), "one seed"),
            ("0.5B and 1B parameters", "arXiv 2410.01131"),
            (
                "0.5B parameters; filled: at least,",
                "outlined: at most; read off",
                "github.com/JoeLi12345/nGPT",
            ),
        )
        self.about = [noted(*lines, px=SIZE.tick) for lines in about]
        for part, words in zip(self.parts, self.about, strict=True):
            at_left(words, part.axis.box.left, -2.05)
