"""From a ledger to the assets: numbers, figures, log, weights, and the page about them.

Only what there is results of is written. Without any, nothing is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ngpt_math.config import KINDS
from ngpt_math.errors import UsageError
from ngpt_math.files import ASSETS, write_bytes, write_card, write_json
from ngpt_math.gpu import page
from ngpt_math.gpu.equal import equal_loss, finals
from ngpt_math.gpu.ledger import Ledger
from ngpt_math.gpu.plan import Plan
from ngpt_math.measuring import figures
from ngpt_math.measuring.report import FORMAT, NOTES, UNITS, rounded

SHOWN = ("lengths", "conditions", "moves", "alphas", "embeddings")
LICENCE = "MIT, as the project"
Result = Mapping[str, Any]


def publish(ledger: Ledger, assets: Path = ASSETS) -> list[Path]:
    """Write what a ledger holds to `results` and `checkpoints` of the assets, with cards.

    Raises:
        UsageError: it holds no result.
    """
    done = ledger.done()
    if not done:
        raise UsageError("there are no results yet", f"`ngpt gpu --plan {ledger.plan.name}`")
    card = {"licence": LICENCE, "made_by": f"ngpt gpu --plan {ledger.plan.name} --publish"}
    folder = assets / "results"
    written = [*_numbers(ledger, done, folder, card), *_figures(ledger.plan, done, folder, card)]
    if ledger.log.is_file():
        written.append(folder / f"gpu-{ledger.plan.name}.log.txt")
        write_bytes(written[-1], ledger.log.read_bytes())
        write_card(written[-1], {**card, "what": "what was done when"})
    written += _weights(ledger, assets / "checkpoints")
    written.append(folder / f"gpu-{ledger.plan.name}.md")
    write_bytes(written[-1], page.page(ledger.plan, done, written).encode())
    return written


def _numbers(
    ledger: Ledger, done: Mapping[str, Result], folder: Path, card: dict[str, str]
) -> list[Path]:
    """All results but the measures, and the measures of each context's first seed."""
    runs = {n: {k: v for k, v in r.items() if k != "measures"} for n, r in done.items()}
    document = {"plan": ledger.plan.fingerprint(), "units": runs, "equal_loss": equal_loss(done)}
    path = folder / f"gpu-{ledger.plan.name}.json"
    write_json(path, rounded(document))
    write_card(path, {**card, "what": "results of all units: losses, curves, seconds, the bench"})
    paths = [path]
    for context, report in reports(ledger.plan, done).items():
        paths.append(folder / f"gpu-{ledger.plan.name}-{context}-measures.json")
        write_json(paths[-1], report)
        write_card(paths[-1], {**card, "what": f"measures at a context of {context}, with units"})
    return paths


def reports(plan: Plan, done: Mapping[str, Result]) -> dict[int, dict[str, Any]]:
    """By context: a report as `measuring.report` makes it, of the first seed's models."""
    runs, found = finals(done), {}
    for context in plan.contexts:
        keys = [(context, kind, plan.seeds[0]) for kind in KINDS]
        models = [runs[key]["measures"] for key in keys if key in runs]
        if models:
            found[context] = {"format": FORMAT, "units": UNITS, "notes": list(NOTES),
                              "models": models, "equal_loss": []}  # fmt: skip
    return found


def _figures(
    plan: Plan, done: Mapping[str, Result], folder: Path, card: dict[str, str]
) -> list[Path]:
    """What the paper plots, by context, and the loss curves."""
    targets = []
    with tempfile.TemporaryDirectory() as temporary:
        for name, path in drawn(plan, done, Path(temporary)).items():
            targets.append(folder / f"gpu-{plan.name}-{name}.png")
            write_bytes(targets[-1], path.read_bytes())
            write_card(targets[-1], {**card, "what": f"figure of these results: {name}"})
    return targets


def drawn(plan: Plan, done: Mapping[str, Result], folder: Path) -> dict[str, Path]:
    """Draw all figures for which there are results into a folder; their paths by name."""
    found = {}
    curves = folder / "curves.png"
    if draw_curves(plan, done, curves):
        found["curves"] = curves
    for context, report in reports(plan, done).items():
        made = figures.draw(report, folder / str(context), SHOWN)
        found |= {f"{context}-{path.stem}": path for path in made}
    return found


def draw_curves(plan: Plan, done: Mapping[str, Result], path: Path) -> bool:
    """Validation loss by tokens and by seconds, a row for each context, a line for each run.

    Whether there was any run to draw. The first quarter, where losses fall steeply, is left out.
    """
    runs = finals(done)
    contexts = [c for c in plan.contexts if any(key[0] == c for key in runs)]
    if not contexts:
        return False
    with figures.mpl.rc_context(figures.STYLE):
        figure, every = figures.panels(2 * len(contexts), columns=2)
        for (context, kind, seed), run in runs.items():
            pair = every[2 * contexts.index(context) :][:2]
            for axes, unit, size in zip(pair, ("tokens", "seconds"), (1e6, 1.0), strict=True):
                steps = np.array(run["curve"]["step"])
                spent = steps * run[f"{unit}_a_step"] / size
                late = steps >= steps[-1] / 4
                name = {"label": kind} if seed == plan.seeds[0] else {"label": None}
                look = {**figures.look({"kind": kind, "name": kind}), **name}
                axes.plot(spent[late], np.array(run["curve"]["loss"])[late], **look)
        for at, context in enumerate(contexts):
            figures.label(every[2 * at], f"context {context:,}", "million tokens", "nats a token")
            figures.label(every[2 * at + 1], f"context {context:,}", "seconds of steps", "")
        every[0].legend()
        figures.save(figure, path)
    return True


def _weights(ledger: Ledger, folder: Path) -> list[Path]:
    """The checkpoints whose parts are all here, and their cards."""
    found = []
    for index in sorted(ledger.checkpoints.glob("*.index.json")):
        name = index.name.partition(".")[0]
        parts = sorted(ledger.checkpoints.glob(f"{name}-0*.safetensors"))
        if not parts or len(parts) != int(parts[0].stem.rpartition("-")[2]):
            continue
        for file in (index, *parts):
            card = file.with_name(f"{file.stem}.card.json")
            for each in (file, card):
                write_bytes(folder / each.name, each.read_bytes())
            found.append(folder / file.name)
    return found
