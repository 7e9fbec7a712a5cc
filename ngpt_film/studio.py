"""A film from its sources: what is stale is rendered, in parallel, and all of it joined."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_film import crew, mastering, shots
from ngpt_film.crew import Event, Failure
from ngpt_film.outline import Target
from ngpt_film.quality import Quality
from ngpt_film.shots import Shot, Status, Tell
from ngpt_math.errors import StudioError
from ngpt_math.recordings import CHAPTERS, load

Lengths = dict[str, int]  # frames by shot's name


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the whole job is, in frames, and what just happened, in words."""

    done: int
    frames: int
    news: str = ""


Report = Callable[[Progress], None]


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
    jobs: int,
    report: Report,
    renders: Path = shots.RENDERS,
) -> Outcome:
    """Render what is stale of `wanted` and join everything to the film `out`.

    Raises:
        StudioError: a recording is damaged, ffmpeg is missing, the disk is full, or another render
            is at work in the same folder.
    """
    mastering.need_ffmpeg()
    check_recordings(wanted)
    with alone(renders):
        planned = shots.plan(wanted, quality, renders)
        stale = tuple(s for s in planned if not shots.status(s).fresh)
        failures = render_all(stale, jobs, report) if stale else {}
        rendered = tuple(s.name for s in stale if s.name not in failures)
        if failures:
            return Outcome(None, rendered, failures)
        film = mastering.master(wanted, [_fresh(shot) for shot in planned], out)
        shots.remove_older(planned)
    return Outcome(film, rendered, {})


def _fresh(shot: Shot) -> Status:
    status = shots.status(shot)
    if not status.fresh:
        why = ", ".join(status.why)
        raise StudioError(f"{shot.name} changed while it was rendered ({why})", "render again")
    return status


def check_recordings(wanted: Sequence[Target]) -> None:
    """Raises DamagedFile where a chapter's recording is not whole: nothing is drawn from it."""
    for key in dict.fromkeys(target.outline.entry.key for target in wanted):
        if key in CHAPTERS:
            load(CHAPTERS[key])


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


def render_all(stale: Sequence[Shot], jobs: int, report: Report) -> dict[str, Failure]:
    """Render shots in processes, the longest first; returns the failures by shot's name."""
    shots.load_camera()
    frames, failures = find_lengths(stale, jobs, report)
    total = sum(frames.values())
    done = dict.fromkeys(frames, 0)
    by_length = sorted((s for s in stale if s.name in frames), key=lambda s: -frames[s.name])
    with closing(crew.run(shots.render, by_length, jobs)) as events:
        for event in events:
            name = event.task.name
            done[name] = frames[name] if event.result else event.done
            if event.failure:
                failures[name] = event.failure
            report(Progress(sum(done.values()), total, _news(name, event)))
    return failures


def _news(name: str, event: Event[Any, Any]) -> str:
    if event.failure:
        return f"{name} failed: {event.failure.line}"
    if event.retry:
        return f"{name} starts again: {event.retry}"
    return f"{name} is done" if event.result else ""


def find_lengths(
    stale: Sequence[Shot], jobs: int, report: Report
) -> tuple[Lengths, dict[str, Failure]]:
    """The frames of each shot, by playing each chapter once without drawing.

    Where a section fails, it and those after it cannot be drawn; those before it can.
    """
    firsts = {shot.entry.key: shot for shot in reversed(stale)}
    frames: Lengths = {}
    failures: dict[str, Failure] = {}
    with closing(crew.run(_measure, list(firsts.values()), jobs)) as events:
        for event in events:
            key = event.task.entry.key
            found = event.result or Measured({}, event.task.section, event.failure)
            frames |= {f"{key}:{name}": count for name, count in found.frames.items()}
            if found.failure:
                failures[f"{key}:{found.failed}"] = found.failure
                report(Progress(0, 0, f"{key}:{found.failed} failed: {found.failure.line}"))
    wanted = {shot.name for shot in stale}
    return {name: count for name, count in frames.items() if name in wanted}, failures


@dataclass(frozen=True, slots=True)
class Measured:
    """A chapter's frames by section, up to the section that failed, if one did."""

    frames: Mapping[str, int]
    failed: str = ""
    failure: Failure | None = None


def _measure(shot: Shot, tell: Tell) -> Measured:
    from ngpt_film.shoot import SectionFailed

    try:
        return Measured(shots.measure(shot))
    except SectionFailed as stop:
        return Measured(stop.frames, stop.section, crew.failure(stop.__cause__ or stop))
