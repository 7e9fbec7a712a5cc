"""Numbers and vectors for tests of the stage; none is shown in the film."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import Traced


def numbers(*values: float, unit: str = "1") -> list[Traced]:
    """Numbers as a recording gives them."""
    return [Traced(v, "test", "field", (i,), unit, "toy ngpt") for i, v in enumerate(values)]


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    """Directions without preference, (count, 3)."""
    drawn = np.random.default_rng(seed).normal(size=(count, 3))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
