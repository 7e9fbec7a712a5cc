"""The plans: which units follow from which results, and that they fit in the time there is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngpt_math.checkpoint import build_model
from ngpt_math.config import KINDS, SHAPES
from ngpt_math.errors import UsageError
from ngpt_math.gpu.plan import (
    PLANS,
    SMALL,
    TINY,
    Unit,
    best_rate,
    expected,
    plan_of,
    rates,
    units,
)


def swept(kind: str, context: int, losses: dict[float, float | None]) -> dict[str, dict[str, Any]]:
    """Results of a sweep."""
    return {
        f"sweep-{context}-{kind}-{lr:g}": {"validation_loss": loss, "took": 10.0}
        for lr, loss in losses.items()
    }


@pytest.mark.parametrize("plan", PLANS.values(), ids=str)
def test_units_have_names_of_their_own_and_all_that_is_compared_is_alike(plan: Any) -> None:
    every = units(plan, {})
    assert len({unit.name for unit in every}) == len(every)
    for context in plan.contexts:
        assert plan.tokens_a_step % context == 0 and plan.eval_tokens >= context
        finals = [u for u in every if u.what == "final" and u.context == context]
        assert {(u.kind, u.seed) for u in finals} == {(k, s) for k in KINDS for s in plan.seeds}
        assert plan.sweep_seed not in plan.seeds
    for name, settings in plan.benches.items():
        for context in settings["contexts"]:
            assert settings["batch_tokens"] % context == 0, name
    assert json.loads(json.dumps(plan.fingerprint())) is not None


def test_the_plan_takes_half_an_hour_and_no_unit_eight_minutes() -> None:
    every = units(SMALL, {})
    assert max(unit.seconds for unit in every) < 8 * 60
    assert sum(unit.seconds for unit in every) < 40 * 60
    # Were every sweep as long as it may be, it would still be under an hour.
    longest = 2 * sum(u.seconds for u in every if u.what == "sweep") / 3
    assert sum(unit.seconds for unit in every) + longest < 60 * 60


def test_small_is_a_model_of_ten_million_parameters_whose_parts_are_small() -> None:
    model = build_model(SMALL.model_config("ngpt", 1024))
    count = sum(p.numel() for p in model.parameters())
    assert 10e6 < count < 30e6
    assert SMALL.benches["small"] == {
        **{k: SHAPES["small"][k] for k in ("d_model", "layers", "heads", "d_mlp", "vocab")},
        "contexts": SMALL.contexts, "batch_tokens": SMALL.tokens_a_step,
    }  # fmt: skip


def test_kinds_learn_from_the_same_batches_in_as_many_steps() -> None:
    for what, steps in (("sweep", SMALL.sweep_steps), ("final", SMALL.steps)):
        for context in SMALL.contexts:
            found = [
                SMALL.train_config(Unit("u", what, 1, kind, context, 1e-3, 5), "cpu", False)
                for kind in KINDS
            ]
            assert len({(c.seed, c.steps, c.batch, c.eval_every, c.lr) for c in found}) == 1
            assert found[0].steps == steps
            assert found[0].batch * context == SMALL.tokens_a_step


def test_a_sweep_grows_while_its_best_rate_is_at_an_edge_and_no_further() -> None:
    low, middle, high = SMALL.rates["ngpt"]
    known = {low: 3.0, middle: 2.9}
    assert rates(SMALL, "ngpt", 1024, swept("ngpt", 1024, known)) == (low, middle, high)
    rising = swept("ngpt", 1024, known | {high: 2.8})
    assert rates(SMALL, "ngpt", 1024, rising) == (low, middle, high, 2 * high)
    rising |= swept("ngpt", 1024, {2 * high: 2.7})
    assert rates(SMALL, "ngpt", 1024, rising) == (low, middle, high, 2 * high, 4 * high)
    rising |= swept("ngpt", 1024, {4 * high: 2.6})
    assert len(rates(SMALL, "ngpt", 1024, rising)) == 5
    falling = swept("ngpt", 1024, {low: 2.5} | {middle: 2.9, high: 2.8})
    assert rates(SMALL, "ngpt", 1024, falling) == (low / 2, low, middle, high)
    inside = swept("ngpt", 1024, {low: 3.0, middle: 2.5, high: 2.8})
    assert rates(SMALL, "ngpt", 1024, inside) == (low, middle, high)
    assert rates(SMALL, "ngpt", 4096, inside) == (low, middle, high)


def test_whole_runs_take_the_best_rate_once_it_is_known() -> None:
    low, middle, high = SMALL.rates["gpt"]
    assert best_rate(SMALL, "gpt", 1024, swept("gpt", 1024, {low: 2.0, middle: 1.9})) is None
    done = swept("gpt", 1024, {low: 2.0, middle: 1.9, high: None})
    assert best_rate(SMALL, "gpt", 1024, done) == middle
    finals = {u.name: u for u in units(SMALL, done) if u.what == "final"}
    assert finals["final-1024-gpt-2"].lr == finals["final-1024-gpt-3"].lr == middle
    assert finals["final-4096-gpt-2"].lr is None and finals["final-1024-ngpt-2"].lr is None


def test_an_estimate_is_what_one_like_it_took() -> None:
    done = swept("gpt", 1024, {1e-3: 2.0})
    every = units(SMALL, done)
    by_name = {unit.name: unit for unit in every}
    assert expected(by_name["sweep-1024-gpt-0.002"], every, done) == 10.0
    other = by_name["sweep-4096-gpt-0.002"]
    assert expected(other, every, done) == other.seconds


def test_there_are_these_plans_and_no_other() -> None:
    assert plan_of("tiny") is TINY
    with pytest.raises(UsageError, match="choose from small, long, tiny"):
        plan_of("huge")
