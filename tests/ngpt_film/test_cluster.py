"""Shots rendered by dask's workers, in another folder, are the shots rendered here."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=2, host="127.0.0.1",
                           dashboard_address=None)
    print(cluster.scheduler_address, *(w.pid for w in cluster.workers.values()), flush=True)
    sys.stdin.read()
"""


class Cluster:
    """A scheduler and two worker processes whose project lies at `root`."""

    def __init__(self, studio, root: Path) -> None:
        self.root = root
        shutil.copytree(studio.root, root, ignore=shutil.ignore_patterns("renders"))
        script = root / "cluster.py"
        script.write_text(CLUSTER)
        self.process = subprocess.Popen(
            [sys.executable, str(script)], cwd=root, text=True,
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address, *pids = self.process.stdout.readline().split()
        self.pids = [int(pid) for pid in pids]

    def close(self) -> None:
        self.process.communicate("", timeout=30)


@pytest.fixture
def cluster(laid_studio, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(laid_studio, tmp_path / "there")
    yield cluster
    cluster.close()


def shots(studio) -> dict[str, bytes]:
    return {k: v for k, v in studio.files("renders/shots").items() if k.endswith(".mp4")}


def test_the_bytes_come_back_and_are_the_same(
    cluster: Cluster, laid_studio, filmed_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(laid_studio)
    done = studio.ngpt("render", "-q", "draft", "--cluster", cluster.address, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["rendered"]) == 5
    assert shots(studio) == shots(filmed_studio)
    assert not (cluster.root / "renders").exists()
    again = studio.ngpt("render", "-q", "draft", "--json")
    assert json.loads(again.stdout)["rendered"] == []


def test_failing_section_and_other_sources_there(
    cluster: Cluster, laid_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(laid_studio)
    for root in (studio.root, cluster.root):
        path = root / "scenes/other.py"
        path.write_text(path.read_text().replace("self.add(Square())",
                                                 "self.add(Square())\n        BOOM()"))  # fmt: skip
    # Measured here, where it fails; the others are rendered there.
    done = studio.ngpt("render", "-q", "draft", "--cluster", cluster.address)
    assert done.returncode == 1
    assert "error: other:square failed: NameError: name 'BOOM' is not defined" in done.stderr
    assert len(shots(studio)) == 4
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.6")
    done = studio.ngpt("render", "tiny", "-q", "draft", "--cluster", cluster.address)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "is set up differently for tiny:" in last
    assert ": scenes.tiny_parts.NEAR changed there; bring it to the same commit" in last
    # Brought there, the worker draws what the sources say now, not what it once imported.
    shutil.copy(studio.root / "scenes/tiny_parts.py", cluster.root / "scenes")
    done = studio.ngpt("render", "tiny", "-q", "draft", "--cluster", cluster.address)
    assert done.returncode == 0, done.stderr
    there = shots(studio)
    for path in (studio.root / "renders").rglob("*.mp4"):
        path.unlink()
    assert studio.ngpt("render", "tiny", "-q", "draft").returncode == 0
    assert shots(studio).items() <= there.items()


def test_killed_worker_changes_nothing(
    cluster: Cluster, laid_studio, filmed_studio, copy_studio: Callable
) -> None:
    studio = copy_studio(laid_studio)
    process = studio.start("render", "-q", "draft", "--cluster", cluster.address)
    assert process.stderr is not None
    while "done" not in process.stderr.readline():  # the first run is; others are being drawn
        assert process.poll() is None
    os.kill(cluster.pids[0], signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert shots(studio) == shots(filmed_studio)


def test_no_scheduler_is_one_line(filmed_studio, copy_studio: Callable) -> None:
    studio = copy_studio(filmed_studio)
    studio.edit("scenes/tiny_parts.py", "NEAR = 0.5", "NEAR = 0.6")
    began = time.monotonic()
    done = studio.ngpt("render", "-q", "draft", "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "error: no scheduler answers at tcp://127.0.0.1:9; start one" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 60
