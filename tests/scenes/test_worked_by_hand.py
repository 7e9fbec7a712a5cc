"""Products and quotients on screen come out by hand, from the digits that are shown.

A viewer with a pocket calculator may be off by one in the last digit shown, and by no more.
"""

from __future__ import annotations

import math

import pytest

from ngpt_math.recordings import FullArchitecture, ScaleManagement, load
from scenes.architecture_pictures import Logits
from scenes.scale_learning_pictures import OneStep, Relative, Rulers, TwoNumbers
from scenes.scale_pictures import Unsure
from scenes.scale_sweep_pictures import Gate
from scenes.stage.readouts import Number


@pytest.fixture(scope="module")
def scales() -> ScaleManagement:
    return load(ScaleManagement)


def shown(number: Number) -> float:
    """What stands on the screen; a share is no percentage any more."""
    words = number.words.replace("−", "-").replace(",", "")
    return float(words.removesuffix(" %")) / (100 if words.endswith("%") else 1)


def agree(result: Number, by_hand: float) -> bool:
    """Whether what was worked out is the number shown, give or take one in its last digit."""
    digit = 10.0**-result.places / (100 if result.words.endswith("%") else 1)
    return abs(shown(result) - by_hand) < digit * (1 + 1e-9)


def test_the_check_is_not_a_formality(scales: ScaleManagement) -> None:
    """Two digits would not do: 0.05 over 0.09 is not 0.57, and 1.4 times 11.3 is not 16.1."""
    ratio = Number(scales.traced("factor", 0), places=2)
    assert not agree(ratio, 0.05 / 0.09)
    assert not agree(Number(scales.traced("effective", 5, -1), places=1), 1.4 * 11.3)


def test_init_over_scale_is_the_ratio(scales: ScaleManagement) -> None:
    for row in TwoNumbers(scales).table.rows:
        init, scale, ratio = row[1:]
        assert agree(ratio, shown(init) / shown(scale)), ratio.words


def test_stored_times_the_ratio_is_in_effect_at_every_step(scales: ScaleManagement) -> None:
    rulers = Rulers(scales)
    stored, effective = rulers.sliders
    for row in range(len(scales.steps)):
        for slider in rulers.sliders:
            slider.show_row(row)
        by_hand = shown(stored.number) * shown(rulers.factor.number)
        assert agree(effective.number, by_hand), (stored.number.words, effective.number.words)


def test_a_stored_step_times_the_ratio_is_the_step_in_effect(scales: ScaleManagement) -> None:
    step = OneStep(scales)
    ratios = [part for part in step.factors if isinstance(part, Number)]
    stored, effective = step.numbers
    assert len(ratios) == len(stored) == len(effective) == len(scales.init)
    for before, ratio, after in zip(stored, ratios, effective, strict=True):
        assert agree(after, shown(before) * shown(ratio)), after.words


def test_the_share_of_a_step_is_the_learning_rate_over_the_scale(scales: ScaleManagement) -> None:
    rates = Relative(scales)
    divisors = [part for part in rates.scales if isinstance(part, Number)]
    assert len(divisors) == len(rates.bars.numbers) == len(scales.init)
    for share, scale in zip(rates.bars.numbers, divisors, strict=True):
        assert agree(share, shown(rates.rate.number) / shown(scale)), share.words


def test_the_root_of_d_is_that_of_the_d_shown(scales: ScaleManagement) -> None:
    gate = Gate(scales)
    assert agree(gate.root.number, math.sqrt(shown(gate.entries.number)))


def test_cosines_and_scales_give_the_probabilities_relative_to_each_other(
    scales: ScaleManagement,
) -> None:
    """Softmax divides by a sum over all letters; between two of those shown it is e to the gap."""
    picture = Unsure(scales)
    picture.right.show_row(1)
    each = [part for part in picture.scales if isinstance(part, Number)]
    logits = [
        shown(cosine) * shown(scale)
        for cosine, scale in zip(picture.left.numbers, each, strict=True)
    ]
    first, *others = [shown(number) for number in picture.right.numbers]
    for number, logit, other in zip(picture.right.numbers[1:], logits[1:], others, strict=True):
        assert agree(number, first * math.exp(logit - logits[0])), (number.words, other)


def test_a_cosine_times_its_scale_is_the_logit() -> None:
    cosines, scales, logits = Logits(load(FullArchitecture)).bars
    assert len(cosines.numbers) == len(scales.numbers) == len(logits.numbers) > 0
    for cosine, scale, logit in zip(cosines.numbers, scales.numbers, logits.numbers, strict=True):
        assert agree(logit, shown(cosine) * shown(scale)), logit.words
