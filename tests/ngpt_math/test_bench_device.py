"""The bench on a device, on a CPU and at a size that takes a second."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from ngpt_math import bench_device as b
from ngpt_math.bench_steps import Shape
from ngpt_math.checkpoint import build_model
from ngpt_math.config import KINDS

TINY = Shape(d_model=32, layers=1, heads=2, d_mlp=64, context=32, batch=2)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """All contestants, ours eager."""
    return b.bench_device(TINY, "cpu", rounds=5, peak_tflops=2.0, compiled=False)


def test_everybody_takes_part_and_numbers_agree(result: dict[str, Any]) -> None:
    assert set(result["medians_ms"]) == {"ngpt", "gpt", "ngpt, their shape", "lucidrains",
                                         "lucidrains, manual"}  # fmt: skip
    assert result["failed"] == {} and result["memory_ratio"] is None
    for name, ms in result["medians_ms"].items():
        assert result["tokens_s"][name] == pytest.approx(1e3 * 64 / ms, rel=1e-2)
    found = result["share_of_peak"]["gpt"]
    assert found == pytest.approx(
        result["tokens_s"]["gpt"] * b.flops_a_token(TINY) / 2e12, rel=0.2, abs=1e-4
    )
    for name, (above, below) in b.PAIRS.items():
        there = {above, below} <= set(result["medians_ms"])
        assert (result[name] is not None) == there, name
    assert json.loads(json.dumps(result)) == result
    assert "tokens/s" in b.table(result) and "d 32, 1 layers" in b.table(result)


def test_flops_are_those_of_the_weights_and_of_attention() -> None:
    model = build_model(TINY.config("gpt"))
    weights = sum(p.numel() for n, p in model.named_parameters() if p.ndim > 1 and n[:5] != "embed")
    # Scores and mixing: 2·T·d each for the last query, half on average, thrice in training.
    attention = 3 * TINY.layers * 2 * 2 * TINY.context * TINY.d_model / 2
    assert b.flops_a_token(TINY) == 6 * weights + attention


def test_all_kinds_are_compiled_where_that_is_asked_for() -> None:
    found = set(b.contestants(TINY, "cuda", True))
    assert {f"{kind} compiled" for kind in KINDS} < found
    assert not any("compiled" in name for name in b.contestants(TINY, "cpu", False))


def test_a_peer_that_cannot_step_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise RuntimeError("no kernel for this device")

    monkeypatch.setattr(b, "peer_step", refuse)
    found = b.bench_device(TINY, "cpu", rounds=2, peak_tflops=2.0, compiled=False)
    assert found["failed"]["lucidrains"] == "RuntimeError: no kernel for this device"
    assert found["vs_lucidrains"] is None and found["eager_ratio"] > 0


def test_memory_ratios_are_nGPT_over_baseline() -> None:
    found = b.of_memory({"ngpt": 30.0, "gpt": 20.0, "ngpt compiled": 22.0, "gpt compiled": 20.0})
    assert (found["memory_ratio_eager"], found["memory_ratio"]) == (1.5, 1.1)
    assert b.of_memory({"ngpt": None, "gpt": None})["memory_mib"] is None


def test_speed_is_of_what_was_done() -> None:
    found = b.speed_of("cpu", size=64, times=3)
    assert found["tflops"] > 0 and found["copy_gb_s"] > 0
    assert found["versions"]["torch"] == torch.__version__
