"""A small film published by the real command: what is in the folder, and what does not harm it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import ffmpeg
import pytest
from browser import until
from PIL import Image
from small_studio import Studio, descendants

from ngpt_film import mastering, verify
from ngpt_film.publishing import workshop
from ngpt_film.publishing.workshop import Workshop
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT

KEYS = ["tiny:slides", "tiny:drifts", "tiny:wobbles", "tiny:steps", "other:square"]


@pytest.fixture
def folder(published_studio: Studio) -> Path:
    """The published folder; nobody changes it."""
    return published_studio.root / "out"


def test_everything_is_there_and_good(folder: Path) -> None:
    report = json.loads((folder.parent / "report.json").read_text())
    assert (report["sections"], report["notes"]) == (KEYS, [])
    assert verify.examine(folder) == []
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    stems = [key.replace(":", ".") for key in KEYS]
    assert names == {
        "index.html", "slides.html", "slides.pptx", "ngpt.mp4", "ngpt.srt", "ngpt.vtt",
        "chapters.vtt", "transcript.md", "youtube.txt", "poster.jpg", "contact-sheet.png",
        "manifest.json", "stills/tiny.png", "stills/other.png", "fonts/IBMPlexSans-OFL.txt",
        "fonts/IBMPlexSans-Regular.ttf", "fonts/IBMPlexSans-SemiBold.ttf",
        *(f"clips/{stem}.mp4" for stem in stems), *(f"thumbnails/{stem}.jpg" for stem in stems),
    }  # fmt: skip


def test_manifest_says_what_it_was_made_from(folder: Path, published_studio: Studio) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    assert [section["key"] for section in document["sections"]] == KEYS
    assert document["frames"] == sum(section["frames"] for section in document["sections"])
    assert {"python", "manim", "ffmpeg", "ngpt-film"} <= set(document["versions"])
    shots = published_studio.root / "renders" / "shots" / "draft" / "tiny"
    first = document["sections"][0]
    card = json.loads((shots / f"slides-{first['fingerprint'][:16]}.card.json").read_text())
    assert card["sha256"] == first["shot_sha256"]


def test_a_clip_is_its_shot_not_encoded_again(folder: Path, published_studio: Studio) -> None:
    ask = ["ffprobe", "-v", "error", "-select_streams", "v", "-of", "csv"]
    ask += ["-show_packets", "-show_data_hash", "sha256"]

    def packets(path: Path) -> list[str]:
        told = subprocess.run([*ask, path], capture_output=True, text=True, check=True)
        return re.findall(r"SHA256:\w+", told.stdout)

    shots = published_studio.root / "renders" / "shots" / "draft" / "tiny"
    shot = next(shots.glob("drifts*.mp4"))
    clip = folder / "clips" / "tiny.drifts.mp4"
    assert packets(clip) == packets(shot) != []
    assert ffmpeg.probe(str(clip))["format"]["tags"]["title"] == "1 A tiny chapter: It drifts"


def test_chapters_hold_their_sections(folder: Path) -> None:
    cues = {cue.text: cue for cue in verify.cues((folder / "chapters.vtt").read_text())}
    assert list(cues) == [
        "1 · A tiny chapter", "It slides", "It drifts", "It wobbles", "It steps",
        "2 · Another", "A square",
    ]  # fmt: skip
    assert cues["1 · A tiny chapter"].start == cues["It slides"].start == 0
    assert cues["1 · A tiny chapter"].end == cues["It steps"].end == cues["2 · Another"].start


def test_youtube_list_joins_what_is_too_short(folder: Path) -> None:
    lines = (folder / "youtube.txt").read_text().splitlines()
    assert lines[0] == "0:00 1 · A tiny chapter"
    assert [line.partition(" ")[2] for line in lines[1:]] == ["It drifts", "It wobbles", "It steps"]


def test_stills_have_the_colours_that_were_drawn(folder: Path) -> None:
    with Image.open(folder / "stills" / "tiny.png") as still:
        corner = still.getpixel((3, 3))
    wanted = (0x0D, 0x11, 0x17)
    assert all(abs(a - b) <= 3 for a, b in zip(corner, wanted, strict=True)), corner


def test_the_page_says_where_a_number_comes_from(folder: Path) -> None:
    page = (folder / "index.html").read_text()
    section = page.partition('id="tiny:slides"')[2].partition("</li><li id=")[0]
    assert "how far the dot goes" in section
    assert "<li>0.25<small>[1]</small></li>" in section
    assert "<code>tiny: steps</code> · worked out by a formula" in section


def test_powerpoint_has_a_slide_a_section(folder: Path) -> None:
    pptx = pytest.importorskip("pptx", reason="python-pptx is not installed: the extra `pptx`")
    deck = pptx.Presentation(str(folder / "slides.pptx"))
    notes = [slide.notes_slide.notes_text_frame.text for slide in deck.slides]
    assert notes[1] == "Then it drifts, a little at a time."
    assert len(notes) == len(KEYS)
    movie = next(iter(deck.slides[0].shapes))
    assert movie.media_type.name == "MOVIE"
    begins = movie.part.slide.element.findall(".//{*}cMediaNode//{*}stCondLst/{*}cond")
    assert [condition.get("delay") for condition in begins] == ["0"]


def test_again_makes_nothing_anew_and_goes_on_after_a_stop(
    published_studio: Studio, copy_studio: Callable
) -> None:
    studio = copy_studio(published_studio)
    before = studio.files("out")
    # What a stopped publication leaves: some files, their notes, no folder.
    (studio.root / "out").rename(studio.root / ".out.next")
    known = json.loads((studio.root / ".out.next" / "manifest.json").read_text())["files"]
    (studio.root / ".out.next" / "manifest.json").unlink()
    made = {row["file"]: row for row in known if not row["file"].startswith("clips/tiny.w")}
    (studio.root / ".out.made.json").write_text(json.dumps(made))
    (studio.root / ".out.next" / "clips" / "tiny.steps.mp4").write_bytes(b"half")
    report = json.loads(
        studio.ngpt("publish", "-q", "draft", "--out", "out", "--pptx", "--json").stdout
    )
    assert set(report["made"]) <= {
        "clips/tiny.wobbles.mp4", "clips/tiny.steps.mp4", "slides.pptx",
    }  # fmt: skip
    assert {"clips/tiny.wobbles.mp4", "clips/tiny.steps.mp4"} <= set(report["made"])
    after = studio.files("out")
    assert {k: v for k, v in after.items() if "pptx" not in k and "manifest" not in k} == {
        k: v for k, v in before.items() if "pptx" not in k and "manifest" not in k
    }
    assert sorted(p.name for p in studio.root.glob(".out*")) == []


def _check_alpha(clip: Path) -> None:
    """The ground is clear, the square's outline is not."""
    out, _ = (
        ffmpeg.input(str(clip), vcodec="libvpx-vp9")
        .output("pipe:", format="rawvideo", pix_fmt="yuva444p", vframes=20)
        .run(quiet=True)
    )
    size = 854 * 480
    alpha = out[-size:]
    assert alpha[3 * 854 + 3] == 0
    assert max(alpha) > 200


def test_the_commands_of_the_readme(published_studio: Studio, copy_studio: Callable) -> None:
    section = (ROOT / "README.md").read_text().partition("## Publishing\n")[2].partition("\n## ")[0]
    commands = [line.strip().split("#")[0].split()[1:] for line in section.splitlines()
            if line.startswith("    ngpt ")]  # fmt: skip
    studio = copy_studio(published_studio)
    shutil.copytree(studio.root / "out", studio.root / "renders" / "published")
    for words in commands:
        quick = ["other", "-q", "draft"] if words[0] == "publish" else []
        done = studio.ngpt(*words, *quick)
        assert done.returncode == 0, f"{words}: {done.stderr}"
    assert {words[0] for words in commands} == {"publish", "verify"}
    assert (studio.root / "talk" / "slides.pptx").is_file()
    slides = (studio.root / "talk" / "slides.html").read_text()
    assert "data:video/mp4;base64," in slides
    assert "clips/" not in slides
    _check_formats(studio.root / "clips" / "clips")
    assert json.loads((studio.root / "spoken" / "manifest.json").read_text())["narrated"]


def _check_formats(clips: Path) -> None:
    assert {p.name for p in clips.iterdir()} == {
        f"other.square.{ending}" for ending in ("mp4", "webm", "webp", "gif")
    }
    _check_alpha(clips / "other.square.webm")
    for ending in ("webp", "gif"):
        with Image.open(clips / f"other.square.{ending}") as picture:
            assert (picture.n_frames > 1, picture.height) == (True, 480)
    (note,) = json.loads((clips.parent / "manifest.json").read_text())["notes"]
    assert note.startswith("no youtube.txt, YouTube would not take it: there are 1 chapters")


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error, said after what was going on."""
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return errors[0]


def test_a_section_that_fails_leaves_no_trace(
    published_studio: Studio, copy_studio: Callable
) -> None:
    studio = copy_studio(published_studio)
    studio.edit("scenes/other.py", "wait(2.5)", "wait(no_such_time)")
    line = error_of(studio.ngpt("publish", "other", "-q", "draft", "--out", "new"))
    assert line.startswith("error: other:square failed: NameError")
    assert not list(studio.root.glob(".new*"))


def test_caption_over_its_limits_is_not_published(
    published_studio: Studio, copy_studio: Callable
) -> None:
    studio = copy_studio(published_studio)
    before = studio.files("out")
    studio.edit("scenes/other.py", "wait(2.5)", "wait(0.5)")
    line = error_of(studio.ngpt("publish", "-q", "draft", "--out", "out"))
    assert "a caption is over its limits: 00:00:" in line
    assert "“A square, and nothing more.” needs 1.4 s" in line
    assert studio.files("out") == before


@pytest.mark.parametrize("how", ["missing", "failing", "silent", "full"])
def test_ffmpeg_missing_or_failing_is_one_line(
    published_studio: Studio, copy_studio: Callable, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    studio = copy_studio(published_studio)
    before = studio.files("out")
    tools = studio.root / "tools"
    tools.mkdir()
    words = {"failing": "echo no such codec >&2;", "full": "echo No space left on device >&2;"}
    if how != "missing":
        (tools / "ffmpeg").write_text(f"#!/bin/sh\n{words.get(how, '')} exit 1\n")
        (tools / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools) if how == "missing" else f"{tools}:{os.environ['PATH']}")
    (studio.root / "scenes" / "title.py").write_text("")
    studio.edit("ngpt_film/publishing/release.py", '"The Normalized', '"A Normalized')
    line = error_of(studio.ngpt("publish", "-q", "draft", "--out", "out"))
    assert (
        line
        == {
            "missing": "error: ffmpeg is not installed; on Debian: apt-get install ffmpeg",
            "failing": "error: ffmpeg could not write ngpt.mp4: no such codec; run `ngpt doctor`",
            "silent": "error: ffmpeg could not write ngpt.mp4: it said nothing; run `ngpt doctor`",
            "full": "error: the disk is full; free some space, then run the same command again",
        }[how]
    )
    assert studio.files("out") == before


def test_an_ffmpeg_that_is_killed_is_told_of(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(StudioError, match=r"could not write a\.mp4: signal 9 ended it"):
        mastering.run_ffmpeg(ffmpeg.input("a").output(str(tmp_path / "a.mp4")), "a.mp4")
    (tmp_path / "ffmpeg").write_bytes(b"\0no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudioError, match=r"could not write a\.mp4: Exec format error"):
        mastering.run_ffmpeg(ffmpeg.input("a").output(str(tmp_path / "a.mp4")), "a.mp4")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_ffmpeg_does_not_outlive_who_publishes(
    published_studio: Studio, copy_studio: Callable, monkeypatch: pytest.MonkeyPatch,
    how: signal.Signals,
) -> None:  # fmt: skip
    studio = copy_studio(published_studio)
    tools = studio.root / "tools"
    tools.mkdir()
    (tools / "ffmpeg").write_text("#!/bin/sh\nexec sleep 60\n")
    (tools / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    process = studio.start("publish", "-q", "draft", "--out", "new")

    def sleepers() -> set[int]:
        lines = {pid: Path(f"/proc/{pid}/cmdline") for pid in descendants(process.pid)}
        return {pid for pid, line in lines.items() if line.read_bytes().startswith(b"sleep\0")}

    below = until(sleepers, "ffmpeg at work")
    process.send_signal(how)
    process.communicate(timeout=20)
    until(lambda: not any(map(runs, below)), "its end", 5)


def runs(pid: int) -> bool:
    """Whether a process is there, and not merely waiting to be struck off the list."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_what_came_out_bad_is_not_taken_for_good_afterwards(
    published_studio: Studio, copy_studio: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = copy_studio(published_studio)
    real, tools = shutil.which("ffmpeg"), studio.root / "tools"
    tools.mkdir()
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tools}:{path}")
    for writes, told in (
        ("exit 0", "error: ngpt.mp4 came out empty; run `ngpt doctor`"),
        (f'{real} "$@"; for a; do case "$a" in *.partial) echo none > "$a"; esac; done',
         "error: what was made is not good, and not put in place: ngpt.mp4 has 0 picture streams;"
         " run `ngpt doctor`, then publish again: all of it will be made anew"),
    ):  # fmt: skip
        (tools / "ffmpeg").write_text(f"#!/bin/sh\n{writes}\n")
        (tools / "ffmpeg").chmod(0o755)
        assert error_of(studio.ngpt("publish", "-q", "draft", "--out", "new")) == told
    monkeypatch.setenv("PATH", path)
    done = studio.ngpt("publish", "-q", "draft", "--out", "new")
    assert done.returncode == 0, done.stderr


def test_other_code_makes_its_files_anew(published_studio: Studio, copy_studio: Callable) -> None:
    studio = copy_studio(published_studio)
    studio.edit("ngpt_film/publishing/pictures.py", "left, top = 90, 250", "left, top = 90, 350")
    before = studio.files("out")
    done = studio.ngpt("publish", "-q", "draft", "--out", "out", "--pptx")
    assert done.returncode == 0, done.stderr
    after = studio.files("out")
    assert after["out/poster.jpg"] != before["out/poster.jpg"]
    assert after["out/stills/tiny.png"] == before["out/stills/tiny.png"]


def test_sections_in_which_nothing_is_said_are_published(
    published_studio: Studio, copy_studio: Callable
) -> None:
    studio = copy_studio(published_studio)
    studio.edit("scenes/other.py", 'says=("A square, and nothing more.",)', "says=()")
    done = studio.ngpt("publish", "other", "-q", "draft", "--out", "new")
    assert done.returncode == 0, done.stderr
    assert (studio.root / "new" / "ngpt.srt").read_text() == ""
    assert "publishing 1 section\n" in done.stderr


@pytest.mark.parametrize("out", ["/proc/published", "manim.cfg/published"])
def test_folder_that_cannot_be_written_is_one_line(published_studio: Studio, out: str) -> None:
    line = error_of(published_studio.ngpt("publish", "-q", "draft", "--out", out))
    assert re.fullmatch(
        rf"error: \S*{re.escape(out)} cannot be written \(.+\); give --out a folder that can", line
    )


def test_read_only_folder_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    (tmp_path / "out").mkdir()
    with pytest.raises(StudioError, match=r"cannot be written \(Permission denied\)"):
        Workshop(tmp_path / "out").open()


def test_full_disk_while_making_keeps_what_is_made(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "out")
    shop.open()
    shop.write("a.txt", "a")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        shop.make("b.txt", "b", full)
    again = Workshop(tmp_path / "out")
    again.open()
    again.write("a.txt", "a")
    assert again.taken == ["a.txt"]
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "mine"
    shutil.copytree(folder, other)
    (other / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds notes\.txt, which was not published"):
        Workshop(other).open()
    assert (other / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("swap", [True, False])
def test_delivery_puts_the_new_folder_in_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: bool
) -> None:
    if not swap:
        monkeypatch.setattr(workshop.ctypes, "CDLL", lambda *_, **__: object())
    for words in ("first", "second"):
        shop = Workshop(tmp_path / "out")
        shop._last = {}
        shop.folder.mkdir(parents=True, exist_ok=True)
        shop.write("a.txt", words)
        shop.deliver()
        assert (tmp_path / "out" / "a.txt").read_text() == words
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
