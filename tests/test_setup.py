"""The check for system packages, on machines that lack them (played by commands that fail)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ngpt_math.files import ROOT

SCRIPT = ROOT / "tools" / "system-packages"
ALL = ("cc", "pkg-config", "ffmpeg", "ffprobe")


def run(folder: Path, commands: dict[str, str], python: str = sys.executable, *more: str):
    """Run the check where only these commands exist, each a line of shell."""
    for name, line in {"sh": 'exec /bin/sh "$@"', **commands}.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\n{line}\n")
        command.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), python, *more],
        env={"PATH": str(folder)},
        text=True,
        capture_output=True,
    )


def test_nothing_is_said_where_nothing_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, dict.fromkeys(ALL, "exit 0"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_is_not_root_is_told_the_one_line_to_run(tmp_path: Path) -> None:
    commands = {"cc": "exit 0", "apt-get": "exit 9", "id": "echo 1000", "pkg-config": "exit 1"}
    done = run(tmp_path, commands)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].strip() == (
        "sudo apt-get install --yes --no-install-recommends libcairo2-dev libpango1.0-dev ffmpeg"
    )


def test_root_installs_what_is_missing(tmp_path: Path) -> None:
    commands = dict.fromkeys(ALL, "exit 0") | {"id": "echo 0", "apt-get": 'echo "apt-get $*"'}
    del commands["ffprobe"]
    done = run(tmp_path, commands)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "apt-get update --quiet",
        "apt-get install --yes --no-install-recommends ffmpeg",
    ]


@pytest.mark.parametrize("package", ["python3-dev", "python3-venv"])
def test_parts_of_python_that_debian_packs_apart_are_looked_for(
    tmp_path: Path, package: str
) -> None:
    lacking = {"python3-dev": "*sysconfig*", "python3-venv": "*ensurepip*"}[package]
    line = f'case "$2" in {lacking}) exit 1;; esac'
    commands = dict.fromkeys(ALL, "exit 0") | {"id": "echo 1000", "apt-get": "exit 9"}
    done = run(tmp_path, {**commands, "python": line}, "python")
    assert done.returncode == 1
    assert done.stderr.endswith(f"--no-install-recommends {package}\n")


def test_elsewhere_the_packages_are_named(tmp_path: Path) -> None:
    done = run(tmp_path, {"cc": "exit 0", "pkg-config": "exit 0", "id": "echo 0"})
    assert done.returncode == 1
    assert "by their Debian names: ffmpeg" in done.stderr


def test_a_browser_is_asked_for_apart(tmp_path: Path) -> None:
    done = run(tmp_path, {"chromium": "exit 0", "chromedriver": "exit 0"}, "python", "browser")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_browser_the_setup_goes_on_and_names_it(tmp_path: Path) -> None:
    commands = {"chromium": "exit 0", "apt-get": "exit 9", "id": "echo 1000"}
    done = run(tmp_path, commands, "python", "browser")
    assert done.returncode == 0
    assert done.stderr.endswith("--no-install-recommends chromium-driver\n")
