"""What chapter 4 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text


@dataclass(frozen=True, eq=False)
class SlerpVsLerp(Recording):
    """Chapter 4: one residual update of the toy models, and the learned α of the larger one.

    The toy models have d_model = 3, so the vectors marked `unit_vectors` are points of S². An
    `update` is one residual step; a layer makes two, attention then MLP. Paper: eq. 6–11.
    """

    chapter: ClassVar[str] = "slerp_vs_lerp"

    prompt: str = text("the text whose hidden states are shown")
    chosen_by: str = text("the rule by which the position and the update shown were chosen")

    # The toy nGPT, along its residual updates at one position of the prompt.
    position: Array = array("index of the letter in the prompt", model="toy ngpt")
    update: Array = array("index of the update that the chapter explains", model="toy ngpt")
    states: Array = array(
        "hidden state before the first and after each update", "toy_updates+1", 3,
        model="toy ngpt", unit_vectors=True,
    )  # fmt: skip
    suggestions: Array = array(
        "h_A or h_M, what the block suggests", "toy_updates", 3,
        model="toy ngpt", unit_vectors=True,
    )  # fmt: skip
    norms: Array = array("length of the hidden state", "toy_updates+1", model="toy ngpt")
    stepped: Array = array(
        "h + |α| ⊙ (suggestion − h), before Norm", "toy_updates", 3, model="toy ngpt"
    )
    alphas: Array = array("|α| of each update, by dimension", "toy_updates", 3, model="toy ngpt")
    angles: Array = array(
        "angle from h to the suggestion", "toy_updates", model="toy ngpt", unit="rad"
    )
    moved: Array = array("angle the update moved h by", "toy_updates", model="toy ngpt", unit="rad")

    off_arc: Array = array(
        "angle by which the new state misses the great circle through h and the suggestion",
        "toy_updates", model="toy ngpt", unit="rad",
    )  # fmt: skip

    # The toy baseline at the same position of the same prompt: h ← h + f(norm(h)).
    gpt_states: Array = array(
        "hidden state before the first and after each update", "toy_updates+1", 3, model="toy gpt"
    )
    gpt_outputs: Array = array("f(norm(h)), what is added", "toy_updates", 3, model="toy gpt")
    gpt_norms: Array = array("length of the hidden state", "toy_updates+1", model="toy gpt")

    # The chosen update swept over a scalar α, both ways. Row i holds α = sweep_alpha[i].
    sweep_alpha: Array = array("α from 0 to 1 in equal steps", "sweep", model="geometry")
    sweep_chord: Array = array("(1−α)h + α h_A, on the chord", "sweep", 3, model="geometry")
    sweep_chord_norm: Array = array("length of the point on the chord", "sweep", model="geometry")
    sweep_lerp: Array = array(
        "the chord's point put back to length 1", "sweep", 3, model="geometry", unit_vectors=True
    )
    sweep_slerp: Array = array(
        "SLERP(h, h_A; α), on the arc", "sweep", 3, model="geometry", unit_vectors=True
    )
    sweep_lerp_angle: Array = array("angle from h, LERP", "sweep", model="geometry", unit="rad")
    sweep_slerp_angle: Array = array("angle from h, SLERP", "sweep", model="geometry", unit="rad")
    sweep_gap: Array = array("SLERP's angle less LERP's", "sweep", model="geometry", unit="rad")
    sweep_share: Array = array(
        "LERP's angle over SLERP's; at α = 0 its limit, sin θ/θ", "sweep", model="geometry"
    )
    small_alpha: Array = array("α at which the small-step ratio is measured", model="geometry")
    ratio_theta: Array = array(
        "angles θ of the ratio's curve", "curve", model="geometry", unit="rad"
    )
    ratio: Array = array("LERP's angle over SLERP's as α → 0: sin θ/θ", "curve", model="geometry")

    # The larger model's learned α and how far its updates go, over positions of validation text.
    alpha_init: Array = array("|α| before training, every dimension", model="mini ngpt")
    alpha_abs: Array = array("1 if α counts by its size, 0 if by its sign too", model="mini ngpt")
    alpha_attn: Array = array(
        "|α_A| by layer and dimension", "layers", "d_model", model="mini ngpt"
    )
    alpha_mlp: Array = array("|α_M| by layer and dimension", "layers", "d_model", model="mini ngpt")
    alpha_attn_mean: Array = array("mean |α_A| of a layer", "layers", model="mini ngpt")
    alpha_mlp_mean: Array = array("mean |α_M| of a layer", "layers", model="mini ngpt")
    theta_attn: Array = array(
        "angle from h to h_A at sampled positions",
        "layers",
        "samples",
        model="mini ngpt",
        unit="rad",
    )
    theta_mlp: Array = array(
        "angle from h to h_M at sampled positions",
        "layers",
        "samples",
        model="mini ngpt",
        unit="rad",
    )
    theta_attn_median: Array = array(
        "median of theta_attn", "layers", model="mini ngpt", unit="rad"
    )
    theta_mlp_median: Array = array("median of theta_mlp", "layers", model="mini ngpt", unit="rad")
    moved_attn_median: Array = array(
        "median angle moved by attention", "layers", model="mini ngpt", unit="rad"
    )
    moved_mlp_median: Array = array(
        "median angle moved by the MLP", "layers", model="mini ngpt", unit="rad"
    )

    # For the recall of chapter 3: a real weight matrix of the toy nGPT and its cosines with h.
    recall_weight: Array = array(
        "W_q of the first layer, by row", "toy_rows", 3, model="toy ngpt", unit_vectors=True
    )
    recall_cosines: Array = array("W_q h at the position shown", "toy_rows", model="toy ngpt")
