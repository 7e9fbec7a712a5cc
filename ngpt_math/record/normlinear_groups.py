"""Chapter 3's numbers: one weight matrix of the larger baseline, normalized in every way."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ngpt_math import measure, sphere
from ngpt_math.checkpoint import Model
from ngpt_math.record.attention import layer_input, sentence
from ngpt_math.record.l2_norm_shell import piece_by_piece, query_weights
from ngpt_math.record.models import Models, Shipped, floats, sources
from ngpt_math.recordings import NormlinearGroups

CHOSEN_BY = (
    "the layer is the one whose W_q gives the baseline's largest output at the last letter of the"
    " text, the hidden state there is the input; rows (and columns of the output projection) are"
    " evenly spread over all of them from the shortest to the longest, in the order in which they"
    " stand in the matrix; of the other axis, the first entries"
)
WINDOW = 8
GROUPS = 4  # or fewer, if a row cannot be cut into so many
GROUP_COLS = 4
SHARES = np.linspace(0, 1, 21)  # of the way from a matrix to its normalized one

Matrix = NDArray[np.float64]


def normlinear_groups(models: Models) -> NormlinearGroups:
    """Run both larger models on the sentence and fill the recording."""
    ngpt, gpt, toy = (models.load(name) for name in ("mini ngpt", "mini gpt", "toy gpt"))
    said = sentence(ngpt, gpt)
    layer = loudest_layer(gpt, said, ngpt.model.config.layers)
    weight, output = (matrix(gpt.model, layer, name) for name in ("q", "o"))
    rows, columns = by_length(weight), by_length(output.T)
    return NormlinearGroups(
        sources=sources((ngpt, gpt, toy)),
        weight_name=f"W_q of layer {layer + 1} of the larger baseline",
        output_name=f"W_o of layer {layer + 1} of the larger baseline",
        prompt=gpt.pieces(gpt.encode(said)),
        noun=gpt.noun,
        chosen_by=CHOSEN_BY.replace("letter", gpt.noun),
        layer=floats(layer),
        **by_rows(weight, rows),
        **by_columns(output, columns),
        **outputs(ngpt, gpt, said, layer),
        **grouped(weight, rows),
        **recall(toy),
    )


def loudest_layer(gpt: Shipped, said: str, layers: int) -> int:
    """The layer of which `CHOSEN_BY` speaks; one that the nGPT with `layers` layers has too."""
    both = range(min(layers, gpt.model.config.layers))
    found = {n: matrix(gpt.model, n, "q") @ last_input(gpt, said, n) for n in both}
    return max(both, key=lambda n: float(np.abs(found[n]).max()))


def matrix(model: Model, layer: int, name: str) -> Matrix:
    """A matrix of a layer by its name in `measure.matrices`."""
    named = {found: weight for found, weight, _ in measure.matrices(model)}
    return np.asarray(named[f"layer{layer}.{name}"])


def last_input(shown: Shipped, said: str, layer: int) -> Matrix:
    """What a layer's W_q is applied to at the last token of the sentence [d]."""
    return np.asarray(layer_input(shown.model, shown.trace(said), layer)[-1])


def by_length(weight: Matrix) -> NDArray[np.int64]:
    """Indices of rows from the shortest to the longest, evenly spread, in ascending order."""
    order = sphere.norm(weight)[:, 0].argsort(kind="stable")
    return np.sort(order[np.linspace(0, len(order) - 1, WINDOW).round().astype(int)])


def on_the_way(before: Matrix, after: Matrix) -> Matrix:
    """Straight from one array to another, in `SHARES` [steps, ...]."""
    shares = SHARES.reshape(-1, *(1,) * before.ndim)
    return (1 - shares) * before + shares * after


def by_rows(weight: Matrix, rows: NDArray[np.int64]) -> dict[str, Any]:
    """The window of a matrix before and after its rows are normalized."""
    unit = sphere.normalize(weight)
    way = on_the_way(weight[rows], unit[rows])
    return {
        "row_index": floats(rows),
        "weight": floats(weight[rows, :WINDOW]),
        "row_lengths": floats(sphere.norm(weight)[rows, 0]),
        "row_length_min": floats(sphere.norm(weight).min()),
        "row_length_max": floats(sphere.norm(weight).max()),
        "weight_unit": floats(unit[rows, :WINDOW]),
        "row_unit_lengths": floats(sphere.norm(unit)[rows, 0]),
        "weight_steps": floats(way[..., :WINDOW]),
        "row_length_steps": floats(sphere.norm(way)[..., 0]),
        "all_row_lengths": floats(sphere.norm(weight)[:, 0]),
        "all_row_unit_lengths": floats(sphere.norm(unit)[:, 0]),
    }


def by_columns(output: Matrix, columns: NDArray[np.int64]) -> dict[str, Any]:
    """The window of an output projection before and after its columns are normalized."""
    unit = sphere.normalize(output, axis=0)
    way = on_the_way(output[:, columns], unit[:, columns])
    return {
        "column_index": floats(columns),
        "output": floats(output[:WINDOW, columns]),
        "column_lengths": floats(sphere.norm(output.T)[columns, 0]),
        "output_unit": floats(unit[:WINDOW, columns]),
        "column_unit_lengths": floats(sphere.norm(unit.T)[columns, 0]),
        "output_steps": floats(way[:, :WINDOW]),
        "column_length_steps": floats(np.linalg.norm(way, axis=1)),
    }


def outputs(ngpt: Shipped, gpt: Shipped, said: str, layer: int) -> dict[str, Any]:
    """W_q of a layer on what it is given at the last token, in both models.

    `same_outputs` is the baseline's own matrix and input once more, both normalized.
    """
    h, x = (last_input(each, said, layer) for each in (ngpt, gpt))
    weight, unit_weight = (matrix(each.model, layer, "q") for each in (gpt, ngpt))
    plain, cosines = weight @ x, unit_weight @ h
    same = sphere.normalize(weight) @ sphere.normalize(x)
    return {
        "d_model": floats(len(h)),
        "gpt_d_model": floats(len(x)),
        "input": floats(h[:WINDOW]),
        "input_length": floats(sphere.norm(h)[0]),
        "gpt_input": floats(x[:WINDOW]),
        "gpt_input_length": floats(sphere.norm(x)[0]),
        "gpt_input_unit": floats(sphere.normalize(x)[:WINDOW]),
        "gpt_input_unit_length": floats(sphere.norm(sphere.normalize(x))[0]),
        "gpt_outputs": floats(plain),
        "gpt_output_max": floats(np.abs(plain).max()),
        "same_outputs": floats(same),
        "same_output_max": floats(np.abs(same).max()),
        "outputs": floats(cosines),
        "output_max": floats(np.abs(cosines).max()),
        "output_rms": floats(np.sqrt((cosines**2).mean())),
        "angles": floats(np.arccos(np.clip(cosines, -1, 1))),
        "bounds": floats([-1, 1]),
        "typical_cosine": floats(len(h) ** -0.5),
    }


def grouped(weight: Matrix, rows: NDArray[np.int64]) -> dict[str, Any]:
    """The rows cut into groups, each group normalized on its own."""
    count = gcd(GROUPS, weight.shape[1])
    split = weight[rows].reshape(len(rows), count, -1)
    unit = sphere.normalize(weight[rows], groups=count).reshape(split.shape)
    way = on_the_way(split, unit)
    return {
        "groups": floats(count),
        "group_size": floats(split.shape[-1]),
        "weight_split": floats(split[..., :GROUP_COLS]),
        "group_lengths": floats(sphere.norm(split)[..., 0]),
        "weight_grouped": floats(unit[..., :GROUP_COLS]),
        "group_unit_lengths": floats(sphere.norm(unit)[..., 0]),
        "split_steps": floats(way[..., :GROUP_COLS]),
        "group_length_steps": floats(sphere.norm(way)[..., 0]),
        "grouped_row_lengths": floats(sphere.norm(unit.reshape(len(rows), -1))[:, 0]),
    }


def recall(toy: Shipped) -> dict[str, Any]:
    """Chapter 2's vectors and what became of them, and the one that was worked out."""
    many = torch.cat(list(query_weights(toy.model).values())).numpy()
    chosen = int(np.abs(sphere.norm(many)[:, 0] - 1).argmax())
    worked = piece_by_piece(many[chosen])
    return {
        "recall_many": floats(many),
        "recall_many_units": floats(sphere.normalize(many)),
        **{f"recall_{name}": worked[name] for name in ("vector", "length", "unit")},
    }
