"""Outlines in fewer curves."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.stage.fitting import fewer_curves
from scenes.stage.outlines import line_of
from scenes.stage.readouts import SMOOTH, character_points


def along(points: np.ndarray, samples: int = 40) -> np.ndarray:
    """Points spread along an outline's curves."""
    t = np.linspace(0, 1, samples)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.concatenate([weights @ curve for curve in points.reshape(-1, 4, 3)])


def farthest(one: np.ndarray, other: np.ndarray) -> float:
    """How far a point of one outline is from the nearest sample of the other, at most."""
    distances = np.linalg.norm(along(one)[:, None] - along(other, 200)[None], axis=2)
    return float(distances.min(axis=1).max())


@pytest.mark.parametrize("character", list("0123456789.−"))
def test_outline_stays_where_it_was(character: str) -> None:
    drawn, fewer = line_of(character, "NORMAL")[0], character_points(character, "NORMAL")
    assert len(fewer) <= len(drawn)
    # Samples lie up to 1e-3 from each other.
    assert farthest(fewer, drawn) < SMOOTH + 1e-3
    assert farthest(drawn, fewer) < SMOOTH + 1e-3


def test_round_digits_have_about_half_as_many_curves() -> None:
    drawn = sum(len(line_of(c, "NORMAL")[0]) for c in "035689")
    fewer = sum(len(character_points(c, "NORMAL")) for c in "035689")
    assert fewer < 0.55 * drawn


def test_outlines_stay_closed() -> None:
    for character in "0123456789":
        curves = character_points(character, "NORMAL").reshape(-1, 4, 3)
        joined = (curves[:-1, 3] == curves[1:, 0]).all(axis=1)
        first = np.concatenate([[0], np.flatnonzero(~joined) + 1])
        last = np.concatenate([np.flatnonzero(~joined), [len(curves) - 1]])
        assert np.abs(curves[first, 0] - curves[last, 3]).max() < 1e-9, character


def test_no_curves_are_none() -> None:
    assert fewer_curves(np.zeros((0, 3)), 0.1).shape == (0, 3)
