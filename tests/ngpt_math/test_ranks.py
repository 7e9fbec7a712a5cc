"""Data-parallel training: several processes make the training that one makes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ngpt_math import ranks, training
from ngpt_math.checkpoint import load_model
from ngpt_math.errors import UsageError
from ngpt_math.files import read_card
from ngpt_math.history import load_history
from ngpt_math.ranks import Ranks

STEPS = 100
LOOSE = 1e-5  # nats; the processes' parts are added up in another order

RUN = f"""
import sys
from pathlib import Path
from ngpt_math.training import run
print(run("toy", "ngpt", steps={STEPS}, lr=0.01, save_every=3, out=Path(sys.argv[1]), show=False))
"""


def start(folder: Path, processes: int = 2) -> subprocess.Popen[str]:
    """A training under torchrun, the leader of a group of processes."""
    script = folder.with_suffix(".py")
    script.write_text(RUN)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.Popen(
        [*command, f"--nproc-per-node={processes}", str(script), str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def result(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Losses and weights of a finished run."""
    model = load_model(folder / "toy-ngpt" / "model.safetensors")
    weights = {name: p.detach().numpy() for name, p in model.named_parameters()}
    return load_history(folder / "toy-ngpt" / "history.safetensors", ""), weights


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that two processes made."""
    folder = tmp_path_factory.mktemp("ranks") / "two"
    process = start(folder)
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    assert out.count("toy-ngpt/model.safetensors") == 1, "only the first process has results"
    return folder


def test_two_processes_get_the_losses_of_one(together: Path, tmp_path: Path) -> None:
    training.run("toy", "ngpt", steps=STEPS, lr=0.01, save_every=3, out=tmp_path, show=False)
    (one, weights), (two, others) = result(tmp_path), result(together)
    for name in ("loss", "validation.loss", "validation.whole"):
        assert np.abs(one[name] - two[name]).max() < LOOSE, name
    assert weights.keys() == others.keys()
    card = read_card(together / "toy-ngpt" / "model.safetensors", "")
    assert card["processes"] == 2
    assert card["made_by"].startswith("torchrun --nproc-per-node 2 --no-python ngpt train toy")


def test_killed_processes_go_on_bit_for_bit(together: Path, tmp_path: Path) -> None:
    state = tmp_path / "killed" / "toy-ngpt" / "state.safetensors"
    killed = start(tmp_path / "killed")
    while not state.exists():
        assert killed.poll() is None, "it ended before it was killed"
        time.sleep(0.005)
    time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    for child in children(tmp_path / "killed"):
        os.kill(child, signal.SIGKILL)
    killed.communicate()
    assert not state.with_name("model.safetensors").exists()
    again = start(tmp_path / "killed")
    _, errors = again.communicate()
    assert again.returncode == 0, errors
    for kept, found in zip(result(together), result(tmp_path / "killed"), strict=True):
        assert kept.keys() == found.keys()
        for name in kept:
            assert np.array_equal(kept[name], found[name], equal_nan=True), name


def children(folder: Path) -> list[int]:
    """The training processes of a folder; torchrun puts each in a session of its own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder) in path.read_bytes().decode(errors="replace").split("\0"):
                found.append(int(path.parent.name))
        except OSError:  # it has ended
            continue
    return found


def test_a_batch_is_shared_out_whole() -> None:
    rows = torch.arange(7)
    shares = [Ranks(rank, 3).share(rows) for rank in range(3)]
    assert torch.equal(torch.cat(shares), rows)
    assert [len(share) for share in shares] == [3, 2, 2]
    with pytest.raises(UsageError, match="too small for 8 processes"):
        Ranks(0, 8).share(rows)


def test_one_process_is_alone_and_adds_nothing() -> None:
    with ranks.joined(torch.device("cpu")) as processes:
        assert processes == Ranks(0, 1) and processes.first
        number = torch.tensor(2.0)
        processes.add_up([number])
        processes.check_same(3, "steps")
        assert number == 2
