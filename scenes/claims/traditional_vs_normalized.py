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
    """Each traditional vector grows several times over, and shrinks by a tenth at least."""
    fallen = r.gpt_norms < 0.9 * np.maximum.accumulate(r.gpt_norms)
    return all_grow(r) and bool(fallen.any(axis=0).all())


def all_grow(r: R) -> bool:
    """In the first tenth of the training every traditional vector becomes several times as long."""
    early = r.gpt_norms[r.toy_steps <= r.toy_steps[-1] / 10]
    return bool((early.max(axis=0) > 5 * early[0]).all())


def most_shrink(r: R) -> bool:
    """As `all_grow`; most end clearly shorter than they were, more than one of them very short."""
    ends, most = r.gpt_norms[-1], r.gpt_norms.max(axis=0)
    tiny = (ends < 0.2 * most) & (ends < 0.15)
    return all_grow(r) and bool((ends < 0.8 * most).mean() > 0.5 and tiny.sum() > 1)


def comes_back(r: R) -> bool:
    """As `shoot_apart`; the longest in the end had shrunk to a fraction of what it was before."""
    way = r.gpt_norms[:, int(r.gpt_norms[-1].argmax())]
    before = np.maximum.accumulate(way)
    least = (way / before).argmin()
    small = way[least] < 0.3 * before[least] and way[least] < 0.15 * way[-1]
    return shoot_apart(r) and bool(small)


def shoot_apart(r: R) -> bool:
    """The traditional lengths begin close together, are soon far apart, and remain so."""
    apart = np.ptp(r.gpt_norms, axis=1)
    soon = apart[r.toy_steps > r.toy_steps[-1] / 3]
    return bool(apart[0] < 0.1 and soon.min() > 1)


def long_wins(r: R) -> bool:
    """Of the two units shown, the longer fits worse and gives more."""
    one, two = r.loud_pair.astype(int)
    longer = bool(r.gpt_norms[-1, one] > r.gpt_norms[-1, two])
    return longer and bool(0 < r.gpt_fits[one] < r.gpt_fits[two]) and bool(
        r.gpt_outputs[one] > r.gpt_outputs[two]
    )  # fmt: skip


def turned_round(r: R) -> bool:
    """Of those two, the shorter gives more when both have length one."""
    one, two = r.loud_pair.astype(int)
    return long_wins(r) and bool(r.gpt_unit_outputs[one] < r.gpt_unit_outputs[two])


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
    """How the larger nGPT's last loss compares with the baseline's, both as shown."""
    return end_of(r.seed_loss[0], r.gpt_seed_loss[0])


def no_clear_gain(r: R) -> bool:
    """The larger nGPT ends lower with one seed and hardly with another: as far as that apart."""
    if len(r.seeds) != 2 or not np.array_equal(r.seeds, r.gpt_seeds):
        return False
    first, second = r.gpt_seed_loss - r.seed_loss
    return bool(first > 0.02 and abs(second) < 0.2 * first and spread(r.seed_loss) > 0.8 * first)


def nowhere_a_gain(r: R) -> bool:
    """As `no_clear_gain`, and the toy nGPT does not end lower."""
    return no_clear_gain(r) and "lower" not in toy_end(r)


def bands_spread(r: R) -> bool:
    """The larger baseline's row lengths end further apart than they began, the nGPT's do not."""
    widths = [spread(r.gpt_band[row]) for row in (0, -1)]
    return widths[1] > 1.5 * widths[0] and bool(np.allclose(r.band, 1, atol=1e-4))


def less_than_toy(r: R) -> bool:
    """As `bands_spread`, and less than in the toy."""
    return bands_spread(r) and spread(r.gpt_band[-1]) < spread(r.gpt_norms[-1])


def grows(condition: np.ndarray) -> float:
    """How many times a condition number has grown."""
    return float(condition[-1] / condition[0])


def spikes(condition: np.ndarray) -> bool:
    """Whether it was, in its first half, more than twice what it is at the end."""
    return bool(condition[: len(condition) // 2].max() > 2 * condition[-1])


def toys_end_flatter(r: R) -> bool:
    """Both toys' condition numbers end higher than they began; one shoots up early on."""
    toys = (r.toy_condition, r.toy_gpt_condition)
    return min(map(grows, toys)) > 1.5 and sum(map(spikes, toys)) == 1


def not_round(r: R) -> bool:
    """A matrix of nGPT whose condition number grows."""
    return max(grows(r.toy_condition), grows(r.condition)) > 1.5 and keeps_one(r)


def larger_flattest(r: R) -> bool:
    """Of the larger models, the nGPT's condition number grows, and ends highest."""
    return grows(r.condition) > 1.5 and bool(r.condition[-1] > r.gpt_condition[-1])


def paper_larger(r: R) -> bool:
    """The larger models here are far smaller than the paper's."""
    return float(r.parameters) < 5e7


def come_apart_and_win(r: R) -> bool:
    """Lengths come apart, and the longer of the two units shown wins."""
    return shoot_apart(r) and long_wins(r)


CLAIMS = Claims(
    networks=(
        Claim(
            "Two small models: same text, same seed, same steps",
            same_seed,
            "Two small models learn the same text",
        ),
    ),
    free=(
        Claim(
            "Traditional: each arrow grows and shrinks as it likes",
            wander,
            "Traditional: nothing fixes an arrow’s length",
        ),
        Claim(
            "First all shoot out. Then most shrink, some to almost nothing. No length is fixed.",
            most_shrink,
            "No length is fixed.",
        ),
    ),
    spread=(
        Claim("The lengths shoot apart, and stay apart", shoot_apart, "The lengths, step by step"),
        Claim(
            "The same lengths, step by step: together at first, then far apart.",
            shoot_apart,
            "The same lengths, step by step.",
        ),
        Claim("One that had all but shrunk away grows again, and ends longest.", comes_back),
    ),
    louder=(
        Claim(
            "A long arrow gives more than one that fits better",
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
    equal=(
        Claim(
            "At length one, the better fit gives more",
            turned_round,
            "At length one, only the fit decides",
        ),
        Claim(
            "The order turns round: the better fit gives more.",
            turned_round,
            "Now only the fit tells their outputs apart.",
        ),
    ),
    gliding=(
        Claim(
            "The hope: as good guesses after fewer steps. The film's end measures that.",
            lambda r: shipped(r, "mini-ngpt"),
            "The hope: as good guesses after fewer steps.",
        ),
    ),
    side_by_side=(
        Claim(
            "Both models learn; only one keeps its lengths",
            lambda r: both_learn(r) and lengths_part(r),
            "Both models side by side; only nGPT keeps its lengths",
        ),
        Claim(
            "On the left the lengths part, on the right each tip stays on the sphere.",
            lengths_part,
            "On the left lengths are free, on the right each tip stays on the sphere.",
        ),
        Claim(
            "Both learn. The loss of the tiny nGPT ends slightly higher.",
            lambda r: both_learn(r) and toy_end(r) == "slightly higher",
            lambda r: f"The loss of the tiny nGPT ends {toy_end(r)}.",
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
            "nGPT's loss ends lower with one seed, hardly with another: no clear gain.",
            no_clear_gain,
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
            "Both toy models end flatter than they began, one after an early spike.",
            toys_end_flatter,
            "The condition numbers of both toy models, step by step.",
        ),
        Claim(
            "Of our larger ones nGPT's ends flatter: length one does not keep it round.",
            larger_flattest,
            "Then those of the larger models.",
        ),
        Claim(
            "The paper on nGPT finds its matrices rounder, in far larger models.",
            paper_larger,
            "The paper on nGPT finds its matrices rounder, in its own models.",
        ),
    ),
    takeaways=(
        Claim(
            "Free lengths come apart, and a long vector wins by length.",
            come_apart_and_win,
            "Free lengths may come apart; a long vector may win.",
        ),
        Claim(
            "Our losses: no clear gain. Fewer steps? The film's end measures that.",
            lambda r: nowhere_a_gain(r) and shipped(r, "mini-ngpt"),
        ),
        Claim(
            "Traditional: lengths come apart; a long vector wins by length.",
            come_apart_and_win,
            "Traditional: lengths are free; a long vector may win by length.",
        ),
        Claim(
            "A flat matrix all but loses directions; length 1 does not prevent it.",
            not_round,
            "A flat matrix all but loses some directions of its input.",
        ),
        Claim(
            "Loss, no clear gain: lower with one seed, hardly with another.",
            nowhere_a_gain,
            lambda r: f"The tiny nGPT’s loss ends {toy_end(r)}, the larger one’s {end(r)}.",
        ),
    ),
)
