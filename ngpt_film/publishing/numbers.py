"""Where the numbers on screen come from: what each section shows, and its place in a recording."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import closing, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ngpt_film import crew, shots
from ngpt_film.crew import Tell
from ngpt_film.publishing.release import Chapter, Release
from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT, sha256_of, write_json
from ngpt_math.recordings import CHAPTERS, default_path, load
from scenes.film import Entry


@dataclass(frozen=True, slots=True)
class Number:
    """A number that stands on the screen.

    `source` is its place in the recording of `chapter`, `meaning` what the recording says of that
    field, `model` whose it is.
    """

    value: float
    unit: str
    source: str
    chapter: str
    model: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A recording: its file and sha256, and the models' files it was read from, with theirs."""

    file: str
    sha256: str
    models: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a chapter shows: numbers by section, their recording, the notebooks it goes with."""

    numbers: dict[str, tuple[Number, ...]]
    origin: Origin
    notebooks: tuple[str, ...]


def collect(release: Release, renders: Path, jobs: int) -> dict[str, Shown]:
    """What the chapters show, by chapter's key. Chapters are played for it, but not drawn.

    What was found is kept under the fingerprints of the sections.

    Raises:
        StudioError: a chapter cannot be played.
    """
    kept = {chapter.entry: _kept(chapter, renders) for chapter in release.chapters}
    missing = [entry for entry, path in kept.items() if not path.is_file()]
    if missing:
        shots.load_camera()
    with closing(crew.run(_play, missing, jobs)) as events:
        for event in events:
            if event.failure:
                problem = f"{event.task.key} cannot be played: {event.failure.line}"
                raise StudioError(problem, f"see `ngpt where {event.task.key}`")
            if event.result is not None:
                write_json(kept[event.task], event.result)
    return {entry.key: _read(json.loads(path.read_text())) for entry, path in kept.items()}


def _kept(chapter: Chapter, renders: Path) -> Path:
    """The file that says what these sections, made from these sources, show."""
    made_from: list[Any] = [p.shot.shot.fingerprint.digest for p in chapter.parts]
    made_from.append(sha256_of(Path(__file__)))
    made_from += [sorted(part.shot.card["inputs"].items()) for part in chapter.parts]
    if chapter.entry.recording:  # which may lie outside the repository
        made_from.append(sha256_of(chapter.entry.recording))
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
    return renders / "numbers" / f"{chapter.entry.key}-{digest}.json"


def _play(entry: Entry, tell: Tell) -> dict[str, Any]:
    """Play a chapter in this process; returns a `Shown` as a document."""
    from scenes.stage.chapter import shown

    chapter = entry.load()
    with redirect_stdout(sys.stderr):  # Manim's words
        traced = shown(chapter, entry.recording)
    specs = {key: cls.specs() for key, cls in CHAPTERS.items()}
    numbers = {
        name: [
            asdict(Number(n.value, n.unit, n.source, n.chapter, n.model,
                          specs[n.chapter][n.field].meaning))
            for n in found
        ]
        for name, found in traced.items()
    }  # fmt: skip
    return {
        "numbers": numbers,
        "origin": asdict(_origin(chapter.Record.chapter, entry.recording)),
        "notebooks": list(chapter.notebooks),
    }


def _origin(chapter: str, other: Path | None) -> Origin:
    """The shipped recording of a chapter, or another; of that, the name says enough."""
    path = other or default_path(chapter)
    models = dict(load(CHAPTERS[chapter], path).sources)
    name = path.name if other else str(path.relative_to(ROOT))
    return Origin(name, sha256_of(path), models)


def _read(document: dict[str, Any]) -> Shown:
    numbers = {
        name: tuple(Number(**row) for row in rows) for name, rows in document["numbers"].items()
    }
    return Shown(numbers, Origin(**document["origin"]), tuple(document["notebooks"]))
