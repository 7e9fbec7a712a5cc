"""Every edit that can change a picture makes exactly the sections that depend on it stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ngpt_film.fingerprint import Chapters, Fingerprint, changes
from scenes.film import Entry

ENTRIES = {"tiny": ("slides", "drifts", "wobbles", "steps"), "other": ("square",)}
ALL = {f"{key}:{name}" for key, names in ENTRIES.items() for name in names}
SHARED = {"version of manim": "0.22.0"}
SETTINGS = {"quality": "draft"}

Prints = dict[str, Fingerprint]


def prints(root: Path, shared: dict = SHARED, settings: dict = SETTINGS) -> Prints:
    chapters = Chapters(root, shared)
    return {
        f"{key}:{name}": chapters.fingerprint(Entry(1, key, key.capitalize(), key), name, settings)
        for key, names in ENTRIES.items()
        for name in names
    }


def stale(before: Prints, after: Prints) -> set[str]:
    return {name for name in before if before[name].digest != after[name].digest}


def from_section(name: str) -> set[str]:
    """A section of the tiny chapter and those that are played after it."""
    names = ENTRIES["tiny"]
    return {f"tiny:{later}" for later in names[names.index(name) :]}


EDITS = [
    # Upstream's cache misses the first five of these kinds (its own measurements, 0.22.0).
    ("scenes/tiny_parts.py", "FAR * alpha", "FAR * alpha * alpha", from_section("slides")),
    ("scenes/tiny_parts.py", "NEAR * dt", "2 * NEAR * dt", from_section("drifts")),
    ("scenes/tiny.py", "DOWN * 0.02", "DOWN * 0.03", from_section("wobbles")),
    ("scenes/tiny.py", "UP * 0.01", "UP * 0.02", from_section("wobbles")),
    # Constants of a helper module, by who uses them.
    ("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.6", from_section("drifts")),
    ("scenes/tiny_parts.py", "FAR = 2.0", "FAR = 2.5", from_section("slides")),
    ("scenes/tiny_parts.py", "UNUSED = 1", "UNUSED = 2", set()),
    # The chapter itself.
    ("scenes/tiny.py", "LEFT * float(step)", "RIGHT * float(step)", from_section("steps")),
    ("scenes/tiny.py", "self.dot = Dot()", "self.dot = Dot(radius=1)", from_section("slides")),
    ("scenes/tiny.py", "self.wait(0.4)\n        self.dot.clear_updaters()\n\n    @section(\"It wob",
     "self.wait(0.5)\n        self.dot.clear_updaters()\n\n    @section(\"It wob",
     from_section("drifts")),
    # What all share.
    ("ngpt_film/encoder.py", "threads=1", "threads=2", None),
    ("scenes/stage/chapter.py", "self.number} · ", "self.number} - ", None),
    # Words that no picture shows.
    ("scenes/tiny.py", "Then it drifts, a little at a time.", "It drifts.", set()),
    ("scenes/tiny.py", ", pause=True", "", set()),
    ("scenes/tiny_parts.py", '"""Slides a mobject."""', '"""Slides it."""', set()),
    ("scenes/tiny_parts.py", "UNUSED = 1", "UNUSED = 1  # never used", set()),
    ("ngpt_film/captions.py", "RATE = 20.0", "RATE = 19.0", set()),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), EDITS)
def test_an_edit_makes_stale_what_depends_on_it(
    laid_studio, copy_studio: Callable, file: str, old: str, new: str, expected: set[str] | None
) -> None:
    studio = copy_studio(laid_studio)
    before = prints(studio.root)
    (studio.root / file).write_text((studio.root / file).read_text().replace(old, new, 1))
    assert new in (studio.root / file).read_text()
    assert stale(before, prints(studio.root)) == (ALL if expected is None else expected)


def test_a_changed_recording_makes_its_chapter_stale(laid_studio, copy_studio: Callable) -> None:
    studio = copy_studio(laid_studio)
    before = prints(studio.root)
    path = studio.root / "assets/recordings/tiny.safetensors"
    path.write_bytes(path.read_bytes() + b" ")
    after = prints(studio.root)
    assert stale(before, after) == from_section("slides")
    assert changes(before["tiny:steps"].parts, after["tiny:steps"].parts) == ("recording changed",)


def test_fonts_settings_versions_and_quality_make_all_stale(
    laid_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(laid_studio)
    real = prints(studio.root, Chapters(studio.root).shared)
    for name in ("assets/fonts/IBMPlexSans-Regular.ttf", "manim.cfg"):
        path = studio.root / name
        path.write_bytes(path.read_bytes() + b"\n")
        after = prints(studio.root, Chapters(studio.root).shared)
        assert stale(real, after) == ALL
        assert f"{name} changed" in changes(real["tiny:steps"].parts, after["tiny:steps"].parts)
    before = prints(studio.root)
    newer = prints(studio.root, {"version of manim": "0.23.0"})
    assert stale(before, newer) == ALL
    why = changes(before["tiny:steps"].parts, newer["tiny:steps"].parts)
    assert why == ("version of manim: 0.22.0 → 0.23.0",)
    assert stale(before, prints(studio.root, settings={"quality": "hd"})) == ALL


def test_a_title_counts_where_it_is_shown(laid_studio, copy_studio: Callable) -> None:
    """The chapter draws each section's title, so it counts for that section and those after."""
    studio = copy_studio(laid_studio)
    before = prints(studio.root)
    studio.edit("scenes/tiny.py", '"It wobbles"', '"It trembles"')
    assert stale(before, prints(studio.root)) == from_section("wobbles")


def test_a_new_section_at_the_end_leaves_the_others(laid_studio, copy_studio: Callable) -> None:
    studio = copy_studio(laid_studio)
    before = prints(studio.root)
    extra = '\n    @section("More", says=("More.",))\n    def more(self):\n        self.wait(1)\n'
    studio.write("scenes/tiny.py", (studio.root / "scenes/tiny.py").read_text() + extra)
    assert stale(before, prints(studio.root)) == set()


def test_sections_in_another_order_are_stale(laid_studio, copy_studio: Callable) -> None:
    studio = copy_studio(laid_studio)
    before = prints(studio.root)
    text = (studio.root / "scenes/tiny.py").read_text()
    start, middle, end = (text.index(f'    @section("It {w}') for w in ("drifts", "wobbles", "st"))
    swapped = text[:start] + text[middle:end] + text[start:middle] + text[end:]
    studio.write("scenes/tiny.py", swapped)
    assert stale(before, prints(studio.root)) == from_section("drifts")


IMPORTS = [
    "import scenes.tiny_parts as parts\nV = parts.NEAR",
    "import scenes.tiny_parts\nV = scenes.tiny_parts.NEAR",
    "from scenes.tiny_parts import NEAR as near\nV = near",
    "from .tiny_parts import NEAR\nV = NEAR",
    "from . import tiny_parts\nV = tiny_parts.NEAR",
    "from scenes.tiny_parts import *\nV = NEAR",
    "from scenes import tiny_parts\nparts = tiny_parts\nV = parts.NEAR",
    "from scenes.tiny_parts import NEAR\nV = [0]\nV[0] = NEAR",
    "def V():\n    from scenes.tiny_parts import NEAR\n    return NEAR",
    "class V:\n    import scenes.tiny_parts as p\n    def f(self):\n        return self.p",
    "from scenes.tiny_parts import drift as V",
    "try:\n    from scenes.tiny_parts import NEAR as V\nexcept ImportError:\n    V = 0",
    "from scenes.tiny_parts import NEAR\nif NEAR:\n    V = 1\nelse:\n    V = 2",
    "from scenes.tiny_parts import NEAR\ndef deco(f):\n    return NEAR\n@deco\ndef V():\n    pass",
    "from scenes.tiny_parts import NEAR\ndef V(near=NEAR):\n    pass",
    "from scenes.tiny_parts import NEAR\nclass Base:\n    n = NEAR\nclass V(Base):\n    pass",
]


@pytest.mark.parametrize("helper", IMPORTS)
def test_every_way_to_import_is_followed(laid_studio, copy_studio: Callable, helper: str) -> None:
    studio = copy_studio(laid_studio)
    studio.write("scenes/helper.py", helper + "\n")
    studio.edit("scenes/other.py", "from manim", "from scenes.helper import V\nfrom manim")
    studio.edit("scenes/other.py", "self.wait(0.4)", "self.wait(0.4 if V else 0.2)")
    before = prints(studio.root)
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.6")
    assert stale(before, prints(studio.root)) == {"other:square"} | from_section("drifts")


def test_what_a_module_runs_on_import_counts(laid_studio, copy_studio: Callable) -> None:
    studio = copy_studio(laid_studio)
    studio.edit("scenes/tiny_parts.py", "UNUSED = 1", "UNUSED = {}\nUNUSED['a'] = 1")
    before = prints(studio.root)
    studio.edit("scenes/tiny_parts.py", "UNUSED['a'] = 1", "UNUSED['a'] = 2")
    assert stale(before, prints(studio.root)) == from_section("slides")


def test_fingerprints_are_the_same_each_time(laid_studio) -> None:
    assert stale(prints(laid_studio.root), prints(laid_studio.root)) == set()
