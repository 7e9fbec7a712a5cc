"""The chapter that README.md shows plays, and keeps the rules of every chapter."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from watched import Watched, play

from ngpt_math.files import ROOT
from scenes.stage.style import FRAME_WIDTH, GRID

CODE = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)[0]


@pytest.fixture(scope="module")
def watched() -> Watched:
    names: dict[str, Any] = {"__name__": "scenes.letters"}
    exec(CODE, names)
    return play(names["Letters"])


def test_it_is_short() -> None:
    assert len([line for line in CODE.splitlines() if line.strip()]) <= 34


def test_it_plays_and_its_number_can_be_opened(watched: Watched) -> None:
    assert watched.seconds["points"] > 5
    (number,) = watched.shown["points"]
    assert (number.field, number.model) == ("embeddings", "toy ngpt")


def test_it_is_laid_out_well(watched: Watched) -> None:
    for moment in watched.moments:
        assert not moment.text_came_while_moving
        for text in moment.texts:
            left, bottom, right, top = text.box
            assert abs(left) < FRAME_WIDTH / 2 > abs(right) and GRID.bottom <= bottom and top < 4
        for one, other in combinations(moment.texts, 2):
            a, b = one.box, other.box
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart or len(one.words) == len(other.words) == 1
