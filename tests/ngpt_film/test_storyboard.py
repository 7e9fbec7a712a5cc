"""Every line of the storyboard is shown by a section of its chapter."""

from __future__ import annotations

import pytest

from ngpt_film import storyboard
from ngpt_film.outline import outline, targets
from ngpt_film.quality import quality
from scenes.film import FILM, Entry
from scenes.storyboard import FILM as CARDS
from scenes.storyboard import WORDS, lines, needed


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_every_line_is_shown(entry: Entry) -> None:
    shown = {line for section in outline(entry).sections for line in section.covers}
    assert {line.name for line in needed(entry)} <= shown


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_only_lines_that_there_are_are_named(entry: Entry) -> None:
    known = {line.name for chapter in WORDS for line in lines(chapter)}
    for section in outline(entry).sections:
        assert set(section.covers) <= known, section.name


def test_rows_have_no_times_before_the_chapter_is_rendered(tmp_path) -> None:
    found = storyboard.rows(targets(("slerp_vs_lerp",)), quality("draft"))
    assert [row.line.name for row in found][:2] == ["4.1", "4.2"]
    assert all(row.starts is None or len(row.starts) == len(row.sections) for row in found)


def test_numbers_are_chapters() -> None:
    assert [line.chapter for line in lines(4)] == [4] * 4
    assert {entry.number for entry in FILM} <= WORDS.keys()


def test_cards_show_the_films_lines_between_them() -> None:
    cards = [entry for entry in FILM if entry.card]
    assert [entry.key for entry in cards] == ["opening", "closing"]
    assert FILM[0].card and FILM[-1].card
    assert (*needed(cards[0]), *needed(cards[1])) == lines(CARDS)
