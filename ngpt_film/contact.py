"""The contact sheet: every section's middle and end on one page, for looking it over."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from ngpt_film import crew, shots, studio
from ngpt_film.crew import Tell
from ngpt_film.outline import Target
from ngpt_film.quality import Quality, quality
from ngpt_math.errors import StudioError
from ngpt_math.files import ASSETS, whole_file
from scenes.film import Entry

if TYPE_CHECKING:
    from ngpt_film.shoot import Place

COLUMNS = 4  # two sections side by side
MARGIN, LABEL = 12, 34  # pixels

PLACES: tuple[Place, ...] = (0.5, "end")
GROUND, INK = "#0d1117", "#e6edf3"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a section, and the file it goes to."""

    entry: Entry
    section: str
    at: Place
    file: Path
    quality: Quality

    @property
    def label(self) -> str:
        """What the sheet calls it."""
        words = {"end": "end", 0.5: "middle"}.get(self.at, f"at {self.at}")
        return f"{self.entry.key}:{self.section}, {words}"


def sheet(
    wanted: Sequence[Target], out: Path, jobs: int, report: Callable[[int, int], None]
) -> None:
    """Draw the contact sheet of these targets to the PNG `out`.

    Raises:
        StudioError: a recording is damaged, or a section cannot be drawn.
    """
    studio.check_recordings(wanted)
    shots.load_camera()
    with tempfile.TemporaryDirectory() as folder:
        frames = list(_frames(wanted, Path(folder)))
        done: dict[Frame, int] = {}
        with closing(crew.run(_draw, _parts(frames, jobs), jobs)) as events:
            for event in events:
                first = event.task[0]
                if event.failure:
                    problem = f"a still of {first.entry.key} cannot be drawn: {event.failure.line}"
                    raise StudioError(problem, f"mend it; `ngpt render {first.entry.key}` tells")
                if event.done is not None:
                    done[first] = event.done
                report(sum(done.values()), len(frames))
        lay_out(frames, out)


def _parts(frames: Sequence[Frame], jobs: int) -> list[tuple[Frame, ...]]:
    """The frames in as many parts as there are jobs, or more: each of one chapter, in its order."""
    chapters = [tuple(group) for _, group in groupby(frames, key=lambda frame: frame.entry.key)]
    split = -(-jobs // len(chapters))
    size = [-(-len(chapter) // split) for chapter in chapters]
    return [
        chapter[i : i + n]
        for chapter, n in zip(chapters, size, strict=True)
        for i in range(0, len(chapter), n)
    ]


def _frames(wanted: Sequence[Target], folder: Path) -> list[Frame]:
    found: list[Frame] = []
    for target in wanted:
        for section in target.sections:
            for at in PLACES:
                file = folder / f"{len(found)}.png"
                found.append(Frame(target.outline.entry, section.name, at, file, quality("draft")))
    return found


def draw(frames: Sequence[Frame], tell: Tell | None = None) -> None:
    """Draw frames of one chapter, all of one quality, in this process."""
    from ngpt_film.shoot import stills

    first = frames[0]
    wanted = [(frame.section, frame.at, frame.file) for frame in frames]
    with tempfile.TemporaryDirectory() as cache:
        stills(first.entry.load(), wanted, first.quality, text_cache=Path(cache), tell=tell)


def _draw(frames: tuple[Frame, ...], tell: Tell) -> bool:
    draw(frames, tell)
    return True


def lay_out(frames: Sequence[Frame], out: Path) -> None:
    """Write the page of pictures that lie in the frames' files, all of one size."""
    first = Image.open(frames[0].file)
    width, height = first.width + MARGIN, first.height + LABEL + MARGIN
    rows = -(-len(frames) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width + MARGIN, rows * height + MARGIN), GROUND)
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(ASSETS / "fonts" / "IBMPlexSans-Regular.ttf"), 20)
    for i, frame in enumerate(frames):
        x, y = MARGIN + i % COLUMNS * width, MARGIN + i // COLUMNS * height
        pen.text((x, y), frame.label, INK, font)
        page.paste(Image.open(frame.file), (x, y + LABEL))
    with whole_file(out) as temporary:
        page.save(temporary, format="png")
