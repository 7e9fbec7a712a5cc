"""Learning-rate sweeps: each kind of model at several rates, everything else the same.

`python -m ngpt_math.sweep PRESET [KIND RATE]…` trains what is missing in `runs/sweep` and, without
pairs, gathers all that is there into `assets/results/PRESET-sweep.json`. Runs in that table whose
folders are gone stay in it: each row says how it was made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ngpt_math.checkpoint import remake
from ngpt_math.config import KINDS
from ngpt_math.files import ASSETS, ROOT, read_card, shown, write_card, write_json
from ngpt_math.history import load_history
from ngpt_math.training import command, run


def folder(kind: str, rate: float) -> Path:
    """Where a sweep's run lies."""
    return ROOT / "runs" / "sweep" / f"{kind}-{rate:g}"


def row(weights: Path) -> dict[str, Any]:
    """What one finished run contributes."""
    card = read_card(weights, remake(weights))
    history = load_history(weights.with_name("history.safetensors"), remake(weights))
    settings = card["settings"]
    return {
        "made_by": card["made_by"],
        "kind": settings["model"]["kind"],
        "lr": settings["training"]["lr"],
        "seed": settings["training"]["seed"],
        "steps": settings["training"]["steps"],
        "validation_loss": card["validation_loss"],
        "training_loss": card["training_loss"],
        "cpu_seconds": card["cpu_seconds"],
        "curve_step": history["validation.step"].tolist(),
        "curve_validation_loss": history["validation.loss"].astype(float).round(4).tolist(),
    }


def gather(name: str) -> Path:
    """Write the table of every finished run of the sweep and give its path.

    `interior` says of each kind whether its best rate lies between worse ones on both sides.
    """
    path = ASSETS / "results" / f"{name}-sweep.json"
    finished = sorted((ROOT / "runs" / "sweep").glob(f"*/{name}-*/model.safetensors"))
    found = [*recorded(name, path), *map(row, finished)]  # of two that are alike, the one here
    by_settings = {(r["kind"], r["lr"], r["seed"], r["steps"]): r for r in found}
    rows = [by_settings[key] for key in sorted(by_settings)]
    best = {kind: best_of([r for r in rows if r["kind"] == kind]) for kind in KINDS}
    write_json(path, {"best": best, "runs": rows})
    made_by = f"python -m ngpt_math.sweep {name}"
    licence = "MIT, as the project"
    what = f"validation losses (nats a token, whole validation text) of {name} by learning rate"
    write_card(path, {"what": what, "made_by": made_by, "licence": licence})
    return path


def recorded(name: str, path: Path) -> list[dict[str, Any]]:
    """The runs of the table that there is, checked against its card; none if there is none."""
    if not path.is_file():
        return []
    read_card(path, f"`git checkout {shown(path)}`")
    rows: list[dict[str, Any]] = json.loads(path.read_text())["runs"]
    return [{"made_by": command(name, r["kind"], {"lr": r["lr"]})} | r for r in rows]


def best_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The run with the lowest validation loss, and whether its rate is interior."""
    if not rows:
        return None
    chosen = min(rows, key=lambda r: r["validation_loss"])
    rates = [r["lr"] for r in rows]
    interior = min(rates) < chosen["lr"] < max(rates)
    return {"lr": chosen["lr"], "validation_loss": chosen["validation_loss"], "interior": interior}


def main(arguments: list[str]) -> None:
    """Train the pairs given, or gather."""
    name, pairs = arguments[0], arguments[1:]
    for kind, rate in zip(pairs[::2], pairs[1::2], strict=True):
        run(name, kind, lr=float(rate), out=folder(kind, float(rate)))
    if not pairs:
        print(gather(name))


if __name__ == "__main__":
    main(sys.argv[1:])
