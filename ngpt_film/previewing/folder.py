"""The preview's own folder: what it draws, and in `page` all that its server gives out."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from ngpt_film import shots
from ngpt_film.shots import Shot
from ngpt_math.files import ASSETS, card_path, write_bytes
from scenes.stage.style import COLOUR

HERE = Path(__file__).parent / "page"
VERSIONS = 3  # of a section's pictures that are kept


def lay(folder: Path) -> Path:
    """Put the page and drawn text into an empty folder; returns the part that is given out."""
    page = served(folder)
    temporary(folder).mkdir()
    shutil.copytree(HERE, page)
    for path in (ASSETS / "fonts").glob("*.ttf"):
        shutil.copy(path, page)
    write_bytes(page / "palette.css", palette().encode())
    if (shots.RENDERS / "text").is_dir():
        ignored = shutil.ignore_patterns("*.partial")
        shutil.copytree(shots.RENDERS / "text", folder / "text", ignore=ignored)
    return page


def palette() -> str:
    """The film's colours for the page."""
    lines = [f"  --{f.name.replace('_', '-')}: {getattr(COLOUR, f.name)};" for f in fields(COLOUR)]
    return "\n".join([":root {", *lines, "}", ""])


def served(folder: Path) -> Path:
    """What the server gives out."""
    return folder / "page"


def temporary(folder: Path) -> Path:
    """Where those who draw put what they need for a moment: who is killed cannot clear it away."""
    return folder / "temporary"


def text(folder: Path) -> Path:
    """Where the one process that draws keeps its text: always here, as Manim knows text by path."""
    return folder / "drawing-text"


def still(shot: Shot) -> Path:
    """Where a shot's last frame goes."""
    return served(shot.renders) / "pictures" / f"{shot.entry.key}-{shot.path.stem}.png"


def show(shot: Shot, path: Path) -> str:
    """Have the server give out a shot's picture or clip; returns the address."""
    goal = still(shot).with_suffix(path.suffix)
    if path != goal and not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, goal)
        except OSError:  # on another disk
            shutil.copyfile(path, goal)
    _drop_older(goal.parent, f"{shot.entry.key}-{shot.section}-*{path.suffix}")
    return f"/pictures/{goal.name}"


def _drop_older(place: Path, pattern: str) -> None:
    found = sorted(place.glob(pattern), key=lambda path: path.stat().st_ctime)
    for path in found[:-VERSIONS]:
        path.unlink(missing_ok=True)


def keep(shot: Shot, kept: Shot) -> None:
    """Copy a whole shot to where `ngpt render` looks, if that can be written to."""
    with suppress(OSError):
        write_bytes(kept.path, shot.path.read_bytes())
        write_bytes(card_path(kept.path), card_path(shot.path).read_bytes())
        shots.remove_older((kept,))
