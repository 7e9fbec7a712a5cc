"""The qualities a film is made in. No Manim here: reports and the command line need them too."""

from __future__ import annotations

from dataclasses import dataclass

from ngpt_math.errors import UsageError


@dataclass(frozen=True, slots=True)
class Codec:
    """How x264 is asked to work. `preset`, `crf` and `tuning` are its own names and values."""

    preset: str
    crf: int
    tuning: str = ""

    def options(self, fps: int, threads: int) -> dict[str, str]:
        """x264's options for a stream of `fps` frames a second: a key frame every second."""
        always = f"stitchable=1:scenecut=0:keyint={fps}"
        return {
            "preset": self.preset,
            "crf": str(self.crf),
            "threads": str(threads),
            "x264-params": f"{always}:{self.tuning}" if self.tuning else always,
        }


# On turning spheres and moving numbers this costs half of plain `veryfast` at crf 18 and is nearer
# to the frames. `mbtree` must be off: with it, x264's AVX-512 code reads memory that nobody wrote,
# and one film in four has other bytes. Without CABAC, a file is at most a twelfth larger and takes
# a tenth less of the whole time.
TUNING = "mbtree=0:rc-lookahead=0:me=dia:subme=0:partitions=i4x4:b-adapt=0:no-cabac=1"
FILM = Codec("veryfast", 19, TUNING)
# With 8x8 transforms, a draft has the profile of the film: High.
DRAFT = Codec("ultrafast", 23, "8x8dct=1")


@dataclass(frozen=True, slots=True)
class Quality:
    """A size in pixels, a rate in frames a second, and how they are encoded."""

    name: str
    width: int
    height: int
    fps: int
    codec: Codec


QUALITIES = (
    Quality("draft", 854, 480, 15, DRAFT),
    Quality("preview", 1280, 720, 30, FILM),
    Quality("hd", 1920, 1080, 60, FILM),
    Quality("4k", 3840, 2160, 60, FILM),
)


def quality(name: str) -> Quality:
    """The quality called `name`. Raises UsageError with the names there are."""
    for known in QUALITIES:
        if known.name == name:
            return known
    raise UsageError(f"there is no quality {name}", f"use {', '.join(q.name for q in QUALITIES)}")
