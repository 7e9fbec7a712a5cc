"""What chapter 1 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

TOY = "toy ngpt"
TOY_GPT = "toy gpt"


@dataclass(frozen=True, eq=False)
class TraditionalVsNormalized(Recording):
    """Chapter 1: the same text, seed and steps, with free and with normalized weights.

    The rows are those of one matrix, the same in both toy models. `toy_snapshots` are the steps at
    which their weights were kept, `snapshots` those of the larger models, `points` those of the
    loss curves. A condition number is largest over smallest singular value (paper, figure 5).
    """

    chapter: ClassVar[str] = "traditional_vs_normalized"

    matrix: str = text("which weight matrix of the toy models is shown")
    corpus: str = text("the text both models learned")
    larger_matrix: str = text("which matrix of the larger models the bands and conditions are of")

    toy_steps: Array = array("optimizer steps done", "toy_snapshots", model=TOY, unit="step")
    rows: Array = array(
        "rows of the matrix over training, nGPT",
        "toy_snapshots", "toy_rows", 3, model=TOY, unit_vectors=True,
    )  # fmt: skip
    norms: Array = array("lengths of those rows", "toy_snapshots", "toy_rows", model=TOY)
    gpt_rows: Array = array(
        "rows of the same matrix, baseline", "toy_snapshots", "toy_rows", 3, model=TOY_GPT
    )
    gpt_norms: Array = array("lengths of those rows", "toy_snapshots", "toy_rows", model=TOY_GPT)
    gpt_norm_min: Array = array("shortest of those rows", "toy_snapshots", model=TOY_GPT)
    gpt_norm_max: Array = array("longest of those rows", "toy_snapshots", model=TOY_GPT)

    steps: Array = array("optimizer steps done", "snapshots", model="mini ngpt", unit="step")
    band: Array = array(
        "row lengths of the larger nGPT: smallest, quartiles, largest",
        "snapshots", 5, model="mini ngpt",
    )  # fmt: skip
    gpt_band: Array = array("the same, baseline", "snapshots", 5, model="mini gpt")
    condition: Array = array(
        "condition number, median over the heads of that matrix", "snapshots", model="mini ngpt"
    )
    gpt_condition: Array = array("the same, baseline", "snapshots", model="mini gpt")

    loss_steps: Array = array("optimizer steps done", "points", model="mini ngpt", unit="step")
    loss: Array = array("validation loss", "points", model="mini ngpt", unit="nat/letter")
    gpt_loss: Array = array("validation loss", "points", model="mini gpt", unit="nat/letter")
    toy_loss_steps: Array = array("optimizer steps done", "toy_points", model=TOY, unit="step")
    toy_loss: Array = array("validation loss", "toy_points", model=TOY, unit="nat/letter")
    toy_gpt_loss: Array = array("validation loss", "toy_points", model=TOY_GPT, unit="nat/letter")
