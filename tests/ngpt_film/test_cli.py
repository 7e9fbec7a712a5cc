"""What the command line says when it is used wrongly or finds something damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from ngpt_film import cli
from ngpt_film.stopping import STOPPED
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import ROOT

RECORDING = "assets/recordings/tiny.safetensors"


def one_line(text: str) -> str:
    """The only line that was said (after Ctrl-C, it begins on a line of its own)."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize("command", ["render", "status", "sheet", "where"])
def test_unknown_chapter_lists_those_there_are(laid_studio, command: str) -> None:
    before = laid_studio.files()
    done = laid_studio.ngpt(command, "nosuch")
    assert done.returncode == 2
    assert one_line(done.stderr) == (
        "error: there is no chapter 'nosuch'; the chapters are: tiny, other"
    )
    assert done.stdout == ""
    assert laid_studio.files() == before


@pytest.mark.parametrize("command", ["render", "status", "sheet", "where", "still"])
def test_unknown_section_lists_those_there_are(laid_studio, command: str) -> None:
    done = laid_studio.ngpt(command, "tiny:nosuch")
    assert done.returncode == 2
    assert one_line(done.stderr) == (
        "error: tiny has no section 'nosuch'; its sections are: slides, drifts, wobbles, steps"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "-q", "8k"),
        ("render", "--jobs", "0"),
        ("nosuch",),
        ("render", "--nosuch"),
        ("still", "tiny"),
        ("still", "tiny:slides", "--at", "2"),
        ("still", "tiny:slides", "--at", "nan"),
        ("train", "nosuch"),
        ("record", "nosuch"),
    ],
)
def test_wrong_use_ends_with_2(laid_studio, arguments: tuple[str, ...]) -> None:
    done = laid_studio.ngpt(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "missing": (Path.unlink, "tiny.safetensors is missing"),
    "cut": (cut, "is not the file its card describes (sha256 expected "),
    "altered": (alter, "is not the file its card describes (sha256 expected "),
    "without card": (
        lambda path: path.with_name("tiny.card.json").unlink(),
        "tiny.card.json is missing",
    ),
    "with a broken card": (
        lambda path: path.with_name("tiny.card.json").write_text("{"),
        "tiny.card.json is not a readable card",
    ),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("command", [("render", "-q", "draft"), ("sheet",), ("where", "tiny"),
                                     ("still", "tiny:slides")])  # fmt: skip
def test_no_picture_comes_from_a_damaged_recording(
    filmed_studio, copy_studio: Callable, command: tuple[str, ...], how: str
) -> None:
    studio = copy_studio(filmed_studio)
    damage, words = DAMAGE[how]
    damage(studio.root / RECORDING)
    before = studio.files()
    done = studio.ngpt(*command)
    assert done.returncode == 1
    line = one_line(done.stderr)
    assert line.startswith("error: assets/recordings/tiny.")
    assert words in line
    assert line.endswith("; make it again with `ngpt record tiny`")
    assert studio.files() == before, "something else was touched"


@pytest.fixture
def plain_studio(tmp_path: Path, laid_studio) -> object:
    """A copy of the project as it is, to damage its checkpoints."""
    root = tmp_path / "plain"
    for package in ("ngpt_math", "scenes", "ngpt_film", "assets"):
        shutil.copytree(ROOT / package, root / package)
    return type(laid_studio)(root)


@pytest.mark.parametrize(("how", "damage"), [("cut", cut), ("missing", Path.unlink)])
def test_no_recording_comes_from_a_damaged_checkpoint(plain_studio, how: str, damage) -> None:
    damage(plain_studio.root / "assets/checkpoints/toy-ngpt.safetensors")
    before = plain_studio.files()
    for arguments in (("record", "slerp_vs_lerp"), ("record", "--check", "slerp_vs_lerp")):
        done = plain_studio.ngpt(*arguments)
        assert done.returncode == 1
        line = one_line(done.stderr)
        assert "assets/checkpoints/toy-ngpt.safetensors" in line
        assert line.endswith("make it again with `ngpt train toy --kind ngpt`")
    assert plain_studio.files() == before


def test_doctor_says_the_remedy(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    done = studio.ngpt("doctor", "--json")
    assert done.returncode == 0, done.stdout
    assert all(row["ok"] for row in json.loads(done.stdout))
    alter(studio.root / RECORDING)
    (studio.root / "assets/fonts/IBMPlexSans-Regular.ttf").unlink()
    done = studio.ngpt("doctor", "--json")
    assert done.returncode == 1
    failing = {row["subject"]: row for row in json.loads(done.stdout) if not row["ok"]}
    assert set(failing) == {"fonts", "assets/fonts/IBMPlexSans-Regular.ttf", RECORDING}
    assert all("git checkout" in row["remedy"] for row in failing.values())
    lines = studio.ngpt("doctor").stdout.splitlines()
    assert sum(line.startswith("FAIL") for line in lines) == 3


def test_where_names_the_recording_that_a_chapter_is_drawn_from(laid_studio) -> None:
    said = laid_studio.ngpt("where", "other").stdout
    assert said == "0 numbers, from assets/recordings/tiny.safetensors\n"


def test_where_says_by_which_rule_examples_were_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["where", "attention:recall"]) == 0
    *_, rule, last = capsys.readouterr().out.splitlines()
    assert rule.startswith(
        "chosen_by: in each model the head whose attention has the median entropy"
    )
    assert last.endswith("numbers, from assets/recordings/attention.safetensors")


def test_where_opens_every_number(laid_studio) -> None:
    done = laid_studio.ngpt("where", "tiny", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []  # the tiny chapter shows no number


def run_raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setitem(cli.cli.commands, "failing", failing)
    return cli.run(["failing"])


CASES = [
    (StudioError("it broke", "mend it"), 1, "error: it broke; mend it"),
    (DamagedFile("a is cut", "make it"), 1, "error: a is cut; make it"),
    (UsageError("no such thing", "choose one"), 2, "error: no such thing; choose one"),
    (KeyboardInterrupt(), 130, "stopped; what is done is kept"),
    (ZeroDivisionError("a\nb"), 1, "error: unforeseen, ZeroDivisionError: a b; NGPT_DEBUG=1"),
]


@pytest.mark.parametrize(("error", "code", "words"), CASES)
def test_every_error_is_one_line(
    error: BaseException, code: int, words: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.delenv("NGPT_DEBUG", raising=False)
    assert run_raising(error, monkeypatch) == code
    assert one_line(capsys.readouterr().err).startswith(words)


def test_debugging_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NGPT_DEBUG", "1")
    assert run_raising(StudioError("it broke", "mend it"), monkeypatch) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupted_training_ends_as_ctrl_c_does() -> None:
    error = StudioError("training was stopped", "the same command goes on from there")
    error.__cause__ = KeyboardInterrupt()
    assert cli.exit_code(error) == 130


GREEDY = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
except BaseException:
    pass
"""
"""A module that swallows an interrupt while it is imported, as compiled ones do."""


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("greedy", ["-c", "from ngpt_film import stopping; stopping.listen(); import greedy"]),
        ("click", ["-m", "ngpt_film", "--version"]),  # before the command itself is imported
    ],
)
def test_interrupt_during_an_import_is_not_swallowed(
    tmp_path: Path, module: str, command: list[str]
) -> None:
    (tmp_path / f"{module}.py").write_text(GREEDY)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *command], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stdout == ""
    assert one_line(done.stderr) == STOPPED


def test_swallowed_interrupt_is_made_again() -> None:
    """As where it comes while an object is deleted: Python drops what is raised there."""
    program = (
        "import os, signal, time, click; from ngpt_film import cli\n"
        "class Gone:\n"
        "    def __del__(self): os.kill(os.getpid(), signal.SIGINT); time.sleep(0.01)\n"
        "@cli.cli.command()\n"
        "def work():\n"
        "    Gone()\n"
        "    time.sleep(20)\n"
        "cli.main(['work'])\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 130
    assert STOPPED in done.stderr
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(("ignored", "code"), [(False, 130), (True, 0)])
def test_a_terminal_that_is_closed_ends_it_unless_it_was_told_to_stay(
    ignored: bool, code: int
) -> None:
    program = (
        "import os, signal, time; from ngpt_film import cli\n"
        f"signal.signal(signal.SIGHUP, signal.{'SIG_IGN' if ignored else 'SIG_DFL'})\n"
        "@cli.cli.command()\n"
        "def work():\n"
        "    os.kill(os.getpid(), signal.SIGHUP); time.sleep(1)\n"
        "cli.main(['work'])\n"
    )
    with Path("/dev/full").open("w") as nobody:
        done = subprocess.run(
            [sys.executable, "-c", program], stderr=nobody,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == code
