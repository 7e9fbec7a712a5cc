"""The plan of the whole model that chapter 7 zooms into: nGPT's, and the traditional layer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from manim import VGroup

from ngpt_math.recordings import FullArchitecture
from scenes.claims.tokens import in_tokens
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.layout import stacked
from scenes.stage.marks import Mark
from scenes.stage.space import View
from scenes.stage.style import COLOUR, GRID, LAYER, SIZE, STROKE
from scenes.stage.text import Line
from scenes.stage.zoom import Boxes, Name, Ring, Seen, Shot, SpaceInside, Ways, Zoom

Place = tuple[float, float]

ATTENTION, MLP = (-2.05, 0.87), (1.85, -0.87)
WIDE, HIGH, CLOSE = 3.0, 1.1, 4.0
"""Both blocks: their middles, width and height, and the scale at which one fills the frame."""

FIRST, SECOND = (-0.2, 0.0), (3.62, 0.0)
"""Where the state is updated after attention and after the MLP."""

INPUT, OUTPUT = (-4.95, 0.0), (5.25, 0.0)
OUTPUT_WIDE, OUTPUT_HIGH, OUTPUT_CLOSE = 1.6, 0.34, 6.0
CARD = (-4.05, -2.08, 8.1, 4.16)
BEHIND, MOST_BEHIND = 0.1, 3
"""How far apart the layers' cards lie, and how many are drawn behind the first."""

WHOLE = Shot(0, 0, 1, (0, 0.12))
ON_LAYER = Shot(0, 0, 1.3, (0, 0.35))
ON_INPUT = Shot(*INPUT, 4.5, (GRID.picture, GRID.middle))
ON_ATTENTION = Shot(*ATTENTION, CLOSE, (0, 0.35))
ON_MLP = Shot(*MLP, CLOSE, (0, 0.35))
ON_UPDATE = Shot(*FIRST, 11.5, (GRID.picture, GRID.middle))
ON_OUTPUT = Shot(*OUTPUT, OUTPUT_CLOSE, (0, 1.5))


@dataclass
class Part:
    """What belongs together: shapes, which stay, and names, which come when seen from near."""

    shapes: list[Seen | Mark] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)


class Near:
    """Lays out what is inside a block, in the frame's units as it is seen from near."""

    def __init__(self, zoom: Zoom, middle: Place, scale: float) -> None:
        self.zoom, self.middle, self.scale = zoom, middle, scale

    def place(self, across: float, up: float) -> Place:
        """A place in the plan."""
        return self.middle[0] + across / self.scale, self.middle[1] + up / self.scale

    def boxes(self, role: str, *places: tuple[float, float, float, float]) -> Boxes:
        """Rectangles given by middle, width and height."""
        corners = [
            (*self.place(x - w / 2, y - h / 2), w / self.scale, h / self.scale)
            for x, y, w, h in places
        ]
        return Boxes(self.zoom, corners, role, near=self.scale)

    def ways(
        self, *routes: Sequence[Place], kind: str = "flow", open_routes: Sequence[list[Place]] = ()
    ) -> Ways:
        """Arrows."""
        inside = [[self.place(*place) for place in route] for route in routes]
        leading = [[self.place(*place) for place in route] for route in open_routes]
        return Ways(self.zoom, inside, kind, near=self.scale, open_routes=leading)

    def ring(self, across: float, up: float, radius: float) -> Ring:
        """A normalization point."""
        return Ring(self.zoom, self.place(across, up), radius / self.scale)

    def term(self, typst: str, across: float, up: float) -> Name:
        """A term in the plan."""
        return Name(self.zoom, self.place(across, up), Equation(typst, px=SIZE.readout))

    def word(self, words: str, across: float, up: float, px: float = SIZE.label) -> Name:
        """A word in the plan."""
        return Name(self.zoom, self.place(across, up), Line(words, px=px))


Q, K, V, BETWEEN = 1.5, 0.0, -1.35, 0.75
"""Heights of the rows of queries, keys and values, and between the first two."""

TALL = 2.2

ASIDE = 0.25
"""How far before a block the way into it rises: a circle on it does not touch the block."""


class Layer:
    """One layer: a card with both blocks, the stream and its two updates.

    nGPT's is green and has its normalization points by the names of `points`; the traditional one
    is blue, has no scales, and a norm before each block.
    """

    def __init__(self, zoom: Zoom, layers: int, points: Sequence[str], role: str) -> None:
        self.zoom, self.role, self.normalized = zoom, role, role == "normalized"
        self.rings: dict[str, Ring] = {}
        self.points = points
        self.matrices: list[Seen] = []
        self.cards = Part(list(self._cards(layers)))
        left, _, width, _ = CARD
        through = Ways(zoom, [], open_routes=[[(left, 0), (left + width, 0)]])
        self.stream = Part([through, self._branches()])
        self.attention = [self._block(ATTENTION), *self._attention()]
        self.mlp = [self._block(MLP), *self._mlp()]
        self.updates = [self._update(FIRST, "h_mid"), self._update(SECOND, "h_out")]
        if not self.normalized:
            self._norms_before()

    @property
    def parts(self) -> list[Part]:
        """All of it."""
        return [self.cards, self.stream, *self.attention, *self.mlp, *self.updates]

    @property
    def inside(self) -> list[Seen | Mark]:
        """What is inside the blocks."""
        return shapes_of([*self.attention[1:], *self.mlp[1:]])

    @property
    def outline(self) -> list[Seen | Mark]:
        """What is seen from afar: all but what is inside the blocks, and the circles in them."""
        inside = {id(shape) for shape in self.inside if not isinstance(shape, Ring)}
        return [shape for shape in shapes_of(self.parts) if id(shape) not in inside]

    def _cards(self, layers: int) -> list[Seen]:
        """The first layer's card, and of those behind it the edges that look out."""
        left, bottom, width, height = CARD
        first = Boxes(
            self.zoom, [CARD], "muted", layer=LAYER.panel, width=STROKE.axis, fill=COLOUR.ground
        )
        edges = []
        for n in range(1, min(layers - 1, MOST_BEHIND) + 1):
            off, before = BEHIND * n, BEHIND * (n - 1)
            top, right = bottom + height, left + width
            edges.append(
                [
                    (left + off, top + before),
                    (left + off, top + off),
                    (right + off, top + off),
                    (right + off, bottom + off),
                    (right + before, bottom + off),
                ]
            )
        behind = Ways(self.zoom, [], "auxiliary", "muted", open_routes=edges)
        return [behind, first]

    def _branches(self) -> Ways:
        """From the stream into both blocks, and from them to the updates."""
        left, right = ATTENTION[0] - WIDE / 2, ATTENTION[0] + WIDE / 2
        lower = MLP[0] - WIDE / 2
        out = ATTENTION[1] + BETWEEN / CLOSE
        return Ways(
            self.zoom,
            [
                [(left - ASIDE, 0), (left - ASIDE, ATTENTION[1]), (left, ATTENTION[1])],
                [(right, out), (FIRST[0], out), (FIRST[0], 0.2)],
                [(lower - ASIDE, 0), (lower - ASIDE, MLP[1]), (lower, MLP[1])],
                [(MLP[0] + WIDE / 2, MLP[1]), (SECOND[0], MLP[1]), (SECOND[0], -0.2)],
            ],
            "auxiliary",
        )

    def _block(self, middle: Place) -> Part:
        corner = (middle[0] - WIDE / 2, middle[1] - HIGH / 2)
        edge = Boxes(self.zoom, [(*corner, WIDE, HIGH)], "transformation", layer=LAYER.panel)
        return Part([edge])

    def _ring(self, name: str, ring: Ring) -> list[Seen | Mark]:
        """A normalization point, if this model has it."""
        if name not in self.points:
            return []
        self.rings[name] = ring
        return [ring]

    def _matrix(self, boxes: Boxes) -> Boxes:
        self.matrices.append(boxes)
        return boxes

    def _attention(self) -> list[Part]:
        """Project, turn and normalize, compare, mix."""
        near = Near(self.zoom, ATTENTION, CLOSE)
        rows = (Q, K, V)
        fan = [[(-5.5, 0), (-5.5, y), (-4.95, y)] for y in rows]
        weights = near.boxes(self.role, *((-4.45, y, 1.0, 0.7) for y in rows))
        project = Part(
            [self._matrix(weights), near.ways(*fan, open_routes=[[(-6, 0), (-5.5, 0)]])],
            [
                near.term(f"{{{{ h : {self.role} }}}}", -5.75, 0.35),
                *(
                    near.term(f"{{{{ W_{x} : {self.role} }}}}", -4.45, y)
                    for x, y in zip("qkv", rows, strict=True)
                ),
                near.term("q", -3.65, Q + 0.32),
                near.term("k", -3.65, K + 0.32),
                near.term("v", -2.7, V + 0.32),
            ],
        )
        turn = Part(
            [near.boxes("ink", (-2.7, BETWEEN, 1.3, TALL)), *self._scaled(near)],
            [near.word("rotary", -2.7, BETWEEN)],
        )
        turn.shapes.append(near.ways(*([(-3.95, y), (-3.35, y)] for y in (Q, K))))
        for name, up in (("q", Q), ("k", K)):
            turn.shapes += self._ring(name, near.ring(-1.45, up, 0.42))
            turn.names += [near.word("Norm", -1.45, up, SIZE.tick)] * (name in self.points)
        if self.normalized:
            turn.names.append(near.term("{{ s_(q k) : scale }}", -0.25, BETWEEN))
        compare = Part(
            [
                near.boxes("transformation", (1.46, BETWEEN, 1.56, TALL)),
                near.ways(*([(0.2, y), (0.68, y)] for y in (Q, K))),
            ],
            [near.word("softmax", 1.46, 1.2), near.term("sqrt(d_k) thin q dot k", 1.46, 0.35)],
        )
        return [project, turn, compare, self._mix(near)]

    def _scaled(self, near: Near) -> list[Seen | Mark]:
        """From the rotary turn through Norm and s_qk; the traditional layer has neither."""
        if not self.normalized:
            return [near.ways(open_routes=[[(-2.05, y), (0.2, y)] for y in (Q, K)])]
        runs, before = [], []
        for name, y in (("q", Q), ("k", K)):
            start, end = self._around(name, (-2.05, y), (-1.45, y), 0.42)
            before += start
            runs.append([end, (-0.7, y)])
        ways = near.ways(*runs, open_routes=before)
        return [ways, near.boxes("scale", (-0.25, BETWEEN, 0.9, TALL))]

    def _around(
        self, name: str, start: Place, middle: Place, radius: float
    ) -> tuple[list[list[Place]], Place]:
        """The way up to a normalization point, and where it goes on: dimmed, it shows through.

        Without the point the way goes on from its start.
        """
        if name not in self.points:
            return [], start
        (across, up) = middle
        return [[start, (across - radius, up)]], (across + radius, up)

    def _mix(self, near: Near) -> Part:
        """The weighted sum of the values, W_o and Norm."""
        routes: list[list[Place]] = [
            [(2.24, BETWEEN), (2.6, BETWEEN)],
            [(-3.95, V), (3.0, V), (3.0, BETWEEN - 0.35)],
            [(3.4, BETWEEN), (3.76, BETWEEN)],
        ]
        weight = self._matrix(near.boxes(self.role, (4.1, BETWEEN, 0.68, 0.7)))
        leave, on = self._around("h_attention", (4.44, BETWEEN), (5.12, BETWEEN), 0.42)
        part = Part(
            [
                near.boxes("transformation", (3.0, BETWEEN, 0.8, 0.7)),
                weight,
                near.ways(*routes, open_routes=[*leave, [on, (6, BETWEEN)]]),
                *self._ring("h_attention", near.ring(5.12, BETWEEN, 0.42)),
            ],
            [
                near.word("mix", 3.0, BETWEEN),
                near.term(f"{{{{ W_o : {self.role} }}}}", 4.1, BETWEEN),
            ],
        )
        if "h_attention" in self.points:
            part.names.append(near.word("Norm", 5.12, BETWEEN, SIZE.tick))
            part.names.append(near.term("{{ h_A : transformation }}", 5.72, 1.15))
        return part

    def _mlp(self) -> list[Part]:
        """Project, scale, gate, and back."""
        near = Near(self.zoom, MLP, CLOSE)
        up = 1.15
        fan = [[(-5.5, 0), (-5.5, y), (-4.95, y)] for y in (up, -up)]
        weights = near.boxes(self.role, (-4.35, up, 1.2, 0.9), (-4.35, -up, 1.2, 0.9))
        project = Part(
            [self._matrix(weights), near.ways(*fan, open_routes=[[(-6, 0), (-5.5, 0)]])],
            [
                near.term(f"{{{{ h : {self.role} }}}}", -5.75, 0.35),
                near.term(f"{{{{ W_u : {self.role} }}}}", -4.35, up),
                near.term(f"{{{{ W_nu : {self.role} }}}}", -4.35, -up),
            ],
        )
        scaled = self._mlp_scales(near, up)
        gate = Part(
            [
                near.boxes("transformation", (0.15, -up, 1.3, 0.9), (1.9, 0, 0.8, 0.8)),
                near.ways(
                    [(-1.1, -up), (-0.5, -up)],
                    [(0.8, -up), (1.9, -up), (1.9, -0.4)],
                    [(-1.1, up), (1.9, up), (1.9, 0.4)],
                ),
            ],
            [near.word("SiLU", 0.15, -up), near.term("dot.o", 1.9, 0)],
        )
        leave, on = self._around("h_mlp", (3.9, 0), (4.85, 0), 0.45)
        back = Part(
            [
                self._matrix(near.boxes(self.role, (3.35, 0, 1.1, 0.9))),
                near.ways([(2.3, 0), (2.8, 0)], open_routes=[*leave, [on, (6, 0)]]),
                *self._ring("h_mlp", near.ring(4.85, 0, 0.45)),
            ],
            [near.term(f'{{{{ W_"oM" : {self.role} }}}}', 3.35, 0)],
        )
        if "h_mlp" in self.points:
            back.names.append(near.word("Norm", 4.85, 0, SIZE.tick))
            back.names.append(near.term("{{ h_M : transformation }}", 5.6, 0.4))
        return [project, scaled, gate, back]

    def _mlp_scales(self, near: Near, up: float) -> Part:
        """s_u and s_ν √d; the traditional layer has neither."""
        results = [
            near.term('"units" u', 0.15, up + 0.35),
            near.term('"gates" nu thin "(nu)"', -0.5, 0.72 - up),
        ]
        if not self.normalized:
            runs = [[(-3.75, y), (-1.1, y)] for y in (up, -up)]
            return Part([near.ways(open_routes=runs)], results)
        runs = [[(-3.75, y), (-3.0, y)] for y in (up, -up)]
        return Part(
            [near.boxes("scale", (-2.05, up, 1.9, 0.9), (-2.05, -up, 1.9, 0.9)), near.ways(*runs)],
            [
                *results,
                near.term("{{ s_u : scale }}", -2.05, up),
                near.term("{{ s_nu : scale }} sqrt(d)", -2.05, -up),
            ],
        )

    def _update(self, place: Place, name: str) -> Part:
        """Where the state takes the suggestion in; traditionally it is added."""
        sign = Equation("{{ alpha : scale }}" if self.normalized else "+", px=SIZE.readout)
        if name in self.points:
            node: Seen = Ring(self.zoom, place, 0.2)
            self.rings[name] = node  # type: ignore[assignment]
        else:
            side = 0.3
            corner = (place[0] - side / 2, place[1] - side / 2)
            node = Boxes(self.zoom, [(*corner, side, side)], self.role)
        return Part([node], [Name(self.zoom, place, sign)])

    def _norms_before(self) -> None:
        """The traditional RMSNorm in front of each block, on the way into it."""
        for name, block, up in (("attention_norm", ATTENTION, 0.46), ("mlp_norm", MLP, -0.46)):
            place = (block[0] - WIDE / 2 - ASIDE, up)
            self.rings[name] = Ring(self.zoom, place, 0.2, "traditional")
            self.stream.shapes.append(self.rings[name])


class Whole:
    """The whole nGPT: embeddings, layers and output, with their names as seen from afar."""

    def __init__(self, record: FullArchitecture, view: View) -> None:
        self.zoom = zoom = Zoom(WHOLE)
        self.layer = Layer(zoom, int(record.layers), record.norm_points.split(","), "normalized")
        self.space = SpaceInside(view, zoom, INPUT, 0.42)
        self.sphere = Hypersphere(self.space, axes=False)
        corner = (INPUT[0] - 0.55, INPUT[1] - 0.55)
        frame = Boxes(zoom, [(*corner, 1.1, 1.1)], "normalized", layer=LAYER.panel)
        start, end = INPUT[0] + 0.55, OUTPUT[0] - OUTPUT_WIDE / 2
        self.input = Part([frame, self.sphere, Ways(zoom, [[(-6.4, 0), (corner[0], 0)]])])
        self.stream = Part([Ways(zoom, [[(start, 0), (end, 0)]])])
        self.output = self._output()
        self.labels = self._labels(record)

    def _output(self) -> list[Part]:
        """The frame, then E_out, s_z and softmax one after the other."""
        zoom, near = self.zoom, Near(self.zoom, OUTPUT, OUTPUT_CLOSE)
        corner = (OUTPUT[0] - OUTPUT_WIDE / 2, OUTPUT[1] - OUTPUT_HIGH / 2)
        frame = Boxes(
            zoom, [(*corner, OUTPUT_WIDE, OUTPUT_HIGH)], "transformation", layer=LAYER.panel
        )
        weight = near.boxes("normalized", (-2.9, 0, 1.4, 0.9))
        self.layer.matrices.append(weight)
        scale = near.boxes("scale", (0.0, 0, 1.2, 0.9))
        softmax = near.boxes("transformation", (2.9, 0, 1.9, 0.9))
        onward = near.ways([(0.6, 0), (1.95, 0)], open_routes=[[(3.85, 0), (4.8, 0)]])
        parts = [
            Part(
                [weight, near.ways([(-4.8, 0), (-3.6, 0)])],
                [near.term('{{ E_"out" : normalized }}', -2.9, 0)],
            ),
            Part(
                [scale, near.ways([(-2.2, 0), (-0.6, 0)])],
                [near.term("{{ s_z : scale }}", 0.0, 0)],
            ),
            Part([softmax, onward], [near.word("softmax", 2.9, 0)]),
        ]
        arrow = Ways(zoom, [[(corner[0] + OUTPUT_WIDE, 0), (6.4, 0)]])
        parts[0].names.append(near.term("{{ h : normalized }}", -4.4, 0.4))
        parts[1].names.append(near.word("cosines", -1.4, 0.35, SIZE.tick))
        parts[2].names.append(near.word("logits", 1.2, 0.35, SIZE.tick))
        return [Part([frame, arrow]), *parts]

    def _labels(self, record: FullArchitecture) -> list[Name]:
        """Names seen from afar."""
        explained = (
            ((-4.95, -0.85), ("embeddings",)),
            ((ATTENTION[0], 1.76), ("attention", "looks at earlier letters")),
            ((MLP[0], -1.76), ("feed-forward", "works on each letter alone")),
            ((5.35, -0.85), ("output", "next-letter", "probabilities")),
        )
        return [
            Name(self.zoom, place, _label([in_tokens(record, line) for line in words]))
            for place, words in explained
        ]

    @property
    def parts(self) -> list[Part]:
        """All of it."""
        return [self.input, self.stream, *self.layer.parts, *self.output]

    @property
    def shapes(self) -> list[Seen | Mark]:
        """All shapes."""
        return shapes_of(self.parts)

    @property
    def inside(self) -> list[Seen | Mark]:
        """What is inside the blocks and the output: it is too small to be seen from afar."""
        return [*self.layer.inside, *shapes_of(self.output[1:])]


def block_names(layer: Layer, gap: float) -> list[Name]:
    """Names of a layer's blocks, each outside of its own box: above the one, below the other."""
    away = HIGH / 2 + gap
    places = (
        ((ATTENTION[0], ATTENTION[1] + away), "attention"),
        ((MLP[0], MLP[1] - away), "feed-forward"),
    )
    return [Name(layer.zoom, at, Line(words, px=SIZE.tick)) for at, words in places]


def _label(words: Sequence[str]) -> VGroup:
    first = Line(words[0], weight="SEMIBOLD")
    rest = [Line(line, role="muted", px=SIZE.tick) for line in words[1:]]
    group = stacked([first, *rest], 0, 0, gap=0.12)
    for line in group:
        line.shift((-line.get_center()[0], 0, 0))
    return group


def shapes_of(parts: Sequence[Part]) -> list[Seen | Mark]:
    """The shapes of some parts."""
    return [shape for part in parts for shape in part.shapes]


def names_of(parts: Sequence[Part]) -> list[Name]:
    """The names of some parts."""
    return [name for part in parts for name in part.names]
