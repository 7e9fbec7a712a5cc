"""What chapter 5 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, pieces, text

MINI = "mini ngpt"
GPT = "mini gpt"
TOY = "toy ngpt"


@dataclass(frozen=True, eq=False)
class Attention(Recording):
    """Chapter 5: one real head of each model on one real sentence.

    `tokens` tokens of the sentence, `gpt_tokens` that the baseline reads: the same, and the same
    `query`, where both have one vocabulary. `head_dim` = d_k. Paper eq. 12-16: q and k are
    normalized and scaled by s_qk, the scores multiplied by √d_k, where the baseline divides by
    √d_k. Norm is an option there (`qk_norm`); a baseline may have its own, an RMSNorm of each
    head's q and k before they are rotated (`gpt_qk_norm`). The two heads were chosen by one rule;
    heads of two trainings do not correspond.

    The rotation keeps lengths, and the product of a rotated q and k depends on their distance only.
    s_qk multiplies single entries after it, so the scores in use bend this a little:
    `rope_scaled_spread` says how far.
    """

    chapter: ClassVar[str] = "attention"

    sentence: tuple[str, ...] = pieces("the tokens attended over, a space as ␣", "tokens")
    gpt_sentence: tuple[str, ...] = pieces(
        "the tokens that the baseline reads: of the same text, or of its end", "gpt_tokens"
    )
    noun: str = text("what tokens are: letter, or token where it may be longer")
    chosen_by: str = text("the rules by which heads, query and rotated pair were chosen")

    layer: Array = array("layer shown, from 0", model=MINI)
    head: Array = array("head shown, from 0", model=MINI)
    gpt_layer: Array = array("layer shown, from 0, baseline", model=GPT)
    gpt_head: Array = array("head shown, from 0, baseline", model=GPT)
    query: Array = array("index of the token whose query is followed", model=MINI)
    gpt_query: Array = array("the same in the baseline’s tokens", model=GPT)
    qk_norm: Array = array("1 if queries and keys are normalized, 0 if not", model=MINI)
    s_qk_on_keys: Array = array("1 if s_qk multiplies keys too, 0 if queries alone", model=MINI)
    gpt_qk_norm: Array = array(
        "1 if the baseline's queries and keys go through an RMSNorm, 0 if not", model=GPT
    )
    head_dim: Array = array("d_k, entries of a query", model=MINI)
    gpt_head_dim: Array = array("d_k, baseline", model=GPT)
    entropies: Array = array(
        "mean entropy of attention by layer and head", "layers", "heads", model=MINI, unit="nat"
    )
    gpt_entropies: Array = array(
        "the same, baseline", "gpt_layers", "gpt_heads", model=GPT, unit="nat"
    )
    entropies_mean: Array = array("mean over all heads", model=MINI, unit="nat")
    gpt_entropies_mean: Array = array("the same, baseline", model=GPT, unit="nat")
    entropy_uniform: Array = array(
        "mean entropy if all tokens seen were attended alike", model="geometry", unit="nat"
    )
    gpt_entropy_uniform: Array = array(
        "the same, of the baseline's tokens", model="geometry", unit="nat"
    )

    inputs: Array = array("first entries of h by token", "tokens", "shown", model=MINI)
    gpt_inputs: Array = array("first entries of norm(h) by token", "gpt_tokens", "shown", model=GPT)
    q: Array = array(
        "queries after QK normalization and s_qk, rotated", "tokens", "head_dim", model=MINI
    )
    k: Array = array(
        "keys after QK normalization and s_qk, rotated", "tokens", "head_dim", model=MINI
    )
    v: Array = array("values", "tokens", "head_dim", model=MINI)
    q_lengths_raw: Array = array("lengths of q before normalization", "tokens", model=MINI)
    k_lengths_raw: Array = array("lengths of k before normalization", "tokens", model=MINI)
    q_lengths_unit: Array = array("lengths of q after it, before s_qk", "tokens", model=MINI)
    k_lengths_unit: Array = array("lengths of k after it, before s_qk", "tokens", model=MINI)
    q_lengths: Array = array("lengths of q after s_qk", "tokens", model=MINI)
    k_lengths: Array = array("lengths of k after s_qk", "tokens", model=MINI)
    s_qk: Array = array("effective s_qk of this head", "head_dim", model=MINI)
    s_qk_mean: Array = array("its mean", model=MINI)
    gpt_q: Array = array("queries, rotated", "gpt_tokens", "gpt_head_dim", model=GPT)
    gpt_k: Array = array("keys, rotated", "gpt_tokens", "gpt_head_dim", model=GPT)
    gpt_v: Array = array("values", "gpt_tokens", "gpt_head_dim", model=GPT)
    gpt_q_lengths: Array = array("lengths of q", "gpt_tokens", model=GPT)
    gpt_q_lengths_raw: Array = array(
        "lengths of q before its RMSNorm; `gpt_q_lengths` if it has none", "gpt_tokens", model=GPT
    )
    gpt_k_lengths: Array = array("lengths of k", "gpt_tokens", model=GPT)
    gpt_k_lengths_raw: Array = array(
        "lengths of k before its RMSNorm; `gpt_k_lengths` if it has none", "gpt_tokens", model=GPT
    )

    dots: Array = array("q·k of the query with every token up to it", "seen", model=MINI)
    gpt_dots: Array = array("the same, baseline", "gpt_seen", model=GPT)
    scale: Array = array("√d_k, nGPT multiplies by it", model=MINI)
    gpt_scale: Array = array("1/√d_k, the baseline multiplies by it", model=GPT)
    chance: Array = array(
        "size of q·k, its RMS, for random q and k of length 1: before the factor and after it",
        2, model="geometry",
    )  # fmt: skip
    gpt_chance: Array = array(
        "the same, baseline, for q and k whose entries have the size 1", 2, model="geometry"
    )
    scores: Array = array("√d_k q·k", "seen", model=MINI)
    gpt_scores: Array = array("q·k/√d_k", "gpt_seen", model=GPT)
    weights: Array = array("softmax of the scores: attention of the query", "seen", model=MINI)
    gpt_weights: Array = array("the same, baseline", "gpt_seen", model=GPT)
    pattern: Array = array("softmax over the past, all queries", "tokens", "tokens", model=MINI)
    gpt_pattern: Array = array("the same, baseline", "gpt_tokens", "gpt_tokens", model=GPT)
    mixed: Array = array("the weighted sum of values, by query", "tokens", "head_dim", model=MINI)
    gpt_mixed: Array = array("the same, baseline", "gpt_tokens", "gpt_head_dim", model=GPT)

    rope_key: Array = array("index of the token whose key is turned", model=MINI)
    rope_pair: Array = array("which pair of entries the rotation is drawn of", model=MINI)
    rope_angle: Array = array("its angle a position, ω in the film", model=MINI, unit="rad")
    rope_angles: Array = array("angles a position of all pairs", "pairs", model=MINI, unit="rad")
    rope_q: Array = array(
        "that pair of the unit query, rotated to each position", "positions", 2, model=MINI
    )
    rope_k: Array = array("that pair of the unit key, likewise", "positions", 2, model=MINI)
    rope_q_lengths: Array = array("length of the whole query there", "positions", model=MINI)
    rope_scores: Array = array(
        "q·k with q rotated to the row's position and k to the column's, before s_qk",
        "positions", "positions", model=MINI,
    )  # fmt: skip
    rope_by_offset: Array = array(
        "that score by how far the key lies back, 0 first", "positions", model=MINI
    )
    rope_spread: Array = array("largest difference between two scores of one offset", model=MINI)
    rope_scores_scaled: Array = array(
        "the same scores with s_qk", "positions", "positions", model=MINI
    )
    rope_scaled_spread: Array = array(
        "largest difference between two of those of one offset", model=MINI
    )
    rope_scale_pairs: Array = array(
        "|s_qk| of the first and the second entry of each pair", 2, "pairs", model=MINI
    )

    # For the recall of chapter 4: its update.
    recall_update: Array = array(
        "which update it is; even ones are attention's, odd ones the MLP's", model=TOY
    )
    recall_prompt: str = text("the text whose state is updated")
    recall_position: Array = array("index of the letter in it", model=TOY)
    recall_h: Array = array("h", 3, model=TOY, unit_vectors=True)
    recall_suggestion: Array = array("h_A or h_M", 3, model=TOY, unit_vectors=True)
    recall_next: Array = array("h after the update", 3, model=TOY, unit_vectors=True)
    recall_angle: Array = array("angle from h to the suggestion", model=TOY, unit="rad")
    recall_moved: Array = array("angle moved", model=TOY, unit="rad")
