"""What of the film's words is true of the recordings that it is drawn from."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ngpt_film.terminal import say
from ngpt_math.errors import DamagedFile
from ngpt_math.recordings import CHAPTERS, Recording, load
from scenes.claims import Claims
from scenes.film import Entry
from scenes.stage.section import Section


@dataclass(frozen=True, slots=True)
class Untrue:
    """Words that are not true of a recording, where they would stand, and what is said instead."""

    entry: Entry
    section: str
    words: str
    instead: str

    @property
    def line(self) -> str:
        """One line for a person."""
        what = f"instead: “{self.instead}”" if self.instead else "it is left out"
        return f"not true of this recording: {self.entry.key}:{self.section} “{self.words}”; {what}"


def claims_of(entry: Entry) -> Claims:
    """The claims of a chapter; none of one that has no table."""
    name = f"scenes.claims.{entry.key}"
    if find_spec(name) is None:
        return Claims()
    claims: Claims = importlib.import_module(name).CLAIMS
    return claims


def recorded(entry: Entry) -> Recording | None:
    """The recording that a chapter is drawn from; None if there is no whole one to ask."""
    if entry.key not in CHAPTERS:
        return None
    try:
        return load(CHAPTERS[entry.key], entry.recording)
    except DamagedFile:  # which whoever draws from it says
        return None


def told(entry: Entry, sections: Iterable[Section]) -> tuple[Section, ...]:
    """A chapter's sections as its recording has them: what is not true of it is left out."""
    claims, record = claims_of(entry), recorded(entry)
    if record is None:
        return tuple(sections)
    return tuple(
        replace(
            section,
            title=claims.said(record, section.title, section.name),
            says=tuple(
                filter(None, (claims.said(record, line, section.name) for line in section.says))
            ),
        )
        for section in sections
        if claims.shows(record, section.name)
    )


def untrue(entries: Iterable[Entry]) -> list[Untrue]:
    """All claims of chapters that their recordings do not bear out, in order."""
    found = []
    for entry in entries:
        record = recorded(entry)
        if record is not None:
            for section, claim in claims_of(entry).untrue(record):
                said = claims_of(entry).said(record, claim.words, section)
                words, instead = (" ".join(w.split()) for w in (claim.words, said))
                found.append(Untrue(entry, section, words, instead))
    return found


def left_out(entries: Iterable[Entry]) -> list[str]:
    """The sections that cannot be shown of their recordings, a line each, in order."""
    found = []
    for entry in entries:
        record = recorded(entry)
        if record is not None:
            gone = claims_of(entry).left_out(record)
            found += [f"left out {entry.key}:{name}: {condition.why}" for name, condition in gone]
    return found


def say_untrue(entries: Iterable[Entry]) -> None:
    """Say what the film leaves out or words otherwise, for its recordings, in a line each."""
    entries = tuple(entries)
    for line in (*left_out(entries), *(each.line for each in untrue(entries))):
        say(line)
