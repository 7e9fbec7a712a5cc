"""From shots to a film: joined without encoding again, with chapter marks and captions."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_film.captions import Cue, cues, subrip, webvtt
from ngpt_film.crew import DISK_FULL, StopAll, run_program
from ngpt_film.outline import Target
from ngpt_film.shots import Status
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import read_card, whole_file, write_bytes, write_card
from scenes.stage.section import Section


@dataclass(frozen=True, slots=True)
class Mark:
    """A section's place in a film, in frames from its beginning to before `end`."""

    chapter: str
    section: Section
    start: int
    end: int
    fps: int

    @property
    def title(self) -> str:
        """What players show: the chapter and the section."""
        return f"{self.chapter}: {self.section.title}"

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The section's captions at their times in the film."""
        return cues(self.section.says, self.start / self.fps, self.end / self.fps)


@dataclass(frozen=True, slots=True)
class Film:
    """A finished film: where it is, its marks, and whether it was there already."""

    path: Path
    marks: tuple[Mark, ...]
    made: bool

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.marks[-1].end / self.marks[-1].fps


def marks(wanted: Sequence[Target], shots: Sequence[Status]) -> tuple[Mark, ...]:
    """Where each section lies in the film that these shots make in their order."""
    by_name = {status.shot.name: status for status in shots}
    found: list[Mark] = []
    for target in wanted:
        entry = target.outline.entry
        for section in target.sections:
            status = by_name[f"{entry.key}:{section.name}"]
            start = found[-1].end if found else 0
            end = start + int(status.card["frames"])
            found.append(Mark(entry.mark, section, start, end, int(status.card["fps"])))
    return tuple(found)


def master(wanted: Sequence[Target], shots: Sequence[Status], out: Path) -> Film:
    """Make the film of fresh shots at `out`, its captions beside it; keep one that is this film.

    Raises:
        StudioError: ffmpeg is missing or fails.
    """
    placed = marks(wanted, shots)
    recipe = _recipe(placed, shots)
    if _is_there(out, recipe):
        return Film(out, placed, made=False)
    mux([status.shot.path for status in shots], metadata(placed), out)
    spoken = [cue for mark in placed for cue in mark.cues]
    write_bytes(out.with_suffix(".srt"), subrip(spoken).encode())
    write_bytes(out.with_suffix(".vtt"), webvtt(spoken).encode())
    write_card(out, {"recipe": recipe, "frames": placed[-1].end, "fps": placed[-1].fps})
    return Film(out, placed, made=True)


def _recipe(placed: Sequence[Mark], shots: Sequence[Status]) -> str:
    """A digest of all that goes into the film and its captions."""
    parts = [[m.title, m.section.says, m.start] for m in placed]
    document = json.dumps([parts, [status.card["sha256"] for status in shots]])
    return hashlib.sha256(document.encode()).hexdigest()


def _is_there(out: Path, recipe: str) -> bool:
    captions = (out.with_suffix(".srt"), out.with_suffix(".vtt"))
    try:
        card: dict[str, Any] = read_card(out, "")
    except DamagedFile:
        return False
    return card.get("recipe") == recipe and all(path.is_file() for path in captions)


def metadata(placed: Sequence[Mark]) -> str:
    """The marks as ffmpeg's metadata file: one chapter mark a section."""
    blocks = [
        f"[CHAPTER]\nTIMEBASE=1/{mark.fps}\nSTART={mark.start}\nEND={mark.end}\n"
        f"title={escaped(mark.title)}\n"
        for mark in placed
    ]
    return "".join([";FFMETADATA1\n", *blocks])


def escaped(text: str) -> str:
    """Text for a metadata file, where `= ; # \\` and newlines have a meaning."""
    return "".join(f"\\{sign}" if sign in "=;#\\\n" else sign for sign in text)


def mux(segments: Sequence[Path], marks_text: str, out: Path, sound: Path | None = None) -> None:
    """Join segments, lay the marks in, put the index first; `out` appears whole.

    `sound`: an audio file that runs along, encoded as AAC. Pictures are not encoded again.

    Raises:
        StudioError: ffmpeg is missing or fails.
    """
    import ffmpeg

    from ngpt_film.encoder import join

    need_ffmpeg()
    with (
        whole_file(out) as temporary,
        tempfile.TemporaryDirectory(prefix=".", suffix=".partial", dir=out.parent) as folder,
    ):
        joined, marks_file = Path(folder, "joined.mp4"), Path(folder, "marks.txt")
        join(segments, joined)
        if sound is not None:
            joined = _with_sound(joined, sound, Path(folder, "sounding.mp4"))
        marks_file.write_text(marks_text)
        # As two inputs, ffmpeg-python would ask for streams of the marks, which have none.
        film = ffmpeg.input(str(joined), f="ffmetadata", i=str(marks_file)).output(
            str(temporary), f="mp4", c="copy", map_metadata=0, map_chapters=0, movflags="+faststart"
        )
        run_ffmpeg(film, out.name)


def _with_sound(film: Path, sound: Path, out: Path) -> Path:
    import ffmpeg

    pictures, voice = ffmpeg.input(str(film)).video, ffmpeg.input(str(sound)).audio
    settings = {"c:v": "copy", "c:a": "aac", "b:a": "160k", "ar": 48000, "ac": 2}
    run_ffmpeg(ffmpeg.output(pictures, voice, str(out), f="mp4", **settings), out.name)
    return out


def run_ffmpeg(output: Any, name: str) -> str:
    """Run what ffmpeg-python put together to make the file `name`; returns what ffmpeg said.

    It ends with this process, also where that is killed.

    Raises:
        StudioError: ffmpeg is missing or fails.
        StopAll: the disk is full.
    """
    need_ffmpeg()
    command = output.global_args("-xerror", "-nostdin").overwrite_output().compile()
    try:
        done = run_program(command)
    except OSError as error:
        raise _ffmpeg_failed(name, str(error.strerror)) from error
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        if os.strerror(errno.ENOSPC) in said:
            raise StopAll(*DISK_FULL)
        silent = "it said nothing" if done.returncode > 0 else f"signal {-done.returncode} ended it"
        raise _ffmpeg_failed(name, (said.strip().splitlines() or [silent])[-1])
    return said


def _ffmpeg_failed(name: str, why: str) -> StudioError:
    return StudioError(f"ffmpeg could not write {name}: {why}", "run `ngpt doctor`")


def need_ffmpeg() -> None:
    """Raises StudioError where the system has no ffmpeg."""
    if shutil.which("ffmpeg") is None:
        raise StudioError("ffmpeg is not installed", "on Debian: apt-get install ffmpeg")
