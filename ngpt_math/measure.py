"""What is read off a model's weights: lengths of their vectors, condition numbers, scales."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ngpt_math.config import ModelConfig
from ngpt_math.layers import Scale

Floats = NDArray[np.float32]


def matrices(model: nn.Module) -> Iterator[tuple[str, Tensor, int]]:
    """Every weight matrix by the paper's names, with the axis along which its vectors lie.

    "embed" E_in, "unembed" E_out [V, d]; "layerN.q", "k", "v" [H·d_k, d], "o" [d, H·d_k];
    "layerN.u", "nu" [d_mlp, d], "mlp_out" [d, d_mlp]. Axis 1: the rows are the vectors of the
    model's space. Both kinds of model have the same names and shapes.
    """
    config: ModelConfig = model.config  # type: ignore[assignment]
    weights = {name: p.detach() for name, p in model.named_parameters()}
    yield "embed", weights["embed.weight"], 1
    kv = (config.kv_heads or config.heads) * config.d_head
    rows = (config.heads * config.d_head, kv, kv)
    for layer in range(config.layers):
        at = f"blocks.{layer}"
        qkv = weights[f"{at}.attention.qkv.weight"].split(rows)
        for name, part in zip("qkv", qkv, strict=True):
            yield f"layer{layer}.{name}", part, 1
        yield f"layer{layer}.o", weights[f"{at}.attention.out.weight"], 0
        u, nu = weights[f"{at}.mlp.hidden_gate.weight"].chunk(2)
        yield f"layer{layer}.u", u, 1
        yield f"layer{layer}.nu", nu, 1
        yield f"layer{layer}.mlp_out", weights[f"{at}.mlp.out.weight"], 0
    yield "unembed", weights["unembed.weight"], 1


def condition_number(matrix: Tensor) -> float:
    """Largest over smallest singular value, in double precision; infinite if the rank is short.

    On the CPU, whose singular values of a few hundred rows come sooner than a GPU's.
    """
    return float(torch.linalg.cond(matrix.cpu().double()))


def head_condition_numbers(matrix: Tensor, d_head: int) -> Floats:
    """The condition number of each head's part [d_k, d] of W_q, W_k or W_v: [H]."""
    heads = matrix.split(d_head)
    return np.array([condition_number(head) for head in heads], dtype=np.float32)


def norms(model: nn.Module) -> dict[str, Floats]:
    """Length of every weight vector, "norm.NAME" [vectors]."""
    return {
        f"norm.{name}": torch.linalg.vector_norm(w.double(), dim=axis).float().cpu().numpy()
        for name, w, axis in matrices(model)
    }


def conditions(model: nn.Module) -> dict[str, Floats]:
    """Condition numbers: "cond.NAME" [1] of a matrix, [H] of the heads of W_q, W_k and W_v."""
    d_head = model.config.d_head  # type: ignore[union-attr]
    found = {}
    for name, weight, _ in matrices(model):
        by_head = name.endswith((".q", ".k", ".v"))
        size = d_head if by_head else len(weight)
        found[f"cond.{name}"] = head_condition_numbers(weight, size)  # type: ignore[arg-type]
    return found


def query_conditions(model: nn.Module) -> dict[str, Floats]:
    """Condition numbers of the heads of each W_q alone, "cond.layerN.q" [H]."""
    d_head = model.config.d_head  # type: ignore[union-attr]
    return {
        f"cond.{name}": head_condition_numbers(weight, d_head)  # type: ignore[arg-type]
        for name, weight, _ in matrices(model)
        if name.endswith(".q")
    }


def scales(model: nn.Module) -> dict[str, Floats]:
    """The effective value of every learnable scale, "scale.NAME"."""
    return {
        f"scale.{name}": module.effective().detach().cpu().numpy().copy()
        for name, module in model.named_modules()
        if isinstance(module, Scale)
    }


def weights(model: nn.Module) -> dict[str, Floats]:
    """A copy of every parameter, "weight.PARAMETER"."""
    return {f"weight.{n}": p.detach().cpu().numpy().copy() for n, p in model.named_parameters()}


def first_query(model: nn.Module) -> dict[str, Floats]:
    """W_q of the first head of the first layer, "first_query" [d_k, d]: one matrix over time."""
    query = next(w for name, w, _ in matrices(model) if name == "layer0.q")
    d_head = model.config.d_head  # type: ignore[union-attr]
    return {"first_query": query[:d_head].cpu().numpy().copy()}
