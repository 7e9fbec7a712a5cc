"""The bench of the models: what it reports, at a size that takes seconds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngpt_math.bench_model import FIGURES, TARGETS, bench_model, table
from ngpt_math.bench_steps import Shape

TINY = Shape(d_model=32, layers=1, heads=2, d_mlp=64, context=32, batch=2)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A bench of tiny models, not compiled."""
    return bench_model(shape=TINY, compiled=False)


def test_bench_gives_every_ratio_with_its_medians(report: dict[str, Any]) -> None:
    assert set(TARGETS) <= set(report)
    assert report["compiled_ratio"] is None
    found = {name: report[name] for name in FIGURES if name != "compiled_ratio"}
    assert all(value > 0 for value in found.values()), found
    assert {"ngpt", "gpt", "lucidrains"} <= report["medians_ms"].keys()
    assert all(median > 0 for median in report["medians_ms"].values())
    assert report["generation"]["same_tokens"]
    assert json.loads(json.dumps(report)) == report


def test_ratios_are_those_of_the_medians(report: dict[str, Any]) -> None:
    medians = report["medians_ms"]
    for name, (above, below) in {
        "eager_ratio": ("ngpt", "gpt"), "vs_lucidrains": ("ngpt, their shape", "lucidrains"),
    }.items():  # fmt: skip
        low, high = report["spread"][name]
        assert low <= report[name] <= high
        assert report[name] == pytest.approx(medians[above] / medians[below], rel=0.3)
    memory, made = report["memory"], report["generation"]
    tensors = [memory[kind]["tensors_mib"] for kind in ("ngpt", "gpt")]
    assert report["memory_ratio"] == pytest.approx(tensors[0] / tensors[1], abs=1e-3)
    assert report["kv_speedup"] == pytest.approx(
        made["full_forward_s"] / made["cached_s"], rel=0.01
    )


def test_table_says_what_was_compared(report: dict[str, Any]) -> None:
    text = table(report)
    lines = text.splitlines()
    for line, words in zip(lines[1:], FIGURES.values(), strict=False):
        assert line.startswith(words)
    assert "≤ 1.10" in lines[1] and "≥ 5.00" in lines[len(FIGURES)]
    for words in ("d_model 32", "one thread", "nGPT-pytorch 0.2.10", "identical tokens"):
        assert words in text, words
