"""What chapter 6 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, pieces, text

MINI = "mini ngpt"
TOY = "toy ngpt"


@dataclass(frozen=True, eq=False)
class ScaleManagement(Recording):
    """Chapter 6: every learned scale with its init and scale, over recorded training.

    The `kinds`, in order: α_A, α_M, s_qk, s_u (s_hidden), s_ν (s_gate), s_z. The stored parameter
    starts at `scale`, the forward pass uses stored · init/scale (paper 2.5), so a step of the
    stored value moves the effective one init/scale times as far. Means are over all entries and
    layers, without sign: |α| is what the forward pass uses, and s_qk enters it squared. Of s_z they
    are over the `used` tokens, those that occur in the training text: the others' s_z only learns
    that they never come, and ends several times as large. Where the training text is not known,
    `used` are those that occur in the plays (`learned_plays`).
    """

    chapter: ClassVar[str] = "scale_management"

    prompt: tuple[str, ...] = pieces(
        "the tokens whose activations are shown, a space as ␣", "tokens"
    )
    noun: str = text("what a token of the larger nGPT is: letter, or token where it may be longer")
    measured_on: str = text("the text that entropies and losses are means over")
    chosen_by: str = text("the rule by which examples and factors were chosen")
    kinds: str = text("names of the kinds in order, separated by commas")

    init: Array = array("value in force at the start", "kinds", model=MINI)
    scale: Array = array("value stored at the start", "kinds", model=MINI)
    factor: Array = array("init/scale", "kinds", model=MINI)
    learning_rate: Array = array("peak learning rate, that of the first step", model=MINI)
    one_step_at: Array = array("steps done before the step shown", model=MINI, unit="step")
    one_step_stored: Array = array(
        "mean |change| of the stored value in one recorded optimizer step", "kinds", model=MINI
    )
    one_step: Array = array("mean |change| of the effective value in it", "kinds", model=MINI)
    one_step_share: Array = array("the same as a share of init", "kinds", model=MINI, unit="%")

    steps: Array = array("optimizer steps done", "snapshots", model=MINI, unit="step")
    stored: Array = array("mean |stored value|", "kinds", "snapshots", model=MINI)
    effective: Array = array("mean |effective value|", "kinds", "snapshots", model=MINI)
    effective_low: Array = array(
        "a tenth of the |effective values| lie below", "kinds", "snapshots", model=MINI
    )
    effective_high: Array = array(
        "a tenth of the |effective values| lie above", "kinds", "snapshots", model=MINI
    )

    learned_plays: Array = array(
        "1 if the first nine tenths of the plays were the training text, 0 if it is not known",
        model=MINI,
    )
    used: Array = array(
        "tokens that occur in the training text; in the plays, if it is not known",
        model=MINI, unit="1",
    )  # fmt: skip

    multiplier: Array = array("factors put on s_qk² and on s_z", "multipliers", model="geometry")
    trained: Array = array("index of the factor 1, the trained value", model="geometry")
    layer: Array = array("layer of the attention shown, from 0", model=MINI)
    head: Array = array("its head, from 0", model=MINI)
    query: Array = array("index of the token whose attention is shown", model=MINI)
    window: Array = array(
        "tokens of each text that entropies and losses are means over", model=MINI, unit="1"
    )
    attention: Array = array(
        "attention of one query for each factor on s_qk²", "multipliers", "seen", model=MINI
    )
    query_entropy: Array = array("its entropy", "multipliers", model=MINI, unit="nat")
    attention_entropy: Array = array(
        "mean entropy of attention, all heads, for each factor",
        "multipliers", model=MINI, unit="nat",
    )  # fmt: skip
    attention_entropy_uniform: Array = array(
        "mean entropy if all were attended alike", model=MINI, unit="nat"
    )

    d_model: Array = array("d, whose root multiplies ν", model=MINI)
    root_d: Array = array("√d", model=MINI)
    share: Array = array("shares of the quantiles", "quantiles", model="geometry")
    gate_raw: Array = array("quantiles of ν without √d", "quantiles", model=MINI)
    gate: Array = array("quantiles of ν as used", "quantiles", model=MINI)
    gate_factor: Array = array("factors put on ν, from 1/√d to 1", "sweep", model="geometry")
    gate_swept: Array = array(
        "quantiles of ν without √d, times √d and the factor, the tails left out",
        "sweep", "inner", model=MINI,
    )  # fmt: skip
    silu_swept: Array = array("SiLU of them", "sweep", "inner", model=MINI)
    fit_swept: Array = array(
        "on them, the straight line nearest to SiLU on all ν (least squares)",
        "sweep", "inner", model=MINI,
    )  # fmt: skip
    fit_share: Array = array(
        "share of the variance of SiLU(ν), all ν, that this line explains",
        "sweep", model=MINI, unit="%",
    )  # fmt: skip
    gate_line: Array = array("x of the SiLU curve", "curve", model="geometry")
    silu: Array = array("SiLU(x)", "curve", model="geometry")
    half: Array = array("x/2, SiLU's tangent at 0", "curve", model="geometry")
    gate_rms_raw: Array = array("RMS of ν without √d", model=MINI)
    gate_rms: Array = array("RMS of ν as used", model=MINI)
    gate_bend_raw: Array = array("RMS of SiLU(ν) − ν/2 over RMS of SiLU(ν), without √d", model=MINI)
    gate_bend: Array = array("the same as used", model=MINI)

    next_tokens: tuple[str, ...] = pieces("the tokens of the output's bars, one each", "top")
    probabilities: Array = array(
        "next-token probabilities for each factor on s_z", "multipliers", "top", model=MINI
    )
    cosines: Array = array("cosines of the last h with their output embeddings", "top", model=MINI)
    s_z: Array = array("effective s_z of these tokens", "top", model=MINI)
    logits: Array = array("their products, the logits", "top", model=MINI)
    unscaled: Array = array("next-token probabilities if every s_z were 1", "top", model=MINI)
    vocab: Array = array("tokens between which the output chooses", model=MINI, unit="1")
    output_entropy: Array = array(
        "mean entropy of the output for each factor", "multipliers", model=MINI, unit="nat"
    )
    output_entropy_uniform: Array = array(
        "entropy if all tokens were equally likely", model=MINI, unit="nat"
    )
    output_loss: Array = array(
        "loss on that text for each factor", "multipliers", model=MINI, unit="nat/letter"
    )

    toy_prompt: str = text("the toy's prompt, a space as ␣")
    toy_letters: str = text("the toy's letters in order")
    toy_h: Array = array("its last h after the prompt", 3, model=TOY, unit_vectors=True)
    toy_directions: Array = array(
        "its output embeddings", "letters", 3, model=TOY, unit_vectors=True
    )
    toy_cosines: Array = array("their cosines with its h", "letters", model=TOY)

    # For the recall of chapter 5: its head's attention.
    recall_pattern: Array = array(
        "softmax over the past, all queries", "tokens", "tokens", model=MINI
    )
    recall_weights: Array = array("the row of the query", "seen", model=MINI)
