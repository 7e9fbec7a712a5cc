"""The gallery: every mobject of the stage in one still, with the code that made it.

Authors choose from it; `ngpt stage` draws it. The code under each picture is the source of the very
method that drew it, and its numbers are those of the shipped recordings.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from manim import Scene, VGroup

from ngpt_math.recordings import (
    Attention,
    L2NormShell,
    NormlinearGroups,
    Opening,
    Recording,
    ScaleManagement,
    SlerpVsLerp,
    TraditionalVsNormalized,
    load,
)
from scenes.stage.bars import Bars
from scenes.stage.blocks import Block, Connection, NormPoint
from scenes.stage.cards import (
    NextChapter,
    Takeaways,
    goes_with,
    heading_line,
    set_at,
    title_line,
)
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.equations import Equation
from scenes.stage.groups import GroupedMatrix
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.lengths import (
    Lengths,
    TurningMatrix,
    feet_of,
    frames_of,
    lengths_of,
    parts_of,
)
from scenes.stage.letters import Letters
from scenes.stage.marks import Arrow, Dot, arc, chord, great_circle, name_of, tag, term_of
from scenes.stage.matrices import Cells, Matrix, cells_of
from scenes.stage.motion import dimmed, swept
from scenes.stage.networks import Network, weights_of
from scenes.stage.patterns import AttentionGrid, pattern_of
from scenes.stage.plane import Circle, Plane, pairs_in_plane
from scenes.stage.plots import Box, Plot, curve_name, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, degrees_of, row_of
from scenes.stage.shell import Shell
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, ROLES, SIZE, Point
from scenes.stage.sweeps import EvenSlider, SweptDots, SweptLine, ratios, rows_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line, paragraph
from scenes.stage.zoom import Boxes, Name, Ring, Shot, Ways, Zoom

Method = Callable[[Any], None]

FOOT = -3.8
"""The lowest line of code stands here, in the band that the film keeps for captions."""

MIDDLE = np.array([0.0, 0.1, 0.0])
RADIUS = 2.0
BOX = Box(-3.3, -1.55, 6.6, 3.6)
LOW_BOX = Box(-3.3, -1.55, 6.6, 2.6)
GATE = ("gate_swept", "silu_swept", "fit_swept")
LAYERS = tuple(f"layer {number}" for number in range(1, 5))
SIDES = ("traditional", "normalized")
GONE = "sweep_lerp_angle"
SWEEPS = ("chord", "lerp", "slerp")
ASIDE = np.array([-1.1, 0.0, 0.0])
BESIDE = np.array([4.0, 1.6, 0.0])

NORM = np.array([3.0, 0.0, 0.0])
ABOVE = np.array([0.0, 1.85, 0.0])
FLOWS: tuple[tuple[Point, str], ...] = (
    (np.array([[-4.6, 0.0, 0], [-1.4, 0.0, 0]]), "flow"),
    (np.array([[1.4, 0.0, 0], [2.4, 0.0, 0]]), "flow"),
    (np.array([[3.6, 0.0, 0], [5.2, 0.0, 0]]), "flow"),
    (np.array([[-3.2, 0.0, 0], [-3.2, -1.7, 0], [3.0, -1.7, 0], [3.0, -0.65, 0]]), "auxiliary"),
    (np.array([[0.0, 1.4, 0], [0.0, 0.5, 0]]), "optional"),
)
RULE = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }}'
    " ( {{ h_A : transformation }} - {{ h : normalized }} ))"
)


def plain_matrix(cells: Cells, role: str = "traditional", full: float | None = None) -> Matrix:
    """A matrix without dots."""
    return Matrix(cells, role, full=full, cell=(84, 48))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One still: what it is called, what it shows in words, whose numbers, and its code."""

    name: str
    title: str
    Record: type[Recording] | None
    code: tuple[str, ...]


def exhibit(title: str, record: type[Recording] | None = None) -> Callable[[Method], Method]:
    """Declare a method of `Gallery` to be a still, its numbers from a recording."""

    def mark(method: Method) -> Method:
        shown = Exhibit(method.__name__, title, record, code_of(method))
        method.exhibit = shown  # type: ignore[attr-defined]
        return method

    return mark


def code_of(method: Method) -> tuple[str, ...]:
    """The lines of a method below its docstring."""
    source = textwrap.dedent(inspect.getsource(method))
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    first = function.body[1].lineno - 1
    return tuple(textwrap.dedent("\n".join(source.splitlines()[first:])).splitlines())


def lines_of_code(code: tuple[str, ...]) -> VGroup:
    """Code as it stands below a picture, flush left."""
    block: Any = paragraph(*code, px=SIZE.tick, role="muted")
    return block.shift((GRID.left - block.get_left()[0], FOOT - block[-1].baseline, 0))


class Gallery(Scene):
    """Draws the exhibit called `chosen`."""

    chosen: ClassVar[str]

    @classmethod
    def exhibits(cls) -> tuple[Exhibit, ...]:
        """Every exhibit, in the order in which they are written."""
        return tuple(m.exhibit for m in vars(Gallery).values() if hasattr(m, "exhibit"))

    @classmethod
    def of(cls, name: str) -> type[Gallery]:
        """The scene that draws one exhibit."""
        return type(name, (cls,), {"chosen": name})

    def construct(self) -> None:
        """The picture, its title, and the code that made it."""
        shown = next(e for e in self.exhibits() if e.name == self.chosen)
        self.recording: Any = load(shown.Record) if shown.Record else None
        getattr(self, shown.name)()
        self.add(heading_line(f"stage · {shown.name}"), title_line(shown.title))
        self.add(lines_of_code(shown.code))

    @exhibit("Hypersphere: grid, near and far lines, axes")
    def hypersphere(self) -> None:
        """Seven mobjects."""
        space = Space(View(turn=25, lift=20), MIDDLE, RADIUS)
        self.add(Hypersphere(space))

    @exhibit("Shell: between the spheres of radius 1 − ε and 1 + ε", L2NormShell)
    def shell(self) -> None:
        """Only the ε is data."""
        space, epsilon = Space(View(25, 20), MIDDLE, RADIUS), self.recording.traced("eps", 10)
        self.add(Hypersphere(space), Shell(space, epsilon))

    @exhibit("Arcs, chords and great circles", Attention)
    def arcs(self) -> None:
        """From above the plane of the two, so that arc and chord are two lines."""
        h, to = self.recording.recall_h, self.recording.recall_suggestion
        space = Space(View.onto_arc(h, to, 35), MIDDLE, RADIUS)
        self.add(Hypersphere(space), great_circle(space, h, to, "muted"))
        self.add(arc(space, h, to, "normalized"), chord(space, h, to, "traditional"))

    @exhibit("Points and labels; what is behind the sphere is fainter", L2NormShell)
    def points(self) -> None:
        """Real weight vectors, normalized."""
        points, space = self.recording.many_units, Space(View(20, 15), MIDDLE, RADIUS)
        self.add(Hypersphere(space), *(Dot(space, point, "normalized") for point in points))
        self.add(term_of(space, points[12], points[1], "{{ w_13 : normalized }}"))
        self.add(tag(space, points[5], "a row of a matrix", "ink", (20, 18), SIZE.label))

    @exhibit("Letters, each where its vector points", Opening)
    def letters(self) -> None:
        """Two mobjects for all."""
        points, space = self.recording.embeddings, Space(View(20, -20), MIDDLE, RADIUS)
        self.add(Hypersphere(space))
        self.add(Letters(space, points, self.recording.letters, "normalized"))

    @exhibit("Vectors: flat arrows, from the middle or from tip to tip", Attention)
    def arrows(self) -> None:
        """The difference to a suggestion."""
        h, to, middle = self.recording.recall_h, self.recording.recall_suggestion, np.zeros(3)
        space = Space(View.onto_arc(h, to, 50), MIDDLE, RADIUS)
        self.add(Hypersphere(space), Arrow(space, middle, h, "normalized"))
        way = Arrow(space, h, to, "transformation")
        self.add(way, name_of(way, "h_A - h"), term_of(space, h, to, "{{ h : normalized }}"))

    @exhibit("Interpolation: chord and arc, swept together", SlerpVsLerp)
    def interpolation(self) -> None:
        """A third of the way."""
        chord, lerp, slerp = (getattr(self.recording, f"sweep_{name}") for name in SWEEPS)
        space = Space(View.onto_arc(slerp[0], slerp[-1], 50), MIDDLE, RADIUS)
        way = Interpolation(space, chord, lerp, slerp)
        self.add(Hypersphere(space), way.chord, way.arc, way.ray, way.mix, way.lerp, way.slerp)
        self.play(*swept([*way.lerp_steps, *way.slerp_steps], 0, 30))

    @exhibit("Matrix: each cell as strong as its value is large", SlerpVsLerp)
    def matrix(self) -> None:
        """Negative values are grey."""
        cells = cells_of(self.recording, "recall_weight", (8, 3))
        self.add(Matrix(cells, "normalized").move_to(MIDDLE))

    @exhibit("A large matrix: dots for what is left out, a frame around a row", Attention)
    def elided(self) -> None:
        """15 × 32 as 8 × 8."""
        cells = cells_of(self.recording, "v", (8, 8))
        values = Matrix(cells, "normalized", gaps=(6, 6)).move_to(MIDDLE)
        self.add(values, values.row_frame(1, "scale"))

    @exhibit("Heat map: a matrix without its numbers", Attention)
    def heat_map(self) -> None:
        """Queries by keys."""
        cells = cells_of(self.recording, "rope_scores", (15, 15))
        self.add(Matrix(cells, "normalized", cell=(36, 36), numbers=False).move_to(MIDDLE))

    @exhibit("A matrix that turns, one column or row after the other", NormlinearGroups)
    def turning(self) -> None:
        """Half of its columns, and the next on its way."""
        frames = frames_of(self.recording, "output_steps")
        matrix = TurningMatrix(frames, parts_of(frames[0], down=True), plain_matrix).move_to(MIDDLE)
        self.add(matrix, matrix.before.column_frame(4))
        self.play(*swept([(matrix, matrix.show_at)], 0, 4.5))

    @exhibit("Lengths: beside the rows of a matrix, or below its columns", NormlinearGroups)
    def lengths(self) -> None:
        """Four rows at length 1, and the next on its way there."""
        lengths = lengths_of(self.recording, "row_length_steps")
        matrix = plain_matrix(cells_of(self.recording, "weight", (8, 8))).move_to(MIDDLE + ASIDE)
        beside = Lengths(lengths, feet_of(matrix), 1.5)
        self.add(matrix, beside, beside.named("length 1"))
        self.play(*swept([(beside, beside.show_at)], 0, 4.5))

    @exhibit("Groups: a matrix whose columns are drawn apart", NormlinearGroups)
    def groups(self) -> None:
        """Each part ends in dots for what is left out."""
        cells = cells_of(self.recording, "weight", (8, 8))
        matrix = GroupedMatrix(cells, "traditional", 4, 0.5, cell=(92, 46)).move_to(MIDDLE)
        self.add(matrix.shift(ASIDE))
        self.play(*swept([(matrix, matrix.spread)], 0, 1))

    @exhibit("Network: a line for each weight, as strong as the weight", SlerpVsLerp)
    def network(self) -> None:
        """Negative weights are grey."""
        weights = weights_of(self.recording, "recall_weight")
        self.add(Network(Box(-3.0, -2.0, 6.0, 4.3), weights, "normalized", ["recall_weight"]))

    @exhibit("Block diagram: main and auxiliary flow, optional parts, Norm")
    def blocks(self) -> None:
        """The ways are at the top of this module."""
        self.add(Block("attention", "transformation", (2.8, 1.0)))
        self.add(Block("QK-norm", "scale", (2.8, 0.9), optional=True).shift(ABOVE))
        self.add(NormPoint(NORM, 0.6), Line("Norm", role="normalized").move_to(NORM))
        self.add(*(Connection(way, kind) for way, kind in FLOWS))

    @exhibit("A drawing to zoom into: shapes grow, names keep their size")
    def zoom(self) -> None:
        """Seen from near; `zoomed` leads there."""
        zoom = Zoom(Shot(0.5, 0, 3, (0, 0)))
        self.add(Boxes(zoom, [(-0.9, -0.4, 0.8, 0.8)], "transformation"))
        self.add(Ways(zoom, [[(-1.8, 0), (-0.9, 0)], [(-0.1, 0), (2.0, 0)]], near=3))
        self.add(Ring(zoom, (0.8, 0), 0.3), Name(zoom, (0.8, 0), Line("Norm")))

    @exhibit("Attention: rows ask, columns are asked", Attention)
    def attention(self) -> None:
        """Full colour is a weight of 1."""
        cells, letters = pattern_of(self.recording, "pattern"), self.recording.sentence
        self.add(AttentionGrid(cells, letters, "normalized", side=34).move_to(MIDDLE))

    @exhibit("Bars: rows of numbers in groups, with a legend", SlerpVsLerp)
    def bars(self) -> None:
        """One mobject a row of bars."""
        rows = [row_of(self.recording, f"alpha_{block}_mean") for block in ("attn", "mlp")]
        bars = Bars(BOX, measure("mean |α|", [*rows[0], *rows[1]]), rows, LAYERS, "scale")
        names = [Explained("abs(alpha_A)", "attention"), Explained("abs(alpha_M)", "MLP")]
        self.add(bars, bars.legend(names).shift(BESIDE))

    @exhibit("Changing bars: one quantity, led through the steps of a computation", Attention)
    def changing(self) -> None:
        """From dot products to scores."""
        states = [row_of(self.recording, name) for name in ("dots", "scores")]
        y, seen = measure("score", [*states[0], *states[1]]), self.recording.sentence
        bars = ChangingBars(BOX, y, states, seen[: len(states[0])], "normalized", places=1, lit=8)
        self.add(bars)
        self.play(*swept([(bars, bars.show_row)], 0, 1))

    @exhibit("Plane: two dimensions, a pair of entries in them", Attention)
    def plane(self) -> None:
        """The rotary embedding turns such a pair."""
        places, middle = pairs_in_plane(self.recording.rope_q), np.zeros(3)
        radius = float(np.linalg.norm(places[0]))
        flat = Plane(MIDDLE, RADIUS / radius)
        self.add(Circle(flat, radius))
        self.add(*(Arrow(flat, middle, place, "normalized") for place in places[:4]))

    @exhibit("Plot: axes with round ticks, curves with their names", TraditionalVsNormalized)
    def plot(self) -> None:
        """Row lengths of both toy models."""
        steps = row_of(self.recording, "toy_steps")
        longest = [row_of(self.recording, name) for name in ("gpt_norm_max", "norm_max")]
        plot = Plot(BOX, measure("training", steps), measure("longest row", longest[0]))
        gpt, ngpt = (plot.curve(steps, y, role) for y, role in zip(longest, SIDES, strict=True))
        self.add(plot, gpt, ngpt, curve_name(gpt, "Traditional", 36, above=False))

    @exhibit("A place on a curve: spots, upright, dashed level", SlerpVsLerp)
    def place(self) -> None:
        """LERP's angle at an α."""
        alpha, angle = row_of(self.recording, "sweep_alpha"), degrees_of(self.recording, GONE)
        plot = Plot(BOX, measure("α", alpha), measure("angle from h", angle))
        self.add(plot, plot.curve(alpha, angle, "traditional"), plot.level(angle[-1], "muted"))
        self.add(plot.upright(alpha[30], angle[30], "ink"), plot.spot(alpha[30], angle[30], "ink"))
        self.add(plot.spots(alpha, angle, "normalized"))

    @exhibit("Slider: where a swept quantity stands", SlerpVsLerp)
    def slider(self) -> None:
        """A third of the way."""
        alpha = row_of(self.recording, "sweep_alpha")
        slider = Slider(Equation("{{ alpha : scale }}"), alpha, 5.0, "scale").move_to(MIDDLE)
        self.add(slider)
        self.play(*swept([(slider, slider.show_row)], 0, 30))

    @exhibit("A factor in equal ratios: slider and axis", ScaleManagement)
    def factor(self) -> None:
        """The entropy of the output for factors on s_z."""
        xs, ys = (row_of(self.recording, name) for name in ("multiplier", "output_entropy"))
        slider = EvenSlider(Line("factor"), xs, 5.0, "scale").move_to(1.25 * ABOVE)
        plot = Plot(LOW_BOX, ratios("factor", xs), measure("entropy", ys))
        self.add(plot, plot.curve(xs, ys, "scale"), slider, slider.marked(20, "trained"))
        self.play(*swept([(slider, slider.show_row)], 0, 14))

    @exhibit("Dots and a line led through a sweep", ScaleManagement)
    def swept_dots(self) -> None:
        """The gate's values, and the straight line nearest to SiLU on them."""
        x, *y = (rows_of(self.recording, name) for name in GATE)
        plot = Plot(BOX, measure("ν", x[-1]), measure("SiLU(ν)", [*y[0][-1], *y[1][-1]]))
        dots, line = SweptDots(plot, x, y[0], "normalized"), SweptLine(plot, x, y[1], "ink")
        self.add(plot, dots, line)
        self.play(*swept([(dots, dots.show_row), (line, line.show_row)], 0, 35))

    @exhibit("Equations in role colours, and what their terms mean")
    def equation(self) -> None:
        """RULE is at the top of this module."""
        state = Explained("{{ h : normalized }}", "the hidden state")
        alpha = Explained("{{ alpha : scale }}", "how far it goes")
        self.add(stacked([Equation(RULE), state, alpha], 0, 0, gap=0.6).move_to(MIDDLE))

    @exhibit("Readouts: recorded numbers in one column", SlerpVsLerp)
    def readouts(self) -> None:
        """`ngpt where` opens each."""
        numbers = enumerate(degrees_of(self.recording, "moved"), start=1)
        rows = [Readout(Line(f"update {n} turns h by"), m, places=1) for n, m in numbers]
        self.add(column_of(rows, 0, 0, spacing=0.75).move_to(MIDDLE))

    @exhibit("Table: a name for each row, a heading for each column", SlerpVsLerp)
    def table(self) -> None:
        """Means by layer."""
        means = [row_of(self.recording, f"alpha_{block}_mean") for block in ("attn", "mlp")]
        heads = Equation("{{ alpha_A : scale }}"), Equation("{{ alpha_M : scale }}")
        columns = [Column(h, m, "scale", 3) for h, m in zip(heads, means, strict=True)]
        self.add(Table([Line(layer) for layer in LAYERS], columns, 0, 0).move_to(MIDDLE))

    @exhibit("Text: roles, sizes, paragraphs, remarks")
    def text(self) -> None:
        """One mobject a line."""
        roles = [Line(role, role=role, weight="SEMIBOLD", px=SIZE.body) for role in ROLES]
        more = paragraph("two lines of", "a paragraph"), noted("a remark", "beside a picture")
        self.add(stacked(roles, -3.5, 1.9), stacked(more, 1.2, 1.7, gap=1.0))

    @exhibit("Takeaways: what to remember, one after the other, and the notebooks to go on with")
    def takeaways(self) -> None:
        """Each is a mobject of its own; `Chapter.take_away` plays them."""
        first = ("normalized", ("Every row has length 1,", "so an output is a cosine."))
        points = Takeaways([first, ("scale", ("α says how far to go.",))])
        books = set_at(goes_with(("3", "6")), points.get_left()[0], -2.0)
        self.add(points, books)

    @exhibit("The chapter that follows, and its question")
    def transition(self) -> None:
        """A chapter's last picture."""
        self.add(NextChapter("Who looks at whom?", "Chapter 5 · Attention on the sphere"))

    @exhibit("Prompt: the letter that a picture is about", SlerpVsLerp)
    def prompt(self) -> None:
        """Long prompts are cut around the letter."""
        position = int(self.recording.position)
        self.add(Prompt(self.recording.prompt, position, "normalized").move_to(MIDDLE))

    @exhibit("Split screen: two halves that mirror each other", SlerpVsLerp)
    def split(self) -> None:
        """Both spheres share a view."""
        screen = SplitScreen()
        spaces = [half.space(View(20, 20), 0.05, 1.7) for half in (screen.left, screen.right)]
        self.add(screen, *(Hypersphere(space) for space in spaces))
        self.add(Arrow(spaces[0], np.zeros(3), self.recording.gpt_states[2], "traditional"))
        self.add(Arrow(spaces[1], np.zeros(3), self.recording.states[2], "normalized"))

    @exhibit("Dimming: what is not spoken of steps back", SlerpVsLerp)
    def dimming(self) -> None:
        """`lit` brings it back."""
        rows, space = self.recording.recall_weight, Space(View(20, 20), MIDDLE, RADIUS)
        arrows = [Arrow(space, np.zeros(3), row, "normalized") for row in rows]
        self.add(Hypersphere(space), *arrows)
        self.play(*dimmed(*arrows[:3], *arrows[4:]))
