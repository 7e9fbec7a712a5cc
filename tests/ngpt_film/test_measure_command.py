"""`ngpt measure` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ngpt_film import cli
from ngpt_film.measure_command import measure
from ngpt_math.checkpoint import checkpoint_path
from ngpt_math.errors import UsageError
from ngpt_math.measuring import report


def test_measure_prints_one_document_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report.measure, "__kwdefaults__", {"device": "cpu", "length_tokens": 256,
                        "state_windows": 2, "say": print})  # fmt: skip
    words = [str(checkpoint_path("toy", "ngpt")), "--out", str(tmp_path), "--json"]
    result = CliRunner().invoke(measure, words, catch_exceptions=False)
    assert json.loads(result.stdout) == json.loads((tmp_path / report.REPORT).read_text())
    assert (tmp_path / "lengths.png").read_bytes().startswith(b"\x89PNG")


def test_measure_is_a_command_and_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "measure" in cli.cli.commands
    monkeypatch.setattr("ngpt_film.measure_command.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs torch, matplotlib.*make model"):
        CliRunner().invoke(measure, ["x.safetensors"], catch_exceptions=False)


def test_a_missing_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.run(["measure", str(tmp_path / "none.safetensors"), "--out", str(tmp_path)]) == 1
    assert "none.safetensors is missing" in capsys.readouterr().err
