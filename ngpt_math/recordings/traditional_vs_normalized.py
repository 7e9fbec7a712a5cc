"""What chapter 1 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

TOY = "toy ngpt"
TOY_GPT = "toy gpt"
MINI = "mini ngpt"
GPT = "mini gpt"


@dataclass(frozen=True, eq=False)
class TraditionalVsNormalized(Recording):
    """Chapter 1: the same text, seed and steps, with free and with normalized weights.

    The rows are those of one matrix, the same in both toy models. `toy_snapshots` are the steps at
    which their weights were kept, `snapshots` those of the larger models, `points` those of the
    loss curves. A condition number is largest over smallest singular value (paper, figure 5): of
    the whole matrix in the toy models, of each head's part of it in the larger ones.

    Losses of the toys are those looked at during training, on a part of the validation text.
    `seed_loss` is on all of it, of the larger models shown and of the same ones trained again with
    other seeds.

    What these trainings show is that the baseline's lengths spread while the nGPT's stay 1. Its
    condition numbers climb, and so do the nGPT's, which learns at a higher rate: at this size and
    after so few steps they are not the smaller ones. The gap of the paper's figure 5 is of models
    with 0.5B parameters after 100,000 steps.
    """

    chapter: ClassVar[str] = "traditional_vs_normalized"

    matrix: str = text("which weight matrix of the toy models is shown")
    corpus: str = text("the text both models learned")
    larger_matrix: str = text("which matrix of the larger models the bands and conditions are of")
    kinds: str = text("names of the kinds of matrices in a layer, separated by commas")
    prompt: str = text("the text that is to be gone on with")
    guessed: str = text("the letters that the toy baseline finds likeliest after it, best first")

    seed: Array = array("seed of weights and batches", model=TOY)
    gpt_seed: Array = array("the same, baseline", model=TOY_GPT)
    toy_steps: Array = array("optimizer steps done", "toy_snapshots", model=TOY, unit="steps")
    rows: Array = array(
        "rows of the matrix over training, nGPT",
        "toy_snapshots", "toy_rows", 3, model=TOY, unit_vectors=True,
    )  # fmt: skip
    norms: Array = array("lengths of those rows", "toy_snapshots", "toy_rows", model=TOY)
    norm_min: Array = array("shortest of those rows", "toy_snapshots", model=TOY)
    norm_max: Array = array("longest of those rows", "toy_snapshots", model=TOY)
    gpt_rows: Array = array(
        "rows of the same matrix, baseline", "toy_snapshots", "toy_rows", 3, model=TOY_GPT
    )
    gpt_norms: Array = array("lengths of those rows", "toy_snapshots", "toy_rows", model=TOY_GPT)
    gpt_norm_min: Array = array("shortest of those rows", "toy_snapshots", model=TOY_GPT)
    gpt_norm_max: Array = array("longest of those rows", "toy_snapshots", model=TOY_GPT)
    letter: Array = array(
        "input embedding of the prompt's last letter over training, nGPT",
        "toy_snapshots", 3, model=TOY, unit_vectors=True,
    )  # fmt: skip
    gpt_letter: Array = array("the same, baseline", "toy_snapshots", 3, model=TOY_GPT)
    guess: Array = array("probabilities of the letters guessed", "guesses", model=TOY_GPT)
    gpt_input: Array = array(
        "what that matrix is given at the prompt's last letter", 3, model=TOY_GPT
    )
    gpt_input_length: Array = array("its length, ‖h‖", model=TOY_GPT)
    gpt_fits: Array = array("cosines between the rows and that input", "toy_rows", model=TOY_GPT)
    gpt_outputs: Array = array("products of the rows and that input", "toy_rows", model=TOY_GPT)
    loud_pair: Array = array(
        "of two rows, the longer that fits worse and gives more, and the shorter", 2, model=TOY_GPT
    )
    gpt_unit_norms: Array = array(
        "lengths of the rows, each divided by its length", "toy_rows", model=TOY_GPT
    )
    gpt_unit_outputs: Array = array(
        "products of the rows, so divided, and that input", "toy_rows", model=TOY_GPT
    )
    toy_stretch: Array = array(
        "how far that matrix stretches at most and at least: its singular values",
        "toy_snapshots", 2, model=TOY,
    )  # fmt: skip
    toy_gpt_stretch: Array = array("the same, baseline", "toy_snapshots", 2, model=TOY_GPT)
    toy_condition: Array = array(
        "condition number of that matrix: the one over the other", "toy_snapshots", model=TOY
    )
    toy_gpt_condition: Array = array("the same, baseline", "toy_snapshots", model=TOY_GPT)

    steps: Array = array("optimizer steps done", "snapshots", model=MINI, unit="steps")
    gpt_steps: Array = array("the same, baseline", "gpt_snapshots", model=GPT, unit="steps")
    band: Array = array(
        "row lengths of the larger nGPT: smallest, quartiles, largest",
        "snapshots", 5, model=MINI,
    )  # fmt: skip
    gpt_band: Array = array("the same, baseline", "gpt_snapshots", 5, model=GPT)
    condition: Array = array(
        "condition number, median over the heads of their matrix", "snapshots", model=MINI
    )
    gpt_condition: Array = array("the same, baseline", "gpt_snapshots", model=GPT)
    kind_start: Array = array(
        "condition number before training, median over layers and heads", "kinds", model=MINI
    )
    gpt_kind_start: Array = array("the same, baseline", "kinds", model=GPT)
    kind_condition: Array = array(
        "condition number after training, median over layers and heads", "kinds", model=MINI
    )
    gpt_kind_condition: Array = array("the same, baseline", "kinds", model=GPT)

    parameters: Array = array("number of parameters", model=MINI)
    learning_rate: Array = array("peak learning rate", model=MINI)
    gpt_learning_rate: Array = array("the same, baseline", model=GPT)
    seeds: Array = array("seeds of the larger models, the shown one's first", "seeds", model=MINI)
    gpt_seeds: Array = array("the same, baseline", "seeds", model=GPT)
    seed_loss: Array = array(
        "loss on the whole validation text at the end, seed by seed",
        "seeds", model=MINI, unit="nat/letter",
    )  # fmt: skip
    gpt_seed_loss: Array = array("the same, baseline", "seeds", model=GPT, unit="nat/letter")
    toy_loss_steps: Array = array("optimizer steps done", "toy_points", model=TOY, unit="steps")
    toy_loss: Array = array("validation loss", "toy_points", model=TOY, unit="nat/letter")
    toy_gpt_loss: Array = array("validation loss", "toy_points", model=TOY_GPT, unit="nat/letter")
