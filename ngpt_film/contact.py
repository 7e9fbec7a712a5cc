"""The contact sheet: every section's middle and end on one page, for looking it over."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from ngpt_film import crew, studio
from ngpt_film.outline import Target
from ngpt_film.quality import quality
from ngpt_film.shots import Tell
from ngpt_math.errors import StudioError
from ngpt_math.files import ASSETS, whole_file
from scenes.film import Entry

COLUMNS = 4  # two sections side by side
MARGIN, LABEL = 12, 34  # pixels
GROUND, INK = "#0d1117", "#e6edf3"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the sheet."""

    entry: Entry
    section: str
    at: Literal["end"] | float
    file: Path
    label: str


def sheet(
    wanted: Sequence[Target], out: Path, jobs: int, report: Callable[[int, int], None]
) -> None:
    """Draw the contact sheet of these targets to the PNG `out`.

    Raises:
        StudioError: a recording is damaged, or a section cannot be drawn.
    """
    import ngpt_film.shoot  # noqa: F401  before forking: each process would import it again

    studio.check_recordings(wanted)
    with tempfile.TemporaryDirectory() as folder:
        frames = list(_frames(wanted, Path(folder)))
        done = 0
        with closing(crew.run(_draw, frames, jobs)) as events:
            for event in events:
                if event.failure:
                    problem = f"{event.task.label} cannot be drawn: {event.failure.line}"
                    raise StudioError(problem, "mend the section")
                done += event.result is not None
                report(done, len(frames))
        _lay_out(frames, out)


def _frames(wanted: Sequence[Target], folder: Path) -> list[Frame]:
    found: list[Frame] = []
    for target in wanted:
        for section in target.sections:
            for at, words in ((0.5, "middle"), ("end", "end")):
                entry = target.outline.entry
                file = folder / f"{len(found)}.png"
                label = f"{entry.key}:{section.name}, {words}"
                found.append(Frame(entry, section.name, at, file, label))  # type: ignore[arg-type]
    return found


def _draw(frame: Frame, tell: Tell) -> bool:
    from ngpt_film.shoot import still

    with tempfile.TemporaryDirectory() as cache:
        chapter, size = frame.entry.load(), quality("draft")
        still(chapter, frame.section, frame.at, frame.file, size, text_cache=Path(cache))
    return True


def _lay_out(frames: Sequence[Frame], out: Path) -> None:
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
