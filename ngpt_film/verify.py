"""Is a published folder as it was published, and good? By hashes, ffprobe and texts' rules."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from ngpt_film import captions
from ngpt_film.captions import Cue
from ngpt_film.crew import run_program
from ngpt_film.publishing import manifest, texts
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import sha256_of

FILM = "ngpt.mp4"
POSTER, POSTER_BYTES = (1280, 720), 2_000_000
TAGS = {
    "codec_name": "h264",
    "profile": "High",
    "pix_fmt": "yuv420p",
    "field_order": "progressive",
    "color_range": "tv",
    "color_space": "bt709",
    "color_transfer": "bt709",
    "color_primaries": "bt709",
}
LOUDNESS, TOLERANCE, PEAK = -16.0, 1.0, -1.0  # LUFS, LU, dBTP
NEEDED = (
    FILM, "ngpt.srt", "ngpt.vtt", "chapters.vtt", "transcript.md", "index.html", "slides.html",
    "poster.jpg", "contact-sheet.png",
)  # fmt: skip


def examine(folder: Path) -> list[str]:
    """What is wrong with a published folder, a line each; empty when all of it is good.

    Raises:
        StudioError: ffprobe is missing.
    """
    if shutil.which("ffprobe") is None:
        raise StudioError("ffprobe is not installed", "on Debian: apt-get install ffmpeg")
    try:
        document = manifest.read(folder)
    except DamagedFile as error:
        return [error.problem]
    found = list(_files(folder, document))
    if found:  # what is damaged is not looked into
        return found
    looks = (_film, _captions, _chapters, _youtube, _clips, _pictures, _pages)
    return [fault for look in looks for fault in look(folder, document)]


def _files(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """Every file is there as it was written, and no other."""
    listed = {row["file"]: row for row in document["files"]}
    for name in NEEDED:
        if name not in listed:
            yield f"{name} was not published"
    for name, row in listed.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif _is_link(folder, path):
            yield f"{name} is a link, or lies behind one: what is given away must hold it"
        elif sha256_of(path) != row["sha256"]:
            yield f"{name} is not as it was published (its sha256 differs)"
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_dir() and name not in listed and name != manifest.NAME:
            yield f"{name} was not published"


def _is_link(folder: Path, path: Path) -> bool:
    """Whether a file is elsewhere, and only pointed at from the folder."""
    return path.resolve() != folder.resolve() / path.relative_to(folder)


def _film(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    found = probe(folder / FILM)
    yield from _video(FILM, found, folder / FILM, document, document["frames"])
    yield from _marks(found, document)
    if document["narrated"]:
        yield from _sound(folder / FILM, found)
    elif _streams(found, "audio"):
        yield f"{FILM} has sound, and was published silent"


def _video(
    name: str, found: dict[str, Any], path: Path, document: dict[str, Any], frames: int
) -> Iterator[str]:
    """The one picture stream of an MP4: format, tags, size, rate and length; the index first."""
    streams = _streams(found, "video")
    if len(streams) != 1:
        yield f"{name} has {len(streams)} picture streams"
        return
    stream, quality = streams[0], document["quality"]
    wanted = {**TAGS, "width": quality["width"], "height": quality["height"],
              "avg_frame_rate": f"{quality['fps']}/1", "nb_frames": str(frames)}  # fmt: skip
    for tag, value in wanted.items():
        if stream.get(tag) != value:
            yield f"{name}: {tag} is {stream.get(tag, 'not said')}, not {value}"
    if not _index_first(path):
        yield f"{name}: its index does not come first, so it cannot play while it loads"


def _index_first(path: Path) -> bool:
    """Whether an MP4's `moov` box comes before its `mdat`."""
    with path.open("rb") as file:
        while header := file.read(8):
            size, kind = int.from_bytes(header[:4], "big"), header[4:]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(file.read(8), "big") - 8
            file.seek(max(0, size - 8), 1)
    return False


def _marks(found: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """A mark in the film for every section, at its place."""
    marks = {c["tags"].get("title", ""): c for c in found["chapters"]}
    for section in document["sections"]:
        mark = marks.get(section["mark"])
        if mark is None:
            yield f"{FILM} has no chapter mark “{section['mark']}”"
        elif not _same(mark, section):
            yield f"{FILM}: the chapter mark “{section['mark']}” is at another place"
    if len(found["chapters"]) > len(document["sections"]):
        yield f"{FILM} has more chapter marks than sections"


def _same(mark: dict[str, Any], section: dict[str, Any]) -> bool:
    """Whether a mark is at its place, to a millisecond."""
    apart = [float(mark[f"{end}_time"]) - section[f"{end}_s"] for end in ("start", "end")]
    return all(abs(each) < 2e-3 for each in apart)


def _sound(path: Path, found: dict[str, Any]) -> Iterator[str]:
    streams = _streams(found, "audio")
    if len(streams) != 1 or streams[0]["codec_name"] != "aac":
        yield f"{FILM} has not one AAC sound"
        return
    if streams[0]["sample_rate"] != "48000":
        yield f"{FILM}: its sound has {streams[0]['sample_rate']} samples a second, not 48000"
    loudness, peak = measure_loudness(path)
    if abs(loudness - LOUDNESS) > TOLERANCE:
        yield f"{FILM}: its loudness is {loudness:.1f} LUFS, not {LOUDNESS:.0f} ± {TOLERANCE:.0f}"
    if peak > PEAK:
        yield f"{FILM}: its true peak is {peak:.1f} dBTP, over {PEAK:.0f}"


def measure_loudness(path: Path) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP) of a file's sound, by EBU R 128."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-map", "0:a",
               "-af", "ebur128=peak=true", "-f", "null", "-"]  # fmt: skip
    said = run_program(command).stderr.decode(errors="replace")
    summary = said.rpartition("Summary:")[2]
    numbers = [re.search(rf"{name}:\s+(-?[\d.]+|-inf)", summary) for name in ("I", "Peak")]
    loudness, peak = (float(n[1]) if n else float("-inf") for n in numbers)
    return loudness, peak


def _captions(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """Both caption files say the same, within the limits, within the film, one after another."""
    read: dict[str, list[Cue]] = {}
    for name in ("ngpt.srt", "ngpt.vtt"):
        try:
            read[name] = cues((folder / name).read_text())
        except ValueError as error:
            yield f"{name} cannot be read: {error}"
            return
    if read["ngpt.srt"] != read["ngpt.vtt"]:
        yield "ngpt.srt and ngpt.vtt differ"
    spoken = read["ngpt.srt"]
    yield from (f"ngpt.srt: {fault}" for fault in captions.faults(spoken, slack=0.002))
    for cue in spoken:
        if len(cue.text.split("\n")) > captions.LINES:
            yield f"ngpt.srt: the caption at {captions.clock(cue.start)} has too many lines"
        if cue.end - cue.start > captions.LONGEST + 0.002:
            yield f"ngpt.srt: the caption at {captions.clock(cue.start)} stays too long"
    for cue, after in pairwise(spoken):
        if cue.end > after.start:
            yield f"ngpt.srt: the captions at {captions.clock(after.start)} overlap"
    if spoken and spoken[-1].end > document["duration_s"] + 0.002:
        yield "ngpt.srt: the last caption stays longer than the film"


def cues(text: str) -> list[Cue]:
    """Read captions, SubRip or WebVTT.

    Raises:
        ValueError: a time or a block is not as it must be.
    """
    found = []
    for block in filter(None, re.split(r"\n\n+", text.strip())):
        lines = block.split("\n")
        if lines[0].startswith("WEBVTT"):
            continue
        place = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if place is None:
            raise ValueError(f"“{lines[0]}” has no time")
        begins, _, ends = lines[place].partition(" --> ")
        said = "\n".join(lines[place + 1 :])
        if not text.startswith("WEBVTT"):
            found.append(Cue(_seconds(begins), _seconds(ends), said))
            continue
        for sign, name in (("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")):
            said = said.replace(name, sign)
        found.append(Cue(_seconds(begins), _seconds(ends), said))
    return found


def _seconds(clock: str) -> float:
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d)[.,](\d{3})", clock.strip())
    if match is None:
        raise ValueError(f"“{clock}” is no time")
    hours, minutes, seconds, thousandths = map(int, match.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _chapters(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """The players' chapters: every chapter and every section, at its place."""
    try:
        found = cues((folder / "chapters.vtt").read_text())
    except ValueError as error:
        yield f"chapters.vtt cannot be read: {error}"
        return
    there = {(cue.text, round(cue.start, 3), round(cue.end, 3)) for cue in found}
    for row in (*document["chapters"], *document["sections"]):
        if (row["title"], round(row["start_s"], 3), round(row["end_s"], 3)) not in there:
            yield f"chapters.vtt has no “{row['title']}” at {captions.clock(row['start_s'])}"


def _youtube(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    path = folder / "youtube.txt"
    if not path.is_file():
        if not any("youtube.txt" in note for note in document["notes"]):
            yield "youtube.txt was not published"
        return
    try:
        entries = texts.read_youtube(path.read_text())
    except ValueError as error:
        yield f"youtube.txt cannot be read: {error}"
        return
    for fault in texts.youtube_faults(entries, document["duration_s"]):
        yield f"youtube.txt: {fault}"


def _clips(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """A clip of every section, in the film's format."""
    listed = {row["file"] for row in document["files"]}
    for section in document["sections"]:
        name = section["clip"]
        if name not in listed:
            yield f"{name} was not published"
            continue
        found = probe(folder / name)
        yield from _video(name, found, folder / name, document, section["frames"])


def _pictures(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    poster = folder / "poster.jpg"
    if _size(poster) != POSTER:
        yield f"poster.jpg is {_size(poster)} pixels, not {POSTER}"
    if poster.stat().st_size > POSTER_BYTES:
        yield f"poster.jpg is larger than {POSTER_BYTES} bytes"
    quality = document["quality"]
    for chapter in document["chapters"]:
        still = folder / "stills" / f"{chapter['key']}.png"
        if not still.is_file():
            yield f"stills/{chapter['key']}.png was not published"
        elif _size(still) != (quality["width"], quality["height"]):
            yield f"stills/{chapter['key']}.png is {_size(still)} pixels"


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


class _Links(HTMLParser):
    """What a page points at."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "poster") and value:
                self.links.append(value)
            if name == "id" and value:
                self.names.add(value)


def _pages(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """Pages point at nothing outside their folder, and at nothing that is not there."""
    for name in ("index.html", "slides.html"):
        page = _Links()
        page.feed((folder / name).read_text())
        for link in page.links:
            path, _, place = link.partition("#")
            if link.startswith("data:") or place.startswith("t="):
                continue
            if re.match(r"[a-z]+:|/", link):
                yield f"{name} points outside its folder: {link[:80]}"
            elif path and not (folder / path).is_file():
                yield f"{name} points at {path}, which is not there"
            elif place and not path and place not in page.names:
                yield f"{name} points at #{place}, which is not there"
        if name == "index.html":
            for row in (*document["chapters"], *document["sections"]):
                if row["key"] not in page.names:
                    yield f"{name} has no {row['key']}"


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file; empty lists where it cannot be read."""
    import ffmpeg

    try:
        return dict(ffmpeg.probe(str(path), show_chapters=None))
    except ffmpeg.Error:
        return {"streams": [], "chapters": []}


def _streams(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [stream for stream in found["streams"] if stream["codec_type"] == kind]


def ffmpeg_version() -> str:
    """What ffmpeg calls itself."""
    said = run_program(["ffmpeg", "-version"]).stdout.decode(errors="replace")
    found = re.match(r"ffmpeg version (\S+)", said)
    return found[1] if found else "unknown"
