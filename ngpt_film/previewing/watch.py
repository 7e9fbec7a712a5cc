"""Hearing of saved files: those that a section can depend on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from ngpt_film.sources import PACKAGES
from ngpt_math.files import ROOT

FOLDERS = (*PACKAGES, "assets/recordings", "assets/fonts")
ENDINGS = {".py", ".safetensors", ".json", ".ttf", ".otf", ".cfg"}
CHANGES = {"created", "modified", "moved", "deleted"}
QUIET = 0.04  # seconds: an editor saves in several steps

# It calls it an error to be stopped while it hears of something, and would say so on the terminal.
logging.getLogger("watchdog").addHandler(logging.NullHandler())

Heard = Callable[[frozenset[Path]], None]


@contextmanager
def watching(heard: Heard, more: Path | None = None) -> Iterator[None]:
    """Tell `heard` the files that were saved, created or deleted, as long as the block lasts.

    `more`: a folder beside the project's own.
    """
    folders = [ROOT / name for name in FOLDERS if (ROOT / name).is_dir()]
    handler = _Gather(heard)
    observer = _started(handler, Observer(), [*folders, *([more] if more else [])])
    try:
        yield
    finally:
        handler.stop()
        observer.stop()
        observer.join()


def _started(
    handler: FileSystemEventHandler, observer: BaseObserver, folders: Sequence[Path]
) -> BaseObserver:
    """An observer at work; one that looks twice a second where the system gives out no news."""
    try:
        for folder in folders:
            observer.schedule(handler, str(folder), recursive=True)
        observer.schedule(handler, str(ROOT), recursive=False)  # for manim.cfg
        observer.start()
        return observer
    except OSError:
        if isinstance(observer, PollingObserver):
            raise
        with suppress(RuntimeError):
            observer.stop()
        return _started(handler, PollingObserver(timeout=0.5), folders)


def counts(path: Path) -> bool:
    """Whether a section can depend on the file."""
    hidden = path.name.startswith(".") or path.suffix not in ENDINGS
    return not hidden and (path.parent != ROOT or path.name == "manim.cfg")


class _Gather(FileSystemEventHandler):
    """Collects what happens until it has been quiet for a moment."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._paths: set[Path] = set()
        self._timer: threading.Timer | None = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = [event.src_path, event.dest_path]
        paths = {Path(str(name)) for name in names if name}
        paths = {path for path in paths if counts(path)}
        if event.is_directory or event.event_type not in CHANGES or not paths:
            return
        with self._lock:
            self._paths |= paths
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(QUIET, self._tell)
            self._timer.daemon = True
            self._timer.start()

    def _tell(self) -> None:
        with self._lock:
            paths, self._paths = frozenset(self._paths), set()
        if paths:
            self._heard(paths)

    def stop(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
