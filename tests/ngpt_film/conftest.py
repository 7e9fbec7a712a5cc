"""Small studios for tests: laid out, filmed, and copied to be edited, damaged and killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_studio import Studio


@pytest.fixture(scope="session")
def laid_studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A studio that nobody changes; `copy_studio` gives one to change."""
    studio = Studio(tmp_path_factory.mktemp("studio"))
    studio.lay()
    return studio


@pytest.fixture(scope="session")
def filmed_studio(laid_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """The same with its film rendered in draft quality."""
    root = tmp_path_factory.mktemp("filmed") / "studio"
    shutil.copytree(laid_studio.root, root)
    studio = Studio(root)
    done = studio.ngpt("render", "-q", "draft")
    assert done.returncode == 0, done.stderr
    return studio


@pytest.fixture
def copy_studio(tmp_path: Path) -> Callable[[Studio], Studio]:
    """Copies a studio to a folder of the test's own."""

    def copy(studio: Studio) -> Studio:
        root = tmp_path / "studio"
        shutil.copytree(studio.root, root)
        return Studio(root)

    return copy
