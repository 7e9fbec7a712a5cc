"""Slides: each section plays, and stands still where its author asked for a pause."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from pathlib import Path

from ngpt_film.publishing import html
from ngpt_film.publishing.clips import clip_name
from ngpt_film.publishing.pictures import thumbnail_name
from ngpt_film.publishing.release import TITLE, Part, Release

KEYS = {
    "→ Enter": "next section",
    "←": "again, or the section before",
    "Space": "hold, go on",
    "o": "all sections",
    "n": "what is said",
    "b": "black",
    "f": "full screen",
    "Home End": "first, last",
}
TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg"}


def slides(release: Release, inside: Path | None = None) -> str:
    """The slides as HTML. The clips lie beside it, or with `inside`, their folder, in it."""
    place = (lambda name: name) if inside is None else (lambda name: _data_uri(inside / name))
    parts = {
        "TITLE": escape(TITLE),
        "KEYS": html.keys(KEYS),
        "OVERVIEW": _overview(release, place),
    }
    return html.page("slides", parts, {"sections": [_slide(p, place) for p in release.parts]})


def _data_uri(path: Path) -> str:
    return f"data:{TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _slide(part: Part, place: Callable[[str], str]) -> dict[str, object]:
    return {
        "key": part.key,
        "title": part.section.title,
        "notes": " ".join(part.section.says),
        "pause": part.section.pause,
        "sound": part.voice is not None,
        "clip": place(clip_name(part)),
    }


def _overview(release: Release, place: Callable[[str], str]) -> str:
    found, number = [], 0
    for chapter in release.chapters:
        found.append(f"<h2>{escape(chapter.title)}</h2>")
        for part in chapter.parts:
            found.append(
                f'<button data-section="{number}"><img src="{place(thumbnail_name(part))}" alt="">'
                f"<span>{escape(part.section.title)}</span></button>"
            )
            number += 1
    return "".join(found)
