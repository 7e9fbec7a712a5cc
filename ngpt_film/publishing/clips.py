"""One clip for each section; where wanted, also in the formats of slides and of READMEs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from ngpt_film import mastering
from ngpt_film.publishing.release import Part, Release
from ngpt_film.publishing.workshop import Workshop
from ngpt_math.files import sha256_of, whole_file

FORMATS = ("webm", "webp", "gif")  # besides mp4
SMALL_HEIGHT, SMALL_RATE = 480, 15  # pixels and frames a second of what READMEs show


def clip_name(part: Part, ending: str = "mp4") -> str:
    """Where the clip of a section lies."""
    return f"clips/{part.stem}.{ending}"


def make_all(
    release: Release, shop: Workshop, also: Sequence[str], renders: Path, jobs: int
) -> None:
    """Every clip. `also`: of FORMATS; those that must be drawn are kept in `renders`."""
    for part in release.parts:
        sound = part.voice.sound if part.voice else None
        recipe = ["clip", _digest(part), part.section.title, sha256_of(sound) if sound else ""]
        shop.make(clip_name(part), recipe, partial(_mp4, part, sound))
        for ending in also:
            if ending != "webm":
                made = partial(_SMALL[ending], part)
                shop.make(clip_name(part, ending), [ending, _digest(part)], made)
    if "webm" in also:
        from ngpt_film.publishing import clear

        clear.make_all(release, shop, renders, jobs)


def _digest(part: Part) -> list[Any]:
    return [part.shot.card["sha256"], part.voice.held if part.voice else 0]


def _mp4(part: Part, sound: Path | None, path: Path) -> None:
    """The section's shot as it is, with its title, the index first."""
    title = f"{part.mark.chapter}: {part.section.title}"
    marks = f";FFMETADATA1\ntitle={mastering.escaped(title)}\n"
    mastering.mux(part.segments, marks, path, sound)


def _small(part: Part) -> Any:
    """The shot's frames as READMEs show them; what is smaller stays as it is."""
    height = min(SMALL_HEIGHT, part.shot.shot.quality.height)
    film = ffmpeg.input(str(part.shot.shot.path)).video.filter("fps", SMALL_RATE)
    return film.filter("scale", -2, height, flags="lanczos", in_color_matrix="bt709")


def _webp(part: Part, path: Path) -> None:
    settings = {"c:v": "libwebp_anim", "q:v": 70, "loop": 0, "threads": 1}
    with whole_file(path) as temporary:
        film = ffmpeg.output(_small(part), str(temporary), f="webp", **settings)
        mastering.run_ffmpeg(film, path.name)


def _gif(part: Part, path: Path) -> None:
    """A palette of the clip's own colours, as GIF has but 256."""
    split = _small(part).split()
    palette = split[0].filter("palettegen", stats_mode="diff")
    film = ffmpeg.filter([split[1], palette], "paletteuse", dither="bayer", bayer_scale=4)
    with whole_file(path) as temporary:
        output = ffmpeg.output(film, str(temporary), f="gif", loop=0)
        mastering.run_ffmpeg(output, path.name)


_SMALL = {"webp": _webp, "gif": _gif}
