"""What every chapter's recorder needs: the shipped models, a prompt run through one, and arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ngpt_math.checkpoint import Model, checkpoint_path, load_model, remake
from ngpt_math.corpus import tokenizer
from ngpt_math.files import read_card
from ngpt_math.layers import Trace

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shipped:
    """A committed checkpoint: its model, and the asset's name and sha256."""

    model: Model
    name: str
    sha256: str


def shipped(preset: str, kind: str) -> Shipped:
    """Load a committed checkpoint."""
    path = checkpoint_path(preset, kind)
    model = load_model(path)
    return Shipped(model, path.name, read_card(path, remake(path))["sha256"])


def sources(models: Iterable[Shipped]) -> dict[str, str]:
    """The `sources` of a recording."""
    return {model.name: model.sha256 for model in models}


@torch.no_grad()
def trace_text(model: Model, text: str) -> Trace:
    """Run a text through a model and give every intermediate result, each [1, T, ...]."""
    tokens = tokenizer(model.config.tokenizer).encode(text)
    return trace_tokens(model, torch.from_numpy(tokens.astype(np.int64))[None])


@torch.no_grad()
def trace_tokens(model: Model, tokens: Tensor) -> Trace:
    """Run tokens [B, T] through a model; adds "logits" to the trace."""
    trace: Trace = {}
    trace["logits"] = model(tokens, trace)
    return trace


def floats(values: object) -> Floats:
    """Tensors, arrays, numbers and lists of them as one float32 array."""
    if isinstance(values, Tensor):
        values = values.detach().numpy()
    return np.asarray(values, dtype=np.float32)
