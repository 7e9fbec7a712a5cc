"""From shots to a folder that can be given away: whole, checked, and put in place at once."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ngpt_film import captions, mastering, shots, studio, verify
from ngpt_film.crew import Failure
from ngpt_film.outline import Target
from ngpt_film.publishing import (
    clips,
    manifest,
    numbers,
    page,
    pictures,
    slides,
    texts,
)
from ngpt_film.publishing.release import SILENT, TITLE, Narration, Release, release
from ngpt_film.publishing.workshop import Workshop
from ngpt_film.quality import Quality
from ngpt_film.rendering import Crew, Report
from ngpt_math.errors import StudioError
from ngpt_math.files import ASSETS, sha256_of

FONTS = ("IBMPlexSans-Regular.ttf", "IBMPlexSans-SemiBold.ttf", "IBMPlexSans-OFL.txt")
HERE = Path(__file__).parent
MADE_BY = ("captions", "contact", "encoder", "mastering", "narration")
TEMPLATES = (".html", ".css", ".js")
MADE_WITH = ("ngpt-film", "manim", "av", "numpy", "pillow", "skia-python", "typst")

Say = Callable[[str], None]
Speak = Callable[[tuple[shots.Status, ...]], Narration]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be published. `also`: clip formats besides mp4. `one_file`: slides with the clips
    inside them. `pptx`: slides for PowerPoint too. `speak`: narrates, where that is wanted."""

    wanted: tuple[Target, ...]
    quality: Quality
    also: tuple[str, ...] = ()
    one_file: bool = False
    pptx: bool = False
    speak: Speak | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a publication came to; with failures of sections, nothing was published.

    `made` and `taken`: files written, and taken from before as they were. `notes`: what could not
    be made, and why.
    """

    release: Release | None
    made: tuple[str, ...]
    taken: tuple[str, ...]
    notes: tuple[str, ...]
    rendered: tuple[str, ...]
    failures: dict[str, Failure]


def publish(
    wishes: Wishes, out: Path, by: Crew, report: Report, say: Say, renders: Path = shots.RENDERS
) -> Outcome:
    """Render what is stale, and put everything that is published into the folder `out`.

    Until all of it is there and was found good, `out` stays as it was.

    Raises:
        StudioError: `out` cannot be written, ffmpeg is missing or fails, captions do not keep
            their limits, or what was made does not pass `ngpt verify`.
    """
    mastering.need_ffmpeg()
    shop = Workshop(out, maker())
    shop.open()
    try:
        return _publish(wishes, shop, by, report, say, renders)
    finally:
        shop.close()


def _publish(
    wishes: Wishes, shop: Workshop, by: Crew, report: Report, say: Say, renders: Path
) -> Outcome:
    with studio.alone(renders):
        taken = studio.take(wishes.wanted, wishes.quality, by, report, renders)
        if taken.failures:
            return Outcome(None, (), (), (), taken.rendered, taken.failures)
        spoken = wishes.speak(taken.shots) if wishes.speak else SILENT
        made = release(wishes.wanted, taken.shots, spoken.voices)
        _check_captions(made)
        count = len(made.parts)
        say(f"publishing {count} section{'s' if count != 1 else ''}")
        notes = _make(wishes, made, spoken, shop, renders, by.jobs)
        shots.remove_older(tuple(status.shot for status in taken.shots))
    _deliver(wishes, made, shop, notes, say)
    return Outcome(made, tuple(shop.written), tuple(shop.taken), notes, taken.rendered, {})


def _check_captions(made: Release) -> None:
    faults = captions.faults(made.cues)
    if faults:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        remedy = "shorten the spoken line or lengthen its section"
        raise StudioError(f"a caption is over its limits: {faults[0]}{more}", remedy)


def _make(
    wishes: Wishes, made: Release, spoken: Narration, shop: Workshop, renders: Path, jobs: int
) -> tuple[str, ...]:
    """Make every file but the manifest; returns what could not be made, in words."""
    shown = numbers.collect(made, renders, jobs)
    _film(made, spoken, shop)
    clips.make_all(made, shop, wishes.also, renders, jobs)
    pictures.make_all(made, shop)
    notes = _texts(made, shop)
    for name in FONTS:
        shop.write(f"fonts/{name}", (ASSETS / "fonts" / name).read_bytes())
    inside = shop.folder if wishes.one_file else None
    shop.write("slides.html", slides.slides(made, inside))
    if wishes.pptx:
        from ngpt_film.publishing import powerpoint

        powerpoint.make(made, shop)
    shop.write("index.html", page.page(made, shown, _files(shop)))
    return notes


def _film(made: Release, spoken: Narration, shop: Workshop) -> None:
    """The film: shots joined without encoding again, with its marks and, narrated, its sound."""
    marks = mastering.metadata([part.mark for part in made.parts])
    marks = marks.replace(";FFMETADATA1\n", f";FFMETADATA1\ntitle={TITLE}\n", 1)
    sources = [[p.shot.card["sha256"], p.voice.held if p.voice else 0] for p in made.parts]
    segments = [segment for part in made.parts for segment in part.segments]
    recipe = ["film", marks, sources, sha256_of(spoken.sound) if spoken.sound else ""]
    shop.make(page.FILM, recipe, lambda path: mastering.mux(segments, marks, path, spoken.sound))


def _texts(made: Release, shop: Workshop) -> tuple[str, ...]:
    stem = Path(page.FILM).stem
    shop.write(f"{stem}.srt", captions.subrip(made.cues))
    shop.write(f"{stem}.vtt", captions.webvtt(made.cues))
    shop.write("chapters.vtt", texts.chapters_vtt(made))
    shop.write("transcript.md", texts.transcript(made))
    entries = texts.youtube_entries(made)
    faults = texts.youtube_faults(entries, made.seconds)
    if faults:
        return (f"no youtube.txt, YouTube would not take it: {faults[0]}",)
    shop.write("youtube.txt", texts.youtube(entries))
    return ()


def _files(shop: Workshop) -> dict[str, str]:
    """What the page offers besides the film."""
    there = {"Slides": "slides.html", "PowerPoint": "slides.pptx", "Transcript": "transcript.md",
             "Contact sheet": "contact-sheet.png", "Film": page.FILM}  # fmt: skip
    made = {*shop.written, *shop.taken}
    return {what: name for what, name in there.items() if name in made}


def _deliver(
    wishes: Wishes, made: Release, shop: Workshop, notes: tuple[str, ...], say: Say
) -> None:
    """Seal the folder, look at it as `ngpt verify` does, and put it in its place."""
    shop.clear()
    manifest.write(shop.folder, _document(wishes, made, shop, notes))
    faults = verify.examine(shop.folder)
    if faults:
        shop.distrust()
        for fault in faults[1:]:
            say(f"not good either: {fault}")
        raise StudioError(
            f"what was made is not good, and not put in place: {faults[0]}",
            "run `ngpt doctor`, then publish again: all of it will be made anew",
        )
    shop.deliver()


def _document(
    wishes: Wishes, made: Release, shop: Workshop, notes: tuple[str, ...]
) -> dict[str, Any]:
    """The manifest."""
    files = shop.files()
    return {
        "title": TITLE,
        "quality": {k: v for k, v in asdict(wishes.quality).items() if k != "codec"},
        "duration_s": round(made.seconds, 6),
        "frames": made.parts[-1].end,
        "narrated": any(part.voice for part in made.parts),
        "versions": versions(),
        "notes": list(notes),
        "chapters": [
            {"key": c.entry.key, "title": c.title, "start_s": c.begins, "end_s": c.ends}
            for c in made.chapters
        ],
        "sections": [_section(part) for part in made.parts],
        "files": [_file(shop.folder, name, known) for name, known in files.items()],
    }


def _section(part: Any) -> dict[str, Any]:
    return {
        "key": part.key,
        "mark": part.mark.title,
        "title": part.section.title,
        "pause": part.section.pause,
        "start_s": part.begins,
        "end_s": part.ends,
        "frames": part.end - part.start,
        "clip": clips.clip_name(part),
        "fingerprint": part.shot.shot.fingerprint.digest,
        "shot_sha256": part.shot.card["sha256"],
    }


def _file(folder: Path, name: str, known: dict[str, str]) -> dict[str, Any]:
    return {"file": name, "bytes": (folder / name).stat().st_size, **known}


def maker() -> str:
    """A digest of what makes the files: the code beside this, what it uses, and versions."""
    beside = [path for path in sorted(HERE.rglob("*")) if path.suffix in (".py", *TEMPLATES)]
    used = [HERE.parent / f"{name}.py" for name in MADE_BY]
    made_of = [sha256_of(path) for path in (*beside, *used)]
    return hashlib.sha256(json.dumps([made_of, versions()]).encode()).hexdigest()


def versions() -> dict[str, str]:
    """What it was made with."""
    found = {"python": platform.python_version()}
    for name in MADE_WITH:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["ffmpeg"] = verify.ffmpeg_version()
    return found
