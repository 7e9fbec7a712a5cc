"""Captions keep broadcasters' limits, whatever is said."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from ngpt_film.captions import GAP, LINES, LONGEST, WIDTH, Cue, cues, faults, split, subrip, webvtt

SPOKEN = (
    "Both models take a step from here. The traditional one adds, and leaves the sphere;"
    " the normalized one moves along it, and stays."
)
words = st.text("abcdefghijklmnopqrstuvwxyz,.;é", min_size=1, max_size=20)
lines = st.lists(words, min_size=1, max_size=60).map(" ".join)


def test_cuts_fall_at_phrases() -> None:
    assert split(SPOKEN) == [
        "Both models take a step from here.",
        "The traditional one adds,\nand leaves the sphere;",
        "the normalized one moves\nalong it, and stays.",
    ]


@given(lines)
def test_nothing_is_lost_and_every_line_fits(line: str) -> None:
    pieces = split(line)
    assert " ".join(" ".join(pieces).split()) == " ".join(line.split())
    for piece in pieces:
        rows = piece.split("\n")
        assert len(rows) <= LINES
        assert all(len(row) <= WIDTH for row in rows)


@given(st.lists(lines, min_size=1, max_size=5), st.floats(0, 1e4), st.floats(1, 300))
def test_captions_follow_each_other_within_the_section(says, start: float, length: float) -> None:
    found = cues(says, start, start + length)
    assert found[0].start == start
    for cue, after in itertools.pairwise(found):
        assert cue.end <= after.start
    assert found[-1].end <= start + length + 1e-6
    assert all(cue.end - cue.start <= LONGEST + 1e-9 for cue in found)


def test_too_little_time_is_a_fault() -> None:
    assert faults(cues([SPOKEN], 0, 20)) == []
    told = faults(cues([SPOKEN], 60, 61))
    assert len(told) == 3
    assert told[0].startswith("00:01:00.000 “Both models take a step from here.” needs 1.7 s")


def test_formats() -> None:
    spoken = (Cue(0, 1.5, "a < b &\nc"), Cue(3661.25, 3663, "d"))
    assert subrip(spoken) == (
        "1\n00:00:00,000 --> 00:00:01,500\na < b &\nc\n"
        "\n2\n01:01:01,250 --> 01:01:03,000\nd\n"
    )  # fmt: skip
    assert webvtt(spoken) == (
        "WEBVTT\n"
        "\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp;\nc\n"
        "\n01:01:01.250 --> 01:01:03.000\nd\n"
    )


def test_silence_makes_no_caption() -> None:
    assert cues((), 0, 5) == ()
    assert not re.search(r"\d", webvtt(()))


def test_a_gap_is_left_so_that_the_change_is_seen() -> None:
    first, second = cues(["One.", "Two."], 0, 2)
    assert abs(second.start - first.end - GAP) < 1e-9
