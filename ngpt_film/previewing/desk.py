"""The preview's mind: what the sources say now, what to draw next, what the page is told.

One thread does all of it. Others tell it what happened: files were saved, the page shows another
section. Only one process draws at a time; whoever made it stale ends it.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from ngpt_film import crew, outline, shots, studio
from ngpt_film.fingerprint import Chapters
from ngpt_film.outline import Outline, Target
from ngpt_film.previewing import folder as place
from ngpt_film.previewing.news import Page
from ngpt_film.previewing.processes import Forked, Processes
from ngpt_film.previewing.reload import unload
from ngpt_film.previewing.views import View, fault
from ngpt_film.previewing.zygote import DISK_FULL
from ngpt_film.quality import quality
from ngpt_film.shots import Shot
from ngpt_film.sources import PACKAGES
from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT

QUALITY = quality("draft")
CLAIMS = "scenes.claims"
ONCE = ("manim.cfg", ".ttf", ".otf")  # endings of files that a process reads once


class Desk(threading.Thread):
    """Keeps pictures of sections as their sources are, the one that is `shown` first.

    `key` is a chapter's, or None for the whole film. `page` hears the state as JSON text whenever
    it changes. `recordings` is a folder of other models' recordings. `ended` is set when all is
    over, and `error` what ended it, if something did.
    """

    def __init__(
        self, key: str | None, shown: str, folder: Path, page: Page, recordings: Path | None = None
    ) -> None:
        super().__init__(name="desk", daemon=True)
        self._recordings = recordings
        self._key, self._shown, self._folder, self._page = key, shown, folder, page
        self._processes = Processes(folder)
        self._inbox, self._letters = Pipe(duplex=False)
        self._sending = threading.Lock()
        self._chapters = Chapters()
        self._files = _sources()
        self._views: dict[str, View] = {}
        self._shots: dict[str, Shot] = {}
        self._faults: dict[str, dict[str, Any]] = {}  # by chapter, or "" for the film
        self._job: Job | None = None
        self._growing: Forked | None = None
        self._grown = ""  # the chapter that the warm zygote has played
        self.error: BaseException | None = None
        # Joining a thread is not enough: in Python 3.11, where Ctrl-C interrupts a join, the next
        # one takes the thread to be over.
        self.ended = threading.Event()
        self._saved = 0.0  # when, by the monotonic clock; 0 before the first save

    def tell(self, kind: str, what: Any = None) -> None:
        """Something happened outside: `saved` (paths), `show` (a section), `again`, `end`."""
        with self._sending:
            self._letters.send((kind, what))

    def run(self) -> None:
        """Work until told to end."""
        try:
            self._look()
            going = True
            while going:
                self._begin()
                self._publish()
                going = self._listen()
        except BaseException as error:
            self.error = error
        finally:
            self._processes.close()  # first, so that nothing is forked any more
            self._stop_job()
            self._stop_growing()
            self.ended.set()

    def _listen(self) -> bool:
        """Wait for news and take it in; False when it is time to end."""
        sources: list[Any] = [self._inbox]
        if self._job is not None:
            sources.append(self._job.process.pipe)
        if self._growing is not None:
            sources.append(self._growing.pipe)
        for source in wait(sources):
            if source is self._inbox:
                kind, what = self._inbox.recv()
                if kind == "end":
                    return False
                self._take_letter(kind, what)
            elif self._job is not None and source is self._job.process.pipe:
                self._hear_job(self._job)
            elif self._growing is not None and source is self._growing.pipe:
                self._hear_growing(self._growing)
        return True

    def _take_letter(self, kind: str, what: Any) -> None:
        if kind == "saved":
            self._saved = time.monotonic()
            self._take_in(what)
        elif kind == "show":
            self._shown = what
        elif kind == "again":
            self._saved = time.monotonic()
            self._forget_failures()
        self._look()
        if self._job is not None and self._job.first != self._shown and self._wants(self._shown):
            self._stop_job()

    # What the sources say.

    def _take_in(self, paths: Iterable[Path]) -> None:
        """Forget what was read of files that have changed."""
        modules = {self._module(path) for path in paths if path.suffix == ".py"}
        files = _sources()
        if files == self._files:
            self._chapters.forget(modules)
        else:
            self._files, self._chapters = files, Chapters()
        if "scenes.film" in modules:
            self._reload_film()
        if any(name.startswith(CLAIMS) for name in modules):
            for name in [name for name in sys.modules if name.startswith(CLAIMS)]:
                unload(name)  # the next who asks imports them anew
        if any(path.name.endswith(ONCE) for path in paths):
            self._stop_job()
            self._stop_growing()
            self._chapters, self._grown = Chapters(), ""
            self._processes.restart()
        self._grown = ""
        self._forget_failures()

    def _forget_failures(self) -> None:
        """Try again what failed: the reason may have been outside the section's own sources."""
        for view in self._views.values():
            if view.state == "failed":
                view.state = "stale"
            if view.entry.key != self._shown_key:
                view.state = "unknown"

    @property
    def _shown_key(self) -> str:
        return self._shown.partition(":")[0]

    @property
    def _keys(self) -> list[str]:
        """The chapters that the page lists."""
        if self._key:
            return [self._key]
        return [e.key for e in outline.film_of(self._recordings, sys.modules["scenes.film"].FILM)]

    def _module(self, path: Path) -> str:
        parts = path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _reload_film(self) -> None:
        try:
            importlib.reload(sys.modules["scenes.film"])
            self._faults.pop("", None)
        except SyntaxError as error:
            line = f"scenes/film.py, line {error.lineno}: {error.msg}; mend it"
            self._faults[""] = fault(line)
        except Exception as error:
            told = crew.failure(error)
            self._faults[""] = fault(told.line, told.trace)

    def _look(self) -> None:
        """Find out what sections there are, and which are stale."""
        views: dict[str, View] = {}
        for key in self._keys:
            views |= self._chapter(key)
        self._views = views
        self._shots = {name: shot for name, shot in self._shots.items() if name in views}
        job = self._job
        changed = job and any(self._shots.get(s.name) != s for s in job.shots)
        if changed or self._shown_key in self._faults:
            self._stop_job()

    def _chapter(self, key: str) -> dict[str, View]:
        """The views of a chapter's sections; the old ones where its source cannot be read."""
        old = {n: v for n, v in self._views.items() if v.entry.key == key}
        self._faults.pop(key, None)
        try:
            found = self._outline(key)
            views = {f"{key}:{s.name}": _view(found, s.name, old) for s in found.sections}
            if self._shown_key == key:
                self._plan(found, views)
        except Exception as error:  # an author's code may be broken in any way
            told = crew.failure(error)
            self._faults[key] = fault(
                told.line, "" if isinstance(error, StudioError) else told.trace
            )
            return old
        return views

    def _outline(self, key: str) -> Outline:
        entry = sys.modules["scenes.film"].entry(key)
        if entry is None:
            raise StudioError(f"chapter {key} is no longer in scenes/film.py", "put it back there")
        entry = replace(entry, recordings=self._recordings)
        return outline.outline(entry, self._chapters.sources)

    def _plan(self, found: Outline, views: dict[str, View]) -> None:
        """Work out each section's shot, and whether it is there."""
        studio.check_recordings([Target(found, None)])
        planned = shots.plan((Target(found, None),), QUALITY, self._folder, self._chapters)
        for shot in planned:
            view = views[shot.name]
            if self._shots.get(shot.name) != shot:
                self._shots[shot.name] = shot
                view.state, view.still, view.took, view.drawn = "stale", "", {}, 0
            drawing = self._job is not None and shot in self._job.shots
            if not drawing and view.state != "failed":
                self._find(shot, view)

    def _find(self, shot: Shot, view: View) -> None:
        """Look for a shot here, and among those that `ngpt render` keeps."""
        for where in (shot, replace(shot, renders=shots.RENDERS)):
            status = shots.status(where)
            if status.fresh:
                clip = place.show(shot, where.path)
                _has_clip(view, clip, int(status.card["frames"]))
                view.state, view.why = "fresh", ()
                return
            view.state = "stale"
            if status.why != ("never rendered",):
                view.why = status.why

    # What to draw.

    def _wants(self, name: str) -> bool:
        """Whether a section is there, stale, and not being drawn."""
        view = self._views.get(name)
        return view is not None and view.state == "stale" and name in self._shots

    def _begin(self) -> None:
        """Give the next work out: the section that is shown, then the others of its chapter."""
        key = self._shown_key
        if self._job is not None or key in self._faults:
            return
        if self._wants(self._shown):
            self._start_job((self._shots[self._shown],), ahead=self._shown.partition(":")[2])
        elif self._growing is not None:
            return
        elif self._grown != key and self._of(key):
            self._grow(key)
        elif rest := self._rest(key):
            self._start_job(rest, ahead="")

    def _of(self, key: str) -> tuple[Shot, ...]:
        names = [name for name, view in self._views.items() if view.entry.key == key]
        return tuple(self._shots[name] for name in names if name in self._shots)

    def _rest(self, key: str) -> tuple[Shot, ...]:
        """The stale sections of a chapter up to the first that fails, as those after it would."""
        found = []
        for shot in self._of(key):
            if self._views[shot.name].state == "failed":
                break
            if self._views[shot.name].state == "stale":
                found.append(shot)
        return tuple(found)

    def _start_job(self, run: tuple[Shot, ...], ahead: str) -> None:
        self._stop_growing()  # it works in the same folder of text
        request = {**self._request(run), "do": "draw", "ahead": ahead}
        self._job = Job(self._processes.fork(request), run, self._saved)
        for shot in run:
            self._views[shot.name].state = "drawing"

    def _grow(self, key: str) -> None:
        self._grown = key
        request = {**self._request(self._of(key)), "do": "grow"}
        self._growing = self._processes.fork(request)

    def _request(self, run: tuple[Shot, ...]) -> dict[str, Any]:
        prints = {s.section: s.fingerprint for s in run}
        return {
            "chapter": run[0].entry.key,
            "sections": {
                n: {"digest": f.digest, "parts": dict(f.parts)} for n, f in prints.items()
            },
            "recordings": str(self._recordings or ""),
            "quality": QUALITY.name,
            "environment": run[0].environment,
            "folder": str(self._folder),
        }

    def _stop_job(self) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        job.process.end()
        for shot in job.shots:
            view = self._views.get(shot.name)
            if view is not None and view.state == "drawing":
                view.state = "stale"

    def _stop_growing(self) -> None:
        if self._growing is not None:
            self._growing.end()
            self._growing, self._grown = None, ""

    # What the processes tell.

    def _hear_growing(self, growing: Forked) -> None:
        kind, _ = growing.hear()
        if kind == "ready":
            self._processes.warmed(growing)
            self._growing = None
        elif kind == "died":
            growing.end()
            self._growing = None

    def _hear_job(self, job: Job) -> None:
        kind, what = job.process.hear()
        shot = job.shot(what.get("section", ""))
        if kind == "at":
            self._views[job.first].drawn = what["frames"]
        elif kind in ("still", "clip") and shot:
            self._show(kind, job, shot, what)
        elif kind == "failed":
            self._show_failure(shot or job.shots[0], what)
        elif kind in ("done", "died"):
            self._end_job(job, died=kind == "died")

    def _show(self, kind: str, job: Job, shot: Shot, what: dict[str, Any]) -> None:
        """Give out a picture or a clip that was drawn."""
        view = self._views[shot.name]
        try:
            address = place.show(shot, Path(what["path"]))
        except OSError as error:
            line = DISK_FULL if crew.disk_full(error) else str(error)
            self._show_failure(shot, {"line": line, "trace": ""})
            return
        view.took[kind] = job.since()
        if kind == "still":
            view.still = address
        else:
            _has_clip(view, address, what["frames"])
            view.state, view.why = "fresh", ()

    def _show_failure(self, shot: Shot, what: dict[str, Any]) -> None:
        view = self._views[shot.name]
        view.state, view.fault = "failed", fault(what["line"], what["trace"])

    def _end_job(self, job: Job, *, died: bool) -> None:
        """A job is over: keep what it made; what it left undone failed where it died."""
        for shot in job.shots:
            if shots.status(shot).fresh:
                self._views[shot.name].state = "fresh"
                place.keep(shot, replace(shot, renders=shots.RENDERS))
            elif died and self._views[shot.name].state == "drawing":
                line = "the process that drew it died: killed, or for want of memory"
                self._show_failure(shot, {"line": line, "trace": ""})
                break
        self._stop_job()

    def _publish(self) -> None:
        """Tell the page."""
        chapters = []
        for key in self._keys:
            views = [view for view in self._views.values() if view.entry.key == key]
            entry = views[0].entry if views else None
            chapters.append({
                "key": key,
                "number": entry.number if entry else 0,
                "title": entry.title if entry else key,
                "fault": self._faults.get(key) or self._faults.get(""),
                "sections": [view.document() for view in views],
            })  # fmt: skip
        warm = self._growing is None and self._grown == self._shown_key
        state = {"chapters": chapters, "shown": self._shown, "warm": warm}
        self._page.put(json.dumps(state, ensure_ascii=False))


class Job:
    """Some shots that a process is drawing, because of a save at `saved`."""

    def __init__(self, process: Forked, run: tuple[Shot, ...], saved: float) -> None:
        self.process, self.shots = process, run
        self._saved = saved or time.monotonic()

    @property
    def first(self) -> str:
        """The name of the section drawn first."""
        return self.shots[0].name

    def shot(self, section: str) -> Shot | None:
        """Its shot of that section."""
        return next((s for s in self.shots if s.section == section), None)

    def since(self) -> float:
        """Seconds since the save."""
        return round(time.monotonic() - self._saved, 2)


def _view(found: Outline, name: str, old: dict[str, View]) -> View:
    """The view of a section: as it was, with what is declared now."""
    key = f"{found.entry.key}:{name}"
    section = found.section(name)
    return replace(old[key], section=section, entry=found.entry) if key in old else View(
        found.entry, section
    )  # fmt: skip


def _has_clip(view: View, address: str, frames: int) -> None:
    view.clip, view.frames, view.fps, view.fault = address, frames, QUALITY.fps, None


def _sources() -> frozenset[Path]:
    return frozenset(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
