"""Pictures of chapter 7, built from its recording: scales, letters, the walk, the next letter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import FullArchitecture, Traced
from scenes.architecture_plan import FIRST, Layer, Whole
from scenes.stage.bars import Bars
from scenes.stage.curves import arc_points, rectangles
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, below, noted, stacked
from scenes.stage.marks import Dot, Tag, Trace, chord, tag, term_of
from scenes.stage.patterns import shown_as
from scenes.stage.plots import Box, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Label, Readout, baseline_of, column_of, degrees_of, row_of
from scenes.stage.space import Space, View
from scenes.stage.split import HALF, SplitScreen
from scenes.stage.style import GRID, SIZE, STROKE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line
from scenes.stage.zoom import Name, Shot, SpaceInside, Zoom

STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha_A : scale }}'
    " ({{ h_A : transformation }} - {{ h : normalized }}))"
)
ATTENDING = (
    '{{ h_A : transformation }} = "Norm" ( {{ W_o : normalized }} dot "mix"),'
    ' quad "mix" = sum_j "softmax"_j (sqrt(d_k) thin {{ q : normalized }} dot'
    " {{ k_j : normalized_k }}) thin v_j"
)
GATING = '{{ h_M : transformation }} = "Norm" ( {{ W_"oM" : normalized }} (u dot.o "SiLU" (nu)))'
SCALES = {
    "α_A": ("{{ alpha_A : scale }}", "step towards attention"),
    "α_M": ("{{ alpha_M : scale }}", "step towards feed-forward"),
    "s_qk": ("{{ s_(q k) : scale }}", "sharpness of attention"),
    "s_u": ("{{ s_u : scale }}", "strength of u"),
    "s_ν": ("{{ s_nu : scale }}", "curve of the gate"),
    "s_z": ("{{ s_z : scale }}", "sureness of the output"),
}
POINTS = {
    "q": "{{ q : normalized }}",
    "k": "{{ k : normalized }}",
    "h_attention": "{{ h_A : transformation }}",
    "h_mid": "{{ h : normalized }}",
    "h_mlp": "{{ h_M : transformation }}",
    "h_out": "{{ h : normalized }}",
}
"""The vectors that are normalized in a layer, as terms."""

LEG = 16
"""Pieces of the arc drawn for one update."""

FOLLOWED = 12
"""Letters of the prompt, besides the last one, whose points are drawn."""

MOST_LETTERS = 48
"""Letters of a larger alphabet whose points are drawn, those of the prompt first."""

APART = 62.0
"""Two labels of a sphere are at least this many pixels apart."""

ALIKE = np.cos(np.radians(14))
"""Letters whose points are nearer to each other than this share one label."""


def larger(record: FullArchitecture) -> str:
    """The larger model in words, by its recorded shape."""
    return f"our larger model, {int(record.d_model)} dimensions"


def toy(record: FullArchitecture) -> str:
    """The small model in words, by its recorded shape."""
    return f"our small model, {record.paths.shape[-1]} dimensions"


def prompt_of(record: FullArchitecture) -> Prompt:
    """The prompt with its last letter lit."""
    words = record.prompt.replace("␣", " ")
    *_, last = range(len(words))
    return Prompt(words, last, "normalized")


def letters_of(letters: str) -> list[str]:
    """Letters as they can be seen: a space is a mark."""
    return [shown_as(letter.replace("␣", " ")) for letter in letters]


def small(words: str) -> Line:
    """A source, or another remark in small type."""
    return Line(words, role="muted", px=SIZE.tick)


class Recall:
    """Chapter 6 in one picture: every kind of scale before and after training."""

    def __init__(self, record: FullArchitecture) -> None:
        kinds = record.kinds.split(",")
        names: list[Label] = [Explained(*SCALES[k]) if k in SCALES else Line(k) for k in kinds]
        _aligned(names)
        columns = [
            Column(Line(words, role="muted"), row_of(record, field), "scale")
            for words, field in (
                ("before training", "recall_start"),
                ("after training", "recall_end"),
            )
        ]
        self.table = Table(names, columns, GRID.left + 2.3, 2.0, spacing=0.7)
        self.source = small(f"mean sizes in {larger(record)}")
        at_left(self.source, GRID.left + 2.3, -2.7)


def _aligned(names: Sequence[Label]) -> None:
    """Let the words beside terms begin below each other."""
    explained = [name for name in names if isinstance(name, Explained)]
    reach = max((name.words.get_left()[0] - name.get_left()[0] for name in explained), default=0)
    for name in explained:
        name.words.shift((name.get_left()[0] + reach - name.words.get_left()[0], 0, 0))


class Sizes:
    """The larger model in numbers, in a row below the plan."""

    def __init__(self, record: FullArchitecture) -> None:
        fields = (
            ("layers", "layers"),
            ("entries of a state", "d_model"),
            ("heads a layer", "heads"),
            ("trained numbers", "parameters"),
        )
        self.readouts = VGroup(
            *(
                Readout(Line(words, role="muted"), record.traced(name), places=0)
                for words, name in fields
            )
        )
        right = GRID.left
        for readout in self.readouts:
            at_left(readout, right, -2.1)
            right = readout.get_right()[0] + 0.75
        self.readouts.shift((-self.readouts.get_center()[0], 0, 0))
        self.source = small(f"{larger(record)}, and its shape")
        self.source.move_to((0, -2.75, 0))


class Letters:
    """The points of all letters on the sphere in the embedding box, some with their names."""

    def __init__(self, record: FullArchitecture, whole: Whole) -> None:
        self.space, points = whole.space, record.embeddings.astype(float)
        self.last = int(record.token_ids[-1])
        vowel = record.alphabet.find("e")
        aim = points[self.last] + points[max(vowel, 0)]
        self.view = View.onto_point(aim / np.linalg.norm(aim), aside=0)
        every = [*map(int, record.token_ids[::-1]), *range(len(points))]
        self.order = list(dict.fromkeys(every))[:MOST_LETTERS]
        _, *others = self.order
        self.dots = [Dot(self.space, points[n], "normalized", px=18) for n in others]
        self.here = Dot(self.space, points[self.last], "ink", px=28)
        self.prompt = prompt_of(record)
        lit = Explained("{{ h : normalized }}", "starts at the lit letter’s point")
        more = noted("letters used alike tend to", "lie close: here, the vowels")
        self.rule = Equation('{{ h : normalized }} = {{ E_"in" : normalized }} ["letter"]')
        part = f", {len(self.order)} of {len(points)} letters"
        self.source = small(toy(record) + part * (len(self.order) < len(points)))
        stacked([self.prompt, self.rule, lit, more, self.source], GRID.panel, 2.0, gap=0.55)
        self.texts = [self.prompt, VGroup(self.rule, lit), more, self.source]
        self.record = record

    def tags(self) -> list[Tag]:
        """Names of the letters in front, where there is room for them as they are seen now."""
        points = self.record.embeddings.astype(float)
        letters = letters_of(self.record.alphabet)
        order = self.order
        found: list[Tag] = []
        places: list[Point] = []
        taken: set[int] = set()
        for number in order:
            point = points[number]
            together = [n for n in order if n not in taken and points[n] @ point > ALIKE]
            place = self.space.drawn(point)
            near = any(np.linalg.norm(place - other) < APART / 135 for other in places)
            if number in taken or near or Dot(self.space, point, "ink").is_behind:
                continue
            taken.update(together)
            places.append(place)
            words = " ".join(letters[n] for n in sorted(together))
            role = "ink" if number == self.last else "normalized"
            found.append(tag(self.space, point, words, role, (0, 24), SIZE.label))
        return found


class Update:
    """The prompt's first update on the sphere inside the plan's ring, and what moves it."""

    def __init__(self, record: FullArchitecture, whole: Whole) -> None:
        path = record.paths[:, -1].astype(float)
        here, there, went = path[0], record.suggestions[0].astype(float), path[1]
        self.view = View.onto_arc(here, there, 48)
        self.space = SpaceInside(self.view, whole.zoom, FIRST, 0.165)
        self.sphere = Hypersphere(self.space)
        self.dots = [
            Dot(self.space, here, "normalized", px=28),
            Dot(self.space, there, "transformation", px=28),
        ]
        self.names = [
            term_of(self.space, here, there, "{{ h : normalized }}"),
            term_of(self.space, there, here, "{{ h_A : transformation }}"),
        ]
        self.way = chord(self.space, here, there, "transformation")
        self.moving = Dot(self.space, here, "ink", px=28)
        self.route = arc_points(here, went)
        self.trace = Trace(self.space, self.route, "normalized", STROKE.arc)
        self.rule = Equation(STEPPING, px=40)
        self.terms = [
            Explained("{{ h_A : transformation }}", "what attention suggests"),
            Explained("{{ alpha_A : scale }}", "how far, for each dimension"),
        ]
        self.moved = Readout(
            Line("h moved by"), record.traced("moved", 0).degrees, places=1, role="normalized"
        )
        self.source = small(
            f"first update of “w” in {toy(record)}".replace("w", record.prompt[-1], 1)
        )
        stacked([self.rule, *self.terms, self.moved, self.source], GRID.panel, 2.0, gap=0.6)

    @property
    def going(self) -> list[Step]:
        """Lead the point to where the model went, with the way behind it."""
        return [
            (self.trace, self.trace.show_upto),
            (self.moving, lambda row: self.moving.move_to_row(self.route, row)),
        ]


class Words(Line):
    """A line that shows one of several texts; `show_row` changes it in place."""

    def __init__(self, texts: tuple[str, ...], px: float = SIZE.label, role: str = "ink") -> None:
        super().__init__(texts[0], px=px, role=role)
        self.lines = [Line(words, px=px, role=role) for words in texts]
        self.now = 0

    def show_row(self, row: float) -> None:
        """Show the text of the row that has begun."""
        left, baseline = self.get_left()[0], self.baseline
        self.now = int(np.clip(np.floor(row), 0, len(self.lines) - 1))
        line = self.lines[self.now].copy()
        self.words, self.drop = line.words, line.drop
        line.shift((left - line.get_left()[0], baseline - line.baseline, 0))
        self.set_points(line.points)


class Walk:
    """The hidden states of the prompt's letters through all updates, on one sphere."""

    def __init__(self, record: FullArchitecture) -> None:
        states = record.paths.astype(float)
        self.updates = len(states) - 1
        last = states[:, -1]
        self.view = View.onto_point(last.mean(axis=0), aside=20)
        self.space = Space(self.view, (GRID.picture, GRID.middle), 2.35)
        self.sphere = Hypersphere(self.space)
        self.routes = [_through(states[:, n]) for n in range(states.shape[1])]
        others = self.routes[:-1][-FOLLOWED:]
        self.others = [Dot(self.space, route[0], "muted", px=16) for route in others]
        self.other_routes = others
        self.trace = Trace(self.space, self.routes[-1], "normalized", STROKE.arc)
        self.trace.show_upto(0)
        self.start = Dot(self.space, last[0], "normalized", px=20)
        self.moving = Dot(self.space, last[0], "ink", px=30)
        self.suggestions = record.suggestions.astype(float)
        self.towards = Dot(self.space, self.suggestions[0], "transformation", px=26)
        self.prompt = prompt_of(record)
        angles = degrees_of(record, "moved")
        self.words = Words(
            tuple(
                f"layer {n // 2 + 1}: {'feed-forward' if n % 2 else 'attention'}"
                for n in range(self.updates)
            )
        )
        self.moved = Readout(Line("moves it by"), angles, places=1, role="normalized")
        self.legend = [
            Line("white: the lit letter’s state", px=SIZE.tick),
            Line("red: what the block suggests", px=SIZE.tick, role="transformation"),
            small("grey: states of the other letters"),
        ]
        self.texts = stacked(
            [self.prompt, VGroup(stacked(self.legend, 0, 0, gap=0.15))], GRID.panel, 2.2, gap=0.4
        )
        at_left(self.words, GRID.panel, -0.15)
        at_left(self.moved, GRID.panel + 3.0, 0)
        self.moved.shift((0, self.words.baseline - baseline_of(self.moved.label), 0))
        self.source = small(toy(record))
        at_left(self.source, GRID.panel, GRID.bottom + 0.3)
        self.bars = self._bars(angles)
        self.key = self.bars.legend(
            [Line("attention", px=SIZE.tick), Line("feed-forward", px=SIZE.tick)]
        )
        at_left(self.key, GRID.panel + 4.0, -0.75)

    def _bars(self, angles: tuple[Traced, ...]) -> Bars:
        rows = [angles[0::2], angles[1::2]]
        layers = range(1, len(rows[0]) + 1)
        names = [f"layer {n}" if len(rows[0]) < 4 else str(n) for n in layers]
        box = Box(GRID.panel + 0.75, -2.3, 3.0, 1.35)
        return Bars(box, measure("moved", angles, most=3), rows, names, "normalized", places=0)

    @property
    def going(self) -> list[Step]:
        """Lead everything through the updates."""
        last = self.updates - 1

        def suggest(row: float) -> None:
            self.towards.move_in_space(self.suggestions[int(np.clip(np.floor(row), 0, last))])

        def follow(dot: Dot, route: Point) -> Step:
            return dot, lambda row: dot.move_to_row(route, LEG * row)

        return [
            *(
                follow(dot, route)
                for dot, route in zip(self.others, self.other_routes, strict=True)
            ),
            (self.trace, lambda row: self.trace.show_upto(LEG * row)),
            follow(self.moving, self.routes[-1]),
            (self.towards, suggest),
            (self.words, self.words.show_row),
            (self.moved, lambda row: self.moved.show_row(np.floor(row))),
        ]


def _through(states: Point) -> Point:
    """Arcs from state to state, as one line."""
    legs = [arc_points(a, b, pieces=LEG) for a, b in pairwise(states)]
    return np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])


class Cosines:
    """The last state against the output point of every letter."""

    def __init__(self, record: FullArchitecture) -> None:
        cosines, letters = row_of(record, "cosines"), record.alphabet
        box = Box(GRID.left + 0.9, -2.35, 11.6, 1.85)
        names = letters_of(letters) if len(letters) <= 40 else []
        axis = measure("cosine of h and the letter’s output point", cosines)
        self.bars = Bars(box, axis, [cosines], names, "normalized")
        for name, top in zip(self.bars.names, self.bars.rows[0].tops, strict=bool(names)):
            foot = self.bars.axis.box.bottom - 0.13
            name.shift((top[0] - name.get_center()[0], foot - name.get_top()[1], 0))


class Guess:
    """What both models expect after the prompt, and what really follows."""

    def __init__(self, record: FullArchitecture) -> None:
        self.right = record.goes_on[:1]
        self.prompt = prompt_of(record)
        self.follows = Line(f"goes on: “{record.goes_on}”", px=SIZE.body, weight="SEMIBOLD")
        at_left(self.prompt, GRID.left, 2.25)
        self.follows.shift(
            (
                self.prompt.get_right()[0] + 0.5 - self.follows.get_left()[0],
                self.prompt[1].get_bottom()[1] - self.follows.baseline,
                0,
            )
        )
        sides = (
            (GRID.left + 0.75, toy(record), "probabilities", record.toy_tokens),
            (0.95, larger(record), "mini_probabilities", record.mini_tokens),
        )
        self.bars, self.frames, self.heads = [], VGroup(), VGroup()
        for left, words, name, letters in sides:
            numbers = row_of(record, name)
            box = Box(left, -2.3, 5.3, 2.9)
            bars = Bars(
                box, measure("probability", numbers), [numbers], letters_of(letters), "normalized"
            )
            head = Line(words, role="muted")
            at_left(head, left - 0.6, 1.55)
            self.heads.add(head)
            self.bars.append(bars)
            if self.right in letters:
                self.frames.add(_framed(bars, letters.index(self.right)))


def _framed(bars: Bars, number: int) -> VMobject:
    """A frame around the name of the letter that is right."""
    row, box = bars.rows[0], bars.axis.box
    top = row.tops[number]
    width, low = row.width_of_bar + 0.12, box.bottom - 0.48
    high = (
        max(n.get_top()[1] for n in bars.numbers[number : number + 1]) if bars.numbers else top[1]
    )
    high = high + 0.08
    frame = VMobject(fill_opacity=0).set_stroke(colour_of("ink"), STROKE.boundary)
    middle = np.array([[top[0], (low + high) / 2, 0]])
    return frame.set_points(rectangles(middle, np.array([width, high - low])))


class Counts:
    """The normalized vectors of a layer as terms in a row, and how many there are."""

    def __init__(self, record: FullArchitecture) -> None:
        self.points = record.norm_points.split(",")
        self.terms = [Equation(POINTS.get(p, f'"{p}"')) for p in self.points]
        for number, term in enumerate(self.terms):
            term.move_to((GRID.left + 0.6 + 0.75 * number, -2.2, 0))
        self.a_layer = Readout(
            Line("normalizations a layer"), record.traced("norms_per_layer"), places=0,
            role="normalized",
        )  # fmt: skip
        self.all = Readout(
            Line("in all layers"), record.traced("norms"), places=0, role="normalized"
        )
        self.weights = Readout(
            Line("weight matrices normalized"), record.traced("normalized_matrices"), places=0,
            role="normalized",
        )  # fmt: skip
        self.of = Readout(Line("of"), record.traced("matrices"), places=0)
        column_of([self.a_layer, self.weights], -0.35, -2.2, 0.6)
        for right, left in ((self.all, self.a_layer), (self.of, self.weights)):
            at_left(right, left.get_right()[0] + 0.35, 0)
            right.shift((0, baseline_of(left.label) - baseline_of(right.label), 0))
        self.after = small("after every training step")
        self.after.shift((self.terms[0].get_left()[0] - self.after.get_left()[0], 0, 0))
        self.after.shift((0, baseline_of(self.weights.label) - self.after.baseline, 0))


class Versus:
    """The traditional layer on the left, drawn as nGPT's on the right, with their counts."""

    def __init__(self, record: FullArchitecture) -> None:
        self.screen = SplitScreen()
        self.shot = Shot(0.2, 0, 0.7, (HALF, 0.3))
        self.zoom = Zoom(Shot(0.2, 0, 0.7, (-HALF, 0.3)))
        points = ["q", "k"] * bool(record.gpt_norms_per_layer > 2)
        self.layer = Layer(self.zoom, int(record.layers), points, "traditional")
        self.sides = [
            column_of(
                [
                    Readout(Line(f"{norms} in a layer"), a_layer, places=0, role=role),
                    Readout(Line(f"{norms} in the whole model"), every, places=0, role=role),
                ],
                left, -1.6, 0.6,
            )
            for left, role, norms, a_layer, every in (
                (
                    -HALF - 2.8, "traditional", "RMSNorms",
                    record.traced("gpt_norms_per_layer"), record.traced("gpt_norms"),
                ),
                (
                    HALF - 2.8, "normalized", "norms",
                    record.traced("norms_per_layer"), record.traced("norms"),
                ),
            )
        ]  # fmt: skip
        self.weights = [
            Line("weights: any length", role="traditional"),
            Line("weights: length 1", role="normalized"),
        ]
        for line, side in zip(self.weights, self.sides, strict=True):
            below(side, line, 0.38)

    def names(self, right: Layer) -> list[Name]:
        """Names of the blocks in both halves."""
        places = (((-2.05, -0.55), "attention"), ((1.9, 0.55), "feed-forward"))
        return [
            Name(layer.zoom, place, Line(words, px=SIZE.tick, role="muted"))
            for layer in (self.layer, right)
            for place, words in places
        ]
