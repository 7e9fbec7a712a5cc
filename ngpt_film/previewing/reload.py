"""Modules in a process that lives on: those whose files have changed are imported anew.

A module that imports a changed one is imported anew too, and so on: no class of an old version is
left anywhere. What depends on nothing changed stays, with what it has worked out.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ngpt_film.sources import PACKAGES, Sources
from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT, sha256_of


class Modules:
    """What this process has imported of the project, and the files as they were before it did."""

    def __init__(self) -> None:
        self._digests = digests()
        self._imports: dict[str, set[str]] = {}

    def learn(self) -> None:
        """Note which of the modules that are loaded by now imports which."""
        sources = Sources()
        for name in loaded():
            with suppress(StudioError):
                module = sources.module(name)
                self._imports[name] = module.imports if module else set()

    def refresh(self) -> set[str]:
        """Unload what has changed since, and what imports it; returns the names."""
        now = digests()
        changed = {path for path in self._digests.keys() | now if self._was(path) != now.get(path)}
        self._digests = now
        _drop_compiled(changed)
        stale = self._with_importers({name for name, path in loaded().items() if path in changed})
        for name in stale:
            unload(name)
        return stale

    def _was(self, path: Path) -> str | None:
        return self._digests.get(path)

    def _with_importers(self, changed: set[str]) -> set[str]:
        stale, grown = set[str](), changed
        while grown:
            stale |= grown
            grown = {n for n in loaded() if self._imports.get(n, set()) & stale} - stale
        return stale


def digests() -> dict[Path, str]:
    """The sha256 of every source of the project."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found = {}
    for path in files:
        with suppress(OSError):  # deleted just now
            found[path] = sha256_of(path)
    return found


def loaded() -> dict[str, Path]:
    """The project's modules in this process, and their files."""
    modules = [(n, m) for n, m in sys.modules.items() if n.split(".")[0] in PACKAGES]
    return {name: Path(getattr(module, "__file__", None) or "") for name, module in modules}


def unload(name: str) -> None:
    """Forget a module, also as an attribute of its package: `from package import module` asks."""
    sys.modules.pop(name, None)
    package, _, last = name.rpartition(".")
    if package in sys.modules and hasattr(sys.modules[package], last):
        delattr(sys.modules[package], last)


def _drop_compiled(files: Iterable[Path]) -> None:
    """Python takes compiled code for new by whole seconds and size; two quick saves deceive it."""
    for path in files:
        with suppress(OSError, NotImplementedError):
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
