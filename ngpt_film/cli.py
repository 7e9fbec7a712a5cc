"""The one command, `ngpt`. Modules that need Manim or torch are imported where a command runs them.

Exit codes: 0 done, 1 work failed, 2 wrong use, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

import click

from ngpt_film import (
    bench_command,
    film_commands,
    gpu_command,
    model_command,
    model_commands,
    preview_command,
    publish_commands,
    stopping,
)
from ngpt_film.crew import DISK_FULL, disk_full
from ngpt_film.stopping import STOPPED
from ngpt_film.terminal import say
from ngpt_math.errors import StudioError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ngpt-film", prog_name="ngpt")
def cli() -> None:
    """Make the film that explains the Normalized Transformer, every number from a real model."""


GROUPS = (
    film_commands,
    preview_command,
    publish_commands,
    model_commands,
    model_command,
    bench_command,
    gpu_command,
)
for _module in GROUPS:
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit. An error is one line; NGPT_DEBUG=1 adds the traceback."""
    stopping.listen()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    try:
        result = cli.main(arguments, prog_name="ngpt", standalone_mode=False)
    except Exception as error:
        with suppress(OSError):  # nobody may be there any more to read it
            _show(error)
        return exit_code(error)
    except KeyboardInterrupt:
        with suppress(OSError):
            say(STOPPED)
        return 130
    finally:
        stopping.stop_repeating()
    return result if isinstance(result, int) else 0


def exit_code(error: Exception) -> int:
    """2 for wrong use, 130 for work that was interrupted, 1 for work that failed."""
    if isinstance(error, UsageError | click.UsageError):
        return 2
    led_to_it = (error.__cause__, error.__context__)
    interrupted = any(isinstance(each, KeyboardInterrupt) for each in led_to_it)
    return 130 if interrupted or isinstance(error, click.Abort) else 1


def _show(error: Exception) -> None:
    """Say in one line what went wrong."""
    if os.environ.get("NGPT_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, click.Abort):
        say(STOPPED)
    elif isinstance(error, click.ClickException):
        error.show()
    elif isinstance(error, StudioError):
        say(f"error: {error}")
    elif disk_full(error):
        say(f"error: {'; '.join(DISK_FULL)}")
    else:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        say(f"error: unforeseen, {words}; NGPT_DEBUG=1 with the same command shows where")


if __name__ == "__main__":
    main()
