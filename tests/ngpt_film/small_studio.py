"""A small copy of the studio with a film of its own, to be edited, damaged and killed in tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ngpt_math.files import ROOT

FILM = """
from scenes.entry_of import Entry
FILM = (Entry(1, "tiny", "Tiny", "A tiny chapter"), Entry(2, "other", "Other", "Another"))
def entry(key):
    return next((e for e in FILM if e.key == key), None)
"""

RECORD = """
from dataclasses import dataclass
from typing import ClassVar
from ngpt_math.recordings.format import Array, Recording, array

@dataclass(frozen=True, eq=False)
class Tiny(Recording):
    chapter: ClassVar[str] = "tiny"
    steps: Array = array("how far the dot goes", "n", model="geometry")
    point: Array = array("where it looks", 3, model="geometry", unit_vectors=True)
"""

RECORDINGS = """
from ngpt_math.recordings.format import Recording, Traced, array, default_path, load, save
from ngpt_math.recordings.tiny import Tiny
CHAPTERS = {"tiny": Tiny}
"""

PARTS = '''
"""Parts of the tiny chapter."""
from manim import Animation, RIGHT

FAR = 2.0
NEAR = 0.5
UNUSED = 1

class Slide(Animation):
    """Slides a mobject."""
    def interpolate_mobject(self, alpha):
        self.mobject.set_x(FAR * alpha)

def drift(mobject, dt):
    mobject.shift(RIGHT * NEAR * dt)
'''

TINY = """
from manim import DOWN, Dot, LEFT, RIGHT, UP
from ngpt_math.recordings.tiny import Tiny as TinyRecord
from scenes import tiny_parts
from scenes.stage.chapter import Chapter, section
from scenes.tiny_parts import Slide


class Tiny(Chapter):
    key, number, heading, notebooks = "tiny", 1, "A tiny chapter", ()
    Record = TinyRecord

    def open_stage(self):
        super().open_stage()
        self.dot = Dot()
        self.add(self.dot)

    @section("It slides", says=("The dot slides to the right.",))
    def slides(self):
        self.play(Slide(self.dot), run_time=0.4)

    @section("It drifts", says=("Then it drifts, a little at a time.",), pause=True)
    def drifts(self):
        self.dot.add_updater(tiny_parts.drift)
        self.wait(0.4)
        self.dot.clear_updaters()

    @section("It wobbles", says=("It wobbles about its place.",))
    def wobbles(self):
        def follow(mobject):
            mobject.shift(UP * 0.01)
        self.dot.add_updater(follow)
        self.dot.add_updater(lambda mobject: self._wobble(mobject))
        self.wait(0.4)
        self.dot.clear_updaters()

    @section("It steps", says=("And it takes the steps that were recorded.",))
    def steps(self):
        for step in self.recording.steps:
            self.play(self.dot.animate.shift(LEFT * float(step)), run_time=0.2)

    def _wobble(self, mobject):
        mobject.shift(DOWN * 0.02)
"""

OTHER = """
from manim import Square
from ngpt_math.recordings.tiny import Tiny as TinyRecord
from scenes.stage.chapter import Chapter, section


class Other(Chapter):
    key, number, heading, notebooks = "other", 2, "Another", ()
    Record = TinyRecord

    @section("A square", says=("A square, and nothing more.",))
    def square(self):
        self.add(Square())
        self.wait(0.4)
"""

MAKE_RECORDING = """
import numpy as np
from ngpt_math.recordings import Tiny, default_path, save
tiny = Tiny(sources={}, steps=np.float32([0.5, 0.25]), point=np.float32([0, 0.6, 0.8]))
save(tiny, default_path("tiny"), "test")
"""


class Studio:
    """A copy of the project at `root` whose film has two tiny chapters."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lay(self) -> None:
        """Copy the project's own code and fonts, then put the tiny film in."""
        for package in ("ngpt_math", "scenes", "ngpt_film"):
            shutil.copytree(
                ROOT / package, self.root / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copytree(ROOT / "assets" / "fonts", self.root / "assets" / "fonts")
        shutil.copy(ROOT / "manim.cfg", self.root)
        entry = (ROOT / "scenes" / "film.py").read_text().split("\nFILM")[0]
        self.write("scenes/entry_of.py", entry)
        self.write("scenes/film.py", FILM)
        self.write("scenes/tiny.py", TINY)
        self.write("scenes/other.py", OTHER)
        self.write("scenes/tiny_parts.py", PARTS)
        self.write("ngpt_math/recordings/tiny.py", RECORD)
        self.write("ngpt_math/recordings/__init__.py", RECORDINGS)
        self.python(MAKE_RECORDING)

    def write(self, name: str, text: str) -> None:
        """Save a file as most editors do: nobody reads it half written."""
        new = self.root.with_name(f"{self.root.name}.saving")
        new.write_text(text)
        new.replace(self.root / name)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the one place where `old` stands."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def python(self, code: str) -> str:
        return self._run("-c", code, check=True).stdout

    def ngpt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line, as a person would."""
        return self._run("-m", "ngpt_film", *arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin to run the command line, as the leader of a group of processes."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root, env=self.environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        """How the command line is run."""
        return [sys.executable, "-m", "ngpt_film", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}

    def _run(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=self.environment, text=True, capture_output=True, check=check,
        )  # fmt: skip

    def files(self, folder: str = ".") -> dict[str, bytes]:
        """Every file below `folder` and its bytes; locks and compiled code left out."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts and path.name != ".lock"
        }


def descendants(pid: int) -> set[int]:
    """The processes below one, as Linux tells it."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, told(task).split()):
            found |= {child} | descendants(child)
    return found


def told(path: Path) -> str:
    """What a file of /proc says; nothing if its process or thread ended in between."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
