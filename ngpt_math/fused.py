"""The hot paths of both transformers, with their gradients written out.

Each function here does in one go what a chain of small operations would do, passes fewer times
over memory, and keeps for the gradient no more than it needs. tests/ngpt_math/test_fused.py holds
each to the plain chain it stands for. Lengths are taken in single precision at least.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from ngpt_math.sphere import SMALLEST_NORM

SMALLEST_SCALE = 1e-18  # a scale's part is divided out again in the gradient, so it is never zero


def inverse_length(x: Tensor, eps: float = 0.0) -> Tensor:
    """1/√(‖x‖² + eps) along the last axis, which stays with length 1; 0 for a zero vector."""
    return inverse_of(measured(x, eps), eps)


def measured(x: Tensor, eps: float = 0.0) -> Tensor:
    """What `inverse_of` makes the inverse length from, to be kept for the gradient.

    It is the inverse length itself; in compiled code ‖x‖², which is a sum and so has to be written
    down anyway, while whatever else is kept would cut one loop over the rows in two.
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    if torch.compiler.is_compiling():
        return x.to(wide).square().sum(-1, keepdim=True)
    inverse = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=wide)
    inverse = inverse.square_().add_(eps).rsqrt_() if eps else inverse.reciprocal_()
    return inverse.masked_fill_(inverse > 1 / SMALLEST_NORM, 0.0)


def inverse_of(kept: Tensor, eps: float = 0.0) -> Tensor:
    """1/√(‖x‖² + eps) from what `measured` gave, 0 for a zero vector."""
    if not torch.compiler.is_compiling():
        return kept
    return (kept + eps if eps else kept).rsqrt().masked_fill(kept < SMALLEST_NORM**2, 0.0)


def inverse_again(kept: Tensor, eps: float = 0.0) -> Tensor:
    """The same for the gradient, in other words, lest the compiler keeps the first result."""
    if not torch.compiler.is_compiling():
        return kept
    wanted = kept >= SMALLEST_NORM**2
    return wanted * (kept + eps).clamp_min(SMALLEST_NORM**2).sqrt().reciprocal()


def along(a: Tensor, b: Tensor) -> Tensor:
    """The inner product along the last axis, which stays with length 1."""
    wide = torch.promote_types(a.dtype, torch.float32)
    return (a * b).sum(-1, keepdim=True, dtype=wide)


def through_norm(g: Tensor, y: Tensor, inverse: Tensor) -> Tensor:
    """The gradient of x from g, the gradient of y = x·inverse_length(x): (g − y(y·g))·inverse.

    The part of g that touches the sphere, over the length of x. With eps > 0 the vectors y are
    shorter than 1 and the same line is still exact.
    """
    if on_plain_cpu(g, y):
        # The gradient of torch's weight normalization is this line in one pass instead of four.
        one = torch.ones_like(inverse).flatten()
        rows = (g.reshape(-1, g.shape[-1]).contiguous(), y.view(-1, y.shape[-1]))
        both = torch.ops.aten._weight_norm_interface_backward(*rows, inverse.view(-1, 1), one, 0)
        return both[0].view_as(y)
    return torch.addcmul(g, y, along(g, y), value=-1).mul(inverse)


def over_tokens(x: Tensor, like: Tensor) -> Tensor:
    """The sum of `x` over all axes in front of those of `like`, in the precision of `like`."""
    rows = x.flatten(0, x.ndim - like.ndim - 1)
    if torch.compiler.is_compiling() and x.is_cpu:
        # As a product it reads `x` once, in order; compiled sums go down one column after another.
        flat = rows.flatten(1).to(like.dtype)
        return (flat.new_ones(1, len(flat)) @ flat).view_as(like)
    return rows.sum(0, dtype=like.dtype)


class _Unit(Function):
    """y = x/√(‖x‖² + eps), x turned first if there is a turn."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float, cos: Tensor | None, sin: Tensor | None) -> Tensor:
        to_unit = x if cos is None or sin is None else turned(x, cos, sin, 1)
        length = measured(to_unit, eps)
        y = (to_unit * inverse_of(length, eps)).to(x.dtype)
        ctx.eps = eps
        ctx.save_for_backward(y, length, cos, sin)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        y, length, cos, sin = ctx.saved_tensors
        to_x = through_norm(gradients[0], y, inverse_again(length, ctx.eps)).to(y.dtype)
        return to_x if cos is None else turned(to_x, cos, sin, -1), None, None, None


class _ScaledUnit(Function):
    """y = s·x/√(‖x‖² + eps), x turned first if there is a turn.

    Only y is kept: the direction is y/s.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, eps: float, cos: Tensor | None, sin: Tensor | None
    ) -> Tensor:
        # So small a scale changes no logit, and yet the direction can be had back from y.
        scale = scale.masked_fill(scale.abs() < SMALLEST_SCALE, SMALLEST_SCALE)
        to_unit = x if cos is None or sin is None else turned(x, cos, sin, 1)
        length = measured(to_unit, eps)
        y = to_unit * inverse_of(length, eps)
        y = y.mul_(scale).to(x.dtype)
        ctx.eps = eps
        ctx.save_for_backward(y, scale, length, cos, sin)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        y, scale, length, cos, sin = ctx.saved_tensors
        (g,) = gradients
        towards = y * scale.reciprocal()
        room = g * towards
        to_scale = over_tokens(room, scale)
        to_unit = torch.mul(g, scale, out=room)
        to_x = through_norm(to_unit, towards, inverse_again(length, ctx.eps)).to(y.dtype)
        if cos is not None:
            to_x = turned(to_x, cos, sin, -1)
        return to_x, to_scale, None, None, None


def unit(
    x: Tensor,
    eps: float = 0.0,
    scale: Tensor | None = None,
    turn: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Norm(x) of the paper: every vector along the last axis at length 1; zero stays zero.

    Args:
        eps: added to the squared length.
        scale: multiplies the result, one number for each of the last axes.
        turn: cos and sin: x is turned first, see `rotate`.
    """
    cos, sin = (None, None) if turn is None else (t.to(x.dtype) for t in turn)
    if scale is None:
        return _Unit.apply(x, eps, cos, sin)
    return _ScaledUnit.apply(x, scale, eps, cos, sin)


class _Step(Function):
    """y = Norm(h + α·(Norm(x) − h))."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, x: Tensor, alpha: Tensor) -> Tensor:
        length_x = measured(x)
        towards = (x * inverse_of(length_x)).to(h.dtype)
        y = mixed(h, towards, alpha)
        length_y = measured(y)
        y.mul_(inverse_of(length_y))
        ctx.dtype_x = x.dtype
        ctx.save_for_backward(h, towards, alpha, y, length_x, length_y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Back through the outer Norm, then to α, then through the inner one."""
        h, towards, alpha, y, length_x, length_y = ctx.saved_tensors
        inverse_y = inverse_again(length_y)
        if torch.compiler.is_compiling():  # h and Norm(x) are read anyway, so y need not be
            y = torch.addcmul(h, alpha, towards - h) * inverse_y
        chord = through_norm(gradients[0], y, inverse_y)
        room = (towards - h).mul_(chord)
        to_alpha = over_tokens(room, alpha)
        to_towards = torch.mul(chord, alpha, out=room)
        to_x = through_norm(to_towards, towards, inverse_again(length_x))
        return chord.mul_(1 - alpha), to_x.to(ctx.dtype_x), to_alpha


def mixed(h: Tensor, towards: Tensor, alpha: Tensor) -> Tensor:
    """(1 − α)·h + α·towards. Compiled, without the two cases that torch's lerp tells apart, and
    without the difference, which the compiler would keep for the gradient."""
    if torch.compiler.is_compiling():
        return (1 - alpha) * h + alpha * towards
    return torch.lerp(h, towards, alpha)


def step(h: Tensor, suggestion: Tensor, alpha: Tensor) -> Tensor:
    """h ← Norm(h + α·(Norm(suggestion) − h)), h [..., d] of length 1, α [d] (eq. 10, 11).

    Some way along the chord towards the suggestion's direction, then back to the sphere.
    """
    return _Step.apply(h, suggestion, alpha.to(h.dtype))


class _Rotate(Function):
    """Each pair (i, i + d_k/2) of the last axis turned; the gradient is turned back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return turned(x, cos, sin, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return turned(gradients[0], cos, sin, -1), None, None


def turned(x: Tensor, cos: Tensor, sin: Tensor, sense: int) -> Tensor:
    """(a, b) to (a·cos ∓ b·sin, b·cos ± a·sin), with a and b the halves of the last axis."""
    if torch.compiler.is_compiling():
        # One expression for both halves, read in another order: no slices to write into.
        signed = torch.stack((-sin, sin), -2)
        pairs = x.unflatten(-1, (2, -1))
        y = pairs * cos.unflatten(-1, (2, -1)) + pairs.flip(-2) * (sense * signed)
        return y.flatten(-2)
    if on_plain_cpu(x):
        # As wide as x, the tables are read in one run instead of one for each head.
        cos, sin = (t.expand(*x.shape[-3:-1], -1).contiguous() for t in (cos, sin))
    y = x * cos
    (a, b), (to_a, to_b) = x.chunk(2, -1), y.chunk(2, -1)
    to_a.addcmul_(b, sin, value=-sense)
    to_b.addcmul_(a, sin, value=sense)
    return y


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (i, i + d_k/2) of x [..., T, H, d_k]; cos [T, 1, d_k], sin [T, 1, d_k/2]."""
    return _Rotate.apply(x, cos.to(x.dtype), sin.to(x.dtype))


def product(x: Tensor, weight: Tensor, plus: Tensor | None = None) -> Tensor:
    """x @ weightᵀ + plus by oneDNN, whose products are a tenth faster than `@` on a CPU."""
    if plus is not None:
        return torch.ops.mkldnn._linear_pointwise.binary(x, plus, weight, None, "add")
    return torch.ops.mkldnn._linear_pointwise.default(x, weight, None, "none", [], "")


class _Parts(Function):
    """The products of x [n, d_in] with the parts of a weight, each in a tensor of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
        ctx.save_for_backward(x, weight)
        ctx.sizes = sizes
        return tuple(product(x, rows) for rows in weight.split_with_sizes(sizes))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        to_weight = torch.empty_like(weight)
        for g, rows in zip(gradients, to_weight.split_with_sizes(ctx.sizes), strict=True):
            torch.mm(g.t(), x, out=rows)
        first, *others = weight.split_with_sizes(ctx.sizes)
        to_x = product(gradients[0], first.t())
        for g, rows in zip(gradients[1:], others, strict=True):
            to_x = product(g, rows.t(), to_x)
        return to_x, to_weight, None


def linear(
    x: Tensor, weight: Tensor, sizes: tuple[int, ...] | None = None, d_head: int | None = None
) -> tuple[Tensor, ...]:
    """x @ weightᵀ [..., d_out] cut into parts of `sizes`; None is one part.

    With `d_head` the parts are cut into heads, [..., size/d_head, d_head]. That is done before they
    are parted: compiled code then writes their gradients head by head, in runs.

    On a CPU each part is a product of its own, because what follows is faster on whole tensors than
    on slices, and because the parts' gradients need not be put together. A GPU likes one product.
    """
    sizes = sizes or (weight.shape[0],)
    if not (on_plain_cpu(x, weight) and torch.is_grad_enabled()):
        y = F.linear(x, weight)
        if d_head is None:
            return y.split(sizes, -1)
        return y.unflatten(-1, (-1, d_head)).split([size // d_head for size in sizes], -2)
    parts = _Parts.apply(x.flatten(0, -2), weight, sizes)
    last = (-1,) if d_head is None else (-1, d_head)
    return tuple(part.view(*x.shape[:-1], *last) for part in parts)


def on_plain_cpu(*tensors: Tensor) -> bool:
    """Whether torch's own kernels for single precision on a CPU may be called directly."""
    plain = all(t.is_cpu and t.dtype == torch.float32 for t in tensors)
    return plain and not (torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu"))
