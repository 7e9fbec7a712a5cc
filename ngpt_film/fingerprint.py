"""What a section's picture depends on, and one digest of it.

Manim's own cache misses most edits that change a picture. Ours knows a section's dependencies: the
code it can reach and that of the sections before it, the recording, the fonts, the settings, and
the versions of what draws and encodes. Spoken lines and other declarations count only where code
that draws reads them.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ngpt_film.outline import (
    BASE,
    ClassSource,
    Method,
    chapter_classes,
    declarations,
    declared_methods,
)
from ngpt_film.reach import Piece, Reach, read_piece
from ngpt_film.sources import Sources
from ngpt_math.files import ROOT, sha256_of
from scenes.film import Entry
from scenes.stage.section import Section

Parts = Mapping[str, str]

CAMERA = ("ngpt_film.shoot", "ngpt_film.plugin")
DISTRIBUTIONS = ("manim", "manimpango", "pycairo", "numpy", "skia-python", "av", "typst")
DECLARED = {field.name for field in dataclasses.fields(Section)} - {"name"}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A digest and the parts it was made of, by what they are called."""

    digest: str
    parts: Parts

    @classmethod
    def of(cls, parts: Parts) -> Fingerprint:
        """The fingerprint of these parts."""
        text = json.dumps(dict(parts), sort_keys=True)
        return cls(hashlib.sha256(text.encode()).hexdigest(), parts)


def changes(old: Parts, new: Parts) -> tuple[str, ...]:
    """Why `new` is another fingerprint than `old`, in words, most telling first."""
    found = []
    for label in sorted(old.keys() | new.keys(), key=lambda name: (name.count("."), name)):
        before, after = old.get(label), new.get(label)
        if before is None or after is None:
            found.append(f"{label} is {'new' if before is None else 'gone'}")
        elif before != after:
            versions = label.startswith("version of ")
            found.append(f"{label}: {before} → {after}" if versions else f"{label} changed")
    return tuple(found)


def environment(root: Path = ROOT) -> dict[str, str]:
    """The parts that all sections share: versions, settings of Manim, fonts."""
    parts = {f"version of {name}": version(name) or "none" for name in DISTRIBUTIONS}
    parts["version of Python"] = ".".join(map(str, sys.version_info[:3]))
    parts["version of cairo"] = cairo_version()
    files = [root / "manim.cfg", *sorted((root / "assets" / "fonts").glob("*.[ot]tf"))]
    return parts | {str(p.relative_to(root)): sha256_of(p) for p in files if p.is_file()}


def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def cairo_version() -> str:
    """The version of the cairo library that pycairo is bound to, or "none"."""
    try:
        import cairo
    except ImportError:
        return "none"
    return cairo.cairo_version_string()


class Chapters:
    """Works out the fingerprints of sections; reads every source and file once.

    Args:
        root: the repository.
        shared: parts that all sections share; `environment(root)` when not given.

    `sources` are the modules that were read.
    """

    def __init__(self, root: Path = ROOT, shared: Parts | None = None) -> None:
        self.root = root
        self.shared = environment(root) if shared is None else shared
        self.sources = Sources(root)
        self._pieces: dict[tuple[str, str], Piece] = {}
        self._camera = functools.cache(self._read_camera)

    def fingerprint(self, entry: Entry, section: str, settings: Parts) -> Fingerprint:
        """The fingerprint of one section of a chapter.

        `settings` are the parts that the quality gives.

        Raises:
            StudioError: a source is missing or cannot be parsed.
        """
        shipped = self.root / "assets" / "recordings" / f"{entry.key}.safetensors"
        recording = entry.recording or shipped
        parts = dict(self.shared) | dict(settings) | self._camera()
        parts |= self._code(entry, section)
        if recording.is_file():
            parts["recording"] = sha256_of(recording)
        return Fingerprint.of(parts)

    def forget(self, modules: Collection[str]) -> None:
        """Read these modules of the project anew, whose files have changed but not come or gone."""
        self.sources.forget(modules)
        self._pieces = {key: piece for key, piece in self._pieces.items() if key[0] not in modules}
        self._camera = functools.cache(self._read_camera)

    def _read_camera(self) -> dict[str, str]:
        """The code that draws and encodes every frame."""
        reach = Reach(self.sources, self._pieces)
        for module in CAMERA:
            reach.whole(module)
        return reach.digests

    def _code(self, entry: Entry, section: str) -> dict[str, str]:
        """What the section and those before it reach, which are fast-forwarded to get there."""
        classes = chapter_classes(entry, self.sources)
        declared = declared_methods(classes)
        names = [method.node.name for method in declared]
        played = declared[: names.index(section) + 1]
        reach = Reach(self.sources, self._pieces)
        for source in classes:
            # Under this label the class counts as reached, so naming it does not bring in all.
            reach.add(f"{source.module}.{source.node.name}", source.module, [_frame(source)])
        for method in played:
            reach.add(f"section {method.node.name}", method.module, [_undeclared(method.node)])
        _add_helpers(reach, classes)
        order = {"sections before it": ", ".join(names[: len(played) - 1])}
        # `Chapter` itself lists the sections only to walk through them.
        listed = reach.mentions.get("sections", set()) - {BASE}
        return reach.digests | order | _declared(declared if listed else played, reach.mentions)


def _add_helpers(reach: Reach, classes: list[ClassSource]) -> None:
    """Reach those helper methods of a chapter that the code reached mentions."""
    helpers = [m for source in classes for m in source.methods if is_helper(m.node)]
    while named := [m for m in helpers if m.node.name in reach.mentions]:
        for method in named:
            helpers.remove(method)
            reach.add(f"{method.module}:{method.node.name}", method.module, [method.node])


def is_helper(method: ast.FunctionDef) -> bool:
    """Whether only the chapter's own code calls a method: `_name`, but not `__name__`."""
    private = method.name.startswith("_") and not method.name.startswith("__")
    return private and not declarations(method)


def _frame(source: ClassSource) -> ast.ClassDef:
    """A chapter's class without its sections and helpers, which are reached one by one."""
    apart = [m.node for m in source.methods if declarations(m.node) or is_helper(m.node)]
    node = source.node
    body = [n for n in node.body if n not in apart] or [ast.Pass()]
    return ast.ClassDef(node.name, node.bases, node.keywords, body, node.decorator_list)


def _undeclared(method: ast.FunctionDef) -> ast.FunctionDef:
    """A section's method without its declaration, which is no part of the picture by itself."""
    calls = declarations(method)
    rest = [d for d in method.decorator_list if d not in calls]
    return ast.FunctionDef(method.name, method.args, method.body, rest)


def _declared(methods: list[Method], mentions: Collection[str]) -> dict[str, str]:
    """What code that draws may read of the sections' declarations."""
    found = {}
    for name in sorted(DECLARED & set(mentions)):
        values = [_argument(call, name) for m in methods for call in declarations(m.node)]
        found[f"the sections' {name}"] = read_piece(tuple(values)).digest
    return found


def _argument(call: ast.Call, name: str) -> ast.Expr:
    """The expression given for one argument of a declaration."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if call.args:
        given["title"] = call.args[0]
    return ast.Expr(given.get(name, ast.Constant(None)))
