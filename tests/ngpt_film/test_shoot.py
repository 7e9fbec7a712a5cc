"""Sections shot alone, together and in parts are the same frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from manim import (
    DOWN,
    RIGHT,
    UP,
    AnimationGroup,
    Create,
    Dot,
    FadeOut,
    Line,
    Rotate,
    Square,
    Succession,
    Text,
    ThreeDScene,
    TracedPath,
    ValueTracker,
)
from PIL import Image

from ngpt_film.quality import DRAFT, Quality, quality
from ngpt_film.shoot import lengths, shoot, shoot_each, still
from ngpt_math.errors import StudioError, UsageError
from scenes.film import FILM, Entry
from scenes.stage.chapter import Chapter
from scenes.stage.section import Section, section

TINY = Quality("tiny", 214, 120, 15, DRAFT)


class Trial(Chapter, ThreeDScene):
    """Every way in which passing over a play could leave another state than playing it."""

    key, number, heading, notebooks = "trial", 1, "Trial", ()
    _now = recording = None

    def setup(self) -> None:
        ThreeDScene.setup(self)

    def _enter(self, declared: Section) -> None:
        """No titles: the trial's frames are counted."""

    @section("Updaters that follow, one step late", says=("a",))
    def following(self) -> None:
        self.value = ValueTracker(0)
        self.square = Square()
        self.late = Dot().add_updater(lambda m: m.next_to(self.square, UP))
        self.later = Dot().add_updater(lambda m: m.next_to(self.late, RIGHT))
        self.add(self.later, self.late)
        self.play(Create(self.square))
        self.wait(0.5)
        self.play(AnimationGroup(self.square.animate.shift(RIGHT), Rotate(Line()), lag_ratio=0.3))

    @section("Updaters that remember", says=("b",))
    def remembering(self) -> None:
        self.trace = TracedPath(self.square.get_center)
        self.add(self.trace)
        self.set_camera_orientation(phi=0.5)
        self.begin_ambient_camera_rotation(0.5)
        self.play(Succession(self.square.animate.shift(DOWN), self.square.animate.shift(UP)))
        self.wait(0.3)

    @section("Text that does not turn", says=("c",))
    def turning(self) -> None:
        self.stop_ambient_camera_rotation()
        label = Text("fixed")
        self.add_fixed_in_frame_mobjects(label)
        self.wait(0.4)
        self.move_camera(phi=1, run_time=0.5)

    @section("The end", says=("d",))
    def ending(self) -> None:
        self.play(FadeOut(self.square), run_time=0.5)


NAMES = tuple(s.name for s in Trial.sections())


class Empty(Trial):
    """A chapter whose section shows nothing."""

    @section("Nothing", says=("a",))
    def nothing(self) -> None:
        pass


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("whole")
    return shoot_each(Trial, {n: folder / f"{n}.mp4" for n in NAMES}, TINY, digest=True)


@pytest.mark.parametrize("name", NAMES)
def test_section_alone_is_the_section_in_the_whole(tmp_path: Path, whole: dict, name: str) -> None:
    take = shoot(Trial, (name,), tmp_path / "alone.mp4", TINY, digest=True)
    assert take.digest == whole[name].digest
    assert take.path.read_bytes() == whole[name].path.read_bytes()


def test_frames_follow_from_the_declared_times(whole: dict) -> None:
    assert [whole[n].frames for n in NAMES] == [15 + 8 + 20, 30 + 5, 6 + 8, 8]
    for take in whole.values():
        found = ffmpeg.probe(str(take.path))["streams"][0]
        assert int(found["nb_frames"]) == take.frames
        assert (found["width"], found["height"]) == (TINY.width, TINY.height)


def test_lengths_are_known_without_drawing(whole: dict) -> None:
    assert lengths(Trial, TINY) == {name: whole[name].frames for name in NAMES}


def test_progress_is_told_up_to_the_last_frame(tmp_path: Path, whole: dict) -> None:
    heard: list[int] = []
    shoot(Trial, NAMES[2:], tmp_path / "two.mp4", TINY, tell=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == sum(whole[n].frames for n in NAMES[2:])


def test_sections_in_one_segment_are_counted_apart(tmp_path: Path, whole: dict) -> None:
    take = shoot(Trial, NAMES[2:], tmp_path / "two.mp4", TINY)
    assert take.sections == tuple((n, whole[n].frames) for n in NAMES[2:])
    assert take.frames == sum(frames for _, frames in take.sections)
    assert take.duration == take.frames / TINY.fps


def test_only_the_segment_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shoot(Trial, NAMES[:1], tmp_path / "out" / "a.mp4", TINY)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / "out" / "a.mp4"]


def test_stills_are_frames_of_the_section(tmp_path: Path) -> None:
    pixels = {}
    for at in (0.0, 0.5, 1.0, "end"):
        still(Trial, "turning", at, tmp_path / "s.png", TINY)
        pixels[at] = np.asarray(Image.open(tmp_path / "s.png")).astype(int)
    assert pixels[0.0].shape == (TINY.height, TINY.width, 3)
    # The camera moves in the last half second only.
    assert np.array_equal(pixels[0.0], pixels[0.5]) or np.abs(pixels[0.0] - pixels[0.5]).max() < 200
    assert not np.array_equal(pixels[0.0], pixels[1.0])
    # One step of 1/15 s lies between the last frame and the end.
    assert not np.array_equal(pixels[1.0], pixels["end"])
    assert np.abs(pixels[1.0] - pixels["end"]).mean() < np.abs(pixels[0.0] - pixels["end"]).mean()


def test_unknown_section_and_quality_say_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="following, remembering, turning, ending"):
        shoot(Trial, ("nosuch",), tmp_path / "a.mp4", TINY)
    with pytest.raises(UsageError, match="draft, preview, hd, 4k"):
        quality("8k")


def test_empty_section_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="nothing"):
        shoot(Empty, ("nothing",), tmp_path / "a.mp4", TINY)
    assert list(tmp_path.iterdir()) == []


LONG = [entry for entry in FILM if len(entry.load().sections()) > 1]


@pytest.mark.parametrize("entry", LONG, ids=lambda entry: entry.key)
def test_chapters_last_section_is_the_same_after_one_that_was_drawn(
    tmp_path: Path, entry: Entry
) -> None:
    chapter, slow = entry.load(), replace(TINY, fps=6)
    *_, before, last = (s.name for s in chapter.sections())
    paths = {name: tmp_path / f"{name}.mp4" for name in (before, last)}
    together = shoot_each(chapter, paths, slow, digest=True)
    alone = shoot(chapter, (last,), tmp_path / "alone.mp4", slow, digest=True)
    assert alone.digest == together[last].digest
