"""The same shots on the workers of a dask scheduler. No disk is shared: a shot's bytes come back.

A worker has this project installed, from the same sources; it works out the fingerprint itself and
refuses to draw what would be another picture.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE
from typing import Any

from ngpt_film import shots
from ngpt_film.crew import DISK_FULL, TRIES, Event, StopAll, Tell, disk_full, failure
from ngpt_film.fingerprint import Chapters, changes
from ngpt_film.shots import Rendered, Run
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import card_path, write_bytes

SECONDS_TO_ANSWER = 10
FRAMES_A_MESSAGE = 30


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a worker sends back: the shots it made, as (name, film, card), and how it went.

    `stop`, where set, is the problem and the remedy of what must end everything.
    """

    made: tuple[tuple[str, bytes, bytes], ...]
    rendered: Rendered
    stop: tuple[str, str] | None = None


def run(address: str, runs: Sequence[Run]) -> Generator[Event[Run, Rendered], None, None]:
    """Render runs on the cluster whose scheduler listens at `address`, such as tcp://host:8786.

    The scheduler gives the work of a worker that died to another one. Closing the generator takes
    back what has not begun.

    Raises:
        StudioError: no scheduler answers.
        StopAll: a worker's sources differ from ours, or a disk is full.
    """
    heard: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    topic = f"ngpt-{uuid.uuid4().hex}"
    with _client(address) as client:
        client.subscribe_topic(topic, lambda event: heard.put(event[1]))
        futures = [
            client.submit(
                render_there, each, number, topic, key=f"{topic}-{number}", retries=TRIES - 1
            )
            for number, each in enumerate(runs)
        ]
        for number, future in enumerate(futures):
            future.add_done_callback(lambda done, number=number: heard.put((number, done)))
        try:
            yield from _events(runs, heard)
        finally:
            client.cancel(futures)


def places(address: str) -> int:
    """How many runs the cluster draws at a time.

    Raises:
        StudioError: no scheduler answers, or it has no worker.
    """
    with _client(address) as client:
        count = sum(client.ncores().values())
    if not count:
        raise StudioError(f"the scheduler at {address} has no worker", "start one: `dask worker`")
    return count


def _events(
    runs: Sequence[Run], heard: SimpleQueue[tuple[int, Any]]
) -> Iterator[Event[Run, Rendered]]:
    left = len(runs)
    while left:
        number, what = heard.get()
        if isinstance(what, int):
            yield Event(runs[number], done=what)
        else:
            left -= 1
            yield _over(runs[number], what)


def _over(each: Run, future: Any) -> Event[Run, Rendered]:
    """Keep what a worker made, and say how it went."""
    try:
        parcel: Parcel = future.result()
    except Exception as error:  # a worker that died too often, or anything dask raises
        return Event(each, failure=failure(error))
    by_name = {shot.section: shot for shot in each}
    for name, film, card in parcel.made:
        path = by_name[name].path
        write_bytes(path, film)
        write_bytes(card_path(path), card)
    if parcel.stop:
        raise StopAll(*parcel.stop)
    return Event(each, result=parcel.rendered)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster needs the package `distributed`", "install it with `make cluster`"
        ) from error
    try:
        client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        problem = f"no scheduler answers at {address}"
        raise StudioError(problem, "start one with `dask scheduler`, or do without it") from error
    with client:
        yield client


def render_there(each: Run, number: int, topic: str) -> Parcel:
    """What a worker does with a run: draw it in a process of its own.

    A worker lives long and keeps the modules that it once imported; a new process has those of now.
    """
    from distributed import get_worker

    worker = get_worker()
    with tempfile.TemporaryDirectory(prefix="ngpt-") as name:
        folder = Path(name)
        (folder / "order").write_bytes(pickle.dumps(each))
        command = [sys.executable, "-m", "ngpt_film.cluster", name]
        with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                worker.log_event(topic, (number, int(line)))
        if process.returncode:
            raise RuntimeError(f"the process that drew died ({process.returncode})")
        parcel: Parcel = pickle.loads((folder / "parcel").read_bytes())
        return parcel


def main(folder: Path) -> None:
    """Draw the run that lies in the folder as `order`, and leave what came of it as `parcel`."""
    threading.Thread(target=_end_with_worker, daemon=True).start()
    report, sys.stdout = sys.stdout, sys.stderr
    each: Run = pickle.loads((folder / "order").read_bytes())

    def tell(done: int) -> None:
        if done % FRAMES_A_MESSAGE == 0:
            print(done, file=report, flush=True)

    parcel = _draw(tuple(replace(shot, renders=folder) for shot in each), tell)
    (folder / "parcel").write_bytes(pickle.dumps(parcel))


def _end_with_worker() -> None:
    """The worker holds the other end of standard input, and never writes to it."""
    sys.stdin.read()
    os._exit(1)


def _draw(here: Run, tell: Tell) -> Parcel:
    try:
        check_sources(here)
        rendered = shots.render(here, tell)
    except StopAll as error:
        return Parcel((), Rendered(), (error.problem, error.remedy))
    except Exception as error:
        if disk_full(error):
            return Parcel((), Rendered(), DISK_FULL)
        return Parcel((), Rendered(here[0].name, failure(error)))
    made = [shot for shot in here if shots.status(shot).fresh]
    return Parcel(
        tuple((s.section, s.path.read_bytes(), card_path(s.path).read_bytes()) for s in made),
        rendered,
    )


def check_sources(each: Run) -> None:
    """Raises StopAll where this machine would draw another picture than the one asked for."""
    chapters = Chapters()
    for shot in each:
        mine = chapters.fingerprint(shot.entry, shot.section, shots.settings(shot.quality))
        if mine.digest != shot.fingerprint.digest:
            why = changes(shot.fingerprint.parts, mine.parts)[0]
            raise StopAll(
                f"the worker on {socket.gethostname()} is set up differently for {shot.name}:"
                f" {why} there",
                "bring it to the same commit and packages",
            )


if __name__ == "__main__":
    from ngpt_film import cluster  # under its own name, as what is pickled says

    cluster.main(Path(sys.argv[1]))
