"""Claims of chapter 6."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import ScaleManagement as R
from scenes.claims import Claim, Claims
from scenes.claims.provenance import shipped

STEPS, UNITS, LOGITS = ("α_A", "α_M"), "s_u", "s_z"
SLOW = (UNITS, "s_ν")
SPOKEN = {
    "α_A": "the step after attention",
    "α_M": "the step after feed-forward",
    "s_qk": "attention's scale",
    "s_u": "the units' scale",
    "s_ν": "the gates' scale",
    "s_z": "the logits' scale",
}
HARDLY = 90.0
"""From which share in percent a straight line is almost SiLU."""


def last_factor(r: R) -> int:
    """The last factor on s_z that is shown.

    Beyond, the model is further from the text than somebody who guesses all tokens alike.
    """
    better = np.flatnonzero(r.output_loss <= r.output_entropy_uniform)
    return max(int(r.trained) + 1, *map(int, better))


def undecided(r: R) -> bool:
    """The cosines alone give no letter much."""
    return bool(r.unscaled.max() < 0.3)


def clear(r: R) -> bool:
    """With the learned scales the likeliest letter has far more."""
    return bool(r.probabilities[int(r.trained)].max() > max(0.3, 3 * r.unscaled.max()))


def factor_of(r: R, name: str) -> float:
    """Init over scale of a kind."""
    return float(r.factor[r.kinds.split(",").index(name)])


def two_numbers(r: R) -> bool:
    """The logits' stored scale is another number than the one in effect."""
    return abs(np.log(factor_of(r, LOGITS))) > 0.05


def farther(r: R) -> bool:
    """The logits' scale goes farther in effect."""
    return factor_of(r, LOGITS) > 1.05


def first(r: R) -> bool:
    """The step shown is the first one."""
    return float(r.one_step_at) == 0


def by_rate(r: R) -> bool:
    """It is the first, and moves every kind's stored number by the learning rate."""
    return first(r) and bool(np.allclose(r.one_step_stored, r.learning_rate, rtol=0.1))


def unequal(r: R) -> bool:
    """Factors differ between kinds."""
    return bool(r.factor.max() > 1.1 * r.factor.min())


def two_speeds(r: R) -> bool:
    """Shares of the first step are of two sizes; those of units and gates are the small ones."""
    slow = np.isin(r.kinds.split(","), SLOW)
    few, many = r.one_step_share[slow], r.one_step_share[~slow]
    alike = all(np.allclose(each, each.mean(), rtol=0.05) for each in (few, many))
    return bool(alike and many.min() > 2 * few.max())


def own_sizes(r: R) -> bool:
    """Every kind's values began alike and ended apart."""
    low, high = r.effective_low, r.effective_high
    alike = np.allclose(low[:, 0], high[:, 0], rtol=1e-3)
    return bool(alike and (high[:, -1] > 1.05 * low[:, -1]).all())


def grown(r: R) -> dict[str, float]:
    """How many times each kind's mean has grown."""
    times = r.effective[:, -1] / r.effective[:, 0]
    return dict(zip(r.kinds.split(","), map(float, times), strict=True))


def logits_most(r: R) -> bool:
    """Steps grow, the logits' scale most of all, and the units' hardly."""
    times = grown(r)
    hardly = 0.9 < times[UNITS] < 1.1
    return min(times[name] for name in STEPS) > 1.5 and hardly and (
        max(times, key=lambda name: times[name]) == LOGITS
    )  # fmt: skip


def most_and_least(r: R) -> str:
    """Which kind has grown most, and which least."""
    order = sorted(grown(r).items(), key=lambda item: item[1])
    return f"On average {SPOKEN[order[-1][0]]} grew most, {SPOKEN[order[0][0]]} least."


def some_off(r: R) -> bool:
    """A tenth of attention's scales end near zero, measured by their mean."""
    place = r.kinds.split(",").index("s_qk")
    return bool(r.effective_low[place, -1] < 0.1 * r.effective[place, -1])


def everywhere(r: R) -> bool:
    """With the smallest factor, attention is spread almost evenly, that of the lit letter too."""
    letter = r.attention[0].max() * r.attention.shape[1] < 1.5
    return bool(letter and r.attention_entropy[0] > 0.9 * r.attention_entropy_uniform)


def stares(r: R) -> bool:
    """With the largest factor one letter has almost all; the trained one lies in between."""
    entropy = r.attention_entropy
    between = entropy[0] > entropy[int(r.trained)] > entropy[-1]
    return bool(between and r.attention[-1].max() > 0.9)


def almost_straight(r: R) -> bool:
    """Without √d a straight line explains almost all of SiLU."""
    return bool(r.fit_share[0] > HARDLY)


def bent(r: R) -> bool:
    """With √d it does not."""
    return bool(r.fit_share[-1] < 60)


def straight_then_bent(r: R) -> bool:
    """√d makes the difference."""
    return almost_straight(r) and bent(r)


def from_none_to_all(r: R) -> bool:
    """With a small factor no letter has much, with a large one the first has almost all."""
    return bool(r.probabilities[0].max() < 0.2 and r.probabilities[last_factor(r)].max() > 0.9)


def best_factor(r: R) -> float:
    """The factor on s_z with the lowest loss."""
    return float(r.multiplier[int(np.argmin(r.output_loss))])


def where_best(r: R) -> str:
    """Where the best factor lies."""
    best = best_factor(r)
    where = "one" if best == 1 else "below one" if best < 1 else "above one"
    text = "unseen text" if learned_plays(r) else "plays of Shakespeare"
    return f"On {text} the best factor is {where}."


def learned_plays(r: R) -> bool:
    """The plays are what it learned, but for the tenth that losses are measured on."""
    return bool(r.learned_plays)


CLAIMS = Claims(
    of_toys=("on_sphere",),
    on_sphere=(
        Claim(
            "a model with three dimensions, trained here",
            lambda r: shipped(r, "toy-ngpt"),
            "a model with three dimensions",
        ),
    ),
    unsure=(
        Claim("Cosines alone make no clear choice", undecided, "From cosines to a choice"),
        Claim(
            "A cosine lies between minus one and one. Among many letters that decides nothing.",
            undecided,
            "A cosine lies between minus one and one.",
        ),
        Claim(
            "Times a learned scale, one for each letter, they are logits, and choose clearly.",
            clear,
            "Times a learned scale, one for each letter, they are logits.",
        ),
    ),
    rulers=(
        Claim(
            "our larger model; mean of the letters\nthat occur in its training text",
            learned_plays,
            "our larger model; mean of the letters\nthat occur in plays of Shakespeare",
        ),
        Claim(
            "The optimizer moves one number, the model uses another",
            two_numbers,
            "The optimizer moves a number, the model multiplies it",
        ),
        Claim(
            "The one in effect goes farther: init over scale times as far.",
            farther,
            "The one in effect goes init over scale times as far.",
        ),
    ),
    one_step=(
        Claim(
            "One step: equal where stored, unequal in effect",
            lambda r: by_rate(r) and unequal(r),
            "One step: where stored, and in effect",
        ),
        Claim(
            "Adam, the optimizer, first moves every stored number alike, whatever its gradient.",
            by_rate,
            "A step of the optimizer: how far it moves the stored numbers.",
        ),
        Claim(
            "In effect the steps differ: each is multiplied by its init over scale.",
            unequal,
            "In effect, each is multiplied by its init over scale.",
        ),
        Claim("moved by the first step (mean)", first, "moved by one step (mean)"),
    ),
    relative=(
        Claim(
            "first step, as a share of the value in effect",
            first,
            "one step, as a share of the value at the start",
        ),
        Claim(
            "Why two settings? One learning rate, two speeds: units and gates learn slowly.",
            two_speeds,
            "Why two settings? So one learning rate can give kinds different speeds.",
        ),
    ),
    trends=(
        Claim(
            "of the logits: of the letters that occur in the training text",
            learned_plays,
            "of the logits: of the letters that occur in plays of Shakespeare",
        ),
        Claim(
            "Trained, every scale has found its own size",
            own_sizes,
            "How the scales went in training",
        ),
        Claim(
            "In training all of one kind start alike; then each finds its own size.",
            own_sizes,
            "The whole training, kind by kind.",
        ),
        Claim(
            "On average the logits' scale grows most, steps grow too; the units' hardly.",
            logits_most,
            most_and_least,
        ),
        Claim("Some of attention's end near zero: switched off.", some_off),
    ),
    sharpness=(
        Claim(
            "Turn one scale by hand. Small: the letter looks everywhere alike.",
            everywhere,
            "Turn one scale by hand. Small: the letter looks more evenly.",
        ),
        Claim(
            "Large: it stares at one. Training has settled in between.",
            stares,
            "Large: it looks at fewer. Training has settled in between.",
        ),
    ),
    gate=(
        Claim(
            "Without √d, SiLU would be almost a straight line",
            almost_straight,
            "√d takes the gate farther along SiLU’s bend",
        ),
        Claim(
            "Cosines alone are too small: on them SiLU is nearly a line, and hardly a switch.",
            almost_straight,
            "Without root d, a gate's value would be a cosine, times its learned scale.",
        ),
        Claim(
            "Times root d they spread along the whole bend: no straight line fits any more.",
            bent,
            "Times root d, the cosines spread farther along it.",
        ),
    ),
    confidence=(
        Claim(
            "The last scale: small, and every letter seems possible. Large, and one takes all.",
            from_none_to_all,
            "The last scale: small, and letters seem alike. Large, and few take most.",
        ),
        Claim(
            "On unseen text the best factor is a little below one: training came close.",
            lambda r: learned_plays(r) and 0.7 < best_factor(r) < 1,
            where_best,
        ),
        Claim(
            "loss on samples of unseen text",
            learned_plays,
            "loss on samples of Shakespeare’s plays",
        ),
    ),
    takeaways=(
        Claim(
            "Init sets the start, scale the speed. Root d brings SiLU to its bend.",
            straight_then_bent,
            "Init sets the start, scale the speed.",
        ),
        Claim(
            "Without √d on the gate, SiLU would hardly bend.",
            almost_straight,
            "√d takes the gate farther along SiLU’s bend.",
        ),
    ),
)
