"""Drawing for the preview, in a process of its own: first what a section ends with, then its clip.

A request is a plain dictionary, because modules may have been imported anew since it was sent:
`chapter` (its key), `recordings` (of other models, or ""), `sections` (fingerprints by name),
`ahead` (the section whose last frame is wanted first, or ""), `quality`, `environment` and
`folder`, the preview's own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from ngpt_film import shots
from ngpt_film.fingerprint import Fingerprint
from ngpt_film.previewing import folder
from ngpt_film.previewing.zygote import die_on_hang_up
from ngpt_film.quality import quality
from ngpt_film.shoot import Take, lengths
from ngpt_math.errors import StudioError
from ngpt_math.files import whole_file
from scenes import film
from scenes.film import Entry
from scenes.stage.chapter import Chapter

NEWS_EVERY = 0.1  # seconds between two reports of how far a clip is


def draw(request: dict[str, Any], pipe: Connection) -> None:
    """Draw the sections that are asked for; `pipe` hears of each picture as soon as it is there.

    What is sent: `still`, `at` (frames done), `clip`, `kept`, `failed`.
    """
    run = _run(request)
    chapter = run[0].entry.load()
    if request["ahead"]:
        chapter = with_last_frame(chapter, _shot(run, request["ahead"]), pipe)
    else:
        os.nice(5)

    def taken(name: str, take: Take) -> None:
        pipe.send(("clip", {"section": name, "path": str(take.path), "frames": take.frames}))

    done = shots.render(
        run, _news(pipe), chapter=chapter, text_at=folder.text(Path(request["folder"])), taken=taken
    )
    if done.failure is not None:
        name = done.failed.partition(":")[2]
        told = {"section": name, "line": done.failure.line, "trace": done.failure.trace}
        pipe.send(("failed", told))


def rehearse(request: dict[str, Any]) -> None:
    """Play a chapter without drawing: its text and equations are then at hand in this process."""
    place = folder.text(Path(request["folder"]))
    [shot, *_] = _run(request)
    with shots.text_cache(shot, place):
        lengths(shot.entry.load(), shot.quality, text_cache=place)


def _run(request: dict[str, Any]) -> tuple[shots.Shot, ...]:
    entry = _entry(request["chapter"], request["recordings"])
    return tuple(
        shots.Shot(
            entry,
            name,
            quality(request["quality"]),
            Fingerprint(**fingerprint),
            request["environment"],
            Path(request["folder"]),
        )
        for name, fingerprint in request["sections"].items()
    )


def _entry(key: str, recordings: str) -> Entry:
    entry = film.entry(key)
    if entry is None:
        raise StudioError(f"there is no chapter '{key}'", "it was taken out of scenes/film.py")
    return replace(entry, recordings=Path(recordings) if recordings else None)


def _shot(run: tuple[shots.Shot, ...], section: str) -> shots.Shot:
    return next(shot for shot in run if shot.section == section)


def _news(pipe: Connection) -> Callable[[int], None]:
    """Tell how many frames are done, now and then."""
    told = [0.0]

    def tell(frames: int) -> None:
        if time.monotonic() - told[0] > NEWS_EVERY:
            told[0] = time.monotonic()
            pipe.send(("at", {"frames": frames}))

    return tell


def with_last_frame(chapter: type[Chapter], shot: shots.Shot, pipe: Connection) -> type[Chapter]:
    """A chapter that, where the section begins, first draws what it ends with.

    A forked process passes over the section and draws that one frame; meanwhile this one waits,
    since both would write the same equations.
    """

    class Ahead(chapter):  # type: ignore[valid-type, misc]
        _is_ahead = False

        def next_section(self, name: str = "unnamed", *args: Any, **kwargs: Any) -> None:
            super().next_section(name, *args, **kwargs)
            if name != shot.section or self._is_ahead:
                return
            pid = os.fork()
            if pid:
                os.waitpid(pid, 0)
                return
            die_on_hang_up(pipe.fileno())
            self._is_ahead = True
            self.renderer.only_frames = frozenset()

        def construct(self) -> None:
            try:
                super().construct()
                if self._is_ahead:
                    _keep_last(self, shot, pipe)
            finally:
                if self._is_ahead:  # whatever went wrong: the process that waits will meet it too
                    os._exit(0)

    Ahead.__name__ = chapter.__name__
    return Ahead


def _keep_last(scene: Chapter, shot: shots.Shot, pipe: Connection) -> None:
    with suppress(Exception):
        scene.renderer.update_frame(scene)
        path = folder.still(shot)
        with whole_file(path) as temporary:
            picture = Image.fromarray(scene.renderer.get_frame()).convert("RGB")
            picture.save(temporary, format="png", compress_level=1)
        pipe.send(("still", {"section": shot.section, "path": str(path)}))
