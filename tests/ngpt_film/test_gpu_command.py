"""`ngpt gpu`: its options, and that a machine with torch and little else can run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ngpt_film import cli
from ngpt_math.files import ROOT

TINY = ("gpu", "--plan", "tiny", "--device", "cpu", "--out")
RENDERING = (
    "manim",
    "av",
    "skia",
    "cairo",
    "ffmpeg",
    "watchdog",
    "fontTools",
    "PIL",
    "distributed",
)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints."""
    assert cli.run(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_list_needs_no_device_and_estimates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = told(capsys, "gpu", "--out", str(tmp_path), "--list")
    lines = out.splitlines()
    assert lines[0].startswith("open") and lines[0].endswith("device")
    assert lines[-1].startswith("0 of 35 units are done, about ")
    rows = json.loads(told(capsys, "gpu", "--out", str(tmp_path), "--list", "--json"))
    assert len(rows) == 35 and not any(row["done"] for row in rows)
    assert f"about {sum(row['seconds'] for row in rows) / 60:.0f} minutes" in lines[-1]


def test_wrong_use_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*TINY, str(tmp_path), "--list", "--publish"]) == 2
    assert cli.run(["gpu", "--plan", "huge"]) == 2
    assert cli.run([*TINY, str(tmp_path), "--publish"]) == 2
    assert "no results yet" in capsys.readouterr().err


def test_without_a_device_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.run(["gpu", "--out", str(tmp_path)]) == 2
    assert "no CUDA device was found" in capsys.readouterr().err
    assert cli.run(["bench", "model", "--device", "cuda"]) == 2


def test_a_parcel_goes_there_and_back_without_what_renders(tmp_path: Path) -> None:
    block = f"import sys; sys.modules.update(dict.fromkeys({RENDERING!r}))"
    start = f"{block}; from ngpt_film.cli import main; main(sys.argv[1:])"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-c", start, *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    parcel = str(tmp_path / "parcel")
    there = run(*TINY, str(tmp_path / "there"), "--only", "device", "--pack", parcel)
    assert "device is done" in there and "packed 1 files in parcel" in there
    here = run(*TINY, str(tmp_path / "here"), "--unpack", parcel)
    assert "1 of " in here
    kept = tmp_path / "here" / "tiny" / "done" / "device.json"
    assert json.loads(kept.read_text())["tflops"] > 0
