"""The sections of a chapter, read from its source without running it.

Importing a scene imports Manim, which costs more than a second; a report, a check of what is stale
and a film whose shots are all fresh need the declarations only.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT, shown
from scenes.film import FILM, Entry
from scenes.stage.section import Section


@dataclass(frozen=True, slots=True)
class Outline:
    """A chapter and its sections in order."""

    entry: Entry
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section:
        """The section called `name`.

        Raises:
            UsageError: the chapter has none of that name; the message lists those it has.
        """
        for declared in self.sections:
            if declared.name == name:
                return declared
        known = ", ".join(s.name for s in self.sections)
        raise UsageError(f"{self.entry.key} has no section '{name}'", f"its sections are: {known}")


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked for: a chapter, or one section of it."""

    outline: Outline
    section: Section | None

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections meant, in order."""
        return self.outline.sections if self.section is None else (self.section,)

    @property
    def name(self) -> str:
        """What a file made for this target is called: `CHAPTER` or `CHAPTER.SECTION`."""
        key = self.outline.entry.key
        return key if self.section is None else f"{key}.{self.section.name}"


def target(text: str, film: tuple[Entry, ...] = FILM) -> Target:
    """Read `CHAPTER` or `CHAPTER:SECTION`.

    Raises:
        UsageError: there is no such chapter or section; the message lists those there are.
    """
    key, colon, name = text.partition(":")
    entry = next((e for e in film if e.key == key), None)
    if entry is None:
        known = ", ".join(e.key for e in film)
        raise UsageError(f"there is no chapter '{key}'", f"the chapters are: {known}")
    read = outline(entry)
    return Target(read, read.section(name) if colon else None)


def targets(texts: tuple[str, ...], film: tuple[Entry, ...] = FILM) -> tuple[Target, ...]:
    """Read several targets; none given means every chapter of the film."""
    return tuple(target(text, film) for text in texts or tuple(e.key for e in film))


def source_path(entry: Entry, root: Path = ROOT) -> Path:
    """The file that declares the chapter."""
    return root / "scenes" / f"{entry.key}.py"


def outline(entry: Entry, root: Path = ROOT) -> Outline:
    """Read the sections of a chapter from its source.

    Raises:
        StudioError: the source is missing, cannot be parsed, or declares no section.
    """
    body = chapter_class(entry, root).body
    declared = [(m, d) for m in body if isinstance(m, ast.FunctionDef) for d in declarations(m)]
    if not declared:
        raise StudioError(
            f"{shown(source_path(entry, root))} declares no section",
            "mark the methods of its chapter with @section",
        )
    try:
        return Outline(entry, tuple(_read(method.name, call) for method, call in declared))
    except ValueError:  # a declaration that only running the module can tell
        return Outline(entry, entry.load().sections())


def chapter_class(entry: Entry, root: Path = ROOT) -> ast.ClassDef:
    """The syntax tree of a chapter's class.

    Raises:
        StudioError: the source is missing, cannot be parsed, or lacks the class.
    """
    path = source_path(entry, root)
    try:
        tree = ast.parse(path.read_text())
    except FileNotFoundError as error:
        raise StudioError(f"{shown(path)} is missing", "restore it, or mend FILM") from error
    except SyntaxError as error:
        raise StudioError(f"{shown(path)}, line {error.lineno}: {error.msg}", "mend it") from error
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == entry.class_name:
            return node
    raise StudioError(f"{shown(path)} has no class {entry.class_name}", "write it, or mend FILM")


def declarations(method: ast.FunctionDef) -> list[ast.Call]:
    """The `@section(...)` calls on a method: one, or none."""
    calls = [d for d in method.decorator_list if isinstance(d, ast.Call)]
    return [c for c in calls if ast.unparse(c.func).split(".")[-1] == "section"]


def _read(name: str, call: ast.Call) -> Section:
    """A declaration's arguments, evaluated where they are literals.

    Raises:
        ValueError: an argument is computed.
    """
    given: dict[str, Any] = {k.arg or "": ast.literal_eval(k.value) for k in call.keywords}
    if call.args:
        given["title"] = ast.literal_eval(call.args[0])
    try:
        return Section(
            name,
            given["title"],
            tuple(given["says"]),
            bool(given.get("pause", False)),
            tuple(given.get("covers", ())),
        )
    except KeyError as error:
        raise ValueError(f"{name} lacks {error}") from error
