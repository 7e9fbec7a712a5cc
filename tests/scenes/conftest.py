"""Manim's own files go to a temporary folder; nothing is drawn on a screen or kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from manim import tempconfig

from ngpt_math.recordings import SlerpVsLerp, load


@pytest.fixture(scope="module", autouse=True)
def quiet_manim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tiny frame, no files. By module, so that tests of other folders are not drawn like this."""
    settings = {
        "media_dir": str(tmp_path_factory.mktemp("manim")),
        "pixel_width": 64,
        "pixel_height": 36,
        "dry_run": True,
        "progress_bar": "none",
        "verbosity": "ERROR",
    }
    with tempconfig(settings):
        yield


@pytest.fixture(scope="session")
def recording() -> SlerpVsLerp:
    """The shipped recording of chapter 4."""
    return load(SlerpVsLerp)
