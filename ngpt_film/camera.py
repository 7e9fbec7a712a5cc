"""Cameras that do the work of a frame on arrays over all mobjects, and draw with Skia.

Stock Manim transforms, lights, sorts and traces mobject by mobject, in Python, which is nine tenths
of a frame's time. Here the mobjects are read once into arrays (`gather`), seen, lit and sorted
there (`project`), and given to Skia as finished paths (`paths`, `picture`). What was drawn is
remembered: where a frame begins with what the last one began with, that part is copied instead of
drawn, and a frame that is the same as the last is not drawn at all.

Pictures are the stock cameras' but for anti-aliasing. Mobjects that are rare here (point clouds,
shapes coloured by a background image) are drawn by the stock camera's own code.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from itertools import groupby, zip_longest
from typing import Any

import numpy as np
import skia
from manim import Camera, Mobject, MovingCamera, PMobject, Scene, ThreeDCamera, VMobject
from manim.mobject.types.image_mobject import AbstractImageMobject
from PIL.Image import Resampling

from ngpt_film import project
from ngpt_film.box import EVERYWHERE, NOWHERE, Box
from ngpt_film.gather import Floats, Ints, Shapes, family, read_shapes
from ngpt_film.paths import outlines
from ngpt_film.picture import (
    COLUMNS,
    WIDTH,
    Blend,
    Difference,
    ImageItem,
    Item,
    ShapeRun,
    StockItem,
)

Position = tuple[int, int]

# Colours of a gradient's two ends that are this close are drawn as one, in the middle.
SAME_COLOUR = 1 / 512


class Memory:
    """The last frame's items, and the pixels as they were after the first of them were drawn.

    A position is (item, mobject within the item).
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.background: Any = None
        self.base: Any = None
        self.base_at: Position = (0, 0)

    def compare(self, items: list[Item]) -> tuple[Position, Box]:
        """Up to where `items` are as in the last frame, and outside which box the frame is."""
        same, box = None, NOWHERE
        for i, (item, before) in enumerate(zip_longest(items, self.items)):
            difference = item.compare(before) if item is not None else Difference(0, EVERYWHERE)
            box |= difference.box
            if difference.box and same is None:
                same = (i, difference.same)
        return same or (len(items), 0), box


class ArrayCamera(Camera):
    """What the fast cameras share. Mixed in before the stock camera that it speeds up."""

    def draw_frame(self, mobjects: Iterable[Mobject]) -> Box:
        """Draw a whole frame, from the background on; the box outside which it is as the last."""
        items = self._items(mobjects)
        memory = self._memory()
        if memory.background is not self.background:
            memory = self._forget()
        same, box = memory.compare(items)
        if memory.base is None:
            box = EVERYWHERE
        if box:
            self._draw(memory, items, same)
        memory.items, memory.background = items, self.background
        return box

    def capture_mobjects(self, mobjects: Iterable[Mobject], **kwargs: Any) -> None:
        """Draw over what is there, as stock cameras do."""
        self._forget()
        canvas = self._canvas()
        for item in self._items(mobjects, **kwargs):
            item.draw(canvas, 0, len(item))

    def _draw(self, memory: Memory, items: list[Item], same: Position) -> None:
        """Draw the items; copy what was drawn of those that are the `same`."""
        start = memory.base_at if memory.base_at <= same else (0, 0)
        if memory.base is not None and start == memory.base_at:
            np.copyto(self.pixel_array, memory.base)
        else:
            self.reset()
        canvas = self._canvas()
        _draw_between(canvas, items, start, same)
        if memory.base is None:
            memory.base = self.pixel_array.copy()
        elif memory.base_at != same:
            np.copyto(memory.base, self.pixel_array)
        memory.base_at = same
        _draw_between(canvas, items, same, (len(items), 0))

    def _memory(self) -> Memory:
        if not hasattr(self, "_remembered"):
            self._forget()
        return self._remembered

    def _forget(self) -> Memory:
        """Draw the next frame from the beginning."""
        self._remembered = Memory()
        return self._remembered

    def _canvas(self) -> skia.Canvas:
        """Skia's canvas over `pixel_array` itself."""
        if getattr(self, "_canvas_of", None) is not self.pixel_array:
            height, width = self.pixel_array.shape[:2]
            info = skia.ImageInfo.Make(
                width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
            )
            self._surface = skia.Surface.MakeRasterDirect(info, self.pixel_array, width * 4)
            self._canvas_of = self.pixel_array
        return self._surface.getCanvas()

    def _items(self, mobjects: Iterable[Mobject], **kwargs: Any) -> list[Item]:
        """The frame's items, in the order of drawing."""
        shown = self.get_mobjects_to_display(mobjects, **kwargs)
        return [
            item
            for kind, run in groupby(shown, _kind)
            for item in self._items_of_kind(kind, list(run))
        ]

    def get_mobjects_to_display(
        self,
        mobjects: Iterable[Mobject],
        include_submobjects: bool = True,
        excluded_mobjects: list[Mobject] | None = None,
    ) -> list[Mobject]:
        """What stock cameras display, in their order but for depth, which `ShapeRun` sees to."""
        shown = family(mobjects, self.use_z_index) if include_submobjects else list(mobjects)
        if excluded_mobjects:
            excluded = set(family(excluded_mobjects, False))
            shown = [m for m in shown if m not in excluded]
        return shown

    def _items_of_kind(self, kind: str, mobjects: list[Any]) -> list[Item]:
        if kind == "shape":
            return [self._shape_run(mobjects)]
        if kind == "image":
            return [self._image(m) for m in mobjects]
        if kind == "points":
            show = super().display_multiple_point_cloud_mobjects
            return [StockItem(lambda: show(mobjects, self.pixel_array))]
        if kind == "coloured":
            return [
                StockItem(
                    lambda: self.display_multiple_vectorized_mobjects(mobjects, self.pixel_array)
                )
            ]
        return []

    def _shape_run(self, mobjects: list[VMobject]) -> ShapeRun:
        shapes = read_shapes(mobjects)
        points = self._seen(shapes)
        styles = self._styles(shapes)
        blends = self._sheen(shapes) + self._light(shapes, points, styles)
        if not np.isfinite(points).all():
            hidden = np.unique(shapes.owners()[~np.isfinite(points).all(axis=1)])
            points, styles = np.nan_to_num(points), _hide(styles, hidden)
        by_number: dict[int, tuple[Blend, ...]] = {}
        for number, blend in blends:
            by_number[number] = (*by_number.get(number, ()), blend)
        return ShapeRun(
            outlines(
                points, shapes.counts, shapes.tolerance, self._to_pixels(), _only_filled(styles)
            ),
            styles.astype(np.float32),
            by_number,
            self._order(shapes),
        )

    def _seen(self, shapes: Shapes) -> Floats:
        """(points, 3) where the points are in the frame."""
        return shapes.points

    def _order(self, shapes: Shapes) -> Ints:
        """The numbers of the mobjects in the order of drawing."""
        return np.arange(len(shapes.counts))

    def _light(self, shapes: Shapes, points: Floats, styles: Floats) -> list[tuple[int, Blend]]:
        """The gradients that light makes; where it makes none, it changes `styles`."""
        return []

    def _to_pixels(self) -> Floats:
        """(2, 2) rows: scale and offset, from units of the frame to pixels, of x and y."""
        scale = np.array(
            [self.pixel_width / self.frame_width, -self.pixel_height / self.frame_height]
        )
        middle = np.array([self.pixel_width, self.pixel_height]) / 2
        return np.stack([scale, middle - scale * self._centre()])

    def _centre(self) -> Floats:
        """(2,) the point of the frame that lies in the middle of the picture."""
        return np.asarray(self.frame_center, float)[:2]

    def _styles(self, shapes: Shapes) -> Floats:
        """(n, 16) as `ShapeRun` has them."""
        scale = self.cairo_line_width_multiple * self.pixel_width / self.frame_width
        colours = (shapes.fill, shapes.stroke, shapes.behind)
        return np.concatenate([*colours, shapes.widths * scale, shapes.line], axis=1)

    def _sheen(self, shapes: Shapes) -> list[tuple[int, Blend]]:
        """The gradients of mobjects with more than one colour that light leaves alone."""
        blends = []
        for number, kind, colours in shapes.gradients:
            if not self._lights(shapes)[number]:
                mobject = shapes.mobjects[number]
                ends = self._placed(mobject, np.array(mobject.get_gradient_start_and_end_points()))
                blends.append((number, Blend(kind, colours, ends)))
        return blends

    def _lights(self, shapes: Shapes) -> Any:
        """(n,) which mobjects this camera lights."""
        return np.zeros(len(shapes.counts), bool)

    def _placed(self, mobject: Mobject, points: Floats) -> Floats:
        """(n, 2) `points` of a mobject in pixels."""
        scale, offset = self._to_pixels()
        return self.transform_points_pre_display(mobject, points)[:, :2] * scale + offset

    def _image(self, image: AbstractImageMobject) -> ImageItem:
        return ImageItem(
            np.array(image.get_pixel_array()),
            self._placed(image, image.points),
            Resampling(image.resampling_algorithm),
        )


class FilmCamera(ArrayCamera):
    """Manim's plain camera, faster."""


class FilmMovingCamera(ArrayCamera, MovingCamera):
    """Manim's MovingCamera, faster."""


class FilmThreeDCamera(ArrayCamera, ThreeDCamera):
    """Manim's ThreeDCamera, faster."""

    def _items(self, mobjects: Iterable[Mobject], **kwargs: Any) -> list[Item]:
        self.reset_rotation_matrix()
        return super()._items(mobjects, **kwargs)

    def get_mobjects_to_display(self, *args: Any, **kwargs: Any) -> list[Mobject]:
        """What is lit comes first; the order among it is found with all depths at once."""
        shown = ArrayCamera.get_mobjects_to_display(self, *args, **kwargs)
        lit = [m for m in shown if getattr(m, "shade_in_3d", False)]
        if not lit:
            return shown
        return lit + [m for m in shown if not getattr(m, "shade_in_3d", False)]

    def _centre(self) -> Floats:
        """The projection has moved the frame's centre to the origin already."""
        return np.zeros(2)

    def _seen(self, shapes: Shapes) -> Floats:
        return project.seen(self, shapes)

    def _order(self, shapes: Shapes) -> Ints:
        order = project.depth_order(self, shapes)
        return super()._order(shapes) if order is None else order

    def _lights(self, shapes: Shapes) -> Any:
        return shapes.shaded & self.should_apply_shading

    def _light(self, shapes: Shapes, points: Floats, styles: Floats) -> list[tuple[int, Blend]]:
        lit = np.flatnonzero(self._lights(shapes))
        if not len(lit):
            return []
        first, last = project.corners(shapes, lit)
        scale, offset = self._to_pixels()
        ends = np.stack([points[first, :2], points[last, :2]], axis=1) * scale + offset
        added = np.stack(project.light(self, shapes, lit), axis=1)
        seconds = _second_colours(shapes, styles)
        blends: list[tuple[int, Blend]] = []
        for kind, columns in COLUMNS.items():
            pairs = np.stack([styles[lit, columns], seconds[kind][lit]], axis=1)
            pairs[:, :, :3] += added[:, :, None]
            pairs = pairs.clip(0, 1)
            plain = (np.abs(pairs[:, 1] - pairs[:, 0]) < SAME_COLOUR).all(axis=1)
            styles[lit, columns] = pairs.mean(axis=1)
            seen = ~plain & (pairs[:, :, 3] > 0).any(axis=1)
            if kind in WIDTH:
                seen &= styles[lit, WIDTH[kind]] > 0
            blends += [(int(lit[i]), Blend(kind, pairs[i], ends[i])) for i in np.flatnonzero(seen)]
        return blends


def _second_colours(shapes: Shapes, styles: Floats) -> dict[str, Floats]:
    """(n, 4) by kind: the second colour of each gradient, or the only one."""
    seconds = {kind: styles[:, columns].copy() for kind, columns in COLUMNS.items()}
    for number, kind, colours in shapes.gradients:
        seconds[kind][number] = colours[1]
    return seconds


def _only_filled(styles: Floats) -> Any:
    """(n,) which mobjects are drawn without a line."""
    lines = [
        (styles[:, WIDTH[kind]] > 0) & (styles[:, COLUMNS[kind].stop - 1] > 0) for kind in WIDTH
    ]
    return ~np.any(lines, axis=0)


def _hide(styles: Floats, numbers: Ints) -> Floats:
    """`styles` with the mobjects of these numbers transparent."""
    styles = styles.copy()
    for columns in COLUMNS.values():
        styles[numbers, columns] = 0
    return styles


def _kind(mobject: Mobject) -> str:
    """How a mobject is drawn."""
    if isinstance(mobject, VMobject):
        return "coloured" if mobject.background_image else "shape"
    if isinstance(mobject, PMobject):
        return "points"
    return "image" if isinstance(mobject, AbstractImageMobject) else "nothing"


def _draw_between(canvas: skia.Canvas, items: list[Item], start: Position, stop: Position) -> None:
    """Draw what lies from one position to before another."""
    for i in range(start[0], min(stop[0] + 1, len(items))):
        begin = start[1] if i == start[0] else 0
        end = stop[1] if i == stop[0] else len(items[i])
        if begin < end:
            items[i].draw(canvas, begin, end)


# The stock camera that each fast one stands for. Others are left as they are: slower, not wrong.
FAST_CAMERAS: tuple[tuple[type[Camera], type[ArrayCamera]], ...] = (
    (Camera, FilmCamera),
    (MovingCamera, FilmMovingCamera),
    (ThreeDCamera, FilmThreeDCamera),
)


def camera_of(scene_class: type[Scene]) -> type[Camera]:
    """The camera class that a scene would take by default."""
    for cls in scene_class.__mro__:
        init = vars(cls).get("__init__")
        parameter = signature(init).parameters.get("camera_class") if init else None
        if parameter is not None and parameter.default is not parameter.empty:
            return parameter.default
    return Camera


def fast(camera_class: type[Camera]) -> type[Camera]:
    """The fast camera that draws what `camera_class` draws, or `camera_class` itself."""
    return next((quick for stock, quick in FAST_CAMERAS if stock is camera_class), camera_class)
