"""Work done by processes that may die: one process a task, so many at a time.

A task's process that is killed is replaced; one that raises is reported and the others go on. All
of them end when this process does, whichever way that comes about.
"""

from __future__ import annotations

import ctypes
import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT

T = TypeVar("T")
R = TypeVar("R")

Tell = Callable[[int], None]  # a task says how far it is: frames done
Work = Callable[[T, Tell], R]

TRIES = 3  # processes that may die over one task before it counts as failed
DISK_FULL = ("the disk is full", "free some space, then run the same command again")
GRACE = 1.0  # seconds that a process told to end is given


class StopAll(StudioError):
    """An error after which no other task could succeed either: all of them end."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed: one line for a person, and the traceback for an author."""

    line: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Event(Generic[T, R]):
    """Something that happened to a task: it got to `done` units, ended, failed, or must be redone.

    Exactly one of `result` and `failure` is set when the task is over; `retry` says why it is not.
    """

    task: T
    done: int = 0
    result: R | None = None
    failure: Failure | None = None
    retry: str = ""


@dataclass(slots=True)
class _Running(Generic[T]):
    task: T
    process: BaseProcess
    tries: int


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_method() -> str:
    """How processes are made: forked where that is safe, as it is much quicker, else spawned."""
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    return "fork" if forks else "spawn"


def run(
    work: Work[T, R], tasks: Sequence[T], jobs: int, method: str | None = None
) -> Generator[Event[T, R], None, None]:
    """Do `work` on every task, `jobs` at a time, each in a process of its own.

    `work` returns anything but None; it and the tasks must be picklable where processes are
    spawned. Closing the generator, or an exception thrown into it, ends all processes. `method`
    is multiprocessing's start method.

    Raises:
        StopAll: a task raised it, or the disk is full.
    """
    context: Any = multiprocessing.get_context(method or start_method())
    waiting = deque((task, 1) for task in tasks)
    running: dict[Connection, _Running[T]] = {}
    with _ended(running):
        while waiting or running:
            while waiting and len(running) < jobs:
                task, tries = waiting.popleft()
                pipe, process = _start(context, work, task)
                running[pipe] = _Running(task, process, tries)
            for pipe in cast("list[Connection]", wait(list(running))):
                event = _hear(pipe, running)
                if event.retry:
                    waiting.appendleft((event.task, running[pipe].tries + 1))
                if event.retry or event.result is not None or event.failure:
                    _leave(pipe, running)
                yield event


def _start(context: Any, work: Work[T, R], task: T) -> tuple[Connection, BaseProcess]:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, task, theirs), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen here when the process dies
    return ours, process


def _hear(pipe: Connection, running: dict[Connection, _Running[T]]) -> Event[T, Any]:
    """The next thing that a task's process says, or that it died."""
    one = running[pipe]
    try:
        kind, value = pipe.recv()
    except (EOFError, OSError):
        return _died(one)
    if kind == "stop":
        raise StopAll(*value)
    if kind == "done":
        return Event(one.task, result=value)
    return Event(one.task, failure=value) if kind == "failed" else Event(one.task, done=value)


def _died(one: _Running[T]) -> Event[T, Any]:
    one.process.join(GRACE)
    how = f"its process died ({_exit_words(one.process.exitcode)})"
    if one.tries < TRIES:
        return Event(one.task, retry=how)
    return Event(one.task, failure=Failure(f"{how}, {TRIES} times over"))


def _exit_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {-code}" + (", perhaps for want of memory" if code == -9 else "")
    return f"exit code {code}"


def _leave(pipe: Connection, running: dict[Connection, _Running[T]]) -> None:
    one = running.pop(pipe)
    pipe.close()
    one.process.join(GRACE)


@contextmanager
def _ended(running: dict[Connection, _Running[T]]) -> Iterator[None]:
    """Whatever happens inside, no process is left when it is over."""
    try:
        yield
    finally:
        processes = [one.process for one in running.values()]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(GRACE / len(processes))
            if process.is_alive():
                process.kill()
                process.join(GRACE)


def _child(work: Work[T, R], task: T, pipe: Connection) -> None:
    """The life of a task's process: do the work, say how it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.dup2(2, 1)  # standard output belongs to the parent's report
    sys.stdout = sys.stderr
    try:
        message: tuple[str, Any] = ("done", work(task, lambda done: pipe.send(("at", done))))
    except StopAll as error:
        message = ("stop", (error.problem, error.remedy))
    except BaseException as error:
        message = ("stop", DISK_FULL) if disk_full(error) else ("failed", failure(error))
    pipe.send(message)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_program(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """Run another program to its end and take what it writes; on Linux it dies with this process.

    Raises:
        OSError: it cannot be run.
    """
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=_die_if_orphaned
    )


def _die_if_orphaned() -> None:
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)


# Looked up here: between fork and exec little is safe.
_PR_SET_PDEATHSIG = 1
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


def disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that no space is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def failure(error: BaseException) -> Failure:
    """An error in one line: what it says and, unless it was meant for a person, where it arose."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, StudioError):
        return Failure(str(error), trace)
    words = " ".join(str(error).split())
    return Failure(f"{type(error).__name__}: {words}{_place(error)}", trace)


def _place(error: BaseException) -> str:
    """The innermost line of the project that the error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f for f in frames if Path(f.filename).is_relative_to(ROOT) and ".venv" not in f.filename
    ]
    if not ours:
        return ""
    return f" ({Path(ours[-1].filename).relative_to(ROOT)}, line {ours[-1].lineno})"
