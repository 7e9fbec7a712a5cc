"""Settings: what the presets say, and what no model can have."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import small

from ngpt_math.config import KINDS, LEARNING_RATES, SHAPES, TRAINING, preset
from ngpt_math.errors import UsageError


def test_every_preset_has_every_kind() -> None:
    assert set(SHAPES) == set(TRAINING) == set(LEARNING_RATES)
    for name in SHAPES:
        for kind in KINDS:
            model, training = preset(name, kind)
            assert model.d_mlp == 4 * model.d_model
            assert training.lr > 0


def test_scales_default_to_the_root_of_the_dimension() -> None:
    model, _ = preset("mini", "ngpt")
    assert model.scale_or_default(None) == pytest.approx(128**-0.5)
    assert model.scale_or_default(0.3) == 0.3


def test_the_ngpt_has_no_decay_and_no_warm_up_and_the_baseline_has() -> None:
    for name in SHAPES:
        ngpt, gpt = preset(name, "ngpt")[1], preset(name, "gpt")[1]
        assert (ngpt.weight_decay, ngpt.warmup) == (0.0, 0)
        assert gpt.weight_decay == 0.1 and 0 < gpt.warmup <= 2000


def test_changes_of_none_leave_the_preset() -> None:
    assert preset("toy", "gpt", steps=None, lr=None)[1] == preset("toy", "gpt")[1]
    assert preset("toy", "gpt", steps=7)[1].steps == 7


@pytest.mark.parametrize(("name", "kind"), [("huge", "ngpt"), ("toy", "rnn")])
def test_unknown_names_list_what_there_is(name: str, kind: str) -> None:
    with pytest.raises(UsageError, match="choose from"):
        preset(name, kind)


@pytest.mark.parametrize(
    "changes",
    [{"groups": 0}, {"layers": -1}, {"d_model": 2.5}, {"s_qk_scale": 0.0}, {"s_gate_scale": -1.0},
     {"rope_base": float("inf")}, {"kv_heads": 3}, {"d_head": 3}, {"kind": "rnn"},
     {"groups": 3}, {"groups": 8}, {"rope": "none"}],
)  # fmt: skip
def test_impossible_settings_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        small(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("module", ["config", "corpus", "history", "sphere", "recordings"])
def test_numbers_alone_need_no_torch(module: str) -> None:
    code = f"import sys, ngpt_math.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
