"""`ngpt model` and `ngpt convert` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from nGPT_pytorch import nGPT

from ngpt_film.model_command import convert, model
from ngpt_math.errors import UsageError
from ngpt_math.fidelity import compare


def said(command: object, *words: str) -> str:
    """What a command prints; its errors come out as they are."""
    result = CliRunner().invoke(command, words, catch_exceptions=False)  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
    return result.output


def test_compare_lists_every_difference() -> None:
    text = said(model, "--compare")
    rows = json.loads(said(model, "--compare", "--shape", "mini", "--json"))
    assert [row["setting"] for row in rows] == [row.setting for row in compare("mini")]
    assert all(row["setting"] in text and row["meaning"] in text for row in rows)


def test_convert_then_show(tmp_path: Path) -> None:
    theirs = nGPT(num_tokens=20, dim=16, depth=2, dim_head=8, heads=2, add_value_residual=False)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    source, target = str(tmp_path / "theirs.pt"), str(tmp_path / "ours.safetensors")
    text = said(convert, source, target, "--set", "value_residual=false", "--set", "tokenizer=x")
    assert text.startswith("layout lucidrains\n") and "rotary pairs parted" in text
    assert "value_residual" not in text
    settings = json.loads(said(model, target, "--json"))
    assert settings["value_residual"] is False and settings["tokenizer"] == "x"
    assert "effective mean 0.5" in said(model, target)  # α starts at 1/layers there
    report = json.loads(said(convert, source, target, "--json"))
    assert report["assumed"]["value_residual"] is True


def test_wrong_use(tmp_path: Path) -> None:
    for command, words, message in (
        (model, (), "give a CHECKPOINT, or --compare"),
        (model, ("a.safetensors", "--compare"), "nothing to show"),
        (convert, ("a.pt", "b.pt"), "end it in .safetensors"),
        (convert, ("a.pt", "b.safetensors", "--set", "heads"), "NAME=VALUE"),
    ):
        with pytest.raises(UsageError, match=message):
            said(command, *words)
