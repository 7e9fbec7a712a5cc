"""What happens to hidden states in a forward pass: angles, lengths, entropy of attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.checkpoint import Model
from ngpt_math.layers import Trace

Floats = NDArray[np.float64]
BLOCKS = (("attention", "h_in", "h_mid"), ("mlp", "h_mid", "h_out"))
BATCH = 8
LONG = 1024


@torch.no_grad()
def traces(model: Model, rows: Tensor, batch: int = BATCH) -> Iterator[Trace]:
    """The intermediate results of each part of the windows [n, T], fewer at once if they are long:
    attention patterns grow with the square of their length."""
    device = next(model.parameters()).device
    for part in rows.to(device).split(max(1, min(batch, (LONG // rows.shape[1]) ** 2))):
        trace: Trace = {}
        model(part, trace)
        yield trace


def degrees(a: Tensor, b: Tensor) -> Tensor:
    """Angles between vectors of any length along the last axis, in degrees."""
    one, other = (sphere.normalize(x.double()) for x in (a, b))
    return torch.rad2deg(sphere.angle(one, other)).flatten()


def entropy(pattern: Tensor) -> Tensor:
    """Entropy of each row of attention weights, nats: [..., T] from [..., T, T]."""
    wide = pattern.double()
    return torch.special.entr(wide).sum(-1)


def moves(trace: Trace, layer: int) -> dict[str, Tensor]:
    """Angles (degrees) and lengths of one layer: "BLOCK.suggested", "BLOCK.moved", "BLOCK.length".

    suggested: from the state to what the block answers, h_A and h_M of the nGPT, of the baseline
    the vector that the block adds. moved: from the state before to the state after. length: of the
    state after. added: length of the baseline's vector over the length of the state before.
    """
    found = {}
    for block, before, after in BLOCKS:
        at = f"layer{layer}"
        start, end = trace[f"{at}.{before}"], trace[f"{at}.{after}"]
        added = trace.get(f"{at}.f_{block}")
        answer = trace[f"{at}.h_{block}"] if added is None else added
        found[f"{block}.suggested"] = degrees(start, answer)
        found[f"{block}.moved"] = degrees(start, end)
        found[f"{block}.length"] = sphere.norm(end.double()).flatten()
        if added is not None:
            ratio = sphere.norm(added.double()) / sphere.norm(start.double())
            found[f"{block}.added"] = ratio.flatten()
    return found


def states(model: Model, rows: Tensor) -> dict[str, Any]:
    """Means over all tokens of windows [n, T], by layer; entropies by layer and head.

    "angles": what `moves` gives, mean and standard deviation, lists [layers]. "attention": the mean
    entropy of a query's weights in nats [layers][heads], and its share of ln(position), the entropy
    of equal weights on all it may see.
    """
    layers = model.config.layers
    gathered: list[dict[str, list[Tensor]]] = [{} for _ in range(layers)]
    entropies = []
    for trace in traces(model, rows):
        patterns = [entropy(trace[f"layer{layer}.pattern"]).cpu() for layer in range(layers)]
        entropies.append(torch.stack(patterns, dim=1))  # [b, L, H, T]
        for layer, kept in enumerate(gathered):
            for name, values in moves(trace, layer).items():
                kept.setdefault(name, []).append(values.cpu())
    return {
        "tokens": rows.numel(),
        "angles": _means(gathered),
        "attention": attention(torch.cat(entropies).numpy()),
    }


def _means(gathered: list[dict[str, list[Tensor]]]) -> dict[str, dict[str, list[float]]]:
    joined = [{name: torch.cat(parts) for name, parts in kept.items()} for kept in gathered]
    return {
        name: {
            "mean": [float(layer[name].mean()) for layer in joined],
            "std": [float(layer[name].std(correction=0)) for layer in joined],
        }
        for name in joined[0]
    }


def attention(entropies: Floats) -> dict[str, Any]:
    """Mean entropies [layers][heads] from those of all queries [n, layers, heads, T].

    The first query, which sees only itself, has none and is left out.
    """
    seen = np.log(np.arange(2, entropies.shape[-1] + 1))
    mean = entropies[..., 1:].mean(axis=(0, -1))
    return {"entropy": mean.tolist(), "of_uniform": (mean / seen.mean()).tolist()}
