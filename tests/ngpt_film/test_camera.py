"""The fast cameras against the stock ones, on every kind of mobject."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from manim import (
    BLUE,
    DOWN,
    GREEN,
    LEFT,
    RED,
    RESAMPLING_ALGORITHMS,
    RIGHT,
    UP,
    UR,
    WHITE,
    YELLOW,
    Arrow,
    Arrow3D,
    Axes,
    Camera,
    CapStyleType,
    Circle,
    CurvedArrow,
    DashedLine,
    DashedVMobject,
    Dot,
    ImageMobject,
    Line,
    LineJointType,
    Mobject,
    MovingCamera,
    NumberPlane,
    ParametricFunction,
    Point,
    PointCloudDot,
    RegularPolygon,
    Scene,
    Sphere,
    Square,
    Star,
    Text,
    ThreeDAxes,
    ThreeDCamera,
    ThreeDScene,
    Torus,
    Triangle,
    VGroup,
    VMobject,
    config,
    tempconfig,
)
from PIL import Image
from scipy.ndimage import uniform_filter

from ngpt_film.camera import FAST_CAMERAS, FilmCamera, FilmThreeDCamera, camera_of, fast
from ngpt_film.renderer import FilmRenderer
from ngpt_film.shoot import _Tap
from scenes.stage.equations import Equation
from scenes.stage.gallery import Gallery
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.marks import Arrow as FlatArrow
from scenes.stage.space import Space, View

SIZE = (1280, 720)
Mobjects = list[Any]


@pytest.fixture(autouse=True)
def settings() -> Any:
    with tempconfig(
        {"pixel_width": SIZE[0], "pixel_height": SIZE[1], "background_color": "#0d1117"}
    ):
        yield


@pytest.fixture(autouse=True)
def images_for_new_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Manim 0.22 makes its empty picture in a way that Pillow 13 refuses."""
    made = Image.fromarray

    def fromarray(array: np.ndarray, mode: str | None = None) -> Image.Image:
        if mode == "RGBA" and array.ndim == 2:
            return Image.new("RGBA", (array.shape[1], array.shape[0]), (0, 0, 0, 0))
        return made(array, mode)

    monkeypatch.setattr(Image, "fromarray", fromarray)


def seen_from(camera: Camera, phi: float, theta: float) -> None:
    if isinstance(camera, ThreeDCamera):
        camera.set_phi(phi)
        camera.set_theta(theta)


def text(camera: Camera) -> Mobjects:
    return [
        Text("SLERP against LERP, agree at ½").scale(1.2),
        Text("small words", font_size=20).shift(DOWN * 2),
        Text("outlined", stroke_width=2).shift(UP * 2),
    ]


def equation(camera: Camera) -> Mobjects:
    return [Equation("h arrow.l (h + {{ alpha : scale }} (h_A - h)) / norm(h + alpha h_A)", px=90)]


def dashed_lines(camera: Camera) -> Mobjects:
    return [
        DashedLine(LEFT * 6, RIGHT * 6 + UP),
        DashedVMobject(Circle(radius=2, color="#fc6255"), num_dashes=40),
        Line(LEFT * 4 + DOWN, RIGHT * 4 + DOWN * 1.3, stroke_width=1),
        Line(LEFT * 4 + DOWN * 2, RIGHT * 4, stroke_width=12).set_cap_style(CapStyleType.ROUND),
        Line(LEFT * 4 + UP * 2, RIGHT * 4, stroke_width=12).set_cap_style(CapStyleType.SQUARE),
    ]


def gradients(camera: Camera) -> Mobjects:
    return [
        Square(side_length=3, fill_opacity=1).set_color([RED, BLUE, GREEN]).shift(LEFT * 4),
        Circle(radius=1.5, stroke_width=20).set_stroke([YELLOW, BLUE]).shift(RIGHT * 4),
        Circle(fill_opacity=0.7, color=GREEN).set_sheen(0.5, UR),
        Text("gradient", gradient=(RED, GREEN)).shift(DOWN * 3),
    ]


def background_strokes(camera: Camera) -> Mobjects:
    return [
        Square(fill_opacity=1, color=BLUE).set_stroke(WHITE, width=10, background=True),
        Text("behind").set_stroke("#fc6255", width=8, background=True).shift(UP * 2),
        Circle(color=RED, fill_opacity=0.4).set_stroke(YELLOW, 6, 0.5, background=True),
    ]


def images(camera: Camera) -> Mobjects:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16), np.uint8)
    shown = []
    for name, place in (("nearest", LEFT * 4), ("linear", RIGHT * 4), ("cubic", UP * 2)):
        image = ImageMobject(pixels).set_resampling_algorithm(RESAMPLING_ALGORITHMS[name])
        image.height = 3
        shown.append(image.shift(place).rotate(0.3))
    shown[0].set_opacity(0.5)
    seen_from(camera, 0.4, -1.2)
    return shown


def surfaces(camera: Camera) -> Mobjects:
    seen_from(camera, 1.1, 0.5)
    return [
        Sphere(radius=1.5, resolution=(8, 16)),
        Arrow3D(UP, [2, 2, 2], color=RED, resolution=6),
        Torus(resolution=(8, 8)).scale(0.3).shift(LEFT * 4),
        ThreeDAxes(),
    ]


def dots(camera: Camera) -> Mobjects:
    seen_from(camera, 1.1, 0.5)
    return [Dot([np.cos(k), np.sin(k), k / 10 - 1], radius=0.05 + k / 300) for k in range(30)]


def arrows(camera: Camera) -> Mobjects:
    flat = [Arrow(DOWN, [2 * np.cos(k), 2 * np.sin(k), 0], stroke_width=3 + k) for k in range(6)]
    return [*flat, CurvedArrow(LEFT * 3, UP * 3)]


def transparency(camera: Camera) -> Mobjects:
    circles = [
        Circle(radius=1.5, fill_opacity=0.3, color=c, stroke_opacity=0.5).shift(RIGHT * k)
        for k, c in enumerate([RED, GREEN, BLUE, YELLOW])
    ]
    return [*circles, Text("faint").set_opacity(0.35).shift(DOWN * 3)]


def plots(camera: Camera) -> Mobjects:
    axes = Axes(x_range=[0, 10, 1], y_range=[-2, 2, 1])
    wave = axes.plot(lambda x: np.sin(x) + 0.2 * np.sin(13 * x), color=BLUE)
    steps = np.linspace(0, 10, 200)
    line = axes.plot_line_graph(steps, np.cos(4 * steps), add_vertex_dots=False, stroke_width=2)
    return [NumberPlane(), axes, wave, line]


def fixed(camera: Camera) -> Mobjects:
    title, label = Text("in the frame").shift(UP * 3), Text("upright").move_to([1, 1, 1])
    if isinstance(camera, ThreeDCamera):
        camera.add_fixed_in_frame_mobjects(title)
        camera.add_fixed_orientation_mobjects(label)
    seen_from(camera, 1.1, 0.5)
    return [ThreeDAxes(), title, label, Circle(color=RED)]


def layers(camera: Camera) -> Mobjects:
    return [
        Square(fill_opacity=1, color=RED).set_z_index(2),
        Circle(fill_opacity=1, color=BLUE, radius=1.3).shift(RIGHT),
        Triangle(fill_opacity=1, color=GREEN).scale(2).set_z_index(-1),
    ]


def joints(camera: Camera) -> Mobjects:
    return [
        RegularPolygon(5, stroke_width=20, joint_type=LineJointType.ROUND),
        Star(stroke_width=14, joint_type=LineJointType.BEVEL).shift(RIGHT * 4),
        Star(7, stroke_width=14).shift(UP * 2.6),
        VMobject(stroke_width=9).set_points_as_corners([LEFT * 5, LEFT * 4 + UP, LEFT * 4]),
    ]


def point_clouds(camera: Camera) -> Mobjects:
    return [PointCloudDot(radius=1), Square(), Point(UP, color=RED)]


def grid(camera: Camera) -> Mobjects:
    seen_from(camera, 1.2, 0.3)
    turns = [np.array([np.cos(a), np.sin(a), 0]) for a in np.pi * np.arange(8) / 8]
    lines = [
        ParametricFunction(
            lambda t, e=e: 2.5 * (np.sin(t) * e + np.cos(t) * np.array([0, 0, 1])),
            t_range=[0, 2 * np.pi, 0.1],
        )
        for e in turns
    ]
    return [VGroup(*lines).set_stroke("#58c4dd", 2, 0.6)]


def hypersphere(camera: Camera) -> Mobjects:
    space = Space(View(30, 20), (0.0, 0.0), 2.6)
    return [Hypersphere(space), FlatArrow(space, np.zeros(3), np.array([0, 0.6, 0.8]), "scale")]


def matrix(camera: Camera) -> Mobjects:
    from ngpt_film.bench_scenes import Matrix, wave

    return [Matrix(wave(0.3), "normalized", cell=(76, 42)).center()]


KINDS: tuple[Callable[[Camera], Mobjects], ...] = (
    text, equation, dashed_lines, gradients, background_strokes, images, surfaces, dots, arrows,
    transparency, plots, fixed, layers, joints, point_clouds, grid, hypersphere, matrix,
)  # fmt: skip


def picture(camera: Camera, mobjects: Mobjects) -> np.ndarray:
    camera.reset()
    camera.capture_mobjects(mobjects)
    return camera.pixel_array.copy()


def drawn_part(a: np.ndarray, b: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns with something in them; empty ground would make all pictures alike."""
    shown = ((a != a[0, 0]) | (b != b[0, 0])).any(axis=2)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """The mean structural similarity of what two pictures show, over windows of 7×7, in grey."""
    part = drawn_part(a, b)
    a, b = (p[part][..., :3].mean(axis=2) for p in (a, b))
    mean_a, mean_b = uniform_filter(a, 7), uniform_filter(b, 7)
    var_a = uniform_filter(a * a, 7) - mean_a**2
    var_b = uniform_filter(b * b, 7) - mean_b**2
    both = uniform_filter(a * b, 7) - mean_a * mean_b
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + one) * (2 * both + two)
    return float((top / ((mean_a**2 + mean_b**2 + one) * (var_a + var_b + two))).mean())


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
@pytest.mark.parametrize("stock", [Camera, ThreeDCamera], ids=lambda c: c.__name__)
def test_picture_is_the_stock_cameras(
    kind: Callable[[Camera], Mobjects], stock: type[Camera]
) -> None:
    pictures = []
    for camera in (stock(), fast(stock)()):
        pictures.append(picture(camera, kind(camera)))
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    assert pictures[0].std() > 1, "nothing is drawn"
    assert difference.mean() <= 1
    assert likeness(*pictures) >= 0.99


@pytest.mark.parametrize("name", [exhibit.name for exhibit in Gallery.exhibits()])
def test_stages_mobjects_are_drawn_as_by_the_stock_camera(name: str) -> None:
    renderer = FilmRenderer(partial(_Tap, {}, None))
    renderer.only_frames = frozenset()
    with tempconfig({"dry_run": True}):
        scene = Gallery.of(name)(renderer=renderer)
        scene.render()
    stock, quick = (picture(camera, scene.mobjects) for camera in (Camera(), FilmCamera()))
    assert np.abs(stock.astype(int) - quick).mean() <= 1
    assert likeness(stock, quick) >= 0.99


def test_likeness_tells_a_shifted_word() -> None:
    camera = FilmCamera()
    one = picture(camera, [Text("word")])
    other = picture(camera, [Text("word").shift(RIGHT * 0.05)])
    assert likeness(one, one) == 1
    assert likeness(one, other) < 0.99


def changes(mobjects: dict[str, Any]) -> list[Callable[[], Any]]:
    """Edits of a scene, one a frame, of every sort that a camera that remembers could miss."""
    m = mobjects
    return [
        lambda: m["square"].shift(RIGHT),
        lambda: None,
        lambda: m["square"].fill_rgbas.__setitem__((0, 0), 0.9),
        lambda: m["square"].points.__iadd__(0.1),
        lambda: m["circle"].set_z_index(-1),
        lambda: m["group"].add(Dot(UP * 2)),
        lambda: m["group"].submobjects.reverse(),
        lambda: m["text"].set_opacity(0.5),
        lambda: m["text"][0].set_color([RED, BLUE]),
        lambda: m["square"].set_stroke(width=11),
        lambda: m["square"].set_stroke(width=5, background=True),
        lambda: m["circle"].set_points(np.zeros((0, 3))),
        lambda: m["image"].pixel_array.__setitem__((0, 0, 0), 7),
        lambda: m["image"].shift(UP),
        lambda: m["group"].remove(m["text"]),
        lambda: m["square"].points.__setitem__((0, 0), np.nan),
        lambda: m["group"].add(PointCloudDot(radius=0.3)),
        lambda: m["group"].add(Sphere(resolution=(4, 4))),
    ]


@pytest.mark.parametrize("camera_class", [FilmCamera, FilmThreeDCamera])
@pytest.mark.parametrize("seed", range(3))
def test_remembering_never_shows_in_the_picture(camera_class: Any, seed: int) -> None:
    """Whatever is changed, and in whatever order, a frame is what a fresh camera draws."""
    image = ImageMobject(np.arange(64, dtype=np.uint8).reshape(8, 8)).shift(LEFT * 3)
    square, circle, words = Square(fill_opacity=0.5), Circle(color=RED), Text("words")
    group = Mobject().add(circle, square, image, words)
    named = {"square": square, "circle": circle, "text": words, "group": group, "image": image}
    rng = np.random.default_rng(seed)
    camera = camera_class()
    camera.draw_frame([group])
    edits = changes(named)
    for number in rng.permutation(len(edits)):
        before = camera.pixel_array.copy()
        edits[number]()
        box = camera.draw_frame([group])
        fresh = camera_class()
        fresh.draw_frame([group])
        assert np.array_equal(camera.pixel_array, fresh.pixel_array), number
        changed = (camera.pixel_array != before).any(axis=2)
        changed[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)] = False
        assert not changed.any(), f"edit {number} shows outside {box}"


def test_nothing_changed_is_nothing_drawn() -> None:
    camera, words = FilmCamera(), Text("words")
    assert camera.draw_frame([words])
    assert not camera.draw_frame([words])
    camera.background_color = RED
    assert camera.draw_frame([words])


def test_turning_camera_is_seen() -> None:
    camera, square = FilmThreeDCamera(), Square()
    camera.draw_frame([square])
    camera.set_phi(0.5)
    assert camera.draw_frame([square])


class Unknown(Camera):
    """A camera of somebody else's."""


class Moving(Scene):
    """A scene with another camera."""

    def __init__(self, camera_class: type[Camera] = MovingCamera, **kwargs: Any) -> None:
        super().__init__(camera_class=camera_class, **kwargs)


def test_cameras_are_sped_up_where_they_are_known() -> None:
    assert [fast(stock) for stock, _ in FAST_CAMERAS] == [quick for _, quick in FAST_CAMERAS]
    assert fast(Unknown) is Unknown
    assert [camera_of(s) for s in (Scene, ThreeDScene, Moving)] == [
        Camera,
        ThreeDCamera,
        MovingCamera,
    ]


def test_moving_camera_follows_its_frame() -> None:
    pictures = []
    for stock in (MovingCamera, fast(MovingCamera)):
        camera = stock()
        camera.frame.scale(0.5).shift(RIGHT)
        pictures.append(picture(camera, [Square(), Text("near")]))
    assert likeness(*pictures) >= 0.99
    assert config.pixel_width == SIZE[0]
