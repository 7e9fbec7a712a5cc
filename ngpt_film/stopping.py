"""Ctrl-C and other requests to end.

It needs nothing but Python itself, so that a command can listen before it imports anything else.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

AGAIN = 1.0
"""Seconds after which a request to end that was swallowed is made again."""
STOPPED = "stopped; what is done is kept, and the same command goes on from there"


def listen() -> None:
    """From now on a request to end this process raises KeyboardInterrupt, whichever it is."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as it is below `nohup`
        signal.signal(signal.SIGHUP, _stop)


def stop_repeating() -> None:
    """The process ends: a request need not be made again."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(number: int, frame: FrameType | None) -> None:
    """A request to end is treated as Ctrl-C: whatever runs is ended in good order."""
    if _imports(frame):
        # Compiled modules swallow an interrupt while they are imported, or make an ImportError of
        # it. Nothing is lost by ending at once: files are whole or not there.
        with suppress(OSError):  # nobody may be there any more to read it
            print(STOPPED, file=sys.stderr, flush=True)
        os._exit(130)
    # Python drops what is raised where nobody can catch it: in a callback at a fork, in `__del__`.
    signal.setitimer(signal.ITIMER_REAL, AGAIN)
    raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported where `frame` is."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
