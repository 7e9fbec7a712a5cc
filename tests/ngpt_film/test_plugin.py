"""Plain `manim render` through the plugin, and without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ffmpeg
import pytest

from ngpt_math.files import ROOT

SCENE = """
from manim import *
class Still(Scene):
    def construct(self):
        print("RENDERED BY", self.renderer.__class__.__name__)
        self.add(Square(color="#58c4dd", fill_opacity=1).scale(2))
        self.wait(0.2)
"""


def manim_render(folder: Path, *, plugins: str) -> str:
    """Run Manim in `folder` as if the package were installed; what it printed."""
    info = folder / "site" / "ngpt_film-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ngpt-film\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[manim.plugins]\nngpt_film = ngpt_film.plugin\n")
    (folder / "scene.py").write_text(SCENE)
    (folder / "manim.cfg").write_text(f"[CLI]\nmedia_dir = out\nframe_rate = 60\n{plugins}\n")
    path = os.pathsep.join([str(info.parent), str(ROOT)])
    command = [
        "-m",
        "manim",
        "render",
        "scene.py",
        "Still",
        "--resolution",
        "320,180",
        "--progress_bar",
        "none",
    ]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("plugins", "renderer", "space"),
    [("plugins = ngpt_film", "FilmRenderer", "bt709"), ("", "CairoRenderer", None)],
)
def test_plugin_acts_only_where_it_is_named(
    tmp_path: Path, plugins: str, renderer: str, space: str | None
) -> None:
    assert f"RENDERED BY {renderer}\n" in manim_render(tmp_path, plugins=plugins)
    [film] = tmp_path.glob("out/videos/scene/*/Still.mp4")
    stream = ffmpeg.probe(str(film))["streams"][0]
    assert stream["nb_frames"] == "12"
    assert stream.get("color_space") == space
