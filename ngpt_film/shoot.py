"""Shooting sections of a chapter: from the camera straight into a segment.

Everything happens in this process; nothing is written but the segment (and Manim's text cache). A
section shot alone has the same frames as in the whole chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from manim import Scene, SceneFileWriter, tempconfig
from PIL import Image

from ngpt_film.box import EVERYWHERE, Box
from ngpt_film.camera import camera_of
from ngpt_film.encoder import Pixels, SegmentWriter
from ngpt_film.quality import Quality
from ngpt_film.renderer import FilmRenderer
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT, whole_file
from scenes.stage.chapter import Chapter
from scenes.stage.style import COLOUR

Tell = Callable[[int], None]  # hears how many frames are done
Place = Literal["end"] | float  # the state a section ends in, or a fraction of its frames

TEXT_CACHE = ROOT / "renders" / "manim"


@dataclass(frozen=True, slots=True)
class Take:
    """A segment that was shot: `frames` of it, `duration` in seconds.

    `sections` are the names and frames of the sections in it, in order. `digest` is the sha256
    over its raw frames, empty when not asked for.
    """

    path: Path
    frames: int
    duration: float
    sections: tuple[tuple[str, int], ...]
    digest: str


class SectionFailed(Exception):
    """A section raised while it was played: its name, and the frames of those before it."""

    def __init__(self, section: str, frames: Mapping[str, int]) -> None:
        super().__init__(f"section {section} failed")
        self.section = section
        self.frames = frames


class _Tap(SceneFileWriter):
    """Manim's file writer that writes nothing, and hands each section's frames on."""

    def __init__(self, sinks: Mapping[str, Any] | _Reels, tell: Tell | None, settings: Any) -> None:
        self._sinks = sinks
        self._tell = tell
        self._last: Any = None
        self.counts: dict[str, int] = {}
        super().__init__(settings)

    def write_frame(self, pixels: Any, *, repeat: int = 1, changed: Box = EVERYWHERE) -> None:
        name = self.sections[-1].name
        sink = self._sinks[name]
        # What changed is known since the frame before, which another sink may have got.
        sink.write(pixels, repeat, changed if sink is self._last else EVERYWHERE)
        self._last = sink
        self.counts[name] = self.counts.get(name, 0) + repeat
        if self._tell is not None:
            self._tell(sum(self.counts.values()))


class _Reels:
    """A segment for each section: begun with its first frame, kept when the next one begins."""

    def __init__(
        self,
        start: Callable[[str], SegmentWriter],
        taken: Callable[[str, Take], None] | None,
    ) -> None:
        self._start, self._taken = start, taken
        self._open = ExitStack()
        self._name = ""
        self._writer: Any = None
        self.takes: dict[str, Take] = {}

    def __getitem__(self, name: str) -> Any:
        if name != self._name:
            self._finish()
            self._name, self._writer = name, self._open.enter_context(self._start(name))
        return self._writer

    def _finish(self) -> None:
        if not self._name:
            return
        self._open.close()
        name, self._name = self._name, ""
        self.takes[name] = _take(self._writer, ((name, self._writer.frames),))
        if self._taken is not None:
            self._taken(name, self.takes[name])

    def __enter__(self) -> _Reels:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Keep the segment that is being written only if nothing went wrong."""
        if kind is None:
            self._finish()
        else:
            self._open.__exit__(kind, error, trace)


class _Stills:
    """Keeps the frames that come, in their order, each in one or more files."""

    def __init__(self, keep: Callable[[Path, Pixels], None], files: Sequence[list[Path]]) -> None:
        self._keep, self._files = keep, iter(files)

    def write(self, pixels: Pixels, repeat: int, changed: Box) -> None:
        for _ in range(repeat):
            for path in next(self._files):
                self._keep(path, pixels)


def _settings(quality: Quality, text_cache: Path = TEXT_CACHE) -> dict[str, Any]:
    """Manim's settings for a shot: nothing is read from the command line, nothing written.

    `text_cache` is where Manim keeps drawn text. It writes there in place and trusts what it
    finds, so processes that run at once must not share it.
    """
    return {
        "pixel_width": quality.width,
        "pixel_height": quality.height,
        "frame_rate": quality.fps,
        "background_color": COLOUR.ground,
        "media_dir": text_cache,
        "dry_run": True,
        "disable_caching": True,
        "progress_bar": "none",
        "verbosity": "WARNING",
    }


def _names(chapter: type[Chapter], wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    there = tuple(section.name for section in chapter.sections())
    for name in wanted or ():
        if name not in there:
            raise UsageError(
                f"chapter {chapter.key} has no section {name}", f"it has {', '.join(there)}"
            )
    return tuple(name for name in there if wanted is None or name in wanted)


def _run(
    chapter: type[Chapter],
    names: tuple[str, ...],
    quality: Quality,
    sinks: Mapping[str, Any] | _Reels,
    only_frames: frozenset[int] | None = None,
    tell: Tell | None = None,
) -> tuple[FilmRenderer, Chapter]:
    """Play the sections `names` into `sinks`; the caller has applied `_settings`."""
    renderer, scene = _scene(chapter, names, sinks, only_frames, tell)
    scene.render()
    return renderer, scene


def _scene(
    chapter: type[Chapter],
    names: tuple[str, ...],
    sinks: Mapping[str, Any] | _Reels,
    only_frames: frozenset[int] | None = None,
    tell: Tell | None = None,
) -> tuple[FilmRenderer, Chapter]:
    """A scene that will play the sections `names` into `sinks`."""
    renderer = FilmRenderer(
        file_writer_class=partial(_Tap, sinks, tell),
        camera_class=camera_of(chapter),
    )
    renderer.only_frames = only_frames
    scene = chapter(renderer=renderer)
    scene.only = names
    return renderer, scene


def _play(renderer: FilmRenderer, scene: Chapter, names: tuple[str, ...]) -> None:
    """Play a scene. Raises SectionFailed from what it raises."""
    try:
        scene.render()
    except Exception as error:
        section = renderer.file_writer.sections[-1].name
        counts = {n: k for n, k in renderer.frames_of.items() if n != section}
        raise SectionFailed(section if section in names else names[0], counts) from error


def shoot_each(
    chapter: type[Chapter],
    paths: Mapping[str, Path],
    quality: Quality,
    *,
    digest: bool = False,
    text_cache: Path = TEXT_CACHE,
    tell: Tell | None = None,
    taken: Callable[[str, Take], None] | None = None,
) -> dict[str, Take]:
    """Play `chapter` once and write each section named in `paths` to its own segment.

    Sections not named are fast-forwarded, and those after the last one left out. A segment is there
    as soon as the next section begins, and `taken` hears of it.

    Raises:
        SectionFailed: a section raised; its error is the cause. The segments before it are there.
    """
    names = _names(chapter, tuple(paths))
    reels = _Reels(lambda name: _writer(paths[name], quality, digest), taken)
    with tempconfig(_settings(quality, text_cache)), reels:
        renderer, scene = _scene(chapter, names, reels, tell=tell)
        _play(renderer, scene, names)
        _check_shown(chapter, names, renderer.file_writer.counts)
    return reels.takes


def shoot(
    chapter: type[Chapter],
    section_names: tuple[str, ...] | None,
    out: Path,
    quality: Quality,
    *,
    digest: bool = False,
    text_cache: Path = TEXT_CACHE,
    tell: Tell | None = None,
) -> Take:
    """Shoot sections of `chapter` (None: all), in the chapter's order, into the segment `out`."""
    names = _names(chapter, section_names)
    settings = _settings(quality, text_cache)
    with tempconfig(settings), _writer(out, quality, digest) as writer:
        renderer, _ = _run(chapter, names, quality, dict.fromkeys(names, writer), tell=tell)
        counts = renderer.file_writer.counts
        _check_shown(chapter, names, counts)
    return _take(writer, tuple((n, counts[n]) for n in names))


def lengths(
    chapter: type[Chapter], quality: Quality, *, text_cache: Path = TEXT_CACHE
) -> dict[str, int]:
    """How many frames each section of `chapter` has, found without drawing any.

    Raises:
        SectionFailed: a section raised; its error is the cause.
    """
    names = _names(chapter, None)
    with tempconfig(_settings(quality, text_cache)):
        renderer, scene = _scene(chapter, names, {}, only_frames=frozenset())
        _play(renderer, scene, names)
    return {name: renderer.frames_of.get(name, 0) for name in names}


def still(
    chapter: type[Chapter],
    section: str,
    at: Place,
    out_png: Path,
    quality: Quality,
    *,
    text_cache: Path = TEXT_CACHE,
) -> None:
    """Write one frame of a section as PNG: what it ends with, or the frame at a fraction of it."""
    stills(chapter, [(section, at, out_png)], quality, text_cache=text_cache)


def stills(
    chapter: type[Chapter],
    wanted: Sequence[tuple[str, Place, Path]],
    quality: Quality,
    *,
    text_cache: Path = TEXT_CACHE,
    tell: Tell | None = None,
) -> None:
    """Write frames of sections as PNGs, each a section's name, the place in it and the file.

    The chapter is played once without drawing, to know its lengths, and once drawing these frames.
    """
    names = _names(chapter, tuple(name for name, _, _ in wanted))
    done = iter(range(1, len(wanted) + 1))

    def keep(path: Path, pixels: Pixels) -> None:
        with whole_file(path) as temporary:
            Image.fromarray(pixels).convert("RGB").save(temporary, format="png")
        if tell is not None:
            tell(next(done))

    with tempconfig(_settings(quality, text_cache)):
        plain, _ = _run(chapter, names, quality, {}, only_frames=frozenset())
        frames = _frames(wanted, plain.frames_of)
        sink = _Stills(keep, list(frames.values()))
        ends = {name: path for name, at, path in wanted if at == "end"}
        ending = _ending(chapter, lambda name, pixels: keep(ends[name], pixels), frozenset(ends))
        sinks = dict.fromkeys(names, sink)
        _run(ending, names, quality, sinks, only_frames=frozenset(frames))


def _frames(
    wanted: Sequence[tuple[str, Place, Path]], lengths: Mapping[str, int]
) -> dict[int, list[Path]]:
    """The numbers of the frames at fractions of sections, in order, and the files they go to."""
    begins = dict(zip(lengths, np.cumsum([0, *lengths.values()]).tolist(), strict=False))
    frames: dict[int, list[Path]] = {}
    for name, at, path in wanted:
        if at != "end":
            number = begins[name] + round(at * max(0, lengths[name] - 1))
            frames.setdefault(number, []).append(path)
    return dict(sorted(frames.items()))


def _ending(
    chapter: type[Chapter], take: Callable[[str, Pixels], None], ends: frozenset[str]
) -> type[Chapter]:
    """The chapter; what stands when one of the sections `ends` is over is drawn and taken."""

    class Ending(chapter):  # type: ignore[misc, valid-type]
        section_now = ""

        def next_section(self, name: str = "unnamed", *args: Any, **kwargs: Any) -> None:
            self._take()
            super().next_section(name, *args, **kwargs)
            self.section_now = name

        def tear_down(self) -> None:
            self._take()
            super().tear_down()

        def _take(self) -> None:
            if self.section_now in ends:
                self.renderer.update_frame(self)
                take(self.section_now, self.renderer.get_frame())

    Ending.__name__ = chapter.__name__
    return Ending


def play(
    chapter: type[Chapter], section: str, quality: Quality, sink: Any, *, text_cache: Path
) -> None:
    """Play a section into `sink.write`, without the ground behind it: there its alpha is 0."""
    names = _names(chapter, (section,))
    with tempconfig({**_settings(quality, text_cache), "background_opacity": 0.0}):
        _run(chapter, names, quality, {section: sink})


def _check_shown(chapter: type[Chapter], names: tuple[str, ...], counts: Mapping[str, int]) -> None:
    for name in names:
        if not counts.get(name):
            raise StudioError(
                f"section {chapter.key}:{name} shows nothing", "play or wait in it, or remove it"
            )


def _writer(path: Path, quality: Quality, digest: bool) -> SegmentWriter:
    return SegmentWriter(
        path, quality.width, quality.height, quality.fps, codec=quality.codec, digest=digest
    )


def _take(writer: SegmentWriter, sections: tuple[tuple[str, int], ...]) -> Take:
    return Take(writer.path, writer.frames, writer.frames / writer.fps, sections, writer.digest)


def last_picture(scene_class: type[Scene], quality: Quality, text_cache: Path) -> Image.Image:
    """What a scene ends with; nothing before it is drawn."""
    with tempconfig(_settings(quality, text_cache)):
        renderer = FilmRenderer(partial(_Tap, {}, None), camera_of(scene_class))
        renderer.only_frames = frozenset()
        scene = scene_class(renderer=renderer)
        scene.render()
        renderer.update_frame(scene)
        return Image.fromarray(renderer.get_frame()).convert("RGB")
