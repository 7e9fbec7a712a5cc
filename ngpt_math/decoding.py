"""A model folded for reading one token at a time.

With one token there is little arithmetic and much bookkeeping. So whatever does not depend on the
token is done once: scales and gains are multiplied into the weights' rows and columns, and a layer
becomes a few tensors. The function is the model's but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ngpt_math import gpt, ngpt
from ngpt_math.cache import Cache, LayerCache
from ngpt_math.checkpoint import Model
from ngpt_math.fused import inverse_length
from ngpt_math.layers import Rotary, attend
from ngpt_math.ngpt_variants import VariantNGPT


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, folded.

    Attributes:
        qkv: [(H + 2·H_kv)·d_k, d]. out: [d, H·d_k]. hidden_gate: [2·d_MLP, d]. mlp_out: [d, d_MLP].
        qk_scale: [H + H_kv, d_k], multiplies queries and keys; None is 1.
        alpha_attention, alpha_mlp: [d], the step sizes; None in the baseline, which adds.
    """

    qkv: Tensor
    out: Tensor
    hidden_gate: Tensor
    mlp_out: Tensor
    qk_scale: Tensor | None
    alpha_attention: Tensor | None
    alpha_mlp: Tensor | None


@dataclass(frozen=True, slots=True)
class Decoder:
    """A folded model; call it with one token of each text and the cache of those before.

    Attributes:
        heads: those of the queries, of the keys, of the values.
        qk_norm: normalize queries and keys, with `qk_eps` added to their squared length.
        norm_eps: of the baseline's norms before each block; None for an nGPT, which has none there.
        scale: of the attention's products.
    """

    embed: Tensor
    unembed: Tensor
    layers: tuple[Layer, ...]
    rotary: Rotary
    heads: tuple[int, int, int]
    qk_norm: bool
    qk_eps: float
    norm_eps: float | None
    scale: float

    def __call__(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Logits [B, V] of what follows on tokens [B]."""
        h = F.embedding(tokens, self.embed)
        turn = quarter_turns(self.rotary, cache[0].length)
        for layer, past in zip(self.layers, cache, strict=True):
            h = self.update(h, self.attention(h, layer, turn, past), layer.alpha_attention)
            h = self.update(h, self.mlp(h, layer), layer.alpha_mlp)
        return F.linear(self.before(h), self.unembed)

    def attention(
        self, h: Tensor, layer: Layer, turn: tuple[Tensor, Tensor], past: LayerCache
    ) -> Tensor:
        """The attention block's output for h [B, d]."""
        q_heads, k_heads, v_heads = self.heads
        qkv = F.linear(self.before(h), layer.qkv).view(len(h), 1, sum(self.heads), -1)
        qk, v = qkv.split((q_heads + k_heads, v_heads), 2)
        cos, sin = turn
        qk = torch.addcmul(qk * cos, qk.roll(qk.shape[-1] // 2, -1), sin)
        if self.qk_norm:
            qk = qk * inverse_length(qk, self.qk_eps)
        if layer.qk_scale is not None:
            qk = qk * layer.qk_scale
        q, k = qk.split((q_heads, k_heads), 2)
        k, v = past.extend(k, v)
        return F.linear(attend(q, k, v, self.scale)[:, 0], layer.out)

    def mlp(self, h: Tensor, layer: Layer) -> Tensor:
        """The MLP's output for h [B, d]."""
        u, nu = F.linear(self.before(h), layer.hidden_gate).chunk(2, -1)
        return F.linear(u * F.silu(nu), layer.mlp_out)

    def before(self, h: Tensor) -> Tensor:
        """What a block reads: the state, in the baseline its direction (the gain is folded)."""
        return h if self.norm_eps is None else h * inverse_length(h, self.norm_eps)

    def update(self, h: Tensor, x: Tensor, alpha: Tensor | None) -> Tensor:
        """The state after a block: eq. 10 and 11, or the baseline's sum."""
        if alpha is None:
            return h + x
        moved = torch.lerp(h, x * inverse_length(x), alpha)
        return moved * inverse_length(moved)


def quarter_turns(rotary: Rotary, position: int) -> tuple[Tensor, Tensor]:
    """cos and ±sin [d_k] at a position: (a, b) turns to cos·(a, b) + (−sin, sin)·(b, a)."""
    cos, sin = rotary.window(position, 1)
    return cos[0, 0], torch.cat((-sin, sin), -1)[0, 0]


def folded(model: Model) -> Decoder | None:
    """The model folded, or None for one of the variants that are not (shells, groups, others')."""
    if isinstance(model, gpt.GPT):
        return folded_gpt(model)
    config = model.config
    if isinstance(model, VariantNGPT) or config.norm_eps > 0 or config.groups > 1:
        return None
    return folded_ngpt(model)


@torch.no_grad()
def folded_ngpt(model: ngpt.NGPT) -> Decoder:
    """An nGPT of the paper's function, folded."""
    config = model.config
    return Decoder(
        embed=model.embed.effective(),
        unembed=model.unembed.folded(model.s_logit.effective()),
        layers=tuple(ngpt_layer(b) for b in model.blocks if isinstance(b, ngpt.Block)),
        rotary=model.rotary,
        heads=(config.heads,) * 3,
        qk_norm=config.qk_norm,
        qk_eps=0.0,
        norm_eps=None,
        scale=config.d_head**0.5,
    )


def ngpt_layer(block: ngpt.Block) -> Layer:
    """A block of an nGPT, folded."""
    s_qk = block.attention.s_qk.effective().view(block.attention.config.heads, -1)
    twice = s_qk.square()  # of the query alone, as in `ngpt`, whose cache this one shares
    return Layer(
        qkv=block.attention.qkv.folded(),
        out=block.attention.out.folded(),
        hidden_gate=block.mlp.hidden_gate.folded(block.mlp.row_scale()),
        mlp_out=block.mlp.out.folded(),
        qk_scale=torch.cat((twice, torch.ones_like(twice))),
        alpha_attention=block.alpha_attention.effective().abs(),
        alpha_mlp=block.alpha_mlp.effective().abs(),
    )


@torch.no_grad()
def folded_gpt(model: gpt.GPT) -> Decoder:
    """The baseline, folded."""
    config = model.config
    kv_heads = config.kv_heads or config.heads
    blocks = [block for block in model.blocks if isinstance(block, gpt.Block)]
    q_norm = blocks[0].attention.q_norm
    return Decoder(
        embed=model.embed.weight,
        unembed=model.unembed.weight * model.norm.gain_of_unit(),
        layers=tuple(gpt_layer(block) for block in blocks),
        rotary=model.rotary,
        heads=(config.heads, kv_heads, kv_heads),
        qk_norm=q_norm is not None,
        qk_eps=0.0 if q_norm is None else q_norm.eps,
        norm_eps=model.norm.eps,
        scale=config.d_head**-0.5,
    )


def gpt_layer(block: gpt.Block) -> Layer:
    """A block of the baseline, folded: each norm's gain goes into the columns of what reads it."""
    attention, mlp = block.attention, block.mlp
    return Layer(
        qkv=attention.qkv.weight * block.attention_norm.gain_of_unit(),
        out=attention.out.weight,
        hidden_gate=mlp.hidden_gate.weight * block.mlp_norm.gain_of_unit(),
        mlp_out=mlp.out.weight,
        qk_scale=head_gains(attention),
        alpha_attention=None,
        alpha_mlp=None,
    )


def head_gains(attention: gpt.Attention) -> Tensor | None:
    """The gains of the norms of queries and keys [H + H_kv, d_k], if there are such norms."""
    if attention.q_norm is None or attention.k_norm is None:
        return None
    q_gain, k_gain = (n.gain_of_unit() for n in (attention.q_norm, attention.k_norm))
    return torch.cat((q_gain.expand(attention.heads, -1), k_gain.expand(attention.kv_heads, -1)))
