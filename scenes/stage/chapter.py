"""A chapter is a scene made of sections, and a section is declared once.

Its declaration (title, spoken lines, pause, storyboard lines covered) is the only source for
Manim's section, the chapter mark, the caption, the slide, the preview's starting point, the shot
that a worker renders and the clip that a notebook embeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from manim import ThreeDScene

from ngpt_math.recordings import Recording, load

Method = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Section:
    """One idea of a chapter.

    `name` is the method's name and, after `CHAPTER:`, what the command line calls it. `says` are
    the spoken lines, in plain words. `pause`: a lecturer may want to stop at its end. `covers` are
    the storyboard's lines that it shows, as `CHAPTER.LINE`; chapter 0 is "in every chapter".
    """

    name: str
    title: str
    says: tuple[str, ...]
    pause: bool
    covers: tuple[str, ...]


def section(
    title: str, *, says: tuple[str, ...], pause: bool = False, covers: tuple[str, ...] = ()
) -> Callable[[Method], Method]:
    """Declare a method of a `Chapter` to be its next section. See `Section` for the arguments."""

    def mark(method: Method) -> Method:
        declared = Section(method.__name__, title, says, pause, covers)
        method.section = declared  # type: ignore[attr-defined]
        return method

    return mark


class Chapter(ThreeDScene):
    """Base of all chapters. Sections run in the order in which they are written.

    Class attributes of a chapter: `key` (its module's name), `number`, `heading` (the title on
    screen), `Record` (its recording's class) and `notebooks` it goes with.

    Instance attributes set before rendering: `only`, names of the sections to draw; the ones before
    are fast-forwarded and the ones after left out. None draws all. `recording_path` chooses another
    recording than the shipped one.
    """

    key: ClassVar[str]
    number: ClassVar[int]
    heading: ClassVar[str]
    Record: ClassVar[type[Recording]]
    notebooks: ClassVar[tuple[str, ...]]

    only: tuple[str, ...] | None = None

    @classmethod
    def sections(cls) -> tuple[Section, ...]:
        """The declared sections in order."""
        return tuple(m.section for m in vars(cls).values() if hasattr(m, "section"))

    def setup(self) -> None:
        """Load the numbers, then lay out what every section shares."""
        super().setup()
        self.recording = load(self.Record)
        self.open_stage()

    def open_stage(self) -> None:
        """Background, heading, camera. Chapters extend it to build what lasts over sections."""

    def construct(self) -> None:
        """Play the sections; fast-forward those that are not wanted."""
        wanted = {s.name for s in self.sections()} if self.only is None else set(self.only)
        for declared in self.sections():
            if not wanted:
                break
            self.next_section(declared.name, skip_animations=declared.name not in wanted)
            getattr(self, declared.name)()
            wanted.discard(declared.name)
