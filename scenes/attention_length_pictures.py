"""Pictures of chapter 5, built from its recording: how long keys are, and what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ngpt_math.recordings import Attention
from scenes.attention_head_pictures import BARS, OVER_BARS, Side, Sides
from scenes.claims.tokens import in_tokens
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.equations import Equation
from scenes.stage.layout import Explained
from scenes.stage.plots import Measure, measure
from scenes.stage.style import SIZE
from scenes.stage.text import Line

NORMING = '{{ k : normalized }} <- "Norm" ( {{ k : normalized_raw }} ) dot.o {{ s_(q k) : scale }}'
SCALING = "{{ k : normalized }} <- {{ k : normalized_raw }} dot.o {{ s_(q k) : scale }}"
PLAIN = "{{ k : traditional }} = W_k x"
SIZING = '{{ k : traditional }} <- "RMSNorm" ( {{ k : traditional_raw }} )'
"""Of keys, which where the scale multiplies queries alone are queries instead."""


def scaled_ones(record: Attention) -> str:
    """Which of q and k are shown as they are scaled: keys, if they are."""
    return "k" if record.s_qk_on_keys else "q"


@dataclass(frozen=True)
class Stage:
    """A step on the way of a key or query: where its length stands, and what it is called."""

    field: str
    words: str
    role: str


def stages(record: Attention) -> tuple[list[Stage], list[Stage]]:
    """The steps of a key or query in each model. Each may normalize them, or not."""
    which = scaled_ones(record)
    first = Stage(f"{which}_lengths_raw", "as it comes", "muted")
    sized = Stage(f"{which}_lengths", "after RMSNorm", "traditional")
    unit = Stage(f"{which}_lengths_unit", "after Norm", "normalized")
    scaled = Stage(f"{which}_lengths", "after the learned scale", "scale")
    left = [first, sized] if record.gpt_qk_norm else [first]
    return left, [first, unit, scaled] if record.qk_norm else [first, scaled]


def of_queries(rule: str) -> str:
    """A rule of keys, said of queries."""
    return rule.replace("{{ k :", "{{ q :").replace("W_k", "W_q")


class Way:
    """The lengths of one model's keys or queries as bars, led from step to step with its name."""

    def __init__(
        self, side: Side, letters: Sequence[str], y: Measure, steps: Sequence[Stage]
    ) -> None:
        states = [side.row(step.field) for step in steps]
        self.bars = ChangingBars(side.box(*BARS), y, states, letters, side.role, places=1)
        self.notes = [
            side.flush_right(Line(step.words, role=step.role, px=SIZE.label), OVER_BARS)
            for step in steps
        ]


class Lengths:
    """Lengths of all keys in both models: as they come, and after what each does to them.

    Of all queries, where these alone are scaled.
    """

    def __init__(self, sides: Sides) -> None:
        record, right = sides.record, sides.both[1]
        ways, which = stages(record), scaled_ones(record)
        both = measure(
            f"length of each {'key' if which == 'k' else 'query'}",
            [n for side, steps in zip(sides.both, ways, strict=True) for step in steps
             for n in side.row(step.field)],
        )  # fmt: skip
        self.ways = [
            Way(side, side.sentence, both, steps)
            for side, steps in zip(sides.both, ways, strict=True)
        ]
        rules = (SIZING if record.gpt_qk_norm else PLAIN, NORMING if record.qk_norm else SCALING)
        self.rules = [
            Equation(of_queries(rule) if which == "q" else rule).move_to(side.half.at(0, 1.72))
            for rule, side in zip(rules, sides.both, strict=True)
        ]
        alike = Explained(
            "{{ s_(q k) : scale }}",
            in_tokens(record, "one number for each entry, alike for all letters"),
            px=SIZE.tick,
        )
        edge = right.left - alike.get_left()[0]
        alike.shift((edge, 1.17 - alike.baseline, 0))
        self.scale = alike

    @property
    def steps(self) -> int:
        """How many steps the longer way has."""
        return max(len(way.notes) for way in self.ways)

    def going(self, step: int) -> list[Way]:
        """The ways that have such a step. The right one ends with the last."""
        return [way for way in self.ways if step < len(way.notes)]
