"""Recordings are made from whatever checkpoints stand where the shipped ones do."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import small

from ngpt_math import record, recordings
from ngpt_math import training as t
from ngpt_math.checkpoint import build_model, checkpoint_path
from ngpt_math.config import TrainConfig
from ngpt_math.errors import NothingKept, UsageError
from ngpt_math.files import read_card
from ngpt_math.record.models import Models, letters
from ngpt_math.runfolder import RunFolder


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An nGPT and a baseline of another depth and width, trained for a few steps."""
    settings = TrainConfig(
        steps=8, batch=4, lr=1e-2, eval_every=4, eval_windows=2, save_every=8, snapshots=6
    )
    shape = {"layers": 3, "heads": 3, "d_head": 12, "d_model": 20, "d_mlp": 24, "context": 24}
    found = {}
    for kind, own in (("ngpt", {}), ("gpt", {"kv_heads": 1, "layers": 2, "heads": 4})):
        folder = RunFolder(tmp_path_factory.mktemp(kind), "a test")
        t.train(small(kind, **{**shape, **own}), settings, folder)
        found[f"mini {kind}"] = folder.model
    return found


@pytest.mark.parametrize("chapter", list(record.MAKERS))
def test_other_models_make_recordings_too(chapter: str, others: dict[str, Path]) -> None:
    recording = record.make(chapter, others)
    recordings.validate(recording)
    used = {spec.model for spec in recording.specs().values()}
    for name, path in others.items():
        found = [source for source in recording.sources if source.startswith(path.parent.name)]
        assert found or name not in used
    assert not any(source.startswith("mini-") for source in recording.sources)


def test_another_model_is_written_and_checked(others: dict[str, Path], tmp_path: Path) -> None:
    path = record.record("attention", tmp_path / "attention.safetensors", others)
    assert record.check("attention", path, others) == 0.0
    assert "--checkpoint" in read_card(path, "")["made_by"]
    assert str(tmp_path) not in read_card(path, "")["made_by"]


def test_a_checkpoint_knows_what_it_can_stand_for(others: dict[str, Path]) -> None:
    assert record.role(others["mini gpt"]) == "mini gpt"
    assert record.role(checkpoint_path("toy", "ngpt")) == "toy ngpt"


def test_a_model_in_the_wrong_place_is_refused(others: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="holds a gpt"):
        record.make("attention", {"mini ngpt": others["mini gpt"]})
    with pytest.raises(UsageError, match="20 entries"):
        record.make("slerp_vs_lerp", {"toy ngpt": others["mini ngpt"]})
    with pytest.raises(UsageError, match="toy ngpt"):
        Models({"nosuch": others["mini gpt"]})


def test_a_missing_history_is_named(others: dict[str, Path]) -> None:
    history = others["mini ngpt"].with_name("history.safetensors")
    aside = history.rename(history.with_suffix(".aside"))
    try:
        with pytest.raises(NothingKept, match=r"history\.safetensors is missing"):
            record.make("scale_management", others)
    finally:
        aside.rename(history)


def test_letters_are_visible() -> None:
    model = build_model(small())
    assert letters(model, [32, 10, 65, 255]) == "␣⏎A·"
