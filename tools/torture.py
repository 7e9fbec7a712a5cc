"""Harms renders at random instants and counts how many films come out identical.

Each trial starts from nothing, renders a small film in two processes, does one harm at a random
instant, lets the same command go on, and compares all that was rendered byte for byte with what a
render makes that nobody harmed. Run it with `make torture`; it is no part of the tests.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ngpt_math.files import ROOT

sys.path.insert(0, str(ROOT / "tests" / "ngpt_film"))
from small_studio import Studio, descendants

COMMAND = ("render", "-q", "draft", "--jobs", "2")
LONGER = {
    "run_time=0.4": "run_time=6",
    "self.wait(0.4)": "self.wait(6)",
    "run_time=0.2": "run_time=3",
}
MOST_RUNS = 3  # of the command after a harm, before a trial counts as lost


@dataclass(frozen=True)
class Trial:
    """What was done when, and what came of it; `faults` is empty where the film is identical."""

    harm: str
    at: float
    faults: tuple[str, ...]


def kill_worker(process: subprocess.Popen[str]) -> None:
    """As the kernel does for want of memory."""
    workers = sorted(descendants(process.pid))
    if workers:
        os.kill(random.choice(workers), signal.SIGKILL)


def kill_parent(process: subprocess.Popen[str]) -> None:
    process.kill()


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C reaches every process of the terminal."""
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: subprocess.Popen[str]) -> None:
    process.terminate()


HARMS: dict[str, Callable[[subprocess.Popen[str]], None]] = {
    "worker killed": kill_worker,
    "parent killed": kill_parent,
    "Ctrl-C": interrupt,
    "terminated": terminate,
}
DISK_FULL = "disk full"


def main() -> int:
    """Run the trials, print a table; 0 where every film is identical."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    random.seed(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        template = lay(folder / "template")
        wanted, seconds = reference(template, folder / "reference")
        print(f"unharmed: {seconds:.1f} s; seed {chosen.seed}", flush=True)
        trials = []
        for number in range(chosen.trials):
            trials.append(trial(template, folder / "trial", wanted, seconds, number))
            faults = "; ".join(trials[-1].faults) or "identical"
            print(
                f"{number + 1:3} {trials[-1].harm:14} at {trials[-1].at:5.1f} s: {faults}",
                flush=True,
            )
    good = sum(not each.faults for each in trials)
    print(f"{good} of {len(trials)} films are identical")
    return 0 if good == len(trials) else 1


def lay(root: Path) -> Studio:
    """A small film, long enough to be harmed."""
    root.mkdir()
    studio = Studio(root)
    studio.lay()
    for name in ("tiny", "other"):
        text = (root / f"scenes/{name}.py").read_text()
        for short, long in LONGER.items():
            text = text.replace(short, long)
        studio.write(f"scenes/{name}.py", text)
    return studio


def copied(studio: Studio, root: Path) -> Studio:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(studio.root, root)
    return Studio(root)


def film_of(studio: Studio) -> dict[str, bytes]:
    """All that was rendered; the store of drawn text is left out, it only saves time."""
    files = studio.files("renders")
    return {name: data for name, data in files.items() if not name.endswith(".svg")}


def reference(template: Studio, root: Path) -> tuple[dict[str, bytes], float]:
    """The film that an unharmed render makes, and how long it takes, in seconds."""
    studio = copied(template, root)
    began = time.monotonic()
    done = studio.ngpt(*COMMAND)
    if done.returncode:
        raise SystemExit(done.stderr)
    return film_of(studio), time.monotonic() - began


def trial(
    template: Studio, root: Path, wanted: dict[str, bytes], seconds: float, number: int
) -> Trial:
    """One harm at one instant."""
    studio = copied(template, root)
    at = random.uniform(0, seconds)
    names = [*HARMS, *([DISK_FULL] if can_mount() else [])]
    harm = names[number % len(names)]
    size = random.uniform(0.1, 0.9) * sum(map(len, wanted.values()))
    faults = fill(studio, int(size)) if harm == DISK_FULL else hurt(studio, HARMS[harm], at)
    for _ in range(MOST_RUNS):
        if studio.ngpt(*COMMAND).returncode == 0:
            break
    else:
        faults.append(f"no film after {MOST_RUNS} runs")
    return Trial(harm, at, (*faults, *differences(wanted, film_of(studio))))


def hurt(studio: Studio, harm: Callable[[subprocess.Popen[str]], None], at: float) -> list[str]:
    """Start a render, harm it after `at` seconds; what was wrong with how it ended."""
    process = studio.start(*COMMAND)
    try:
        process.communicate(timeout=at)
        return []  # it was quicker this time
    except subprocess.TimeoutExpired:
        children = descendants(process.pid)
        harm(process)
    began = time.monotonic()
    _, said = process.communicate()
    took = time.monotonic() - began
    faults = ["a traceback was shown"] if "Traceback" in said else []
    if harm is interrupt and took > 2:
        faults.append(f"it took {took:.1f} s to end")
    if harm is not kill_worker and outlived(children):
        faults.append("processes were left")
    return faults


def outlived(children: set[int]) -> bool:
    """Whether any of these processes runs five seconds from now still."""
    deadline = time.monotonic() + 5
    while any(map(runs, children)):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting to be counted as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def can_mount() -> bool:
    """Whether this user may make a small disk: root outside of containers."""
    return os.getuid() == 0 and shutil.which("mount") is not None


def fill(studio: Studio, size: int) -> list[str]:
    """Render where the disk holds `size` bytes only; what was wrong with how that ended."""
    renders = studio.root / "renders"
    renders.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", renders], check=True)
    try:
        done = studio.ngpt(*COMMAND)
        left = [name for name in studio.files("renders") if name.endswith(".partial")]
    finally:
        subprocess.run(["umount", renders], check=True)
    faults = [f"{len(left)} stray files"] if left else []
    if done.returncode != 1 or "error: the disk is full; free some space" not in done.stderr:
        faults.append(f"it ended with {done.returncode}: {done.stderr.splitlines()[-1:]}")
    return faults


def differences(wanted: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """Files that are missing, that should not be there, or that hold something else."""
    names = wanted.keys() | found.keys()
    return sorted(f"{name} differs" for name in names if wanted.get(name) != found.get(name))


if __name__ == "__main__":
    sys.exit(main())
