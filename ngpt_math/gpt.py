"""The traditional transformer of the same shapes, as good as we know how to make it.

RMSNorm before each block and at the end, SwiGLU, rotary embedding, grouped-query attention if
asked for, untied embeddings, no biases. The kind "gpt-qknorm" also normalizes queries and keys.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math.config import ModelConfig
from ngpt_math.layers import RMSNorm, Rotary, Trace, attend, attention_pattern, note


class Attention(nn.Module):
    """Causal attention; its own norm of queries and keys if the kind asks for it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.d_head = config.heads, config.d_head
        self.kv_heads = config.kv_heads or config.heads
        rows = (self.heads + 2 * self.kv_heads) * self.d_head
        self.qkv = nn.Linear(config.d_model, rows, bias=False)
        self.out = nn.Linear(self.heads * self.d_head, config.d_model, bias=False)
        qk_norm = config.kind == "gpt-qknorm"
        self.q_norm = RMSNorm(self.d_head) if qk_norm else None
        self.k_norm = RMSNorm(self.d_head) if qk_norm else None

    def forward(self, x: Tensor, rotary: Rotary, trace: Trace | None, at: str) -> Tensor:
        """x [B, T, d], normalized, to [B, T, d]."""
        heads, kv_heads = self.heads, self.kv_heads
        qkv = self.qkv(x).unflatten(-1, (heads + 2 * kv_heads, self.d_head))
        qk, v = qkv.split((heads + kv_heads, kv_heads), dim=-2)
        q, k = rotary(self.normalize_qk(qk)).split((heads, kv_heads), dim=-2)
        scale = self.d_head**-0.5
        mixed = attend(q, k, v, scale)
        if trace is not None:
            note(trace, at, q=q, k=k, v=v, pattern=attention_pattern(q, k, scale), mixed=mixed)
            note(trace, at, q_raw=qk[..., :heads, :], k_raw=qk[..., heads:, :])
        return self.out(mixed)

    def normalize_qk(self, qk: Tensor) -> Tensor:
        """RMS-normalized queries and keys, or the same ones."""
        if self.q_norm is None or self.k_norm is None:
            return qk
        q, k = qk.split((self.heads, self.kv_heads), dim=-2)
        return torch.cat((self.q_norm(q), self.k_norm(k)), dim=-2)


class MLP(nn.Module):
    """SwiGLU of the same width as the nGPT's."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hidden_gate = nn.Linear(config.d_model, 2 * config.d_mlp, bias=False)
        self.out = nn.Linear(config.d_mlp, config.d_model, bias=False)

    def forward(self, x: Tensor, trace: Trace | None, at: str) -> Tensor:
        """x [B, T, d], normalized, to [B, T, d]."""
        u, nu = self.hidden_gate(x).chunk(2, dim=-1)
        activation = u * F.silu(nu)
        note(trace, at, u=u, nu=nu, activation=activation)
        return self.out(activation)


class Block(nn.Module):
    """One layer: h ← h + f(norm(h)), twice (eq. 4, 5 of the nGPT paper)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.d_model)
        self.attention = Attention(config)
        self.mlp_norm = RMSNorm(config.d_model)
        self.mlp = MLP(config)

    def forward(self, h: Tensor, rotary: Rotary, trace: Trace | None, at: str) -> Tensor:
        """h [B, T, d] to the same after both steps."""
        f_attention = self.attention(self.attention_norm(h), rotary, trace, at)
        mid = h + f_attention
        f_mlp = self.mlp(self.mlp_norm(mid), trace, at)
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

    def forward(self, tokens: Tensor, trace: Trace | None = None) -> Tensor:
        """Logits [B, T, V] from tokens [B, T]."""
        h = self.embed(tokens)
        for layer, block in enumerate(self.blocks):
            h = block(h, self.rotary, trace, f"layer{layer}")
        return self.unembed(self.norm(h))
