"""The preview's processes, seen from its own: the zygote, a warm one, and what they fork."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ngpt_film.previewing import folder as place
from ngpt_math.files import ROOT

GRACE = 2.0  # seconds that killed processes are waited for
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Forked:
    """A forked process and the pipe to it."""

    def __init__(self, ours: socket.socket, request: dict[str, Any]) -> None:
        self.socket = ours
        self.pipe = Connection(os.dup(ours.fileno()))
        self.pid = 0
        with suppress(OSError):  # it is dead already, which is heard when its answer is read
            self.pipe.send(request)

    def hear(self) -> tuple[str, dict[str, Any]]:
        """The next that it tells, as (kind, what); `died` when it is no more."""
        try:
            kind, what = self.pipe.recv()
        except (EOFError, OSError):
            return "died", {}
        if kind == "began":
            self.pid = what["pid"]
        return kind, what

    def end(self) -> None:
        """Kill it and what it forked; they are gone, and write nothing, when this returns."""
        with suppress(OSError):
            if not self.pid and self.pipe.poll(GRACE):
                self.hear()  # its number is the first that it tells
            if self.pid:
                _kill(self.pid)
            while self.pipe.poll(GRACE) and self.hear()[0] != "died":
                pass  # until its end of the pipe is closed
        self.pipe.close()
        self.socket.close()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


class Processes:
    """The zygote, and another one that has played the chapter already, once it has grown."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first, self._process = self._start()
        self._warm: Forked | None = None

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        number = theirs.fileno()
        temporary = place.temporary(self._folder)
        command = [sys.executable, "-m", "ngpt_film.previewing.zygote", str(number)]
        with theirs:
            process = subprocess.Popen(
                [*command, str(self._folder)],
                cwd=ROOT,
                env={**os.environ, **dict.fromkeys(THREADS, "1"), "TMPDIR": str(temporary)},
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
                start_new_session=True,  # Ctrl-C is for the preview, which then ends all of them
            )
        return ours, process

    def fork(self, request: dict[str, Any]) -> Forked:
        """A process that serves the request, forked from the warmest zygote that lives."""
        if self._warm is not None:
            with suppress(OSError):
                return _fork(self._warm.socket, request)
            self.cool()
        try:
            return _fork(self._first, request)
        except OSError:  # somebody killed it
            self._close_first()
            self._first, self._process = self._start()
            return _fork(self._first, request)

    def warmed(self, grown: Forked) -> None:
        """From now on fork from this one, which said that it is ready."""
        self.cool()
        self._warm = grown

    def cool(self) -> None:
        """Give up the warm zygote."""
        if self._warm is not None:
            self._warm.end()
            self._warm = None

    def restart(self) -> None:
        """Start afresh: what Manim and Pango read once only has changed."""
        self.cool()
        self._close_first()
        self._first, self._process = self._start()

    def close(self) -> None:
        """End all zygotes."""
        self.cool()
        self._close_first()

    def _close_first(self) -> None:
        self._first.close()
        self._process.kill()
        self._process.wait()


def _fork(zygote: socket.socket, request: dict[str, Any]) -> Forked:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            socket.send_fds(zygote, [b"."], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
    return Forked(ours, request)
