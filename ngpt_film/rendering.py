"""Rendering shots in processes: how they are shared out, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from ngpt_film import crew, shots
from ngpt_film.crew import Event, Failure, Tell
from ngpt_film.shots import Rendered, Run, Shot

RUNS_A_PLACE = 3

Lengths = dict[str, int]  # frames by shot's name


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the whole job is, in frames, and what just happened, in words."""

    done: int
    frames: int
    news: str = ""


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Crew:
    """Who renders: processes here, `jobs` at a time, or the workers of a dask scheduler."""

    jobs: int
    cluster: str | None = None

    def run(self, runs: Sequence[Run]) -> Generator[Event[Run, Rendered], None, None]:
        """Have runs rendered, and tell how it goes."""
        if self.cluster is None:
            return crew.run(shots.render, runs, self.jobs)
        from ngpt_film import cluster

        return cluster.run(self.cluster, runs)

    def places(self) -> int:
        """How many runs can be rendered at a time."""
        if self.cluster is None:
            return self.jobs
        from ngpt_film import cluster

        return cluster.places(self.cluster)


def render_all(stale: Sequence[Shot], by: Crew, report: Report) -> dict[str, Failure]:
    """Have shots rendered; returns the failures by shot's name.

    Raises:
        StopAll: a source changed meanwhile, or the disk is full.
    """
    shots.load_camera()
    frames, failures = find_lengths(stale, by.jobs, report)
    waiting = [shot for shot in stale if shot.name in frames]
    places = by.places()
    while waiting:  # again after a failure: the sections behind it may not depend on it
        failures |= _render(in_runs(waiting, frames, places), frames, by, report)
        waiting = [s for s in waiting if s.name not in failures and not shots.status(s).fresh]
    return failures


def in_runs(waiting: Sequence[Shot], frames: Lengths, places: int) -> list[Run]:
    """Cut the shots into runs of neighbours, the longest run first.

    A run plays its chapter up to its first shot once, so long runs cost less; but there should be
    a few for every place, so that all end at about the same time.
    """
    enough = _length(waiting, frames) / (RUNS_A_PLACE * places)
    runs: list[list[Shot]] = []
    for shot in waiting:
        if runs and shot.entry == runs[-1][0].entry and _length(runs[-1], frames) < enough:
            runs[-1].append(shot)
        else:
            runs.append([shot])
    return [tuple(run) for run in sorted(runs, key=lambda run: -_length(run, frames))]


def _length(run: Sequence[Shot], frames: Lengths) -> int:
    return sum(frames[shot.name] for shot in run)


def _render(runs: Sequence[Run], frames: Lengths, by: Crew, report: Report) -> dict[str, Failure]:
    """Have runs rendered; returns the failures by shot's name."""
    total = sum(frames.values())
    before = total - sum(_length(run, frames) for run in runs)
    done = {run[0].name: 0 for run in runs}
    failures: dict[str, Failure] = {}
    with closing(by.run(runs)) as events:
        for event in events:
            whole = event.result is not None and not event.result.failed
            done[event.task[0].name] = _length(event.task, frames) if whole else event.done
            failed = _failed(event)
            failures |= failed
            report(Progress(before + sum(done.values()), total, _news(event, failed)))
    return failures


def _failed(event: Event[Run, Rendered]) -> dict[str, Failure]:
    """The shot that failed in a run, if one did: the first one missing where its process died."""
    if event.result is not None and event.result.failure:
        return {event.result.failed: event.result.failure}
    if event.failure:
        missing = [shot.name for shot in event.task if not shots.status(shot).fresh]
        return {missing[0]: event.failure}
    return {}


def _news(event: Event[Run, Rendered], failed: Mapping[str, Failure]) -> str:
    names = event.task[0].name
    if len(event.task) > 1:
        names += f" to {event.task[-1].section}"
    if event.retry:
        return f"{names} starts again: {event.retry}"
    if failed:
        return "; ".join(f"{name} failed: {failure.line}" for name, failure in failed.items())
    return f"{names} done" if event.result is not None else ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A chapter's frames by section, up to the section that failed, if one did."""

    frames: Mapping[str, int]
    failed: str = ""
    failure: Failure | None = None


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


def _measure(shot: Shot, tell: Tell) -> Measured:
    from ngpt_film.shoot import SectionFailed

    try:
        return Measured(shots.measure(shot))
    except SectionFailed as stop:
        return Measured(stop.frames, stop.section, crew.failure(shots.own_fault(stop)))
