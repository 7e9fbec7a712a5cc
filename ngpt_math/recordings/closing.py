"""What the closing card shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

MINI = "mini ngpt"
GPT = "mini gpt"
QKNORM = "mini gpt-qknorm"
PAPER = "the paper, arXiv 2410.01131"
OTHERS = "an independent reproduction, github.com/JoeLi12345/nGPT"

LOSS = "nat/letter"
TOKENS = "million"


@dataclass(frozen=True, eq=False)
class Closing(Recording):
    """The closing card: what this project measured on its larger models, and what others report.

    All measures are those of `assets/results/mini-measures.json`, which takes minutes to measure
    again (`python -m ngpt_math.measuring.results`). Losses are on the same windows of the
    validation text; each run is one seed. Fields that begin with `equal_` compare tokens: how many
    until the nGPT's loss is as low as the last one of the baseline, `equal_qknorm_` of the baseline
    with QK-norm; where `_reached` is 0 it never was, and the others are 0. Those that begin with
    `again_` are of the same three models trained from other seeds (`mini-seed-*.json`).

    What the paper and the reproduction report is cited, not measured: times fewer tokens to equal
    loss, of models with 0.5B parameters. The reproduction's figure at a context is a range, or
    one reading where both ends are the same.
    """

    chapter: ClassVar[str] = "closing"

    measures: str = text("where the measures stand, and the command that measures again")
    corpus: str = text("the text all models learned")
    novels: str = text("titles of the texts for lengths, separated by |")

    parameters: Array = array("number of parameters", model=MINI)
    gpt_parameters: Array = array("the same, baseline", model=GPT)
    seed: Array = array("seed of weights and batches", model=MINI)
    steps: Array = array("optimizer steps of the run", model=MINI, unit="step")

    tokens: Array = array("tokens learned from", "points", model=MINI, unit=TOKENS)
    loss: Array = array("validation loss then", "points", model=MINI, unit=LOSS)
    gpt_tokens: Array = array("tokens learned from", "gpt_points", model=GPT, unit=TOKENS)
    gpt_loss: Array = array("validation loss then", "gpt_points", model=GPT, unit=LOSS)
    qknorm_tokens: Array = array("tokens learned from", "qk_points", model=QKNORM, unit=TOKENS)
    qknorm_loss: Array = array("validation loss then", "qk_points", model=QKNORM, unit=LOSS)

    equal_reached: Array = array("1 if nGPT reached the baseline's last loss", model=MINI)
    equal_loss: Array = array("that loss", model=GPT, unit=LOSS)
    equal_tokens: Array = array("tokens until then", model=MINI, unit=TOKENS)
    equal_ratio: Array = array("the baseline's tokens over those", model=MINI)
    equal_qknorm_reached: Array = array("1 if nGPT reached QK-norm's last loss", model=MINI)
    equal_qknorm_loss: Array = array("that loss", model=QKNORM, unit=LOSS)
    equal_qknorm_tokens: Array = array("tokens until then", model=MINI, unit=TOKENS)
    equal_qknorm_ratio: Array = array("QK-norm's tokens over those", model=MINI)

    again_seed: Array = array("seeds of the other trainings", "again", model=MINI)
    again_loss: Array = array("last validation loss from them", "again", model=MINI, unit=LOSS)
    again_gpt_loss: Array = array("the same, baseline", "again", model=GPT, unit=LOSS)
    again_qknorm_loss: Array = array(
        "the same, baseline with QK-norm", "again", model=QKNORM, unit=LOSS
    )
    again_ratio: Array = array(
        "the baseline's tokens over nGPT's to the same loss; 0: never", "again", model=MINI
    )
    again_qknorm_ratio: Array = array("the same, to QK-norm's", "again", model=MINI)

    condition: Array = array(
        "condition number of W_q, median over the heads, by layer", "layers", model=MINI
    )
    gpt_condition: Array = array("the same, baseline", "layers", model=GPT)
    qknorm_condition: Array = array("the same, baseline with QK-norm", "layers", model=QKNORM)

    context: Array = array("tokens of a window in training", model=MINI, unit="token")
    edges: Array = array(
        "where buckets of positions in the text begin and end",
        "buckets+1", model="geometry", unit="token",
    )  # fmt: skip
    length_loss: Array = array(
        "loss at those positions of each novel", "novels", "buckets", model=MINI, unit=LOSS
    )
    gpt_length_loss: Array = array(
        "the same, baseline", "novels", "buckets", model=GPT, unit=LOSS
    )  # fmt: skip
    qknorm_length_loss: Array = array(
        "the same, baseline with QK-norm", "novels", "buckets", model=QKNORM, unit=LOSS
    )

    rise: Array = array(
        "last bucket less first, mean of all long texts; by seed, first the shipped one",
        "again+1", model=MINI, unit=LOSS,
    )  # fmt: skip
    gpt_rise: Array = array("the same, baseline", "again+1", model=GPT, unit=LOSS)
    qknorm_rise: Array = array(
        "the same, baseline with QK-norm", "again+1", model=QKNORM, unit=LOSS
    )

    paper_context: Array = array("context in thousands of tokens", "paper", model=PAPER)
    paper_ratio: Array = array("times fewer tokens to equal loss", "paper", model=PAPER)
    other_context: Array = array("context in thousands of tokens", "others", model=OTHERS)
    other_ratio_low: Array = array("times fewer tokens, at least", "others", model=OTHERS)
    other_ratio_high: Array = array("times fewer tokens, at most", "others", model=OTHERS)
