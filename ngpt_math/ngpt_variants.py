"""Other people's nGPTs: the parameters of `ngpt.NGPT` under the forward pass of their code.

`ModelConfig` says which of their choices are made (`fidelity` by name), and each is one line here.
Nothing is folded or fused: this file is for agreement with theirs, `ngpt` for the paper and for
speed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ngpt_math.cache import Cache, LayerCache
from ngpt_math.config import ModelConfig
from ngpt_math.layers import (
    Rotary,
    Scale,
    Trace,
    attend,
    attention_pattern,
    normalize_heads,
    note,
    unit,
)
from ngpt_math.ngpt import MLP, NGPT, Attention, Block


class VariantNGPT(NGPT):
    """An nGPT that computes what somebody else's does."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if config.rope == "nvidia":
            self.rotary = NvidiaTable(config.d_head, config.rope_base, config.context)

    def forward(
        self, tokens: Tensor, trace: Trace | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Logits [B, T, V] from tokens [B, T], which follow on those of a cache."""
        h = F.embedding(tokens, self.embed.effective())
        other_lengths = self.config.groups > 1 or self.config.norm_eps > 0
        if self.config.unit_embedding and other_lengths:
            h = unit(h)
        first_values = None
        for layer, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            at = f"layer{layer}"
            past = None if cache is None else cache[layer]
            h, values = attention_step(block, h, self.rotary, first_values, trace, at, past)
            h = mlp_step(block, h, self.config, trace, at)
            if first_values is None and self.config.value_residual:
                first_values = values
        logits: Tensor = self.unembed(h) * self.s_logit.effective()
        return logits


def attention_step(
    block: Block,
    h: Tensor,
    rotary: Rotary,
    first: Tensor | None,
    trace: Trace | None,
    at: str,
    past: LayerCache | None,
) -> tuple[Tensor, Tensor]:
    """h [B, T, d] after the attention block's update, and the block's values [B, T, H, d_k]."""
    mixed, values = mix(block.attention, h, rotary, first, trace, at, past)
    suggestion = unit(block.attention.out(mixed))
    end = step(h, suggestion, block.alpha_attention, block.attention.config)
    note(trace, at, h_in=h, h_attention=suggestion, h_mid=end)
    return end, values


def mix(
    part: Attention,
    h: Tensor,
    rotary: Rotary,
    first: Tensor | None,
    trace: Trace | None,
    at: str,
    past: LayerCache | None,
) -> tuple[Tensor, Tensor]:
    """What the heads gather, [B, T, H·d_k], and the values [B, T, H, d_k]."""
    config = part.config
    heads, scale = config.heads, config.d_head**0.5
    raw = part.qkv(h).unflatten(-1, (3 * heads, config.d_head))
    qk, values = raw.split((2 * heads, heads), dim=-2)
    mean = values if first is None else 0.5 * (values + first)
    turned = rotary(qk, 0 if past is None else past.length)
    if config.qk_norm:
        turned = normalize_heads(turned, config.norm_eps, config.groups)
    q, k = turned.chunk(2, dim=-2)
    s_qk = part.s_qk.effective().view(heads, config.d_head).to(q.dtype)
    q, k = q * s_qk, k * s_qk if config.s_qk_on_keys else k
    if past is not None:
        k, mean = past.extend(k, mean)
    mixed = attend(q, k, mean, scale)
    if trace is not None:
        note(trace, at, q=q, k=k, v=mean, pattern=attention_pattern(q, k, scale), mixed=mixed)
        note(trace, at, q_raw=qk[..., :heads, :], k_raw=qk[..., heads:, :])
    return mixed, values


def mlp_step(block: Block, h: Tensor, config: ModelConfig, trace: Trace | None, at: str) -> Tensor:
    """h [B, T, d] after the MLP's update."""
    suggestion = unit(suggest(block.mlp, h, config, trace, at))
    end = step(h, suggestion, block.alpha_mlp, config)
    note(trace, at, h_mlp=suggestion, h_out=end)
    return end


def suggest(part: MLP, h: Tensor, config: ModelConfig, trace: Trace | None, at: str) -> Tensor:
    """The MLP's output, before it is normalized."""
    u, nu = part.hidden_gate(h).chunk(2, dim=-1)
    u = u * part.s_hidden.effective() * (part.root if config.root_on_hidden else 1.0)
    nu = nu * part.s_gate.effective() * part.root
    activation = u * F.silu(nu)
    note(trace, at, u=u, nu=nu, activation=activation)
    suggestion: Tensor = part.out(activation)
    return suggestion


def step(h: Tensor, suggestion: Tensor, alpha: Scale, config: ModelConfig) -> Tensor:
    """h ← Norm(h + α·(h' − h))."""
    rate = alpha.effective().abs() if config.alpha_abs else alpha.effective()
    if config.renormalize:
        h = unit(h)
    return unit(h + rate.to(h.dtype) * (suggestion.to(h.dtype) - h))


class NvidiaTable(Rotary):
    """What the public NVIDIA/ngpt does with positions, in place of a rotation. For their function.

    It is not a rotary embedding, and no new model should be trained with it (NVIDIA/ngpt issue 10):
    the table's sines and cosines, which alternate, are cut into halves as if all sines came first,
    and of the rotation a·cos − b·sin, b·cos + a·sin only one term each is left. Lengths are not
    kept (×0.65 to ×0.78 at d_k 32), half of the pairs are zero at position 0, and the product of q
    and k depends on both positions.
    """

    def grow(self, length: int) -> None:
        """Tabulate the positions 0 … length − 1."""
        position = torch.arange(length, device=self.frequency.device)  # type: ignore[arg-type]
        turn = torch.outer(position, self.frequency)  # type: ignore[arg-type]
        sines, cosines = torch.stack((turn.sin(), turn.cos()), dim=-1).flatten(1).chunk(2, dim=-1)
        self.cos, self.sin = cosines[:, None], sines[:, None]

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """x [..., T, H, d_k], the first at position `start`; pairs are halves, as in `Rotary`."""
        end = start + x.shape[-3]
        if end > self.cos.shape[0]:
            self.grow(2 * end)
        cos, sin = self.cos[start:end].to(x.dtype), self.sin[start:end].to(x.dtype)
        a, b = x.chunk(2, dim=-1)
        return torch.cat((-b * cos, a * sin), dim=-1)
