"""The commands about the film: render it, look at it, ask about it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ngpt_film.claims import say_untrue
from ngpt_film.gallery import stage
from ngpt_film.options import RECORDINGS
from ngpt_film.outline import Target, film_of, target, targets
from ngpt_film.quality import QUALITIES, quality
from ngpt_film.terminal import minutes, print_json, progress, say
from ngpt_math.errors import UsageError
from ngpt_math.files import ROOT, shown
from scenes.film import FILM

if TYPE_CHECKING:
    from ngpt_film.shoot import Place

RENDERS = ROOT / "renders"

WANTED = click.argument("wanted", nargs=-1, metavar="[CHAPTER[:SECTION]]...")
QUALITY = click.option(
    "-q", "--quality", "quality_name", default="hd", show_default=True,
    type=click.Choice([known.name for known in QUALITIES]), help="Size and frame rate.",
)  # fmt: skip
JOBS = click.option(
    "-j", "--jobs", type=click.IntRange(min=1), help="Processes at a time; default: all cores."
)
ONLY_SHIPPED = "workers of a cluster have the shipped recordings only"
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def jobs_of(given: int | None) -> int:
    """How many processes to use. Each is one thread: libraries must not make more."""
    from ngpt_film.crew import cores

    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return given or cores()


def chosen_of(wanted: tuple[str, ...], recordings: Path | None) -> tuple[Target, ...]:
    """The targets; of other models those chapters that their folder has recordings of."""
    film = film_of(recordings)
    missing = [entry.key for entry in FILM if entry.key not in {there.key for there in film}]
    if missing and not wanted:
        say(f"left out, for want of a recording in {recordings}: {', '.join(missing)}")
    chosen = targets(wanted, film)
    say_untrue(dict.fromkeys(target.outline.entry for target in chosen))
    return chosen


def _film_path(wanted: tuple[Target, ...], named: bool, recordings: Path | None = None) -> Path:
    """Where a film goes: one target under its own name, the whole film as ngpt.mp4.

    The film of other models bears the name of the folder of their recordings.
    """
    name = "+".join(target.name for target in wanted) if named else "ngpt"
    return RENDERS / f"{name}{'' if recordings is None else f'-{recordings.resolve().name}'}.mp4"


@click.command()
@WANTED
@QUALITY
@JOBS
@click.option("--cluster", metavar="ADDRESS", help="Render on the workers of a dask scheduler.")
@RECORDINGS
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The film's file.")
@JSON
def render(
    wanted: tuple[str, ...],
    quality_name: str,
    jobs: int | None,
    cluster: str | None,
    recordings: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Render chapters or sections, or the whole film, to an MP4 with captions beside it.

    Sections that are as they would be made now are taken as they are; `ngpt status` lists them.
    """
    began = time.monotonic()
    chosen = chosen_of(wanted, recordings)
    if cluster and recordings:
        raise UsageError(ONLY_SHIPPED, "leave out --cluster")
    jobs = jobs_of(jobs)
    from ngpt_film import captions, rendering, studio

    out = out or _film_path(chosen, bool(wanted), recordings)
    with progress("rendering", "frames") as show:
        by = rendering.Crew(jobs, cluster)
        outcome = studio.make(
            chosen, quality(quality_name), out, by, lambda p: show(p.done, p.frames, p.news)
        )
    if outcome.film is None:
        _say_failures(outcome, out)
        return 1
    faults = captions.faults(cue for mark in outcome.film.marks for cue in mark.cues)
    if faults and outcome.film.made:
        say(f"captions that are hard to follow: {len(faults)}; the first: {faults[0]}")
    taken = time.monotonic() - began
    length = outcome.film.seconds
    if as_json:
        print_json(_film_report(outcome, taken))
    else:
        click.echo(f"{shown(out)}  {minutes(length)} of film, made in {minutes(taken)}")
    return 0


def _say_failures(outcome: Any, out: Path) -> None:
    for name, failure in outcome.failures.items():
        if os.environ.get("NGPT_DEBUG"):
            say(failure.trace)
        say(f"error: {name} failed: {failure.line}")
    kept = len(outcome.rendered)
    say(f"{shown(out)} was not made; {kept} other sections were rendered and are kept")


def _film_report(outcome: Any, taken: float) -> dict[str, Any]:
    film = outcome.film
    return {
        "path": str(film.path),
        "duration_s": round(film.seconds, 3),
        "frames": film.marks[-1].end,
        "taken_s": round(taken, 2),
        "rendered": list(outcome.rendered),
        "sections": [
            {"title": m.title, "start_s": m.start / m.fps, "end_s": m.end / m.fps}
            for m in film.marks
        ],
    }


@click.command()
@WANTED
@QUALITY
@RECORDINGS
@JSON
def status(
    wanted: tuple[str, ...], quality_name: str, recordings: Path | None, as_json: bool
) -> None:
    """Say which sections are rendered as they would be now, and why the others are stale."""
    from ngpt_film import shots

    chosen = chosen_of(wanted, recordings)
    found = [shots.status(shot) for shot in shots.plan(chosen, quality(quality_name))]
    if as_json:
        print_json([_status_row(each) for each in found])
        return
    for each in found:
        more = f" and {len(each.why) - 3} more" if len(each.why) > 3 else ""
        why = f"  {', '.join(each.why[:3])}{more}" if each.why else ""
        click.echo(f"{'fresh' if each.fresh else 'stale'}  {each.shot.name}{why}")
    click.echo(f"{sum(s.fresh for s in found)} of {len(found)} sections are fresh ({quality_name})")


def _status_row(each: Any) -> dict[str, Any]:
    return {
        "section": each.shot.name,
        "quality": each.shot.quality.name,
        "fresh": each.fresh,
        "why": list(each.why),
        "fingerprint": each.shot.fingerprint.digest,
        "path": str(each.shot.path) if each.fresh else None,
    }


@click.command()
@click.argument("section", metavar="CHAPTER:SECTION")
@QUALITY
@click.option("--at", default="end", show_default=True, help="A fraction of it (0 to 1), or `end`.")
@RECORDINGS
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The PNG's file.")
def still(
    section: str, quality_name: str, at: str, recordings: Path | None, out: Path | None
) -> None:
    """Write one frame of a section as a PNG."""
    chosen = target(section, film_of(recordings))
    if chosen.section is None:
        names = ", ".join(s.name for s in chosen.outline.sections)
        raise UsageError(f"{section} is a chapter", f"choose one of its sections: {names}")
    place = _place(at)
    jobs_of(1)
    from ngpt_film import contact, studio

    studio.check_recordings([chosen])
    out = out or _film_path((chosen,), True, recordings).with_suffix(f".{at}.png")
    entry, name = chosen.outline.entry, chosen.section.name
    with redirect_stdout(sys.stderr):  # Manim's words
        contact.draw([contact.Frame(entry, name, place, out, quality(quality_name))])
    click.echo(shown(out))


def _place(at: str) -> Place:
    """Where in a section: `end`, or a fraction of it."""
    if at == "end":
        return "end"
    try:
        fraction = float(at)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        raise UsageError(f"--at {at} is no place in a section", "give `end` or a number 0 to 1")
    return fraction


@click.command()
@WANTED
@JOBS
@RECORDINGS
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The PNG's file.")
def sheet(
    wanted: tuple[str, ...], jobs: int | None, recordings: Path | None, out: Path | None
) -> None:
    """Draw a contact sheet: the middle and the end of every section."""
    chosen = chosen_of(wanted, recordings)
    jobs = jobs_of(jobs)
    from ngpt_film import contact

    out = out or _film_path(chosen, bool(wanted), recordings).with_suffix(".sheet.png")
    with progress("drawing", "stills") as show:
        contact.sheet(chosen, out, jobs, lambda done, total: show(done, total, ""))
    click.echo(shown(out))


@click.command()
@click.argument("wanted", metavar="CHAPTER[:SECTION]")
@RECORDINGS
@JSON
def where(wanted: str, recordings: Path | None, as_json: bool) -> None:
    """List every number that a chapter shows, and where in its recording it comes from.

    Then the rules by which examples were chosen.
    """
    chosen = target(wanted, film_of(recordings))
    jobs_of(1)
    from ngpt_film import studio
    from ngpt_math.recordings import default_path, load

    studio.check_recordings([chosen])
    with redirect_stdout(sys.stderr):  # Manim's words
        from scenes.stage.chapter import shown as numbers_shown

        chapter = chosen.outline.entry.load()
        numbers = numbers_shown(chapter, chosen.outline.entry.recording)
    rows = [
        {"section": section.name, "value": n.value, "unit": n.unit, "source": n.source,
         "chapter": n.chapter, "model": n.model}
        for section in chosen.sections for n in numbers.get(section.name, ())
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    for row in rows:
        unit = "" if row["unit"] == "1" else f" {row['unit']}"
        click.echo(f"{row['section']}  {row['value']:.6g}{unit}  {row['source']}  ({row['model']})")
    recording = chosen.outline.entry.recording or default_path(chapter.Record.chapter)
    kept = load(chapter.Record, recording)
    for name in (name for name in kept.texts() if name.endswith("chosen_by")):
        click.echo(f"{name}: {getattr(kept, name)}")
    count = "1 number" if len(rows) == 1 else f"{len(rows)} numbers"
    click.echo(f"{count}, from {shown(recording)}")


@click.command()
@WANTED
@QUALITY
@RECORDINGS
@JSON
def storyboard(
    wanted: tuple[str, ...], quality_name: str, recordings: Path | None, as_json: bool
) -> int:
    """List the storyboard's lines with the sections that show them, and when they begin."""
    from ngpt_film import storyboard as board

    found = board.rows(chosen_of(wanted, recordings), quality(quality_name))
    if as_json:
        print_json(
            [{"chapter": r.chapter, "line": r.line.name, "words": r.line.words,
              "sections": r.sections, "starts_s": r.starts} for r in found]
        )  # fmt: skip
    else:
        for row in found:
            times = row.starts or [None] * len(row.sections)
            places = [
                name if at is None else f"{name} {int(at) // 60}:{int(at) % 60:02}"
                for name, at in zip(row.sections, times, strict=True)
            ]
            click.echo(f"{row.line.name}  {row.line.words}: {', '.join(places) or 'NOT SHOWN'}")
    return 0 if all(row.sections for row in found) else 1


@click.command()
@JSON
def doctor(as_json: bool) -> int:
    """Check versions, libraries, fonts and assets; each fault says its remedy."""
    from ngpt_film import doctor as checks

    found = checks.examine()
    if as_json:
        print_json([check.row() for check in found])
    else:
        for check in found:
            click.echo(check.line())
    return 1 if any(check.failed for check in found) else 0


COMMANDS = (render, status, still, sheet, where, storyboard, doctor, stage)
