"""What the pages are told: the newest state, which the desk puts and the server hands on."""

from __future__ import annotations

import threading


class Page:
    """The newest state, for all who wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._text, self._number, self.closed = "{}", 0, False

    def put(self, text: str) -> None:
        """There is a new state, unless it is the last one again."""
        with self._changed:
            if text != self._text:
                self._text, self._number = text, self._number + 1
                self._changed.notify_all()

    def close(self) -> None:
        """There will be no more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def after(self, number: int, seconds: float) -> tuple[int, str | None]:
        """The state after that `number`, with its own; None when none comes within `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._number != number, seconds)
            return self._number, self._text if self._number != number else None
