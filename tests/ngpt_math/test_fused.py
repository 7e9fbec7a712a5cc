"""The written-out gradients against the plain chains they stand for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ngpt_math import fused
from ngpt_math.layers import Rotary

Function = Callable[..., Tensor]
ROTARY = Rotary(6, 10000.0, 5)


def plain_step(h: Tensor, x: Tensor, alpha: Tensor) -> Tensor:
    """Equations 10 and 11 as printed."""
    return F.normalize(h + alpha * (F.normalize(x, dim=-1) - h), dim=-1)


def plain_rotation(x: Tensor) -> Tensor:
    """Pairs as complex numbers, multiplied by e^(i·turn)."""
    a, b = x.chunk(2, -1)
    turn = torch.complex(ROTARY.cos[..., :3], ROTARY.sin).to(torch.complex128)
    y = torch.complex(a, b) * turn
    return torch.cat((y.real, y.imag), -1)


def joined(x: Tensor, weight: Tensor) -> Tensor:
    """The parts of `linear` put together again."""
    return torch.cat(fused.linear(x, weight, (3, 1, 2)), -1)


CASES: dict[str, tuple[Function, Function, list[tuple[int, ...]]]] = {
    "unit": (fused.unit, lambda x: F.normalize(x, dim=-1), [(2, 3, 6)]),
    "unit with eps": (
        lambda x: fused.unit(x, 0.3),
        lambda x: x / (x.square().sum(-1, keepdim=True) + 0.3).sqrt(),
        [(2, 3, 6)],
    ),
    "scaled unit": (
        lambda x, s: fused.unit(x, 0.0, s),
        lambda x, s: F.normalize(x, dim=-1) * s,
        [(2, 5, 4, 6), (4, 6)],
    ),
    "turned and scaled unit": (
        lambda x, s: fused.unit(x, 0.0, s, ROTARY.window(0, 5)),
        lambda x, s: F.normalize(plain_rotation(x), dim=-1) * s,
        [(2, 5, 4, 6), (4, 6)],
    ),
    "step": (fused.step, plain_step, [(2, 5, 6), (2, 5, 6), (6,)]),
    "rotate": (ROTARY, plain_rotation, [(2, 5, 4, 6)]),
    "linear": (joined, lambda x, w: x @ w.T, [(2, 5, 4), (6, 4)]),
}


def outcome(function: Function, inputs: list[Tensor], towards: Tensor) -> list[Tensor]:
    """The value and the gradient of each input."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    y = function(*leaves)
    (y * towards.to(y.dtype)).sum().backward()
    return [y.detach(), *(x.grad for x in leaves if x.grad is not None)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradients_are_the_plain_ones(name: str, dtype: torch.dtype) -> None:
    ours, plain, shapes = CASES[name]
    torch.manual_seed(0)
    inputs = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    towards = torch.randn_like(plain(*inputs))
    tolerance = 1e-6 if "turned" in name or name == "rotate" or dtype == torch.float32 else 1e-12
    expected = outcome(plain, inputs, towards)
    for found, right in zip(
        outcome(ours, [x.to(dtype) for x in inputs], towards), expected, strict=True
    ):
        assert found.dtype == dtype
        assert (found.double() - right).abs().max() <= tolerance * right.abs().max()


def test_a_scale_of_zero_has_the_right_gradients() -> None:
    torch.manual_seed(0)
    x, scale = torch.randn(7, 6, dtype=torch.float64), torch.randn(6, dtype=torch.float64)
    scale[2] = 0.0
    towards = torch.randn(7, 6)
    expected = outcome(lambda x, s: F.normalize(x, dim=-1) * s, [x, scale], towards)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        found = outcome(lambda x, s: fused.unit(x, 0.0, s), [x.to(dtype), scale.to(dtype)], towards)
        for ours, right in zip(found, expected, strict=True):
            assert torch.allclose(ours.double(), right, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_zero_vectors_stay_finite(dtype: torch.dtype) -> None:
    zero, alpha = torch.zeros(2, 3, 6, dtype=dtype), torch.full((6,), 0.05)
    towards = torch.ones(2, 3, 6)
    for found in outcome(fused.step, [zero, zero, alpha], towards):
        assert found.isfinite().all()
    for found in outcome(lambda x, s: fused.unit(x, 0.0, s), [zero, torch.ones(6)], towards):
        assert not found.any()


def test_second_derivatives_are_refused_rather_than_wrong() -> None:
    x = torch.randn(3, 6, requires_grad=True)
    (first,) = torch.autograd.grad(fused.unit(x).pow(3).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_parts_of_a_product_are_tensors_of_their_own() -> None:
    x, weight = torch.randn(2, 5, 4, requires_grad=True), torch.randn(6, 4, requires_grad=True)
    for part, size in zip(fused.linear(x, weight, (3, 1, 2)), (3, 1, 2), strict=True):
        assert part.shape == (2, 5, size) and part.is_contiguous()
    with torch.no_grad():
        assert torch.allclose(fused.linear(x, weight)[0], x @ weight.T, atol=1e-6)


COMPILED = {name: CASES[name] for name in ("unit with eps", "turned and scaled unit", "step")}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_code_computes_the_same(name: str) -> None:
    ours, plain, shapes = COMPILED[name]
    torch.manual_seed(0)
    inputs = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    towards = torch.randn_like(plain(*inputs))
    compiled = torch.compile(ours, fullgraph=True)
    found = outcome(compiled, [x.float() for x in inputs], towards)
    for ours_is, right in zip(found, outcome(plain, inputs, towards), strict=True):
        assert (ours_is.double() - right).abs().max() <= 1e-6 * right.abs().max()
    zeros = [torch.zeros(shapes[0]), *(torch.full(shape, 0.5) for shape in shapes[1:])]
    for each in outcome(compiled, zeros, towards):
        assert each.isfinite().all()
