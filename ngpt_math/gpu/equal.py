"""What equal loss costs, in tokens and in seconds, of the runs that a plan compares. NumPy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ngpt_math.measuring.histories import first_reach

Result = Mapping[str, Any]
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the other run's steps; its loss there is what is to be reached


def finals(results: Mapping[str, Result]) -> dict[tuple[int, str, int], Result]:
    """The runs that are compared, by context, kind and seed, without those that diverged."""
    found = {}
    for name, result in results.items():
        if name.startswith("final-") and result["validation_loss"] is not None:
            settings = result["settings"]
            model, training = settings["model"], settings["training"]
            found[model["context"], model["kind"], training["seed"]] = result
    return dict(sorted(found.items()))


def equal_loss(results: Mapping[str, Result]) -> list[dict[str, Any]]:
    """Of each nGPT and each baseline of its context and seed: what the same loss costs both.

    "share": of the baseline's training after which it had the "loss"; "tokens" and "seconds" are
    the nGPT's, "tokens_of" and "seconds_of" the baseline's, None where the nGPT never gets there;
    the ratios are the baseline's over the nGPT's. Seconds are steps by the median time of one, so
    compiling and validations are left out. Every curve is one of a whole cosine: before its end it
    is not a tuned shorter run, on either side.
    """
    runs = finals(results)
    rows = []
    for (context, kind, seed), against in runs.items():
        ngpt = runs.get((context, "ngpt", seed))
        if kind != "ngpt" and ngpt is not None:
            rows += [{"context": context, "against": kind, "seed": seed, **at(ngpt, against, share)}
                     for share in SHARES]  # fmt: skip
    return rows


def at(ngpt: Result, against: Result, share: float) -> dict[str, Any]:
    """One row: the loss that the other run had after a share of its steps."""
    steps = np.array(against["curve"]["step"])
    step_of = float(share * steps[-1])
    loss = float(np.interp(step_of, steps, against["curve"]["loss"]))
    curve = {name: np.array(values) for name, values in ngpt["curve"].items()}
    step = first_reach(curve["step"], curve["loss"], loss)
    row: dict[str, Any] = {"share": share, "loss": loss}
    for unit in ("tokens", "seconds"):
        whole = step_of * against[f"{unit}_a_step"]
        spent = None if step is None else step * ngpt[f"{unit}_a_step"]
        row |= {f"{unit}_of": whole, unit: spent,
                f"{unit}_ratio": None if not spent else whole / spent}  # fmt: skip
    return row


def ratios(rows: Iterable[Result], unit: str, **of: Any) -> list[float | None]:
    """The ratios of the rows that have these values."""
    return [row[f"{unit}_ratio"] for row in rows if all(row[k] == v for k, v in of.items())]


def spread(found: list[float | None]) -> str:
    """The mean of ratios over seeds, and each: "1.42 (1.38, 1.46)"; or that it is never there."""
    known = [ratio for ratio in found if ratio is not None]
    if not known:
        return "–" if not found else "never"
    if len(known) < len(found):
        return f"never in {len(found) - len(known)} of {len(found)}"
    each = f" ({', '.join(f'{ratio:.2f}' for ratio in known)})" if len(known) > 1 else ""
    return f"{np.mean(known):.2f}{each}"


def trend(first: list[float | None], last: list[float | None]) -> str:
    """Whether ratios grew from the first to the last: only if every seed says so."""
    if not first or len(first) != len(last) or None in (*first, *last):
        return "cannot be told"
    pairs = [(a, b) for a, b in zip(first, last, strict=True) if a is not None and b is not None]
    if all(b > a for a, b in pairs):
        return "grows with every seed"
    if all(b < a for a, b in pairs):
        return "shrinks with every seed"
    return "goes both ways, by seed"
