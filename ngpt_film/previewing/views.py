"""What the page is told of each section."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ngpt_film.captions import cues
from ngpt_math.files import ROOT
from scenes.film import Entry
from scenes.stage.section import Section

PLACE = re.compile(r"([\w./-]+\.py), line (\d+)")
AROUND = 3  # lines of source shown before and after the one that failed


@dataclass(slots=True)
class View:
    """One section as the page shows it.

    `state` is one of `stale`, `drawing`, `fresh`, `failed` and `unknown`. `still` and `clip` are
    addresses; `clip` may be of an older version as long as the state is not `fresh`. `took` are
    the seconds from the save that made it stale to its last frame and to its clip.
    """

    entry: Entry
    section: Section
    state: str = "unknown"
    why: tuple[str, ...] = ()
    still: str = ""
    clip: str = ""
    frames: int = 0
    fps: int = 1
    drawn: int = 0
    fault: dict[str, Any] | None = None
    took: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.entry.key}:{self.section.name}"

    def document(self) -> dict[str, Any]:
        """The view for the page."""
        seconds = self.frames / self.fps
        spoken = cues(self.section.says, 0, seconds) if self.frames else ()
        return {
            "name": self.name,
            "title": self.section.title,
            "pause": self.section.pause,
            "says": self.section.says,
            "state": self.state,
            "why": self.why[:3],
            "still": self.still,
            "clip": self.clip,
            "frames": self.frames,
            "fps": self.fps,
            "drawn": self.drawn,
            "cues": [{"start": c.start, "end": c.end, "text": c.text} for c in spoken],
            "fault": self.fault,
            "took": self.took,
        }


def fault(line: str, trace: str = "") -> dict[str, Any]:
    """An error for the page: in one line, where it arose, and the source around it."""
    found = PLACE.search(line)
    document: dict[str, Any] = {"line": line, "trace": _ours(trace), "file": "", "source": []}
    if found:
        name, number = found[1], int(found[2])
        document |= {"file": name, "number": number, "source": _source(ROOT / name, number)}
    return document


def _source(path: Path, number: int) -> list[tuple[int, str]]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError):
        return []
    first = max(1, number - AROUND)
    return list(enumerate(lines[first - 1 : number + AROUND], first))


def _ours(trace: str) -> str:
    """A traceback with files named from the repository's root, and packages by their own names."""
    return re.sub(r'"[^"]*/site-packages/', '"', trace).replace(f"{ROOT}/", "")
