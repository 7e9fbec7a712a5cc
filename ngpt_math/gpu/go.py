"""Doing a plan, from where it stands, for as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import shown
from ngpt_math.gpu.ledger import Ledger
from ngpt_math.gpu.plan import Unit, best_rate, expected, plan_of, units
from ngpt_math.gpu.work import Deadline, Workshop, forget_compiled
from ngpt_math.training import find_device

Say = Callable[[str], None]
SPARE = 1.15  # a unit may take this much longer than was expected before the time is up


@dataclass(frozen=True, slots=True)
class Row:
    """A unit and how it stands: done, and how long it took, or how long it should take."""

    unit: Unit
    done: bool
    seconds: float


def rows(ledger: Ledger) -> list[Row]:
    """All units of a plan and how they stand."""
    done = ledger.done()
    every = units(ledger.plan, done)
    return [
        Row(unit, unit.name in done,
            done[unit.name]["took"] if unit.name in done else expected(unit, every, done))
        for unit in every
    ]  # fmt: skip


def go(
    plan: str,
    *,
    device: str = "cuda",
    minutes: float | None = None,
    only: tuple[str, ...] = (),
    out: Path | None = None,
    say: Say = lambda line: None,
) -> bool:
    """Do what is left of a plan, one unit after the other; whether all of it is done now.

    Args:
        minutes: no unit is begun that would not end by then, and one that is not done is stopped;
            None for as long as it takes.
        only: the units to do, by name, done or not; none for all that are left.
        out: the folder of ledgers; None is `runs/gpu`.
        say: hears what happens; the log hears it too.

    Raises:
        UsageError: no such plan, unit or device, or a unit whose rate no sweep has decided yet.
        StudioError: interrupted by a signal, and what is done is kept; or units failed, and all the
            others are done.
    """
    ledger = Ledger.of(plan_of(plan), out)
    on = find_device(device).type
    began = time.monotonic()
    end = float("inf") if minutes is None else began + 60 * minutes
    workshop = Workshop(ledger, on, Deadline(end), say)
    waiting = list(only)
    ledger.note(f"begins on {on}" + ("" if minutes is None else f", for {minutes:g} minutes"))
    last: Unit | None = None
    failed: list[str] = []
    while (unit := next_unit(ledger, waiting, bool(only), failed)) is not None:
        seconds = expected(unit, units(ledger.plan, ledger.done()), ledger.done())
        if time.monotonic() + SPARE * seconds > end:
            tell(ledger, say, f"{unit.name} would take {seconds:.0f} s, more than is left")
            return False
        if last is None or (last.kind, last.context) != (unit.kind, unit.context):
            forget_compiled()
        last = unit
        try:
            one(workshop, unit)
        except Exception as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                if time.monotonic() <= end:
                    raise
                tell(ledger, say, f"time is up in {unit.name}")
                return False
            tell(ledger, say, f"{unit.name} failed: {' '.join(str(error).split())[:300]}")
            failed.append(unit.name)
    if failed:
        raise StudioError(
            f"{len(failed)} units failed: {', '.join(failed)}", f"{shown(ledger.log)} says why"
        )
    if not only:
        tell(ledger, say, "all of the plan is done")
    return not only


def next_unit(
    ledger: Ledger, waiting: list[str], chosen: bool, failed: Sequence[str] = ()
) -> Unit | None:
    """The next unit to do: the first of those waiting if some were chosen, else the first left
    that can be done.

    Raises:
        UsageError: the chosen one is not there, or cannot be done yet.
    """
    done = ledger.done()
    every = units(ledger.plan, done)
    if not chosen:
        left = (unit for unit in every if unit.name not in done and unit.name not in failed)
        return next((u for u in left if u.what != "final" or u.lr is not None), None)
    if not waiting:
        return None
    name = waiting.pop(0)
    found = next((unit for unit in every if unit.name == name), None)
    if found is None:
        raise UsageError(f"there is no unit {name!r}", "`ngpt gpu --list` names them")
    if found.what == "final" and found.lr is None:
        raise UsageError(
            f"{name} waits for the sweep that decides its rate", "do the sweep's units first"
        )
    return found


def one(workshop: Workshop, unit: Unit) -> None:
    """Do one unit and keep its result; an interruption is written to the log too."""
    ledger = workshop.ledger
    tell(ledger, workshop.say, f"{unit.name} begins")
    began = time.monotonic()
    try:
        result = workshop.do(unit)
    except BaseException as error:
        ledger.note(f"{unit.name} was stopped: {type(error).__name__}")
        raise
    took = time.monotonic() - began
    ledger.keep(unit.name, {"unit": unit.name, "took": round(took, 2), **result})
    tell(ledger, workshop.say, f"{unit.name} is done, {took:.1f} s{outcome(result)}")
    if unit.what == "sweep":
        rate = best_rate(ledger.plan, unit.kind, unit.context, ledger.done())
        if rate is not None:
            tell(ledger, workshop.say, f"best rate of {unit.kind} at {unit.context}: {rate:g}")


def outcome(result: dict[str, Any]) -> str:
    """What a result comes to, in a few words."""
    if "validation_loss" in result:
        if result["validation_loss"] is None:
            return ", it diverged"
        speed = result["tokens_a_step"] / result["seconds_a_step"]
        return f", loss {result['validation_loss']:.4f}, {speed:,.0f} tokens/s"
    if "tflops" in result:
        return f", {result['tflops']:,.1f} TFLOP/s, {result['copy_gb_s']:,.0f} GB/s"
    ratio = result["compiled_ratio"] or result["eager_ratio"]
    return f", nGPT / baseline {ratio:.3f}"


def tell(ledger: Ledger, say: Say, line: str) -> None:
    """Say it, and write it to the log."""
    ledger.note(line)
    say(line)
