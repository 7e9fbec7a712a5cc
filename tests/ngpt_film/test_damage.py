"""A recording that was damaged in any way is refused in one line, or is not damaged at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from ngpt_math.errors import DamagedFile
from ngpt_math.files import card_path, sha256_of
from ngpt_math.recordings import CHAPTERS, Recording, load, save, validate
from ngpt_math.recordings.format import FORMAT, Array, array, text

MANY = settings(max_examples=1000, deadline=None)


@dataclass(frozen=True, eq=False)
class Sample(Recording):
    """A recording with every kind of field."""

    chapter: ClassVar[str] = "sample"
    prompt: str = text("what was asked")
    states: Array = array("points of S²", "n+1", 3, model="toy ngpt", unit_vectors=True)
    angles: Array = array("angles", "n", model="toy ngpt", unit="rad")
    alpha: Array = array("one number", model="toy ngpt")


def sample() -> Sample:
    states = np.float32([[1, 0, 0], [0, 1, 0], [0, 0.6, 0.8]])
    return Sample({}, "to be", states, np.float32([0.1, 0.2]), np.float32(0.05))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("damage") / "sample.safetensors"
    save(sample(), path, "test")
    return path


@pytest.fixture(scope="module")
def whole(file: Path) -> tuple[bytes, bytes]:
    return file.read_bytes(), card_path(file).read_bytes()


def read(path: Path, data: bytes, card: bytes) -> str:
    """Load damaged bytes: the one line of the error, or nothing where the values are sound."""
    path.write_bytes(data)
    card_path(path).write_bytes(card)
    try:
        validate(load(Sample, path))
    except DamagedFile as error:
        line = str(error)
        assert "\n" not in line
        assert path.stem in line
        assert "; make it again with `ngpt record sample --checkpoint FILE --out " in line
        return line
    return ""


def honest_card(data: bytes, path: Path) -> bytes:
    """A card that calls these bytes the right ones."""
    path.write_bytes(data)
    return json.dumps({"sha256": sha256_of(path)}).encode()


def damages(data: bytes) -> st.SearchStrategy[bytes]:
    """Cut short, a bit flipped, a piece swapped, a piece overwritten, or more at the end."""
    places = st.integers(0, len(data) - 1)

    def flip(place: int, bit: int) -> bytes:
        return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]

    def swap(a: int, b: int, n: int) -> bytes:
        damaged = bytearray(data)
        damaged[a : a + n], damaged[b : b + n] = damaged[b : b + n], damaged[a : a + n]
        return bytes(damaged)

    def overwrite(place: int, new: bytes) -> bytes:
        return data[:place] + new + data[place + len(new) :]

    return st.one_of(
        places.map(lambda n: data[:n]),
        st.builds(flip, places, st.integers(0, 7)),
        st.builds(swap, places, places, st.integers(1, 16)),
        st.builds(overwrite, places, st.binary(min_size=1, max_size=12)),
        st.binary(min_size=1, max_size=16).map(lambda more: data + more),
    )


@MANY
@given(st.data())
def test_damage_that_the_card_does_not_know_is_always_refused(file, whole, data) -> None:
    damaged = data.draw(damages(whole[0]))
    line = read(file, damaged, whole[1])
    assert bool(line) == (damaged != whole[0])


@MANY
@given(st.data())
def test_damage_that_the_card_vouches_for_is_refused_or_sound(file, whole, data) -> None:
    damaged = data.draw(damages(whole[0]))
    read(file, damaged, honest_card(damaged, file))


@MANY
@given(st.data())
def test_damaged_cards_are_refused_or_right(file, whole, data) -> None:
    read(file, whole[0], data.draw(st.one_of(damages(whole[1]), st.binary(max_size=40))))


def saved(arrays: dict, header: dict, path: Path) -> tuple[bytes, bytes]:
    save_file(arrays, path, metadata=header)
    data = path.read_bytes()
    return data, honest_card(data, path)


HEADER = {"format": FORMAT, "chapter": "sample", "texts": '{"prompt": "a"}', "sources": "{}"}
GOOD = {name: np.asarray(getattr(sample(), name), order="C") for name in Sample.specs()}
OFF = np.float32(1.001)
WRONG = [
    ({"angles": np.float64([0.1, 0.2])}, {}, "angles has dtype float64, expected float32"),
    ({"angles": np.int32([1, 2])}, {}, "angles has dtype int32, expected float32"),
    ({"angles": np.float32([0.1])}, {}, "angles has shape (1,), expected (2,)"),
    ({"angles": np.float32([[0.1, 0.2]])}, {}, "angles has shape (1, 2)"),
    ({"states": GOOD["states"][:, :2].copy()}, {}, "states has shape (3, 2), expected (3, 3)"),
    ({"angles": np.float32([0.1, np.nan])}, {}, "angles holds a value that is not a finite"),
    ({"angles": np.float32([0.1, np.inf])}, {}, "angles holds a value that is not a finite"),
    ({"states": GOOD["states"] * OFF}, {}, "states should hold unit vectors"),
    ({"more": GOOD["alpha"]}, {}, "unknown field more"),
    ({"angles": None}, {}, "angles is missing"),
    ({}, {"chapter": "other"}, "this is not a recording of sample"),
    ({}, {"format": "none"}, "this is not a recording of sample"),
    ({}, {"texts": "{}"}, "prompt is missing"),
    ({}, {"texts": "{"}, "sample.safetensors: "),
    ({}, {"texts": "[]"}, "sample.safetensors: "),
]  # fmt: skip


@pytest.mark.parametrize(("arrays", "header", "words"), WRONG)
def test_wrong_contents_are_named(tmp_path: Path, arrays: dict, header: dict, words: str) -> None:
    path = tmp_path / "sample.safetensors"
    given_arrays = {k: v for k, v in (GOOD | arrays).items() if v is not None}
    line = read(path, *saved(given_arrays, HEADER | header, path))
    assert words in line


def test_the_sample_itself_is_sound(file, whole) -> None:
    assert read(file, *whole) == ""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_recording_of_another_chapter_is_refused(chapter: str, file, whole) -> None:
    assert read(file, *whole) == ""
    with pytest.raises(
        DamagedFile, match=f"make it again with `ngpt record {chapter} --checkpoint FILE"
    ):
        load(CHAPTERS[chapter], file)
