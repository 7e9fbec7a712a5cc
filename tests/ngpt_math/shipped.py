"""The shipped recordings and models, as the tests look at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from ngpt_math import recordings
from ngpt_math.checkpoint import Model, checkpoint_path, load_model
from ngpt_math.corpus import tokenizer
from ngpt_math.layers import Trace
from ngpt_math.record.models import trace_tokens


def shown(chapter: str) -> Any:
    """The shipped recording of a chapter."""
    return recordings.load(recordings.CHAPTERS[chapter])


def shipped(preset: str, kind: str) -> Model:
    """A shipped model, in single precision as it is kept."""
    return load_model(checkpoint_path(preset, kind))


def trace_text(model: Model, text: str) -> Trace:
    """Run a text through a model that knows letters or bytes."""
    tokens = tokenizer(model.config.tokenizer).encode(text).astype(np.int64)
    return trace_tokens(model, torch.from_numpy(tokens)[None])


def as_text(pieces: Iterable[str]) -> str:
    """The text that recorded tokens make."""
    return "".join(pieces).replace("␣", " ")


def weight(model: Model, name: str) -> np.ndarray:
    """A parameter as an array."""
    return model.get_parameter(name).detach().double().numpy()


def queries(model: Model, layer: int) -> np.ndarray:
    """W_q of a layer."""
    rows = model.config.heads * model.config.d_head
    return weight(model, f"blocks.{layer}.attention.qkv.weight")[:rows]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
