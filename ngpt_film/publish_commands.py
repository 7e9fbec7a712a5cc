"""The commands about a published film: publish it, and check what was published."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ngpt_film.film_commands import (
    JOBS,
    JSON,
    ONLY_SHIPPED,
    QUALITY,
    RECORDINGS,
    RENDERS,
    WANTED,
    chosen_of,
    jobs_of,
)
from ngpt_film.outline import Target, targets
from ngpt_film.quality import quality
from ngpt_film.terminal import minutes, print_json, progress, say
from ngpt_math.errors import UsageError
from ngpt_math.files import shown

if TYPE_CHECKING:
    from ngpt_film.publishing.publish import Speak

CLIP_FORMATS = click.Choice(["webm", "webp", "gif"])


@click.command()
@WANTED
@QUALITY
@JOBS
@RECORDINGS
@click.option("--cluster", metavar="ADDRESS", help="Render on the workers of a dask scheduler.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=RENDERS / "published",
    help="The folder; default: renders/published.",
)
@click.option(
    "--also",
    type=CLIP_FORMATS,
    multiple=True,
    help="Clips in this format too: WebM with alpha, animated WebP, GIF.",
)
@click.option("--one-file", is_flag=True, help="Put the clips into slides.html itself.")
@click.option("--narrate", is_flag=True, help="Say the spoken lines, by an offline voice.")
@click.option(
    "--recorded",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Sentences said by a person: a folder of CHAPTER.SECTION.N.wav.",
)
@click.option("--pptx", is_flag=True, help="Slides for PowerPoint too.")
@JSON
def publish(
    wanted: tuple[str, ...],
    quality_name: str,
    jobs: int | None,
    recordings: Path | None,
    cluster: str | None,
    out: Path,
    also: tuple[str, ...],
    one_file: bool,
    narrate: bool,
    recorded: Path | None,
    pptx: bool,
    as_json: bool,
) -> int:
    """Make the folder that is given to others: film, captions, page, slides, clips, stills.

    What is stale is rendered first. The folder is checked as `ngpt verify` does before it takes
    the place of the last one.
    """
    began = time.monotonic()
    chosen = chosen_of(wanted, recordings)
    if cluster and recordings:
        raise UsageError(ONLY_SHIPPED, "leave out --cluster")
    jobs = jobs_of(jobs)
    from ngpt_film import rendering
    from ngpt_film.publishing import publish as work

    speak = _speak(chosen, recorded) if narrate or recorded else None
    wishes = work.Wishes(chosen, quality(quality_name), also, one_file, pptx, speak)
    with progress("rendering", "frames") as show:
        by = rendering.Crew(jobs, cluster)
        outcome = work.publish(wishes, out, by, lambda p: show(p.done, p.frames, p.news), say)
    if outcome.release is None:
        _say_failures(outcome, out)
        return 1
    for note in outcome.notes:
        say(f"note: {note}")
    if as_json:
        print_json(_report(outcome, out, time.monotonic() - began))
    else:
        _say_done(outcome, out, time.monotonic() - began)
    return 0


def _speak(chosen: tuple[Target, ...], recorded: Path | None) -> Speak:
    """What narrates a film's shots."""
    from ngpt_film import narration
    from ngpt_film.narration_voice import Speaker

    said, all_there = _stems(chosen), _stems(targets(()))
    folder = RENDERS / "narration"
    speaker = Speaker(folder / "sentences", recorded, all_there - said)
    return lambda shots: narration.speak(chosen, shots, speaker, folder)


def _stems(wanted: tuple[Target, ...]) -> frozenset[str]:
    """What the recorded sentences of sections begin with."""
    return frozenset(f"{t.outline.entry.key}.{s.name}" for t in wanted for s in t.sections)


def _say_done(outcome: Any, out: Path, taken: float) -> None:
    files = len(outcome.made) + len(outcome.taken)
    click.echo(
        f"{shown(out)}  {files} files ({len(outcome.made)} new),"
        f" {minutes(outcome.release.seconds)} of film, in {minutes(taken)};"
        f" open {shown(out / 'index.html')}"
    )


def _say_failures(outcome: Any, out: Path) -> None:
    for name, failure in outcome.failures.items():
        if os.environ.get("NGPT_DEBUG"):
            say(failure.trace)
        say(f"error: {name} failed: {failure.line}")
    say(f"{shown(out)} was left as it was; what was rendered is kept")


def _report(outcome: Any, out: Path, taken: float) -> dict[str, Any]:
    return {
        "path": str(out),
        "duration_s": round(outcome.release.seconds, 3),
        "taken_s": round(taken, 2),
        "sections": [part.key for part in outcome.release.parts],
        "rendered": list(outcome.rendered),
        "made": list(outcome.made),
        "taken": list(outcome.taken),
        "notes": list(outcome.notes),
    }


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@JSON
def verify(folder: Path, as_json: bool) -> int:
    """Check a published folder: every byte, the film's format and marks, captions, links."""
    from ngpt_film import verify as checks

    faults = checks.examine(folder)
    if as_json:
        print_json({"path": str(folder), "good": not faults, "faults": faults})
    else:
        for fault in faults:
            say(f"error: {fault}")
        if not faults:
            click.echo(f"{shown(folder)} is whole and good")
    return 1 if faults else 0


COMMANDS = (publish, verify)
