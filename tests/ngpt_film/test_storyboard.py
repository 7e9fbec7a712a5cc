"""Every line of the storyboard is shown by a section of its chapter."""

from __future__ import annotations

import pytest

from ngpt_film import storyboard
from ngpt_film.outline import outline, targets
from ngpt_film.quality import quality
from scenes.film import FILM, Entry
from scenes.storyboard import EVERY, WORDS, lines


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_every_line_is_shown(entry: Entry) -> None:
    shown = {line for section in outline(entry).sections for line in section.covers}
    needed = {line.name for line in (*lines(entry.number), *lines(EVERY))}
    assert needed <= shown


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_only_lines_that_there_are_are_named(entry: Entry) -> None:
    known = {line.name for chapter in WORDS for line in lines(chapter)}
    for section in outline(entry).sections:
        assert set(section.covers) <= known, section.name


def test_rows_have_no_times_before_the_chapter_is_rendered(tmp_path) -> None:
    found = storyboard.rows(targets((FILM[0].key,)), quality("draft"))
    assert [row.line.name for row in found][:2] == [f"{FILM[0].number}.{i}" for i in (1, 2)]
    assert all(row.starts is None or len(row.starts) == len(row.sections) for row in found)


def test_numbers_are_chapters() -> None:
    assert [line.chapter for line in lines(4)] == [4] * 4
    assert {entry.number for entry in FILM} <= WORDS.keys()
