"""Every chapter of the film, as it stands on the screen: layout, timing, origin of its numbers."""

from __future__ import annotations

import struct
from itertools import combinations, groupby

import numpy as np
import pytest
from watched import Watched, overlap, play, slow_chapter, watched_chapter

from ngpt_math.recordings import load
from scenes.film import FILM, Entry, entry
from scenes.stage.chapter import shown
from scenes.stage.fonts import font_files
from scenes.stage.style import FRAME_WIDTH, GRID, ROLES, colour_of
from scenes.storyboard import FILM as CARDS

BUDGET = 150
CHAPTERS = [pytest.param(each, id=each.key) for each in FILM]


@pytest.fixture(params=CHAPTERS)
def chapter(request: pytest.FixtureRequest) -> Entry:
    return request.param


@pytest.fixture
def watched(chapter: Entry) -> Watched:
    return watched_chapter(chapter.key)


def test_nothing_leaves_the_frame_or_meets_the_captions(watched: Watched) -> None:
    for moment in watched.moments:
        for text in moment.texts:
            left, bottom, right, top = text.box
            inside = abs(left) < FRAME_WIDTH / 2 and abs(right) < FRAME_WIDTH / 2
            assert inside and GRID.bottom <= bottom and top < 4, (moment.section, text)


def test_no_text_overlaps_another(watched: Watched) -> None:
    for moment in watched.moments:
        for first, second in combinations(moment.texts, 2):
            assert not overlap(first, second), (moment.section, first, second)


def test_no_text_is_seen_through_another_while_things_move(chapter: Entry) -> None:
    assert not slow_chapter(chapter.key).crossings


def test_text_can_be_read(watched: Watched) -> None:
    assert min(text.px for moment in watched.moments for text in moment.texts) >= 20


def letters_of(font: bytes) -> set[int]:
    """The characters for which a TrueType font has glyphs (its `cmap` of format 4)."""
    tables = struct.unpack_from(">H", font, 4)[0]
    table = next(12 + 16 * i for i in range(tables) if font[12 + 16 * i : 16 + 16 * i] == b"cmap")
    cmap = struct.unpack_from(">I", font, table + 8)[0]
    found: set[int] = set()
    for i in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        at = cmap + struct.unpack_from(">I", font, cmap + 8 + 8 * i)[0]
        if struct.unpack_from(">H", font, at)[0] != 4:
            continue
        count = struct.unpack_from(">H", font, at + 6)[0] // 2
        ends = struct.unpack_from(f">{count}H", font, at + 14)
        starts = struct.unpack_from(f">{count}H", font, at + 16 + 2 * count)
        found |= {c for a, b in zip(starts, ends, strict=True) for c in range(a, b + 1)}
    return found


def test_every_letter_is_the_bundled_typefaces(watched: Watched) -> None:
    """None is borrowed from the machine's own fonts."""
    for path in font_files():
        known = letters_of(path.read_bytes())
        for moment in watched.moments:
            for text in moment.texts:
                assert text.typst or set(map(ord, text.words)) <= known, text.words


def test_frames_keep_to_the_budget(watched: Watched) -> None:
    assert max(moment.drawn for moment in watched.moments) <= BUDGET


def test_nothing_moves_while_text_appears(watched: Watched) -> None:
    for moment in watched.moments:
        assert not moment.text_came_while_moving, moment.section


def test_text_wears_the_colour_of_a_role(watched: Watched) -> None:
    """Each of them can be read on the ground (`test_every_role_can_be_read`)."""
    roles = {colour_of(role).lower() for role in ROLES}
    for moment in watched.moments:
        for text in moment.texts:
            assert set(text.colours) <= roles, (moment.section, text)


def test_no_move_is_long(watched: Watched) -> None:
    assert max(moment.seconds for moment in watched.moments) <= 6


def test_nothing_stands_still_for_long_but_at_a_pause(chapter: Entry, watched: Watched) -> None:
    pauses = {section.name for section in chapter.load().sections() if section.pause}
    for name, run in groupby(watched.moments, lambda moment: (moment.section, moment.still)):
        seconds = sum(moment.seconds for moment in run)
        assert not name[1] or seconds <= 4 or name[0] in pauses, (name, seconds)


def test_each_section_rests_before_the_next(watched: Watched) -> None:
    last = {moment.section: moment for moment in watched.moments}
    for name, moment in last.items():
        assert moment.still and moment.seconds >= 1, name


LASTS = {"opening": (6, 12), "closing": (25, 50)}
"""Seconds that the cards may last; a chapter lasts a minute to two and a half."""


def test_chapters_and_cards_have_their_length(chapter: Entry, watched: Watched) -> None:
    least, most = LASTS[chapter.key] if chapter.card else (60, 150)
    assert least <= sum(watched.seconds.values()) <= most


def test_cards_are_declared_and_stand_around_the_chapters(chapter: Entry) -> None:
    assert chapter.load().card == chapter.card == (chapter.key in LASTS)
    assert (chapter.load().key, chapter.load().number) == (chapter.key, chapter.number)
    assert [entry.number for entry in FILM] == sorted(entry.number for entry in FILM)
    assert FILM[0].card and FILM[-1].card


def test_chapter_marks_number_chapters_and_not_cards() -> None:
    assert Entry(4, "a", "A", "Slerp").mark == "4 Slerp"
    assert Entry(0, "a", "A", "The title", card=True).mark == "The title"


def test_chapters_end_with_takeaways_and_a_transition(chapter: Entry) -> None:
    if not chapter.card:
        takeaways, onward = chapter.load().sections()[-2:]
        assert takeaways.title == "To take away" and "0.1" in onward.covers


def test_spoken_lines_have_time(chapter: Entry, watched: Watched) -> None:
    for section in chapter.load().sections():
        said = len(" ".join(section.says))
        assert 0 < said <= 20 * watched.seconds[section.name], section.name
        # Two lines of 42 characters make a caption: none is left with a word or two.
        assert max(map(len, section.says)) <= 84, section.says


def test_captions_can_be_followed(chapter: Entry, watched: Watched) -> None:
    from ngpt_film.captions import cues, faults

    for section in chapter.load().sections():
        assert not faults(cues(section.says, 0.0, watched.seconds[section.name])), section.name


def test_sections_are_declared_in_full(chapter: Entry) -> None:
    sections = chapter.load().sections()
    assert len({section.name for section in sections}) == len(sections)
    assert chapter.card or any(section.pause for section in sections)
    for section in sections:
        assert section.title and section.covers, section.name
        for line in section.covers:
            number, place = line.split(".")
            known = (CARDS,) if chapter.card else (0, chapter.number)
            assert int(number) in known and int(place) > 0


def test_methods_only_place_and_play(chapter: Entry) -> None:
    """Section methods stay within forty lines, without their declaration and docstring."""
    import inspect

    for section in chapter.load().sections():
        source = inspect.getsource(getattr(chapter.load(), section.name))
        body = source.split('"""', 2)[2].strip().splitlines()
        assert len(body) <= 40, (section.name, len(body))


def test_numbers_shown_are_the_recordings(chapter: Entry, watched: Watched) -> None:
    recording = load(chapter.load().Record)
    count = 0
    for section, numbers in watched.shown.items():
        for number in numbers:
            raw = float(getattr(recording, number.field)[number.index])
            value = float(np.degrees(raw)) if number.unit == "°" else raw
            assert number.value == value, (section, number)
            count += 1
    assert chapter.card or count > 20


def test_what_is_shown_can_be_listed_without_a_film(chapter: Entry, watched: Watched) -> None:
    assert shown(chapter.load()) == watched.shown


def test_frame_by_frame_ends_as_the_fast_forward_does(chapter: Entry, watched: Watched) -> None:
    """What the drawn chapter leaves on the stage is what a worker finds that skipped to there."""
    slow = slow_chapter(chapter.key)
    assert slow.ends.keys() == watched.ends.keys()
    for name, end in slow.ends.items():
        for drawn, skipped in zip(end, watched.ends[name], strict=True):
            assert np.array_equal(drawn, skipped), name


def test_section_alone_is_the_section_in_sequence(chapter: Entry, watched: Watched) -> None:
    names = [section.name for section in chapter.load().sections()]
    chosen = names[len(names) // 2]
    alone = play(chapter.load(), only=(chosen,), fps=1)
    assert list(alone.ends)[-1] == chosen
    for drawn, skipped in zip(alone.ends[chosen], watched.ends[chosen], strict=True):
        assert np.array_equal(drawn, skipped)


def test_chapter_is_found_by_its_key() -> None:
    assert entry("slerp_vs_lerp") is not None
    assert entry("nosuch") is None
