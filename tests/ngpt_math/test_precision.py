"""bf16 products over single-precision weights, and compiled training, on a CPU."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import pytest
import torch
from conftest import small
from torch import Tensor

from ngpt_math import training as t
from ngpt_math.checkpoint import build_model
from ngpt_math.config import KINDS, TrainConfig
from ngpt_math.errors import UsageError
from ngpt_math.ngpt import NGPT
from ngpt_math.runfolder import RunFolder


def losses(kind: str, config: TrainConfig, path: Path) -> Tensor:
    """Train; the losses [steps], with the invariants looked at after each step."""
    found: list[Tensor] = []

    def look(moment: t.Moment) -> None:
        found.append(moment.loss)
        assert all(p.dtype == torch.float32 for p in moment.model.parameters())
        if isinstance(moment.model, NGPT):
            for _, module in moment.model.constrained():
                lengths = module.weight.detach().double().norm(dim=module.norm_axis)
                assert (lengths - 1).abs().max() < 1e-6

    t.train(small(kind), config, RunFolder(path, "test"), [look])
    return torch.stack(found)


@pytest.mark.parametrize("kind", KINDS)
def test_bf16_training_follows_the_one_in_single_precision(
    kind: str, training: TrainConfig, tmp_path: Path
) -> None:
    single = losses(kind, training, tmp_path / "single")
    bf16 = losses(kind, dataclasses.replace(training, precision="bf16"), tmp_path / "bf16")
    assert 0 < (single - bf16).abs().max() < 2e-2


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_stay_single_and_unit_in_bf16(kind: str) -> None:
    torch.manual_seed(0)
    model, trace = build_model(small(kind)), dict[str, Tensor]()
    with t.autocast(torch.device("cpu"), "bf16"):
        logits = model(torch.randint(0, 256, (2, 12)), trace)
    assert logits.dtype == torch.bfloat16
    assert trace["layer1.q"].dtype == torch.bfloat16
    end = trace["layer1.h_out"]
    assert end.dtype == torch.float32
    if kind == "ngpt":
        assert torch.allclose(end.norm(dim=-1), torch.ones(2, 12), atol=1e-6)


@pytest.mark.parametrize("kind", ["ngpt", "gpt"])
def test_compiled_training_is_the_same_training(
    kind: str, training: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the code generator, which takes a minute: what is traced is what is compared."""
    traced = functools.partial(torch.compile, backend="aot_eager", fullgraph=True)
    monkeypatch.setattr(torch, "compile", traced)
    plain = losses(kind, training, tmp_path / "plain")
    compiled = losses(kind, dataclasses.replace(training, compile=True), tmp_path / "compiled")
    assert torch.allclose(plain, compiled, atol=1e-4)


def test_a_run_older_than_a_setting_goes_on_with_its_default(
    training: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path, "test")
    monkeypatch.setattr("ngpt_math.runfolder.settings", older_settings)
    t.train(small(), training, run)
    monkeypatch.undo()
    t.train(small(), training, run)
    with pytest.raises(UsageError, match="precision auto, not bf16"):
        t.train(small(), dataclasses.replace(training, precision="bf16"), run)


def older_settings(model: t.Model, config: TrainConfig) -> str:
    """The settings as they were written before there was a choice of precision."""
    parts = {"model": dataclasses.asdict(model.config), "training": dataclasses.asdict(config)}
    del parts["training"]["precision"], parts["training"]["compile"]
    return json.dumps(parts)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="single, bf16"):
        TrainConfig(precision="half")
    assert not t.autocast(torch.device("cpu"), "auto")._enabled
