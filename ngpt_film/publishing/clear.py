"""Clips without the ground behind them, to lie on slides of any dark colour: WebM with alpha.

A shot has no alpha, so these sections are drawn again. What hides something with a patch in the
ground's colour keeps that patch.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from ngpt_film import crew, shots
from ngpt_film.box import EVERYWHERE, Box
from ngpt_film.crew import Tell
from ngpt_film.encoder import Pixels, tag_bt709
from ngpt_film.publishing.release import Part, Release
from ngpt_film.publishing.workshop import Workshop
from ngpt_film.quality import Quality
from ngpt_math.errors import StudioError
from ngpt_math.files import sha256_of, whole_file
from scenes.film import Entry

SPEED = {"deadline": "realtime", "cpu-used": "8", "crf": "28", "b": "0", "auto-alt-ref": "0"}


@dataclass(frozen=True, slots=True)
class Task:
    """A section to be drawn on nothing, and the file it goes to."""

    entry: Entry
    section: str
    quality: Quality
    file: Path

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.entry.key}:{self.section}"


def make_all(release: Release, shop: Workshop, renders: Path, jobs: int) -> None:
    """A clip with alpha of every section; what was drawn is kept in `renders`.

    Raises:
        StudioError: a section cannot be drawn.
    """
    tasks = [_task(part, renders) for part in release.parts]
    _draw([task for task in tasks if not task.file.is_file()], jobs)
    for part, task in zip(release.parts, tasks, strict=True):
        name = f"clips/{part.stem}.webm"
        shop.make(name, ["webm", task.file.name], partial(_copy, task.file))


def _task(part: Part, renders: Path) -> Task:
    shot = part.shot.shot
    made_from = json.dumps([shot.fingerprint.digest, sha256_of(Path(__file__))])
    digest = hashlib.sha256(made_from.encode()).hexdigest()[:16]
    file = renders / "clear" / shot.quality.name / f"{part.stem}-{digest}.webm"
    return Task(part.entry, part.section.name, shot.quality, file)


def _draw(tasks: list[Task], jobs: int) -> None:
    """Draw sections, each in a process of its own: Manim's settings are global."""
    if tasks:
        shots.load_camera()
    with closing(crew.run(_work, tasks, jobs)) as events:
        for event in events:
            if event.failure:
                problem = f"{event.task.name} cannot be drawn without ground: {event.failure.line}"
                raise StudioError(problem, "mend the section, or leave --also webm out")


def _copy(file: Path, path: Path) -> None:
    with whole_file(path) as temporary:
        shutil.copyfile(file, temporary)


def _work(task: Task, tell: Tell) -> bool:
    from ngpt_film.shoot import play

    with tempfile.TemporaryDirectory() as cache, AlphaWriter(task.file, task.quality) as writer:
        play(task.entry.load(), task.section, task.quality, writer, text_cache=Path(cache))
    return True


class AlphaWriter:
    """Writes VP9 with an alpha channel; the file appears, whole, when the `with` block succeeds."""

    def __init__(self, path: Path, quality: Quality) -> None:
        self.path, self.quality, self.frames = path, quality, 0

    def __enter__(self) -> AlphaWriter:
        self._file = whole_file(self.path)
        temporary = self._file.__enter__()
        self._container = av.open(str(temporary), "w", format="webm")
        stream: Any = self._container.add_stream("libvpx-vp9", rate=self.quality.fps, options=SPEED)
        stream.width, stream.height = self.quality.width, self.quality.height
        stream.pix_fmt = "yuva420p"
        stream.codec_context.time_base = Fraction(1, self.quality.fps)
        tag_bt709(stream.codec_context)
        self._stream = stream
        return self

    def write(self, pixels: Pixels, repeat: int = 1, changed: Box = EVERYWHERE) -> None:
        """Append a frame, uint8 (height, width, 4) with premultiplied alpha, `repeat` times."""
        frame = av.VideoFrame.from_ndarray(straight(pixels), format="rgba").reformat(
            format="yuva420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        tag_bt709(frame)
        for _ in range(repeat):
            frame.pts, frame.time_base = self.frames, Fraction(1, self.quality.fps)
            self._container.mux(self._stream.encode(frame))
            self.frames += 1

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        self._file.__exit__(kind, error, trace)


def straight(pixels: Pixels) -> Pixels:
    """Colours that were multiplied by their alpha, as they are without it."""
    alpha = pixels[..., 3:].astype(np.uint16)
    colours = (pixels[..., :3].astype(np.uint16) * 255 + alpha // 2) // np.maximum(alpha, 1)
    return np.concatenate([np.minimum(colours, 255), alpha], axis=2).astype(np.uint8)
