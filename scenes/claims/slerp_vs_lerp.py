"""Claims of chapter 4."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import SlerpVsLerp as R
from scenes.claims import Claim, Claims
from scenes.claims.compared import spread
from scenes.claims.provenance import shipped

BARELY, BESIDE = 6.0, 1.0
"""Up to which angle a step is barely a move; from which one a state is beside the arc: degrees."""


def drifts(r: R) -> bool:
    """The traditional state's length changes over the updates, both ways."""
    steps = np.diff(r.gpt_norms)
    both = steps.max() > 0 > steps.min()
    return bool(both and spread(r.gpt_norms) > 0.2 * float(r.gpt_norms.min()))


def barely(r: R) -> bool:
    """With α as before training, the update shown barely moves h."""
    row = int(np.argmin(np.abs(r.sweep_alpha - r.alpha_init)))
    return bool(np.degrees(r.sweep_lerp_angle[row]) < BARELY)


def bold(r: R) -> bool:
    """As `barely`, and the largest learned mean is far larger than α before training."""
    most = max(r.alpha_attn_mean.max(), r.alpha_mlp_mean.max())
    return barely(r) and bool(most > 3 * r.alpha_init)


def one_does_most(r: R) -> bool:
    """In the update shown, one dimension's α is far larger than all others."""
    *_, second, most = np.sort(r.alphas[int(r.update)])
    return bool(second < most / 10)


def beside(r: R) -> bool:
    """The update shown ends beside its arc."""
    return bool(np.degrees(r.off_arc[int(r.update)]) > BESIDE)


CLAIMS = Claims(
    every_update=(
        Claim(
            "Update after update, the traditional state’s length goes up and down.",
            drifts,
            "Nothing holds the length of the traditional state.",
        ),
    ),
    two_points=(
        Claim(
            "our toy nGPT: three dimensions, trained here",
            lambda r: shipped(r, "toy-ngpt"),
            "a model with three dimensions",
        ),
    ),
    different=(
        Claim(
            "The same update, timid or bold", bold, "The same update with other step sizes"
        ),
        Claim(
            "The same update with other step sizes. As before training: barely a move.",
            barely,
            "The same update with other step sizes. First, the one before training.",
        ),
    ),
    own_alpha=(
        Claim("Here one dimension does nearly all.", one_does_most),
        Claim(
            "So the real step leaves the arc. It ends on the sphere, but beside the way.",
            beside,
            "So the real step may leave the arc. It ends on the sphere.",
        ),
    ),
)  # fmt: skip
