"""Stills out of the shots: poster, one of each chapter, thumbnails, the contact sheet."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ngpt_film import contact
from ngpt_film.publishing.release import TITLE, Chapter, Part, Release
from ngpt_film.publishing.workshop import Workshop
from ngpt_film.quality import quality
from ngpt_math.files import ASSETS, whole_file
from scenes.stage.style import COLOUR

POSTER = (1280, 720)  # pixels
POSTER_BYTES = 2_000_000  # the most that YouTube takes
THUMBNAIL = (640, 360)
FONT = ASSETS / "fonts" / "IBMPlexSans-SemiBold.ttf"
PLAIN_FONT = ASSETS / "fonts" / "IBMPlexSans-Regular.ttf"


def frame(shot: Path, number: int) -> Image.Image:
    """The picture of a frame of a shot, its colours as they were drawn; -1 is the last one."""
    with av.open(str(shot)) as film:
        stream = film.streams.video[0]
        number = stream.frames - 1 if number < 0 else number
        if number and stream.average_rate and stream.time_base:
            film.seek(round(number / stream.average_rate / stream.time_base), stream=stream)
        wanted = round(number / stream.average_rate / stream.time_base)  # type: ignore[operator]
        last = None
        for last in film.decode(stream):
            if last.pts is not None and last.pts >= wanted:
                break
        assert last is not None, "a shot has frames"
        return _rgb(last)


def _rgb(picture: av.VideoFrame) -> Image.Image:
    converted = picture.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return Image.fromarray(converted.to_ndarray())


def last_frame(part: Part) -> Image.Image:
    """What a section ends with: all that it built."""
    return frame(part.shot.shot.path, -1)


def make_all(release: Release, shop: Workshop) -> None:
    """Every picture of the release."""
    for chapter in release.chapters:
        name = f"stills/{chapter.entry.key}.png"
        shop.make(name, ["still", _shots(chapter.parts)], partial(_still, chapter))
    for part in release.parts:
        name = thumbnail_name(part)
        shop.make(name, ["thumbnail", _shots([part])], partial(_thumbnail, part))
    shop.make("poster.jpg", ["poster", TITLE, _shots(release.parts)], partial(_poster, release))
    shop.make("contact-sheet.png", ["sheet", _shots(release.parts)], partial(_sheet, release))


def thumbnail_name(part: Part) -> str:
    """Where the small picture of a section lies."""
    return f"thumbnails/{part.stem}.jpg"


def _shots(parts: Sequence[Part]) -> list[list[str]]:
    return [[part.key, part.shot.card["sha256"]] for part in parts]


def richest(parts: Sequence[Part]) -> Image.Image:
    """The last picture, of these sections', with the most shades in it: spheres before plots."""
    return max(map(last_frame, parts), key=lambda picture: picture.convert("L").entropy())


def _save(picture: Image.Image, path: Path, **settings: object) -> None:
    with whole_file(path) as temporary:
        picture.save(temporary, **settings)  # type: ignore[arg-type]


def _still(chapter: Chapter, path: Path) -> None:
    _save(richest(chapter.parts), path, format="png")


def _thumbnail(part: Part, path: Path) -> None:
    small = last_frame(part).resize(THUMBNAIL, Image.Resampling.LANCZOS)
    _save(small, path, format="jpeg", quality=85)


def _poster(release: Release, path: Path) -> None:
    """The film's title over its richest picture, which is blurred and dimmed."""
    behind = richest(release.parts).resize(POSTER, Image.Resampling.LANCZOS)
    behind = behind.filter(ImageFilter.GaussianBlur(2))
    page = Image.blend(behind, Image.new("RGB", POSTER, COLOUR.ground), 0.72)
    pen = ImageDraw.Draw(page)
    left, top = 90, 250
    pen.rectangle((left, top, left + 96, top + 8), fill=COLOUR.normalized)
    pen.text((left, top + 30), TITLE, COLOUR.ink, ImageFont.truetype(str(FONT), 84))
    names = " · ".join(chapter.entry.title for chapter in release.chapters[:1])
    several = len(release.chapters) > 1
    words = "nGPT, with the numbers of models trained for this film" if several else names
    pen.text((left, top + 145), words, COLOUR.muted, ImageFont.truetype(str(PLAIN_FONT), 36))
    _save(page, path, format="jpeg", quality=88)


def _sheet(release: Release, path: Path) -> None:
    """The middle and the end of every section, from the shots."""
    draft = quality("draft")
    with tempfile.TemporaryDirectory() as folder:
        frames: list[contact.Frame] = []
        for part in release.parts:
            for at in contact.PLACES:
                file = Path(folder, f"{len(frames)}.png")
                number = -1 if at == "end" else int(part.shot.card["frames"]) // 2
                picture = frame(part.shot.shot.path, number)
                picture.resize((draft.width, draft.height), Image.Resampling.LANCZOS).save(file)
                frames.append(contact.Frame(part.entry, part.section.name, at, file, draft))
        contact.lay_out(frames, path)
