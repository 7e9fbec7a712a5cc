"""Pictures of chapter 7, built from its recording: scales, the next letter, and what is counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import FullArchitecture
from scenes.architecture_plan import CARD, Layer, block_names
from scenes.claims.full_architecture import CLAIMS
from scenes.stage.bars import Bars
from scenes.stage.curves import disc_points, rectangles, straight
from scenes.stage.equations import Equation
from scenes.stage.layout import Explained, at_left, below, noted
from scenes.stage.pieces import shown_as, text_of
from scenes.stage.plots import Box, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Label, Readout, baseline_of, column_of, row_of
from scenes.stage.split import HALF, SplitScreen
from scenes.stage.style import (
    COLOUR,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    GRID,
    LAYER,
    PIXEL,
    SIZE,
    STROKE,
    colour_of,
    on_ground,
)
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line
from scenes.stage.zoom import LEAST_RING, Name, Ring, Shot, Ways, Zoom

ATTENDING = (
    '{{ h_A : transformation }} = "Norm" ( {{ W_o : normalized }} ("mixes of all heads")),'
    ' quad "mix of each head" = sum_j "softmax"_j (sqrt(d_k) thin {{ q : normalized }} dot'
    " {{ k_j : normalized_k }}) thin v_j"
)
GATING = '{{ h_M : transformation }} = "Norm" ( {{ W_"oM" : normalized }} (u dot.o "SiLU" (nu)))'
SCALES = {
    "α_A": ("{{ alpha_A : scale }}", "step towards attention"),
    "α_M": ("{{ alpha_M : scale }}", "step towards feed-forward"),
    "s_qk": ("{{ s_(q k) : scale }}", "sharpness of attention"),
    "s_u": ("{{ s_u : scale }}", "feed-forward: its units u"),
    "s_ν": ("{{ s_nu : scale }}", "feed-forward: its gates ν (nu)"),
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

STATES = ("h_mid", "h_out")
"""Of these, the states; the circles of the others are small and have no term in them."""

BADGE = 0.23
"""Radius of a disc with a term on it."""

LIKELIEST = 5
"""Letters whose way from cosine to logit is shown."""


def larger(record: FullArchitecture) -> str:
    """The larger model in words, by its recorded shape."""
    return f"our larger model, {int(record.d_model)} dimensions"


def toy(record: FullArchitecture) -> str:
    """The toy nGPT in words, by its recorded shape."""
    return f"our toy nGPT, {record.paths.shape[-1]} dimensions"


def prompt_of(record: FullArchitecture) -> Prompt:
    """The prompt with its last letter lit."""
    words = record.prompt.replace("␣", " ")
    *_, last = range(len(words))
    return Prompt(words, last, "normalized")


def behind_headings() -> VMobject:
    """The ground behind the headings: a plan that is zoomed passes below it, not through words."""
    foot, top = GRID.heading - 0.95, FRAME_HEIGHT / 2 + 0.1
    band = VMobject(stroke_width=0).set_fill(COLOUR.ground, 1).set_z_index(LAYER.text - 1)
    middle = np.array([[0, (foot + top) / 2, 0]])
    return band.set_points(rectangles(middle, np.array([FRAME_WIDTH + 0.2, top - foot])))


def letters_of(letters: Sequence[str]) -> list[str]:
    """Letters, or longer tokens, as they can be seen: a space is a mark."""
    return [shown_as(letter) for letter in letters]


def quoted(letters: Sequence[str]) -> list[str]:
    """The same in quotation marks, where they could be taken for symbols, as h."""
    return [f"“{letter}”" for letter in letters_of(letters)]


def numbered(bars: Bars) -> Bars:
    """Bars that carry their numbers: ticks and rules, which would strike these through, go."""
    if len(bars.numbers):
        axis = bars.axis
        *ticks, name = axis.texts
        axis.texts.remove(*ticks)
        name.shift((0, 0.1, 0))  # Room for the number of the highest bar.
        foot = np.array([[axis.box.left, axis.foot, 0]])
        axis.rules.set_points(straight(foot, foot + np.array([axis.box.width, 0, 0])))
    return bars


def small(words: str) -> Line:
    """A source, or another remark in small type."""
    return Line(words, role="muted", px=SIZE.tick)


class Recall:
    """Chapter 6 in one picture: every kind of scale before and after training."""

    def __init__(self, record: FullArchitecture) -> None:
        kinds = record.kinds.split(",")
        names: list[Label] = [Explained(*SCALES[k]) if k in SCALES else Line(k) for k in kinds]
        aligned(names)
        columns = [
            Column(Line(words, role="muted"), row_of(record, field), "scale")
            for words, field in (
                ("before training", "recall_start"),
                ("after training", "recall_end"),
            )
        ]
        self.table = Table(names, columns, GRID.left + 2.3, 2.0, spacing=0.7)
        whose = CLAIMS.said(record, "s_z: of letters that occur in its training text")
        words = f"mean sizes in {larger(record)}; {whose}"
        self.source = Line(words, role="muted", px=SIZE.tick)
        at_left(self.source, GRID.left + 2.3, -2.72)


def aligned(names: Sequence[Label]) -> None:
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
            ("parameters: trained numbers", "parameters"),
        )
        self.readouts = VGroup(
            *(
                Readout(Line(words, role="muted"), record.traced(name), places=0)
                for words, name in fields
            )
        )
        right = GRID.left
        for readout in self.readouts:
            at_left(readout, right, -2.25)
            right = readout.get_right()[0] + 0.75
        self.readouts.shift((-self.readouts.get_center()[0], 0, 0))
        self.source = Line(f"{larger(record)}, and its shape", role="muted")
        self.source.move_to((0, -2.85, 0))


class Logits:
    """From cosine to logit below the output layer: the likeliest letters, each with its s_z."""

    def __init__(self, record: FullArchitecture) -> None:
        letters = record.toy_tokens[:LIKELIEST]
        places = [record.alphabet.index(letter) for letter in letters]
        fields = (
            ("cosine of h and the letter’s point", -4.2, "normalized", "cosines", places, 3),
            ("times the letter’s own scale", 0.0, "scale", "s_z", places, 2),
            ("equals the logit", 4.2, "ink", "logits", range(len(letters)), 2),
        )
        self.bars = []
        for words, middle, role, name, indices, digits in fields:
            numbers = [record.traced(name, index) for index in indices]
            box = Box(middle - 1.8, -1.85, 3.6, 1.6)
            axis, names = measure(words, numbers), quoted(letters)
            every = Bars(box, axis, [numbers], names, role, places=digits)
            self.bars.append(numbered(every))
        cosines, _, logits = self.bars
        self.frames = VGroup(*(_framed(each, highest(each)) for each in (cosines, logits)))
        self.marked = [under(cosines, "the nearest"), under(logits, "the likeliest")]
        self.source = Line(f"{toy(record)}: its {len(letters)} likeliest letters", role="muted")
        self.source.move_to((0, -2.9, 0))


def highest(bars: Bars) -> int:
    """The group of the highest bar."""
    (row,) = bars.rows
    return int(np.argmax(row.tops[:, 1]))


def under(bars: Bars, words: str) -> Line:
    """What the framed letter, that of the highest bar, is."""
    across, box = bars.rows[0].tops[highest(bars), 0], bars.axis.box
    line = small(words)
    line.move_to((across, box.bottom - 0.68, 0))
    room = min(0.0, GRID.right - line.get_right()[0])
    return line.shift((room, 0, 0))


class Guess:
    """What both models expect after the prompt, and what really follows."""

    def __init__(self, record: FullArchitecture) -> None:
        self.prompt = prompt_of(record)
        sides = (
            (GRID.left + 0.75, toy(record), "probabilities", record.toy_tokens, record.goes_on),
            (0.95, self.larger(record), "mini_probabilities", record.mini_tokens,
             record.mini_goes_on),
        )  # fmt: skip
        found = any(right(*side[3:]) for side in sides)
        framed = ", its first letter framed" if record.noun == "letter" else "; framed: right"
        words = f"goes on: “{record.goes_on}”" + framed * found
        self.follows = Line(words, px=SIZE.body, weight="SEMIBOLD")
        at_left(self.prompt, GRID.left, 2.25)
        self.follows.shift(
            (
                self.prompt.get_right()[0] + 0.5 - self.follows.get_left()[0],
                self.prompt[1].get_bottom()[1] - self.follows.baseline,
                0,
            )
        )
        self.bars, self.frames, self.heads = [], VGroup(), VGroup()
        # One measure for both: equal heights are equal probabilities.
        both = [number for _, _, name, *_ in sides for number in row_of(record, name)]
        for left, words, name, letters, goes_on in sides:
            numbers = row_of(record, name)
            box = Box(left, -2.3, 5.3, 2.9)
            every = Bars(
                box, measure("probability", both), [numbers], letters_of(letters), "normalized"
            )
            bars = numbered(every)
            head = Line(words)
            at_left(head, left - 0.6, 1.55)
            self.heads.add(head)
            self.bars.append(bars)
            for place in right(letters, goes_on):
                self.frames.add(_framed(bars, place))

    @staticmethod
    def larger(record: FullArchitecture) -> str:
        """The larger model, and after what it guesses, if that is not the same prompt."""
        after = text_of(record.mini_prompt)
        return larger(record) + f", after “{after}”" * (record.noun != "letter")


def right(tokens: Sequence[str], goes_on: str) -> list[int]:
    """Where tokens stand with which the text goes on."""
    return [place for place, token in enumerate(tokens) if goes_on.startswith(token)]


def _framed(bars: Bars, number: int) -> VMobject:
    """A frame around the name of the letter or longer token that is right."""
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


class Halo(VGroup):
    """A normalization point seen from afar, highlighted: larger dots around a faint disc.

    It hides the point's own dots. With `cover`, a radius, there is room for a term on it.
    """

    DOT, SPACING = 3 * PIXEL, 11 * PIXEL
    """Radius of a dot, larger than those of a circle at rest, and how far apart they are."""

    def __init__(self, ring: Ring, cover: float = 0.0) -> None:
        super().__init__()
        colour, middle = colour_of(ring.role), ring.zoom.drawn(ring.place)
        radius = cover or 1.1 * max(ring.radius * ring.zoom.shot.scale, LEAST_RING)
        self.disc = VMobject(stroke_width=0).set_fill(on_ground(colour, 0.12), 1)
        self.disc.set_points(disc_points(radius + self.DOT) + middle).set_z_index(LAYER.point + 1)
        count = round(2 * np.pi * radius / self.SPACING)
        turn = 2 * np.pi * np.arange(count) / count
        around = radius * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1) + middle
        self.dots = VMobject(stroke_width=0).set_fill(colour, 1).set_z_index(LAYER.point + 1)
        outline = around[:, None, :] + disc_points(self.DOT)
        self.add(self.disc, self.dots.set_points(outline.reshape(-1, 3)))


class Counts:
    """The normalized vectors of a layer as terms at its circles, and how many there are."""

    def __init__(self, record: FullArchitecture) -> None:
        self.points = record.norm_points.split(",")
        self.each = noted("dotted circle: Norm, length to 1;", "with α: Norm after the step")
        at_left(self.each, 1.0, 2.3)
        rows = (("normalizations a layer", "norms_per_layer"), ("in all layers", "norms"))
        self.whole = column_of(
            [
                Readout(Line(words), record.traced(name), places=0, role="normalized")
                for words, name in rows
            ],
            GRID.left, -0.95, 0.55,
        )  # fmt: skip
        self.weights = [
            side_by_side(
                [
                    Readout(Line("matrices a layer"), record.traced("layer_matrices"), places=0),
                    Readout(Line("times layers"), record.traced("layers"), places=0),
                    Readout(Line("plus embeddings"), record.traced("other_matrices"), places=0),
                ],
                GRID.left, -2.25,
            ),
            side_by_side(
                [
                    Readout(
                        Line("normalized after every training step"),
                        record.traced("normalized_matrices"), places=0, role="normalized",
                    ),
                    Readout(Line("of"), record.traced("matrices"), places=0),
                ],
                GRID.left, -2.85,
            ),
        ]  # fmt: skip
        self.source = Line(larger(record), role="muted", px=SIZE.tick)
        self.source.shift(
            (GRID.right - self.source.get_right()[0], -2.85 - self.source.baseline, 0)
        )

    def marks(self, layer: Layer) -> list[tuple[Halo, Equation]]:
        """Discs for the circles of a layer, each with the term of what is normalized there."""
        return [self._mark(layer.rings[point], point) for point in self.points]

    def _mark(self, ring: Ring, point: str) -> tuple[Halo, Equation]:
        term = Equation(POINTS.get(point, f'"{point}"'), px=SIZE.label)
        middle = ring.zoom.drawn(ring.place)
        if point.startswith(STATES):  # The circle has α in it.
            halo, aside = Halo(ring), np.array([0.4, 0.36, 0])
        else:
            halo, aside = Halo(ring, BADGE), np.zeros(3)
        term.move_to(middle + aside)
        return halo, term


def side_by_side(readouts: Sequence[Readout], left: float, baseline: float) -> VGroup:
    """Readouts in a row on a common baseline."""
    for readout in readouts:
        at_left(readout, left, 0)
        readout.shift((0, baseline - baseline_of(readout.label), 0))
        left = readout.get_right()[0] + 0.45
    return VGroup(*readouts)


class Versus:
    """The traditional layer on the left, drawn as nGPT's on the right, with their counts."""

    def __init__(self, record: FullArchitecture) -> None:
        self.screen = SplitScreen()
        self.shot = Shot(0.35, 0, 0.7, (HALF, 0.45))
        self.zoom = Zoom(Shot(0.35, 0, 0.7, (-HALF, 0.45)))
        points = ["q", "k"] * bool(record.gpt_norms_per_layer > 2)
        layers = float(record.gpt_norms - 1) / float(record.gpt_norms_per_layer)
        self.layer = Layer(self.zoom, round(layers), points, "traditional")
        end = CARD[0] + CARD[2]
        self.onward = Ways(self.zoom, [[(end, 0), (end + 1.1, 0)]])
        self.last = Ring(self.zoom, (end + 0.55, 0), 0.2, "traditional")
        self.last_name = Name(
            self.zoom, (end - 1.6, -2.36), Line("last one: before the output →", px=SIZE.tick)
        )
        self.sides = [
            column_of(
                [
                    Readout(Line(f"{norms} in a layer"), a_layer, places=0, role=role),
                    Readout(Line(f"{norms} in the whole model"), every, places=0, role=role),
                ],
                left, -2.0, 0.42,
            )
            for left, role, norms, a_layer, every in (
                (
                    -HALF - 2.8, "traditional", "normalizations",
                    record.traced("gpt_norms_per_layer"), record.traced("gpt_norms"),
                ),
                (
                    HALF - 2.8, "normalized", "normalizations",
                    record.traced("norms_per_layer"), record.traced("norms"),
                ),
            )
        ]  # fmt: skip
        self.weights = [
            Line("weights: any length", role="traditional"),
            Line("weights: length 1", role="normalized"),
        ]
        for line, side in zip(self.weights, self.sides, strict=True):
            below(side, line, 0.15)
        self.signs = [
            Line(words, role=role, px=SIZE.tick)
            for words, role in (
                ("circle: x = RMSNorm(h): h over its root mean square, times gains", "traditional"),
                ("circle: Norm, divided by its length; α: after the step", "normalized"),
            )
        ]
        for line, side in zip(self.signs, self.sides, strict=True):
            line.shift((side.get_left()[0] - line.get_left()[0], -1.6 - line.baseline, 0))

    def names(self, right: Layer) -> list[Name]:
        """Names of the blocks in both halves."""
        return [name for layer in (self.layer, right) for name in block_names(layer, 0.27)]
