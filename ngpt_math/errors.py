"""The errors a person is meant to read: what is wrong, where, and what to do about it."""

from __future__ import annotations


class StudioError(Exception):
    """Something a user can mend. The command line prints it as one line and exits with 1.

    Args:
        problem: what is wrong and where, in one sentence without a full stop.
        remedy: what to do, usually the command that mends it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class DamagedFile(StudioError):
    """A file that is missing, cut short, altered, or does not hold what it should."""


class UsageError(StudioError):
    """The command was called in a way it cannot serve. The command line exits with 2."""


class NothingKept(StudioError):
    """Less is known of a model, or of its training, than a chapter shows."""
