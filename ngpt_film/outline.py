"""The sections of a chapter, read from its source without running it, as its recording has them.

Importing a scene imports Manim, which costs more than a second; a report, a check of what is stale
and a film whose shots are all fresh need the declarations only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ngpt_film.claims import told
from ngpt_film.sources import Sources
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import shown
from scenes.film import FILM, Entry
from scenes.stage.section import Section

BASE = "scenes.stage.chapter.Chapter"  # of all chapters; it declares no section


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


def film_of(recordings: Path | None, film: tuple[Entry, ...] = FILM) -> tuple[Entry, ...]:
    """The chapters that a folder has recordings of, drawn from these; None is the shipped film.

    Raises:
        UsageError: it has none.
    """
    if recordings is None:
        return film
    folder = recordings.resolve()
    others = (replace(entry, recordings=folder) for entry in film)
    found = tuple(e for e in others if e.recording is not None and e.recording.is_file())
    if not found:
        raise UsageError(
            f"{shown(folder)} holds no recording of a chapter",
            "make them: `ngpt record --checkpoint FILE --out FOLDER`",
        )
    return found


def outline(entry: Entry, sources: Sources | None = None) -> Outline:
    """Read the sections of a chapter from its source, with what is true of its recording.

    Raises:
        StudioError: the source is missing, cannot be parsed, or declares no section.
    """
    sources = sources or Sources()
    declared = declared_methods(chapter_classes(entry, sources))
    if not declared:
        raise StudioError(
            f"scenes/{entry.key}.py declares no section",
            "mark the methods of its chapter with @section",
        )
    try:
        sections = tuple(_read(m.node.name, declarations(m.node)[0]) for m in declared)
    except ValueError:  # a declaration that only running the module can tell
        sections = entry.load().sections()
    return Outline(entry, told(entry, sections))


@dataclass(frozen=True, slots=True)
class Method:
    """A method's syntax tree and the module it stands in."""

    module: str
    node: ast.FunctionDef


@dataclass(frozen=True, slots=True)
class ClassSource:
    """A class's syntax tree and the module it stands in."""

    module: str
    node: ast.ClassDef

    @property
    def methods(self) -> list[Method]:
        """Its own methods, in order."""
        return [Method(self.module, n) for n in self.node.body if isinstance(n, ast.FunctionDef)]


def chapter_classes(entry: Entry, sources: Sources) -> list[ClassSource]:
    """The classes that a chapter is written in, the last of them first: those it builds on.

    The base of all chapters is not among them.

    Raises:
        StudioError: a source is missing or cannot be parsed, or the class is not in it.
    """
    module = f"scenes.{entry.key}"
    if sources.module(module) is None:
        raise StudioError(f"scenes/{entry.key}.py is missing", "restore it, or mend FILM")
    found = list(_lineage(module, entry.class_name, sources))
    if not found:
        problem = f"scenes/{entry.key}.py has no class {entry.class_name}"
        raise StudioError(problem, "write it, or mend FILM")
    return found[::-1]


def _lineage(module: str, name: str, sources: Sources) -> Iterator[ClassSource]:
    """A class of the project and those it inherits from, wherever they are imported from."""
    source = sources.module(module)
    if source is None or f"{module}.{name}" == BASE:
        return
    for node in source.bindings.get(name, ()):
        if isinstance(node, ast.ClassDef):
            yield ClassSource(module, node)
            for base in node.bases:
                yield from _lineage(module, ast.unparse(base), sources)
    for origin, attribute in source.imported.get(name.split(".")[0], ()):
        rest = [attribute] if attribute else name.split(".")[1:]
        if len(rest) == 1:
            yield from _lineage(origin, rest[0], sources)


def declared_methods(classes: list[ClassSource]) -> list[Method]:
    """The sections' methods in order, of classes that are listed from the base up."""
    methods = {m.node.name: m for source in classes for m in source.methods}
    return [method for method in methods.values() if declarations(method.node)]


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
