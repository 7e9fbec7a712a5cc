"""What histories tell: how far weights turn in a step, and what equal loss costs. NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngpt_math import sphere
from ngpt_math.history import Arrays

Floats = NDArray[np.float64]


def turned(matrices: NDArray[Any]) -> Floats:
    """Mean angle in degrees by which rows turn between moments: [S − 1] from [S, n, d]."""
    unit = sphere.normalize(np.asarray(matrices, dtype=np.float64))
    return np.rad2deg(sphere.angle(unit[:-1], unit[1:])).reshape(len(unit) - 1, -1).mean(axis=1)


def rotation(history: Arrays, name: str) -> dict[str, Any] | None:
    """Degrees a step by which the rows of a kept matrix turn, or None where it was not kept.

    Between two snapshots the angle between both ends is divided by the steps between them, so it is
    what a step turned only where snapshots follow on each other ("steps" 1), and else the least
    that steps can have turned.
    """
    kept = history.get(f"snapshot.{name}")
    if kept is None:
        return None
    step = history["snapshot.step"].astype(np.int64)
    steps = np.diff(step)
    return {
        "of": name,
        "from_step": step[:-1].tolist(),
        "steps": steps.tolist(),
        "degrees_a_step": (turned(kept) / steps).tolist(),
    }


def conditions(history: Arrays, name: str) -> dict[str, Any] | None:
    """Condition numbers of a matrix over training, the median of its heads, or None."""
    kept = history.get(f"snapshot.cond.{name}")
    if kept is None:
        return None
    medians = np.median(kept.reshape(len(kept), -1), axis=1)
    return {"of": name, "step": history["snapshot.step"].tolist(), "median": medians.tolist()}


def first_reach(steps: NDArray[Any], losses: NDArray[Any], target: float) -> float | None:
    """The step at which a loss curve first comes to `target`, on straight lines between points."""
    below = np.flatnonzero(losses <= target)
    if not len(below):
        return None
    at = int(below[0])
    if at == 0:
        return float(steps[0])
    share = (losses[at - 1] - target) / (losses[at - 1] - losses[at])
    return float(steps[at - 1] + share * (steps[at] - steps[at - 1]))


def equal_loss(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each two runs: what the one needs to come to the other's last validation loss.

    Args:
        runs: each with "name", "curve" {"step", "loss"}, "tokens_a_step", "cpu_seconds_a_step".

    Steps, tokens and CPU seconds are stated together, None where it never gets there; the ratios
    are the other's whole training over them. A curve before its end was not made with a learning
    rate on its way to zero at that point, so this favours neither side but is no tuned comparison.
    """
    found = []
    for target in runs:
        goal, whole = target["curve"]["loss"][-1], target["curve"]["step"][-1]
        for run in runs:
            if run is not target:
                found.append(_reach(run, target, goal, whole))
    return found


def _reach(run: dict[str, Any], target: dict[str, Any], goal: float, whole: int) -> dict[str, Any]:
    curve = run["curve"]
    step = first_reach(np.array(curve["step"]), np.array(curve["loss"]), goal)
    row = {"run": run["name"], "reaches": target["name"], "loss": goal, "step": step}
    for unit in ("tokens", "cpu_seconds"):
        spent = None if step is None else step * run[f"{unit}_a_step"]
        row[unit] = spent
        row[f"{unit}_ratio"] = None if not spent else whole * target[f"{unit}_a_step"] / spent
    return row
