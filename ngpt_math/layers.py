"""The parts both transformers are built from. Equation numbers are those of the nGPT paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math import sphere
from ngpt_math.fused import linear, rotate, unit

# Intermediate results by name, filled only when somebody asks: `model(tokens, trace={})`.
Trace = dict[str, Tensor]


def note(trace: Trace | None, prefix: str, **tensors: Tensor) -> None:
    """Keep `tensors` as `prefix.name` if there is a trace to keep them in; each name once."""
    if trace is not None:
        found = {f"{prefix}.{name}": t.detach() for name, t in tensors.items()}
        assert not trace.keys() & found.keys()
        trace.update(found)


class NormLinear(nn.Module):
    """A linear map without bias whose weight vectors lie on the unit sphere.

    The weight is projected by `normalize_`, once at the start and after each optimizer step.

    Args:
        dim_in, dim_out: lengths of the vectors that go in and come out.
        norm_dim_in: True: the rows, which meet the input, have length 1, so the outputs for a unit
            input are cosines. False: the columns have, for maps that write into the model's space
            (W_o, W_oMLP).
        norm_eps: half width of the shell in which a weight vector keeps its length; 0 in the paper.
        groups: each weight vector is cut into this many parts of length 1 each; the output is
            divided by it: a mean of cosines if the parts of the input have length 1 as well, and at
            most 1/√groups in size for an input that has length 1 as a whole. 1 in the paper.
        parametrize: normalize the weight whenever it is read, and let its gradient through, instead
            of projecting it after each step. False in the paper. The stored weight then drifts.
    """

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        norm_dim_in: bool = True,
        norm_eps: float = 0.0,
        groups: int = 1,
        parametrize: bool = False,
    ) -> None:
        super().__init__()
        self.norm_axis = 1 if norm_dim_in else 0
        self.parametrize = parametrize
        self.norm_eps = norm_eps
        self.groups = groups
        self.weight = nn.Parameter(torch.randn(dim_out, dim_in))
        self.normalize_()

    @torch.no_grad()
    def normalize_(self) -> None:
        """Put the weight vectors back on the sphere, in place."""
        if self.norm_eps == 0 and self.groups == 1:
            self.weight.mul_(inverse_lengths(self.weight, self.norm_axis))
            return
        self.weight.copy_(self.projected())

    def projected(self) -> Tensor:
        """The weight with its vectors on the sphere."""
        weight: Tensor = sphere.normalize(self.weight, self.norm_axis, self.norm_eps, self.groups)
        return weight

    def extra_repr(self) -> str:
        """Shape and rule, for whoever prints the model."""
        rows, columns = self.weight.shape
        when = "when read" if self.parametrize else "after each step"
        parts = f", {self.groups} groups" if self.groups > 1 else ""
        shell = f", within {self.norm_eps:g}" if self.norm_eps else ""
        vectors = "rows" if self.norm_axis == 1 else "columns"
        return f"{columns} -> {rows}, {vectors} of length 1{shell}{parts}, {when}"

    def effective(self) -> Tensor:
        """The weight the forward pass uses."""
        return self.projected() if self.parametrize else self.weight

    def folded(self, row_scale: Tensor | None = None) -> Tensor:
        """The weight with what multiplies the outputs in its rows; `row_scale` is [dim_out].

        This is the same function as multiplying the outputs, and cheaper whenever a batch has more
        tokens than the input has dimensions.
        """
        weight = self.effective()
        if row_scale is not None:
            weight = weight * row_scale[:, None]
        return weight if self.groups == 1 else weight / self.groups

    def forward(self, x: Tensor, row_scale: Tensor | None = None) -> Tensor:
        """x [..., dim_in] to [..., dim_out]; `row_scale` [dim_out] multiplies the outputs."""
        return linear(x, self.folded(row_scale))[0]

    def parts(
        self,
        x: Tensor,
        sizes: tuple[int, ...],
        row_scale: Tensor | None = None,
        d_head: int | None = None,
    ) -> tuple[Tensor, ...]:
        """As `forward`, the outputs cut into parts of `sizes`, and these into heads of `d_head`."""
        return linear(x, self.folded(row_scale), sizes, d_head)


def inverse_lengths(weight: Tensor, axis: int) -> Tensor:
    """1/‖w‖ of a matrix's vectors along `axis`, which stays with length 1."""
    wide = torch.promote_types(weight.dtype, torch.float32)
    if axis == 1:  # each way is the faster one on its axis
        lengths = torch.linalg.vector_norm(weight, dim=1, keepdim=True, dtype=wide)
        return lengths.clamp_min_(sphere.SMALLEST_NORM).reciprocal_()
    squared = weight.to(wide).square().sum(axis, keepdim=True)
    return squared.clamp_min_(sphere.SMALLEST_NORM**2).rsqrt_()


class Scale(nn.Module):
    """A learnable scale with its own relative learning rate (section 2.5).

    `stored` is the parameter, filled with `scale` at the start; `effective()` is what the forward
    pass uses, stored · init/scale, so it starts at `init`. A step of Adam moves the effective value
    by about lr · init/scale. In the models: s_qk, s_hidden (s_u), s_gate (s_ν), s_logit (s_z), and
    alpha_attention, alpha_mlp (α_A, α_M).
    """

    def __init__(self, size: int, init: float = 1.0, scale: float = 1.0) -> None:
        super().__init__()
        self.ratio = init / scale
        self.stored = nn.Parameter(torch.full((size,), scale))

    def extra_repr(self) -> str:
        """Both values, for whoever prints the model."""
        stored, effective = (float(v.detach().mean()) for v in (self.stored, self.effective()))
        return f"{len(self.stored)}, stored mean {stored:.4g}, effective mean {effective:.4g}"

    def effective(self) -> Tensor:
        """The value the forward pass uses."""
        return self.stored if self.ratio == 1 else self.stored * self.ratio


class RMSNorm(nn.Module):
    """x/√(mean(x²) + ε) with a learnable gain, the baseline's norm, in two parts.

    A linear map that follows can take the gain into its columns (`gain_of_unit`), which is the same
    function and cheaper whenever a batch has more tokens than the map has outputs.
    """

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = dim * eps
        self.root = dim**0.5
        self.gain = nn.Parameter(torch.ones(dim))

    def gain_of_unit(self) -> Tensor:
        """What the direction is multiplied by [dim]: gain·√dim."""
        return self.gain * self.root

    def forward(self, x: Tensor) -> Tensor:
        """x [..., dim], normalized along the last axis."""
        return unit(x, self.eps, self.gain_of_unit())

    def into(
        self,
        weight: Tensor,
        x: Tensor,
        sizes: tuple[int, ...] | None = None,
        d_head: int | None = None,
    ) -> tuple[Tensor, ...]:
        """norm(x) @ weightᵀ in parts of `sizes`, and these in heads of `d_head`.

        The gain is multiplied into the weight's columns.
        """
        return linear(unit(x, self.eps), weight * self.gain_of_unit(), sizes, d_head)


class Rotary(nn.Module):
    """Rotary position embedding: position p turns dimensions i and i + d_k/2 by p·base^(−2i/d_k).

    It keeps lengths, and the product of a rotated q and k depends only on the distance of their
    positions. The table grows when needed.
    """

    def __init__(self, d_head: int, base: float, context: int) -> None:
        super().__init__()
        half = d_head // 2
        self.register_buffer("frequency", base ** (-torch.arange(half) / half), persistent=False)
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", torch.empty(0), persistent=False)
        self.register_buffer("sin", torch.empty(0), persistent=False)
        self.grow(context)

    def grow(self, length: int) -> None:
        """Tabulate the positions 0 … length − 1."""
        position = torch.arange(length, device=self.frequency.device)  # type: ignore[arg-type]
        turn = torch.outer(position, self.frequency)  # type: ignore[arg-type]
        self.cos = torch.cat((turn.cos(), turn.cos()), dim=-1)[:, None]
        self.sin = turn.sin()[:, None]

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """x [..., T, H, d_k] with each head turned by its position, the first one `start`."""
        return rotate(x, *self.window(start, x.shape[-3]))

    def window(self, start: int, length: int) -> tuple[Tensor, Tensor]:
        """cos [length, 1, d_k] and sin [length, 1, d_k/2] of positions from `start` on."""
        end = start + length
        if end > self.cos.shape[0]:
            self.grow(2 * end)
        return self.cos[start:end], self.sin[start:end]


def normalize_heads(x: Tensor, norm_eps: float = 0.0, groups: int = 1) -> Tensor:
    """Norm of each query or key, x [..., d_k] (eq. 15, 16); see `sphere.normalize`.

    A group is made of whole rotary pairs (i, i + d_k/2), so that the rotation keeps its length.
    """
    if norm_eps == 0 and groups == 1:
        return unit(x)
    by_group = x.unflatten(-1, (2, groups, -1)).transpose(-3, -2)
    normal: Tensor = sphere.normalize(by_group.flatten(-3), -1, norm_eps, groups)
    return normal.view(by_group.shape).transpose(-3, -2).flatten(-3)


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    """Causal attention, softmax(scale·q·kᵀ)·v (eq. 13). The queries are of the last of the tokens.

    q [B, T, H, d_k]; k, v [B, T_all, H_kv, d_k] with H_kv dividing H. Gives [B, T, H·d_k].
    """
    new, seen = q.shape[1], k.shape[1]
    mask = None
    if 1 < new < seen:
        mask = torch.ones(new, seen, dtype=torch.bool, device=q.device).tril(seen - new)
    y = F.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=mask,
        is_causal=bool(new == seen), scale=scale, enable_gqa=q.shape[2] != k.shape[2],
    )  # fmt: skip
    return y.transpose(1, 2).flatten(2)


def attention_pattern(q: Tensor, k: Tensor, scale: float) -> Tensor:
    """The weights `attend` gives to the values, [B, H, T, T]; for recordings, not for training."""
    k = k.repeat_interleave(q.shape[2] // k.shape[2], dim=2)
    logits = scale * q.transpose(1, 2) @ k.permute(0, 2, 3, 1)
    mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=q.device).tril()
    return logits.masked_fill(~mask, -torch.inf).softmax(-1)
