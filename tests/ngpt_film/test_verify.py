"""`ngpt verify` finds a changed byte, and what is wrong where every byte is as it was written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import ffmpeg
import pytest

from ngpt_film import verify
from ngpt_film.publishing import manifest
from ngpt_math.files import sha256_of


@pytest.fixture
def copied(published_studio, tmp_path: Path) -> Path:
    """A published folder of the test's own."""
    folder = tmp_path / "out"
    shutil.copytree(published_studio.root / "out", folder)
    return folder


def seal(folder: Path, change: Callable[[dict], None] = lambda document: None) -> None:
    """Make the manifest agree with the files again, as if they had been published so."""
    document = manifest.read(folder)
    change(document)
    document["files"] = [
        {**row, "sha256": sha256_of(folder / row["file"])}
        for row in document["files"] if (folder / row["file"]).exists()
    ]  # fmt: skip
    manifest.write(folder, document)


def remake(path: Path, **settings: object) -> None:
    """Have ffmpeg write a film again."""
    other = path.with_name("other.mp4")
    settings = {"c": "copy", "movflags": "+faststart", **settings}
    ffmpeg.input(str(path)).output(str(other), **settings).run(quiet=True)
    other.replace(path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "name", ["ngpt.mp4", "ngpt.srt", "clips/tiny.steps.mp4", "stills/tiny.png", "index.html"]
)
def test_a_changed_byte(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    assert verify.examine(copied) == [f"{name} is not as it was published (its sha256 differs)"]


@pytest.mark.parametrize("name", ["poster.jpg", "stills"])
def test_a_file_that_lies_elsewhere(copied: Path, tmp_path: Path, name: str) -> None:
    (copied / name).rename(tmp_path / "elsewhere")
    (copied / name).symlink_to(tmp_path / "elsewhere")
    first = "poster.jpg" if name == "poster.jpg" else "stills/other.png"
    faults = verify.examine(copied)
    assert faults[0] == f"{first} is a link, or lies behind one: what is given away must hold it"


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9, 1.0])
def test_a_changed_byte_of_the_manifest(copied: Path, at: float) -> None:
    path = copied / manifest.NAME
    data = bytearray(path.read_bytes())
    data[min(len(data) - 1, int(at * len(data)))] ^= 1
    path.write_bytes(data)
    (fault,) = verify.examine(copied)
    assert re.search(r"manifest.json is not (as it was written|a readable manifest)$", fault)


def test_a_file_too_few_or_too_many(copied: Path) -> None:
    (copied / "poster.jpg").unlink()
    (copied / "more.txt").write_text("")
    assert verify.examine(copied) == ["poster.jpg is missing", "more.txt was not published"]


def test_a_missing_chapter_mark(copied: Path) -> None:
    marks = ";FFMETADATA1\n"
    for section in manifest.read(copied)["sections"][1:]:
        start, end = (round(section[f"{at}_s"] * 15) for at in ("start", "end"))
        marks += f"[CHAPTER]\nTIMEBASE=1/15\nSTART={start}\nEND={end}\ntitle={section['mark']}\n"
    (copied.parent / "marks.txt").write_text(marks)
    film = ffmpeg.input(
        str(copied / "ngpt.mp4"), f="ffmetadata", i=str(copied.parent / "marks.txt")
    ).output(str(copied / "o.mp4"), c="copy", map_chapters=0, movflags="+faststart")
    film.run(quiet=True)
    (copied / "o.mp4").replace(copied / "ngpt.mp4")
    seal(copied)
    assert "ngpt.mp4 has no chapter mark “1 A tiny chapter: It slides”" in verify.examine(copied)


def test_a_missing_chapter_elsewhere(copied: Path) -> None:
    edit(copied / "chapters.vtt", "It wobbles", "It stands")
    edit(copied / "index.html", 'id="tiny:steps"', 'id="tiny:stop"')
    (copied / "clips" / "tiny.drifts.mp4").unlink()
    (copied / "stills" / "other.png").unlink()
    seal(copied)
    faults = verify.examine(copied)
    assert any(fault.startswith("chapters.vtt has no “It wobbles” at 00:00:") for fault in faults)
    assert "index.html has no tiny:steps" in faults
    assert "clips/tiny.drifts.mp4 was not published" in faults
    assert "stills/other.png was not published" in faults


@pytest.mark.parametrize(
    ("tag", "filter_", "words"),
    [
        ("colour", "h264_metadata=colour_primaries=5", "color_primaries is bt470bg, not bt709"),
        ("range", "h264_metadata=video_full_range_flag=1", "color_range is pc, not tv"),
    ],
)
def test_a_wrong_tag(copied: Path, tag: str, filter_: str, words: str) -> None:
    remake(copied / "ngpt.mp4", **{"bsf:v": filter_, "color_primaries": "bt470bg"})
    seal(copied)
    assert any(words in fault for fault in verify.examine(copied))


def test_the_index_last(copied: Path) -> None:
    remake(copied / "clips" / "tiny.slides.mp4", movflags="0")
    seal(copied)
    assert verify.examine(copied) == [
        "clips/tiny.slides.mp4: its index does not come first, so it cannot play while it loads"
    ]


def test_a_film_of_another_length(copied: Path) -> None:
    shutil.copy(copied / "clips" / "tiny.slides.mp4", copied / "ngpt.mp4")
    seal(copied)
    assert any(fault.startswith("ngpt.mp4: nb_frames is ") for fault in verify.examine(copied))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("The dot slides to the right.", "word " * 17, "has a line over 42 characters"),
        ("The dot slides to the right.", "one\ntwo\nthree", "too many lines"),
        ("00:00:00,000 --> 00:00:07,000", "00:00:00,000 --> 00:00:00,500", "needs 1.4 s, has 0.5"),
        ("00:00:00,000 --> 00:00:07,000", "00:00:00,000 --> 00:00:10,000", "stays too long"),
        ("00:00:00,000 --> 00:00:07,000", "00:00:09,000 --> 00:00:13,000", "overlap"),
        ("00:00:00,000", "soon", "cannot be read: “soon” is no time"),
    ],
)
def test_a_caption_over_its_limits(copied: Path, old: str, new: str, words: str) -> None:
    for name in ("ngpt.srt", "ngpt.vtt"):
        here = (lambda text: text) if name == "ngpt.srt" else (lambda text: text.replace(",", "."))
        edit(copied / name, here(old) if ":" in old else old, here(new))
    seal(copied)
    assert any(words in fault for fault in verify.examine(copied))


def test_captions_that_differ(copied: Path) -> None:
    edit(copied / "ngpt.vtt", "It wobbles about", "It wobbled about")
    seal(copied)
    assert verify.examine(copied) == ["ngpt.srt and ngpt.vtt differ"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("0:00 ", "0:01 ", "the first chapter does not begin at 0:00"),
        ("0:11 ", "0:05 ", "lasts 5 s, less than 10"),
        ("It drifts", "x" * 50, "is no title of 1 to 49 characters"),
    ],
)
def test_a_youtube_list_that_would_be_dropped(copied: Path, old: str, new: str, words: str) -> None:
    edit(copied / "youtube.txt", old, new)
    seal(copied)
    assert any(words in fault for fault in verify.examine(copied))


def test_a_page_that_points_outside(copied: Path) -> None:
    edit(copied / "index.html", 'src="stills/tiny.png"', 'src="https://example.org/tiny.png"')
    edit(copied / "slides.html", 'src="thumbnails/tiny.slides.jpg"', 'src="nowhere.jpg"')
    seal(copied)
    assert verify.examine(copied) == [
        "index.html points outside its folder: https://example.org/tiny.png",
        "slides.html points at nowhere.jpg, which is not there",
    ]


def test_the_command(published_studio, copied: Path) -> None:
    done = published_studio.ngpt("verify", "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out is whole and good\n", "")
    (copied / "ngpt.vtt").unlink()
    done = published_studio.ngpt("verify", str(copied), "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["good"], report["faults"]) == (False, ["ngpt.vtt is missing"])
    assert published_studio.ngpt("verify", "nosuch").returncode == 2
