"""The page: the film, its chapters, what is said, and where each number comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from ngpt_film.publishing import html
from ngpt_film.publishing.numbers import Number, Origin, Shown
from ngpt_film.publishing.release import TITLE, Chapter, Part, Release

FILM = "ngpt.mp4"
SPEEDS = (0.5, 0.75, 1, 1.25, 1.5, 2)
KEYS = {
    "Space": "play or pause",
    "[ ]": "section before, next section",
    "← →": "five seconds",
    "j l": "ten seconds",
    "< >": "slower, faster",
    "c": "captions",
    "/": "search",
    "f": "full screen",
    "m": "mute",
    "?": "these keys",
}


def page(release: Release, shown: Mapping[str, Shown], files: Mapping[str, str]) -> str:
    """The page as HTML. `shown`: by chapter's key. `files`: further files, by what they are."""
    parts = {
        "TITLE": escape(TITLE),
        "SUMMARY": escape(summary(release)),
        "FILM": FILM,
        "FILES": "".join(f'<a href="{path}">{escape(what)}</a>' for what, path in files.items()),
        "SPEEDS": "".join(_speed(speed) for speed in SPEEDS),
        "KEYS": html.keys(KEYS),
        "CHAPTERS": "".join(_chapter(c, shown[c.entry.key]) for c in release.chapters),
        "FOOTER": _footer(release, shown),
    }
    return html.page("page", parts, _data(release))


def summary(release: Release) -> str:
    """The film in a line."""
    minutes = max(1, round(release.seconds / 60))
    numbered = [chapter for chapter in release.chapters if not chapter.entry.card]
    what = (
        f"{len(numbered)} chapters"
        if len(numbered) > 1
        else (numbered or release.chapters)[0].title
    )
    return f"{what} · {minutes} min · every number on screen says where it comes from"


def _speed(speed: float) -> str:
    chosen = " selected" if speed == 1 else ""
    return f'<option value="{speed}"{chosen}>{speed:g}×</option>'


def _data(release: Release) -> dict[str, Any]:
    return {
        "seconds": round(release.seconds, 3),
        "cues": [[round(c.start, 3), round(c.end, 3), c.text] for c in release.cues],
        "sections": [
            {"key": p.key, "title": p.section.title, "chapter": chapter.title,
             "start": round(p.begins, 3), "end": round(p.ends, 3)}
            for chapter in release.chapters for p in chapter.parts
        ],
    }  # fmt: skip


def _chapter(chapter: Chapter, shown: Shown) -> str:
    key, books = chapter.entry.key, ""
    if shown.notebooks:
        books = f" · goes with notebooks {' and '.join(shown.notebooks)}"
    return (
        f'<article class="chapter" id="{key}">'
        f'<a href="#{key}" data-from="{chapter.begins:.3f}">'
        f'<img src="stills/{key}.png" alt="" loading="lazy">'
        f"<div><h2>{escape(chapter.title)}</h2>"
        f"<p>{time(chapter.begins)}–{time(chapter.ends)}{escape(books)}</p></div></a>"
        f'<ol class="sections">{"".join(_section(part, shown) for part in chapter.parts)}</ol>'
        "</article>"
    )


def _section(part: Part, shown: Shown) -> str:
    numbers = shown.numbers.get(part.section.name, ())
    words = escape(" ".join([part.section.title, *part.section.says]).lower())
    said = " ".join(
        f'<a href="#t={at:.3f}" data-from="{at:.3f}" data-text>{escape(line)}</a>'
        for at, line in part.lines
    )
    return (
        f'<li id="{part.key}" data-words="{words}">'
        f'<h3><a href="#{part.key}" data-from="{part.begins:.3f}">'
        f"<span data-text>{escape(part.section.title)}</span>"
        f"<time>{time(part.begins)}</time></a></h3>"
        f'<p class="said">{said}</p>'
        f"<details><summary>{_how_many(numbers)}</summary>"
        f'<div class="numbers">{_numbers(numbers, shown.origin)}</div></details></li>'
    )


def _how_many(numbers: Sequence[Number]) -> str:
    if not numbers:
        return "No numbers here"
    return f"Where {'this number comes' if len(numbers) == 1 else 'its numbers come'} from"


def _numbers(numbers: Sequence[Number], origin: Origin) -> str:
    """Numbers by the field of the recording that they stand in, and how to open them."""
    if not numbers:
        return '<p class="none">This section shows no numbers.</p>'
    ordered = sorted(numbers, key=_field)
    fields = [_field_block(list(group)) for _, group in groupby(ordered, _field)]
    return "".join(fields) + _made(origin)


def _field(number: Number) -> tuple[str, str, str]:
    return number.chapter, number.source.partition("[")[0], number.model


def _field_block(numbers: Sequence[Number]) -> str:
    first = numbers[0]
    name = first.source.partition("[")[0]
    values = "".join(_value(number) for number in numbers)
    model = "worked out by a formula" if first.model == "geometry" else f"model: {first.model}"
    return (
        f'<div class="field"><p>{escape(first.meaning)}</p><ul class="values">{values}</ul>'
        f'<p class="from"><code>{escape(f"{first.chapter}: {name}")}</code> · {escape(model)}</p>'
        "</div>"
    )


def _value(number: Number) -> str:
    """A number, with its index in the field."""
    index = number.source.partition("[")[2].rstrip("]")
    unit = "" if number.unit == "1" else number.unit
    space = "" if unit in ("", "°") else " "
    small = f"<small>[{escape(index)}]</small>" if index else ""
    return f"<li>{number.value:.4g}{space}{escape(unit)}{small}</li>".replace(">-", ">−")


def _made(origin: Origin) -> str:
    models = ", ".join(f"{name} {digest[:12]}" for name, digest in origin.models.items())
    return (
        f'<p class="made">Recorded in <code>{escape(origin.file)}</code> (sha256'
        f" {origin.sha256[:12]}) from {escape(models) or 'geometry alone'}.</p>"
    )


def _footer(release: Release, shown: Mapping[str, Shown]) -> str:
    count = sum(len(found) for each in shown.values() for found in each.numbers.values())
    return (
        f"<p>{count} numbers are shown; each can be opened with <code>ngpt where CHAPTER</code>."
        f" Published in {escape(release.quality)} quality; <a href='manifest.json'>manifest.json"
        "</a> has the sha256 of every file, and <code>ngpt verify</code> checks them.</p>"
    )


def time(seconds: float) -> str:
    """A time as people read it: `2:05`, `1:00:05`."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
