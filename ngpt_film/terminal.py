"""What the command line says while it works: on standard error, so that reports stay clean."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Show = Callable[[int, int, str], None]  # done, of how many, and news in words or ""


def say(line: str) -> None:
    """One line for a person, on standard error."""
    click.echo(line, err=True)


def print_json(document: Any) -> None:
    """The one document of a report, on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def minutes(seconds: float) -> str:
    """A length of time as a person says it: `1 h 02 min`, `3 min 05 s`, `41.2 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@contextmanager
def progress(what: str, unit: str) -> Iterator[Show]:
    """Show how far one long job is: a bar on a terminal, now and then a line elsewhere."""
    if sys.stderr.isatty():
        with _bar(what, unit) as show:
            yield show
    else:
        yield _lines(what, unit)


@contextmanager
def _bar(what: str, unit: str) -> Iterator[Show]:
    # No refresh thread: processes are forked while the bar is shown.
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task(what, total=None)
        drawn = [0.0]

        def show(done: int, total: int, news: str) -> None:
            if news:
                bar.console.print(news, markup=False, highlight=False)
            bar.update(task, completed=done, total=total or None)
            if news or bar.get_time() - drawn[0] > 0.2:
                drawn[0] = bar.get_time()
                bar.refresh()

        yield show


def _lines(what: str, unit: str) -> Show:
    """Progress for a log: a line for news, and one for every tenth of the work."""
    tenths = [0]

    def show(done: int, total: int, news: str) -> None:
        if news:
            say(news)
        tenth = 10 * done // total if total else 0
        if tenth > tenths[0]:
            tenths[0] = tenth
            say(f"{what}: {done} of {total} {unit}")

    return show
