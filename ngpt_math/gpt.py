"""The traditional transformer of the same shapes, as good as we know how to make it.

RMSNorm before each block and at the end, SwiGLU, rotary embedding, grouped-query attention if
asked for, untied embeddings, no biases. The kind "gpt-qknorm" also normalizes queries and keys.
Equation numbers are those of the nGPT paper, which writes the traditional transformer down too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math.cache import Cache, LayerCache
from ngpt_math.config import ModelConfig
from ngpt_math.fused import linear
from ngpt_math.layers import RMSNorm, Rotary, Trace, attend, attention_pattern, note


class Attention(nn.Module):
    """Causal attention (eq. 12–14); its own norm of queries and keys if the kind asks for it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.d_head = config.heads, config.d_head
        self.kv_heads = config.kv_heads or config.heads
        self.sizes = tuple(n * self.d_head for n in (self.heads, self.kv_heads, self.kv_heads))
        self.qkv = nn.Linear(config.d_model, sum(self.sizes), bias=False)
        self.out = nn.Linear(self.heads * self.d_head, config.d_model, bias=False)
        qk_norm = config.kind == "gpt-qknorm"
        self.q_norm = RMSNorm(self.d_head) if qk_norm else None
        self.k_norm = RMSNorm(self.d_head) if qk_norm else None

    def forward(
        self,
        h: Tensor,
        norm: RMSNorm,
        rotary: Rotary,
        trace: Trace | None,
        at: str,
        past: LayerCache | None = None,
    ) -> Tensor:
        """h [B, T, d] to [B, T, d]."""
        start = 0 if past is None else past.length
        q_raw, k_raw, v = norm.into(self.qkv.weight, h, self.sizes, self.d_head)
        q, k = q_raw, k_raw
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k = rotary(q, start), rotary(k, start)
        if past is not None:
            k, v = past.extend(k, v)
        scale = self.d_head**-0.5
        mixed = attend(q, k, v, scale)
        if trace is not None:
            note(trace, at, q=q, k=k, v=v, pattern=attention_pattern(q, k, scale), mixed=mixed)
            note(trace, at, q_raw=q_raw, k_raw=k_raw)
        return linear(mixed, self.out.weight)[0]


class MLP(nn.Module):
    """SwiGLU of the same width as the nGPT's (eq. 17–19)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes = (config.d_mlp, config.d_mlp)
        self.hidden_gate = nn.Linear(config.d_model, sum(self.sizes), bias=False)
        self.out = nn.Linear(config.d_mlp, config.d_model, bias=False)

    def forward(self, h: Tensor, norm: RMSNorm, trace: Trace | None, at: str) -> Tensor:
        """h [B, T, d] to [B, T, d]."""
        u, nu = norm.into(self.hidden_gate.weight, h, self.sizes)
        activation = u * F.silu(nu)
        note(trace, at, u=u, nu=nu, activation=activation)
        return linear(activation, self.out.weight)[0]


class Block(nn.Module):
    """One layer: h ← h + f(norm(h)), twice (eq. 4, 5)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.d_model)
        self.attention = Attention(config)
        self.mlp_norm = RMSNorm(config.d_model)
        self.mlp = MLP(config)

    def forward(
        self,
        h: Tensor,
        rotary: Rotary,
        trace: Trace | None,
        at: str,
        past: LayerCache | None = None,
    ) -> Tensor:
        """h [B, T, d] to the same after both steps."""
        f_attention = self.attention(h, self.attention_norm, rotary, trace, at, past)
        mid = h + f_attention
        f_mlp = self.mlp(mid, self.mlp_norm, trace, at)
        end = mid + f_mlp
        note(trace, at, h_in=h, f_attention=f_attention, h_mid=mid, f_mlp=f_mlp, h_out=end)
        return end


class GPT(nn.Module):
    """The baseline."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab, config.d_model)
        self.rotary = Rotary(config.d_head, config.rope_base, config.context)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.d_model)
        self.unembed = nn.Linear(config.d_model, config.vocab, bias=False)
        self.initialize()

    @torch.no_grad()
    def initialize(self) -> None:
        """Normal weights; the maps into the residual stream smaller by √(2L), as in GPT-2."""
        std = self.config.init_std
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                shrink = (2 * self.config.layers) ** 0.5 if name.endswith("out.weight") else 1.0
                parameter.normal_(0.0, std / shrink)

    def forward(
        self, tokens: Tensor, trace: Trace | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Logits [B, T, V] from tokens [B, T], which follow on those of a cache."""
        h = self.embed(tokens)
        for layer, block in enumerate(self.blocks):
            past = None if cache is None else cache[layer]
            h = block(h, self.rotary, trace, f"layer{layer}", past)
        (logits,) = self.norm.into(self.unembed.weight, h)
        return logits
