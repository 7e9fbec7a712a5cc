"""A training's progress for a person: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ngpt_math.training import Moment

LINE_EVERY = 100
SHOWN_EVERY = 0.1  # seconds: reading the loss waits for the device


class Bar:
    """An observer of a training that shows step, loss and tokens a second on standard error."""

    def __init__(self, title: str, steps: int) -> None:
        self.title = title
        self.console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TextColumn("{task.fields[speed]:,.0f} tokens/s"),
            TimeRemainingColumn(),
            console=self.console,
        )
        self.task = self.progress.add_task(title, total=steps, loss=float("nan"), speed=0.0)
        self.last: float | None = None
        self.shown = 0.0
        self.speed = 0.0

    def __enter__(self) -> Bar:
        if self.console.is_terminal:
            self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self.progress.stop()

    def __call__(self, moment: Moment) -> None:
        """Show a step."""
        self.measure_speed(moment.tokens)
        if self.console.is_terminal:
            if time.perf_counter() - self.shown > SHOWN_EVERY or moment.step == moment.steps:
                self.shown = time.perf_counter()
                self.progress.update(
                    self.task, completed=moment.step, loss=float(moment.loss), speed=self.speed
                )
        elif moment.step % LINE_EVERY == 0 or moment.step == moment.steps:
            self.console.print(
                f"{self.title}: step {moment.step}/{moment.steps}, loss {float(moment.loss):.3f},"
                f" {self.speed:,.0f} tokens/s",
                highlight=False,
            )

    def measure_speed(self, tokens: int) -> None:
        """A running mean over about the last twenty steps."""
        now = time.perf_counter()
        if self.last is not None:
            current = tokens / max(now - self.last, 1e-9)
            self.speed = current if self.speed == 0 else 0.95 * self.speed + 0.05 * current
        self.last = now
