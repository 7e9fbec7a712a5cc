"""What chapter 2 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

TOY = "toy ngpt"
TOY_GPT = "toy gpt"


@dataclass(frozen=True, eq=False)
class L2NormShell(Recording):
    """Chapter 2: what L2 normalization does to real weight vectors, and what norm_eps allows.

    The shell keeps a vector whose length lies between 1−ε and 1+ε and pulls any other to the nearer
    edge. `gradient` is ∂loss/∂w of the normalized layer's stored weight w, on a batch of training
    text; the radial part it has before the normalization's own derivative is gone after it. The
    layer is the baseline's own, given the shell of eps_shown on its W_q.

    `turn_gradient` is ∂loss/∂w of a weight vector of the toy nGPT as it is, on the same text. Its
    normalization is no part of the layer: it follows each step of training. So that gradient has a
    part along w, and a step against it changes w's length, until w is divided by it.

    What is worked out for the eye, from `written` to `share_root`, is rounded to thousandths step
    by step: with pencil and paper one finds the same. Of a vector too short for that,
    it is exact.
    """

    chapter: ClassVar[str] = "l2_norm_shell"

    vector_name: str = text("which weight vector is normalized piece by piece")
    many_name: str = text("which weight vectors are normalized together")
    chosen_by: str = text("the rule by which the vector was chosen")
    point_chosen_by: str = text("the rule by which the vector inside the shell was chosen")
    turn_name: str = text("which weight vector of the toy nGPT takes a step")
    turn_chosen_by: str = text("the rule by which it was chosen")

    vector_index: Array = array("index of the vector among the many", model=TOY_GPT)
    vector: Array = array("the weight vector w", 3, model=TOY_GPT)
    length: Array = array("its length ‖w‖", model=TOY_GPT)
    unit: Array = array("w/‖w‖", 3, model=TOY_GPT, unit_vectors=True)
    written: Array = array(
        "w as it is written down, in thousandths unless it is too short", 3, model=TOY_GPT
    )
    squares: Array = array("the squares of these", 3, model=TOY_GPT)
    square_sum: Array = array("the sum of the squares", model=TOY_GPT)
    root: Array = array("the root of the sum", model=TOY_GPT)
    shares: Array = array("w as written over the root", 3, model=TOY_GPT)
    share_squares: Array = array("the squares of these", 3, model=TOY_GPT)
    share_sum: Array = array("the sum of the squares", model=TOY_GPT)
    share_root: Array = array("the root of the sum", model=TOY_GPT)
    division: Array = array(
        "w on its way to w/‖w‖, from a divisor of 1 to one of ‖w‖", "division", 3, model="geometry"
    )
    division_lengths: Array = array("lengths on that way", "division", model="geometry")

    turn_index: Array = array("index of that vector among the rows of its matrix", model=TOY)
    turn_gradient: Array = array("∂loss/∂w at that vector w", 3, model=TOY)
    turn_along: Array = array("its part along w", model=TOY)
    turn_across: Array = array("length of its part across w", model=TOY)
    turn_rate: Array = array("how many times the gradient the step is", model="geometry")
    turn_path: Array = array(
        "w on a step against the gradient, and back to length 1: in their plane, how far along the"
        " gradient's part across w, and along w",
        "step", 2, model=TOY,
    )  # fmt: skip
    turn_lengths: Array = array("lengths on that way", "step", model=TOY)

    many: Array = array("many real weight vectors", "many", 3, model=TOY_GPT)
    many_lengths: Array = array("their lengths", "many", model=TOY_GPT)
    many_units: Array = array("the same, normalized", "many", 3, model=TOY_GPT, unit_vectors=True)
    many_unit_lengths: Array = array("lengths of those, worked out again", "many", model=TOY_GPT)

    norm_eps: Array = array("the ε with which the toy nGPT was trained", model=TOY)
    eps: Array = array("the values the slider takes", "eps", model="geometry")
    eps_inner: Array = array("1−ε, radius of the inner sphere", "eps", model="geometry")
    eps_outer: Array = array("1+ε, radius of the outer sphere", "eps", model="geometry")
    shell: Array = array(
        "the many vectors for each ε of the slider", "eps", "many", 3, model="geometry"
    )
    shell_lengths: Array = array("their lengths", "eps", "many", model="geometry")
    shell_inside: Array = array(
        "how many were inside the shell and stay as they are", "eps", model="geometry"
    )
    eps_shown: Array = array("the ε at which the gradient is shown", model="geometry")
    eps_shown_index: Array = array("its place on the slider", model="geometry")

    point: Array = array("a vector inside the shell of eps_shown", 3, model=TOY_GPT)
    point_index: Array = array("its index among the many", model=TOY_GPT)
    point_length: Array = array("its length", model=TOY_GPT)
    point_shell: Array = array("what the shell makes of it: the same", 3, model=TOY_GPT)
    gradient_before: Array = array(
        "∂loss/∂(layer's weight), before the normalization's derivative", 3, model=TOY_GPT
    )
    radial_before: Array = array("its part along the vector", model=TOY_GPT)
    radial_part: Array = array("that part as a vector", 3, model=TOY_GPT)
    across: Array = array("length of its part across the vector", model=TOY_GPT)
    gradient_before_length: Array = array("length of gradient_before", model=TOY_GPT)
    gradient: Array = array("∂loss/∂w, after it", 3, model=TOY_GPT)
    radial: Array = array("its part along the vector", model=TOY_GPT)
    gradient_length: Array = array("length of gradient", model=TOY_GPT)

    # For the recall of chapter 1: the same matrix in both toy models.
    recall_rows: Array = array(
        "W_q of the first layer, by row", "toy_rows", 3, model=TOY, unit_vectors=True
    )
    recall_gpt_rows: Array = array(
        "W_q of the first layer, by row, baseline", "toy_rows", 3, model=TOY_GPT
    )
