"""The plans, as data: which units there are, in which order, and how long each should take.

The order makes the most of a short loan: first the device and the bench, then the first context,
then the next one; of a context one kind after the other, its sweep and what is compared, so that
little is compiled twice. Sweeps and the runs that are compared differ in seed, so that no
run is reported for the luck by which its rate was chosen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from ngpt_math.config import KINDS, SHAPES, ModelConfig, TrainConfig, recipe
from ngpt_math.errors import UsageError

Results = Mapping[str, Mapping[str, Any]]
STEP_BETWEEN_RATES = 2.0
EXTENSIONS = 2  # rates added to a sweep whose best one lies at its edge


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work that is done whole or not at all.

    Attributes:
        what: "device", "bench", "sweep" or "final".
        seconds: how long it should take, compiling included.
        lr: peak learning rate; None while the sweep that decides it is not done.
        shape: of the bench, a name in `Plan.benches`.
    """

    name: str
    what: str
    seconds: float
    kind: str = ""
    context: int = 0
    lr: float | None = None
    seed: int = 0
    shape: str = ""

    @property
    def like(self) -> tuple[str, str, int]:
        """Units that are alike in this take the same time."""
        return self.what, self.shape or self.kind, self.context


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to be done.

    Attributes:
        called: what checkpoints are named after.
        preset: the models' shape but for the context; `model` changes settings of it.
        contexts: training contexts, tokens. tokens_a_step: the same for all of them.
        rates: peak learning rates that a sweep begins with, by kind, rising.
        sweep_steps, steps: of a sweep's runs and of those that are compared.
        sweep_seed, seeds: of the same.
        evaluations: validations in a whole run, on `eval_tokens` tokens.
        seconds: estimates by unit: "device", "bench"; "run", a whole run at a million tokens a
            second; "more", what a run takes beside its steps.
        benches: what the bench measures, by name: settings of `ModelConfig`, and which contexts.
        rounds: of the bench.
        length_tokens, state_windows: see `measuring.report.measure`.
        kept_contexts: contexts whose checkpoints of the first seed are packed.
    """

    name: str
    called: str
    preset: str
    contexts: tuple[int, ...]
    tokens_a_step: int
    rates: Mapping[str, tuple[float, ...]]
    sweep_steps: int
    steps: int
    sweep_seed: int
    seeds: tuple[int, ...]
    evaluations: int
    eval_tokens: int
    seconds: Mapping[str, float]
    benches: Mapping[str, Mapping[str, Any]]
    rounds: int
    length_tokens: int
    state_windows: int
    kept_contexts: tuple[int, ...]
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def model_config(self, kind: str, context: int) -> ModelConfig:
        """A model of the plan."""
        return ModelConfig(
            **{**SHAPES[self.preset], **self.model, "kind": kind, "context": context}
        )

    def train_config(self, unit: Unit, device: str, compiled: bool) -> TrainConfig:
        """How a unit's model is trained. Steps, batches and decay are those of all its like."""
        assert unit.lr is not None
        whole = unit.what == "final"
        steps = self.steps if whole else self.sweep_steps
        return TrainConfig(
            seed=unit.seed,
            steps=steps,
            batch=self.tokens_a_step // unit.context,
            lr=unit.lr,
            eval_every=max(1, self.steps // self.evaluations),
            eval_windows=max(1, self.eval_tokens // unit.context),
            save_every=max(1, steps // 2),
            snapshots=8 if whole else 0,
            snapshot_of="queries",
            device=device,
            compile=compiled,
            **recipe(unit.kind, steps),
        )

    def fingerprint(self) -> dict[str, Any]:
        """What the results depend on, as JSON has it: a folder's results are of one plan."""
        left_out = ("seconds", "rates")
        kept = {k: v for k, v in dataclasses.asdict(self).items() if k not in left_out}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}


def units(plan: Plan, done: Results) -> list[Unit]:
    """All units in their order, as far as they are known from the results so far.

    A sweep is longer where its best rate lay at its edge; the rates of whole runs are the sweeps'.
    """
    found = [Unit("device", "device", plan.seconds["device"])]
    for name, settings in plan.benches.items():
        for context in settings["contexts"]:
            seconds = plan.seconds["bench"]
            found.append(Unit(f"bench-{name}-{context}", "bench", seconds, shape=name,
                              context=context))  # fmt: skip
    for context in plan.contexts:
        for kind in KINDS:
            found += [
                sweep_unit(plan, kind, context, lr) for lr in rates(plan, kind, context, done)
            ]
            lr = best_rate(plan, kind, context, done)
            found += [final_unit(plan, kind, context, lr, seed) for seed in plan.seeds]
    return found


def sweep_unit(plan: Plan, kind: str, context: int, lr: float) -> Unit:
    """A run of a sweep."""
    seconds = plan.seconds["run"] * plan.sweep_steps / plan.steps + plan.seconds["more"]
    name = f"sweep-{context}-{kind}-{lr:g}"
    return Unit(name, "sweep", seconds, kind, context, lr, plan.sweep_seed)


def final_unit(plan: Plan, kind: str, context: int, lr: float | None, seed: int) -> Unit:
    """A run that is compared, with its measures."""
    seconds = plan.seconds["run"] + 1.5 * plan.seconds["more"]
    return Unit(f"final-{context}-{kind}-{seed}", "final", seconds, kind, context, lr, seed)


def rates(plan: Plan, kind: str, context: int, done: Results) -> tuple[float, ...]:
    """The rates of a sweep, rising: the plan's, and more beyond an edge where the best one lies."""
    every = plan.rates[kind]
    for _ in range(EXTENSIONS):
        losses = [swept(kind, context, lr, done) for lr in every]
        known = [loss for loss in losses if loss is not None]
        if len(known) < len(every):
            break
        at = known.index(min(known))
        if at == 0:
            every = (every[0] / STEP_BETWEEN_RATES, *every)
        elif at == len(every) - 1:
            every = (*every, every[-1] * STEP_BETWEEN_RATES)
        else:
            break
    return every


def swept(kind: str, context: int, lr: float, done: Results) -> float | None:
    """The validation loss of a sweep's run, infinite if it diverged; None while it is not done."""
    result = done.get(f"sweep-{context}-{kind}-{lr:g}")
    if result is None:
        return None
    return inf if result["validation_loss"] is None else float(result["validation_loss"])


def best_rate(plan: Plan, kind: str, context: int, done: Results) -> float | None:
    """The best rate of a finished sweep, None while it is not finished."""
    every = rates(plan, kind, context, done)
    losses = [swept(kind, context, lr, done) for lr in every]
    known = [loss for loss in losses if loss is not None]
    return every[known.index(min(known))] if len(known) == len(every) else None


def expected(unit: Unit, every: list[Unit], done: Results) -> float:
    """Seconds that a unit should take: the most that one like it took, or the plan's estimate."""
    took = [done[u.name]["took"] for u in every if u.like == unit.like and u.name in done]
    return max(took) if took else unit.seconds


SMALL = Plan(
    name="small",
    called="small",
    preset="small",
    contexts=(1024, 4096),
    tokens_a_step=32_768,
    rates={
        "ngpt": (4e-3, 8e-3, 1.6e-2),
        "gpt": (1e-3, 2e-3, 4e-3),
        "gpt-qknorm": (2e-3, 4e-3, 8e-3),
    },
    sweep_steps=600,
    steps=1200,
    sweep_seed=1,
    seeds=(2, 3),
    evaluations=24,
    eval_tokens=65_536,
    seconds={"device": 30, "bench": 75, "run": 40, "more": 15},
    benches={
        "small": {"d_model": 256, "layers": 8, "heads": 4, "d_mlp": 1024, "vocab": 4096,
                  "contexts": (1024, 4096), "batch_tokens": 32_768},
        "wide": {"d_model": 1024, "layers": 4, "heads": 16, "d_mlp": 4096, "vocab": 32_000,
                 "contexts": (1024, 4096), "batch_tokens": 16_384},
    },
    rounds=30,
    length_tokens=65_536,
    state_windows=8,
    kept_contexts=(1024,),
)  # fmt: skip

# Three times the tokens of `small`, for a device that turns out to be faster than was thought.
LONG = dataclasses.replace(
    SMALL, name="long", sweep_steps=1200, steps=3600, seconds={**SMALL.seconds, "run": 120}
)

# Everything that happens, in seconds and on a CPU: what the tests run.
TINY = Plan(
    name="tiny",
    called="tiny",
    preset="mini",
    contexts=(8, 16),
    tokens_a_step=64,
    rates={"ngpt": (0.1, 0.4), "gpt": (0.02, 0.08), "gpt-qknorm": (0.02, 0.08)},
    sweep_steps=4,
    steps=8,
    sweep_seed=1,
    seeds=(2, 3),
    evaluations=4,
    eval_tokens=256,
    seconds={"device": 1, "bench": 3, "run": 0.5, "more": 0.5},
    benches={"tiny": {"d_model": 16, "layers": 1, "heads": 2, "d_mlp": 32, "vocab": 256,
                      "contexts": (16,), "batch_tokens": 64}},
    rounds=3,
    length_tokens=64,
    state_windows=2,
    kept_contexts=(8,),
    model={"d_model": 16, "layers": 2, "heads": 2, "d_head": 8, "d_mlp": 32},
)  # fmt: skip

PLANS: Mapping[str, Plan] = {plan.name: plan for plan in (SMALL, LONG, TINY)}


def plan_of(name: str) -> Plan:
    """The plan called `name`.

    Raises:
        UsageError: there is none.
    """
    if name not in PLANS:
        raise UsageError(f"there is no plan {name!r}", f"choose from {', '.join(PLANS)}")
    return PLANS[name]
