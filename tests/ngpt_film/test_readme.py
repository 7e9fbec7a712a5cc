"""Every command that README.md names exists, takes the options named with it, and runs."""

from __future__ import annotations

import itertools
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from small_studio import Studio

from ngpt_film import cli
from ngpt_math.files import ROOT
from scenes import film

README = (ROOT / "README.md").read_text()
TOY = str(ROOT / "assets/checkpoints/toy-ngpt.safetensors")


@dataclass(frozen=True)
class Run:
    """A command as it is run here: in a small studio, or on the project itself in this process.

    `{tmp}` in its line is a folder of the tests' own.
    """

    line: str
    studio: bool = False

    @property
    def words(self) -> list[str]:
        return self.line.split()


RUNS = (
    Run("render tiny:slides -q draft -j 1 --out {tmp}/film.mp4", studio=True),
    Run("status tiny", studio=True),
    Run("sheet other --out {tmp}/sheet.png", studio=True),
    Run("still slerp_vs_lerp:recall --at 0.5 -q draft --out {tmp}/still.png"),
    Run("stage prompt --out {tmp}"),
    Run("where slerp_vs_lerp:recall"),
    Run("storyboard slerp_vs_lerp"),
    Run("doctor"),
    Run("train toy --kind ngpt --steps 2 --out {tmp}"),
    Run("record slerp_vs_lerp --check"),
    Run(f"model {TOY}"),
    Run("model --compare"),
    Run("gpu --list"),
)
HELP = {
    "bench render": "minutes of stock Manim; tests/ngpt_film/test_bench.py runs its parts",
    "bench model": "minutes of training steps; tests/ngpt_math/test_bench_model.py runs its parts",
    "convert": "tests/ngpt_film/test_model_command.py runs it on a checkpoint of another's making",
    "measure": "a quarter of a minute; tests/ngpt_film/test_measure_command.py runs it",
    "preview": "it stays until it is stopped: a test below",
    "publish": "tests/ngpt_film/test_publish.py runs each of its lines",
    "verify": "as publish",
    "record --checkpoint": "tests/ngpt_film/test_record_command.py runs it on another model",
    "render --cluster": "tests/ngpt_film/test_cluster.py runs it on a cluster",
    "render --recordings": "tests/ngpt_film/test_record_command.py runs it in a small studio",
}
"""Commands that are not run in full here, and why."""


def named(text: str) -> list[str]:
    """The commands in a text: code in a line, and lines of code blocks, comments left out."""
    code = re.findall(r"(?<!`)`([^`]+)`(?!`)", text)
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    lines += re.findall(r"^(?: {4}|\t)(.*)$", text, re.MULTILINE)
    found = [" ".join(piece.partition("  #")[0].split()) for piece in (*code, *lines)]
    found = [piece.removeprefix("$ ").removeprefix(".venv/bin/") for piece in found]
    return list(dict.fromkeys(p for p in found if re.match(r"(ngpt|make|manim|\.ci/run)( |$)", p)))


NAMED = named(README)
NGPT = [line for line in NAMED if line.startswith("ngpt ")]


def group() -> click.Group:
    return cli.cli


def command_of(line: str) -> tuple[str, click.Command]:
    """The command that a line calls, with its full name: `bench render`."""
    found: click.Command = group()
    name: list[str] = []
    for word in line.split()[1:]:
        if not isinstance(found, click.Group):
            break
        assert word in found.commands, f"README.md names `{line}`: there is no `{word}`"
        found = found.commands[word]
        name.append(word)
    return " ".join(name), found


def options(line: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", line))


def demanded(line: str) -> set[str]:
    """The options of a line that are not in brackets."""
    return options(re.sub(r"\[[^\]]*\]", "", line.replace("CHAPTER[:SECTION]", "CHAPTER")))


def covers(run: Run, line: str) -> bool:
    name, _ = command_of(line)
    return f"{run.line} ".startswith(f"{name} ")


def needed() -> list[Run]:
    """The runs of what README.md names."""
    return [run for run in RUNS if any(covers(run, line) for line in NGPT)]


def test_commands_are_found_wherever_they_are_written() -> None:
    text = "Say `ngpt a\nb`, or ``x``:\n\n    make film   # why\n\n```sh\n$ .venv/bin/ngpt c\n```\n"
    assert named(text) == ["ngpt a b", "ngpt c", "make film"]
    assert len(NGPT) >= 15
    assert {"make film", "make test"} <= set(NAMED)


@pytest.mark.parametrize("line", NGPT)
def test_it_exists_and_takes_its_options(line: str) -> None:
    _, found = command_of(line)
    known = {name for p in found.params for name in p.opts}
    assert options(line) <= known, f"README.md names `{line}`"


@pytest.mark.parametrize("line", NGPT)
def test_it_is_run_by_a_test(line: str) -> None:
    name, _ = command_of(line)
    excused = HELP.get(name) or any(HELP.get(f"{name} {option}") for option in demanded(line))
    ran = any(covers(run, line) and demanded(line) <= options(run.line) for run in RUNS)
    assert ran or excused, f"README.md names `{line}`: enter in RUNS how to run it"


@pytest.mark.parametrize("line", ["ngpt nosuch", "ngpt bench nosuch", "ngpt status --nosuch"])
def test_a_command_that_does_not_exist_would_be_seen(line: str) -> None:
    with pytest.raises(AssertionError, match=f"README.md names `{line}`"):
        test_it_exists_and_takes_its_options(line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def studio(filmed_studio: Studio, folder: Path) -> Studio:
    shutil.copytree(filmed_studio.root, folder / "studio")
    return Studio(folder / "studio")


@pytest.mark.parametrize("run", needed(), ids=lambda run: run.line.split("/")[0])
def test_it_runs(run: Run, studio: Studio, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [word.format(tmp=folder) for word in run.words]
    if run.studio:
        done = studio.ngpt(*words)
        assert done.returncode == 0, done.stderr
    else:
        assert cli.run(words) == 0, capfd.readouterr().err
    written = [Path(w) for o, w in itertools.pairwise(words) if o == "--out"]
    assert all(path.exists() for path in written)


@pytest.mark.parametrize("name", [n for n in HELP if any(command_of(x)[0] == n for x in NGPT)])
def test_what_takes_long_says_how_it_is_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*name.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ngpt")


def test_preview_runs_until_it_is_stopped(studio: Studio) -> None:
    process = studio.start("preview", "tiny:slides")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said


@pytest.mark.parametrize("line", [line for line in NAMED if line.startswith("make ")])
def test_make_knows_it_and_what_it_would_do(line: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *line.split()[1:]], cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    for called in re.findall(r"\.venv/bin/ngpt (.+)", done.stdout):
        words = called.split()
        command = group().commands[words[0]]
        with command.make_context(words[0], words[1:]):
            pass


def manim_scenes() -> Iterator[tuple[str, str]]:
    for line in NAMED:
        if line.startswith("manim render "):
            yield tuple(line.split()[2:4])  # type: ignore[misc]


@pytest.mark.parametrize(("path", "scene"), list(manim_scenes()))
def test_plain_manim_runs(path: str, scene: str, studio: Studio) -> None:
    entry = film.entry(Path(path).stem)
    assert entry is not None
    assert entry.class_name == scene
    assert (ROOT / path).is_file()
    command = [sys.executable, "-m", "manim", "render", "scenes/tiny.py", "Tiny", "-s", "-ql"]
    done = subprocess.run(
        command, cwd=studio.root, env=studio.environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert list((studio.root / "renders/manim/images/tiny").glob("Tiny*.png"))


@pytest.mark.parametrize(
    "line", re.findall(r"^\s*((?:from|import) (?:ngpt_film|ngpt_math|scenes)\b.*)$", README, re.M)
)
def test_what_python_imports_is_there(line: str) -> None:
    exec(line, {})
