"""Figures of a report, in the film's colours: blue traditional, green normalized.

The baseline with QK-norm is blue and dashed, as everything optional is in the film. Only what is in
the report is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping
from math import ceil, log
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ngpt_math.files import write_bytes

# As in `scenes.stage.style`, which is a floor above; a test compares them.
GROUND, INK, MUTED, LINE = "#0d1117", "#e6edf3", "#a3afbc", "#566270"
COLOUR = {"ngpt": "#83c167", "gpt": "#58c4dd", "gpt-qknorm": "#58c4dd"}
DASH = {"ngpt": "-", "gpt": "-", "gpt-qknorm": "--"}
MARK = {"ngpt": "o", "gpt": "s", "gpt-qknorm": "D"}
WIDTH, HEIGHT, DPI = 9.6, 3.8, 100
ABREAST = 4  # panels in a row, at most

# The paper's names.
MATRICES = {"q": "W_q", "k": "W_k", "v": "W_v", "o": "W_o", "u": "W_u", "nu": "W_ν",
            "mlp_out": "W_oMLP"}  # fmt: skip
SCALES = {"alpha_attention": "α_A", "alpha_mlp": "α_M", "attention.s_qk": "s_qk",
          "mlp.s_hidden": "s_u", "mlp.s_gate": "s_ν"}  # fmt: skip

Model = Mapping[str, Any]
STYLE: Any = {  # matplotlib types its keys one by one
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "grid.alpha": 0.4,
    "axes.grid": True,
    "legend.frameon": False,
    "font.size": 11,
    "axes.titlesize": 12,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
}


def draw(report: Mapping[str, Any], out: Path, names: Collection[str] | None = None) -> list[Path]:
    """Write the figures for which the report has numbers, each wholly or not at all.

    Args:
        names: of the figures; None for all.
    """
    paths = []
    with mpl.rc_context(STYLE):
        for name in FIGURES if names is None else names:
            figure = FIGURES[name](report)
            if figure is not None:
                paths.append(save(figure, out / f"{name}.png"))
    return paths


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, without date or version, so that the same numbers give one file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    write_bytes(path, buffer.getvalue())
    return path


def abreast(count: int) -> int:
    """How many of so many panels stand in a row: four at most, in as even rows as can be."""
    return ceil(count / ceil(count / ABREAST))


def panels(
    count: int, *, sharey: bool = False, columns: int | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, in rows of `columns`; None for as `abreast` has it."""
    columns = columns or abreast(count)
    rows = ceil(count / columns)
    figure = Figure(figsize=(WIDTH, HEIGHT * rows), layout="constrained")
    every = list(np.atleast_1d(figure.subplots(rows, columns, sharey=sharey)).flat)
    for empty in every[count:]:
        empty.remove()
    return figure, every[:count]


def look(model: Model) -> dict[str, Any]:
    """Colour, dash and legend of a model's line."""
    kind = model["kind"]
    return {"color": COLOUR[kind], "linestyle": DASH[kind], "label": model["name"]}


def marked(model: Model) -> dict[str, Any]:
    """The same, with a mark at each value."""
    return {**look(model), "marker": MARK[model["kind"]]}


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Words around a panel."""
    axes.set(title=title, xlabel=x, ylabel=y)


def by_layer(axes: Axes, model: Model) -> np.ndarray:
    """The layers of a model, as a whole-number axis."""
    layers = np.arange(len(model["states"]["attention"]["entropy"]))
    axes.set_xticks(layers)
    return layers


def embeddings(report: Mapping[str, Any]) -> Figure:
    """Spectra of both embeddings and lengths of their vectors."""
    figure, (inputs, outputs, lengths) = panels(3)
    for model in report["models"]:
        for axes, name in ((inputs, "embed"), (outputs, "unembed")):
            values = np.array(model["embeddings"][name]["eigenvalues"])
            axes.semilogy(np.arange(1, len(values) + 1), values / values.mean(), **look(model))
        norm = model["embeddings"]["embed"]["norm"]
        lengths.plot(np.array(norm["shares"]) * 100, norm["quantiles"], **marked(model))
    label(inputs, "E_in, covariance", "eigenvalue, largest first", "over their mean")
    label(outputs, "E_out, covariance", "eigenvalue, largest first", "over their mean")
    label(lengths, "E_in, lengths", "% of vectors that are shorter", "length")
    inputs.legend()
    return figure


def conditions(report: Mapping[str, Any]) -> Figure:
    """Condition numbers by layer, the median over heads where there are heads."""
    figure, every = panels(len(MATRICES), sharey=True)
    figure.set_size_inches(1.25 * WIDTH, HEIGHT)
    for axes, (name, words) in zip(every, MATRICES.items(), strict=True):
        for model in report["models"]:
            layers = by_layer(axes, model)
            found = [_median(model["conditions"][f"layer{i}.{name}"]) for i in layers]
            axes.semilogy(layers, found, **marked(model))
        label(axes, words, "layer", "")
    every[0].set_ylabel("condition number")
    every[0].legend(fontsize=9, loc="upper left")
    return figure


def weights(report: Mapping[str, Any]) -> Figure | None:
    """W_q of the first layer while it learns: condition number, and how fast its first head turns.

    The turn is the least that a step can have been, see `histories.rotation`.
    """
    figure, (condition, turn) = panels(2)
    for model in report["models"]:
        for kept in model["conditions_over_training"][:1]:
            condition.semilogy(kept["step"], kept["median"], **look(model))
        for kept in model["rotation"]:
            if kept["of"] == "first_query":
                turn.loglog(np.array(kept["from_step"]) + 1, kept["degrees_a_step"], **look(model))
    if not turn.lines:
        return None
    label(condition, "W_q, first layer, median of its heads", "step", "condition number")
    label(turn, "W_q, first head, how far rows turn", "step", "degrees a step, at least")
    condition.legend()
    return figure


def _median(values: list[float | None]) -> float:
    finite = [np.inf if value is None else value for value in values]
    return float(np.median(finite))


def moves(report: Mapping[str, Any]) -> Figure:
    """How far each block's answer stands from the state, and how far the state goes."""
    figure, every = panels(4)
    figure.set_size_inches(1.25 * WIDTH, HEIGHT)
    shown = [(f"{b}.{m}", f"{b}: {w}") for m, w in (("suggested", "angle to its answer"),
             ("moved", "angle moved")) for b in ("attention", "mlp")]  # fmt: skip
    for axes, (name, title) in zip(every, shown, strict=True):
        for model in report["models"]:
            means = model["states"]["angles"][name]["mean"]
            axes.plot(by_layer(axes, model), means, **marked(model))
        axes.set_ylim(bottom=0)
        label(axes, title, "layer", "")
    every[0].set_ylabel("degrees, mean over tokens")
    every[0].legend(fontsize=9)
    return figure


def alphas(report: Mapping[str, Any]) -> Figure | None:
    """Mean |α|, s_qk and the MLP's scales by layer, of the models that have them."""
    models = [model for model in report["models"] if model["scales"]]
    if not models:
        return None
    figure, (alpha, others) = panels(2)
    names = ((alpha, "alpha_attention", "-"), (alpha, "alpha_mlp", ":"),
             (others, "attention.s_qk", "-"), (others, "mlp.s_hidden", ":"),
             (others, "mlp.s_gate", "--"))  # fmt: skip
    for model in models:
        for axes, name, dash in names:
            layers = by_layer(axes, model)
            means = [model["scales"][f"blocks.{i}.{name}"]["mean"] for i in layers]
            words = SCALES[name] if len(models) == 1 else f"{model['name']} {SCALES[name]}"
            style = {**marked(model), "linestyle": dash, "label": words}
            axes.plot(layers, means, **style)
    label(alpha, "mean |α|", "layer", "share of the way")
    label(others, "mean of the other scales", "layer", "effective value")
    alpha.set_ylim(bottom=0)
    for axes in (alpha, others):
        axes.legend(fontsize=10, handlelength=4)
    return figure


def attention(report: Mapping[str, Any]) -> Figure:
    """Entropy of attention, a mark for each head."""
    figure, (axes,) = panels(1)
    models = report["models"]
    for place, model in enumerate(models):
        heads = np.array(model["states"]["attention"]["of_uniform"])
        layers = by_layer(axes, model)
        at = np.repeat(layers + (place - (len(models) - 1) / 2) * 0.18, heads.shape[1])
        axes.plot(at, heads.ravel(), **{**marked(model), "linestyle": "none"})
    label(axes, "entropy of attention, each head", "layer", "share of equal weights' entropy")
    axes.set_ylim(0, 1)
    axes.legend()
    return figure


def lengths(report: Mapping[str, Any]) -> Figure:
    """Loss by position in windows four contexts long, a panel for each document."""
    texts = report["models"][0]["lengths"]
    figure, every = panels(len(texts))
    for at, (axes, text) in enumerate(zip(every, texts, strict=True)):
        for model in report["models"]:
            found = model["lengths"][at]
            width = found["lengths"][0]
            bits = np.array(found["position_loss"]) / log(2)
            axes.plot(np.array(found["positions"]) + width / 2, bits, **marked(model))
            axes.axvline(width, color=MUTED, linestyle=":", linewidth=1)
        label(axes, text["document"], "", "")
    for first in every[:: abreast(len(texts))]:
        first.set_ylabel("bits a token")
    figure.supxlabel("position in the window (dotted: training context)", fontsize="medium")
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def training(report: Mapping[str, Any]) -> Figure | None:
    """Validation loss against tokens and CPU seconds; the loss of the first step is left out."""
    models = [model for model in report["models"] if model["run"]]
    if not models:
        return None
    figure, every = panels(2)
    spent_on = (("tokens", 1e6, "million tokens"), ("cpu_seconds", 1, "CPU seconds"))
    for axes, (unit, size, words) in zip(every, spent_on, strict=True):
        for model in models:
            run = model["run"]
            spent = np.array(run["curve"]["step"]) * run[f"{unit}_a_step"] / size
            axes.plot(spent[1:], run["curve"]["loss"][1:], **look(model))
        label(axes, "validation loss", words, "")
    every[0].set_ylabel("nats a token")
    every[0].legend()
    return figure


FIGURES: Mapping[str, Callable[[Mapping[str, Any]], Figure | None]] = {
    "training": training,
    "lengths": lengths,
    "conditions": conditions,
    "weights": weights,
    "moves": moves,
    "alphas": alphas,
    "embeddings": embeddings,
    "attention": attention,
}
