"""Geometry: NumPy and torch alike, and sound where formulas usually are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ngpt_math import sphere

finite = st.floats(-1e3, 1e3, width=32)
vectors = hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 8)), elements=finite)
shares = st.floats(0, 1)
angles = st.one_of(
    st.floats(0, np.pi), st.sampled_from([0.0, 1e-12, 1e-7, 1e-4, np.pi / 2, np.pi])
).flatmap(lambda x: st.sampled_from([x, np.pi - x]))


def pair(theta: float, dim: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors at angle theta."""
    rows = np.random.default_rng(seed).normal(size=(2, dim))
    a, b = sphere.orthonormal(rows)
    return a, np.cos(theta) * a + np.sin(theta) * b


@given(vectors)
def test_normalize_gives_length_one_or_zero(x: np.ndarray) -> None:
    lengths = np.linalg.norm(sphere.normalize(x), axis=-1)
    zero = np.linalg.norm(x, axis=-1) <= sphere.SMALLEST_NORM
    assert np.allclose(lengths, np.where(zero, 0, 1), atol=1e-12)


@given(vectors, st.sampled_from([0, -1]), st.floats(0, 0.5), st.sampled_from([1, 2]))
def test_torch_agrees_with_numpy(x: np.ndarray, axis: int, eps: float, groups: int) -> None:
    if x.shape[axis] % groups:
        with pytest.raises(ValueError, match="divide"):
            sphere.normalize(x, axis, eps, groups)
        return
    ours = sphere.normalize(x, axis, eps, groups)
    theirs = sphere.normalize(torch.from_numpy(x), axis, eps, groups).numpy()
    assert np.allclose(ours, theirs, atol=1e-12)


@given(vectors, st.floats(0.01, 0.5))
def test_shell_is_identity_inside_and_edge_outside(x: np.ndarray, eps: float) -> None:
    before = np.linalg.norm(x, axis=-1)
    after = np.linalg.norm(sphere.normalize(x, norm_eps=eps), axis=-1)
    expected = np.where(before > sphere.SMALLEST_NORM, np.clip(before, 1 - eps, 1 + eps), 0)
    assert np.allclose(after, expected, atol=1e-12)


@pytest.mark.parametrize("length", [0.7, 0.95, 1.0, 1.05, 1.4])
def test_radial_gradient_is_gone_inside_the_shell_too(length: float) -> None:
    x = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = (x / x.norm() * length).requires_grad_()
    towards = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    (sphere.normalize(x, norm_eps=0.1) @ towards).backward()
    assert x.grad is not None
    assert abs(float(x.grad @ x.detach())) < 1e-12
    assert float(x.grad.norm()) > 0.1


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("groups", [2, 4])
def test_groups_are_normalized_one_by_one_along_both_axes(axis: int, groups: int) -> None:
    w = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    unit = sphere.normalize(w, axis=axis, groups=groups)
    for part in unit.chunk(groups, dim=axis):
        assert torch.allclose(part.norm(dim=axis), torch.ones(8), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("fill", [0.0, 1e-4, 300.0])
def test_half_precision_has_no_nan_and_keeps_its_dtype(dtype: torch.dtype, fill: float) -> None:
    x = torch.full((2, 64), fill, dtype=dtype, requires_grad=True)
    y = sphere.normalize(x)
    y.sum().backward()
    assert y.dtype == dtype
    assert x.grad is not None and x.grad.isfinite().all()
    expected = 0.0 if fill == 0 else 1.0
    assert torch.allclose(y.float().norm(dim=-1), torch.full((2,), expected), atol=1e-2)


@given(angles, shares)
def test_slerp_stays_on_the_sphere_and_moves_by_its_share(theta: float, t: float) -> None:
    a, b = pair(theta)
    point = sphere.slerp(a, b, t)
    assert abs(np.linalg.norm(point) - 1) < 1e-12
    assert abs(sphere.angle(a, point) - t * theta) < 1e-7


@given(angles)
def test_slerp_begins_and_ends_where_it_should(theta: float) -> None:
    a, b = pair(theta)
    assert np.allclose(sphere.slerp(a, b, 0.0), a, atol=1e-12)
    assert np.allclose(sphere.slerp(a, b, 1.0), b, atol=1e-7)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_slerp_of_equal_and_opposite_points(sign: float) -> None:
    a = np.array([0.0, 0.6, 0.8])
    half = sphere.slerp(a, sign * a, 0.5)
    assert np.isfinite(half).all()
    assert np.allclose(half @ a, 1.0 if sign > 0 else 0.0, atol=1e-12)


def test_slerp_works_on_tensors_in_batches() -> None:
    a, b = (sphere.normalize(torch.randn(5, 3)) for _ in range(2))
    t = torch.rand(5, 1)
    assert torch.allclose(
        sphere.slerp(a, b, t), torch.from_numpy(sphere.slerp(a.numpy(), b.numpy(), t.numpy())),
        atol=1e-5,
    )  # fmt: skip


@given(st.floats(0.01, np.pi - 0.01))
def test_lerp_and_slerp_agree_at_none_half_and_all(theta: float) -> None:
    a, b = pair(theta)
    for t in (0.0, 0.5, 1.0):
        assert np.allclose(sphere.nlerp(a, b, t), sphere.slerp(a, b, t), atol=1e-9)


@given(st.floats(0.01, 3.1), shares)
def test_nlerp_angle_is_the_angle_nlerp_moves(theta: float, t: float) -> None:
    a, b = pair(theta)
    moved = sphere.angle(a, sphere.nlerp(a, b, t))
    assert abs(float(moved) - float(sphere.nlerp_angle(np.float64(theta), t))) < 1e-9


@given(st.floats(0.05, 3.0))
def test_small_steps_of_lerp_are_shorter_by_sine_over_angle(theta: float) -> None:
    t = 1e-6
    measured = sphere.nlerp_angle(np.float64(theta), t) / (t * theta)
    assert abs(measured - np.sin(theta) / theta) < 1e-4
    assert abs(sphere.small_step_ratio(np.float64(theta)) - np.sin(theta) / theta) < 1e-12


@given(angles)
def test_frame_is_orthonormal_and_starts_at_its_first_vector(theta: float) -> None:
    a, b = pair(theta)
    rows = sphere.frame(a, b)
    assert np.allclose(rows @ rows.T, np.eye(2), atol=1e-9)
    assert np.array_equal(rows[0], a)


def test_geodesic_is_equally_spaced() -> None:
    a, b = pair(2.0, dim=3)
    points = sphere.geodesic(a, b, 9)
    assert points.shape == (9, 3)
    assert np.allclose(sphere.angle(points[:-1], points[1:]), 2.0 / 8, atol=1e-9)


def test_tangent_touches_the_sphere() -> None:
    a, _ = pair(1.0)
    v = np.array([0.3, -2.0, 1.0, 0.1])
    assert abs(sphere.tangent(a, v) @ a) < 1e-12
