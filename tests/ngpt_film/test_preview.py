"""`ngpt preview` in a real browser: what is saved is shown, broken things say what is wrong."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import chromium, until
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from small_studio import Studio, descendants

TINY = "scenes/tiny.py"
SAVED = (TINY, "scenes/film.py", "assets/recordings/tiny.safetensors")
"""What tests damage: whatever becomes of a test, the next one finds them whole."""


def start(studio: Studio, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        studio.command("preview", "tiny:drifts"), cwd=studio.root, text=True,
        env={**studio.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


class Preview:
    """A preview of a small studio, and the page that shows it."""

    def __init__(self, studio: Studio, browser: Chrome) -> None:
        self.studio, self.browser = studio, browser
        self.process = start(studio, {"PATH": "/nothing"})  # where there is no ffmpeg either
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        browser.get(self.address)

    def ask(self, expression: str):
        """A value of the page's script, where `s` is the section it shows."""
        return self.browser.execute_script(f"const s = current(); return {expression}")

    def wait(self, expression: str):
        return until(lambda: self.ask(expression), expression)

    def is_fresh(self) -> str:
        """Wait until the clip in the player is that of the section as it is now."""
        return self.wait("s && s.state === 'fresh' && loaded === s.clip && loaded")

    def text(self, selector: str) -> str:
        """What stands there; asked for in one go, as the page may write it anew meanwhile."""
        script = "return document.querySelector(arguments[0]).innerText.trim()"
        return self.browser.execute_script(script, selector)

    def press(self, *keys: str) -> None:
        self.browser.find_element(By.TAG_NAME, "body").send_keys(*keys)

    def pixel(self, of: str, x: float, y: float) -> list[int]:
        """The colour of a picture or the player at a place, in fractions of its size."""
        return self.browser.execute_script(
            "const m = document.getElementById(arguments[0]), c = document.createElement('canvas');"
            "c.width = 854; c.height = 480; const g = c.getContext('2d');"
            "g.drawImage(m, 0, 0, 854, 480);"
            "return [...g.getImageData(854 * arguments[1], 480 * arguments[2], 1, 1).data]",
            of, x, y,
        )  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def preview(
    laid_studio: Studio, browser: Chrome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Preview]:
    root = tmp_path_factory.mktemp("previewed") / "studio"
    shutil.copytree(laid_studio.root, root)
    shown = Preview(Studio(root), browser)
    yield shown
    shown.process.send_signal(signal.SIGINT)
    assert shown.process.wait(20) == 0


@pytest.fixture
def source(preview: Preview) -> Iterator[Studio]:
    """The previewed studio; what a test saves is taken back, and shown again, after it."""
    kept = {name: (preview.studio.root / name).read_bytes() for name in SAVED}
    yield preview.studio
    for name, content in kept.items():
        if (preview.studio.root / name).read_bytes() != content:
            (preview.studio.root / name).write_bytes(content)
    preview.browser.execute_script("choose('tiny:drifts')")
    preview.is_fresh()


def test_the_section_asked_for_plays(preview: Preview) -> None:
    preview.is_fresh()
    assert preview.text("h1") == "It drifts"
    assert preview.ask("[video.videoWidth, video.videoHeight, s.frames]") == [854, 480, 24]
    preview.wait("video.currentTime > 0.2")
    assert preview.text("#caption") == "Then it drifts, a little at a time."


def test_all_sections_are_drawn_once_the_shown_one_is(preview: Preview) -> None:
    preview.wait("sections().every(s => s.state === 'fresh')")
    kept = preview.studio.root / "renders/shots/draft/tiny"
    until(lambda: len(list(kept.glob("*.card.json"))) == 4, "four shots that are kept")
    rendered = preview.studio.ngpt("status", "tiny", "-q", "draft").stdout
    assert rendered.endswith("4 of 4 sections are fresh (draft)\n"), "`ngpt render` has them too"


def test_a_save_shows_the_last_frame_first_and_then_the_clip(
    preview: Preview, source: Studio
) -> None:
    before = preview.is_fresh()
    others = preview.ask("sections().slice(0, 1).map(s => s.clip)")
    source.edit(TINY, "self.dot.add_updater(tiny_parts.drift)\n        self.wait(0.4)",
                "self.dot.add_updater(tiny_parts.drift)\n        self.wait(1.4)")  # fmt: skip
    preview.wait("!$('still').hidden && $('still').complete && $('still').naturalWidth")
    assert preview.text("#badge") == "last frame · the clip is coming"
    assert preview.is_fresh() != before
    took = preview.ask("s.took")
    assert took["still"] < took["clip"]
    assert preview.ask("s.frames") == 39
    assert preview.ask("sections().slice(0, 1).map(s => s.clip)") == others, "the first is the same"


def test_two_quick_saves_of_the_same_size_are_both_seen(preview: Preview, source: Studio) -> None:
    preview.is_fresh()
    clips = {preview.ask("s.clip")}
    line = "self.dot.add_updater(tiny_parts.drift)"
    for old, new in (
        (line, f"self.dot.scale(8).set_x(1); {line}"),
        ("(1);", "(2);"),
        ("(2);", "(3);"),
    ):
        source.edit(TINY, old, new)
        until(lambda: preview.ask("s.clip") not in clips, "a clip of this save")
        clips.add(preview.is_fresh())
    preview.press(Keys.END)
    preview.wait("video.paused && !video.seeking && video.currentTime > 1")
    centre = 0.5 + 3 / (128 / 9)
    assert min(preview.pixel("clip", centre, 0.5)[:3]) > 200, "the dot stands where it was put last"


def test_a_broken_scene_says_where_and_recovers(preview: Preview, source: Studio) -> None:
    preview.is_fresh()
    broken = "self.dot.add_updater(tiny_parts.drift)"
    source.edit(TINY, broken, "self.dot.add_updater(tiny_parts.drifting)")
    # A file may be read while it is half written: what is wrong then is told, and soon mended.
    preview.wait("faultOf(s) && faultOf(s).line.includes('drifting')")
    number = (source.root / TINY).read_text().split("drifting")[0].count("\n") + 1
    assert "has no attribute 'drifting'" in preview.text("#fault h2")
    assert preview.text("#fault .place") == f"scenes/tiny.py, line {number}"
    assert "tiny_parts.drifting" in preview.text("#fault .here")
    source.edit(TINY, "tiny_parts.drifting)", "tiny_parts.drift")
    preview.wait("faultOf(s) && faultOf(s).line.includes('never closed')")
    assert preview.text("#fault .place") == f"scenes/tiny.py, line {number}"
    source.edit(TINY, "tiny_parts.drift\n", "tiny_parts.drift)  # mended\n")
    preview.is_fresh()
    assert not preview.browser.find_element(By.ID, "fault").is_displayed()


def test_a_section_that_is_deleted_is_told_of_and_comes_back(
    preview: Preview, source: Studio
) -> None:
    preview.is_fresh()
    whole = (source.root / TINY).read_text()
    before, rest = whole.split('    @section("It drifts"')
    source.write(
        TINY, before + '    @section("It wobbles"' + rest.split('    @section("It wobbles"')[1]
    )
    preview.wait("!$('gone').hidden")
    assert preview.text("#gone h2") == "“It drifts” is gone"
    source.write(TINY, whole)
    preview.is_fresh()
    assert not preview.browser.find_element(By.ID, "gone").is_displayed()


def test_a_film_that_cannot_be_read_says_where(preview: Preview, source: Studio) -> None:
    preview.is_fresh()
    whole = (source.root / "scenes/film.py").read_text()
    number = whole.count("\n") + 1
    for fault, told in (
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("FILM = (\n", f"scenes/film.py, line {number}: '(' was never closed; mend it"),
    ):
        source.write("scenes/film.py", whole + fault)
        until(lambda told=told: preview.text("#fault h2") == told, told)
        assert preview.text("#fault .place") == f"scenes/film.py, line {number}"
        assert preview.text("#fault .here").endswith(fault.strip())
    source.write("scenes/film.py", whole)
    preview.is_fresh()


def test_a_damaged_recording_is_told_of(preview: Preview, source: Studio) -> None:
    preview.is_fresh()
    recording = source.root / "assets/recordings/tiny.safetensors"
    whole = recording.read_bytes()
    recording.write_bytes(whole[:-4])
    preview.wait("faultOf(s) && faultOf(s).line.includes('is not the file its card describes')")
    recording.write_bytes(whole)
    preview.wait("!faultOf(s)")


def test_an_encoder_that_fails_and_a_full_disk_are_told_of(
    preview: Preview, source: Studio
) -> None:
    preview.is_fresh()
    encoder = "ngpt_film/encoder.py"
    whole = (source.root / encoder).read_text()
    work = "        self._container.mux(self._stream.encode(frame))"
    for fault, line in (
        ("raise RuntimeError('x264 gave up')", "RuntimeError: x264 gave up"),
        (
            "raise OSError(28, 'No space left on device')",
            "the disk is full; free some space, then press R",
        ),
    ):
        source.write(encoder, whole.replace(work, f"        {fault}"))
        until(lambda line=line: preview.text("#fault h2").startswith(line), line)
        assert preview.ask("Boolean(loaded)"), "the older picture stays"
    source.write(encoder, whole)
    preview.is_fresh()


def test_keys_step_scrub_loop_and_caption(preview: Preview) -> None:
    preview.is_fresh()
    preview.press(Keys.ARROW_DOWN)
    preview.wait("s.name === 'tiny:wobbles' && loaded === s.clip")
    preview.press(Keys.ARROW_UP)
    preview.wait("s.name === 'tiny:drifts' && loaded === s.clip")
    preview.press(Keys.END)
    preview.wait("video.paused && !video.seeking")
    last = preview.ask("video.currentTime")
    assert preview.ask("$('time').textContent").endswith("24/24")
    preview.press(Keys.ARROW_LEFT)
    preview.wait("!video.seeking")
    assert preview.ask("video.currentTime") == pytest.approx(last - 1 / 15, abs=0.02)
    assert preview.ask("$('time').textContent").endswith("23/24")
    preview.press("l")
    assert preview.ask("video.loop") is False
    preview.press("l")
    assert preview.ask("video.loop") is True
    assert preview.browser.find_element(By.ID, "caption").is_displayed()
    preview.press("c")
    assert not preview.browser.find_element(By.ID, "caption").is_displayed()
    preview.press("c", " ")
    preview.wait("!video.paused")


def test_pages_are_closed_in_the_middle_without_harm(preview: Preview) -> None:
    for _ in range(3):
        with urllib.request.urlopen(f"{preview.address}events", timeout=5) as news:
            news.readline()
    preview.browser.refresh()
    preview.is_fresh()


def ended(pids: set[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_outlives_it(
    laid_studio: Studio, copy_studio: Callable[[Studio], Studio], number: int, tmp_path: Path
) -> None:
    (tmp_path / "tmp").mkdir()
    studio = copy_studio(laid_studio)
    process = start(studio, {"TMPDIR": str(tmp_path / "tmp")})
    assert process.stdout is not None
    process.stdout.readline()
    until(lambda: len(descendants(process.pid)) > 1, "a process that draws")
    below = descendants(process.pid)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    told = ["previewing tiny:drifts; Ctrl-C ends it", "the preview has ended"]
    assert said.splitlines() == told[: 1 if number == signal.SIGKILL else 2]
    until(lambda: ended(below), "the end of all processes", 10)
    until(lambda: not list((tmp_path / "tmp").iterdir()), "the end of its folder", 10)


def test_a_warm_preview_that_is_killed_says_nothing(
    laid_studio: Studio, copy_studio: Callable[[Studio], Studio]
) -> None:
    process = start(copy_studio(laid_studio), {})
    assert process.stdout is not None
    with urllib.request.urlopen(f"{process.stdout.readline().strip()}events", timeout=60) as news:
        while b'"warm": true' not in news.readline():
            pass
    process.kill()
    _, said = process.communicate(timeout=20)  # when all who can write there have ended
    assert said == "previewing tiny:drifts; Ctrl-C ends it\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sends signals to threads")
def test_a_request_to_end_is_heard_whichever_thread_gets_it(
    laid_studio: Studio, copy_studio: Callable[[Studio], Studio]
) -> None:
    """As one that comes just before the main thread waits: nothing ends that wait."""
    process = start(copy_studio(laid_studio), {})
    assert process.stdout is not None
    process.stdout.readline()
    others = {int(p.name) for p in Path(f"/proc/{process.pid}/task").iterdir()} - {process.pid}
    assert ctypes.CDLL(None).tgkill(process.pid, max(others), signal.SIGTERM) == 0
    assert process.wait(15) == 0
