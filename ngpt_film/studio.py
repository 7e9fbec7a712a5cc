"""A film from its sources: what is stale is rendered, in parallel, and all of it joined."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ngpt_film import mastering, shots
from ngpt_film.crew import Failure
from ngpt_film.outline import Target
from ngpt_film.quality import Quality
from ngpt_film.rendering import Crew, Report, render_all
from ngpt_film.shots import Shot, Status
from ngpt_math.errors import StudioError
from ngpt_math.recordings import CHAPTERS, load


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a render came to. `failures` by shot's name; with any, there is no film."""

    film: mastering.Film | None
    rendered: tuple[str, ...]
    failures: dict[str, Failure]


def make(
    wanted: tuple[Target, ...],
    quality: Quality,
    out: Path,
    by: Crew,
    report: Report,
    renders: Path = shots.RENDERS,
) -> Outcome:
    """Render what is stale of `wanted` and join everything to the film `out`.

    Raises:
        StudioError: a recording is damaged, ffmpeg is missing, the disk is full, or another render
            is at work in the same folder.
    """
    with alone(renders):
        taken = take(wanted, quality, by, report, renders)
        if taken.failures:
            return Outcome(None, taken.rendered, taken.failures)
        film = mastering.master(wanted, taken.shots, out)
        shots.remove_older(tuple(status.shot for status in taken.shots))
    return Outcome(film, taken.rendered, {})


@dataclass(frozen=True, slots=True)
class Taken:
    """The shots of a film, all fresh, in order; with any failure, there are none."""

    shots: tuple[Status, ...]
    rendered: tuple[str, ...]
    failures: dict[str, Failure]


def take(
    wanted: tuple[Target, ...], quality: Quality, by: Crew, report: Report, renders: Path
) -> Taken:
    """Render what is stale of `wanted`; to be called while `alone` with the renders.

    Raises:
        StudioError: a recording is damaged, ffmpeg is missing, or the disk is full.
    """
    mastering.need_ffmpeg()
    check_recordings(wanted)
    planned = shots.plan(wanted, quality, renders)
    stale = tuple(s for s in planned if not shots.status(s).fresh)
    failures = render_all(stale, by, report) if stale else {}
    rendered = tuple(s.name for s in stale if s.name not in failures)
    fresh = () if failures else tuple(_fresh(shot) for shot in planned)
    return Taken(fresh, rendered, failures)


def _fresh(shot: Shot) -> Status:
    status = shots.status(shot)
    if not status.fresh:
        why = ", ".join(status.why)
        raise StudioError(f"{shot.name} changed while it was rendered ({why})", "render again")
    return status


def check_recordings(wanted: Sequence[Target]) -> None:
    """Raises DamagedFile where a chapter's recording is not whole: nothing is drawn from it."""
    for entry in dict.fromkeys(target.outline.entry for target in wanted):
        if entry.key in CHAPTERS:
            load(CHAPTERS[entry.key], entry.recording)


@contextmanager
def alone(renders: Path) -> Iterator[None]:
    """Hold the folder of renders for this process, and clear what a killed one left half-made."""
    renders.mkdir(parents=True, exist_ok=True)
    with (renders / ".lock").open("w") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            problem = f"another render is at work in {renders.name}/"
            raise StudioError(problem, "wait for it to end") from error
        clear_partial(renders)
        try:
            yield
        finally:
            clear_partial(renders)


def clear_partial(renders: Path) -> None:
    """Delete files and folders that were being written when their process ended."""
    for path in list(renders.rglob("*.partial")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
