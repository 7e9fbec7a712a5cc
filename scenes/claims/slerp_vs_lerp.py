"""Claims of chapter 4."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import SlerpVsLerp as R
from scenes.claims import Claim, Claims
from scenes.claims.compared import spread
from scenes.claims.provenance import shipped

LARGE = 0.5
"""From which size on a typical cosine is large."""

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


def one_moves(r: R) -> bool:
    """In the update shown, the step moves one dimension far more than all others."""
    now = int(r.update)
    *_, second, most = np.sort(np.abs(r.stepped[now] - r.states[now]))
    return bool(second < most / 10)


def large(r: R) -> bool:
    """The toy model's cosines are typically larger than any near chance in many dimensions."""
    return bool(np.sqrt(np.mean(r.recall_cosines**2)) > LARGE)


def unsigned(r: R) -> bool:
    """The larger model uses the size of α only."""
    return bool(r.alpha_abs)


def not_small(r: R) -> bool:
    """All mean α of the larger model are well above the one before training, which is small."""
    least = min(r.alpha_attn_mean.min(), r.alpha_mlp_mean.min())
    return bool(least > 1.5 * r.alpha_init)


CLAIMS = Claims(
    recall=(Claim("In only three dimensions, cosines run large.", large),),
    two_ways=(
        Claim("Here nearly only one dimension moves.", one_moves),
        Claim(
            "Here nearly only one moves: the step leaves the line.",
            one_moves,
            "So the step may leave the line.",
        ),
    ),
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
    ratio=(
        Claim(
            "Lines on the axis: angles in our larger nGPT. Its mean alphas are not near zero.",
            not_small,
            "Lines on the axis: angles in our larger nGPT.",
        ),
        Claim("Its mean α are not near 0:\nits steps are not on this curve.", not_small),
    ),
    learned=(
        Claim(
            "All began at the dashed line. The model uses alpha’s size, not its sign.",
            unsigned,
            "All began at the dashed line. These are sizes; the model uses alpha’s sign, too.",
        ),
        Claim(
            "Of α, the model uses\nthe size without sign.",
            unsigned,
            "The model uses\nα’s sign, too.",
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
