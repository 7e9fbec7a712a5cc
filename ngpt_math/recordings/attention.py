"""What chapter 5 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

MINI = "mini ngpt"
GPT = "mini gpt"


@dataclass(frozen=True, eq=False)
class Attention(Recording):
    """Chapter 5: one real head of each model on one real sentence.

    `tokens` letters of the sentence; `head_dim` = d_k. Paper eq. 12-16: q and k are normalized and
    scaled by s_qk, the scores multiplied by √d_k, where the baseline divides by √d_k.
    """

    chapter: ClassVar[str] = "attention"

    sentence: str = text("the letters attended over, one token a letter")
    chosen_by: str = text("the rule by which layer and head were chosen")

    layer: Array = array("layer shown, from 0", model=MINI)
    head: Array = array("head shown, from 0", model=MINI)
    query: Array = array("index of the token whose query is followed", model=MINI)
    head_dim: Array = array("d_k, entries of a query", model=MINI)

    inputs: Array = array("first entries of h by token", "tokens", "shown", model=MINI)
    gpt_inputs: Array = array("first entries of norm(h) by token", "tokens", "shown", model=GPT)
    q: Array = array(
        "queries after QK normalization and s_qk, rotated", "tokens", "head_dim", model=MINI
    )
    k: Array = array(
        "keys after QK normalization and s_qk, rotated", "tokens", "head_dim", model=MINI
    )
    v: Array = array("values", "tokens", "head_dim", model=MINI)
    q_lengths_raw: Array = array("lengths of q before normalization", "tokens", model=MINI)
    k_lengths_raw: Array = array("lengths of k before normalization", "tokens", model=MINI)
    q_lengths: Array = array("lengths of q after s_qk", "tokens", model=MINI)
    k_lengths: Array = array("lengths of k after s_qk", "tokens", model=MINI)
    s_qk: Array = array("effective s_qk of this head", "head_dim", model=MINI)
    s_qk_mean: Array = array("its mean", model=MINI)
    gpt_q: Array = array("queries, rotated", "tokens", "head_dim", model=GPT)
    gpt_k: Array = array("keys, rotated", "tokens", "head_dim", model=GPT)
    gpt_v: Array = array("values", "tokens", "head_dim", model=GPT)
    gpt_q_lengths: Array = array("lengths of q", "tokens", model=GPT)
    gpt_k_lengths: Array = array("lengths of k", "tokens", model=GPT)

    dots: Array = array("q·k of the query with every token up to it", "seen", model=MINI)
    gpt_dots: Array = array("the same, baseline", "seen", model=GPT)
    scale: Array = array("√d_k, nGPT multiplies by it", model=MINI)
    gpt_scale: Array = array("1/√d_k, the baseline multiplies by it", model=GPT)
    scores: Array = array("√d_k q·k", "seen", model=MINI)
    gpt_scores: Array = array("q·k/√d_k", "seen", model=GPT)
    pattern: Array = array("softmax over the past, all queries", "tokens", "tokens", model=MINI)
    gpt_pattern: Array = array("the same, baseline", "tokens", "tokens", model=GPT)
    mixed: Array = array("the weighted sum of values, by query", "tokens", "head_dim", model=MINI)
    gpt_mixed: Array = array("the same, baseline", "tokens", "head_dim", model=GPT)

    rope_pair: Array = array("which pair of entries the rotation is drawn of", model=MINI)
    rope_angle: Array = array("its angle a position", model=MINI, unit="rad")
    rope_q: Array = array(
        "that pair of one query, rotated to each position", "positions", 2, model=MINI
    )
    rope_k: Array = array("that pair of one key, likewise", "positions", 2, model=MINI)
    rope_q_lengths: Array = array("length of the whole query there", "positions", model=MINI)
    rope_scores: Array = array(
        "q·k with q rotated to the row's position and k to the column's",
        "positions", "positions", model=MINI,
    )  # fmt: skip
