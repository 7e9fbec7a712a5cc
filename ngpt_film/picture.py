"""What a frame shows, in arrays that can be compared with the last frame's and drawn by Skia."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt
import skia
from PIL.Image import Resampling

from ngpt_film.box import EVERYWHERE, NOWHERE, Box, box_around
from ngpt_film.gather import Floats, Ints
from ngpt_film.paths import Outlines, ranges, serialized

Bools = npt.NDArray[np.bool_]

# The columns of `ShapeRun.styles`: three colours, 0..1, then the widths of the stroke and of the
# background stroke in pixels, the line's join and its cap (numbers of gather.JOINS and CAPS).
COLUMNS = {"fill": slice(0, 4), "stroke": slice(4, 8), "behind": slice(8, 12)}
WIDTH = {"stroke": 12, "behind": 13}
JOIN, CAP = 14, 15

SKIA_JOINS = (skia.Paint.kMiter_Join, skia.Paint.kRound_Join, skia.Paint.kBevel_Join)
SKIA_CAPS = (skia.Paint.kButt_Cap, skia.Paint.kRound_Cap, skia.Paint.kSquare_Cap)
# Cairo's; Skia's own is 4.
MITER_LIMIT = 10.0


def _cubic(b: float, c: float) -> skia.CubicResampler:
    """The Mitchell-Netravali resampler with these parameters."""
    resampler = skia.CubicResampler.CatmullRom()
    resampler.B, resampler.C = b, c
    return resampler


# What Pillow, by which stock Manim turns images, does under these names; its bicubic is the
# cubic convolution with a slope of -1.
SAMPLING = {
    Resampling.NEAREST: skia.SamplingOptions(skia.FilterMode.kNearest),
    Resampling.BILINEAR: skia.SamplingOptions(skia.FilterMode.kLinear),
    Resampling.BICUBIC: skia.SamplingOptions(_cubic(0, 1)),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """How an item differs from the one before: how many of its mobjects are drawn `same` before
    the first that is not, and the box outside which all pixels are the same."""

    same: int
    box: Box


@dataclass(frozen=True, slots=True)
class Blend:
    """A linear gradient. `kind`: "fill", "stroke" or "behind"; `colours`: (k, 4), 0..1, spread
    evenly between `ends`, (2, 2) pixels.
    """

    kind: str
    colours: Floats
    ends: Floats

    def key(self) -> tuple[str, bytes, bytes]:
        """Equal for gradients that look the same."""
        return self.kind, self.colours.tobytes(), self.ends.tobytes()

    def shader(self) -> skia.Shader:
        """Skia's gradient."""
        colours = np.rint(self.colours.clip(0, 1) * 255).astype(int).tolist()
        ends = [skia.Point(x, y) for x, y in self.ends.tolist()]
        return skia.GradientShader.MakeLinear(ends, [skia.Color(*c) for c in colours])


@dataclass(frozen=True, slots=True)
class ShapeRun:
    """Vectorized mobjects, drawn one after another.

    `styles`: (n, 16) float32, see above. `blends`: the gradients of those that have any. `order`:
    (n,) the mobjects' numbers in the order of drawing.
    """

    outlines: Outlines
    styles: npt.NDArray[np.float32]
    blends: dict[int, tuple[Blend, ...]]
    order: Ints

    def __len__(self) -> int:
        return len(self.order)

    def compare(self, other: object) -> Difference:
        """How it differs from `other`."""
        if not isinstance(other, ShapeRun):
            return Difference(0, EVERYWHERE)
        n = min(len(self), len(other))
        alike = self._alike(other, n)
        in_order = self.order[:n] == other.order[:n]
        in_order &= alike[np.minimum(self.order[:n], n - 1)]
        same = n if in_order.all() else int(np.argmin(in_order))
        if same == len(self) == len(other):
            return Difference(same, NOWHERE)
        if not np.array_equal(self.order[:n], other.order[:n]):
            return Difference(same, EVERYWHERE)
        return Difference(same, self._box_of_others(alike) | other._box_of_others(alike))

    def _box_of_others(self, alike: Bools) -> Box:
        """The box around what is drawn of the mobjects that are not `alike`."""
        changed = np.ones(len(self), bool)
        changed[: len(alike)] = ~alike
        pieces = np.repeat(changed, np.diff(self.outlines.pieces))
        corners = np.concatenate([self.outlines.low[pieces], self.outlines.high[pieces]])
        widest = self.styles[changed][:, list(WIDTH.values())].max(initial=0)
        # A mitre may reach so far; and a pixel for anti-aliasing.
        return box_around(corners, MITER_LIMIT * widest / 2 + 2)

    def _alike(self, other: ShapeRun, n: int) -> Bools:
        """(n,) whether the mobjects of each number look the same."""
        mine, theirs = self.outlines, other.outlines
        points, verbs = mine.point_starts[mine.pieces], mine.verb_starts[mine.pieces]
        placed = points[: n + 1] == theirs.point_starts[theirs.pieces[: n + 1]]
        placed &= verbs[: n + 1] == theirs.verb_starts[theirs.pieces[: n + 1]]
        n_placed = len(placed) - 1 if placed.all() else max(0, int(np.argmin(placed)) - 1)
        alike = np.zeros(n, bool)
        alike[:n_placed] = (self.styles[:n_placed] == other.styles[:n_placed]).all(axis=1)
        alike[:n_placed] &= _equal_within(mine.points, theirs.points, points, n_placed)
        alike[:n_placed] &= _equal_within(mine.verbs, theirs.verbs, verbs, n_placed)
        for number in self.blends.keys() | other.blends.keys():
            if number < n_placed:
                alike[number] &= _keys(self.blends, number) == _keys(other.blends, number)
        return alike

    def draw(self, canvas: skia.Canvas, start: int, stop: int) -> None:
        """Draw those from the `start`-th to before the `stop`-th in the order of drawing."""
        chosen = self.order[start:stop]
        counts = np.diff(self.outlines.pieces)[chosen]
        pieces = iter(serialized(self.outlines, ranges(self.outlines.pieces[chosen], counts)))
        # One path for all: a raster canvas has drawn it before the next is read into it.
        path = skia.Path()
        read, draw = path.readFromMemory, canvas.drawPath
        for number, count in zip(chosen.tolist(), counts.tolist(), strict=True):
            paints = self._paints(number)
            for data in islice(pieces, count):
                read(data)
                for paint in paints:
                    draw(path, paint)

    def _paints(self, number: int) -> Sequence[skia.Paint]:
        row, blends = self.styles[number], self.blends.get(number)
        return _paints(row.tobytes()) if blends is None else _blended(row, blends)


def _equal_within(a: npt.NDArray, b: npt.NDArray, starts: Ints, n: int) -> Bools:
    """(n,) whether `a` and `b` are equal in each of the first `n` ranges."""
    stop = starts[n]
    unequal = a[:stop] != b[:stop]
    if unequal.ndim == 2:
        unequal = unequal.any(axis=1)
    if not unequal.any():
        return np.ones(n, bool)
    so_far = np.concatenate([[0], np.cumsum(unequal)])
    return so_far[starts[1 : n + 1]] == so_far[starts[:n]]


def _keys(blends: dict[int, tuple[Blend, ...]], number: int) -> list[tuple[str, bytes, bytes]]:
    return [blend.key() for blend in blends.get(number, ())]


@lru_cache(maxsize=4096)
def _paints(style: bytes) -> tuple[skia.Paint, ...]:
    """The paints of one row of styles, in the order of drawing; only those that show."""
    row = np.frombuffer(style, np.float32)
    kinds = [kind for kind in ("behind", "fill", "stroke") if _shows(row, kind)]
    return tuple(_paint(row, kind) for kind in kinds)


def _shows(row: npt.NDArray[np.float32], kind: str) -> bool:
    drawn = kind == "fill" or row[WIDTH[kind]] > 0
    return bool(drawn and row[COLUMNS[kind]][3] > 0)


def _paint(row: npt.NDArray[np.float32], kind: str) -> skia.Paint:
    paint = skia.Paint(skia.Color4f(*row[COLUMNS[kind]].clip(0, 1).tolist()))
    paint.setAntiAlias(True)
    if kind != "fill":
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(float(row[WIDTH[kind]]))
        paint.setStrokeJoin(SKIA_JOINS[int(row[JOIN])])
        paint.setStrokeCap(SKIA_CAPS[int(row[CAP])])
        paint.setStrokeMiter(MITER_LIMIT)
    return paint


def _blended(row: npt.NDArray[np.float32], blends: tuple[Blend, ...]) -> list[skia.Paint]:
    """The paints of a mobject with gradients."""
    by_kind = {blend.kind: blend for blend in blends}
    paints = []
    for kind in ("behind", "fill", "stroke"):
        blend = by_kind.get(kind)
        if blend is None and _shows(row, kind):
            paints.append(_paint(row, kind))
        elif blend is not None and (kind == "fill" or row[WIDTH[kind]] > 0):
            paint = _paint(row, kind)
            paint.setAlphaf(1.0)
            paint.setShader(blend.shader())
            paints.append(paint)
    return paints


@dataclass(frozen=True, slots=True)
class ImageItem:
    """An image. `pixels`: (h, w, 4) uint8, not premultiplied; `corners`: (4, 2) pixels of the
    frame where its upper left, upper right, lower left and lower right corners come to lie.
    """

    pixels: npt.NDArray[np.uint8]
    corners: Floats
    resampling: Resampling

    def __len__(self) -> int:
        return 1

    def compare(self, other: object) -> Difference:
        """How it differs from `other`."""
        if not isinstance(other, ImageItem):
            return Difference(0, EVERYWHERE)
        same = (
            self.resampling == other.resampling
            and np.array_equal(self.corners, other.corners)
            and np.array_equal(self.pixels, other.pixels)
        )
        if same:
            return Difference(1, NOWHERE)
        return Difference(0, box_around(np.concatenate([self.corners, other.corners]), 2))

    def draw(self, canvas: skia.Canvas, start: int, stop: int) -> None:
        """Draw the image, as Pillow would: without smoothing its border."""
        height, width = self.pixels.shape[:2]
        source = [(0, 0), (width, 0), (0, height), (width, height)]
        matrix = skia.Matrix()
        placed = matrix.setPolyToPoly(
            [skia.Point(*p) for p in source], [skia.Point(*p) for p in self.corners.tolist()]
        )
        if not placed:
            return
        image = _skia_image(self.pixels)
        canvas.save()
        canvas.concat(matrix)
        canvas.drawImage(image, 0, 0, SAMPLING.get(self.resampling, SAMPLING[Resampling.BICUBIC]))
        canvas.restore()


def _skia_image(pixels: npt.NDArray[np.uint8]) -> skia.Image:
    height, width = pixels.shape[:2]
    opaque = bool((pixels[:, :, 3] == 255).all())
    alpha = skia.kOpaque_AlphaType if opaque else skia.kUnpremul_AlphaType
    info = skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, alpha)
    return skia.Image.MakeRasterData(info, skia.Data(pixels, copy=True), width * 4)


@dataclass(frozen=True, slots=True)
class StockItem:
    """Mobjects drawn by Manim's own code, which `paint` calls. Never taken to be the same."""

    paint: Callable[[], None]

    def __len__(self) -> int:
        return 1

    def compare(self, other: object) -> Difference:
        """What Manim would draw is not known."""
        return Difference(0, EVERYWHERE)

    def draw(self, canvas: skia.Canvas, start: int, stop: int) -> None:
        """Let Manim draw."""
        self.paint()


Item = ShapeRun | ImageItem | StockItem
