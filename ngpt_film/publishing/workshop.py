"""The folder that is published: made beside the old one, and put in its place when it is whole.

What was made is noted with its recipe, so that a publication that was stopped goes on where it was,
and the next one takes from the last what would come out the same.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ngpt_film.crew import disk_full
from ngpt_film.publishing import manifest
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import sha256_of, shown, write_bytes, write_json

MAY_BE_EMPTY = ("ngpt.srt",)  # where nothing is said
AT_FDCWD, EXCHANGE = -100, 2  # of Linux's renameat2


class Workshop:
    """Files on their way to the folder `out`, in a hidden one beside it until `deliver`.

    `maker`: what makes them, code and versions; files that another one made are not taken.
    """

    def __init__(self, out: Path, maker: str = "") -> None:
        self._maker = maker
        self.out = out.resolve()
        self.folder = self.out.with_name(f".{self.out.name}.next")
        self._notes = self.out.with_name(f".{self.out.name}.made.json")
        self._made: dict[str, dict[str, str]] = {}
        self._last: dict[str, dict[str, str]] = {}
        self.taken: list[str] = []
        self.written: list[str] = []

    def open(self) -> None:
        """Go on with what a stopped publication left, and learn what the last one holds.

        Raises:
            UsageError: `out` holds files that were not published: they would be lost.
            StudioError: it cannot be written to.
        """
        with plain_errors(self.out):
            self._last = _published(self.out)
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.out.exists() and not os.access(self.out, os.W_OK):
                raise PermissionError(13, "Permission denied")
        with suppress(OSError, ValueError):
            self._made = json.loads(self._notes.read_text())

    def make(self, name: str, recipe: Any, maker: Callable[[Path], object]) -> None:
        """Have `maker` write the file `name`, unless it is there as this `recipe` would make it."""
        digest = hashlib.sha256(json.dumps([self._maker, recipe]).encode()).hexdigest()
        path = self.folder / name
        if self._take(name, digest, path):
            self.taken.append(name)
            return
        with plain_errors(self.out):
            path.parent.mkdir(parents=True, exist_ok=True)
            maker(path)
            if not path.stat().st_size and name not in MAY_BE_EMPTY:
                path.unlink()
                raise StudioError(f"{name} came out empty", "run `ngpt doctor`")
            self._note(name, digest, path)
        self.written.append(name)

    def write(self, name: str, data: str | bytes) -> None:
        """Write a file that costs nothing to make."""
        data = data.encode() if isinstance(data, str) else data
        digest = hashlib.sha256(data).hexdigest()
        self.make(name, digest, lambda path: write_bytes(path, data))

    def files(self) -> dict[str, dict[str, str]]:
        """Every file made or taken in this publication, with its recipe and sha256."""
        return {name: self._made[name] for name in sorted({*self.taken, *self.written})}

    def _take(self, name: str, digest: str, path: Path) -> bool:
        """Whether the file lies there already, here or in the last publication."""
        if _is(path, self._made.get(name), digest):
            return True
        known, old = self._last.get(name), self.out / name
        if known is None or not _is(old, known, digest):
            return False
        with plain_errors(self.out):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            try:
                os.link(old, path)
            except OSError:
                write_bytes(path, old.read_bytes())
            self._note(name, digest, path)
        return True

    def _note(self, name: str, digest: str, path: Path) -> None:
        self._made[name] = {"recipe": digest, "sha256": sha256_of(path)}
        write_json(self._notes, self._made)

    def clear(self) -> None:
        """Delete what a publication with other wishes left here."""
        wanted = {*self.taken, *self.written}
        for path in list(self.folder.rglob("*")):
            if path.is_file() and str(path.relative_to(self.folder)) not in wanted:
                path.unlink()
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()

    def distrust(self) -> None:
        """Have the next publication make everything anew: what was made here is not good."""
        self._notes.unlink(missing_ok=True)
        self._made = {}

    def close(self) -> None:
        """Leave no empty folder where nothing was made."""
        with suppress(OSError):
            self.folder.rmdir()

    def deliver(self) -> None:
        """Put the folder in the place of the old one, which is deleted."""
        with plain_errors(self.out):
            if self.out.exists():
                _exchange(self.folder, self.out)
                shutil.rmtree(self.folder)
            else:
                self.folder.rename(self.out)
            self._notes.unlink(missing_ok=True)


def _is(path: Path, known: dict[str, str] | None, digest: str) -> bool:
    """Whether the file is whole and was made by this recipe."""
    if known is None or known.get("recipe") != digest or not path.is_file():
        return False
    return sha256_of(path) == known.get("sha256")


def _published(out: Path) -> dict[str, dict[str, str]]:
    """The files of the last publication; none where there was none."""
    if not out.exists():
        return {}
    remedy = "give --out a folder of its own"
    if not out.is_dir():
        raise UsageError(f"{shown(out)} is a file", remedy)
    known: dict[str, dict[str, str]] = {}
    if (out / manifest.NAME).exists():
        try:
            known = {row["file"]: row for row in manifest.read(out)["files"]}
        except DamagedFile as error:
            raise StudioError(error.problem, f"delete {shown(out)}, or {remedy}") from error
    names = (str(p.relative_to(out)) for p in sorted(out.rglob("*")) if not p.is_dir())
    strange = next((name for name in names if name not in {*known, manifest.NAME}), None)
    if strange is not None:
        raise UsageError(f"{shown(out)} holds {strange}, which was not published", remedy)
    return known


def _exchange(new: Path, old: Path) -> None:
    """Swap two folders: at no moment is `old` missing, where the system can do that."""
    libc = ctypes.CDLL(None, use_errno=True)
    swap = getattr(libc, "renameat2", None)
    if swap and swap(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(old), EXCHANGE) == 0:
        return
    aside = old.with_name(f".{old.name}.last")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


@contextmanager
def plain_errors(out: Path) -> Iterator[None]:
    """Say in one line that a folder cannot be written to; a full disk is said elsewhere."""
    try:
        yield
    except OSError as error:
        if disk_full(error):
            raise
        why = error.strerror or str(error)
        raise StudioError(
            f"{shown(out)} cannot be written ({why})", "give --out a folder that can"
        ) from error
