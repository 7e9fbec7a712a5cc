"""Claims of chapter 2."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import L2NormShell as R
from scenes.claims import Claim, Claims
from scenes.claims.compared import spread


def all_kinds(r: R) -> bool:
    """Training left the baseline's rows at lengths that differ widely."""
    return spread(np.linalg.norm(r.recall_gpt_rows, axis=1)) > 0.5


def longest(r: R) -> bool:
    """The vector worked out is the longest of the rows of chapter 1."""
    return bool(r.length >= np.linalg.norm(r.recall_gpt_rows, axis=1).max() - 1e-5)


def in_thousandths(r: R) -> bool:
    """What is worked out begins with thousandths."""
    return bool(np.allclose(1000 * r.written, np.rint(1000 * r.written), atol=1e-3))


def long_and_short(r: R) -> bool:
    """Of the many vectors, some are longer than one and some shorter."""
    return bool(r.many_lengths.min() < 1 < r.many_lengths.max())


def passes_more(r: R) -> bool:
    """A wider shell lets more vectors pass, and none fewer."""
    inside = r.shell_inside
    return bool((np.diff(inside) >= 0).all() and inside[-1] > inside[0])


def in_shell(r: R) -> bool:
    """The vector whose gradient is shown lies in the shell."""
    return bool(abs(r.point_length - 1) <= r.eps_shown)


def turned_longer(r: R) -> bool:
    """The step shown makes the vector longer, and leaves it turned by some degrees."""
    across, along = r.turn_path[-1]
    turn = float(np.degrees(np.arctan2(abs(across), along)))
    return bool(r.turn_lengths.max() > 1.05 * r.turn_lengths[0]) and turn > 3


CLAIMS = Claims(
    recall=(
        Claim(
            "So far: free arrows stretch and shrink, normalized ones only turn",
            all_kinds,
            "So far: free arrows have any length, normalized ones length one",
        ),
        Claim(
            "So far: in training, free weight vectors come to all kinds of lengths.",
            all_kinds,
            "So far: in training, nothing fixes the lengths of free weight vectors.",
        ),
    ),
    components=(
        Claim(
            "The longest vector from before, a real one. It has three components.",
            longest,
            "A vector from before, a real one. It has three components.",
        ),
        Claim("worked out in thousandths", in_thousandths, "numbers are rounded"),
    ),
    together=(
        Claim(
            "Do the same with many real vectors: long ones shrink, short ones grow.",
            long_and_short,
            "Do the same with many real vectors.",
        ),
    ),
    after_step=(
        Claim(
            "Learning steps against it. Here that turns w, and makes it longer.",
            turned_longer,
            "Learning steps against it. That may turn w, and change its length.",
        ),
    ),
    room=(
        Claim(
            "Our toy nGPT leaves no such room: it uses zero.",
            lambda r: float(r.norm_eps) == 0,
        ),
    ),
    pulled=(
        Claim(
            "The wider the shell, the more vectors pass through unchanged.",
            passes_more,
            "The wider the shell, the less the others are pulled.",
        ),
    ),
    gradient=(
        Claim("a vector in the shell", in_shell, "a vector"),
    ),
)  # fmt: skip
