"""Letters on the sphere."""

from __future__ import annotations

import numpy as np

from scenes.stage.letters import Letters, centred
from scenes.stage.space import Space, View


def test_letters_stand_where_their_vectors_point() -> None:
    space = Space(View(0, 0), (1.0, 0.5), 2.0)
    front, side = np.array([1.0, 0, 0]), np.array([0.6, 0.8, 0])
    letters = Letters(space, np.stack([front, side]), "ab", "normalized")
    places = space.drawn(np.stack([front, side]))
    middle = letters.near.points[: len(centred("a", 32))]
    assert np.allclose((middle.min(0) + middle.max(0)) / 2, places[0], atol=1e-9)
    assert len(letters.near.points) == len(centred("a", 32)) + len(centred("b", 32))


def test_what_is_behind_is_fainter_and_comes_to_the_front() -> None:
    space = Space(View(0, 0), (0.0, 0.0), 2.0)
    letters = Letters(space, np.array([[-1.0, 0, 0]]), "a", "normalized")
    assert not len(letters.near.points) and len(letters.far.points)
    assert letters.far.get_fill_opacity() < letters.near.get_fill_opacity()
    space.view.turn = 180
    letters.redraw()
    assert len(letters.near.points) and not len(letters.far.points)
