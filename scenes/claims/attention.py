"""Claims of chapter 5."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import Attention as R
from scenes.claims import Claim, Claims, Condition
from scenes.claims.compared import spread

FAST, LIKE, LITTLE, MOST = 0.05, 0.1, 0.1, 0.5
"""Turns by position that count as fast, in radians; shares up to which numbers are nearly equal,
up to which a change is a little one, and from which on some are most."""


def unit(r: R) -> bool:
    """nGPT brings queries and keys to length one."""
    return bool(np.allclose(r.k_lengths_unit, 1, atol=1e-3))


def normed(r: R) -> bool:
    """nGPT uses its option to normalize queries and keys."""
    return bool(r.qk_norm)


def plain(r: R) -> bool:
    """The baseline leaves the lengths of its queries and keys as they come."""
    return not r.gpt_qk_norm


def lengths_differ(r: R) -> bool:
    """The traditional keys have different lengths, as they come; and `unit`."""
    different = spread(r.gpt_k_lengths) > 0.1 * float(r.gpt_k_lengths.mean())
    return unit(r) and plain(r) and different


def alike_or_not(r: R) -> str:
    """What is said of the lengths where `lengths_differ` does not hold."""
    left = "Left, lengths matter." if plain(r) else "Left, RMSNorm sets the lengths."
    return f"{left} nGPT’s Norm gives every key and query length one." * unit(r)


def large_products(r: R) -> bool:
    """The traditional vectors are longer than nGPT's, and their products larger."""
    longer = r.gpt_k_lengths.min() > r.k_lengths.max()
    return bool(longer and np.abs(r.gpt_dots).max() > 2 * np.abs(r.dots).max())


def comparable(r: R) -> bool:
    """Both models read the same tokens."""
    return bool(r.sentence == r.gpt_sentence)


def sharper(r: R) -> bool:
    """nGPT's scores lie further apart, and its best key takes more."""
    further = comparable(r) and spread(r.scores) > spread(r.gpt_scores)
    return further and bool(r.weights.max() > r.gpt_weights.max())


def blunter(r: R) -> bool:
    """The contrary of `sharper`."""
    further = comparable(r) and spread(r.gpt_scores) > spread(r.scores)
    return further and bool(r.gpt_weights.max() > r.weights.max())


def spread_less(r: R) -> bool:
    """The mean entropy of nGPT's heads is the smaller one."""
    return comparable(r) and bool(r.entropies_mean < r.gpt_entropies_mean)


def spread_more(r: R) -> str:
    """What is said of the shares where `spread_less` does not hold."""
    more = "On this sentence, our nGPT’s heads spread their shares more"
    return more if comparable(r) else "How the heads of both models spread their shares"


def keys_scaled(r: R) -> bool:
    """s_qk multiplies keys, too."""
    return bool(r.s_qk_on_keys)


def rotates(r: R) -> bool:
    """What is done to a query for its position keeps its length and, with a key's, distances."""
    kept = np.allclose(r.rope_q_lengths, r.rope_q_lengths[0], rtol=1e-3)
    return bool(kept and r.rope_spread < 1e-3)


def fast_alike(r: R) -> bool:
    """Both entries of pairs that turn fast have nearly equal scales."""
    one, two = np.abs(r.rope_scale_pairs[:, r.rope_angles > FAST])
    return bool((np.abs(one - two) < LIKE * np.maximum(one, two)).all())


def bends_little(r: R) -> bool:
    """The learned scale changes no score by much."""
    return bool(r.rope_scaled_spread < LITTLE * np.abs(r.rope_scores_scaled).max())


def differ_again(r: R) -> bool:
    """After the learned scale nGPT's keys have different lengths."""
    lengths = r.k_lengths if keys_scaled(r) else r.q_lengths
    return unit(r) and spread(lengths) > 0.05 * float(lengths.mean())


def enlarged(r: R) -> bool:
    """Most scores are larger than those of random q and k, and nGPT's scale enlarges its own."""
    larger = [
        np.mean(scores > chance[1]) > MOST
        for scores, chance in ((r.scores, r.chance), (r.gpt_scores, r.gpt_chance))
    ]
    return all(larger) and bool(r.q_lengths[int(r.query)] * r.k_lengths.mean() > 1)


def learned(r: R) -> bool:
    """As `enlarged`, and no learned gain has enlarged the baseline's."""
    return enlarged(r) and plain(r)


def both_enlarged(r: R) -> bool:
    """As `enlarged`, and the gains of the baseline's QK-norm enlarge its own too."""
    lengths = r.gpt_q_lengths[int(r.query)] * r.gpt_k_lengths.mean()
    return enlarged(r) and not plain(r) and bool(lengths > r.gpt_head_dim)


def larger_again(r: R) -> bool:
    """Learned scale and root enlarge the cosines."""
    return bool(r.s_qk_mean ** (2 if keys_scaled(r) else 1) * r.scale > 1)


ROTATES = Condition(rotates, "positions enter this model by something else than a rotation")


CLAIMS = Claims(
    of_toys=("recall",),
    only=dict.fromkeys(("rotary", "offset", "bent"), ROTATES),
    two_ways=(
        Claim(
            "nGPT: one, no RMSNorm; two, Norm gives q and k length one: optional, used here;",
            lambda r: normed(r) and plain(r),
            lambda r: (
                "nGPT: one, no RMSNorm; two, s Q K, after Norm, an option, used here;"
                if normed(r)
                else "nGPT: one, no RMSNorm; two, s Q K, the option Norm not used here;"
            ),
        ),
        Claim("in nGPT; ours has it", normed, "in nGPT; not in ours"),
        Claim("turned by position", rotates, "changed by position"),
    ),
    norming=(
        Claim(
            "QK normalization: length one, then a learned scale for each entry",
            unit,
            lambda r: (
                f"The lengths of {'keys' if keys_scaled(r) else 'queries'},"
                " and a learned scale for each entry"
            ),
        ),
        Claim(
            "Left, lengths differ, and matter. Norm gives every key and query length one.",
            lengths_differ,
            alike_or_not,
        ),
        Claim(
            "Then s Q K scales each entry by its own number: lengths differ again.",
            lambda r: differ_again(r) and keys_scaled(r),
            lambda r: (
                "Then s Q K scales each entry by its own number."
                if keys_scaled(r)
                else "Then s Q K scales queries alone, each entry by its own number."
            ),
        ),
    ),
    dots=(
        Claim(
            "Long vectors make large products; nGPT’s short ones small products.",
            large_products,
            "Long vectors make large products, short ones small products.",
        ),
    ),
    scaling=(
        Claim(
            "Most scores are larger: q and k learned to match; nGPT’s scale adds to it.",
            learned,
            lambda r: (
                "Most scores are larger: q and k learned to match; learned scales add to it."
                * both_enlarged(r)
            ),
        ),
    ),
    softmax=(
        Claim(
            "nGPT’s scores lie further apart here: so its best key takes more.",
            sharper,
            lambda r: (
                "Here the traditional scores lie further apart: their best key takes more."
                * blunter(r)
            ),
        ),
    ),
    patterns=(
        Claim(
            "On this sentence, our nGPT’s heads spread their shares less",
            spread_less,
            spread_more,
        ),
    ),
    bent=(
        Claim(
            "In truth, nGPT’s learned scale bends this rule a little",
            bends_little,
            "In truth, nGPT’s learned scale bends this rule",
        ),
        Claim(
            "Pairs that turn fast got nearly equal numbers; the others hardly turn.",
            lambda r: fast_alike(r) and bends_little(r),
        ),
        Claim("turn fast: nearly equal", fast_alike, "turn fast"),
    ),
    takeaways=(
        Claim(
            "Traditional: q and k of any length; a root divides products.",
            plain,
            "Traditional: RMSNorm sizes q and k; a root divides products.",
        ),
        Claim(
            "nGPT, as here: q, k made length 1, then scaled entry by entry.",
            lambda r: unit(r) and keys_scaled(r),
            lambda r: (
                ("nGPT here: q, k made length 1, then " if unit(r) else "nGPT: ")
                + ("q and k" if keys_scaled(r) else "q")
                + " scaled entry by entry."
            ),
        ),
        Claim(
            "Both models compare, share and mix. With q and k made length one, nGPT",
            unit,
            "Both models compare, share and mix. With short q and k, nGPT",
        ),
        Claim(
            "So learned scale and root make its scores larger again.",
            larger_again,
            "A learned scale and the root set the size of its scores.",
        ),
        Claim("Rotary embeddings keep lengths; of place, distance counts.", rotates),
    ),
)
