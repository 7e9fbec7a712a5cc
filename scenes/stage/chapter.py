"""A chapter is a scene made of sections, and a section is declared once.

Its declaration (title, spoken lines, pause, storyboard lines covered) is the only source for
Manim's section, the chapter mark, the caption, the slide, the preview's starting point, the shot
that a worker renders and the clip that a notebook embeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from manim import Animation, Mobject, Scene, tempconfig

from ngpt_math.recordings import Recording, Traced, load
from scenes.claims import Claims
from scenes.stage.cards import (
    NOTEBOOKS,
    Takeaways,
    goes_with,
    heading_line,
    set_at,
    title_line,
)
from scenes.stage.marks import Mark
from scenes.stage.motion import Appear, leave, looked
from scenes.stage.section import Section, section
from scenes.stage.space import View
from scenes.stage.style import TIME
from scenes.stage.text import Line

__all__ = ["Chapter", "Section", "section", "shown"]


class Chapter(Scene):
    """Base of all chapters. Sections run in the order in which they are written.

    It is a flat scene: three dimensions are the stage's own (`scenes.stage.space`).

    Class attributes of a chapter: `key` (its module's name), `number`, `heading` (the title on
    screen), `Record` (its recording's class), `notebooks` it goes with, and what is `claimed` of
    its numbers. The film's opening and closing are `card`s: scenes like chapters, not numbered.

    Instance attributes set before rendering: `only`, names of the sections to draw; the ones before
    are fast-forwarded and the ones after left out. None draws all. `recording_path` chooses another
    recording than the shipped one.
    """

    key: ClassVar[str]
    number: ClassVar[int]
    heading: ClassVar[str]
    Record: ClassVar[type[Recording]]
    notebooks: ClassVar[tuple[str, ...]]
    claimed: ClassVar[Claims] = Claims()
    card: ClassVar[bool] = False

    only: tuple[str, ...] | None = None
    recording_path: Path | None = None

    @classmethod
    def sections(cls) -> tuple[Section, ...]:
        """The declared sections in order."""
        methods = {n: m for c in reversed(cls.__mro__) for n, m in vars(c).items()}
        return tuple(m.section for m in methods.values() if hasattr(m, "section"))

    def setup(self) -> None:
        """Load the numbers, then lay out what every section shares."""
        super().setup()
        self.recording: Any = load(self.Record, self.recording_path)
        self._now: str | None = None
        self._title: Line | None = None
        self._going: list[Mobject] = []
        self._shown: dict[str, dict[tuple[str, tuple[int, ...], str], Traced]] = {}
        self.open_stage()

    def open_stage(self) -> None:
        """The chapter's heading. Chapters extend it to build what lasts over sections."""
        words = self.heading if self.card else f"{self.number} · {self.heading}"
        self._heading = heading_line(words)
        self.add(self._heading)

    def titled(self, words: str) -> Line:
        """A section's title, in its place."""
        return title_line(words)

    def construct(self) -> None:
        """Play the sections; fast-forward those that are not wanted."""
        wanted = {s.name for s in self.sections()} if self.only is None else set(self.only)
        for declared in self.sections():
            if not wanted:
                break
            if not self.claimed.shows(self.recording, declared.name):
                continue
            self.next_section(declared.name, skip_animations=declared.name not in wanted)
            self._enter(declared)
            getattr(self, declared.name)()
            wanted.discard(declared.name)

    def _enter(self, declared: Section) -> None:
        """Let go what the section before has done with, and change the title."""
        self._now = declared.name
        self._shown[declared.name] = {}
        title = self.claimed.said(self.recording, declared.title, declared.name)
        before, self._title = self._title, self.titled(title)
        gone = [*self._going, before] if before is not None else self._going
        if gone:
            self.play(*leave(*gone), run_time=TIME.quick)
        self._going = []
        self.play(Appear(self._title, run_time=TIME.quick))

    def play(self, *args: Any, **kwargs: Any) -> None:
        """Play, and remember which numbers stand on the screen afterwards."""
        super().play(*args, **kwargs)
        if self._now is not None:
            self._shown[self._now].update({_key(number): number for number in self._on_screen()})

    def _on_screen(self) -> Iterator[Traced]:
        """Every recorded number that a mobject on the screen displays."""
        for mobject in self.get_mobject_family_members():
            yield from getattr(mobject, "traced", ())

    def shown(self) -> dict[str, tuple[Traced, ...]]:
        """The numbers that have stood on the screen so far, by section."""
        return {name: tuple(numbers.values()) for name, numbers in self._shown.items()}

    def marks(self, view: View) -> list[Mark]:
        """What stands on the screen and is seen from `view`."""
        return _seen_from(view, self.get_mobject_family_members())

    def go_next(self, *mobjects: Mobject) -> None:
        """Let these go when the next section begins; until then the picture stands."""
        self._going = list(mobjects)

    def clear_next(self, *kept: Mobject) -> None:
        """Let everything but the headings and what is kept go when the next section begins."""
        stay = {id(m) for keep in (*kept, self._heading, self._title) for m in _family(keep)}
        self._going = [m for m in self.mobjects if id(m) not in stay]

    def to_remember(self, *points: tuple[str, tuple[str, ...]]) -> Takeaways:
        """What to remember, as far as it is true of this recording."""
        said = [(role, self.claimed.lines(self.recording, *lines)) for role, lines in points]
        return Takeaways([(role, lines) for role, lines in said if lines])

    def take_away(self, points: Takeaways) -> Line:
        """Show the points one after the other, then the notebooks to go on with, and rest."""
        books = goes_with(self.notebooks)
        set_at(books, float(points.get_left()[0]), NOTEBOOKS)
        for point in points:
            self.play(Appear(point))
            self.wait(TIME.rest)
        self.play(Appear(books))
        self.wait(TIME.rest)
        return books

    def turn(self, view: View, by: float, *along: Animation, seconds: float = TIME.sweep) -> None:
        """Turn a view about the axis by degrees, and play other animations along with it."""
        self.look(view, View(view.turn + by, view.lift), *along, seconds=seconds)

    def look(self, view: View, to: View, *along: Animation, seconds: float = TIME.sweep) -> None:
        """Turn a view the short way to where another looks from, and play others along with it."""
        coming: list[Any] = [m for a in along for m in a.mobject.get_family()]
        marks = dict.fromkeys([*self.marks(view), *_seen_from(view, coming)])
        self.play(*along, *looked(view, marks, to), run_time=seconds)


def _seen_from(view: View, mobjects: list[Any]) -> list[Mark]:
    return [m for m in mobjects if isinstance(m, Mark) and m.space.view is view]


def _family(mobject: Mobject | None) -> list[Mobject]:
    return [] if mobject is None else mobject.get_family()


def _key(number: Traced) -> tuple[str, tuple[int, ...], str]:
    return number.field, number.index, number.unit


def shown(
    chapter: type[Chapter], recording_path: Path | None = None
) -> dict[str, tuple[Traced, ...]]:
    """The numbers that a chapter displays, by section; nothing is drawn or written."""
    quiet = {"dry_run": True, "format": "none", "verbosity": "WARNING"}
    with tempconfig(quiet):
        scene = chapter(skip_animations=True)
        scene.recording_path = recording_path
        scene.render()
        return scene.shown()
