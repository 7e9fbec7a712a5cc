"""The process that drawing processes are forked from: importing Manim anew would take a second.

    python -m ngpt_film.previewing.zygote SOCKET FOLDER

It reads single bytes from a socket, each with one end of another socket, and forks a process that
gets its request from there and answers there. A request to `grow` makes the process a zygote in
turn, one that has played a chapter: its text is drawn, its equations are set. `draw` draws.

All of them end when the preview's own process does, whichever way that comes about: their sockets
hang up.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from ngpt_film.previewing.reload import Modules

DRAWS = ("manim", "skia", "av", "PIL.Image", "scipy.sparse.csgraph", "typst", "safetensors.numpy")
DISK_FULL = "the disk is full; free some space, then press R"
OURS = ("ngpt_film.shoot", "ngpt_film.previewing.draw")


def main(arguments: list[str]) -> None:
    """Import what draws, then fork whenever asked; on hang-up, delete the preview's folder."""
    sys.dont_write_bytecode = True
    commands = socket.socket(fileno=int(arguments[0]))
    modules = Modules()
    for name in DRAWS:
        importlib.import_module(name)
    for name in OURS:
        with suppress(Exception):  # who draws meets the same, and reports it
            importlib.import_module(name)
    modules.learn()
    serve(commands, modules)
    shutil.rmtree(arguments[1], ignore_errors=True)


def serve(commands: socket.socket, modules: Modules) -> None:
    """Fork a process for each socket that comes, until the other side hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    gc.collect()
    gc.freeze()  # collecting would touch, and so copy, every page that is shared
    while True:
        _, sockets, _, _ = socket.recv_fds(commands, 1, 1)
        if not sockets:
            return
        if os.fork() == 0:
            _be_forked(sockets[0], commands, modules)
        os.close(sockets[0])


def _be_forked(number: int, commands: socket.socket, modules: Modules) -> None:
    """The life of a forked process: take a request, serve it, and never come back."""
    try:
        os.setpgid(0, 0)  # so that it can be killed with what it forks
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        commands.close()
        die_on_hang_up(number)
        answer(Connection(number), modules)
    finally:
        os._exit(0)


def die_on_hang_up(number: int) -> None:
    """End this process when the other side of a socket is closed, also in the middle of work."""

    def wait() -> None:
        poll = select.poll()
        poll.register(number, 0)  # hang-ups are told in any case; nothing is read
        poll.poll()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def answer(pipe: Connection, modules: Modules) -> None:
    """Serve one request: what it comes to is sent as (kind, what there is to say)."""
    request: dict[str, Any] = pipe.recv()
    pipe.send(("began", {"pid": os.getpid()}))
    modules.refresh()
    if request["do"] == "grow":
        with suppress(Exception):  # a chapter that is broken now may be mended by its next version
            importlib.import_module("ngpt_film.previewing.draw").rehearse(request)
        modules.learn()
        pipe.send(("ready", {}))
        serve(socket.socket(fileno=os.dup(pipe.fileno())), modules)
        return
    try:
        drawing = importlib.import_module("ngpt_film.previewing.draw")
        drawing.draw(request, pipe)
    except Exception as error:
        pipe.send(("failed", _told(error)))
    pipe.send(("done", {}))


def _told(error: Exception) -> dict[str, str]:
    """What the page shows of an error that no section is to blame for."""
    crew = importlib.import_module("ngpt_film.crew")
    failure = crew.failure(error)
    line = DISK_FULL if crew.disk_full(error) else failure.line
    return {"line": line, "trace": failure.trace, "section": ""}


if __name__ == "__main__":
    main(sys.argv[1:])
