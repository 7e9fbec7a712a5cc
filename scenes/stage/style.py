"""How the film looks: colours by role, sizes, strokes, the grid and the drawing order.

Nothing else in `scenes` names a colour, a size in pixels or a stroke width. Sizes are pixels of a
1920×1080 frame, which is 14.22 × 8 of Manim's units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
Mask = NDArray[np.bool_]

FRAME_WIDTH = 128 / 9
FRAME_HEIGHT = 8.0
PIXEL = FRAME_HEIGHT / 1080
"""One pixel at 1080p, in Manim's units. Stroke widths need no conversion: 1 is one pixel."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by role. `far` and `near` are the sphere's grid, `ink` on `ground` is text."""

    ground: str = "#0d1117"
    panel: str = "#151c26"
    ink: str = "#e6edf3"
    muted: str = "#a3afbc"
    line: str = "#566270"
    grid: str = "#9fb2c8"
    disc_light: str = "#2b3b4f"
    disc_dark: str = "#111822"
    traditional: str = "#58c4dd"
    normalized: str = "#83c167"
    transformation: str = "#fc6255"
    scale: str = "#f7d96f"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Heights of type (the em) in pixels at 1080p. Nothing is smaller than `least`."""

    title: float = 44
    equation: float = 44
    readout: float = 36
    body: float = 32
    label: float = 28
    tick: float = 24
    least: float = 20


@dataclass(frozen=True, slots=True)
class Strokes:
    """Line widths in pixels at 1080p, by what the line is."""

    flow: float = 8
    arc: float = 4
    arrow: float = 5
    chord: float = 3
    axis: float = 2
    auxiliary: float = 1.5
    grid: float = 1.5
    rim: float = 3
    boundary: float = 3


@dataclass(frozen=True, slots=True)
class Opacities:
    """How much of a thing shows. `hidden` is what lies behind the sphere, against 1 in front,
    `inside` a line within the sphere beyond its middle."""

    near_grid: float = 0.42
    far_grid: float = 0.15
    hidden: float = 0.35
    inside: float = 0.6
    dimmed: float = 0.35
    shell: float = 0.16


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long things take: to come and go, a move, a zoom, a sweep, a rest, a rest to read in."""

    quick: float = 0.6
    fade: float = 0.7
    move: float = 1.0
    zoom: float = 1.2
    sweep: float = 4.0
    rest: float = 1.0
    read: float = 2.0


@dataclass(frozen=True, slots=True)
class Layers:
    """Drawing order: a higher layer is drawn later. Manim sorts by `z_index`."""

    panel: int = -2
    disc: int = 0
    far: int = 1
    inside: int = 2
    near: int = 3
    arc: int = 4
    arrow: int = 5
    point: int = 6
    text: int = 8


@dataclass(frozen=True, slots=True)
class Grid:
    """Where things may be, in Manim's units: the safe area, and the band kept for captions.

    The heading sits in the top band; pictures, equations and readouts between `top` and `bottom`:
    a picture around `picture` across, and what belongs to it from `panel` to the right.
    """

    left: float = -FRAME_WIDTH / 2 * 0.9
    right: float = FRAME_WIDTH / 2 * 0.9
    heading: float = FRAME_HEIGHT / 2 * 0.9
    top: float = 2.6
    bottom: float = -FRAME_HEIGHT / 2 + FRAME_HEIGHT * 0.12
    gutter: float = 0.35
    picture: float = -3.25
    panel: float = 0.75

    @property
    def middle(self) -> float:
        """The height at which a picture is centred."""
        return (self.top + self.bottom) / 2


COLOUR = Palette()
SIZE = Sizes()
STROKE = Strokes()
OPACITY = Opacities()
TIME = Seconds()
LAYER = Layers()
GRID = Grid()

ROLES = ("traditional", "normalized", "transformation", "scale", "ink", "muted")
"""The roles that text and equations may take."""


def colour_of(role: str) -> str:
    """The colour of a role.

    Raises:
        ValueError: there is no such role.
    """
    if role not in ROLES:
        raise ValueError(f"no role {role!r}; there are {', '.join(ROLES)}")
    return str(getattr(COLOUR, role))


def luminance(colour: str, opacity: float = 1.0) -> float:
    """Relative luminance (WCAG 2) of a colour laid on the ground with an opacity."""
    over, under = (
        np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (colour, COLOUR.ground)
    )
    share = (over * opacity + under * (1 - opacity)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def on_ground(colour: str, opacity: float) -> str:
    """The opaque colour that a colour laid on the ground with an opacity looks like."""
    over, under = (
        np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (colour, COLOUR.ground)
    )
    red, green, blue = np.rint(over * opacity + under * (1 - opacity)).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast(first: float, second: float) -> float:
    """Contrast (WCAG 2) of two luminances: 1 for the same, 21 for black on white."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def is_bright(colour: str, opacity: float) -> bool:
    """Whether text on this colour is better dark than light."""
    area = luminance(colour, opacity)
    return contrast(area, luminance(COLOUR.ground)) > contrast(area, luminance(COLOUR.ink))
