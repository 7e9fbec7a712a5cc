"""The opening of the film: its title, and the letters of the smallest model on the sphere."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ngpt_math.recordings import Opening as Recorded
from ngpt_math.recordings import Recording
from scenes.stage.cards import set_at
from scenes.stage.chapter import Chapter, section
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.layout import noted, stacked
from scenes.stage.letters import Letters
from scenes.stage.motion import Appear, appear
from scenes.stage.space import Space, View
from scenes.stage.style import SIZE, TIME, Point
from scenes.stage.text import Line, paragraph

SPHERE, RADIUS = (-4.15, -0.1), 2.15
PANEL = -1.25
TITLE, TOP = 66, 1.25
SHARES = np.linspace(0, 1, 4)


TURNS = (35, 20)
"""By how many degrees the sphere turns before and after all is said."""

LIFTS = (-60, -50, -40, -30, 30, 40, 50, 60)
"""Heights of the eye: from the equator's the sphere's grid would look flat."""

NEAREST, MOST = 6, 0.6
"""Of how many letters the gaps are looked at; the share that has to be in front."""


def clearest(places: Point, turn: float) -> View:
    """The view from which the letters in front are easiest to read, also while it turns."""
    views = [View(way, lift) for way in range(0, 360, 15) for lift in LIFTS]
    return max(views, key=lambda view: min(gap(places, view, turn * s) for s in SHARES))


def gap(places: Point, view: View, turn: float) -> float:
    """How far apart the nearest letters in front are seen; 0 if few are in front."""
    seen = np.asarray(places, dtype=float) @ View(view.turn + turn, view.lift).axes.T
    front = seen[seen[:, 2] > 0, :2]
    if len(front) < MOST * len(places):
        return 0.0
    apart = np.linalg.norm(front[:, None] - front, axis=-1) + 2 * np.eye(len(front))
    return float(np.sort(apart.min(axis=1))[:NEAREST].mean())


class Opening(Chapter):
    """What the film is, on a real picture."""

    key: ClassVar[str] = "opening"
    number: ClassVar[int] = 0
    heading: ClassVar[str] = "nGPT"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ()
    card: ClassVar[bool] = True

    def titled(self, words: str) -> Line:
        """The film's title, large beside the sphere."""
        return set_at(Line(words, px=TITLE, weight="SEMIBOLD"), PANEL, TOP)

    @section(
        "The Normalized Transformer",
        says=(
            "The normalized Transformer keeps embeddings, hidden states, weights on a sphere.",
            "Every measured number was read from trained models, and can be traced.",
        ),
        pause=True,
        covers=("8.1",),
    )
    def title(self) -> None:
        """The title, the letters on the sphere, and where the numbers come from."""
        letters = self.recording.letters
        places = self.recording.embeddings
        space = Space(clearest(places, sum(TURNS)), SPHERE, RADIUS)
        # No bundled typeface has the sign that stands for a space in recordings.
        words = ["space" if letter == "␣" else letter for letter in letters]
        shown = Letters(space, places, words, "normalized", SIZE.label)
        about = paragraph(
            "nGPT: a language model whose embeddings, hidden states",
            "and weights have length one, as points on a sphere",
            px=SIZE.readout,
        )
        own = noted(
            "Every measured number was read",
            "from trained models, and can be traced.", role="normalized",
        )  # fmt: skip
        paper = noted(
            "After Loshchilov, Hsieh, Sun and Ginsburg: nGPT, Normalized Transformer",
            "with Representation Learning on the Hypersphere. 2024, arXiv 2410.01131",
            px=SIZE.tick,
        )
        source = Line(
            f"the {len(letters)} letters of our smallest model, where it put them",
            role="muted", px=SIZE.tick,
        )  # fmt: skip
        stacked([about, own, paper], PANEL, TOP - 0.7, gap=0.5)
        source.move_to((SPHERE[0], SPHERE[1] - RADIUS - 0.45, 0))
        self.play(Appear(Hypersphere(space)))
        self.play(*appear(shown, about))
        self.turn(space.view, TURNS[0], seconds=TIME.sweep * 0.75)
        self.play(*appear(own, source))
        self.play(Appear(paper))
        self.turn(space.view, TURNS[1], seconds=TIME.sweep * 0.75)
        self.wait(TIME.rest)
