"""How numbers compare, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

ALIKE, SLIGHT = 0.002, 0.05
"""Up to which share of the other a difference is none, or a slight one."""


def end_of(own: ArrayLike, other: ArrayLike) -> str:
    """How the last of some numbers compares with the last of others: "slightly higher"."""
    mine, theirs = (float(np.ravel(each)[-1]) for each in (own, other))
    off = (mine - theirs) / theirs
    if abs(off) < ALIKE:
        return "as high"
    way = "higher" if off > 0 else "lower"
    return f"slightly {way}" if abs(off) < SLIGHT else f"much {way}"


def spread(values: ArrayLike) -> float:
    """Largest less smallest."""
    return float(np.ptp(np.asarray(values, dtype=float)))
