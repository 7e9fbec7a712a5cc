"""Sections of the film in a notebook: `from ngpt_film import clip, still`.

What is shown is embedded, so that it stays with the notebook and with what is exported from it:
nothing is fetched, and no file beside it is needed. Nothing of Manim is imported: a notebook may
have imported scenes that have changed since, and what draws is another process.
"""

from __future__ import annotations

import base64
import html
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_film import shots
from ngpt_film.outline import Target, target
from ngpt_film.quality import QUALITIES, quality
from ngpt_film.shots import Shot, Status
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT
from scenes.stage.section import Section

SMALL = ("draft", "preview")
"""The qualities that are small enough to be embedded."""

FIGURE = (
    '<figure style="margin: 0; max-width: {width}px">{picture}'
    '<figcaption style="font: 14px/1.5 sans-serif; margin-top: 4px"><b>{title}</b> '
    '<code>{name}</code> {mark}<br><span style="opacity: 0.75">{says}</span></figcaption></figure>'
)
STALE = (
    '<b style="color: #0d1117; background: #f7d96f; padding: 0 6px; border-radius: 3px">stale</b> '
    "<span>{why}; <code>clip({name!r}, render=True)</code> renders it</span>"
)


class NotebookError(UsageError):
    """An error of one line, which notebooks show as such, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"error: {self}"]


@dataclass(frozen=True, slots=True)
class Clip:
    """A section's clip. `why` says what made it stale; nothing when it is fresh."""

    name: str
    section: Section
    path: Path
    seconds: float
    width: int
    why: tuple[str, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether it shows the section as it would be drawn now."""
        return not self.why

    def __repr__(self) -> str:
        state = "fresh" if self.fresh else f"stale: {', '.join(self.why[:3])}"
        return f"<clip of {self.name}, {self.seconds:.1f} s, {state}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.path.read_bytes()).decode()
        video = (
            '<video controls muted loop playsinline style="display: block; width: 100%" '
            f'src="data:video/mp4;base64,{data}"></video>'
        )
        why = html.escape(", ".join(self.why[:3]))
        mark = "" if self.fresh else STALE.format(why=why, name=self.name)
        return _figure(self, video, mark)


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a section, drawn from what the sources are now."""

    name: str
    section: Section
    path: Path
    width: int

    def __repr__(self) -> str:
        return f"<still of {self.name}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.path.read_bytes()).decode()
        words = html.escape(self.section.title, quote=True)
        picture = f'<img alt="{words}" style="width: 100%" src="data:image/png;base64,{data}">'
        return _figure(self, picture, "")


def _figure(shown: Clip | Still, picture: str, mark: str) -> str:
    return FIGURE.format(
        width=shown.width,
        picture=picture,
        title=html.escape(shown.section.title),
        name=html.escape(shown.name),
        mark=mark,
        says=html.escape(" ".join(shown.section.says)),
    )


def clip(name: str, *, render: bool = False, quality_name: str = "draft", width: int = 640) -> Clip:
    """The clip of a section, `CHAPTER:SECTION`, `width` pixels wide, to be shown in a notebook.

    A clip that is older than its sources says so, and why. With `render`, one that is stale or
    missing is rendered first, in a process of its own.

    Raises:
        NotebookError: there is no such section or quality, it has never been rendered, or it
            cannot be.
    """
    try:
        found = _section(name)
        shot = _shot(found, quality_name)
        status = shots.status(shot)
        if render and not status.fresh:
            _render(name, quality_name)
            shot = _shot(found, quality_name)
            status = shots.status(shot)
        return _clip(found, status, width)
    except StudioError as error:
        raise NotebookError(error.problem, error.remedy) from None


def still(
    name: str, at: str | float = "end", *, quality_name: str = "draft", width: int = 640
) -> Still:
    """One frame of a section, `CHAPTER:SECTION`: at a fraction of it, or what it ends with.

    It is drawn when it is asked for first; then it is kept as long as nothing it depends on
    changes.

    Raises:
        NotebookError: there is no such section, place or quality, or it cannot be drawn.
    """
    try:
        found = _section(name)
        shot = _shot(found, quality_name)
        path = shot.renders / "stills" / f"{found.name}-{shot.path.stem[-16:]}-{at}.png"
        if not path.is_file():
            _ngpt("still", name, "-q", quality_name, "--at", str(at), "--out", str(path))
        return Still(name, _declared(found), path, width)
    except StudioError as error:
        raise NotebookError(error.problem, error.remedy) from None


def _section(name: str) -> Target:
    """The section of that name. Raises UsageError where it names none, or a whole chapter."""
    if not isinstance(name, str):
        raise UsageError(f"{name!r} is no name of a section", 'give "CHAPTER:SECTION"')
    found = target(name)
    if found.section is None:
        names = ", ".join(s.name for s in found.outline.sections)
        raise UsageError(f"{name} is a chapter", f"choose one of its sections: {names}")
    return found


def _declared(found: Target) -> Section:
    [section] = found.sections
    return section


def _shot(found: Target, quality_name: str) -> Shot:
    if quality_name not in SMALL:
        known = quality_name in (each.name for each in QUALITIES)
        why = "too large for a notebook" if known else "no quality"
        raise UsageError(f"{quality_name} is {why}", f"use {' or '.join(SMALL)}")
    [shot] = shots.plan((found,), quality(quality_name))
    return shot


def _clip(found: Target, status: Status, width: int) -> Clip:
    """The clip as it is, or the newest of its older versions."""
    shot = status.shot
    version = shots.newest(shot) if not status.fresh else shots.Version(shot.path, status.card)
    if version is None:
        quality_name = shot.quality.name
        ways = f"clip({shot.name!r}, render=True) or `ngpt render {shot.name} -q {quality_name}`"
        raise UsageError(f"{shot.name} has never been rendered in {quality_name} quality", ways)
    section = _declared(found)
    return Clip(shot.name, section, version.path, version.seconds, width, status.why)


def _render(name: str, quality_name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="ngpt-clip-") as folder:
        _ngpt("render", name, "-q", quality_name, "--out", str(Path(folder, "film.mp4")))


def _ngpt(*arguments: str) -> None:
    """Run the command line in a process of its own. Raises StudioError with what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "ngpt_film", *arguments],
        cwd=ROOT, env={**os.environ, "NGPT_DEBUG": ""}, text=True, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        problem, _, remedy = (lines or ["error: ngpt failed"])[0][7:].partition("; ")
        raise StudioError(problem, remedy or "mend it and run the cell again")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext ngpt_film`: cells that begin with `%%manim` draw and encode as the film does.

    Their videos are embedded in the notebook.
    """
    import manim
    from manim import config
    from manim.utils.ipython_magic import ManimMagic

    from ngpt_film.plugin import activate
    from scenes.stage.style import COLOUR

    # `from manim import *`, as cells have it, would put Manim's helper for numbers over `clip`.
    vars(manim).pop("clip", None)
    shell.register_magics(ManimMagic)
    config.media_embed = True
    config.media_width = "640px"
    config.background_color = COLOUR.ground
    config.verbosity = "WARNING"
    config.progress_bar = "none"
    activate()
