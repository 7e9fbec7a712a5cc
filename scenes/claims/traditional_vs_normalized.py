"""Claims of chapter 1."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import TraditionalVsNormalized as R
from scenes.claims import Claim, Claims
from scenes.claims.compared import end_of, spread
from scenes.claims.provenance import shipped


def same_seed(r: R) -> bool:
    """Both toys began with one seed."""
    return float(r.seed) == float(r.gpt_seed)


def wander(r: R) -> bool:
    """Of the traditional vectors some end long, some shorter than they were, and some tiny."""
    ends, most = r.gpt_norms[-1], r.gpt_norms.max(axis=0)
    return bool(ends.max() > 1 and (ends < 0.8 * most).any() and ends.min() < 0.2)


def drift_apart(r: R) -> bool:
    """The traditional lengths begin close together and end far apart."""
    return spread(r.gpt_norms[0]) < 0.1 and spread(r.gpt_norms[-1]) > 1


def long_wins(r: R) -> bool:
    """Of the two units shown, the longer fits worse and gives more."""
    one, two = r.loud_pair.astype(int)
    longer = bool(r.gpt_norms[-1, one] > r.gpt_norms[-1, two])
    return longer and bool(0 < r.gpt_fits[one] < r.gpt_fits[two]) and bool(
        r.gpt_outputs[one] > r.gpt_outputs[two]
    )  # fmt: skip


def lengths_part(r: R) -> bool:
    """Traditional lengths spread while those of nGPT stay at one."""
    return spread(r.gpt_norms[-1]) > 2 * spread(r.gpt_norms[0]) and keeps_one(r)


def keeps_one(r: R) -> bool:
    """The toy nGPT's vectors have length one throughout."""
    return bool(np.allclose(r.norms, 1, atol=1e-4))


def both_learn(r: R) -> bool:
    """Both toys' losses fall by a tenth at least."""
    return all(loss[-1] < 0.9 * loss[0] for loss in (r.toy_loss, r.toy_gpt_loss))


def toy_end(r: R) -> str:
    """How the toy nGPT's last loss compares with the baseline's."""
    return end_of(r.toy_loss, r.toy_gpt_loss)


def end(r: R) -> str:
    """How the larger nGPT's last loss compares with the baseline's."""
    return end_of(r.loss, r.gpt_loss)


def bands_spread(r: R) -> bool:
    """The larger baseline's row lengths end further apart than they began, the nGPT's do not."""
    widths = [spread(r.gpt_band[row]) for row in (0, -1)]
    return widths[1] > 1.5 * widths[0] and bool(np.allclose(r.band, 1, atol=1e-4))


def less_than_toy(r: R) -> bool:
    """As `bands_spread`, and less than in the toy."""
    return bands_spread(r) and spread(r.gpt_band[-1]) < spread(r.gpt_norms[-1])


def measured_lower(r: R) -> bool:
    """The larger nGPT ends lower, and the film ends with its measures."""
    return "lower" in end(r) and shipped(r, "mini-ngpt")


def grows(condition: np.ndarray) -> float:
    """How many times a condition number has grown."""
    return float(condition[-1] / condition[0])


def toys_climb(r: R) -> bool:
    """Both toys' condition numbers grow."""
    return min(grows(r.toy_condition), grows(r.toy_gpt_condition)) > 1.5


def not_round(r: R) -> bool:
    """A matrix of nGPT whose condition number grows."""
    return max(grows(r.toy_condition), grows(r.condition)) > 1.5 and keeps_one(r)


def larger_climbs_most(r: R) -> bool:
    """Of the larger models, the nGPT's condition number grows most; the paper's are far larger."""
    most = grows(r.condition) > max(1.5, grows(r.gpt_condition))
    return most and float(r.parameters) < 5e7


def toy_loses(r: R) -> bool:
    """The toy nGPT's loss ends higher than the baseline's, the larger one's lower."""
    return "higher" in toy_end(r) and "lower" in end(r)


def drift_and_win(r: R) -> bool:
    """Lengths drift apart, and the longer of the two units shown wins."""
    return drift_apart(r) and long_wins(r)


CLAIMS = Claims(
    networks=(
        Claim(
            "Two small models: same text, same seed, same steps",
            same_seed,
            "Two small models learn the same text",
        ),
        Claim(
            "Drawn are the first weights a letter meets, here the h. Strong line: large weight.",
            lambda r: r.prompt.endswith("h"),
            "Drawn are the first weights a letter meets. Strong line: large weight.",
        ),
    ),
    free=(
        Claim(
            "Traditional: each arrow grows and shrinks as it likes",
            wander,
            "Traditional: nothing holds an arrow’s length",
        ),
        Claim(
            "Some shoot out, some shrink again, some stay tiny. Nothing holds their lengths.",
            wander,
            "Nothing holds their lengths.",
        ),
    ),
    spread=(
        Claim("The lengths drift apart", drift_apart, "The lengths, step by step"),
        Claim(
            "The same lengths, step by step. They begin together, and end far apart.",
            drift_apart,
            "The same lengths, step by step.",
        ),
    ),
    louder=(
        Claim(
            "A long arrow drowns out one that fits better",
            long_wins,
            "A unit gives its length times how well it fits",
        ),
        Claim(
            "The input's length counts for all alike. So the longer arrow gives more,",
            long_wins,
            "The input's length counts for all alike.",
        ),
        Claim("even though the shorter one fits better.", long_wins),
    ),
    side_by_side=(
        Claim(
            "Both models learn; only one keeps its lengths",
            lambda r: both_learn(r) and lengths_part(r),
            "Both models side by side; only nGPT keeps its lengths",
        ),
        Claim(
            "Both at once. On the left the lengths part, on the right each tip stays put",
            lengths_part,
            "Both at once. On the left lengths are free, on the right each tip stays put",
        ),
        Claim(
            "at length one. Both learn: the tiny nGPT's loss ends slightly higher.",
            lambda r: both_learn(r) and toy_end(r) == "slightly higher",
            lambda r: f"at length one. The tiny nGPT's loss ends {toy_end(r)}.",
        ),
    ),
    larger=(
        Claim(
            "In a larger model the lengths spread, too",
            bands_spread,
            "In a larger nGPT the lengths stay at one, too",
        ),
        Claim(
            "Larger models: traditional lengths spread, too, though less. nGPT's stay at one.",
            less_than_toy,
            "Larger models: traditional lengths are free. nGPT's stay at one.",
        ),
        Claim(
            "Here nGPT's loss ends lower. What that saves, the film's end measures.",
            measured_lower,
            lambda r: f"Here nGPT's loss ends {end(r)}.",
        ),
    ),
    conditions=(
        Claim(
            "Length one alone does not keep a matrix round",
            not_round,
            "How round a matrix is in training",
        ),
        Claim(
            "In both toy models it climbs: length one alone does not keep a matrix round.",
            toys_climb,
            "The condition numbers of both toy models, step by step.",
        ),
        Claim(
            "In our larger ones, nGPT's climbs most. The paper, on far larger ones,",
            larger_climbs_most,
            "Then those of larger models. The paper, on models of half a billion weights,",
        ),
    ),
    takeaways=(
        Claim(
            "Free lengths drift apart, and a long vector wins by length.",
            drift_and_win,
            "Free lengths may drift apart; a long vector may win.",
        ),
        Claim(
            "In these runs, the tiny nGPT's loss ends higher, the larger one's lower.",
            toy_loses,
            lambda r: f"The tiny nGPT's loss ends {toy_end(r)}, the larger one's {end(r)}.",
        ),
        Claim(
            "Traditional: lengths drift apart; a long vector wins by length.",
            drift_and_win,
            "Traditional: lengths are free; a long vector may win by length.",
        ),
        Claim(
            "The tiny nGPT’s loss is slightly higher, the larger one’s lower.",
            lambda r: toy_end(r) == "slightly higher" and "lower" in end(r),
            lambda r: f"The tiny nGPT’s loss ends {toy_end(r)}, the larger one’s {end(r)}.",
        ),
    ),
)
