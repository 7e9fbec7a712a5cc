"""Keys and values of the tokens seen so far, so that a next token costs one token's work.

They live here and not in the model: a model that generates is the model that was trained, and two
texts can be continued side by side with one of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ngpt_math.config import ModelConfig


@dataclass(slots=True)
class LayerCache:
    """One layer's keys and values [B, room, H_kv, d_k], turned and scaled; `length` are filled."""

    k: Tensor
    v: Tensor
    length: int = 0

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append those of new tokens [B, T, H_kv, d_k]; gives all there are [B, length, …]."""
        start, end = self.length, self.length + k.shape[1]
        self.k[:, start:end] = k
        self.v[:, start:end] = v
        self.length = end
        return self.k[:, :end], self.v[:, :end]


Cache = Sequence[LayerCache]


def empty_cache(
    config: ModelConfig, batch: int, room: int, like: Tensor | None = None
) -> list[LayerCache]:
    """A cache for `room` tokens of `batch` texts, on the device and in the precision of `like`."""
    like = torch.empty(0) if like is None else like
    heads = config.heads if config.normalized else config.kv_heads or config.heads
    shape = (batch, room, heads, config.d_head)
    return [LayerCache(like.new_zeros(shape), like.new_zeros(shape)) for _ in range(config.layers)]
