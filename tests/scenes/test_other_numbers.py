"""Other models' shapes and other results find room in chapter 3 and on the closing card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_chapters as whole
from watched import Watched, play

from ngpt_math.recordings import Closing, NormlinearGroups, Recording, load, save
from scenes.film import entry


def other(
    mine: Recording, lengths: dict[str, int], times: dict[str, float], **more: Any
) -> Recording:
    """A recording with axes of other lengths, some fields multiplied, and some replaced."""
    changed = {}
    for name, spec in mine.specs().items():
        values = getattr(mine, name)
        for axis, length in enumerate(spec.shape):
            if length in lengths:
                rows = np.arange(lengths[str(length)]) % values.shape[axis]
                values = np.take(values, rows, axis=axis)
        changed[name] = (values * times.get(name, 1)).astype(np.float32)
    numbers = {n: v if isinstance(v, str) else np.array(v, np.float32) for n, v in more.items()}
    return dataclasses.replace(mine, **{**changed, **numbers})


def check(recording: Recording, folder: Path) -> Watched:
    """Play a chapter with a recording: nothing overflows."""
    path = folder / f"{recording.chapter}.safetensors"
    save(recording, path, "a test")
    chapter = entry(recording.chapter)
    assert chapter is not None
    watched = play(chapter.load(), recording=path)
    whole.test_nothing_leaves_the_frame_or_meets_the_captions(watched)
    whole.test_no_text_overlaps_another(watched)
    whole.test_frames_keep_to_the_budget(watched)
    return watched


LONG = ("weight", "row_length", "group_length", "split", "output", "gpt_input", "gpt_output")


def test_a_wider_model_with_long_rows(tmp_path: Path) -> None:
    mine = load(NormlinearGroups)
    times = {name: 25.0 for name in mine.specs() if name.startswith(LONG) and "unit" not in name}
    check(other(mine, {"gpt_outputs": 512, "outputs": 256}, times), tmp_path)


@pytest.mark.parametrize("groups", [1, 2])
def test_fewer_groups(groups: int, tmp_path: Path) -> None:
    check(other(load(NormlinearGroups), {"groups": groups}, {}, groups=groups), tmp_path)


def words(watched: Watched) -> set[str]:
    return {text.words for moment in watched.moments for text in moment.texts}


def test_a_loss_that_was_never_reached(tmp_path: Path) -> None:
    never = {"equal_qknorm_reached": 0, "equal_qknorm_ratio": 0}
    watched = check(other(load(Closing), {"layers": 12}, {"parameters": 400}, **never), tmp_path)
    assert {"times fewer: never reached", "never reached: QK-norm, QK-norm’s of seed 2"} <= words(
        watched
    )
    mine = words(check(load(Closing), tmp_path))
    assert "times fewer: never reached" not in mine
    assert {"both models from seed 2: never reached", "never reached: QK-norm’s of seed 2"} <= mine


def test_one_seed_alone(tmp_path: Path) -> None:
    mine = load(Closing)
    none = {name: getattr(mine, name)[:0] for name in mine.specs() if name.startswith("again_")}
    first = {name: getattr(mine, name)[:1] for name in ("rise", "gpt_rise", "qknorm_rise")}
    watched = check(dataclasses.replace(mine, **none, **first), tmp_path)
    assert not {said for said in words(watched) if "seed 2" in said or "another seed" in said}


def test_baselines_that_hold_their_loss_as_well(tmp_path: Path) -> None:
    mine = load(Closing)
    same = {"gpt_length_loss": 0.63, "qknorm_length_loss": 0.75}
    both = {"equal_reached": 0, "equal_ratio": 0, "novels": "Persuasion"}
    check(other(mine, {"novels": 1, "layers": 2}, {**same, "condition": 1000}, **both), tmp_path)
