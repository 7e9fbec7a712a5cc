"""What the studio needs from the machine, checked one by one."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_film.fingerprint import version
from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS, read_card, shown

NEEDED = ("manim", "typst", "numpy", "scipy", "safetensors", "av", "ffmpeg-python", "click", "rich")
OPTIONAL = ("torch", "distributed", "skia-python", "python-pptx", "hibari-tts")
RESTORE = "restore it with `git checkout -- assets`"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and the remedy where it is not as it must be."""

    subject: str
    found: str
    failed: bool = False
    remedy: str = ""

    def line(self) -> str:
        """The check as a person reads it."""
        mark = "FAIL" if self.failed else "ok  "
        return f"{mark}  {self.subject}: {self.found}" + (f"; {self.remedy}" if self.remedy else "")

    def row(self) -> dict[str, Any]:
        """The check as a program reads it."""
        return {
            "subject": self.subject,
            "found": self.found,
            "ok": not self.failed,
            "remedy": self.remedy,
        }


def examine() -> list[Check]:
    """Everything, in an order that reads well."""
    return [_python(), *_packages(), _cairo(), _ffmpeg(), _fonts(), _device(), *assets(ASSETS)]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    return Check("Python", found, old, "install Python 3.11 or newer" if old else "")


def _packages() -> Iterator[Check]:
    for name in NEEDED:
        found = version(name)
        yield Check(name, found or "missing", found is None, "" if found else "run `make setup`")
    for name in OPTIONAL:
        found = version(name)
        yield Check(name, found or "not installed (rendering does without)")


def _cairo() -> Check:
    try:
        cairo, pango = importlib.import_module("cairo"), importlib.import_module("manimpango")
    except ImportError as error:
        remedy = "on Debian: apt-get install libcairo2-dev libpango1.0-dev, then `make setup`"
        return Check("cairo and pango", str(error), True, remedy)
    return Check("cairo and pango", f"{cairo.cairo_version_string()}, {pango.pango_version()}")


def _ffmpeg() -> Check:
    path = shutil.which("ffmpeg")
    if path is None or shutil.which("ffprobe") is None:
        return Check("ffmpeg", "missing", True, "on Debian: apt-get install ffmpeg")
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    return Check("ffmpeg", told.stdout.partition("\n")[0].removeprefix("ffmpeg version ")[:20])


def _fonts() -> Check:
    """That Pango draws with our fonts; their files are checked with the other assets."""
    try:
        fonts = importlib.import_module("scenes.stage.fonts")
        return Check("fonts", str(fonts.register()))
    except DamagedFile as error:
        return Check("fonts", error.problem, True, error.remedy)
    except ImportError as error:
        return Check("fonts", str(error), True, "run `make setup`")


def _device() -> Check:
    if version("torch") is None:
        return Check("device", "none: torch is not installed (training and recording need it)")
    torch: Any = importlib.import_module("torch")
    if torch.cuda.is_available():
        return Check("device", f"cuda, {torch.cuda.get_device_name()}")
    return Check("device", f"cpu, {torch.get_num_threads()} threads")


def assets(folder: Path) -> Iterator[Check]:
    """Each asset that has a card, against the sha256 in it."""
    cards = sorted(folder.rglob("*.card.json"))
    if not cards:
        yield Check("assets", f"none in {shown(folder)}", True, RESTORE)
    for card in cards:
        path = card.with_name(_spoken_of(card))
        try:
            found = read_card(path, RESTORE)
            yield Check(shown(path), f"sha256 {found['sha256'][:12]}… as its card says")
        except DamagedFile as error:
            yield Check(shown(path), error.problem, True, error.remedy)


def _spoken_of(card: Path) -> str:
    """The name of the file that a card is of, as it says itself, or guessed from its own."""
    try:
        return str(json.loads(card.read_text())["file"])
    except (ValueError, KeyError, TypeError):
        return card.name.removesuffix(".card.json")
