"""Slides for PowerPoint: a section each, its clip all over it, what is said as notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ngpt_film.publishing.clips import clip_name
from ngpt_film.publishing.pictures import thumbnail_name
from ngpt_film.publishing.release import TITLE, Release
from ngpt_film.publishing.workshop import Workshop
from ngpt_math.errors import StudioError
from ngpt_math.files import whole_file

NAME = "slides.pptx"
WIDTH, HEIGHT = 12192000, 6858000  # 13.33 × 7.5 inches, in EMU
BLANK = 6  # the number of the empty layout in python-pptx's own template


def make(release: Release, shop: Workshop) -> None:
    """Make the slides of clips and thumbnails that are there.

    Raises:
        StudioError: python-pptx is not installed.
    """
    try:
        import pptx  # noqa: F401
    except ModuleNotFoundError as error:
        raise StudioError("--pptx needs python-pptx", "`make pptx` installs it") from error
    files = shop.files()
    recipe = [[p.key, p.section.title, p.section.says, files[clip_name(p)]["sha256"]]
              for p in release.parts]  # fmt: skip
    shop.make(NAME, ["pptx", TITLE, recipe], lambda path: _write(release, shop.folder, path))


def _write(release: Release, folder: Path, path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Emu

    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(WIDTH), Emu(HEIGHT)
    deck.core_properties.title = TITLE
    for part in release.parts:
        slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
        movie = slide.shapes.add_movie(
            str(folder / clip_name(part)), 0, 0, WIDTH, HEIGHT,
            poster_frame_image=str(folder / thumbnail_name(part)), mime_type="video/mp4",
        )  # fmt: skip
        movie.name = part.section.title
        _play_at_once(slide, movie)
        slide.notes_slide.notes_text_frame.text = "\n".join(part.section.says)
    with whole_file(path) as temporary:
        deck.save(str(temporary))


def _play_at_once(slide: Any, movie: Any) -> None:
    """Begin when the slide comes: python-pptx's own timing waits for a click on the picture."""
    for target in slide.element.iterfind(".//{*}spTgt"):
        if target.get("spid") == str(movie.shape_id):
            node = next(target.iterancestors("{*}cMediaNode"))
            for condition in node.iterfind(".//{*}stCondLst/{*}cond"):
                condition.set("delay", "0")
