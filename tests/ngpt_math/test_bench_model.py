"""The bench of the models: what it reports, at a size that takes seconds."""

from __future__ import annotations

import pytest

from ngpt_math.bench_model import TARGETS, bench_model
from ngpt_math.bench_steps import Shape
from ngpt_math.errors import UsageError

TINY = Shape(d_model=32, layers=1, heads=2, d_mlp=64, context=32, batch=2)


def test_bench_gives_every_ratio_with_its_medians() -> None:
    report = bench_model(shape=TINY, compiled=False)
    assert set(TARGETS) <= set(report)
    assert report["compiled_ratio"] is None
    assert all(report[name] > 0 for name in ("eager_ratio", "memory_ratio", "kv_speedup"))
    assert all(median > 0 for median in report["medians_ms"].values() if median is not None)


def test_unknown_device_is_refused() -> None:
    with pytest.raises(UsageError):
        bench_model(device="abacus", shape=TINY)
