"""Peak memory of training steps: of a whole process, and of the tensors in it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from ngpt_math.bench_steps import Shape, model_step

MIB = 1 << 20
STEPS = 4


def peak_of_process(kind: str, shape: Shape) -> float:
    """MiB by which a process that trains grows over what its imports take; one thread."""
    code = "from ngpt_math.bench_memory import main; main()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    arguments = [sys.executable, "-c", code, kind, json.dumps(asdict(shape))]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Inside that process: train a few steps and print the growth in MiB."""
    kind, shape = sys.argv[1], Shape(**json.loads(sys.argv[2]))
    torch.set_num_threads(1)
    before = largest_resident_size()
    step = model_step(kind, shape)
    for _ in range(STEPS):
        step()
    print(largest_resident_size() - before)


def largest_resident_size() -> float:
    """MiB this process has held at most so far.

    Linux's ru_maxrss may be that of the process which started this one, so it is read elsewhere.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # bytes on macOS


def peak_of_tensors(kind: str, shape: Shape) -> float:
    """MiB of live tensors at most, from the building of the model through two steps."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        step = model_step(kind, shape)
        step()
        step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        watched.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    return highest_sum([e for e in events if e.get("name") == "[memory]"]) / MIB


def highest_sum(events: list[dict[str, object]]) -> float:
    """The highest running sum of the events' bytes, in the order of their times."""
    live = highest = 0
    for event in sorted(events, key=lambda e: e["ts"]):  # type: ignore[arg-type, return-value]
        live += event["args"]["Bytes"]  # type: ignore[index]
        highest = max(highest, live)
    return float(highest)
