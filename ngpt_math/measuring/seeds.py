"""The mini models trained again from another seed: how much of their results is the seed's.

`python -m ngpt_math.measuring.results seed FOLDER` measures what `ngpt train mini --kind KIND
--seed N --out FOLDER` left for each kind. Kept are curves, losses and the sha256 of the weights;
the weights themselves are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ngpt_math.config import KINDS
from ngpt_math.errors import UsageError
from ngpt_math.files import read_card, write_card, write_json
from ngpt_math.measuring.beyond import mean_of, rise
from ngpt_math.measuring.histories import equal_loss
from ngpt_math.measuring.report import LENGTH_TOKENS, STATE_WINDOWS, UNITS, measure
from ngpt_math.measuring.tables import table

FORMAT = "ngpt-seed/1"
KEPT = ("name", "kind", "sha256", "trained", "run", "lengths")
SAME = ("steps", "batch", "lr", "data", "parameters")  # what only another seed leaves as it is
NAMES = {"ngpt": "nGPT", "gpt": "baseline", "gpt-qknorm": "baseline with QK-norm"}

Row = Mapping[str, Any]
ByKind = Mapping[str, Row]


def measured(
    folder: Path, length_tokens: int = LENGTH_TOKENS, state_windows: int = STATE_WINDOWS
) -> dict[str, Any]:
    """Measures of the runs in `folder`, as far as they are kept.

    Args:
        length_tokens, state_windows: as in `report.measure`.

    Raises:
        DamagedFile: a run is missing or damaged.
        UsageError: they are not runs of one seed.
    """
    paths = [folder / f"mini-{kind}" / "model.safetensors" for kind in KINDS]
    report = measure(paths, length_tokens=length_tokens, state_windows=state_windows, say=print)
    models = [{name: model[name] for name in KEPT} for model in report["models"]]
    seeds = sorted({model["trained"]["seed"] for model in models})
    if len(seeds) > 1:
        raise UsageError(
            f"these are runs of the seeds {', '.join(map(str, seeds))}",
            "train all kinds with one --seed",
        )
    units = {name: UNITS[name] for name in UNITS if "loss" in name}
    return {"format": FORMAT, "units": units, "models": models}


def keep(document: Row, results: Path, made_by: str) -> Path:
    """Write the measures of a seed and their card; gives their path."""
    commands = [model["trained"]["made_by"] for model in document["models"]]
    seed = document["models"][0]["trained"]["seed"]
    path = results / f"mini-seed-{seed}.json"
    write_json(path, document)
    card = {
        "what": f"losses of the three mini models trained with seed {seed}, with units",
        "licence": "MIT, as the project",
        "made_by": f"{made_by} seed FOLDER",
        "trained_by": [f"{command} --out FOLDER" for command in commands],
    }
    write_card(path, card)
    return path


def others(results: Path, remake: str) -> list[ByKind]:
    """The models of every other seed that is kept, by kind, the lowest seed first."""
    found = []
    for path in results.glob("mini-seed-*[0-9].json"):
        read_card(path, remake)
        found.append(by_kind(json.loads(path.read_text())))
    return sorted(found, key=seed_of)


def by_kind(report: Row) -> ByKind:
    """The models of a report by their kinds."""
    return {model["kind"]: model for model in report["models"]}


def seed_of(models: ByKind) -> int:
    """The seed of the runs."""
    return int(models["ngpt"]["trained"]["seed"])


def spread(report: Row, more: list[ByKind]) -> str:
    """The part of the page about other seeds than the shipped models'.

    Raises:
        ValueError: a run differs in more than its seed.
    """
    every = [by_kind(report), *more]
    for models in more:
        check_same(every[0], models)
    seeds = [str(seed_of(models)) for models in every]
    words = (
        f"The same three models trained with the seeds {' and '.join(seeds)}: other weights at the"
        " start and other batches, the same text, steps and rates; the rates were picked with seed"
        f" {seeds[0]}. The shipped models, and every other number here, are of seed {seeds[0]}."
        f" {len(seeds)} runs of a model show a spread, they do not measure it."
    )
    parts = (words, losses(every), *differences(every), by_text(every))
    return "\n\n".join(("## Another seed", *parts))


def check_same(first: ByKind, other: ByKind) -> None:
    """Refuse to compare runs that differ in more than the seed.

    Raises:
        ValueError: names the setting.
    """
    for kind, model in first.items():
        for name in SAME:
            mine, theirs = model["trained"][name], other[kind]["trained"][name]
            if mine != theirs:
                raise ValueError(f"{name} of the {kind} is {theirs} with another seed, not {mine}")


def losses(every: list[ByKind]) -> str:
    """A row for each model and seed: validation loss, tokens to equal loss, long documents."""
    rows = []
    for kind in KINDS:
        for models in every:
            ends = mean_of(models[kind]["lengths"])
            loss = models[kind]["trained"]["validation_loss"]
            rows.append((
                f"{models[kind]['name']}, seed {seed_of(models)}", f"{loss:.4f}",
                *reached(models, kind), f"{ends[0]:.3f}", f"{ends[-1]:.3f}",
                f"{rise(models[kind]):+.3f}",
            ))  # fmt: skip
    head = ("model, seed", "validation loss", "tokens to the baseline's last loss",
            "times fewer", "long documents, within the context", "at 3 to 4 times it",
            "rise")  # fmt: skip
    return table(head, rows)


def reached(models: ByKind, kind: str) -> tuple[str, str]:
    """Tokens until a model is at the last loss of the baseline of its seed, and how many fewer."""
    if kind == "gpt":
        return "–", "–"
    (row,) = (
        row
        for row in equal_loss([models[kind]["run"], models["gpt"]["run"]])
        if row["reaches"] == models["gpt"]["name"]
    )
    if row["step"] is None:
        return "never", "–"
    return f"{row['tokens'] / 1e6:.2f} million", f"{row['tokens_ratio']:.2f}"


def differences(every: list[ByKind]) -> Iterator[str]:
    """Between models of one seed, and between seeds of one model, in words."""
    found = {kind: validation_losses(every, kind) for kind in KINDS}
    apart = {kind: max(values) - min(values) for kind, values in found.items()}
    gaps = {
        kind: [one - other for one, other in zip(found["ngpt"], found[kind], strict=True)]
        for kind in KINDS[1:]
    }
    for kind, values in gaps.items():
        yield f"Validation loss, nGPT less {NAMES[kind]}: {listed(values)}."
    words = (f"{NAMES[kind]} {value:.4f}" for kind, value in apart.items())
    yield f"Validation loss, between seeds of one model: {', '.join(words)}."
    every_gap = [abs(gap) for values in gaps.values() for gap in values]
    small = sum(gap < max(apart.values()) for gap in every_gap)
    yield (
        f"Of the {len(every_gap)} differences between the nGPT and a baseline, {small} are smaller"
        " than the largest between seeds of one model. So much hangs on the seed, and with it how"
        " many tokens the nGPT needs to a baseline's last loss."
    )


def validation_losses(every: list[ByKind], kind: str) -> list[float]:
    """The last loss on the whole validation text, seed by seed."""
    return [models[kind]["trained"]["validation_loss"] for models in every]


def listed(values: list[float]) -> str:
    """Signed differences, in the order of the seeds."""
    return " and ".join(f"{value:+.4f}" for value in values)


def by_text(every: list[ByKind]) -> str:
    """Losses of each text within the context and farthest beyond it, seed by seed."""
    rows = []
    for at, text in enumerate(every[0]["ngpt"]["lengths"]):
        cells = []
        for kind in KINDS:
            ends = [models[kind]["lengths"][at]["position_loss"] for models in every]
            cells += [" / ".join(f"{each[place]:.3f}" for each in ends) for place in (0, -1)]
        rows.append((text["document"], *cells))
    first = every[0]["ngpt"]["lengths"][0]
    width, last = first["lengths"][0], first["positions"][-1]
    places = (f"0–{width - 1}", f"{last}–{last + width - 1}")
    names = [every[0][kind]["name"] for kind in KINDS]
    head = ["text", *(f"{name}, {place}" for name in names for place in places)]
    return f"Nats a token by position, seed by seed:\n\n{table(head, rows)}"
