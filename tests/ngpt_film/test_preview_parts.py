"""What the preview is made of: hearing of files, importing anew, processes, words about faults."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from small_studio import Studio

from ngpt_film.previewing import watch
from ngpt_film.previewing.views import View, fault
from ngpt_math.errors import UsageError
from ngpt_math.files import ROOT
from ngpt_math.recordings import default_path
from scenes.film import FILM
from scenes.stage.section import Section


def test_files_that_sections_depend_on_count() -> None:
    counted = ["scenes/a.py", "scenes/stage/b.py", "assets/recordings/a.safetensors", "manim.cfg",
               "assets/recordings/a.card.json", "assets/fonts/a.ttf"]  # fmt: skip
    others = ["scenes/a.pyc", "scenes/.a.py.swp", "scenes/.#a.py", "scenes/a.py~", "README.md",
              "assets/recordings/.a.safetensors.x.partial", "setup.py"]  # fmt: skip
    assert all(watch.counts(ROOT / name) for name in counted)
    assert not any(watch.counts(ROOT / name) for name in others)


def test_saves_are_heard_together_however_they_are_made(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(watch, "ROOT", tmp_path)
    scenes = tmp_path / "scenes" / "stage"
    scenes.mkdir(parents=True)
    heard, news = [], threading.Event()

    def hear(paths: frozenset[Path]) -> None:
        heard.append(paths)
        news.set()

    with watch.watching(hear):
        (scenes / ".new").write_text("x = 1")
        (scenes / ".new").replace(scenes / "moved.py")
        (scenes / "written.py").write_text("y = 1")
        assert news.wait(10)
        assert heard == [frozenset({scenes / "moved.py", scenes / "written.py"})]
        news.clear()
        (scenes / "written.py").read_text()
        (scenes / "other.txt").write_text("z")
        assert not news.wait(0.3), "reading, and files of other kinds, are no news"


REFRESH = """
import sys
from pathlib import Path
from ngpt_film.previewing.reload import Modules
modules = Modules()
from scenes import tiny, tiny_parts
from scenes.stage import text, style
modules.learn()
assert modules.refresh() == set()
parts, style_file = Path("scenes/tiny_parts.py"), Path("scenes/stage/style.py")
parts.write_text(parts.read_text().replace("0.5", "0.7"))
assert modules.refresh() == {"scenes.tiny", "scenes.tiny_parts"}, modules
assert not Path(tiny_parts.__cached__).exists()
from scenes import tiny as tiny_now
from scenes.tiny_parts import NEAR
assert NEAR == 0.7 and tiny_now is not tiny and tiny_now.tiny_parts is not tiny_parts
assert sys.modules["scenes.stage.text"] is text and tiny_now.Chapter is tiny.Chapter
modules.learn()
style_file.write_text(style_file.read_text() + "X = 1\\n")
stale = modules.refresh()
assert {"scenes.tiny", "scenes.stage.style", "scenes.stage.text", "scenes.stage.chapter"} <= stale
assert "scenes.tiny_parts" not in stale and "scenes.film" not in stale
print("all as it should be")
"""


def test_what_changed_is_imported_anew_and_all_that_imports_it(
    laid_studio: Studio, copy_studio
) -> None:
    assert copy_studio(laid_studio).python(REFRESH) == "all as it should be\n"


def test_a_fault_names_file_and_line_and_shows_the_source() -> None:
    told = fault("NameError: name 'x' is not defined (scenes/stage/section.py, line 3)", "trace")
    assert (told["file"], told["number"]) == ("scenes/stage/section.py", 3)
    lines = (ROOT / "scenes/stage/section.py").read_text().splitlines()
    assert told["source"] == list(enumerate(lines[:6], 1))
    nowhere = fault("the disk is full")
    assert (nowhere["file"], nowhere["source"]) == ("", [])


def test_a_view_has_its_captions_at_the_clips_own_times() -> None:
    section = Section("a", "A", ("One line.", "And another."), False, ())
    view = View(FILM[0], section, frames=60, fps=15)
    spoken = view.document()["cues"]
    assert [c["text"] for c in spoken] == ["One line.", "And another."]
    assert spoken[0]["start"] == 0
    assert spoken[-1]["end"] <= 4.0


ZYGOTE_DIES = """
import os, signal, sys, time
from pathlib import Path
from ngpt_film.previewing.processes import Processes
folder = Path(sys.argv[1])
(folder / "temporary").mkdir()
processes = Processes(folder)
first = processes._process.pid
os.kill(first, signal.SIGKILL)
processes._process.wait()
request = {"do": "draw", "chapter": "nosuch", "sections": {}, "ahead": "", "quality": "draft",
           "recordings": "", "environment": "", "folder": str(folder)}
forked = processes.fork(request)
assert processes._process.pid != first
kinds = []
while (news := forked.hear())[0] != "died":
    kinds.append(news)
forked.end()
processes.close()
assert [kind for kind, _ in kinds] == ["began", "failed", "done"], kinds
print(kinds[1][1]["line"])
"""


def test_a_zygote_that_was_killed_is_replaced_and_faults_are_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ZYGOTE_DIES, str(tmp_path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "there is no chapter 'nosuch'; it was taken out of scenes/film.py\n"


def test_wrong_names_and_ports_are_one_line(laid_studio: Studio) -> None:
    wrong = laid_studio.ngpt("preview", "tiny:nosuch")
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines() == [
        "error: tiny has no section 'nosuch'; its sections are: slides, drifts, wobbles, steps"
    ]
    first = laid_studio.start("preview", "tiny")
    assert first.stdout is not None
    port = first.stdout.readline().strip().rstrip("/").rpartition(":")[2]
    taken = laid_studio.ngpt("preview", "tiny", "--port", port)
    assert taken.returncode == 1
    assert taken.stderr == f"error: port {port} cannot be had; choose another with --port\n"
    first.send_signal(signal.SIGINT)
    assert first.communicate(timeout=20)[1].endswith("the preview has ended\n")


def test_a_preview_of_other_models(tmp_path: Path) -> None:
    """It lists the chapters that the folder has recordings of, and draws these."""
    from ngpt_film import outline
    from ngpt_film.preview_command import _first_shown
    from ngpt_film.previewing.draw import _entry

    shutil.copy(default_path("attention"), tmp_path)
    shutil.copy(default_path("attention").with_suffix(".card.json"), tmp_path)
    film = outline.film_of(tmp_path)
    assert _first_shown(None, film) == (None, "attention:recall")
    with pytest.raises(UsageError, match="the chapters are: attention"):
        _first_shown("opening", film)
    assert _entry("attention", str(tmp_path)).recording == tmp_path / "attention.safetensors"
    assert _entry("attention", "").recording is None
