"""Segments: colours that decode to what was asked for, and joins that lose nothing."""

from __future__ import annotations

from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from ngpt_film.box import NOWHERE, Box
from ngpt_film.encoder import Bt709, SegmentWriter, join, planes
from ngpt_film.quality import DRAFT, FILM, Codec
from ngpt_math.errors import DamagedFile, StudioError

SWATCHES = ("#58c4dd", "#83c167", "#fc6255", "#f7d96f", "#0d1117", "#ffff00", "#e6edf3")
WIDTH, HEIGHT = 7 * 64, 96


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def swatches() -> np.ndarray:
    frame = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    for i, colour in enumerate(SWATCHES):
        frame[:, 64 * i : 64 * (i + 1), :3] = rgb(colour)
    return frame


def moving(step: int) -> np.ndarray:
    frame = swatches()
    frame[20:40, 8 * step : 8 * step + 20, :3] = 255
    return frame


def write(path: Path, frames: list[np.ndarray], codec: Codec = FILM) -> Path:
    with SegmentWriter(path, WIDTH, HEIGHT, 30, codec=codec) as segment:
        for frame in frames:
            segment.write(frame)
    return path


def decoded(path: Path) -> np.ndarray:
    """The frames as an ordinary player shows them: by the tags in the file."""
    raw, _ = (
        ffmpeg.input(str(path))
        .output(
            "pipe:", format="rawvideo", pix_fmt="rgb24", sws_flags="accurate_rnd+full_chroma_int"
        )
        .run(capture_stdout=True, quiet=True)
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("codec", [FILM, DRAFT])
def test_swatches_decode_to_the_hex_asked_for(tmp_path: Path, codec: Codec) -> None:
    shown = decoded(write(tmp_path / "swatches.mp4", [swatches()] * 3, codec))
    for i, colour in enumerate(SWATCHES):
        found = shown[1, HEIGHT // 2, 64 * i + 32].astype(int)
        assert np.abs(found - rgb(colour)).max() <= 3, (colour, found)


def test_file_says_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [swatches()] * 5)
    stream = ffmpeg.probe(str(path))["streams"][0]
    expected = {
        "codec_name": "h264",
        "profile": "High",
        "pix_fmt": "yuv420p",
        "color_range": "tv",
        "color_space": "bt709",
        "color_primaries": "bt709",
        "color_transfer": "bt709",
        "avg_frame_rate": "30/1",
        "nb_frames": "5",
    }
    assert {key: stream[key] for key in expected} == expected


def test_join_keeps_every_frame_in_order(tmp_path: Path) -> None:
    first = write(tmp_path / "1.mp4", [moving(i) for i in range(40)])
    second = write(tmp_path / "2.mp4", [moving(i) for i in range(40, 47)])
    film = tmp_path / "film.mp4"
    join([first, second, first], film)
    parts = [decoded(first), decoded(second), decoded(first)]
    assert np.array_equal(decoded(film), np.concatenate(parts))
    stream = ffmpeg.probe(str(film))["streams"][0]
    assert stream["nb_frames"] == "87"
    assert stream["avg_frame_rate"] == stream["r_frame_rate"] == "30/1"
    assert stream["color_space"] == "bt709"


def test_joined_film_has_its_index_first(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    join([write(tmp_path / "1.mp4", [swatches()])], film)
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_repeated_frame_equals_the_same_frame_written_again(tmp_path: Path) -> None:
    frame = swatches()
    with SegmentWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 30, digest=True) as a:
        a.write(frame, repeat=4)
        a.write(frame, repeat=2, changed=NOWHERE)
    with SegmentWriter(tmp_path / "b.mp4", WIDTH, HEIGHT, 30, digest=True) as b:
        for _ in range(6):
            b.write(frame)
    assert a.digest == b.digest
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_digest_tells_one_changed_level(tmp_path: Path) -> None:
    frame = swatches()
    other = frame.copy()
    other[0, 0, 0] += 1
    with SegmentWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 30, digest=True) as segment:
        segment.write(frame)
        first = segment.digest
    with SegmentWriter(tmp_path / "b.mp4", WIDTH, HEIGHT, 30, digest=True) as segment:
        segment.write(other)
    assert segment.digest != first


@pytest.mark.parametrize("seed", range(8))
def test_converting_what_changed_is_converting_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    convert, frame = Bt709(), rng.integers(0, 256, (180, 326, 4), np.uint8)
    convert(frame)
    for _ in range(12):
        left, top = rng.integers(-20, 320), rng.integers(-20, 175)
        box = Box(left, top, left + rng.integers(1, 90), top + rng.integers(1, 60))
        part = frame[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)]
        part[:] = rng.integers(0, 256, part.shape, np.uint8)
        found, expected = convert(frame, box), Bt709()(frame)
        assert all(map(np.array_equal, planes(found), planes(expected)))


def test_segment_is_the_same_where_only_changes_are_converted(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", [moving(i) for i in range(50)])
    with SegmentWriter(tmp_path / "parts.mp4", WIDTH, HEIGHT, 30) as segment:
        for i in range(50):
            segment.write(moving(i), changed=Box(8 * i - 8, 20, 8 * i + 20, 40))
    assert segment.path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("codec", [FILM, DRAFT])
def test_same_frames_are_the_same_bytes_whatever_was_in_memory(
    tmp_path: Path, codec: Codec
) -> None:
    frames = [moving(i) for i in range(50)]
    made = set()
    for i in range(30):
        dirt = [bytearray(b"\xa5" * (100_000 + 7919 * i)) for _ in range(i % 7)]
        made.add(write(tmp_path / "a.mp4", frames, codec).read_bytes())
        del dirt
    assert len(made) == 1


def test_failure_leaves_the_old_segment_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [swatches()])
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), SegmentWriter(path, WIDTH, HEIGHT, 30) as segment:
        segment.write(swatches())
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_segments_of_different_settings_are_not_joined(tmp_path: Path) -> None:
    a = write(tmp_path / "a.mp4", [swatches()])
    b = write(tmp_path / "b.mp4", [swatches()], DRAFT)
    with pytest.raises(StudioError, match="other settings"):
        join([a, b], tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize("data", [b"", b"not a film"])
def test_damaged_segment_is_named(tmp_path: Path, data: bytes) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(data)
    with pytest.raises(DamagedFile, match=r"bad\.mp4"):
        join([bad], tmp_path / "film.mp4")


def test_every_segment_begins_with_a_key_frame_and_none_is_open(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [moving(i % 50) for i in range(70)])
    with av.open(str(path)) as segment:
        packets = [p for p in segment.demux(video=0) if p.dts is not None]
    keys = [p for p in packets if p.is_keyframe]
    assert keys[0].pts == 0
    assert len(keys) == 3
    # Closed: nothing that follows a key frame in the file is shown before it.
    for key in keys:
        after = [p.pts for p in packets if p.dts > key.dts]
        assert all(pts > key.pts for pts in after)
