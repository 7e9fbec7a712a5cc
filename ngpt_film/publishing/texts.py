"""The texts beside the film: chapters for players, chapters for YouTube, a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ngpt_film.captions import clock
from ngpt_film.publishing.release import TITLE, Part, Release

# YouTube drops the whole list where one of these is not kept.
FEWEST = 3
SHORTEST = 10  # seconds
LONGEST_TITLE = 49  # characters; longer ones are cut off under the player
LONGEST_TEXT = 5000  # characters of a description


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of YouTube's list; `at` in whole seconds."""

    at: int
    title: str


def chapters_vtt(release: Release) -> str:
    """Chapters for players (WebVTT): each chapter, and within its time its sections."""
    blocks = ["WEBVTT\n"]
    for chapter in release.chapters:
        blocks.append(_vtt_cue(chapter.entry.key, chapter.begins, chapter.ends, chapter.title))
        blocks += [_vtt_cue(p.key, p.begins, p.ends, p.section.title) for p in chapter.parts]
    return "\n".join(blocks)


def _vtt_cue(name: str, begins: float, ends: float, title: str) -> str:
    text = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{name}\n{clock(begins)} --> {clock(ends)}\n{text}\n"


def youtube_entries(release: Release) -> list[Entry]:
    """Sections as YouTube's chapters, those too short for it joined to the one before.

    Where that is more than a description holds, chapters only.
    """
    found: list[Entry] = []
    for part in release.parts:
        at, title = int(part.begins), _title(part, release)
        if not found or at - found[-1].at >= SHORTEST:
            found.append(Entry(at, title))
    if len(found) > 1 and int(release.seconds) - found[-1].at < SHORTEST:
        found.pop()
    if len(youtube(found)) > LONGEST_TEXT:
        return [Entry(int(c.begins), shortened(c.title)) for c in release.chapters]
    return found


def _title(part: Part, release: Release) -> str:
    """A chapter's first section bears the chapter's name, where there are several chapters."""
    firsts = {chapter.parts[0].key: chapter.title for chapter in release.chapters}
    named = part.key in firsts and len(firsts) > 1
    return shortened(firsts[part.key] if named else part.section.title)


def shortened(title: str) -> str:
    """A title that YouTube shows whole, cut at a word; `<` and `>` are not allowed there."""
    title = title.replace("<", "‹").replace(">", "›")
    if len(title) <= LONGEST_TITLE:
        return title
    return title[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,:;") + "…"


def youtube(entries: Sequence[Entry]) -> str:
    """The list as it is pasted into a description."""
    return "".join(f"{_minutes(entry.at)} {entry.title}\n" for entry in entries)


def _minutes(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def read_youtube(text: str) -> list[Entry]:
    """Read a list again.

    Raises:
        ValueError: a line does not begin with a time.
    """
    found = []
    for line in text.splitlines():
        time, _, title = line.partition(" ")
        at = 0
        for number in time.split(":"):
            at = at * 60 + int(number)
        found.append(Entry(at, title))
    return found


def youtube_faults(entries: Sequence[Entry], seconds: float) -> list[str]:
    """For which reasons YouTube would drop the list of a film of so many seconds; none if empty."""
    found = []
    if not entries or entries[0].at != 0:
        found.append("the first chapter does not begin at 0:00")
    if len(entries) < FEWEST:
        found.append(f"there are {len(entries)} chapters, fewer than {FEWEST}")
    ends = [*(entry.at for entry in entries[1:]), int(seconds)]
    for entry, end in zip(entries, ends, strict=False):
        if end - entry.at < SHORTEST:
            found.append(f"“{entry.title}” lasts {end - entry.at} s, less than {SHORTEST}")
        if entry.title != shortened(entry.title) or not entry.title.strip():
            found.append(f"“{entry.title}” is no title of 1 to {LONGEST_TITLE} characters")
    if len(youtube(entries)) > LONGEST_TEXT:
        found.append(f"the list is longer than {LONGEST_TEXT} characters")
    return found


def transcript(release: Release) -> str:
    """What is said, in Markdown, with a link to each section on the page."""
    lines = [f"# {TITLE}\n"]
    for chapter in release.chapters:
        lines.append(f"## {chapter.title}\n")
        for part in chapter.parts:
            time = _minutes(int(part.begins))
            lines.append(f"### [{time}](index.html#{part.key}) {part.section.title}\n")
            lines.append(" ".join(part.section.says) + "\n")
    return "\n".join(lines)
