"""What is published: the sections at their places in the film, grouped by chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path

from ngpt_film.captions import Cue, cues, split
from ngpt_film.mastering import Mark
from ngpt_film.outline import Target
from ngpt_film.shots import Status
from scenes.film import Entry
from scenes.stage.section import Section

TITLE = "The Normalized Transformer"


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said in a section: captions `spoken` at seconds from its beginning.

    `begins`: when each spoken line begins. `sound`: the section's audio, as long as it. `held`:
    frames for which its last picture stands on, so that there is time to say it all; they are the
    segment `pause`.
    """

    spoken: tuple[Cue, ...]
    begins: tuple[float, ...]
    sound: Path
    held: int = 0
    pause: Path | None = None


@dataclass(frozen=True, slots=True)
class Narration:
    """What is said in a film, by `CHAPTER:SECTION`, and the audio of all of it; empty if silent."""

    voices: Mapping[str, Voice]
    sound: Path | None


SILENT = Narration({}, None)


@dataclass(frozen=True, slots=True)
class Part:
    """A section in the film: from frame `start` to before frame `end`."""

    entry: Entry
    section: Section
    shot: Status
    start: int
    end: int
    voice: Voice | None = None

    @property
    def key(self) -> str:
        """What the command line and the page's links call it: `CHAPTER:SECTION`."""
        return f"{self.entry.key}:{self.section.name}"

    @property
    def stem(self) -> str:
        """What its files are called."""
        return f"{self.entry.key}.{self.section.name}"

    @property
    def fps(self) -> int:
        """Frames a second."""
        return int(self.shot.card["fps"])

    @property
    def begins(self) -> float:
        """Seconds of the film."""
        return self.start / self.fps

    @property
    def ends(self) -> float:
        """Seconds of the film."""
        return self.end / self.fps

    @property
    def segments(self) -> list[Path]:
        """The files that are joined to show it."""
        pause = self.voice.pause if self.voice else None
        return [self.shot.shot.path, *([pause] if pause else [])]

    @property
    def mark(self) -> Mark:
        """Its mark in the film."""
        return Mark(self.entry.mark, self.section, self.start, self.end, self.fps)

    @property
    def cues(self) -> tuple[Cue, ...]:
        """Its captions at their times in the film: as spoken, else spread over the section."""
        if self.voice is None:
            return cues(self.section.says, self.begins, self.ends)
        at = self.begins
        return tuple(Cue(at + cue.start, at + cue.end, cue.text) for cue in self.voice.spoken)

    @property
    def lines(self) -> list[tuple[float, str]]:
        """The spoken lines, each with the time in the film at which its captions begin."""
        if self.voice is not None:
            starts = [self.begins + at for at in self.voice.begins]
        else:
            starts = _firsts(self.cues, self.section.says)
        return list(zip(starts, self.section.says, strict=True))


@dataclass(frozen=True, slots=True)
class Chapter:
    """Neighbouring sections of one chapter."""

    entry: Entry
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """As the film writes it; the opening and the closing have no number."""
        entry = self.entry
        return entry.title if entry.card else f"{entry.number} · {entry.title}"

    @property
    def begins(self) -> float:
        """Seconds of the film."""
        return self.parts[0].begins

    @property
    def ends(self) -> float:
        """Seconds of the film."""
        return self.parts[-1].ends


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that the published files are made from."""

    parts: tuple[Part, ...]
    quality: str

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The film's chapters in order."""
        grouped = groupby(self.parts, lambda part: part.entry)
        return tuple(Chapter(entry, tuple(parts)) for entry, parts in grouped)

    @property
    def seconds(self) -> float:
        """The film's length."""
        return self.parts[-1].ends

    @property
    def cues(self) -> tuple[Cue, ...]:
        """All captions."""
        return tuple(cue for part in self.parts for cue in part.cues)


def _firsts(spoken: Sequence[Cue], lines: Sequence[str]) -> list[float]:
    """When each line's captions begin."""
    counts = accumulate(map(len, map(split, lines)), initial=0)
    return [spoken[first].start for first, _ in zip(counts, lines, strict=False)]


def release(
    wanted: Sequence[Target], shots: Sequence[Status], voices: Mapping[str, Voice]
) -> Release:
    """Lay fresh shots one after another. `voices`: by `CHAPTER:SECTION`, none for a silent film."""
    by_name = {status.shot.name: status for status in shots}
    found: dict[str, Part] = {}
    at = 0
    for target in wanted:
        for section in target.sections:
            name = f"{target.outline.entry.key}:{section.name}"
            if name in found:
                continue
            status, voice = by_name[name], voices.get(name)
            end = at + int(status.card["frames"]) + (voice.held if voice else 0)
            found[name] = Part(target.outline.entry, section, status, at, end, voice)
            at = end
    return Release(tuple(found.values()), shots[0].shot.quality.name)
