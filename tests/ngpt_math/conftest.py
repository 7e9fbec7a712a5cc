"""Small settings that train in a second, on one thread."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from ngpt_math.config import ModelConfig, TrainConfig

settings.register_profile("house", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("house")
torch.set_num_threads(1)

SMALL = ModelConfig(
    kind="ngpt", tokenizer="bytes", vocab=256, d_model=16, layers=2, heads=2, d_head=8,
    d_mlp=32, context=16,
)  # fmt: skip


def small(kind: str = "ngpt", **changes: object) -> ModelConfig:
    """A model of two layers."""
    return dataclasses.replace(SMALL, kind=kind, **changes)  # type: ignore[arg-type]


@pytest.fixture
def training() -> TrainConfig:
    """Twelve steps, with everything that happens in a training happening."""
    return TrainConfig(
        steps=12, batch=4, lr=1e-2, eval_every=5, eval_windows=4, save_every=4, snapshots=6
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for a run."""
    return tmp_path / "run"
