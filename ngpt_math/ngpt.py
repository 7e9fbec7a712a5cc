"""The normalized transformer, nGPT (arXiv 2410.01131). Equation numbers are the paper's.

Every vector of the model's space has length 1: embeddings, hidden states, and the vectors of each
weight matrix that meet them. A layer's two blocks each suggest a point of the sphere, and the
hidden state moves some way towards it. The paper's names and the ones here:

    E_in     embed                E_out    unembed
    W_q, W_k, W_v   attention.qkv, one above the other            W_o      attention.out
    W_u, W_ν        mlp.hidden_gate, one above the other          W_oMLP   mlp.out
    α_A      alpha_attention      α_M      alpha_mlp
    s_qk     attention.s_qk       s_u      mlp.s_hidden           s_ν      mlp.s_gate
    s_z      s_logit

Two things are computed in another order than printed, with the same result: a scale of a linear
map's outputs multiplies the map's rows (s_u, s_ν·√d, s_z), and s_qk, which a product q·k carries
twice, multiplies the query twice and the key not at all. `fused` holds the steps that are computed
in one go.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math.cache import Cache, LayerCache
from ngpt_math.config import ModelConfig
from ngpt_math.fused import rotate, step, unit
from ngpt_math.layers import (
    NormLinear,
    Rotary,
    Scale,
    Trace,
    attend,
    attention_pattern,
    normalize_heads,
    note,
)


def linear_of(config: ModelConfig) -> partial[NormLinear]:
    """The model's kind of linear map, to be called with its two dimensions."""
    return partial(
        NormLinear,
        norm_eps=config.norm_eps,
        groups=config.groups,
        parametrize=config.parametrize,
    )


class Attention(nn.Module):
    """The attention block's suggestion, before it is normalized."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = config.heads * config.d_head
        linear = linear_of(config)
        self.config = config
        self.sizes = (inner, inner, inner)
        self.qkv = linear(config.d_model, sum(self.sizes))
        self.out = linear(inner, config.d_model, norm_dim_in=False)
        s_qk_scale = config.scale_or_default(config.s_qk_scale)
        self.s_qk = Scale(inner, config.s_qk_init, s_qk_scale)

    def forward(
        self,
        h: Tensor,
        rotary: Rotary,
        trace: Trace | None,
        at: str,
        past: LayerCache | None = None,
    ) -> Tensor:
        """h [B, T, d], unit vectors, to [B, T, d]."""
        d_head = self.config.d_head
        q, k, v = self.qkv.parts(h, self.sizes, d_head=d_head)  # eq. 12
        turn = rotary.window(0 if past is None else past.length, h.shape[-2])
        s_qk = self.s_qk.effective().view(-1, d_head)
        unit_q = self.turn_and_normalize(q, turn, s_qk.square())  # eq. 15 and 16, with both s_qk
        unit_k = self.turn_and_normalize(k, turn)
        if past is not None:
            unit_k, v = past.extend(unit_k, v)
        scale = d_head**0.5  # the products of unit vectors have variance 1/d_k
        mixed = attend(unit_q, unit_k, v, scale)  # eq. 13
        if trace is not None:
            pattern = attention_pattern(unit_q, unit_k, scale)
            as_printed = {"q": self.turn_and_normalize(q, turn, s_qk), "k": unit_k * s_qk}
            note(trace, at, **as_printed, v=v, pattern=pattern, mixed=mixed)
            note(trace, at, q_raw=q, k_raw=k)
        suggestion: Tensor = self.out(mixed)  # eq. 14
        return suggestion

    def turn_and_normalize(
        self, x: Tensor, turn: tuple[Tensor, Tensor], scale: Tensor | None = None
    ) -> Tensor:
        """Every head's query or key x [B, T, H, d_k]: its rotary turn, Norm, and a scale [H, d_k].

        The paper allows to leave Norm out.
        """
        config = self.config
        if config.qk_norm and config.norm_eps == 0 and config.groups == 1:
            return unit(x, scale=scale, turn=turn)
        turned = rotate(x, *turn)
        if config.qk_norm:
            turned = normalize_heads(turned, config.norm_eps, config.groups)
        return turned if scale is None else turned * scale


class MLP(nn.Module):
    """The MLP block's suggestion, before it is normalized."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d_model, d_mlp = config.d_model, config.d_mlp
        linear = linear_of(config)
        self.sizes = (d_mlp, d_mlp)
        self.hidden_gate = linear(d_model, sum(self.sizes))
        self.out = linear(d_mlp, d_model, norm_dim_in=False)
        self.s_hidden = Scale(d_mlp, config.s_hidden_init, config.s_hidden_scale)
        self.s_gate = Scale(d_mlp, config.s_gate_init, config.s_gate_scale)
        self.root = d_model**0.5

    def forward(self, h: Tensor, trace: Trace | None, at: str) -> Tensor:
        """h [B, T, d], unit vectors, to [B, T, d]."""
        u, nu = self.hidden_gate.parts(h, self.sizes, self.row_scale())  # eq. 17, 20, 21
        activation = u * F.silu(nu)  # eq. 18
        note(trace, at, u=u, nu=nu, activation=activation)
        suggestion: Tensor = self.out(activation)  # eq. 19
        return suggestion

    def row_scale(self) -> Tensor:
        """s_u and s_ν·√d, one above the other [2·d_MLP].

        √d keeps SiLU curved: without it the gate's argument, a cosine, is so small that SiLU is
        nearly a line (A.1).
        """
        return torch.cat((self.s_hidden.effective(), self.s_gate.effective() * self.root))


class Block(nn.Module):
    """One layer: two steps on the sphere, each towards a block's suggestion."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        alpha_scale = config.scale_or_default(config.alpha_scale)
        self.attention = Attention(config)
        self.alpha_attention = Scale(config.d_model, config.alpha_init, alpha_scale)
        self.mlp = MLP(config)
        self.alpha_mlp = Scale(config.d_model, config.alpha_init, alpha_scale)

    def forward(
        self,
        h: Tensor,
        rotary: Rotary,
        trace: Trace | None,
        at: str,
        past: LayerCache | None = None,
    ) -> Tensor:
        """h [B, T, d], unit vectors, to the same after both steps."""
        to_attention = self.attention(h, rotary, trace, at, past)
        mid = step(h, to_attention, self.alpha_attention.effective().abs())  # eq. 10
        to_mlp = self.mlp(mid, trace, at)
        end = step(mid, to_mlp, self.alpha_mlp.effective().abs())  # eq. 11
        if trace is not None:
            note(trace, at, h_in=h, h_attention=unit(to_attention), h_mid=mid)
            note(trace, at, h_mlp=unit(to_mlp), h_out=end)
        return end


class NGPT(nn.Module):
    """The normalized transformer.

    `normalize_weights` must follow each optimizer step; `training.make_optimizer` sees to it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        linear = linear_of(config)
        self.config = config
        self.embed = linear(config.d_model, config.vocab)
        self.rotary = Rotary(config.d_head, config.rope_base, config.context)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.unembed = linear(config.d_model, config.vocab)
        s_logit_scale = config.scale_or_default(config.s_logit_scale)
        self.s_logit = Scale(config.vocab, config.s_logit_init, s_logit_scale)
        self._projected = tuple(m for _, m in self.constrained() if not m.parametrize)

    def forward(
        self, tokens: Tensor, trace: Trace | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Logits [B, T, V] from tokens [B, T], which follow on those of a cache."""
        h = F.embedding(tokens, self.embed.effective())
        if self.config.groups > 1 or self.config.norm_eps > 0:
            h = unit(h)  # hidden states have length 1 exactly, whatever the weights may have
        for layer, block in enumerate(self.blocks):
            past = None if cache is None else cache[layer]
            h = block(h, self.rotary, trace, f"layer{layer}", past)
        logits: Tensor = self.unembed(h, row_scale=self.s_logit.effective())  # eq. 1, 3
        return logits

    def constrained(self) -> list[tuple[str, NormLinear]]:
        """Every module whose weight lives on the sphere, found in the model itself."""
        return [(n, m) for n, m in self.named_modules() if isinstance(m, NormLinear)]

    def normalize_weights(self) -> None:
        """Put every constrained weight back on the sphere (section 2.6).

        Parametrized weights are left to drift, as they do where they come from.
        """
        for module in self._projected:
            module.normalize_()
