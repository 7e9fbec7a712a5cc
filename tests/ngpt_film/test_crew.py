"""Processes that die, fail, fill the disk or are left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ngpt_film import crew
from ngpt_film.crew import Event, Tell
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import ROOT


def double(task: int, tell: Tell) -> int:
    tell(1)
    tell(2)
    return 2 * task


def die_once(task: Path, tell: Tell) -> str:
    """Is killed the first time, as by the kernel for want of memory."""
    if not task.exists():
        task.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die(task: int, tell: Tell) -> int:
    os._exit(7)


def fail_odd(task: int, tell: Tell) -> int:
    if task % 2:
        raise ValueError(f"{task} is\nodd")
    return task


def refuse(task: int, tell: Tell) -> int:
    raise DamagedFile("the file is cut short", "make it again")


def fill_disk(task: int, tell: Tell) -> int:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        raise RuntimeError("could not write") from error


def shout(task: int, tell: Tell) -> int:
    print("from the child")
    os.write(1, b"raw, from the child\n")
    return 1


def sleep(task: Path, tell: Tell) -> int:
    task.write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return 1


def over(events: list[Event]) -> dict:
    return {e.task: e for e in events if e.result is not None or e.failure}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_all_tasks_are_done_and_tell_how_far_they_are(method: str) -> None:
    events = list(crew.run(double, range(5), 2, method))
    assert {task: e.result for task, e in over(events).items()} == {i: 2 * i for i in range(5)}
    assert [e.done for e in events if e.task == 3 and e.done] == [1, 2]


def test_killed_process_is_replaced(tmp_path: Path) -> None:
    events = list(crew.run(die_once, [tmp_path / "a", tmp_path / "b"], 2))
    assert [e.result for e in over(events).values()] == ["done", "done"]
    assert sum("signal 9" in e.retry for e in events) == 2


def test_task_that_keeps_dying_is_given_up() -> None:
    events = list(crew.run(die, [1], 1))
    assert len([e for e in events if e.retry]) == crew.TRIES - 1
    assert events[-1].failure is not None
    assert events[-1].failure.line == "its process died (exit code 7), 3 times over"


def test_failing_task_is_reported_and_the_others_are_done() -> None:
    found = over(list(crew.run(fail_odd, range(4), 2)))
    assert [found[i].result for i in (0, 2)] == [0, 2]
    failure = found[1].failure
    assert failure.line.startswith("ValueError: 1 is odd (tests/ngpt_film/test_crew.py, line ")
    assert "Traceback" in failure.trace


def test_error_meant_for_a_person_is_passed_on_as_it_is() -> None:
    (event,) = crew.run(refuse, [1], 1)
    assert event.failure is not None
    assert event.failure.line == "the file is cut short; make it again"


def test_full_disk_ends_everything_with_one_line() -> None:
    with pytest.raises(StudioError, match="the disk is full; free some space"):
        list(crew.run(fill_disk, range(3), 2))


def test_standard_output_stays_the_parents(capfd: pytest.CaptureFixture[str]) -> None:
    list(crew.run(shout, [1], 1))
    said = capfd.readouterr()
    assert said.out == ""
    assert "raw, from the child" in said.err


def test_closing_ends_processes_that_will_not_end(tmp_path: Path) -> None:
    def told() -> bool:
        return all(f.exists() and f.read_text() for f in files)

    files = [tmp_path / "a", tmp_path / "b"]
    events = crew.run(wait_then_sleep, files, 2)
    next(events)
    while not told():
        time.sleep(0.01)
    began = time.monotonic()
    events.close()
    assert time.monotonic() - began < 2
    for file in files:
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)


def wait_then_sleep(task: Path, tell: Tell) -> int:
    tell(1)
    return sleep(task, tell)


ORPHANS = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from ngpt_film import crew
from test_crew import wait_then_sleep
if __name__ == "__main__":
    list(crew.run(wait_then_sleep, [Path(p) for p in sys.argv[2:]], 2, sys.argv[1]))
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_end_when_their_parent_is_killed(tmp_path: Path, method: str) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS.format(tests=str(Path(__file__).parent)))
    command = [sys.executable, str(script), method, *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as parent:
        deadline = time.monotonic() + 60
        while not all(f.exists() and f.read_text() for f in files):
            assert parent.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        parent.kill()
    deadline = time.monotonic() + 5
    for file in files:
        while Path("/proc", file.read_text()).exists():
            assert time.monotonic() < deadline, "a process outlived its parent"
            time.sleep(0.02)
