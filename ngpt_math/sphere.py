"""Geometry on the unit sphere: pure functions on the last axis of NumPy arrays and torch tensors.

Torch is used where a tensor comes in and is never imported here. A zero vector has no direction; it
stays zero instead of turning into NaN. Norms of half-precision tensors are taken in single
precision.
Angles are in radians. Equation numbers are those of the nGPT paper, arXiv 2410.01131.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor: the same type comes out that goes in

SMALLEST_NORM = 1e-15  # shorter vectors count as zero; its square is still a normal float32


def library(x: Array) -> Any:
    """The module whose functions act on `x`: numpy, or torch, loaded already if `x` is a tensor."""
    return np if isinstance(x, np.ndarray | np.generic) else sys.modules["torch"]


def widened(x: Array) -> Array:
    """`x` in single precision if it came in half."""
    half = str(x.dtype).removeprefix("torch.") in ("float16", "bfloat16")
    if not half:
        return x
    return x.astype(np.float32) if library(x) is np else x.float()


def narrowed(x: Array, like: Array) -> Array:
    """`x` in the precision of `like`."""
    return x.astype(like.dtype) if library(x) is np else x.to(like.dtype)


def dot(a: Array, b: Array) -> Array:
    """Inner product along the last axis, which stays with length 1."""
    return library(a).sum(a * b, axis=-1, keepdims=True)


def norm(x: Array) -> Array:
    """Length along the last axis, which stays with length 1; finite gradient at zero."""
    lib = library(x)
    squared = dot(x, x)
    positive = squared > SMALLEST_NORM**2
    return lib.where(positive, lib.sqrt(lib.where(positive, squared, 1.0)), 0.0)


def normalize(x: Array, axis: int = -1, norm_eps: float = 0.0, groups: int = 1) -> Array:
    """`x` with every vector along `axis` at length 1.

    Args:
        norm_eps: half width of a shell: lengths within 1 ± norm_eps stay, others go to the nearer
            edge. The target is a constant to the gradient, so its radial part is gone inside too.
        groups: the axis is cut into this many equal parts, each normalized on its own.

    Raises:
        ValueError: `groups` does not divide the axis.
    """
    lib = library(x)
    moved = lib.moveaxis(x, axis, -1)
    length = moved.shape[-1]
    if length % groups:
        raise ValueError(f"{groups} groups do not divide an axis of {length}")
    parts = widened(moved).reshape(*moved.shape[:-1], groups, length // groups)
    unit = to_shell(parts, norm_eps).reshape(moved.shape)
    return lib.moveaxis(narrowed(unit, x), -1, axis)


def to_shell(x: Array, norm_eps: float = 0.0) -> Array:
    """Each vector pulled into the shell 1 − norm_eps ≤ length ≤ 1 + norm_eps; see `normalize`."""
    lib = library(x)
    length = norm(x)
    target = lib.clip(length, 1 - norm_eps, 1 + norm_eps)
    if lib is not np:
        target = target.detach()
    return x * lib.where(length > 0, target / lib.where(length > 0, length, 1.0), 0.0)


def angle(a: Array, b: Array) -> Array:
    """Angle between unit vectors, in [0, π], exact near both ends (no arccos)."""
    lib = library(a)
    return 2 * lib.arctan2(norm(a - b), norm(a + b))[..., 0]


def tangent(at: Array, v: Array) -> Array:
    """The part of `v` that touches the sphere at the unit vector `at`."""
    return v - dot(at, v) * at


def lerp(a: Array, b: Array, t: Array | float) -> Array:
    """(1 − t)·a + t·b, on the chord (eq. 7, 8). One `t` a vector: its last axis has length 1."""
    return a + t * (b - a)


def nlerp(a: Array, b: Array, t: Array | float) -> Array:
    """The chord's point put back on the sphere: what the nGPT computes (eq. 10, 11)."""
    return normalize(lerp(a, b, t))


def orthogonal(a: Array) -> Array:
    """A unit vector orthogonal to each unit vector of `a`, always the same one."""
    lib = library(a)
    axis = lib.argmin(lib.abs(a), -1)[..., None]
    index = lib.arange(a.shape[-1])
    if lib is not np:
        index = index.to(a.device)
    return normalize(tangent(a, narrowed(index == axis, a)))


def direction(a: Array, b: Array) -> Array:
    """Unit tangent at `a` towards `b`; where b = ±a leaves it open, `orthogonal(a)`."""
    lib = library(a)
    near = lib.where(dot(a, b) > 0, b - a, b + a)  # the shorter one loses fewer digits
    towards = tangent(a, near)
    tolerance = 8 * float(lib.finfo(a.dtype).eps)
    clear = norm(towards) > tolerance
    # A short tangent keeps some of `a` from rounding; a second projection removes it.
    return lib.where(clear, normalize(tangent(a, normalize(towards))), orthogonal(a))


def slerp(a: Array, b: Array, t: Array | float) -> Array:
    """The point at share `t` of the arc from `a` to `b`, unit vectors (eq. 6).

    Written as cos(tθ)·a + sin(tθ)·u with u the direction of departure: the same point as the
    quotient of sines, and sound at θ = 0 and at θ = π, where one of the half circles is taken.
    """
    return along(a, direction(a, b), t * angle(a, b)[..., None])


def along(start: Array, towards: Array, distance: Array) -> Array:
    """The point at arc length `distance` from `start` on the great circle through `towards`."""
    lib = library(start)
    return normalize(lib.cos(distance) * start + lib.sin(distance) * towards)


def geodesic(a: Array, b: Array, points: int) -> Array:
    """`points` equally spaced points [points, d] of the arc from a [d] to b [d], ends included."""
    lib = library(a)
    shares = lib.linspace(0.0, 1.0, points, dtype=a.dtype)[:, None]
    if lib is not np:
        shares = shares.to(a.device)
    return slerp(a[None], b[None], shares)


def nlerp_angle(theta: Array, t: Array | float) -> Array:
    """How far `nlerp` moves from the start when the ends stand at angle `theta` and t is a scalar.

    SLERP moves t·θ. The two agree at t = 0, ½ and 1; as t → 0 their ratio goes to sin θ/θ.
    """
    lib = library(theta)
    return lib.arctan2(t * lib.sin(theta), (1 - t) + t * lib.cos(theta))


def small_step_ratio(theta: Array) -> Array:
    """The limit of LERP's angle over SLERP's as t → 0: sin θ/θ, 1 at θ = 0."""
    return library(theta).sinc(theta / np.pi)


def frame(a: Array, b: Array) -> Array:
    """Orthonormal pair [2, d] spanning the plane of unit vectors a [d] and b [d]; row 0 is a."""
    return library(a).stack([a, direction(a, b)])


def orthonormal(vectors: Array) -> Array:
    """Gram–Schmidt: orthonormal rows [k, d] from independent rows [k, d]; row 0 is kept, scaled."""
    lib = library(vectors)
    rows: list[Array] = []
    for row in vectors:
        for done in (*rows, *rows):  # twice is enough: the second pass removes what rounding left
            row = tangent(done, row)
        rows.append(normalize(row))
    return lib.stack(rows)
