"""Sections read from the source are the sections that the running chapter has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ngpt_film.fingerprint import Chapters
from ngpt_film.outline import outline, target, targets
from ngpt_film.sources import Sources
from ngpt_math.errors import StudioError, UsageError
from scenes.film import FILM, Entry

TINY = Entry(1, "tiny", "Tiny", "A tiny chapter")


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_read_and_run_agree(entry: Entry) -> None:
    assert outline(entry).sections == entry.load().sections()


@pytest.mark.parametrize("entry", FILM, ids=lambda entry: entry.key)
def test_every_section_has_a_fingerprint_of_its_own(entry: Entry) -> None:
    chapters = Chapters()
    prints = [chapters.fingerprint(entry, s.name, {}).digest for s in outline(entry).sections]
    assert len(set(prints)) == len(prints)


def test_targets() -> None:
    first = FILM[0]
    section = outline(first).sections[0]
    assert [t.outline.entry for t in targets(())] == list(FILM)
    assert target(first.key).name == first.key
    assert target(f"{first.key}:{section.name}").sections == (section,)
    assert target(f"{first.key}:{section.name}").name == f"{first.key}.{section.name}"
    with pytest.raises(UsageError, match="its sections are: "):
        target(f"{first.key}:")


def test_a_chapter_in_two_halves(laid_studio, copy_studio: Callable) -> None:
    """Sections of a class that the chapter builds on come first, and keep their place."""
    studio = copy_studio(laid_studio)
    text = (studio.root / "scenes/tiny.py").read_text()
    head, rest = text.split('    @section("It wobbles"')
    studio.write("scenes/tiny_first.py", head.replace("class Tiny(", "class FirstHalf("))
    imports = head.split("\n\nclass")[0] + "\nfrom scenes.tiny_first import FirstHalf\n"
    again = "    def drifts(self):\n        super().drifts()\n\n"
    declared = '    @section("It drifts on", says=("On.",))\n'
    second = "\n\nclass Tiny(FirstHalf):\n" + declared + again + '    @section("It wobbles"' + rest
    studio.write("scenes/tiny.py", imports + second)
    read = outline(TINY, Sources(studio.root)).sections
    assert [s.name for s in read] == ["slides", "drifts", "wobbles", "steps"]
    assert read[1].title == "It drifts on"

    def prints() -> dict[str, str]:
        chapters = Chapters(studio.root, {})
        return {s.name: chapters.fingerprint(TINY, s.name, {}).digest for s in read}

    before = prints()
    studio.edit("scenes/tiny_first.py", "self.dot = Dot()", "self.dot = Dot(radius=1)")
    assert not set(before.values()) & set(prints().values())
    before = prints()
    studio.edit("scenes/tiny_first.py", "Slide(self.dot), run_time=0.4", "Slide(self.dot)")
    assert not set(before.values()) & set(prints().values())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("class Tiny(Chapter)", "class Small(Chapter)", "scenes/tiny.py has no class Tiny"),
        ("@section(", "@other(", "scenes/tiny.py declares no section"),
        ("def slides(self):", "def slides(self)", "tiny.py, line "),
    ],
)
def test_what_cannot_be_read_is_named(
    laid_studio, copy_studio: Callable, old: str, new: str, words: str
) -> None:
    studio = copy_studio(laid_studio)
    studio.write("scenes/tiny.py", (studio.root / "scenes/tiny.py").read_text().replace(old, new))
    with pytest.raises(StudioError, match=words):
        outline(TINY, Sources(studio.root))
    (studio.root / "scenes/tiny.py").unlink()
    with pytest.raises(StudioError, match=r"scenes/tiny.py is missing"):
        outline(TINY, Sources(studio.root))
