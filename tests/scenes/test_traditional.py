"""Pictures of chapter 1: a tip's last way, a plot that begins late, two units made equal."""

from __future__ import annotations

import numpy as np
import pytest
from samples import numbers
from watched import watched_chapter

from ngpt_math.recordings import TraditionalVsNormalized, load
from scenes.stage.space import Space, View
from scenes.traditional_pictures import LEG, RECENT, Tail, Training, fallen
from scenes.traditional_plots import Louder


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(load(TraditionalVsNormalized))


def test_since_lies_a_share_of_the_training_before(training: Training) -> None:
    steps = [number.value for number in training.steps]
    assert training.since(0) == 0
    then = np.interp(training.since(training.last), np.arange(len(steps)), steps)
    assert then == pytest.approx((1 - RECENT) * steps[-1])


def test_a_tail_begins_where_the_tip_was_and_ends_where_it_is() -> None:
    angles = np.linspace(0, 1, 4 * LEG + 1)
    way = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    space = Space(View.from_eye(way[2 * LEG]), (0, 0), 1.0)
    tail = Tail(space, way, "normalized", lambda row: max(0.0, row - 1))
    tail.show_upto(3.0 * LEG)
    ends = tail.near.points[[0, -1]]
    assert np.allclose(ends, space.drawn(way[[2 * LEG, 3 * LEG]]))


@pytest.mark.parametrize(
    ("losses", "first"), [((4, 3, 2.1, 2), 2), ((2, 2, 2), 0), ((1, 2, 3), 0), ((9, 1), 1)]
)
def test_a_plot_begins_where_most_of_the_fall_is_over(
    losses: tuple[float, ...], first: int
) -> None:
    assert fallen(numbers(*losses)) == first


def test_numbers_stand_above_bars_only_while_they_rest() -> None:
    """On their way to length one the bars have no number: a recorded one would not be theirs."""
    moments = [
        {text.words for text in moment.texts}
        for moment in watched_chapter("traditional_vs_normalized").moments
        if moment.section == "equal"
    ]
    record = load(TraditionalVsNormalized)
    pair = record.loud_pair.astype(int)
    old, new = (
        {f"{value:.2f}" for value in values[pair]}
        for values in (record.gpt_outputs, record.gpt_unit_outputs)
    )
    assert old <= moments[0] and new <= moments[-1]
    first = next(number for number, words in enumerate(moments) if new & words)
    assert not old & moments[first - 1] and not old & moments[-1]


def test_at_length_one_bars_are_lengths_of_one_and_fits_times_the_input(
    training: Training,
) -> None:
    louder, record = Louder(training), training.record
    for bars, show in louder.going:
        show(1)
        assert [n.index[0] for n in bars.traced] == record.loud_pair.tolist()
    lengths, outputs = ([n.value for n in bars.traced] for bars, _ in louder.going)
    assert lengths == pytest.approx([1, 1], abs=1e-5)
    fits = record.gpt_fits[record.loud_pair.astype(int)]
    assert outputs == pytest.approx(fits * record.gpt_input_length, rel=1e-5)
