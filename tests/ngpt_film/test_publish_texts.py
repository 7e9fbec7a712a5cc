"""Lists of chapters keep YouTube's rules, however long the sections are."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngpt_film import verify
from ngpt_film.publishing import page, texts
from ngpt_film.publishing.release import Part, Release
from scenes.film import Entry
from scenes.stage.section import Section

FPS = 15
CHAPTERS = [Entry(i, f"chapter{i}", f"Chapter{i}", f"The chapter {i}") for i in range(1, 9)]


def film(lengths: list[int], title: str = "A section", each: int = 3) -> Release:
    """A film of sections of so many frames, a new chapter after `each` of them."""
    parts, at = [], 0
    status: Any = SimpleNamespace(card={"fps": FPS})
    for number, length in enumerate(lengths):
        section = Section(f"s{number}", f"{title} {number}", (), False, ())
        parts.append(Part(CHAPTERS[number // each], section, status, at, at + length))
        at += length
    return Release(tuple(parts), "draft")


@given(st.lists(st.integers(1, 40 * FPS), min_size=1, max_size=24))
def test_a_list_keeps_the_rules_or_is_too_short_for_them(lengths: list[int]) -> None:
    made = film(lengths)
    entries = texts.youtube_entries(made)
    assert entries[0].at == 0
    assert texts.read_youtube(texts.youtube(entries)) == entries
    faults = texts.youtube_faults(entries, made.seconds)
    if made.seconds >= 10 and len(entries) >= 3:
        assert faults == []
    else:
        assert faults != []


def test_chapters_only_where_sections_are_too_many() -> None:
    made = film([20 * FPS] * 160, "A title of a middling length, as they are", each=20)
    entries = texts.youtube_entries(made)
    assert [entry.title for entry in entries] == [f"{i} · The chapter {i}" for i in range(1, 9)]
    assert texts.youtube_faults(entries, made.seconds) == []


def test_a_chapter_is_named_where_it_begins() -> None:
    titles = [entry.title for entry in texts.youtube_entries(film([15 * FPS] * 6))]
    assert titles[0] == "1 · The chapter 1"
    assert titles[1:4] == ["A section 1", "A section 2", "2 · The chapter 2"]


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Short", "Short"),
        ("a < b > c", "a ‹ b › c"),
        ("SLERP, along the arc, at an even pace, and then, some",
         "SLERP, along the arc, at an even pace, and then…"),
    ],
)  # fmt: skip
def test_titles_are_cut_at_words(title: str, short: str) -> None:
    assert texts.shortened(title) == short
    assert len(short) <= texts.LONGEST_TITLE


def test_hours_are_written_and_read() -> None:
    entries = [texts.Entry(0, "a"), texts.Entry(3725, "b")]
    assert texts.youtube(entries) == "0:00 a\n1:02:05 b\n"
    assert texts.read_youtube("0:00 a\n1:02:05 b\n") == entries


def test_an_opening_has_no_number() -> None:
    made = film([150])
    (part,) = made.parts
    card = Entry(0, "opening", "Opening", "The title", card=True)
    opening = Release((Part(card, part.section, part.shot, 0, 150),), "draft")
    assert opening.chapters[0].title == "The title"
    (chapter, section) = verify.cues(texts.chapters_vtt(opening))
    assert (chapter.text, section.text) == ("The title", "A section 0")


def test_the_opening_and_the_closing_are_no_chapters() -> None:
    made = film([20 * FPS] * 6, each=2)
    opening = Entry(0, "opening", "Opening", "The title", card=True)
    first, *others = made.parts
    with_card = Release((replace(first, entry=opening), *others), "draft")
    assert page.summary(made).startswith("3 chapters · 2 min")
    assert page.summary(with_card).startswith("3 chapters · 2 min")
    assert page.summary(Release(made.parts[:2], "draft")).startswith("1 · The chapter 1 · 1 min")
    assert page.summary(Release(with_card.parts[:2], "draft")).startswith(
        "1 · The chapter 1 · 1 min"
    )
    assert page.summary(Release(with_card.parts[:1], "draft")).startswith("The title · 1 min")
