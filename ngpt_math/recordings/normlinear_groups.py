"""What chapter 3 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, pieces, text

MINI = "mini ngpt"
GPT = "mini gpt"
TOY_GPT = "toy gpt"


@dataclass(frozen=True, eq=False)
class NormlinearGroups(Recording):
    """Chapter 3: one real weight matrix, normalized by rows, by columns and by groups.

    `rows` × `cols` is the window of the matrix that is drawn; lengths are those of whole rows or
    columns, not of the window. A normalized layer's output is W h with unit rows and unit h, so an
    entry is the cosine of the angle between them (paper, 2.3.2).

    The baseline's layer reads x = RMSNorm(h): the hidden state over its root mean square, times
    learned gains; nGPT's reads h itself, of length 1. `gpt_outputs` and `same_outputs` are one
    matrix and one x, as they are and normalized; `outputs` are those of the layer that was trained
    normalized.

    Fields on `steps` lead from what was before to what is normalized along a straight line, so the
    lengths count down or up evenly to 1 and directions stay; the first step is before.
    """

    chapter: ClassVar[str] = "normlinear_groups"

    weight_name: str = text("which matrix of the baseline is normalized by rows")
    output_name: str = text("which matrix of the baseline is normalized by columns")
    prompt: tuple[str, ...] = pieces("the baseline's tokens; its state at the last one goes in")
    noun: str = text("what these tokens are: letter, or token where one may be longer")
    chosen_by: str = text("the rule by which rows, columns and the input were chosen")

    layer: Array = array("layer of both models, from 0", model=GPT)
    row_index: Array = array("which rows of the whole matrix are drawn", "rows", model=GPT)
    weight: Array = array("window of the baseline's matrix", "rows", "cols", model=GPT)
    row_lengths: Array = array("lengths of its whole rows", "rows", model=GPT)
    row_length_min: Array = array("shortest row of the whole matrix", model=GPT)
    row_length_max: Array = array("longest row of the whole matrix", model=GPT)
    weight_unit: Array = array("the window, rows normalized", "rows", "cols", model=GPT)
    row_unit_lengths: Array = array("lengths of the whole rows after", "rows", model=GPT)

    weight_steps: Array = array(
        "the window on the way to its normalized rows", "steps", "rows", "cols", model=GPT
    )
    row_length_steps: Array = array(
        "lengths of the whole rows on that way", "steps", "rows", model=GPT
    )
    all_row_lengths: Array = array("lengths of all rows", "gpt_outputs", model=GPT)
    all_row_unit_lengths: Array = array("lengths of all rows after", "gpt_outputs", model=GPT)

    column_index: Array = array("which columns of the output projection", "cols", model=GPT)
    output: Array = array("window of the output projection", "rows", "cols", model=GPT)
    column_lengths: Array = array("lengths of its whole columns", "cols", model=GPT)
    output_unit: Array = array("the window, columns normalized", "rows", "cols", model=GPT)
    column_unit_lengths: Array = array("lengths of the whole columns after", "cols", model=GPT)

    output_steps: Array = array(
        "the window on the way to its normalized columns", "steps", "rows", "cols", model=GPT
    )
    column_length_steps: Array = array(
        "lengths of the whole columns on that way", "steps", "cols", model=GPT
    )

    d_model: Array = array("length of a whole row, nGPT", model=MINI, unit="entries")
    gpt_d_model: Array = array("length of a whole row, baseline", model=GPT, unit="entries")
    input: Array = array("first entries of the hidden state h, nGPT", "cols", model=MINI)
    input_length: Array = array("length of the whole h", model=MINI)
    gpt_input: Array = array(
        "first entries of the baseline's layer input x = RMSNorm(h)", "cols", model=GPT
    )
    gpt_input_length: Array = array("length of the whole x", model=GPT)
    gpt_input_unit: Array = array("first entries of x/‖x‖", "cols", model=GPT)
    gpt_input_unit_length: Array = array("length of the whole x/‖x‖", model=GPT)
    gpt_outputs: Array = array("W x, baseline, all rows", "gpt_outputs", model=GPT)
    gpt_output_max: Array = array("largest |W x|, baseline", model=GPT)
    same_outputs: Array = array(
        "the same with rows and x normalized: cosines", "gpt_outputs", model=GPT
    )
    same_output_max: Array = array("largest of those, without sign", model=GPT)
    outputs: Array = array("W h, nGPT, all rows: cosines", "outputs", model=MINI)
    output_max: Array = array("largest |W h|, nGPT", model=MINI)
    output_rms: Array = array("root mean square of W h, nGPT", model=MINI)
    angles: Array = array("the angles of those cosines", "outputs", model=MINI, unit="rad")
    bounds: Array = array("the least and the largest cosine there is", 2, model="geometry")
    typical_cosine: Array = array("1/√d, RMS cosine of random directions", model="geometry")

    groups: Array = array("number of groups G", model="geometry")
    group_size: Array = array("entries of a group", model=GPT, unit="entries")
    weight_split: Array = array(
        "window of the matrix: the first entries of each group",
        "rows", "groups", "group_cols", model=GPT,
    )  # fmt: skip
    group_lengths: Array = array("length of each group of a row", "rows", "groups", model=GPT)
    weight_grouped: Array = array(
        "the same window with each group normalized on its own",
        "rows", "groups", "group_cols", model=GPT,
    )  # fmt: skip
    group_unit_lengths: Array = array("length of each group after", "rows", "groups", model=GPT)
    grouped_row_lengths: Array = array("length of the whole row after: √G", "rows", model=GPT)

    split_steps: Array = array(
        "the split window on the way to its normalized groups",
        "steps", "rows", "groups", "group_cols", model=GPT,
    )  # fmt: skip
    group_length_steps: Array = array(
        "lengths of the groups on that way", "steps", "rows", "groups", model=GPT
    )

    # For the recall of chapter 2: its vectors, and the one worked out piece by piece.
    recall_many: Array = array("many real weight vectors", "many", 3, model=TOY_GPT)
    recall_many_units: Array = array(
        "the same, normalized", "many", 3, model=TOY_GPT, unit_vectors=True
    )
    recall_vector: Array = array("the vector w that was worked out", 3, model=TOY_GPT)
    recall_length: Array = array("‖w‖", model=TOY_GPT)
    recall_unit: Array = array("w/‖w‖", 3, model=TOY_GPT, unit_vectors=True)
