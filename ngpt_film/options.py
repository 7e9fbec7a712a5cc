"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

RECORDINGS = click.option(
    "--recordings", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="FOLDER",
    help="Draw other models' numbers, from `ngpt record --checkpoint`.",
)  # fmt: skip
