"""The results that are committed: measures of the mini models, figures, and the page about them.

`python -m ngpt_math.measuring.results` measures again and writes everything;
`python -m ngpt_math.measuring.results page` only the page, from what is there;
`python -m ngpt_math.measuring.results seed FOLDER` measures runs of another seed, see `seeds`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ngpt_math.checkpoint import checkpoint_path, remake
from ngpt_math.config import KINDS
from ngpt_math.files import ASSETS, ROOT, read_card, write_bytes, write_card, write_json
from ngpt_math.measuring import seeds
from ngpt_math.measuring.beyond import beyond, mean_of
from ngpt_math.measuring.report import measure
from ngpt_math.measuring.tables import table

RESULTS = ASSETS / "results"
MEASURES = RESULTS / "mini-measures.json"
PAGE = RESULTS / "README.md"
SHOWN = ("training", "lengths", "conditions", "moves", "alphas")
MADE_BY = "python -m ngpt_math.measuring.results"
REMAKE_SEED = f"make it again with `{MADE_BY} seed FOLDER`"
CHECKPOINTS = (("toy", "ngpt"), ("toy", "gpt"), *(("mini", kind) for kind in KINDS))

READ_ME = ROOT / "README.md"
MARKS = ("<!-- results: python -m ngpt_math.measuring.results page -->", "<!-- end of results -->")

Row = Mapping[str, Any]


def publish() -> None:
    """Measure the mini models, and write the numbers, the figures and the page."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [checkpoint_path("mini", kind) for kind in KINDS]
        keep(measure(paths, Path(folder), say=print), Path(folder))
    write_pages()


def write_pages() -> None:
    """Write the page, and the short table in the project's README, between its marks."""
    write_bytes(PAGE, page().encode())
    before, rest = READ_ME.read_text().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    write_bytes(READ_ME, "".join((before, short(), after)).encode())


def short() -> str:
    """The few lines of results in the project's README, with their marks."""
    report = json.loads(MEASURES.read_text())
    more = seeds.others(RESULTS, REMAKE_SEED)
    rows = []
    for names in CHECKPOINTS:
        name = "-".join(names)
        rows.append((*summary(*names), again(more, name), *compared(report, name)))
    head = ("model", "parameters", "tokens", "CPU s", "loss", "from another seed",
            "tokens to the baseline's loss",
            "long documents, within and beyond the context")  # fmt: skip
    return "\n".join([MARKS[0], table(head, rows), MARKS[1]])


def again(more: list[seeds.ByKind], name: str) -> str:
    """A model's losses from other seeds, as far as there are any."""
    models = (model for each in more for model in each.values())
    losses = [model["trained"]["validation_loss"] for model in models if model["name"] == name]
    return ", ".join(f"{loss:.3f}" for loss in losses) or "–"


def add_seed(folder: Path) -> None:
    """Measure the runs of another seed, keep that, and write the page."""
    seeds.keep(seeds.measured(folder), RESULTS, MADE_BY)
    write_pages()


def summary(preset: str, kind: str) -> tuple[str, ...]:
    """What one model is and what it came to."""
    card = read_card(checkpoint_path(preset, kind), remake(checkpoint_path(preset, kind)))
    training, model = card["settings"]["training"], card["settings"]["model"]
    tokens = training["steps"] * training["batch"] * model["context"]
    counts = (f"{count:,}" for count in (card["parameters"], tokens))
    return (f"{preset}-{kind}", *counts, f"{card['cpu_seconds']:.0f}",
            f"{card['validation_loss']:.3f}")  # fmt: skip


def compared(report: Row, name: str) -> tuple[str, str]:
    """Of a measured model: tokens to the baseline's last loss, and on long documents by length."""
    models = {model["name"]: model for model in report["models"]}
    if name not in models:
        return "–", "–"
    first, *_, last = mean_of(models[name]["lengths"])
    reached = [row for row in report["equal_loss"]
               if (row["run"], row["reaches"]) == (name, "mini-gpt")]  # fmt: skip
    tokens = f"{reached[0]['tokens']:,.0f}" if reached and reached[0]["step"] else "–"
    return tokens, f"{first:.2f} → {last:.2f}"


def keep(document: Mapping[str, Any], folder: Path) -> None:
    """Write a report and the figures that were drawn of it, with cards, to the assets."""
    card = {"licence": "MIT, as the project", "made_by": MADE_BY}
    write_json(MEASURES, document)
    write_card(MEASURES, {**card, "what": "measures of the three mini models, with units"})
    for name in SHOWN:
        path = RESULTS / f"mini-{name}.png"
        write_bytes(path, (folder / f"{name}.png").read_bytes())
        write_card(path, {**card, "what": f"figure of mini-measures.json: {name}"})


def page() -> str:
    """The page about the results, from the committed cards, sweeps and measures."""
    read_card(MEASURES, f"make it again with `{MADE_BY}`")
    report = json.loads(MEASURES.read_text())
    more = seeds.others(RESULTS, REMAKE_SEED)
    parts = (INTRODUCTION, trained(), sweeps(), beyond(report), equal(report),
             seeds.spread(report, more), shapes(report), conditions(report), alphas(report),
             FIGURES, *on_devices(), LIMITS)  # fmt: skip
    return "\n\n".join(parts) + "\n"


def on_devices() -> list[str]:
    """Where the results of larger models on a GPU are, as far as there are any."""
    pages = sorted(RESULTS.glob("gpu-*.md"))
    if not pages:
        return []
    links = "\n".join(f"- [{page.stem}]({page.name})" for page in pages)
    return [f"## Larger models, on a GPU\n\n{links}"]


def trained() -> str:
    """What was trained, on what, how long."""
    rows = []
    for preset, kind in CHECKPOINTS:
        path = checkpoint_path(preset, kind)
        card = read_card(path, remake(path))
        training, model = card["settings"]["training"], card["settings"]["model"]
        tokens = training["steps"] * training["batch"] * model["context"]
        rows.append((
            f"{preset}-{kind}", f"{card['parameters']:,}", card["data"], model["tokenizer"],
            f"{training['steps']:,}", f"{tokens:,}", f"{training['lr']:g}", training["seed"],
            f"{card['cpu_seconds']:.0f}", f"{card['validation_loss']:.4f}",
        ))  # fmt: skip
    head = ("model", "parameters", "text", "tokens are", "steps", "tokens", "peak lr", "seed",
            "CPU s", "validation loss")  # fmt: skip
    words = (
        "The text is nine plays, its last tenth the validation part; losses are nats a token (toy:"
        " letters, mini: bytes) on all of it. One CPU thread, fp32. The baseline and its QK-norm"
        " sibling have warm-up and weight decay 0.1, the nGPT neither, as in the paper."
    )
    return f"## What was trained\n\n{words}\n\n{table(head, rows)}"


def sweeps() -> str:
    """Every run of every sweep, the best of each kind in bold."""
    parts = ["## Learning-rate sweeps"]
    for path in sorted(RESULTS.glob("*-sweep.json")):
        sweep = json.loads(path.read_text())
        parts += [f"`{path.name}`", sweep_table(sweep), *open_ends(sweep)]
    return "\n\n".join(parts)


def sweep_table(sweep: Row) -> str:
    """The runs of one sweep."""
    rows = []
    for run in sweep["runs"]:
        best = sweep["best"][run["kind"]]["lr"] == run["lr"]
        loss = f"{run['validation_loss']:.4f}"
        rows.append((
            run["kind"], f"{run['lr']:g}", f"**{loss}**" if best else loss,
            f"{run['training_loss']:.4f}", f"{run['steps']:,}", run["seed"],
            f"{run['cpu_seconds']:.0f}",
        ))  # fmt: skip
    head = ("kind", "peak lr", "validation loss", "training loss", "steps", "seed", "CPU s")
    return table(head, rows)


def open_ends(sweep: Row) -> list[str]:
    """A sentence for each kind whose best rate does not lie between worse ones."""
    found = []
    for kind, best in sweep["best"].items():
        count = sum(run["kind"] == kind for run in sweep["runs"])
        if best and not best["interior"]:
            tried = "one rate is tried so far" if count == 1 else f"{count} rates are tried so far"
            found.append(f"- {kind}: {tried}, and the best is at the edge: it may not be the best.")
    return ["\n".join(found)] if found else []


def equal(report: Row) -> str:
    """What equal loss costs, tokens and seconds side by side."""
    rows = [
        (f"{row['run']} to {row['reaches']}", f"{row['loss']:.4f}", *_spent(row))
        for row in report["equal_loss"]
    ]
    head = ("run to the last loss of", "that loss", "step", "tokens", "CPU s",
            "times fewer tokens", "times fewer CPU s")  # fmt: skip
    words = (
        "Losses on the 128 windows that training looks at. Every curve is one of a whole cosine,"
        " so a point before its end is not a tuned shorter run. CPU seconds are of a shared"
        " machine, spread evenly over the steps."
    )
    return f"## Tokens and seconds to equal loss\n\n{words}\n\n{table(head, rows)}"


def _spent(row: Row) -> tuple[str, ...]:
    if row["step"] is None:
        return ("never", "–", "–", "–", "–")
    whole = tuple(f"{row[name]:,.0f}" for name in ("step", "tokens", "cpu_seconds"))
    return *whole, f"{row['tokens_ratio']:.2f}", f"{row['cpu_seconds_ratio']:.2f}"


def shapes(report: Row) -> str:
    """Embeddings: lengths, condition of the covariance, cosines."""
    rows = []
    for model in report["models"]:
        for name, words in (("embed", "E_in"), ("unembed", "E_out")):
            cloud = model["embeddings"][name]
            rows.append((
                f"{model['name']}, {words}", cloud["vectors"],
                f"{cloud['norm']['min']:.3f}–{cloud['norm']['max']:.3f}",
                f"{cloud['condition']:.3g}", f"{cloud['dot']['mean']:.3f}",
                f"{cloud['cosine']['mean']:.3f}",
            ))  # fmt: skip
    head = ("matrix", "tokens that occur", "lengths", "condition of covariance", "mean dot",
            "mean cosine")  # fmt: skip
    return f"## Embeddings\n\n{table(head, rows)}"


def conditions(report: Row) -> str:
    """Condition numbers of W_q: before the first step and after the last, median over heads."""
    rows, growth = [], {}
    for model in report["models"]:
        for kept in model["conditions_over_training"]:
            first, last = kept["median"][0], kept["median"][-1]
            growth[model["name"], kept["of"]] = last / first
            rows.append((f"{model['name']}, {kept['of']}", f"{first:.2f}", f"{last:.1f}",
                         f"{last / first:.1f}"))  # fmt: skip
    head = ("model, matrix", "before training", "after", "times")
    words = "All matrices are in the figure `conditions` and in `mini-measures.json`."
    parts = ("## Condition numbers of W_q", table(head, rows), *surprises(growth), worse(report))
    return "\n\n".join((*parts, words))


def surprises(growth: Mapping[tuple[str, str], float]) -> list[str]:
    """Where the nGPT's matrices became worse conditioned, unlike the paper's."""
    found = []
    for (name, matrix), times in growth.items():
        baseline = growth.get((name.replace("-ngpt", "-gpt"), matrix))
        if name.endswith("-ngpt") and baseline is not None and times > baseline:
            found.append(
                f"- {matrix}: the nGPT's grows by {times:.1f} times, the baseline's by"
                f" {baseline:.1f}."
            )
    return ["Growing more than the baseline's:\n\n" + "\n".join(found)] if found else []


def worse(report: Row) -> str:
    """How many matrices of the nGPT end worse conditioned than the baseline's."""
    by_kind = {model["kind"]: model for model in report["models"]}
    ngpt, gpt = (by_kind[kind]["conditions"] for kind in ("ngpt", "gpt"))
    above = [name for name in ngpt if np.median(ngpt[name]) > np.median(gpt[name])]
    rates = [by_kind[kind]["trained"]["lr"] for kind in ("ngpt", "gpt")]
    return (
        f"Of all {len(ngpt)} matrices, {len(above)} end with a higher condition number in the nGPT"
        " than in the baseline (medians over heads). The paper reports the opposite for queries and"
        " keys at 0.5B and 1B after 100,000 steps. Here the peak rates differ too,"
        f" {rates[0]:g} against {rates[1]:g}; nothing was done to find the cause."
    )


def alphas(report: Row) -> str:
    """Mean sizes of the nGPT's scales by layer."""
    names = ("alpha_attention", "alpha_mlp", "attention.s_qk", "mlp.s_hidden", "mlp.s_gate")
    rows = []
    for model in report["models"]:
        layers = len(model["states"]["attention"]["entropy"]) if model["scales"] else 0
        for layer in range(layers):
            means = [model["scales"][f"blocks.{layer}.{name}"]["mean"] for name in names]
            rows.append((f"{model['name']}, layer {layer}", *(f"{mean:.3f}" for mean in means)))
    head = ("model, layer", "mean α_A", "mean α_M", "s_qk", "s_u", "s_ν")
    return (
        f"## Scales\n\nMeans of the effective values, of α of its size |α|.\n\n{table(head, rows)}"
    )


INTRODUCTION = f"""# Results so far

Written by `{MADE_BY}` from the cards in
`assets/checkpoints`, the sweeps, `mini-measures.json` and `mini-seed-*.json` in this folder; change
those, not this page (the same command with `page` writes only it)."""

FIGURES = "\n".join(
    ["## Figures", "", "Blue: baseline. Blue dashed: baseline with QK-norm. Green: nGPT.", ""]
    + [f"![{name}](mini-{name}.png)" for name in SHOWN]
)

LIMITS = """## What this does not say

One seed for each number but those under “Another seed”, models of about a million parameters, 2,000
steps on one text of 1.2 MB, and a rate picked, with one seed, on the validation text that is
reported. Nothing here is a speed-up of the nGPT, says how it scales, or is comparable with the
paper's numbers."""


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["page"]:
            write_pages()
        case ["seed", folder]:
            add_seed(Path(folder))
        case _:
            publish()
