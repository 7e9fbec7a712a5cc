"""Frames to H.264, and segments to one film.

Frames are converted to BT.709 and tagged so, because Manim's own files carry BT.601 values and no
tag, which players show in other colours than were asked for. Segments made with the same settings
join by copying packets: each begins with a key frame, no picture refers past a key frame
(closed GOPs), and their headers do not depend on what is in them (x264's `stitchable`).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from ngpt_film.box import EVERYWHERE, Box
from ngpt_film.quality import FILM, Codec
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import shown, whole_file

Pixels = npt.NDArray[np.uint8]


def tag_bt709(context: Any) -> None:
    """Say in the stream (or frame) that its values are BT.709, limited range."""
    context.colorspace = int(Colorspace.ITU709)
    context.color_primaries = int(ColorPrimaries.BT709)
    context.color_trc = int(ColorTrc.BT709)
    context.color_range = int(ColorRange.MPEG)


class Bt709:
    """Converts full-range RGBA frames to limited-range yuv420p by the BT.709 matrix.

    Every call returns the same frame, with new content: where little changed, little is converted.
    """

    def __init__(self) -> None:
        self._scaler = VideoReformatter()
        self._frame: av.VideoFrame | None = None

    def __call__(self, pixels: Pixels, changed: Box = EVERYWHERE) -> av.VideoFrame:
        """Convert a frame that differs from the last one only where it `changed`.

        `pixels`: uint8, (height, width, 4), C-contiguous; read before this returns.
        """
        height, width = pixels.shape[:2]
        inner, outer = _aligned(changed, width, height, 1), _aligned(changed, width, height, 2)
        if self._frame is None or _area(outer) > 0.8 * width * height:
            self._frame = self._converted(pixels)
            self._planes = planes(self._frame)
        elif inner:
            part = self._converted(pixels[outer.top : outer.bottom, outer.left : outer.right])
            for size, whole, new in zip((1, 2, 2), self._planes, planes(part), strict=True):
                _paste(whole, new, inner, outer, size)
        return self._frame

    def _converted(self, pixels: Pixels) -> av.VideoFrame:
        converted = self._scaler.reformat(
            av.VideoFrame.from_numpy_buffer(pixels, format="rgba"),
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        tag_bt709(converted)
        return converted


# Blocks to which boxes are widened: even, for the chroma's half resolution, and wider than the
# filter that halves it, which must see a little of what is around a box.
BLOCK = 8


def _aligned(box: Box, width: int, height: int, margin: int) -> Box:
    """The whole blocks that hold `box`, and `margin` blocks around them, within the frame."""
    if not box:
        return box
    return Box(
        max(0, (box.left // BLOCK - margin) * BLOCK),
        max(0, (box.top // BLOCK - margin) * BLOCK),
        min(width, (-(-box.right // BLOCK) + margin) * BLOCK),
        min(height, (-(-box.bottom // BLOCK) + margin) * BLOCK),
    )


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top) if box else 0


def planes(frame: av.VideoFrame) -> list[Pixels]:
    """The frame's planes, to be read and written: (height, width), chroma half of both."""
    return [
        np.frombuffer(memoryview(p), np.uint8).reshape(p.height, p.line_size)[:, : p.width]
        for p in frame.planes
    ]


def _paste(whole: Pixels, part: Pixels, inner: Box, outer: Box, size: int) -> None:
    """Put what `inner` holds of `part`, a picture of `outer`, into `whole`; `size`: its pixels."""
    top, bottom = inner.top // size, inner.bottom // size
    left, right = inner.left // size, inner.right // size
    y, x = outer.top // size, outer.left // size
    whole[top:bottom, left:right] = part[top - y : bottom - y, left - x : right - x]


class SegmentWriter:
    """Writes one silent H.264 segment; the file appears, whole, when the `with` block succeeds.

    Args:
        path: where the segment goes (MP4).
        width, height: pixels, both even.
        fps: frames a second.
        codec: `FILM` or `DRAFT`.
        digest: also take a sha256 over the raw frames (5 ms a 1080p frame).
        threads: x264's threads; one keeps the bytes the same on every machine.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: int,
        *,
        codec: Codec = FILM,
        digest: bool = False,
        threads: int = 1,
    ) -> None:
        if width % 2 or height % 2:
            raise StudioError(f"{width}x{height} is not a size H.264 can hold", "use even numbers")
        self.path, self.frames = path, 0
        self.width, self.height, self.fps = width, height, fps
        self._options = codec.options(fps, threads)
        self._convert = Bt709()
        self._hash = hashlib.sha256() if digest else None
        self._last_digest = b""

    def __enter__(self) -> SegmentWriter:
        with ExitStack() as files:
            temporary = files.enter_context(whole_file(self.path))
            self._container = files.enter_context(av.open(str(temporary), "w", format="mp4"))
            self._stream = self._container.add_stream(
                "libx264", rate=self.fps, options=self._options
            )
            self._stream.width, self._stream.height = self.width, self.height
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, self.fps)
            tag_bt709(self._stream.codec_context)
            self._files = files.pop_all()
        return self

    def write(self, pixels: Pixels, repeat: int = 1, changed: Box = EVERYWHERE) -> None:
        """Append a frame `repeat` times.

        `pixels`: uint8, (height, width, 4), read before this returns. `changed`: the box outside
        which it is the last frame written.
        """
        if pixels.shape != (self.height, self.width, 4):
            raise ValueError(f"a frame of {self.width}x{self.height} has not {pixels.shape}")
        frame = self._convert(pixels, changed if self.frames else EVERYWHERE)
        if self._hash is not None and (changed or not self.frames):
            self._last_digest = hashlib.sha256(pixels.data).digest()
        for _ in range(repeat):
            frame.pts = self.frames
            frame.time_base = Fraction(1, self.fps)
            self._encode(frame)
            self.frames += 1
            if self._hash is not None:
                self._hash.update(self._last_digest)

    def _encode(self, frame: av.VideoFrame | None) -> None:
        """Encode a yuv420p frame, or with None those that are still held back."""
        self._container.mux(self._stream.encode(frame))

    @property
    def digest(self) -> str:
        """The sha256, in hex, over the sha256 of every frame so far; empty when not asked for."""
        return self._hash.hexdigest() if self._hash is not None else ""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._encode(None)
        except BaseException:
            self._files.__exit__(*sys.exc_info())
            raise
        self._files.__exit__(kind, error, trace)


def join(segments: Sequence[Path], out: Path) -> None:
    """Write `segments`, one after another, to `out` (MP4, index first) without encoding again.

    Raises:
        DamagedFile: a segment cannot be read.
        StudioError: the segments were made with different settings.
    """
    if not segments:
        raise StudioError("there is nothing to join", "render a section first")
    with (
        whole_file(out) as temporary,
        av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as film,
    ):
        stream, frames = None, 0
        header: bytes | None = None
        for path in segments:
            with _opened(path) as segment:
                source = segment.streams.video[0]
                if stream is None:
                    stream = film.add_stream_from_template(source)
                    header = source.codec_context.extradata
                if source.codec_context.extradata != header:
                    raise StudioError(
                        f"{shown(path)} was encoded with other settings than {shown(segments[0])}",
                        "render both in the same quality",
                    )
                frames += _copy(segment, source, film, stream, frames)


def _opened(path: Path) -> av.container.InputContainer:
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise DamagedFile(f"{shown(path)} cannot be read ({error})", "render it again") from error


def _copy(segment: Any, source: Any, film: Any, stream: Any, start: int) -> int:
    """Copy the packets of one segment to begin at frame `start`; returns how many there were."""
    count = 0
    for packet in segment.demux(source):
        if packet.dts is None:
            continue
        offset = round(start / source.average_rate / packet.time_base)
        packet.pts += offset
        packet.dts += offset
        packet.stream = stream
        film.mux(packet)
        count += 1
    return count
