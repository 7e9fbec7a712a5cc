"""Claims of the closing card."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import Closing as R
from scenes.claims import Claim, Claims


def sooner(r: R) -> bool:
    """nGPT came to both baselines' last losses with fewer tokens, having lagged before."""
    reached = bool(r.equal_reached and r.equal_qknorm_reached)
    ahead = min(float(r.equal_ratio), float(r.equal_qknorm_ratio)) > 1
    behind = np.interp(r.gpt_tokens, r.tokens, r.loss) > r.gpt_loss
    return reached and ahead and bool(behind.mean() > 0.4)


def small_gain(r: R) -> bool:
    """About a million parameters, and fewer tokens by less than a half."""
    size = 5e5 < float(r.parameters) < 1.5e6
    return size and 1 < float(r.equal_ratio) < 1.5


def less_even(r: R) -> bool:
    """nGPT's condition numbers are the larger ones in every layer."""
    return bool((r.condition > np.maximum(r.gpt_condition, r.qknorm_condition)).all())


def rise(losses: np.ndarray) -> np.ndarray:
    """By how much each text's loss rises from the context of training on."""
    return np.asarray(losses[:, -1] - losses[:, 0])


def holds(r: R) -> bool:
    """Beyond the context, nGPT's loss hardly rises."""
    return bool(np.abs(rise(r.length_loss)).max() < 0.1)


def others_lost(r: R) -> bool:
    """The baselines' losses rise by far more, and nGPT's hardly."""
    lost = [rise(each).min() > 0.3 for each in (r.gpt_length_loss, r.qknorm_length_loss)]
    return all(lost) and holds(r)


def clearest(r: R) -> bool:
    """As `others_lost`, of two novels, farther than the context: more than at equal length."""
    longer = bool(r.positions[-1] > r.context) and len(r.novels.split("|")) == 2
    near = np.abs(r.gpt_loss[-1] - r.loss[-1])
    return longer and bool((r.gpt_length_loss[:, -1] - r.length_loss[:, -1]).min() > 2 * near)


def paper_more(r: R) -> bool:
    """The paper's figures are larger than this project's."""
    return bool(r.paper_ratio.min() > r.equal_ratio)


def less_still(r: R) -> bool:
    """The reproduction's figures are below the paper's, and this project's below those."""
    paper = dict(zip(r.paper_context.tolist(), r.paper_ratio.tolist(), strict=True))
    high = zip(r.other_context.tolist(), r.other_ratio_high.tolist(), strict=True)
    below = all(ratio < paper[context] for context, ratio in high)
    return below and bool(r.equal_ratio < r.other_ratio_low.min())


CLAIMS = Claims(
    tokens=(
        Claim(
            "What did we measure? nGPT lags for long, then is sooner at the baselines' loss.",
            sooner,
            "What did we measure? How many tokens nGPT needs to the baselines' loss.",
        ),
        Claim(
            "One text, one seed, a million parameters: a small gain.",
            small_gain,
            "One text, one seed.",
        ),
    ),
    conditions=(
        Claim("Condition numbers: here nGPT’s are the larger ones", less_even, "Condition numbers"),
        Claim(
            "In the paper, nGPT's are the smaller ones; here the larger. The cause is open.",
            less_even,
            "In the paper, nGPT's are the smaller ones.",
        ),
        Claim(
            "The paper reports the opposite,\nat 0.5B and 1B parameters.",
            less_even,
            "The paper reports smaller ones of\nnGPT, at 0.5B and 1B parameters.",
        ),
        Claim("We have not found out why.", less_even),
    ),
    lengths=(
        Claim(
            "Beyond its training context, nGPT holds its loss",
            holds,
            "Losses beyond the context of training",
        ),
        Claim(
            "The clearest gain: texts longer than any in training, from two unseen novels.",
            clearest,
            "Texts longer than any in training, from unseen novels.",
        ),
        Claim(
            "Both baselines get lost beyond their context. nGPT's loss hardly rises.", others_lost
        ),
    ),
    claims=(
        Claim(
            "Times fewer tokens: the paper reports more, on larger models",
            paper_more,
            "Times fewer tokens: here, in the paper, and in a reproduction",
        ),
        Claim(
            "The paper reports four, ten and twenty times fewer tokens, on far larger models.",
            lambda r: r.paper_ratio.tolist() == [4, 10, 20] and r.parameters < 5e7,
            "The paper reports fewer tokens by large factors.",
        ),
        Claim(
            "An independent reproduction of that size saw less; we, on short texts, less still.",
            less_still,
            "An independent reproduction of that size is shown beside.",
        ),
    ),
)
