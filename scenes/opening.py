"""The opening of the film: its title, and the letters of the smallest model on the sphere."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import Opening as Recorded
from ngpt_math.recordings import Recording
from scenes.stage.cards import set_at
from scenes.stage.chapter import Chapter, section
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.layout import noted, stacked
from scenes.stage.letters import Letters
from scenes.stage.motion import Appear, appear
from scenes.stage.space import Space, View
from scenes.stage.style import SIZE, TIME
from scenes.stage.text import Line, paragraph

SPHERE, RADIUS = (-4.15, -0.1), 2.15
PANEL = -1.25
TITLE, TOP = 66, 1.25


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
            "The normalized Transformer: all its vectors lie on a sphere.",
            "Every number, unless it is cited, comes from models that this project trained.",
        ),
        pause=True,
        covers=("8.1",),
    )
    def title(self) -> None:
        """The title, the letters on the sphere, and where the numbers come from."""
        letters = self.recording.letters
        places = self.recording.embeddings
        space = Space(View.onto_point(places.mean(axis=0), -30), SPHERE, RADIUS)
        shown = Letters(space, places, letters, "normalized")
        about = paragraph("A language model whose vectors", "all have length one", px=SIZE.readout)
        own = noted(
            "Every number, unless it is cited, was read",
            "from models that this project trained.", role="normalized",
        )  # fmt: skip
        paper = noted(
            "After Loshchilov, Hsieh, Sun and Ginsburg: nGPT, Normalized Transformer",
            "with Representation Learning on the Hypersphere. 2024, arXiv 2410.01131",
            px=SIZE.tick,
        )
        source = Line(
            f"{len(letters)} letters, where our smallest model put them",
            role="muted", px=SIZE.tick,
        )  # fmt: skip
        stacked([about, own, paper], PANEL, TOP - 0.7, gap=0.5)
        source.move_to((SPHERE[0], SPHERE[1] - RADIUS - 0.45, 0))
        self.play(Appear(Hypersphere(space)))
        self.play(*appear(shown, about))
        self.turn(space.view, 35, seconds=TIME.sweep * 0.75)
        self.play(*appear(own, source))
        self.play(Appear(paper))
        self.turn(space.view, 20, seconds=TIME.sweep * 0.75)
        self.wait(TIME.rest)
