"""What chapter 3 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

MINI = "mini ngpt"
GPT = "mini gpt"


@dataclass(frozen=True, eq=False)
class NormlinearGroups(Recording):
    """Chapter 3: one real weight matrix, normalized by rows, by columns and by groups.

    `rows` × `cols` is the window of the matrix that is drawn; lengths are those of whole rows or
    columns, not of the window. A normalized layer's output is W h with unit rows and unit h, so an
    entry is the cosine of the angle between them (paper 2.1, table 1).
    """

    chapter: ClassVar[str] = "normlinear_groups"

    weight_name: str = text("which matrix of the baseline is normalized by rows")
    output_name: str = text("which matrix of the baseline is normalized by columns")
    prompt: str = text("the text whose hidden state goes in")

    weight: Array = array("window of the baseline's matrix", "rows", "cols", model=GPT)
    row_lengths: Array = array("lengths of its whole rows", "rows", model=GPT)
    weight_unit: Array = array("the window, rows normalized", "rows", "cols", model=GPT)
    row_unit_lengths: Array = array("lengths of the whole rows after", "rows", model=GPT)

    output: Array = array("window of the output projection", "rows", "cols", model=GPT)
    column_lengths: Array = array("lengths of its whole columns", "cols", model=GPT)
    output_unit: Array = array("the window, columns normalized", "rows", "cols", model=GPT)
    column_unit_lengths: Array = array("lengths of the whole columns after", "cols", model=GPT)

    d_model: Array = array("length of a whole row", model=MINI)
    input: Array = array("first entries of the hidden state h, nGPT", "cols", model=MINI)
    input_length: Array = array("length of the whole h", model=MINI)
    gpt_input: Array = array("first entries of the baseline's layer input", "cols", model=GPT)
    gpt_input_length: Array = array("length of that whole input", model=GPT)
    gpt_outputs: Array = array("W x, baseline, all rows", "outputs", model=GPT)
    outputs: Array = array("W h, nGPT, all rows: cosines", "outputs", model=MINI)
    angles: Array = array("the angles of those cosines", "outputs", model=MINI, unit="rad")
    gpt_output_max: Array = array("largest |W x|, baseline", model=GPT)
    output_max: Array = array("largest |W h|, nGPT", model=MINI)

    groups: Array = array("number of groups G", model="geometry")
    group_lengths: Array = array("length of each group of a row", "rows", "groups", model=GPT)
    weight_grouped: Array = array(
        "window of the matrix with each group normalized on its own",
        "rows", "groups", "group_cols", model=GPT,
    )  # fmt: skip
    weight_split: Array = array(
        "the same window before: the first entries of each group",
        "rows", "groups", "group_cols", model=GPT,
    )  # fmt: skip
    group_unit_lengths: Array = array("length of each group after", "rows", "groups", model=GPT)
    grouped_row_lengths: Array = array("length of the whole row after: √G", "rows", model=GPT)
