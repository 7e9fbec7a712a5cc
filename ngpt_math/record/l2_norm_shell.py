"""Chapter 2's numbers: weight vectors of the toy baseline, normalized and put into a shell."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from ngpt_math import measure, sphere
from ngpt_math.checkpoint import Model
from ngpt_math.record.models import Models, Shipped, floats, sources
from ngpt_math.recordings import L2NormShell

MANY_NAME = "traditional toy model: query weights, one matrix of each layer"
CHOSEN_BY = "of the first layer's rows, the one whose length is farthest from 1"
POINT_CHOSEN_BY = (
    "of those rows that lie inside the shell, the one with the largest radial part of the gradient"
    " before the normalization's derivative"
)
NONE_INSIDE = "the first row: none lies inside the shell"
TURN_CHOSEN_BY = "of the first layer's rows, the one with the longest gradient"
EPS = np.linspace(0, 0.5, 51)  # the slider, in hundredths
EPS_SHOWN = 25  # its middle
DIVISIONS = 41  # steps on the way from w to w/‖w‖
PLACES = 3  # of what is worked out as one would by hand
SHORT, EXACT = 0.1, 15  # the length up to which thousandths are too coarse, and places then
STEP, HALF = 0.7, 21  # about how far the step goes, and points on the way there, and back
LEAST = 1e-12  # a gradient shorter than that counts as so long, lest one divide by zero
WINDOWS = 64  # of training text, for the gradient


def l2_norm_shell(models: Models) -> L2NormShell:
    """Run the toy baseline and fill the recording."""
    gpt, ngpt = models.load("toy gpt"), models.load("toy ngpt")
    many = torch.cat(list(query_weights(gpt.model).values())).numpy()
    rows = len(query_weights(gpt.model)[0])
    lengths = sphere.norm(many)[:, 0]
    chosen = int(np.abs(lengths[:rows] - 1).argmax())
    return L2NormShell(
        sources=sources((gpt, ngpt)),
        vector_name=f"traditional toy model, first layer, unit {chosen + 1}",
        many_name=MANY_NAME,
        chosen_by=CHOSEN_BY,
        vector_index=floats(chosen),
        **piece_by_piece(many[chosen]),
        **step(ngpt),
        many=floats(many),
        many_lengths=floats(lengths),
        many_units=floats(sphere.normalize(many)),
        many_unit_lengths=floats(sphere.norm(sphere.normalize(many))[:, 0]),
        norm_eps=floats(ngpt.model.config.norm_eps),
        **shell(many),
        **gradients(gpt, many, rows),
        recall_rows=floats(query_weights(ngpt.model)[0]),
        recall_gpt_rows=floats(query_weights(gpt.model)[0]),
    )


def query_weights(model: Model) -> dict[int, Tensor]:
    """W_q [H·d_k, d] by layer."""
    named = {name: weight for name, weight, _ in measure.matrices(model)}
    return {layer: named[f"layer{layer}.q"] for layer in range(model.config.layers)}


def piece_by_piece(vector: np.ndarray) -> dict[str, Any]:
    """The length of a vector in the order in which one works it out, and the vector over it."""
    length = float(sphere.norm(vector)[0])
    on_the_way = vector / np.linspace(1, length, DIVISIONS)[:, None]
    places = PLACES if length > SHORT else EXACT
    written = vector.round(places)
    squares, total, root = by_hand(written, places)
    shares = (written / root).round(places)
    share_squares, share_sum, share_root = by_hand(shares, places)
    return {
        "vector": floats(vector),
        "length": floats(length),
        "unit": floats(vector / length),
        "written": floats(written),
        "squares": floats(squares),
        "square_sum": floats(total),
        "root": floats(root),
        "shares": floats(shares),
        "share_squares": floats(share_squares),
        "share_sum": floats(share_sum),
        "share_root": floats(share_root),
        "division": floats(on_the_way),
        "division_lengths": floats(sphere.norm(on_the_way)[:, 0]),
    }


def by_hand(numbers: np.ndarray, places: int) -> tuple[np.ndarray, float, float]:
    """Squares, their sum and its root, each rounded before one goes on."""
    squares = (numbers**2).round(places)
    total = float(squares.sum().round(places))
    return squares, total, float(np.sqrt(total).round(places))


def step(ngpt: Shipped) -> dict[str, Any]:
    """A step of plain gradient descent of one row of the first layer's W_q, and back to length 1.

    The rate is a round number that makes the step about `STEP` long. All but the gradient is in
    the plane of w and gradient.
    """
    rows = query_weights(ngpt.model)[0].clone().requires_grad_()
    (every,) = torch.autograd.grad(loss_with(ngpt, 0, rows), rows)
    chosen = int(every.norm(dim=1).argmax())
    gradient, w = every[chosen].numpy(), rows[chosen].detach().numpy()
    length = float(sphere.norm(w)[0])
    along = float(gradient @ w) / length
    across = float(sphere.norm(gradient - along * w / length)[0])
    rate = float(f"{STEP / max(float(sphere.norm(gradient)[0]), LEAST):.0e}")
    path = there_and_back(np.array([0.0, length]), -rate * np.array([across, along]))
    return {
        "turn_name": f"toy nGPT, first layer, unit {chosen + 1}",
        "turn_chosen_by": TURN_CHOSEN_BY,
        "turn_index": floats(chosen),
        "turn_gradient": floats(gradient),
        "turn_along": floats(along),
        "turn_across": floats(across),
        "turn_rate": floats(rate),
        "turn_path": floats(path),
        "turn_lengths": floats(sphere.norm(path)[:, 0]),
    }


def there_and_back(start: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Straight on by `way`, and from there straight to length 1: points [2·HALF − 1, n]."""
    share, end = np.linspace(0, 1, HALF)[:, None], start + way
    back = sphere.normalize(end) - end
    return np.concatenate([start + share * way, end + share[1:] * back])


def shell(many: np.ndarray) -> dict[str, Any]:
    """All vectors in the shell of every ε of the slider."""
    pulled = np.stack([sphere.to_shell(many, eps) for eps in EPS])
    lengths = sphere.norm(many)[:, 0]
    return {
        "eps": floats(EPS),
        "eps_inner": floats(1 - EPS),
        "eps_outer": floats(1 + EPS),
        "shell": floats(pulled),
        "shell_lengths": floats(sphere.norm(pulled)[..., 0]),
        "shell_inside": floats([inside(lengths, eps).sum() for eps in EPS]),
        "eps_shown": floats(EPS[EPS_SHOWN]),
        "eps_shown_index": floats(EPS_SHOWN),
    }


def inside(lengths: np.ndarray, eps: float) -> np.ndarray:
    """Which lengths lie between 1 − eps and 1 + eps."""
    return np.abs(lengths - 1) <= eps


def gradients(gpt: Shipped, many: np.ndarray, rows: int) -> dict[str, Any]:
    """The loss's gradient at the vector that `POINT_CHOSEN_BY` describes."""
    units, lengths = sphere.normalize(many), sphere.norm(many)[:, 0]
    each = [layer_gradients(gpt, layer) for layer in range(len(many) // rows)]
    used, before, after = (torch.cat(parts).numpy() for parts in zip(*each, strict=True))
    radial_before, radial = (sphere.dot(units, part)[:, 0] for part in (before, after))
    there = inside(lengths, EPS[EPS_SHOWN])
    index = int(np.where(there, np.abs(radial_before), -1.0).argmax())
    return {
        "point_chosen_by": POINT_CHOSEN_BY if there.any() else NONE_INSIDE,
        "point": floats(many[index]),
        "point_index": floats(index),
        "point_length": floats(lengths[index]),
        "point_shell": floats(used[index]),
        "gradient_before": floats(before[index]),
        "radial_before": floats(radial_before[index]),
        "radial_part": floats(units[index] * radial_before[index]),
        "across": floats(sphere.norm(before[index] - units[index] * radial_before[index])[0]),
        "gradient_before_length": floats(sphere.norm(before[index])[0]),
        "gradient": floats(after[index]),
        "radial": floats(radial[index]),
        "gradient_length": floats(sphere.norm(after[index])[0]),
    }


def layer_gradients(gpt: Shipped, layer: int) -> tuple[Tensor, Tensor, Tensor]:
    """W_q of a layer in the shell, and the gradients of what the layer uses and of what it stores.

    The layer is given the shell's normalization, whose derivative is the difference between the
    two. All [H·d_k, d].
    """
    stored = query_weights(gpt.model)[layer].clone().requires_grad_()
    used = sphere.to_shell(stored, float(EPS[EPS_SHOWN]))
    before, after = torch.autograd.grad(loss_with(gpt, layer, used), (used, stored))
    return used.detach(), before, after


def loss_with(gpt: Shipped, layer: int, queries: Tensor) -> Tensor:
    """Loss on windows of the training text with another W_q in one layer."""
    name = f"blocks.{layer}.attention.qkv.weight"
    rest = gpt.model.get_parameter(name).detach()[len(queries) :]
    window = gpt.spread(gpt.texts[0], WINDOWS)
    changed = {name: torch.cat((queries, rest))}
    logits: Tensor = functional_call(gpt.model, changed, (window[:, :-1],))
    return F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
