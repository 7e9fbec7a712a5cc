"""A small film made by the real command, then edited, damaged, interrupted and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import ffmpeg
import pytest
from small_studio import descendants

TINY = ("slides", "drifts", "wobbles", "steps")


def shots(studio) -> dict[str, bytes]:
    return {k: v for k, v in studio.files("renders/shots").items() if k.endswith(".mp4")}


def probe(path: Path) -> dict:
    return ffmpeg.probe(str(path), show_chapters=None)


def wait_for_worker(process: subprocess.Popen) -> int:
    """A process of the running render that draws a shot."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for pid in descendants(process.pid):
            partial = list(open_files(pid))
            if any(".mp4." in name and name.endswith(".partial") for name in partial):
                return pid
        time.sleep(0.005)
    raise AssertionError("no shot was being drawn")


def open_files(pid: int) -> list[str]:
    try:
        return [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []


def test_film_is_whole(filmed_studio) -> None:
    film = filmed_studio.root / "renders" / "ngpt.mp4"
    found = probe(film)
    (video,) = (s for s in found["streams"] if s["codec_type"] == "video")
    assert (video["width"], video["height"], video["avg_frame_rate"]) == (854, 480, "15/1")
    assert video["color_space"] == video["color_primaries"] == video["color_transfer"] == "bt709"
    titles = [chapter["tags"]["title"] for chapter in found["chapters"]]
    assert titles == [
        "1 A tiny chapter: It slides",
        "1 A tiny chapter: It drifts",
        "1 A tiny chapter: It wobbles",
        "1 A tiny chapter: It steps",
        "2 Another: A square",
    ]
    ends = [float(c["end_time"]) for c in found["chapters"]]
    starts = [float(c["start_time"]) for c in found["chapters"]]
    assert starts == [0.0, *ends[:-1]]
    assert abs(ends[-1] - int(video["nb_frames"]) / 15) < 1e-3
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index belongs first"


def test_captions_lie_beside_the_film(filmed_studio) -> None:
    for ending in (".srt", ".vtt"):
        text = (filmed_studio.root / "renders" / f"ngpt{ending}").read_text()
        assert "Then it drifts, a little at a time." in text


def test_nothing_else_is_left(filmed_studio) -> None:
    names = {Path(name).name for name in filmed_studio.files("renders")}
    assert not [name for name in names if "partial" in name]
    assert {n for n in names if n.startswith("ngpt")} == {
        "ngpt.mp4", "ngpt.srt", "ngpt.vtt", "ngpt.card.json",
    }  # fmt: skip


def test_second_call_renders_nothing(filmed_studio) -> None:
    before = filmed_studio.files("renders")
    done = filmed_studio.ngpt("render", "-q", "draft", "--json")
    report = json.loads(done.stdout)
    assert report["rendered"] == []
    assert report["path"] == str(filmed_studio.root / "renders" / "ngpt.mp4")
    assert [s["title"] for s in report["sections"]][-1] == "2 Another: A square"
    assert filmed_studio.files("renders") == before


def test_one_section_makes_a_film_of_its_own(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    done = studio.ngpt("render", "tiny:drifts", "-q", "draft", "--json")
    report = json.loads(done.stdout)
    assert report["rendered"] == []
    assert Path(report["path"]).name == "tiny.drifts.mp4"
    frames = next(s for s in probe(Path(report["path"]))["streams"] if "width" in s)["nb_frames"]
    assert int(frames) == report["frames"] > 0


def test_parallel_and_serial_give_the_same_bytes(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    parallel = shots(studio)
    for path in (studio.root / "renders").rglob("*.mp4"):
        path.unlink()
    done = studio.ngpt("render", "-q", "draft", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert shots(studio) == parallel


def test_status_says_what_is_stale_and_why(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    told = json.loads(studio.ngpt("status", "-q", "draft", "--json").stdout)
    assert all(row["fresh"] for row in told)
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.6")
    told = {r["section"]: r for r in json.loads(
        studio.ngpt("status", "-q", "draft", "--json").stdout)}  # fmt: skip
    assert {name for name, row in told.items() if not row["fresh"]} == {
        "tiny:drifts", "tiny:wobbles", "tiny:steps",
    }  # fmt: skip
    assert told["tiny:drifts"]["why"] == ["scenes.tiny_parts.NEAR changed"]
    words = studio.ngpt("status", "tiny", "-q", "draft").stdout
    assert "stale  tiny:drifts  scenes.tiny_parts.NEAR changed" in words
    assert "1 of 4 sections are fresh (draft)" in words
    hd = json.loads(studio.ngpt("status", "other", "--json").stdout)
    assert [row["why"] for row in hd] == [["never rendered"]]


def test_only_what_is_stale_is_rendered(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    before = shots(studio)
    studio.edit("scenes/tiny.py", "LEFT * float(step)", "2 * LEFT * float(step)")
    report = json.loads(studio.ngpt("render", "-q", "draft", "--json").stdout)
    assert report["rendered"] == ["tiny:steps"]
    assert set(shots(studio)) > set(before)


def test_altered_shot_is_rendered_again(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    before = shots(studio)
    path = next((studio.root / "renders").rglob("drifts-*.mp4"))
    path.write_bytes(path.read_bytes()[:-100])
    report = json.loads(studio.ngpt("render", "-q", "draft", "--json").stdout)
    assert report["rendered"] == ["tiny:drifts"]
    assert shots(studio) == before


def test_new_words_make_new_captions_only(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    before = shots(studio)
    studio.edit("scenes/tiny.py", "It wobbles about its place.", "It trembles.")
    report = json.loads(studio.ngpt("render", "-q", "draft", "--json").stdout)
    assert report["rendered"] == []
    assert "It trembles." in (studio.root / "renders/ngpt.srt").read_text()
    assert shots(studio) == before


def test_file_read_while_drawing_counts(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    studio.write("assets/factor.txt", "1.0")
    factor = "float(open(ROOT / 'assets/factor.txt').read())"
    studio.edit("scenes/other.py", "Square()", f"Square(side_length={factor})")
    studio.edit("scenes/other.py", "from manim", "from ngpt_math.files import ROOT\nfrom manim")
    assert studio.ngpt("render", "-q", "draft").returncode == 0
    studio.write("assets/factor.txt", "2.0")
    told = json.loads(studio.ngpt("status", "-q", "draft", "--json").stdout)
    assert [r["why"] for r in told if not r["fresh"]] == [["assets/factor.txt changed"]]
    report = json.loads(studio.ngpt("render", "-q", "draft", "--json").stdout)
    assert report["rendered"] == ["other:square"]


def test_failing_section_is_named_and_the_others_are_kept(
    filmed_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(filmed_studio)
    old_film = (studio.root / "renders/ngpt.mp4").read_bytes()
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.7")
    studio.edit("scenes/tiny.py", "LEFT * float(step)", "LEFT * (1 / 0)")
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    assert "error: tiny:steps failed: ZeroDivisionError: division by zero" in done.stderr
    assert "(scenes/tiny.py, line " in done.stderr
    assert "Traceback" not in done.stderr
    assert (studio.root / "renders/ngpt.mp4").read_bytes() == old_film
    told = json.loads(studio.ngpt("status", "-q", "draft", "--json").stdout)
    assert {row["section"] for row in told if not row["fresh"]} == {"tiny:steps"}


def test_error_that_only_drawing_meets_is_named_too(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    broken = "square = Square()\n        square.points = None\n        self.add(square)"
    studio.edit("scenes/other.py", "self.add(Square())", broken)
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    assert "error: other:square failed: " in done.stderr


def test_syntax_error_is_one_line(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    studio.edit("scenes/tiny_parts.py", "FAR = 2.0", "FAR = = 2.0")
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    assert done.stderr == "error: scenes/tiny_parts.py, line 5: invalid syntax; mend it\n"


def slow(studio) -> None:
    """Make the tiny chapter long enough to be interrupted."""
    studio.edit("scenes/tiny.py", "self.play(Slide(self.dot), run_time=0.4)",
                "self.play(Slide(self.dot), run_time=20)")  # fmt: skip


def test_killed_worker_changes_nothing(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    slow(studio)
    process = studio.start("render", "tiny:slides", "-q", "draft")
    os.kill(wait_for_worker(process), signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "tiny:slides starts again: its process died (signal 9" in said
    killed = shots(studio)
    for path in (studio.root / "renders").rglob("slides-*"):
        path.unlink()
    assert studio.ngpt("render", "tiny:slides", "-q", "draft").returncode == 0
    again = {name: data for name, data in shots(studio).items() if "slides" in name}
    assert len(again) == 1
    assert again.items() <= killed.items()


def test_interrupt_ends_all_processes_and_keeps_what_is_done(
    filmed_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(filmed_studio)
    slow(studio)
    before = studio.files("renders")
    process = studio.start("render", "-q", "draft")
    wait_for_worker(process)
    children = descendants(process.pid)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert time.monotonic() - began < 2
    assert process.returncode == 130
    last = said.strip().splitlines()[-1]
    assert last == "stopped; what is done is kept, and the same command goes on from there"
    assert "Traceback" not in said
    assert not [pid for pid in children if Path("/proc", str(pid)).exists()]
    after = studio.files("renders")
    assert {k: after[k] for k in before} == before
    assert not [name for name in after if "partial" in name]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_parent_takes_its_children_along_and_the_next_run_goes_on(
    filmed_studio, copy_studio: Callable, how: signal.Signals
) -> None:
    studio = copy_studio(filmed_studio)
    slow(studio)
    process = studio.start("render", "-q", "draft")
    wait_for_worker(process)
    children = descendants(process.pid)
    process.send_signal(how)
    process.communicate(timeout=10)
    deadline = time.monotonic() + 5
    while [pid for pid in children if Path("/proc", str(pid)).exists()]:
        assert time.monotonic() < deadline, "a process outlived its parent"
        time.sleep(0.02)
    studio.edit("scenes/tiny.py", "run_time=20", "run_time=0.4")
    report = json.loads(studio.ngpt("render", "-q", "draft", "--json").stdout)
    assert report["rendered"] == []
    assert not [name for name in studio.files("renders") if "partial" in name]


def test_full_disk_is_one_line_and_leaves_the_old_film(
    filmed_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(filmed_studio)
    before = studio.files("renders")
    sound = "            os.fsync(written.fileno())\n"
    full = sound + "            if path.suffix == '.mp4': raise OSError(28, 'No space left')\n"
    studio.edit("ngpt_math/files.py", sound, full)
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.7")
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert errors == ["error: the disk is full; free some space, then run the same command again"]
    assert studio.files("renders") == before
    studio.edit("ngpt_math/files.py", full, sound)
    assert studio.ngpt("render", "-q", "draft").returncode == 0


@pytest.mark.parametrize("who", ["join", "ffmpeg"])
def test_full_disk_while_joining_is_the_same_line(
    filmed_studio, copy_studio: Callable, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    studio = copy_studio(filmed_studio)
    (studio.root / "renders/ngpt.card.json").unlink()
    before = studio.files("renders")
    if who == "join":
        studio.edit("ngpt_film/mastering.py", "join(segments, joined)", "raise OSError(28, '')")
    else:
        told = "av_interleaved_write_frame(): No space left on device"
        (studio.root / "ffmpeg").write_text(f"#!/bin/sh\necho '{told}' >&2\nexit 1\n")
        (studio.root / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", f"{studio.root}:{os.environ['PATH']}")
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    assert done.stderr == (
        "error: the disk is full; free some space, then run the same command again\n"
    )
    assert studio.files("renders") == before


def test_missing_ffmpeg_is_one_line(
    laid_studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = laid_studio.ngpt("render", "-q", "draft")
    assert done.returncode == 1
    assert done.stderr == "error: ffmpeg is not installed; on Debian: apt-get install ffmpeg\n"


def test_two_renders_do_not_meet(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    slow(studio)
    process = studio.start("render", "-q", "draft")
    wait_for_worker(process)
    second = studio.ngpt("render", "-q", "draft")
    assert second.returncode == 1
    assert second.stderr == "error: another render is at work in renders/; wait for it to end\n"
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=10)


def test_source_changed_while_drawing_makes_no_shot(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    slow(studio)
    process = studio.start("render", "tiny:slides", "-q", "draft")
    wait_for_worker(process)
    studio.edit("scenes/tiny_parts.py", "FAR = 2.0", "FAR = 1.0")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: scenes.tiny_parts.FAR changed while tiny:slides was drawn; run" in said
    assert len([name for name in shots(studio) if "slides" in name]) == 1


def test_sheet_and_still(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    done = studio.ngpt("sheet", "other")
    assert done.stdout == "renders/other.sheet.png\n", done.stderr
    done = studio.ngpt("still", "other:square", "-q", "draft", "--at", "0.5")
    assert done.stdout == "renders/other.square.0.5.png\n", done.stderr
    for name in ("other.sheet.png", "other.square.0.5.png"):
        assert (studio.root / "renders" / name).read_bytes().startswith(b"\x89PNG")
