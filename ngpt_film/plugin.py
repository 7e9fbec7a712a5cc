"""The Manim plugin: plain `manim render` draws and encodes as `ngpt render` does.

Manim imports every plugin that is installed, whether asked for or not; this one acts only where
manim.cfg names it (`plugins = ngpt_film`), so that other projects in the same environment keep
their Manim.
"""

from __future__ import annotations

from functools import partial

from manim import config


def activate() -> None:
    """Let every scene made from now on in this process draw and encode by this project's ways."""
    from manim.scene import scene

    from ngpt_film.file_writer import FilmFileWriter
    from ngpt_film.renderer import FilmRenderer

    scene.CairoRenderer = partial(  # type: ignore[assignment, misc]
        FilmRenderer, file_writer_class=FilmFileWriter
    )


if "ngpt_film" in config.plugins:
    activate()
