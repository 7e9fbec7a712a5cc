"""Small studios for tests: laid out, filmed, and copied to be edited, damaged and killed."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from small_studio import OTHER, TINY, Studio

# Tests that hang up would have no effect where the whole run is to outlive its terminal (`nohup`).
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The tiny chapter with sections that last long enough to be captioned and listed.
SLOW = TINY.replace(
    "run_time=0.4)\n",
    'run_time=0.4)\n        self.dot.traced = (self.recording.traced("steps", 1),)\n'
    "        self._rest()\n",
).replace("self.dot.clear_updaters()\n", "self.dot.clear_updaters()\n        self._rest()\n")
SLOW = SLOW.replace(
    "    def _wobble(",
    "        self._rest()\n\n    def _rest(self):\n        self.wait(10.5)\n\n    def _wobble(",
)


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


@pytest.fixture(scope="session")
def published_studio(laid_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A studio with its film published in draft quality, in `out`."""
    root = tmp_path_factory.mktemp("published") / "studio"
    shutil.copytree(laid_studio.root, root)
    studio = Studio(root)
    studio.write("scenes/tiny.py", SLOW)
    studio.write("scenes/other.py", OTHER.replace("wait(0.4)", "wait(2.5)"))
    done = studio.ngpt("publish", "-q", "draft", "--out", "out", "--pptx", "--json")
    assert done.returncode == 0, done.stderr
    studio.write("report.json", done.stdout)
    return studio


@pytest.fixture
def copy_studio(tmp_path: Path) -> Callable[[Studio], Studio]:
    """Copies a studio to a folder of the test's own."""

    def copy(studio: Studio) -> Studio:
        root = tmp_path / "studio"
        shutil.copytree(studio.root, root)
        return Studio(root)

    return copy
