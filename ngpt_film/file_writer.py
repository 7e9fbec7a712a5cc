"""Manim's file writer in this project's colours, for plain `manim render`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from manim import SceneFileWriter
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from ngpt_film.encoder import Bt709, tag_bt709


class Bt709SegmentEncoder(VideoSegmentEncoder):
    """Manim's encoder of one play, for frames that are converted already."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        tag_bt709(self._stream.codec_context)

    def _validate_frame(self, pixels: Any, repeat: int) -> None:
        """Nothing to check: `Bt709` made the frame."""

    def write_frame(self, pixels: Any, *, repeat: int = 1) -> None:
        """Append a yuv420p `av.VideoFrame` `repeat` times."""
        for _ in range(repeat):
            pixels.pts = self._next_pts
            pixels.time_base = 1 / self.spec.frame_rate
            self._next_pts += 1
            self._container.mux(self._stream.encode(pixels))  # type: ignore[union-attr]


class FilmFileWriter(SceneFileWriter):
    """Manim's file writer with BT.709 colours where it writes H.264."""

    @property
    def _writes_h264(self) -> bool:
        spec = self.video_encoder
        return spec is not None and (spec.codec, spec.pixel_format) == ("libx264", "yuv420p")

    def write_frame(self, pixels: Any, *, repeat: int = 1, changed: Any = None) -> None:
        """Append a frame; `pixels`, uint8 (height, width, 4), is read before this returns.

        It is converted whole even where little of it has `changed`: an encoder in another thread
        may still read the frame before.
        """
        frame: Any = Bt709()(pixels) if self._writes_h264 else pixels.copy()
        super().write_frame(frame, repeat=repeat)

    def _create_segment_encoder(self, target: Path) -> VideoSegmentEncoder:
        if self._writes_h264:
            return Bt709SegmentEncoder(target=target, spec=self.video_encoder)
        return super()._create_segment_encoder(target)
